"""Working days, counted and counted back, against golden cases and an independent calendar."""

from datetime import date, timedelta

import holidays
import pytest

from agencies.deadlines import Calendar, MissingYear, calendar_now, fulfilled_by, last_day, missing_year
from agencies.enums import LimitUnit
from agencies.spec import Limit

YEARS = (2024, 2025, 2026)
# The day of an act, working days, the day due; also for the clock of an item, which counts by the same calendar.
GOLDEN = [
    # DOMAIN.md 3.2, worked examples
    ("2025-03-10", 5, "2025-03-17"),
    ("2025-03-10", 27, "2025-04-17"),
    ("2025-09-16", 27, "2025-10-29"),
    ("2025-09-16", 15, "2025-10-13"),
    ("2025-09-26", 10, "2025-10-16"),
    ("2025-09-30", 5, "2025-10-14"),
    # STANDARDS.md 3.3, golden cases
    ("2025-01-24", 5, "2025-02-07"),
    ("2025-04-25", 3, "2025-04-29"),
    ("2025-09-26", 5, "2025-10-10"),
    ("2025-09-30", 10, "2025-10-21"),
    ("2026-02-13", 5, "2026-02-27"),
    ("2026-02-13", 20, "2026-03-19"),
    ("2026-04-30", 5, "2026-05-11"),
    ("2026-09-18", 5, "2026-09-24"),
    ("2026-09-24", 5, "2026-10-09"),
    ("2026-09-30", 5, "2026-10-13"),
    ("2026-03-02", 15, "2026-03-23"),
    ("2026-03-02", 27, "2026-04-09"),
    ("2026-12-24", 5, "2026-12-31"),
]


@pytest.fixture
def calendar(directory: None) -> Calendar:
    return calendar_now()


@pytest.mark.parametrize(("start", "days", "due"), [*GOLDEN, ("2026-03-02", 0, "2026-03-02")])
def test_due_date_counts_working_days(calendar: Calendar, start: str, days: int, due: str) -> None:
    """The day of the act is day 0."""
    assert calendar.add(date.fromisoformat(start), days) == date.fromisoformat(due)


def test_due_date_in_a_year_without_notice_is_only_expected(calendar: Calendar) -> None:
    due = calendar.add(date(2026, 12, 28), 5)

    assert (calendar.knows(date(2026, 12, 28)), calendar.knows(due)) == (True, False)


def test_between_is_the_inverse_of_add(calendar: Calendar) -> None:
    for days in range(1, 60):
        assert calendar.between(date(2026, 2, 1), calendar.add(date(2026, 2, 1), days)) == days


TEN_DAYS = Limit(unit=LimitUnit.WORKING_DAY, days=10)
JULY = Limit(unit=LimitUnit.NEXT_YEAR_DATE, month=7, day=31)


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (Limit(unit=LimitUnit.WORKING_DAY, days=1), date(2026, 9, 16)),
        (Limit(unit=LimitUnit.CALENDAR_DAY, days=30), date(2026, 10, 15)),
        # The twentieth day is 5 October, in the week of the national holiday.
        (Limit(unit=LimitUnit.CALENDAR_DAY, days=20), date(2026, 10, 8)),
        (Limit(unit=LimitUnit.AT_ONCE), date(2026, 9, 15)),
        (JULY, date(2027, 7, 31)),
        (None, None),
    ],
)
def test_last_day_of_a_limit(calendar: Calendar, limit: Limit | None, expected: date | None) -> None:
    assert last_day(limit, date(2026, 9, 15), calendar) == expected


def test_last_day_adds_an_extension_and_the_days_passed_over(calendar: Calendar) -> None:
    paused = {date(2026, 3, 5), date(2026, 3, 6)}

    assert last_day(TEN_DAYS, date(2026, 3, 2), calendar, extra=3, is_passed_over=paused.__contains__) == date(
        2026, 3, 23
    )
    assert last_day(JULY, date(2026, 3, 2), calendar, extra=3, is_passed_over=paused.__contains__) == date(2027, 7, 31)


@pytest.mark.parametrize(
    ("limit", "decided_on", "by"),
    [
        (JULY, date(2027, 1, 4), date(2027, 7, 31)),
        (TEN_DAYS, date(2026, 12, 16), date(2026, 12, 30)),
        (TEN_DAYS, None, None),
        (None, date(2026, 12, 16), None),
    ],
)
def test_result_is_in_hand_by_a_date_of_the_year_after_acceptance_or_days_after_the_decision(
    calendar: Calendar, limit: Limit | None, decided_on: date | None, by: date | None
) -> None:
    assert fulfilled_by(limit, date(2026, 12, 1), decided_on, calendar) == by


@pytest.mark.parametrize("year", YEARS)
def test_calendar_agrees_with_an_independent_package(calendar: Calendar, year: int) -> None:
    known = holidays.country_holidays("CN", years=year)
    first = date(year, 1, 1)
    days = [first + timedelta(days=count) for count in range((date(year + 1, 1, 1) - first).days)]

    assert [day for day in days if calendar.is_working(day) != known.is_working_day(day)] == []


@pytest.mark.parametrize(("year", "count"), [(2025, 248), (2026, 248)])
def test_year_has_its_number_of_working_days(calendar: Calendar, year: int, count: int) -> None:
    assert calendar.between(date(year - 1, 12, 31), date(year, 12, 31)) == count


@pytest.mark.parametrize(
    ("today", "missing"),
    [
        ("2026-10-31", None),
        ("2026-11-01", MissingYear(2027, is_overdue=False)),
        ("2026-12-30", MissingYear(2027, is_overdue=False)),
        ("2026-12-31", MissingYear(2027, is_overdue=True)),
        ("2027-01-04", MissingYear(2027, is_overdue=True)),
    ],
)
def test_missing_calendar_is_told_from_november_and_overdue_on_the_last_day(
    today: str, missing: MissingYear | None
) -> None:
    """T-05."""
    assert missing_year(Calendar(years=frozenset({2026})), date.fromisoformat(today)) == missing
