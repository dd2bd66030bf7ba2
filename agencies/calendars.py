"""Loading the working calendar of a year from a file that names the State Council's notice."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml

from agencies.models import CalendarYear


class CalendarError(ValueError):
    """A calendar file that cannot be right; the message says what to mend."""


def read_calendar(path: Path) -> CalendarYear:
    """The year of one file, unsaved. Raises CalendarError."""
    return parse_calendar(path.read_text(encoding="utf-8"), str(path))


def parse_calendar(text: str, name: str) -> CalendarYear:
    """The year of a text, unsaved; `name` is what messages call it. Raises CalendarError."""
    try:
        data: dict[str, Any] = yaml.safe_load(text)
        year, holidays = int(data["year"]), list(data["holidays"])
        spans = [(str(holiday["name"]), _span(holiday["from"], holiday["to"])) for holiday in holidays]
        make_up_days = list(data.get("make_up_days", []))
    except (yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError):
        raise CalendarError(f"{name}：格式不对，请照 fixtures/calendar 里的文件写。") from None
    days_off = [day for _, days in spans for day in days]
    for day in make_up_days:
        if day.weekday() < 5:
            raise CalendarError(f"{name}：{day}不是周末，不能列为调休上班日，请对照通知改正。")
    for day in [*days_off, *make_up_days]:
        if day.year != year:
            raise CalendarError(f"{name}：{day}不在{year}年，请移到那一年的文件。")
    if set(days_off) & set(make_up_days):
        raise CalendarError(f"{name}：有的日子既放假又上班，请对照通知改正。")
    if not str(data.get("notice", "")).strip():
        raise CalendarError(f"{name}：没有写 notice（国务院办公厅通知），请补上。")
    return CalendarYear(
        year=year,
        notice=data["notice"],
        days_off=[day.isoformat() for day in days_off],
        make_up_days=[day.isoformat() for day in make_up_days],
        names={day.isoformat(): title for title, days in spans for day in days},
    )


def _span(first: date, last: date) -> list[date]:
    return [first + timedelta(days=count) for count in range((last - first).days + 1)]
