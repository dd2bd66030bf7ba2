"""Private files on their way out: always as a download of a known type that no browser runs or keeps."""

from django.db.models.fields.files import FieldFile
from django.http import FileResponse

# A browser's own PDF viewer is an object of the page and brings its own style; the file itself runs nothing.
VIEWER_POLICY = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'"
_TYPES = {"jpg": "image/jpeg", "pdf": "application/pdf"}


def private_file(file: FieldFile, *, name: str, extension: str) -> FileResponse:
    """The file as an attachment, sandboxed, never sniffed, never stored. The caller has checked who asks."""
    response = FileResponse(
        file.open("rb"),
        as_attachment=True,
        filename=name if name.lower().endswith(f".{extension}") else f"{name}.{extension}",
        content_type=_TYPES.get(extension, "application/octet-stream"),
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "no-store"
    return response
