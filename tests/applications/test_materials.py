"""Uploaded files: what is refused, and what is kept of the rest."""

import hashlib
import io
from typing import Any

import pytest
from PIL import Image

from applications import materials
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


def half_dark() -> bytes:
    """A photo twice as wide as high, its left half dark."""
    picture, out = Image.new("RGB", (80, 40), "white"), io.BytesIO()
    picture.paste("black", (0, 0, 40, 40))
    picture.save(out, "JPEG")
    return out.getvalue()


def test_turned_photo_stands_upright_and_is_another_file(django_capture_on_commit_callbacks: Any) -> None:
    made = factories.give_file(factories.draft(), "OR-31", half_dark())
    old = str(made.file.name)

    with django_capture_on_commit_callbacks(execute=True):
        materials.turn(made)

    now = Material.objects.get()
    content = now.file.read()
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.size == (40, 80)
        assert picture.getpixel((20, 10))[0] < 60 < 200 < picture.getpixel((20, 70))[0]
    assert (now.sha256, now.size) == (hashlib.sha256(content).hexdigest(), len(content))
    assert not now.file.storage.exists(old)


def test_photo_that_was_sent_is_not_turned() -> None:
    case = factories.submitted(ticked=["I01"])

    with pytest.raises(Refused, match="已提交的材料不能转"):
        materials.turn(case.materials.first())


def test_only_a_photo_is_turned() -> None:
    out = io.BytesIO()
    Image.new("RGB", (20, 20)).save(out, "PDF")
    made = factories.give_file(factories.draft(), "OR-31", out.getvalue())

    with pytest.raises(Refused, match="只有照片能转"):
        materials.turn(made)
