"""The working calendar of a year: read from a file that names its notice, compared with what is in force, stored.

A file without `region` is the State Council's notice for the nation; with one it is a layer: days that only that place and
everything below it has off or makes up for. What a year's notice says of the December before belongs to its file too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml
from django.db import transaction

from agencies import plain_yaml
from agencies.deadlines import Calendar, compose
from agencies.divisions import NATION
from agencies.models import CalendarYear, Region
from agencies.words import WEEKDAYS

_YEARS = range(2000, 2100)


class CalendarError(ValueError):
    """A calendar file that cannot be right; the message says what to mend."""


def read_calendar(path: Path) -> CalendarYear:
    """The year of one file, unsaved. Raises CalendarError."""
    return parse_calendar(path.read_text(encoding="utf-8"), str(path))


def parse_calendar(text: str, name: str) -> CalendarYear:
    """The year of a text, unsaved; `name` is what messages call it. Raises CalendarError."""
    try:
        data = plain_yaml.read(text)
        year, spans = int(data["year"]), [_Span.of(holiday) for holiday in data["holidays"]]
        make_up_days: list[date] = [_day(day) for day in data.get("make_up_days", [])]
        int(data.get("statutory_days", 0))
        _line(data.get("notice") or "")
    except (yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError, OverflowError):
        raise CalendarError(f"{name}：格式不对，请照例子写（fixtures/calendar）。") from None
    if year not in _YEARS:
        raise CalendarError(f"{name}：没有{year}年的日历，请核对 year。")
    region = str(data.get("region", "") or "")
    faults = [*_faults(year, spans, make_up_days, data)]
    if region in ("", NATION):
        faults += _faults_of_the_nation(year, spans, make_up_days, data)
    if faults:
        raise CalendarError(f"{name}：{faults[0]}")
    return CalendarYear(
        region_id=None if region in ("", NATION) else region,
        year=year,
        notice=str(data["notice"]).strip(),
        days_off=[day.isoformat() for span in spans for day in span.days],
        make_up_days=[day.isoformat() for day in make_up_days],
        names={day.isoformat(): span.name for span in spans for day in span.days},
    )


def _day(value: Any) -> date:
    """A day without an hour; a moment would be taken for a day and be none."""
    if type(value) is not date:
        raise TypeError
    return value


def _line(value: Any) -> str:
    """One line that can be stored."""
    line = str(value).strip()
    if not line.isprintable() or len(line) > 200:
        raise ValueError
    return line


@dataclass(frozen=True)
class _Span:
    """One holiday; `told` is how many days the notice says it has, where the file repeats it."""

    name: str
    days: list[date]
    told: int | None

    @classmethod
    def of(cls, holiday: Mapping[str, Any]) -> "_Span":
        first, last = _day(holiday["from"]), _day(holiday["to"])
        if (last - first).days > 366:
            raise ValueError
        days = [first + timedelta(days=count) for count in range((last - first).days + 1)]
        told = holiday.get("days")
        return cls(_line(holiday["name"]), days, None if told is None else int(told))


def _faults(year: int, spans: list[_Span], make_up_days: list[date], data: Mapping[str, Any]) -> list[str]:
    off = [day for span in spans for day in span.days]
    found = [f"{day}不是周末，不能列为调休上班日，请对照通知改正。" for day in make_up_days if day.weekday() < 5]
    found += [
        f"{day}不在{year}年，请移到那一年的文件。"
        for day in [*off, *make_up_days]
        if day.year != year and (day.year, day.month) != (year - 1, 12)
    ]
    if set(off) & set(make_up_days):
        found.append("有的日子既放假又上班，请对照通知改正。")
    found += [
        f"{span.name}写着放假{span.told}天，起止日期却是{len(span.days)}天，请对照通知改正。"
        for span in spans
        if not span.days or (span.told is not None and span.told != len(span.days))
    ]
    if not str(data.get("notice", "")).strip():
        found.append("没有写 notice（国务院办公厅通知），请补上。")
    return found


def _faults_of_the_nation(
    year: int, spans: list[_Span], make_up_days: list[date], data: Mapping[str, Any]
) -> list[str]:
    """调休 moves days and gives none: weekdays off, less days made up for, are the statutory days of the year.

    The number is 13 since 2025 (全国年节及纪念日放假办法, revised 2024) and was 11 before; a notice that gives more, as for
    2015 and 2020, says so in the file.
    """
    expected = int(data.get("statutory_days", 13 if year >= 2025 else 11))
    off = {day for span in spans for day in span.days if day.weekday() < 5}
    given = len(off) - len(make_up_days)
    if given == expected:
        return []
    return [
        f"放假占用的工作日减去调休上班日是 {given} 天，应当等于法定节假日 {expected} 天。请对照通知，看是不是漏了放假日或调休上班日；"
        f"通知确实如此的，加一行 statutory_days: {given}。"
    ]


# -- comparing and storing ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DayChange:
    """One day that a new version counts otherwise than what is in force."""

    day: date
    before: str
    after: str

    @property
    def words(self) -> str:
        return f"{self.day}（星期{WEEKDAYS[self.day.weekday()]}）由{self.before}改为{self.after}"


def with_year(year: CalendarYear) -> Calendar:
    """The calendar as it would be with this year's row in place of the one in force."""
    rows = [row for row in CalendarYear.objects.in_force() if (row.region_id, row.year) != (year.region_id, year.year)]
    return compose([*rows, year])


def changed_days(old: Calendar, new: Calendar, year: CalendarYear) -> list[DayChange]:
    """The days of the year, and of the December before, that count otherwise at the place of the row."""
    before, after = old.at(year.place_code), new.at(year.place_code)
    days = [date(year.year - 1, 12, 1) + timedelta(days=n) for n in range(31)]
    days += [date(year.year, 1, 1) + timedelta(days=n) for n in range(366)]
    return [
        DayChange(day, _kind(before, day), _kind(after, day))
        for day in days
        if day.year <= year.year and before.is_working(day) != after.is_working(day)
    ]


def _kind(calendar: Calendar, day: date) -> str:
    if day in calendar.make_up_days:
        return "调休上班"
    if day in calendar.days_off:
        return f"放假（{calendar.names[day]}）" if day in calendar.names else "放假"
    return "上班" if day.weekday() < 5 else "周末休息"


def history() -> list[CalendarYear]:
    """Every version of every calendar, the newest year first."""
    return list(CalendarYear.objects.select_related("region").order_by("-year", "region", "-version"))


def in_force(year: CalendarYear) -> CalendarYear | None:
    """The version in force of the same place and year; None if there is none yet."""
    return CalendarYear.objects.in_force().filter(region=year.region_id, year=year.year).first()


def is_new(year: CalendarYear) -> bool:
    """Whether it says anything else than the version in force."""
    known = in_force(year)
    return known is None or any(
        getattr(known, name) != getattr(year, name) for name in ("notice", "days_off", "make_up_days", "names")
    )


def check_place(year: CalendarYear) -> None:
    """A layer belongs to a known place. Raises CalendarError."""
    if year.region_id and not Region.objects.filter(pk=year.region_id).exists():
        raise CalendarError(f"区划代码“{year.region_id}”不在行政区划表中，请改正 region，或先登记区划。")


def store(year: CalendarYear) -> bool:
    """Adds the row as the next version; False and nothing stored when the version in force says the same."""
    check_place(year)
    with transaction.atomic():
        # One import at a time, so that two do not take the same version.
        list(Region.objects.select_for_update().filter(pk=year.region_id or NATION))
        if not is_new(year):
            return False
        known = in_force(year)
        year.version = known.version + 1 if known else 1
        year.save()
    return True
