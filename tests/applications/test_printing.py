"""Fonts and print rules: every character of the standard, drawn right, on a machine without any font."""

import io
import re
from functools import cache

import pikepdf
import pypdfium2
import pytest
from fontTools.ttLib import TTFont
from PIL import Image, ImageChops, ImageDraw, ImageFont

from applications import checks, printing

PRINT_SHEETS = ("css/pdf.css", "css/pdf-fonts.css", "css/pdf-rare.css")
SERIF, RARE = "fonts/NotoSerifSC-Regular.otf", "fonts/HanaMinB.ttf"
# Of URO, Ext A, B, C, D, E and F: characters that people bear as names.
RARE_CHARACTERS = "䶮㛃𠮷𠂇𪚥𫝀𫠝𬂩𬺰"

# GB 18030-2022, level 3: what systems for public services must have.
LEVEL_3 = [
    (0x4E00, 0x9FEF), (0x3400, 0x4DB5), (0x20000, 0x2A6D6), (0x2A700, 0x2B734), (0x2B740, 0x2B81D), (0x2B820, 0x2CEA1),
    (0x2CEB0, 0x2EBE0), (0xFA0E, 0xFA0F), (0xFA11, 0xFA11), (0xFA13, 0xFA14), (0xFA1F, 0xFA1F), (0xFA21, 0xFA21),
    (0xFA23, 0xFA24), (0xFA27, 0xFA29),
]  # fmt: skip


@cache
def font(name: str) -> bytes:
    return printing.asset(name)


@cache
def characters(name: str) -> frozenset[int]:
    return frozenset(TTFont(io.BytesIO(font(name)), lazy=True).getBestCmap())


def sheet(body: str) -> str:
    return f'<html lang="zh-CN"><head><title>t</title></head><body>{body}</body></html>'


def printed(body: str) -> printing.Printed:
    return printing.print_pdf(sheet(body), identifier="t")


def read_back(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    text = document[0].get_textpage().get_text_range()
    document.close()
    return re.sub(r"\s", "", text)


# -- what the fonts hold -------------------------------------------------------------------------------------------------


def test_print_rules_are_all_understood(caplog: pytest.LogCaptureFixture) -> None:
    printing._setting.cache_clear()

    printed("<p>赵𠮷</p>")

    assert [record.getMessage() for record in caplog.records if record.name == "weasyprint"] == []


def test_fonts_hold_all_of_level_3() -> None:
    wanted = {point for first, last in LEVEL_3 for point in range(first, last + 1)}

    assert len(wanted) == 87_887
    assert wanted - characters(SERIF) - characters(RARE) == set()


def test_fonts_are_whole_and_static() -> None:
    names = re.findall(r'url\("static:([^"]+)"\)', "".join(font(name).decode() for name in PRINT_SHEETS))

    assert len(names) == 5
    assert [name for name in names if "fvar" in TTFont(io.BytesIO(font(name)), lazy=True)] == []


def test_print_rules_avoid_what_breaks_papers() -> None:
    css = re.sub(r"/\*.*?\*/", "", "".join(font(name).decode() for name in PRINT_SHEETS), flags=re.DOTALL)

    assert re.findall(r"display:\s*(?:inline-)?(?:flex|grid)|unicode-range|woff|https?:|@import", css) == []
    for face in re.findall(r"@font-face\s*{[^}]*}", css):
        assert face.count("url(") == 1


# -- what is drawn ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bold", [False, True])
def test_rare_name_reads_back_code_point_by_code_point(bold: bool) -> None:
    name = f"{RARE_CHARACTERS}·阿卜杜热合曼"

    made = printed(f"<strong>{name}</strong>" if bold else f"<p>{name}</p>")

    assert made.missing == ()
    assert read_back(made.pdf) == name


@pytest.mark.parametrize("character", RARE_CHARACTERS)
def test_rare_character_looks_like_the_glyph_of_its_font(character: str) -> None:
    size = 120
    made = printed(f'<p style="font-size:{size}px;line-height:1.6">{character}</p>')
    document = pypdfium2.PdfDocument(made.pdf)
    # A CSS pixel is 0.75 pt.
    page = document[0].render(scale=1 / 0.75, grayscale=True).to_pil()
    document.close()
    name = SERIF if ord(character) in characters(SERIF) else RARE

    seen, drawn = _cut(page), _cut(_drawing(name, character, size))
    other = _cut(_drawing(name, "𠮶" if ord(character) > 0xFFFF else "龥", size))

    assert _difference(seen, drawn) < 0.10
    assert _difference(seen, other) > 2 * _difference(seen, drawn)


def _drawing(name: str, character: str, size: int) -> Image.Image:
    image = Image.new("L", (size * 2, size * 2), 255)
    face = ImageFont.truetype(io.BytesIO(font(name)), size)
    ImageDraw.Draw(image).text((size // 2, size // 2), character, font=face, fill=0)
    return image


def _cut(image: Image.Image) -> Image.Image:
    """The ink alone, brought to one size."""
    box = ImageChops.invert(image).point(lambda value: 255 if value > 96 else 0).getbbox()
    assert box is not None
    return image.crop(box).resize((96, 96))


def _difference(one: Image.Image, other: Image.Image) -> float:
    """Mean difference of two pictures, 0 to 1."""
    histogram = ImageChops.difference(one, other).histogram()
    return sum(value * count for value, count in enumerate(histogram)) / (255 * 96 * 96)


def test_bold_falls_back_to_a_character_and_never_to_a_box() -> None:
    # 䶮 is not among the characters of the bold face.
    made = printed("<h1>䶮</h1>")

    assert made.missing == ()
    assert read_back(made.pdf) == "䶮"


def test_missing_character_is_told() -> None:
    assert printed("<p>赵\U0002ec00\U0003106c</p>").missing == (0x2EC00, 0x3106C)


def test_fonts_of_the_machine_are_not_used() -> None:
    # Neither for a family of the machine nor for a character that only its fonts have.
    made = printed('<p style="font-family: sans-serif">赵</p><p style="font-family: DejaVu Sans, Noto Sans Thai">ก</p>')

    assert made.missing == (0x0E01,)
    assert [name for name in _names(made.pdf).split() if b"+Portal-" not in name] == []


def test_rare_face_is_loaded_only_when_it_is_needed() -> None:
    assert b"Portal-Rare" not in _names(printed("<p>赵明远</p>").pdf)
    assert b"Portal-Rare" in _names(printed("<p>赵𠮷</p>").pdf)


def _names(pdf: bytes) -> bytes:
    with pikepdf.open(io.BytesIO(pdf)) as document:
        fonts = document.pages[0].Resources.Font
        return b" ".join(str(face.BaseFont).encode() for face in fonts.values())


# -- what may be fetched ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "http://example.com/x.png",
        "https://example.com/x.png",
        "file:///etc/passwd",
        "static:../portal/settings/base.py",
        "static:css/../../manage.py",
        "data:text/html,<b>x</b>",
    ],
)
def test_paper_fetches_nothing_but_packaged_assets(address: str) -> None:
    with pytest.raises(printing.NotPackaged):
        printed(f'<p>x</p><img src="{address}" alt="x">')


def test_asset_refuses_what_lies_outside() -> None:
    with pytest.raises(ValueError, match="not an asset"):
        printing.asset("../manage.py")


# -- a machine without Pango -------------------------------------------------------------------------------------------------


def test_check_names_the_line_that_installs_pango(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printing, "is_available", lambda: False)

    (warning,) = checks.pango_is_there()
    (error,) = checks.pango_is_there_in_production()

    assert (warning.id, error.id) == ("applications.W001", "applications.E001")
    assert not warning.is_serious()
    assert error.is_serious()
    assert printing.install_hint() in str(warning.hint)


def test_doubt_about_pango_is_settled_by_the_library_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_library(*args: object) -> None:
        raise OSError

    def no_pango() -> None:
        raise printing.Unavailable

    monkeypatch.setattr(printing.ctypes, "CDLL", no_library)
    with_import = printing.is_available()
    monkeypatch.setattr(printing, "_weasyprint", no_pango)
    without_import = printing.is_available()

    assert (with_import, without_import) == (True, False)


def test_check_is_silent_where_pango_is() -> None:
    assert (checks.pango_is_there(), checks.pango_is_there_in_production()) == ([], [])
