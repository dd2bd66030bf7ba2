"""Working days: the calendar as a value, and counting over it. Pure; the rows are read by `calendar_now`.

Rule of counting (DOMAIN.md 3.2): the day of the act is day 0; the first working day after it is day 1. A day of a
year whose notice is not loaded counts by weekends alone and makes the answer provisional.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from agencies.enums import LimitUnit
from agencies.models.calendar import CalendarYear
from agencies.spec import Limit


@dataclass(frozen=True)
class Calendar:
    years: frozenset[int] = frozenset()
    days_off: frozenset[date] = frozenset()
    make_up_days: frozenset[date] = frozenset()
    names: dict[date, str] = field(default_factory=dict, hash=False, compare=False)

    def is_working(self, day: date) -> bool:
        if day in self.make_up_days:
            return True
        return day.weekday() < 5 and day not in self.days_off

    def knows(self, day: date) -> bool:
        """False where the yearly notice is missing, so that a date there is only expected, not promised."""
        return day.year in self.years

    def working_days_after(self, start: date) -> Iterator[date]:
        day = start
        while True:
            day += timedelta(days=1)
            if self.is_working(day):
                yield day

    def add(self, start: date, days: int) -> date:
        """The `days`-th working day after `start`; `start` itself for 0."""
        last = start
        for count, day in enumerate(self.working_days_after(start), 1):
            if count > days:
                break
            last = day
        return last

    def between(self, start: date, end: date) -> int:
        """Working days after `start` up to and including `end`; negative when `end` lies before `start`."""
        if end < start:
            return -self.between(end, start)
        return sum(self.is_working(start + timedelta(days=n)) for n in range(1, (end - start).days + 1))


def last_day(limit: Limit | None, start: date, calendar: Calendar) -> date | None:
    """The day a limit ends that starts to run on `start` (day 0); None where the region published none."""
    if limit is None:
        return None
    if limit.unit == LimitUnit.NEXT_YEAR_DATE:
        return date(start.year + 1, limit.month or 12, limit.day or 31)
    if limit.unit == LimitUnit.CALENDAR_DAY:
        return start + timedelta(days=limit.days or 0)
    return calendar.add(start, limit.days or 0)


def calendar_now() -> Calendar:
    """The calendar as loaded now."""
    rows = list(CalendarYear.objects.all())
    return Calendar(
        years=frozenset(row.year for row in rows),
        days_off=frozenset(date.fromisoformat(day) for row in rows for day in row.days_off),
        make_up_days=frozenset(date.fromisoformat(day) for row in rows for day in row.make_up_days),
        names={date.fromisoformat(day): name for row in rows for day, name in row.names.items()},
    )


@dataclass(frozen=True)
class MissingYear:
    """A calendar that should be there: from 1 November it is asked for, on 31 December it is overdue."""

    year: int
    is_overdue: bool


def missing_year(calendar: Calendar, today: date) -> MissingYear | None:
    """Next year's calendar if it is not loaded by 1 November, or this year's if there is none; None when all is well."""
    if not calendar.knows(today):
        return MissingYear(today.year, is_overdue=True)
    if today.month < 11 or today.year + 1 in calendar.years:
        return None
    return MissingYear(today.year + 1, is_overdue=(today.month, today.day) == (12, 31))
