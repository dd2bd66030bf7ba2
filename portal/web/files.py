"""Private files on their way out: always as a download of a known type that no browser runs or keeps."""

from typing import IO, Any

from django.db.models.fields.files import FieldFile
from django.http import FileResponse, Http404, HttpResponse

# A browser's own PDF viewer is an object of the page and brings its own style; the file itself runs nothing.
VIEWER_POLICY = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'"
# A picture stands alone in a sandbox; a browser shows no PDF in one, and ours hold no scripts (see materials).
PICTURE_POLICY = "default-src 'none'; sandbox; frame-ancestors 'self'"
_TYPES = {"jpg": "image/jpeg", "pdf": "application/pdf"}


def _opened(file: FieldFile) -> IO[Any]:
    """The stored file; one that was taken back since the page was shown is not there."""
    try:
        return file.open("rb")
    except FileNotFoundError:
        raise Http404 from None


def private_file(file: FieldFile, *, name: str, extension: str) -> FileResponse:
    """The file as an attachment, sandboxed, never sniffed, never stored. The caller has checked who asks."""
    response = FileResponse(
        _opened(file),
        as_attachment=True,
        filename=name if name.lower().endswith(f".{extension}") else f"{name}.{extension}",
        content_type=_TYPES.get(extension, "application/octet-stream"),
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "no-store"
    return response


def inline_file(file: FieldFile, *, name: str, extension: str) -> HttpResponse:
    """The file to be looked at in a page of the desk, where nothing of it can run. The caller has checked and recorded."""
    with _opened(file) as stream:
        response = HttpResponse(stream.read(), content_type=_TYPES.get(extension, "application/octet-stream"))
    response["Content-Disposition"] = f'inline; filename="{name}.{extension}"'
    response["Content-Security-Policy"] = VIEWER_POLICY if extension == "pdf" else PICTURE_POLICY
    response["X-Content-Type-Options"] = "nosniff"
    response["X-Frame-Options"] = "SAMEORIGIN"
    return response
