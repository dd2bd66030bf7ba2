"""The day for everything: longest path, not sum; unknown is said, not guessed."""

from dataclasses import replace
from datetime import date, timedelta

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


def test_step_that_waits_for_money_leaves_the_case_without_a_day() -> None:
    """External fact: nobody knows when the fund arrives, so no day is promised; the page names the step."""
    funded = Step("b", "养老保险", TEN, 5, waits_for_fact=True)

    assert forecast([step("a", due_on=date(2026, 3, 20)), funded], CALENDAR, MONDAY) == Forecast(None, ("养老保险",))


def test_what_follows_a_step_that_waits_for_money_has_no_day_either() -> None:
    funded = Step("b", "养老保险", TEN, 5, waits_for_fact=True)

    assert forecast([funded, step("c", "b")], CALENDAR, MONDAY).unknown == ("养老保险", "c")


def test_stopped_clock_of_calendar_days_goes_on_in_calendar_days() -> None:
    paused = Step("a", "a", Limit(unit=LimitUnit.CALENDAR_DAY, days=30), 5, left=12)

    assert forecast([paused], CALENDAR, MONDAY) == Forecast(MONDAY + timedelta(days=14))


def test_calendar_days_of_a_later_step_end_on_a_working_day() -> None:
    later = Step("a", "a", Limit(unit=LimitUnit.CALENDAR_DAY, days=30), 5, reply_due_on=date(2026, 9, 1))

    off = replace(CALENDAR, days_off=frozenset({date(2026, 10, 1), date(2026, 10, 2)}))
    assert forecast([later], off, MONDAY) == Forecast(date(2026, 10, 5))


def test_step_counts_by_the_days_of_its_place() -> None:
    local = replace(CALENDAR, days_off=CALENDAR.days_off | {date(2026, 3, 3), date(2026, 3, 4)})
    calendar = replace(CALENDAR, places={"980102": local})

    here = forecast([replace(step("a", reply_due_on=MONDAY), place="980102")], calendar, MONDAY)
    there = forecast([step("a", reply_due_on=MONDAY)], calendar, MONDAY)

    assert there.on is not None
    assert here.on == calendar.add(there.on, 2)


def test_day_in_a_year_without_calendar_is_provisional() -> None:
    found = forecast([step("a", due_on=date(2027, 1, 8))], CALENDAR, date(2026, 12, 20))

    assert found == Forecast(date(2027, 1, 8), is_provisional=True)


def test_case_without_open_steps_has_no_day() -> None:
    assert forecast([], CALENDAR, MONDAY) == Forecast(None)
