"""The day for everything: longest path, not sum; unknown is said, not guessed."""

from datetime import date

from agencies.deadlines import Calendar
from agencies.enums import LimitUnit
from agencies.spec import Limit
from applications.forecast import Forecast, Step, forecast

CALENDAR = Calendar(years=frozenset({2026}))
TEN = Limit(unit=LimitUnit.WORKING_DAY, days=10)
MONDAY = date(2026, 3, 2)


def step(code: str, *requires: str, **fields: object) -> Step:
    return Step(code=code, name=code, limit=TEN, reply_days=5, requires=requires, **fields)  # type: ignore[arg-type]


def test_parallel_steps_take_as_long_as_the_longest() -> None:
    steps = [step("a", due_on=date(2026, 3, 20)), step("b", due_on=date(2026, 3, 27))]

    assert forecast(steps, CALENDAR, MONDAY) == Forecast(date(2026, 3, 27))


def test_chain_takes_the_longest_path_and_not_the_sum() -> None:
    steps = [step("a", due_on=date(2026, 3, 13)), step("b", "a"), step("c", due_on=date(2026, 3, 20))]

    # b: five working days to answer after 13 March and ten to do it.
    assert forecast(steps, CALENDAR, MONDAY) == Forecast(date(2026, 4, 3))


def test_finished_requirement_does_not_delay() -> None:
    assert forecast([step("b", "a")], CALENDAR, MONDAY) == Forecast(date(2026, 3, 23))


def test_received_step_counts_from_its_answer_day() -> None:
    assert forecast([step("a", reply_due_on=date(2026, 3, 4))], CALENDAR, MONDAY) == Forecast(date(2026, 3, 18))


def test_stopped_clock_counts_what_is_left_from_today() -> None:
    assert forecast([step("a", left=3)], CALENDAR, MONDAY) == Forecast(date(2026, 3, 5))


def test_step_that_waits_for_money_makes_the_day_unknown() -> None:
    steps = [step("a", due_on=date(2026, 3, 13)), step("b", waits_for_fact=True), step("c", "b")]

    assert forecast(steps, CALENDAR, MONDAY) == Forecast(None, ("b", "c"))


def test_step_without_published_limit_makes_the_day_unknown() -> None:
    assert forecast([Step("a", "a", None, 5)], CALENDAR, MONDAY) == Forecast(None, ("a",))


def test_overdue_step_is_not_expected_in_the_past() -> None:
    assert forecast([step("a", due_on=date(2026, 2, 13))], CALENDAR, MONDAY) == Forecast(MONDAY)


def test_joint_item_ends_with_its_later_half() -> None:
    steps = [step("a", due_on=date(2026, 3, 13)), step("a", due_on=date(2026, 3, 16)), step("b", "a")]

    assert forecast(steps, CALENDAR, MONDAY) == Forecast(date(2026, 4, 6))


def test_circle_is_unknown_and_no_error() -> None:
    assert forecast([step("a", "b"), step("b", "a")], CALENDAR, MONDAY).on is None


def test_day_in_a_year_without_calendar_is_provisional() -> None:
    found = forecast([step("a", due_on=date(2027, 1, 8))], CALENDAR, date(2026, 12, 20))

    assert found == Forecast(date(2027, 1, 8), is_provisional=True)


def test_case_without_open_steps_has_no_day() -> None:
    assert forecast([], CALENDAR, MONDAY) == Forecast(None)
