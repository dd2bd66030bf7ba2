"""What the home page says about a place: its items, agencies and seasons, counted and put into words."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import pi, sin

from agencies.spec import AgencySpec, SchemeSpec

DIGITS = "零一二三四五六七八九十"


def count_words(number: int) -> str:
    """A small number in Chinese as it stands before a measure word: 两件, 八件, 十二件."""
    if number == 2:
        return "两"
    if number <= 10:
        return DIGITS[number]
    if number < 20:
        return f"十{DIGITS[number - 10]}"
    return str(number)


@dataclass(frozen=True)
class Needle:
    """One agency of the drawing: the centre of its disc, and the curve from there down to the sheath."""

    x: int
    y: int
    path: str
    icon: str
    label: str

    @property
    def icon_at(self) -> str:
        return f"translate({self.x - 12} {self.y - 12}) scale(1.5)"

    @property
    def label_y(self) -> int:
        return self.y + 54


@dataclass(frozen=True)
class ItemLine:
    code: str
    name: str
    agencies: str


@dataclass(frozen=True)
class PlacePage:
    """A place's part of the home page."""

    item_count: str
    agency_count: str
    items: tuple[ItemLine, ...]
    needles: tuple[Needle, ...]
    summary: str
    before: tuple[str, ...]
    for_whom: tuple[str, ...]
    seasons: tuple[str, ...]

    @property
    def before_count(self) -> str:
        return count_words(len(self.before))


def needles(agencies: Sequence[AgencySpec]) -> tuple[Needle, ...]:
    """The agencies on an arc, each with a curve to the one sheath; drawn in a field of 460 by 340."""
    drawn = []
    for index, agency in enumerate(agencies):
        across = 0.5 if len(agencies) == 1 else index / (len(agencies) - 1)
        x, y = round(40 + 380 * across), round(92 - 50 * sin(pi * across))
        top = y + 68
        path = f"M{x} {top} C{x} {top + 60} {230 + (x - 230) // 8} {top + 50} 230 244"
        drawn.append(Needle(x, y, path, agency.icon or "buildings", agency.title))
    return tuple(drawn)


def place_page(spec: SchemeSpec) -> PlacePage:
    return PlacePage(
        item_count=count_words(len(spec.offered)),
        agency_count=count_words(len(spec.agencies)),
        items=tuple(ItemLine(item.code, item.title, spec.agency_names(item)) for item in spec.offered),
        needles=needles(spec.agencies),
        summary="、".join(item.title for item in spec.offered[:5]),
        before=spec.prerequisites,
        for_whom=spec.eligibility,
        seasons=tuple(
            f"每年 {'、'.join(f'{month} 月' for month in window.months)}开设{window.name}"
            + (f"，地点：{window.place}" if window.place else "")
            for window in spec.windows
        ),
    )
