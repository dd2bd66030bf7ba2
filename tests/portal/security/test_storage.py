"""Files of people: sealed on the disk, bound to their name, read as often as anybody likes."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile

from portal.security import crypto
from portal.security.crypto import CannotOpen
from portal.security.storage import SealedStorage


@pytest.fixture
def storage(tmp_path: Path) -> SealedStorage:
    return SealedStorage(location=str(tmp_path))


def test_file_is_sealed_on_the_disk_and_plain_for_its_reader(storage: SealedStorage) -> None:
    name = storage.save("materials/a.pdf", ContentFile(b"%PDF-1.7 secret"))

    assert b"secret" not in Path(storage.path(name)).read_bytes()
    with storage.open(name) as file:
        assert file.read() == b"%PDF-1.7 secret"
    with file.open() as again:  # as a FieldFile does
        assert again.read() == b"%PDF-1.7 secret"
    with pytest.raises(FileNotFoundError):
        storage.open("materials/none.pdf")
    with pytest.raises(ValueError, match="never changed"):
        storage.open(name, "wb")


def test_torn_or_exchanged_or_plain_file_does_not_open(storage: SealedStorage) -> None:
    mine = storage.save("mine.jpg", ContentFile(b"mine"))
    theirs = storage.save("theirs.jpg", ContentFile(b"theirs"))
    whole = Path(storage.path(mine)).read_bytes()

    for content in (Path(storage.path(theirs)).read_bytes(), whole[:-1], b"plain", b""):
        Path(storage.path(mine)).write_bytes(content)
        with pytest.raises(CannotOpen):
            storage.open(mine)


def test_name_that_another_process_took_meanwhile_is_evaded(
    storage: SealedStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage.save("a.pdf", ContentFile(b"first"))
    real = SealedStorage.get_available_name
    names = iter(["a.pdf"])
    monkeypatch.setattr(
        SealedStorage, "get_available_name", lambda self, name, **kw: next(names, None) or real(self, name, **kw)
    )

    second = storage.save("a.pdf", ContentFile(b"second"))

    assert second != "a.pdf"
    for name, content in (("a.pdf", b"first"), (second, b"second")):
        with storage.open(name) as file:
            assert file.read() == content


def test_plain_and_old_files_are_sealed_anew_once(storage: SealedStorage, settings: Any) -> None:
    Path(storage.path("plain.pdf")).write_bytes(b"plain")
    Path(storage.path("plain.pdf")).chmod(0o600)

    assert storage.seal_again("plain.pdf")
    assert not storage.seal_again("plain.pdf")
    with storage.open("plain.pdf") as file:
        assert file.read() == b"plain"
    path = Path(storage.path("plain.pdf"))
    assert (crypto.key_of(path.read_bytes()), path.stat().st_mode & 0o777) == ("test", 0o600)
    assert [found.name for found in path.parent.iterdir()] == ["plain.pdf"]
