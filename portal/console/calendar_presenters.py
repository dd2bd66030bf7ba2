"""The pages of the working calendar as plain values: notices with their days off, and what a new one would move."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any

from django.conf import settings

from agencies.calendars import DayChange
from agencies.models import CalendarYear
from agencies.words import full_day
from applications.recounting import Move, Preview
from portal.web.presenters import short_moment

SHOWN = 200
_SHIPPED = Path(settings.BASE_DIR) / "fixtures" / "calendar"


@dataclass(frozen=True)
class YearRow:
    year: int
    place: str
    version: str
    notice: str
    holidays: str
    made_up: str
    loaded: str
    is_in_force: bool


def example() -> dict[str, str]:
    """The newest file the portal comes with, to write the next one after it."""
    newest = max(_SHIPPED.glob("*.yaml"))
    return {"example": newest.read_text(encoding="utf-8"), "example_year": newest.stem}


def rows(years: Sequence[CalendarYear]) -> list[YearRow]:
    """`years` with the newest version of a place and year first."""
    seen: set[tuple[str, int]] = set()
    found = []
    for year in years:
        key = (year.place_code, year.year)
        found.append(
            YearRow(
                year=year.year,
                place=place_of(year),
                version=f"第 {year.version} 版",
                notice=year.notice,
                holidays=holidays_of(year),
                made_up="、".join(_day(date.fromisoformat(day)) for day in year.make_up_days) or "没有",
                loaded=short_moment(year.loaded_at),
                is_in_force=key not in seen,
            )
        )
        seen.add(key)
    return found


def place_of(year: CalendarYear) -> str:
    return str(year.region) if year.region_id else "全国"


def holidays_of(year: CalendarYear) -> str:
    """元旦 1月1日至1月3日，…"""
    parts = []
    for name, group in groupby(year.days_off, key=lambda day: year.names.get(day, "")):
        days = [date.fromisoformat(day) for day in group]
        until = f"至{_day(days[-1])}" if len(days) > 1 else ""
        parts.append(f"{name} {_day(days[0])}{until}")
    return "，".join(parts) or "没有"


def _day(day: date) -> str:
    return f"{day.month}月{day.day}日"


@dataclass(frozen=True)
class DayRow:
    day: str
    before: str
    after: str


@dataclass(frozen=True)
class MoveRow:
    number: str
    item: str
    office: str
    before: str
    after: str
    note: str


def mark(seen: Preview) -> str:
    """What was looked at: the version to be replaced and how many tasks move. Another mark means: look again."""
    former = seen.former.version if seen.former else 0
    return f"{seen.year.place_code}.{seen.year.year}.{former}.{len(seen.moved)}"


def preview(seen: Preview) -> dict[str, Any]:
    earlier = sum(move.is_earlier for move in seen.moved)
    return {
        "year": seen.year.year,
        "place": place_of(seen.year),
        "notice": seen.year.notice,
        "former": f"第 {seen.former.version} 版（{seen.former.notice}）" if seen.former else "",
        "holidays": holidays_of(seen.year),
        "made_up": "、".join(_day(date.fromisoformat(day)) for day in seen.year.make_up_days) or "没有",
        "is_new": seen.is_new,
        "days": [_day_row(change) for change in seen.days],
        "moves": [_move_row(move) for move in seen.moved[:SHOWN]],
        "moved": len(seen.moved),
        "later": len(seen.moved) - earlier,
        "earlier": earlier,
        "hidden": max(len(seen.moved) - SHOWN, 0),
        "settled": len(seen.settled),
        "is_done_at_once": seen.is_done_at_once,
        "mark": mark(seen),
    }


def _day_row(change: DayChange) -> DayRow:
    return DayRow(full_day(change.day), change.before, change.after)


def _move_row(move: Move) -> MoveRow:
    return MoveRow(
        number=move.task.application.number,
        item=move.task.spec.title,
        office=str(move.task.office),
        before=_day_words(move.before, is_expected=move.was_provisional),
        after=_day_words(move.after, is_expected=move.is_provisional),
        note="提前，会通知申请人" if move.is_earlier else "推后",
    )


def _day_words(day: date | None, *, is_expected: bool) -> str:
    if day is None:
        return "没有"
    return f"{'预计 ' if is_expected else ''}{full_day(day)}"


def done_words(year: CalendarYear, done: Preview | None) -> str:
    name = f"{place_of(year)}{year.year}年的工作日历"
    if done is None:
        return f"{name}和已导入的一样，没有变化。"
    if not done.is_done_at_once:
        return f"{name}已导入。在办事项较多，后台在十分钟内按新日历重算。"
    if not done.moves:
        return f"{name}已导入。没有在办事项的到期日受影响。"
    words = [f"{len(done.moved)} 件改了到期日"] if done.moved else []
    words += [f"{len(done.settled)} 件到期日不变"] if done.settled else []
    return f"{name}已导入。{'，'.join(words)}，流转记录里写明了原因。"
