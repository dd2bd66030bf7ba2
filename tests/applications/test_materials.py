"""Uploaded files: what is refused, and what is made anew of the rest."""

import io
from pathlib import Path

import pytest
from PIL import Image

from applications import materials
from applications.demo import picture
from applications.errors import Invalid, Refused
from applications.models import Material
from tests import factories

pytestmark = pytest.mark.usefixtures("directory")


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        (
            "证件.jpg",
            b"<?php system($_GET['c']); ?>",
            "这不是照片（JPG、PNG、HEIC）或 PDF，内容和文件名不符。请重新拍照，或另存为这几种格式再传",
        ),
        ("证件.jpg", b"", "这个文件是空的，请重新拍照或扫描后再传"),
        ("证件.jpg", b"\xff\xd8\xff\xe0 cut off", "这张图片打不开，可能没有传完。请重新拍照再传"),
        ("证件.pdf", b"%PDF-1.7 broken", "这个 PDF 打不开，可能已损坏。请重新扫描再传"),
        (
            "证件.svg",
            b"<svg onload=alert(1)>",
            "这不是照片（JPG、PNG、HEIC）或 PDF，内容和文件名不符。请重新拍照，或另存为这几种格式再传",
        ),
    ],
)
def test_file_that_is_not_what_it_says_is_refused_and_the_others_stay(name: str, content: bytes, sentence: str) -> None:
    """D3, D5."""
    draft = factories.draft()
    factories.give_materials(draft)
    before = Material.objects.filter(draft=draft).count()

    with pytest.raises(Invalid) as caught:
        materials.add(
            draft=draft, code="OR-33", name=name, size=len(content), stream=io.BytesIO(content), user=draft.entered_by
        )

    assert caught.value.errors == {"OR-33": sentence}
    assert Material.objects.filter(draft=draft).count() == before


def test_photo_as_phones_keep_it_becomes_a_jpeg_without_its_maker() -> None:
    """D5."""
    photo = (Path(__file__).parent / "photo.heic").read_bytes()

    clean = materials.clean_file(photo)

    with Image.open(io.BytesIO(clean.content)) as made:
        assert (made.format, made.size, dict(made.getexif())) == ("JPEG", (96, 64), {})
        assert made.getpixel((48, 60)) > (240, 240, 240)
    assert b"MAKER-OF-PHONE" in photo
    assert b"MAKER-OF-PHONE" not in clean.content


def test_torn_photo_as_phones_keep_it_is_told() -> None:
    photo = (Path(__file__).parent / "photo.heic").read_bytes()

    with pytest.raises(Refused, match="打不开"):
        materials.clean_file(photo[:200])


def test_file_too_large_is_refused_by_its_size() -> None:
    draft = factories.draft()

    with pytest.raises(Invalid) as caught:
        materials.add(
            draft=draft,
            code="OR-33",
            name="a.jpg",
            size=45 * 1024 * 1024,
            stream=io.BytesIO(b""),
            user=draft.entered_by,
        )

    assert caught.value.errors == {"OR-33": "这个文件 45 MB，超过 20 MB。请重拍或分页传"}


def test_picture_loses_what_was_appended_and_its_position() -> None:
    """Attack case 4: EXIF and a script behind the picture's end are gone after re-encoding."""
    clean = materials.clean_file(picture("x") + b"<script>alert(1)</script>")

    assert b"<script>" not in clean.content
    assert b"Exif" not in clean.content


def test_pdf_loses_scripts_forms_and_attachments() -> None:
    """Attack case 5."""
    import pikepdf

    bad = pikepdf.new()
    bad.add_blank_page()
    bad.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
    bad.pages[0].obj.AA = pikepdf.Dictionary(O=pikepdf.Dictionary(S=pikepdf.Name.Launch, F="cmd.exe"))
    bad.attachments["x.exe"] = b"MZ"
    out = io.BytesIO()
    bad.save(out)

    clean = materials.clean_file(out.getvalue())

    with pikepdf.open(io.BytesIO(clean.content)) as good:
        assert "/OpenAction" not in good.Root
        assert "/AA" not in good.pages[0].obj
        assert len(good.attachments) == 0
    assert clean.pages == 1


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\a.jpg", "a.jpg"),
        ("a\r\nSet-Cookie: x.jpg", "a Set-Cookie: x.jpg"),
        ("\u202egpj.exe", "gpj.exe"),
        ("", "未命名"),
    ],
)
def test_file_name_is_kept_as_harmless_data(name: str, kept: str) -> None:
    assert materials.safe_name(name) == kept
