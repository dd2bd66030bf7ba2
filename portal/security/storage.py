"""Files of people on the disk: sealed under their own name, plain only in the memory of who reads one."""

from io import BytesIO
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage
from django.utils.deconstruct import deconstructible

from portal.security import crypto


class PlainFile(File):
    """The content in memory; opened again it is read again."""

    def __init__(self, storage: "SealedStorage", name: str) -> None:
        super().__init__(BytesIO(storage.plain(name)), name)
        self._storage = storage

    def open(self, mode: str | None = None, *args: Any, **kwargs: Any) -> "PlainFile":
        if self.closed:
            self.file = BytesIO(self._storage.plain(str(self.name)))
        self.seek(0)
        return self


@deconstructible(path="portal.security.storage.SealedStorage")
class SealedStorage(FileSystemStorage):
    """Whole files, since none is longer than an upload or a list may be; a torn or exchanged file does not open."""

    def plain(self, name: str) -> bytes:
        """Raises FileNotFoundError, CannotOpen."""
        with super()._open(name, "rb") as file:  # type: ignore[misc]
            return crypto.unseal_bytes(file.read(), _context(name))

    def _open(self, name: str, mode: str = "rb") -> PlainFile:
        if mode != "rb":
            raise ValueError("a sealed file is read whole and never changed")
        return PlainFile(self, name)

    def _save(self, name: str, content: Any) -> str:
        """A name that another process took meanwhile gets another in `super`; the file is then sealed for that one."""
        content.seek(0)
        plain = content.read()
        saved: str = super()._save(name, ContentFile(crypto.seal_bytes(plain, _context(name))))  # type: ignore[misc]
        if saved != name:
            self.delete(saved)
            return self.save(saved, ContentFile(plain))
        return saved

    def seal_again(self, name: str) -> bool:
        """A file that is plain, or sealed with an older key, is sealed with the newest. Says whether it was needed."""
        path = Path(self.path(name))
        stored = path.read_bytes()
        kid = crypto.key_of(stored)
        if kid == crypto.provider().newest:
            return False
        plain = crypto.unseal_bytes(stored, _context(name)) if kid else stored
        beside = path.with_suffix(".sealing")
        beside.write_bytes(crypto.seal_bytes(plain, _context(name)))
        beside.chmod(path.stat().st_mode & 0o777)
        beside.replace(path)
        return True


def _context(name: str) -> str:
    return f"file|{name}"
