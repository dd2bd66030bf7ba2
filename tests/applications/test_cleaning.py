"""What is made of a file: harmless, and by reading it within limits, whatever it unfolds to."""

import io
import resource
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from applications import cleaning
from applications.demo import picture
from applications.errors import Refused

MEGABYTE = 1024 * 1024
ROOT = Path(__file__).resolve().parent.parent.parent


def test_photo_as_phones_keep_it_becomes_a_jpeg_without_its_maker() -> None:
    """D5."""
    photo = (Path(__file__).parent / "photo.heic").read_bytes()

    clean = cleaning.clean_file(photo)

    with Image.open(io.BytesIO(clean.content)) as made:
        assert (made.format, made.size, dict(made.getexif())) == ("JPEG", (96, 64), {})
        assert made.getpixel((48, 60)) > (240, 240, 240)
    assert b"MAKER-OF-PHONE" in photo
    assert b"MAKER-OF-PHONE" not in clean.content


def test_torn_photo_as_phones_keep_it_is_told() -> None:
    photo = (Path(__file__).parent / "photo.heic").read_bytes()

    with pytest.raises(Refused, match="打不开"):
        cleaning.clean_file(photo[:200])


def test_picture_loses_what_was_appended_and_its_position() -> None:
    """Attack case 4: EXIF and a script behind the picture's end are gone after re-encoding."""
    clean = cleaning.clean_file(picture("x") + b"<script>alert(1)</script>")

    assert b"<script>" not in clean.content
    assert b"Exif" not in clean.content


def test_pdf_loses_scripts_forms_and_attachments() -> None:
    """Attack case 5."""
    bad = pikepdf.new()
    bad.add_blank_page()
    bad.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
    bad.pages[0].obj.AA = pikepdf.Dictionary(O=pikepdf.Dictionary(S=pikepdf.Name.Launch, F="cmd.exe"))
    bad.attachments["x.exe"] = b"MZ"
    out = io.BytesIO()
    bad.save(out)

    clean = cleaning.clean_file(out.getvalue())

    with pikepdf.open(io.BytesIO(clean.content)) as good:
        assert "/OpenAction" not in good.Root
        assert "/AA" not in good.pages[0].obj
        assert len(good.attachments) == 0
    assert clean.pages == 1


def test_comment_in_a_photo_is_not_kept() -> None:
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "JPEG", comment=b"who took it")

    assert b"who took it" in out.getvalue()
    assert b"who took it" not in cleaning.clean_file(out.getvalue()).content


# -- what unfolds ------------------------------------------------------------------------------------------------------


def unfolding(megabytes: int, head: bytes = b"") -> bytes:
    """So many blanks after `head`, packed a thousand to one."""
    packer = zlib.compressobj(9)
    parts = [packer.compress(head), *(packer.compress(b" " * MEGABYTE) for _ in range(megabytes)), packer.flush()]
    return b"".join(parts)


def page_that_unfolds(megabytes: int, times: int = 1) -> bytes:
    """A page whose content is packed once, or again and again."""
    packed = unfolding(megabytes)
    for _ in range(times - 1):
        packed = zlib.compress(packed, 9)
    out = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.pages[0].obj.Contents = pdf.make_stream(b"")
        pdf.pages[0].obj.Contents.write(packed, filter=pikepdf.Array([pikepdf.Name.FlateDecode] * times))
        pdf.save(out, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)
    return out.getvalue()


def objects_that_unfold(megabytes: int) -> bytes:
    """Catalogue, pages and page lie in a packed stream, which has to be unfolded to find them."""
    texts = [
        b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>",
    ]  # fmt: skip
    head = b"1 0 2 60 3 120 "
    packed = unfolding(megabytes, head + b"".join(text.ljust(60) for text in texts))
    begin = b"%PDF-1.5\n"
    stream = b"4 0 obj\n<</Type/ObjStm/N 3/First %d/Filter/FlateDecode/Length %d>>\nstream\n" % (len(head), len(packed))
    stream += packed + b"\nendstream\nendobj\n"
    place = len(begin) + len(stream)
    rows = [(0, 0, 65535), (2, 4, 0), (2, 4, 1), (2, 4, 2), (1, len(begin), 0), (1, place, 0)]
    table = b"".join(bytes([kind]) + at.to_bytes(4, "big") + index.to_bytes(2, "big") for kind, at, index in rows)
    references = b"5 0 obj\n<</Type/XRef/Size 6/W[1 4 2]/Root 1 0 R/Length %d>>\nstream\n" % len(table)
    return begin + stream + references + table + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF" % place


PEAK_OF_READER = """
import resource, subprocess, sys
subprocess.run([sys.executable, "-m", "applications.cleaning"], env={}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def peak_of_reader(content: bytes) -> int:
    """The most memory, in bytes, that the reading process of a PDF ever had, as the kernel counted it.

    Asked of a small process between: a process counts what the one that started it had, and tests have much.
    """
    asked = [sys.executable, "-c", PEAK_OF_READER]
    return int(subprocess.run(asked, cwd=ROOT, input=content, capture_output=True, check=True).stdout) * 1024


UNFOLDING: dict[str, Callable[[], bytes]] = {
    "content of a page": lambda: page_that_unfolds(600),
    "content packed twice": lambda: page_that_unfolds(600, times=2),
    "objects": lambda: objects_that_unfold(600),
}


@pytest.mark.parametrize("kind", UNFOLDING)
def test_pdf_that_unfolds_to_very_much_costs_little(kind: str) -> None:
    """Under a megabyte that is 600: neither this process nor the one that reads it ever has so much."""
    content = UNFOLDING[kind]()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

    try:
        cleaning.clean_file(content)
    except Refused as refused:
        assert "PDF" in str(refused)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before

    assert len(content) < MEGABYTE
    assert grown < 64 * MEGABYTE
    assert peak_of_reader(content) <= cleaning.PDF_MEMORY_BYTES


def test_reader_that_dies_is_answered_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")

    with pytest.raises(Refused, match="^这个 PDF 太复杂，读不出来。请重新扫描，或改传照片$"):
        cleaning.clean_file(page_that_unfolds(0))


def test_reader_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    sleeper = tmp_path / "python"
    sleeper.write_text("#!/bin/sh\nexec /bin/sleep 60\n")
    sleeper.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(sleeper))
    monkeypatch.setattr(cleaning, "PDF_SECONDS", 0.2)

    with pytest.raises(Refused, match="太复杂"):
        cleaning.clean_file(page_that_unfolds(0))


def test_only_so_many_files_are_read_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight threads that each unfold a picture would need more memory than the machine has."""
    monkeypatch.setattr(cleaning, "WAIT_SECONDS", 0.01)
    inside = []

    def read(content: bytes) -> cleaning.Clean:
        inside.append(content)
        if len(inside) == cleaning.AT_ONCE:
            with pytest.raises(Refused, match="请过一会儿再传"):
                cleaning.clean_file(picture("next"))
        else:
            cleaning.clean_file(picture("second"))
        return cleaning.Clean(b"", "jpg", 1)

    with monkeypatch.context() as busy:
        busy.setattr(cleaning, "_cleaned", read)
        cleaning.clean_file(picture("first"))

    assert cleaning.clean_file(picture("later")).pages == 1


def test_photo_of_very_many_scans_is_refused_before_it_is_read() -> None:
    """Each is a pass over the picture and needs 90 bytes: 20 MB of them kept a process busy for hours."""
    out = io.BytesIO()
    Image.new("L", (64, 64), 128).save(out, "JPEG", progressive=True)
    photo = out.getvalue()
    last = photo[photo.rfind(b"\xff\xda") : -2]

    assert cleaning.clean_file(photo[:-2] + last * 50 + photo[-2:]).pages == 1
    with pytest.raises(Refused, match="存得太复杂"):
        cleaning.clean_file(photo[:-2] + last * 200 + photo[-2:])
