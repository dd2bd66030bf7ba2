"""The number of a one-time notice: it holds scheme, place, items and answers, so that nothing needs to be stored."""

import base64
import unicodedata
import zlib
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from agencies.situation import questions
from agencies.spec import SchemeSpec

SCHEMES = 1 << 20
CODE_LENGTHS = (6, 9, 12)
FIRST_DAY = date(2000, 1, 1)
DAYS = 1 << 15


def notice_number(
    spec: SchemeSpec,
    ticked: Iterable[str],
    answers: dict[str, Any],
    *,
    discharged: date | None = None,
    region: str = "",
    scheme_id: int = 0,
) -> str:
    """A short number that holds the place, the scheme, the items and the answers, with a check."""
    wanted = set(ticked)
    value = 1
    for item in spec.offered:
        value = value * 2 + (item.code in wanted)
    for question in questions(spec):
        values = [code for code, _ in question.choices]
        answer = answers.get(question.code)
        value = value * (len(values) + 1) + (values.index(answer) + 1 if answer in values else 0)
    value = value * DAYS + ((discharged - FIRST_DAY).days + 1 if discharged and holds(discharged) else 0)
    kind = CODE_LENGTHS.index(len(region)) if len(region) in CODE_LENGTHS else 0
    value = (value * 10 ** CODE_LENGTHS[kind] + int(region or 0)) * len(CODE_LENGTHS) + kind
    value = value * SCHEMES + scheme_id % SCHEMES
    body = value.to_bytes((value.bit_length() + 7) // 8)
    text = base64.b32encode(zlib.crc32(body).to_bytes(4)[:2] + body).decode().rstrip("=")
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))


def holds(discharged: date) -> bool:
    """Whether a number has room for this day of discharge."""
    return FIRST_DAY <= discharged < FIRST_DAY + timedelta(days=DAYS - 1)


def origin_of(number: str) -> tuple[int, str]:
    """Scheme key and place that a notice was made for. Raises ValueError for a mistyped number."""
    scheme_id, region, _ = _unpacked(number)
    return scheme_id, region


def read_notice(spec: SchemeSpec, number: str) -> tuple[list[str], dict[str, str], date | None]:
    """Items, answers and day of discharge out of a number of this very scheme. Raises ValueError for a mistyped one."""
    _, _, value = _unpacked(number)
    value, day = divmod(value, DAYS)
    answers: dict[str, str] = {}
    for question in reversed(questions(spec)):
        values = [code for code, _ in question.choices]
        value, position = divmod(value, len(values) + 1)
        if position:
            answers[question.code] = values[position - 1]
    ticked = []
    for item in reversed(spec.offered):
        value, is_ticked = divmod(value, 2)
        if is_ticked:
            ticked.append(item.code)
    if value != 1:
        raise ValueError("编号有误，请对照告知单再输一遍")
    answers = dict(reversed(answers.items()))
    return ticked[::-1], answers, FIRST_DAY + timedelta(days=day - 1) if day else None


def _unpacked(number: str) -> tuple[int, str, int]:
    """Scheme key, place, and the packed rest."""
    value, scheme_id = divmod(int.from_bytes(_body_of(number)), SCHEMES)
    value, kind = divmod(value, len(CODE_LENGTHS))
    value, region = divmod(value, 10 ** CODE_LENGTHS[kind])
    return scheme_id, f"{region:0{CODE_LENGTHS[kind]}}", value


def _body_of(number: str) -> bytes:
    # Nobody writes 0, 1 or 8 in this alphabet, so what looks like them is meant as O, I and B.
    text = unicodedata.normalize("NFKC", number).upper().translate(str.maketrans("018", "OIB"))
    text = "".join(ch for ch in text if ch.isalnum())
    try:
        raw = base64.b32decode(text + "=" * (-len(text) % 8))
    except ValueError:
        raise ValueError("编号不完整，请对照告知单再输一遍") from None
    if len(raw) < 7 or zlib.crc32(raw[2:]).to_bytes(4)[:2] != raw[:2]:
        raise ValueError("编号有误，请对照告知单再输一遍")
    return raw[2:]
