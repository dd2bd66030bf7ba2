"""Makes the print fonts of static/fonts from their sources. Run by hand, once; the files it made are never changed.

Sources, put into one folder beforehand:
  pip download --no-deps pylopdf-fonts-zh-cn==0.1.1          NotoSerifSC-Regular.otf
  npm pack @expo-google-fonts/noto-serif-sc@0.4.3            NotoSerifSC_700Bold.ttf
  npm pack @expo-google-fonts/noto-sans-sc@0.4.3             NotoSansSC_400Regular.ttf, NotoSansSC_700Bold.ttf
  apt-get install fonts-hanazono                             HanaMinB.ttf
Then: python docs/build_fonts.py SOURCES static/fonts
"""

import lzma
import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

BASIC = {
    *range(0x20, 0x7F), *range(0xA0, 0x100), *range(0x2000, 0x2070), *range(0x2190, 0x2194), 0x2103, 0x221A,
    *range(0x2460, 0x2474), *range(0x25A0, 0x2600), 0x2713, 0x2714, *range(0x2E80, 0x2FE0), *range(0x3000, 0x3040),
    *range(0xFF00, 0xFFF0),
}  # fmt: skip
IDEOGRAPHS = {*range(0x3400, 0x4DC0), *range(0x4E00, 0xA000), *range(0xF900, 0xFB00)}
BEYOND = {*range(0x20000, 0x2EBF0), *range(0x2F800, 0x2FA20)}


def gb2312() -> set[int]:
    """The code points of GB 2312: what texts, place names and most names are made of."""
    points = set()
    for high in range(0xA1, 0xF8):
        for low in range(0xA1, 0xFF):
            try:
                points.add(ord(bytes([high, low]).decode("gb2312")))
            except UnicodeDecodeError:
                continue
    return points


def make(source: Path, target: Path, wanted: set[int]) -> None:
    options = subset.Options(
        hinting=False,
        layout_features=[],
        notdef_outline=True,
        glyph_names=False,
        name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14],
    )
    options.drop_tables += ["GSUB", "GPOS", "GDEF", "BASE", "VORG", "vhea", "vmtx", "DSIG", "STAT", "FFTM"]
    options.recalc_timestamp = False
    font = TTFont(source)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=wanted & set(font.getBestCmap()))
    subsetter.subset(font)
    font.save(target)


def main(sources: Path, target: Path) -> None:
    plain = BASIC | gb2312()
    make(sources / "NotoSerifSC-Regular.otf", target / "NotoSerifSC-Regular.otf", plain | IDEOGRAPHS | BEYOND)
    make(sources / "NotoSerifSC_700Bold.ttf", target / "NotoSerifSC-Bold.ttf", plain)
    make(sources / "NotoSansSC_400Regular.ttf", target / "NotoSansSC-Regular.ttf", plain)
    make(sources / "NotoSansSC_700Bold.ttf", target / "NotoSansSC-Bold.ttf", plain)
    rare = target / "HanaMinB.ttf"
    make(sources / "HanaMinB.ttf", rare, BEYOND)
    Path(f"{rare}.xz").write_bytes(lzma.compress(rare.read_bytes(), preset=9 | lzma.PRESET_EXTREME))
    rare.unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
