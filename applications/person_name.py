"""Names of people as the identity card writes them: one way to store each, and what cannot stand in one (STANDARDS.md 1.6)."""

import re
import unicodedata

# First and last code point. Not by category: Python's tables are older than the newest extensions.
_HAN = (
    (0x3007, 0x3007),  # 〇
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xFA0E, 0xFA29),  # what is left of the compatibility block after NFKC: the twelve unified ones
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2EE5F),
    (0x30000, 0x3347F),
)
_DOT = "·"
_DOTS = str.maketrans(dict.fromkeys("‧•・∙⋅᛫ㆍᆞ", _DOT))
_PRIVATE = ((0xE000, 0xF8FF), (0xF0000, 0x10FFFF))
# Characters of GB 18030 that older systems keep at a private place.
_MOVED = {
    0xE816: "𠂇", 0xE817: "𠂉", 0xE818: "𠃌", 0xE81E: "龴", 0xE826: "龵", 0xE82B: "龶", 0xE82C: "龷",
    0xE831: "𡗗", 0xE832: "龸", 0xE83B: "𢦏", 0xE843: "龹", 0xE854: "龺", 0xE855: "𤇾", 0xE864: "龻",
}  # fmt: skip


def normal(text: str) -> str:
    """Compatibility forms and radicals as the plain character, every dot between two parts as the one of the standard."""
    folded = unicodedata.normalize("NFKC", text).translate(_DOTS)
    return re.sub(r"(?<=[^\x00-\x7f])\.(?=[^\x00-\x7f])", _DOT, folded)


def problem(name: str, label: str) -> str | None:
    """What is wrong with a normal name as a sentence that says what to do, or None."""
    if found := next((ch for ch in name if _lies_in(ch, _PRIVATE)), None):
        code = f"U+{ord(found):04X}"
        if known := _MOVED.get(ord(found)):
            return f"{label}里有一个只在本机认得的字（{code}），请删掉它，改用“{known}”"
        return (
            f"{label}里有一个只在本机认得的字（{code}），别的部门看不到。请换一种输入法打这个字，打不出的请到综合窗口"
        )
    has_han = any(_lies_in(ch, _HAN) for ch in name)
    if not all(_lies_in(ch, _HAN) or ch == _DOT if has_han else _is_latin(ch) for ch in name):
        return f"{label}里不应有数字或符号，请对照证件再看一遍"
    if name.startswith(_DOT) or name.endswith(_DOT) or _DOT * 2 in name:
        return f"{label}里的“·”写在两个字中间，只写一个"
    return None


def _lies_in(ch: str, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= ord(ch) <= last for first, last in ranges)


def _is_latin(ch: str) -> bool:
    return ch in " .'-·’" or unicodedata.name(ch, "").startswith("LATIN ")
