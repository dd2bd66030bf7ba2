"""Working days: the calendar as a value, and counting over it. Pure; the rows are read by `calendar_now`.

Rule of counting (DOMAIN.md 3.2): the day of the act is day 0; the first working day after it is day 1. A day of a
year whose notice is not loaded counts by weekends alone and makes the answer provisional. A place may have days of
its own: `at` gives the calendar that an office there works by.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from django.db.models import Q

from agencies.enums import LimitUnit
from agencies.models.calendar import CalendarYear
from agencies.models.region import Region
from agencies.spec import Limit


@dataclass(frozen=True)
class Calendar:
    """`version` names every notice that the counting rests on; `places` holds the calendars of places with own days."""

    years: frozenset[int] = frozenset()
    days_off: frozenset[date] = frozenset()
    make_up_days: frozenset[date] = frozenset()
    names: Mapping[date, str] = field(default_factory=dict, hash=False, compare=False)
    version: str = field(default="", compare=False)
    places: Mapping[str, "Calendar"] = field(default_factory=dict, hash=False, compare=False, repr=False)

    def at(self, place: str) -> "Calendar":
        """The calendar of a place by its code: the nation's with every layer from the province down to the place."""
        return self.places.get(place, self)

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


def last_day(
    limit: Limit | None,
    start: date,
    calendar: Calendar,
    *,
    extra: int = 0,
    is_passed_over: Callable[[date], bool] = lambda day: False,
) -> date | None:
    """The day a limit ends that starts to run on `start` (day 0); None where the region published none.

    `extra` days are added to it; a day that `is_passed_over` is not counted, and one at last must be counted. A period of
    calendar days ends on a working day (民法典第203条); a fixed date does no arithmetic.
    """
    if limit is None:
        return None
    if limit.unit == LimitUnit.NEXT_YEAR_DATE:
        return date(start.year + 1, limit.month or 12, limit.day or 31)
    day, left = start, (limit.days or 0) + extra
    while left > 0:
        day += timedelta(days=1)
        is_counted = calendar.is_working(day) or not limit.is_in_working_days
        left -= is_counted and not is_passed_over(day)
    return day if limit.is_in_working_days else _next_working_day(day, calendar)


def fulfilled_by(limit: Limit | None, accepted_on: date, decided_on: date | None, calendar: Calendar) -> date | None:
    """The day by which a result is in hand: a fixed date is of the year after acceptance, days run from the decision."""
    is_fixed = limit is not None and limit.unit == LimitUnit.NEXT_YEAR_DATE
    start = accepted_on if is_fixed else decided_on
    return last_day(limit, start, calendar) if start else None


def _next_working_day(day: date, calendar: Calendar) -> date:
    while not calendar.is_working(day):
        day += timedelta(days=1)
    return day


def calendar_now() -> Calendar:
    """The calendar as loaded now, with the layers of places. One query, two when a place has days of its own."""
    return compose(CalendarYear.objects.in_force())


def compose(rows: Iterable[CalendarYear]) -> Calendar:
    """The calendar that these rows make together; a layer changes only the days it names."""
    rows = list(rows)
    nation = Calendar()
    for row in rows:
        if not row.place_code:
            nation = _laid_over(nation, row)
    layers: dict[str, list[CalendarYear]] = {}
    for row in rows:
        if row.place_code:
            layers.setdefault(row.place_code, []).append(row)
    if not layers:
        return nation
    return replace(nation, places=_places(nation, layers, _at_and_below(layers)))


def _laid_over(calendar: Calendar, row: CalendarYear) -> Calendar:
    off = frozenset(date.fromisoformat(day) for day in row.days_off)
    made_up = frozenset(date.fromisoformat(day) for day in row.make_up_days)
    mark = f"{row.place_code}:{row.year}.{row.version}" if row.place_code else f"{row.year}.{row.version}"
    return replace(
        calendar,
        years=calendar.years if row.place_code else calendar.years | {row.year},
        days_off=(calendar.days_off - made_up) | off,
        make_up_days=(calendar.make_up_days - off) | made_up,
        names={**calendar.names, **{date.fromisoformat(day): name for day, name in row.names.items()}},
        version=f"{calendar.version} {mark}".strip(),
    )


def _at_and_below(codes: Iterable[str]) -> dict[str, str | None]:
    """Every place at or below the given ones with its parent; a village lies at most five steps below the nation."""
    above = ["pk", "parent", "parent__parent", "parent__parent__parent", "parent__parent__parent__parent"]
    wanted = Q()
    for path in above:
        wanted |= Q(**{f"{path}__in": list(codes)})
    return dict(Region.objects.filter(wanted).values_list("code", "parent_id"))


def _places(
    nation: Calendar, layers: Mapping[str, list[CalendarYear]], parents: Mapping[str, str | None]
) -> dict[str, Calendar]:
    found: dict[str, Calendar] = {}

    def of(code: str | None) -> Calendar:
        if code is None or code not in parents:
            return nation
        if code not in found:
            calendar = of(parents[code])
            for row in layers.get(code, []):
                calendar = _laid_over(calendar, row)
            found[code] = calendar
        return found[code]

    for code in parents:
        of(code)
    return found


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
