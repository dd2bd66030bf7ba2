"""The clock as a pure function: golden cases of STANDARDS.md 3.3 and DOMAIN.md 3.2, pauses, and what must always hold."""

import itertools
from datetime import date, timedelta

import pytest
import yaml
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from agencies.deadlines import Calendar, last_day
from agencies.enums import LimitUnit
from agencies.spec import Limit
from applications.clock import Event, Kind, Light, LogLine, Rule, State, events_of, pauses_of, read
from applications.enums import Action, TaskStatus
from applications.forecast import Step, forecast
from tests.agencies.test_deadlines import GOLDEN


def shipped_calendar() -> Calendar:
    """The calendar as the files give it, read here without the loader."""
    files = [yaml.safe_load(path.read_text()) for path in (settings.BASE_DIR / "fixtures" / "calendar").glob("*.yaml")]
    days_off = [
        holiday["from"] + timedelta(days=n)
        for year in files
        for holiday in year["holidays"]
        for n in range((holiday["to"] - holiday["from"]).days + 1)
    ]
    return Calendar(
        years=frozenset(year["year"] for year in files),
        days_off=frozenset(days_off),
        make_up_days=frozenset(day for year in files for day in year["make_up_days"]),
    )


CALENDAR = shipped_calendar()


def working_days(days: int) -> Rule:
    return Rule(Limit(unit=LimitUnit.WORKING_DAY, days=days))


def accepted(day: str) -> Event:
    return Event(date.fromisoformat(day), Kind.ACCEPTED)


def due(events: list[Event], days: int, today: str = "2025-01-01") -> str | None:
    found = read(events, working_days(days), CALENDAR, date.fromisoformat(today)).due_on
    return found.isoformat() if found else None


@pytest.mark.parametrize(("start", "days", "end"), GOLDEN)
def test_due_day_of_the_golden_cases(start: str, days: int, end: str) -> None:
    assert due([accepted(start)], days) == end


@pytest.mark.parametrize(("received", "answer_by"), [("2025-03-10", "2025-03-17"), ("2025-09-30", "2025-10-14")])
def test_answer_is_due_five_working_days_after_receipt(received: str, answer_by: str) -> None:
    day = date.fromisoformat(received)

    reading = read([Event(day, Kind.RECEIVED)], working_days(27), CALENDAR, day)

    assert (reading.state, reading.reply_due_on) == (State.REPLYING, date.fromisoformat(answer_by))


def test_suspension_adds_the_working_days_between_its_ends() -> None:
    events = [
        accepted("2025-09-16"),
        Event(date(2025, 9, 19), Kind.PAUSED, "特别程序"),
        Event(date(2025, 9, 29), Kind.RESUMED, "特别程序"),
    ]
    # 22 to 26 September lie between, and 28 September is a working Sunday.
    assert due(events, 15) == "2025-10-21"


def test_suspension_of_the_worked_example_ends_on_the_make_up_sunday() -> None:
    events = [
        accepted("2025-09-16"),
        Event(date(2025, 9, 19), Kind.PAUSED, "特别程序"),
        Event(date(2025, 9, 27), Kind.RESUMED, "特别程序"),
    ]
    assert due(events, 15) == "2025-10-20"


def test_pause_counts_only_the_working_days_strictly_inside() -> None:
    pause = [Event(date(2026, 4, 29), Kind.PAUSED, "补正"), Event(date(2026, 5, 7), Kind.RESUMED, "补正")]

    reading = read([accepted("2026-04-27"), *pause], working_days(5), CALENDAR, date(2026, 5, 20))

    assert sorted(reading.paused_days) == [date(2026, 4, 30), date(2026, 5, 6)]
    assert reading.due_on == date(2026, 5, 9)


def test_overlapping_pauses_are_their_union() -> None:
    one = [Event(date(2026, 3, 5), Kind.PAUSED, "补正"), Event(date(2026, 3, 12), Kind.RESUMED, "补正")]
    other = [Event(date(2026, 3, 9), Kind.PAUSED, "等本人到场"), Event(date(2026, 3, 16), Kind.RESUMED, "等本人到场")]
    union = [Event(date(2026, 3, 5), Kind.PAUSED, "补正"), Event(date(2026, 3, 16), Kind.RESUMED, "补正")]

    start = accepted("2026-03-02")

    assert due([start, *one, *other], 15) == due([start, *union], 15)


def test_corrections_part_answered_and_part_open_give_a_reading() -> None:
    """F1: one round answered, another open, a third of another kind; and several rounds with the last one open."""
    log = [
        LogLine(date(2026, 3, 2), Action.DELIVER),
        LogLine(date(2026, 3, 2), Action.ACCEPT, TaskStatus.QUEUED),
        LogLine(date(2026, 3, 4), Action.REQUEST_CORRECTION, TaskStatus.IN_REVIEW),
        LogLine(date(2026, 3, 6), Action.RESUBMIT, TaskStatus.AWAITING_CORRECTION),
        LogLine(date(2026, 3, 6), Action.DELIVER, TaskStatus.PENDING),
        LogLine(date(2026, 3, 9), Action.REQUEST_CORRECTION, TaskStatus.IN_REVIEW),
        LogLine(date(2026, 3, 11), Action.RESUBMIT, TaskStatus.AWAITING_CORRECTION),
        LogLine(date(2026, 3, 11), Action.DELIVER, TaskStatus.PENDING),
        LogLine(date(2026, 3, 11), Action.SUSPEND, TaskStatus.IN_REVIEW),
        LogLine(date(2026, 3, 13), Action.RESUME, TaskStatus.SUSPENDED),
        LogLine(date(2026, 3, 13), Action.REQUEST_CORRECTION, TaskStatus.IN_REVIEW),
    ]

    reading = read(events_of(log), working_days(27), CALENDAR, date(2026, 3, 20))

    # Counted: 3, 4, 6, 9, 11 and 13 March; passed over so far: 5, 10 and 12, and all since the 13th.
    assert (reading.state, reading.due_on, reading.used, reading.left) == (State.PAUSED, None, 6, 21)


def test_open_pause_leaves_no_due_day_and_tells_what_is_left() -> None:
    events = [accepted("2026-03-02"), Event(date(2026, 3, 9), Kind.PAUSED, "补正")]

    reading = read(events, working_days(27), CALENDAR, date(2026, 6, 1))

    assert (reading.state, reading.due_on, reading.used, reading.left) == (State.PAUSED, None, 5, 22)
    assert reading.lines[-1] == "现在暂停计时，已用 5 天，还剩 22 天。"


def test_extension_adds_days() -> None:
    assert due([accepted("2026-03-02"), Event(date(2026, 3, 10), Kind.EXTENDED, days=10)], 27) == due(
        [accepted("2026-03-02")], 37
    )


def test_due_day_in_a_year_without_calendar_is_provisional() -> None:
    reading = read([accepted("2026-12-28")], working_days(5), CALENDAR, date(2026, 12, 28))

    assert reading.is_provisional


def test_provisional_day_says_so_in_its_lines() -> None:
    reading = read([accepted("2026-12-28")], working_days(5), CALENDAR, date(2026, 12, 28))

    assert reading.lines[-2:] == (
        "第 5 个工作日预计是 2027年1月4日（星期一）。",
        "2027年的放假安排还没有公布，暂按周末推算，公布后重新计算。",
    )


def test_fixed_date_needs_no_calendar() -> None:
    rule = Rule(Limit(unit=LimitUnit.NEXT_YEAR_DATE, month=7, day=31))

    reading = read([accepted("2026-09-14")], rule, CALENDAR, date(2026, 9, 14))

    assert (reading.is_provisional, reading.lines[-1]) == (False, "到期日是 2027年7月31日（星期六）。")


def test_statutory_and_promised_limit_stand_side_by_side() -> None:
    rule = Rule(
        Limit(unit=LimitUnit.WORKING_DAY, days=10), legal=Limit(unit=LimitUnit.WORKING_DAY, days=20), agency="医保局"
    )

    reading = read([accepted("2026-03-02")], rule, CALENDAR, date(2026, 3, 2))

    assert (reading.due_on, reading.legal_due_on) == (date(2026, 3, 16), date(2026, 3, 30))
    assert "承诺 10 个工作日，从第二天数起。" in reading.lines
    assert "法定办结时限 20 个工作日，到 3月30日（星期一）。" in reading.lines


def test_statutory_limit_is_shown_where_nothing_was_promised() -> None:
    rule = Rule(None, legal=Limit(unit=LimitUnit.CALENDAR_DAY, days=60))

    reading = read([accepted("2026-03-02")], rule, CALENDAR, date(2026, 3, 2))

    assert (reading.state, reading.due_on, reading.legal_due_on) == (State.NO_LIMIT, None, date(2026, 5, 6))
    assert reading.lines[-1] == "法定办结时限 60 天，到 5月6日（星期三）。"


def test_statutory_limit_waits_with_the_promised_one() -> None:
    rule = Rule(
        Limit(unit=LimitUnit.WORKING_DAY, days=10), legal=Limit(unit=LimitUnit.WORKING_DAY, days=20)
    )  # fmt: skip
    pause = [Event(date(2026, 3, 4), Kind.PAUSED, "特别程序"), Event(date(2026, 3, 9), Kind.RESUMED, "特别程序")]

    reading = read([accepted("2026-03-02"), *pause], rule, CALENDAR, date(2026, 3, 20))

    assert (reading.due_on, reading.legal_due_on) == (date(2026, 3, 18), date(2026, 4, 1))


@pytest.mark.parametrize(("today", "left", "is_late"), [("2026-03-20", 0, False), ("2026-03-21", 0, True)])
def test_day_after_the_last_is_late_even_when_nobody_works(today: str, left: int, is_late: bool) -> None:
    """Due on a Friday: the period ends at 24:00, and Saturday is overdue by no working day."""
    reading = read([accepted("2026-03-13")], working_days(5), CALENDAR, date.fromisoformat(today))

    assert (reading.left, reading.is_late) == (left, is_late)
    assert reading.light == (Light.RED if is_late else Light.AMBER)


def test_late_decision_stays_late() -> None:
    """T-14: 超期办结 is still seen after the end."""
    events = [accepted("2026-03-02"), Event(date(2026, 3, 20), Kind.ENDED)]

    reading = read(events, working_days(5), CALENDAR, date(2026, 6, 1))

    assert (reading.state, reading.is_late, reading.left) == (State.ENDED, True, -9)


def test_fixed_date_does_no_arithmetic() -> None:
    """OR-13: accepted any day of 2026, money by the end of July 2027."""
    rule = Rule(Limit(unit=LimitUnit.NEXT_YEAR_DATE, month=7, day=31))

    assert read([accepted("2026-09-14")], rule, CALENDAR, date(2026, 9, 14)).due_on == date(2027, 7, 31)


@pytest.mark.parametrize(
    "limit",
    [
        Limit(unit=LimitUnit.WORKING_DAY, days=15),
        Limit(unit=LimitUnit.CALENDAR_DAY, days=30),
        Limit(unit=LimitUnit.AT_ONCE),
        Limit(unit=LimitUnit.NEXT_YEAR_DATE, month=7, day=31),
    ],
)
def test_clock_and_forecast_end_a_limit_on_the_same_day(limit: Limit) -> None:
    start = date(2026, 9, 1)
    ends = last_day(limit, start, CALENDAR)

    assert read([Event(start, Kind.ACCEPTED)], Rule(limit), CALENDAR, start).due_on == ends
    assert forecast([Step("a", "a", limit, 5, reply_due_on=start)], CALENDAR, start).on == ends


def test_calendar_days_end_on_a_working_day() -> None:
    rule = Rule(Limit(unit=LimitUnit.CALENDAR_DAY, days=30))

    assert read([accepted("2026-09-01")], rule, CALENDAR, date(2026, 9, 1)).due_on == date(2026, 10, 8)


def test_item_without_published_limit_promises_no_day() -> None:
    reading = read([accepted("2026-03-02")], Rule(None), CALENDAR, date(2026, 3, 3))

    assert (reading.state, reading.due_on) == (State.NO_LIMIT, None)
    assert reading.lines[-1] == "本地没有公布这一件的办结时限。"


@pytest.mark.parametrize(
    ("today", "light", "left"),
    [
        ("2026-03-02", Light.GREEN, 5),
        ("2026-03-05", Light.AMBER, 2),
        ("2026-03-09", Light.AMBER, 0),
        ("2026-03-10", Light.RED, -1),
    ],
)
def test_light_follows_the_working_days_left(today: str, light: Light, left: int) -> None:
    reading = read([accepted("2026-03-02")], working_days(5), CALENDAR, date.fromisoformat(today))

    assert (reading.light, reading.left) == (light, left)


def test_lines_tell_how_the_day_is_counted() -> None:
    rule = Rule(Limit(unit=LimitUnit.WORKING_DAY, days=27), agency="医保局")

    lines = read([accepted("2026-09-15")], rule, CALENDAR, date(2026, 9, 28)).lines

    assert lines[0] == "9月15日（星期二）医保局受理，受理当天不算。"
    assert lines[1] == "承诺 27 个工作日，从第二天数起。"
    assert lines[-2] == "调休上班日要算：9月20日（星期日）、10月10日（星期六）。"
    assert lines[-1] == "第 27 个工作日是 10月28日（星期三）。"


def test_correction_before_acceptance_does_not_pause() -> None:
    log = [
        LogLine(date(2026, 3, 2), Action.DELIVER),
        LogLine(date(2026, 3, 3), Action.REQUEST_CORRECTION, TaskStatus.QUEUED),
        LogLine(date(2026, 3, 9), Action.RESUBMIT, TaskStatus.AWAITING_CORRECTION),
        LogLine(date(2026, 3, 9), Action.DELIVER, TaskStatus.PENDING),
        LogLine(date(2026, 3, 10), Action.ACCEPT, TaskStatus.QUEUED),
    ]

    events = events_of(log)

    assert pauses_of(events) == []
    assert due(events, 5) == "2026-03-17"


ASKED = [
    LogLine(date(2026, 3, 2), Action.DELIVER),
    LogLine(date(2026, 3, 4), Action.REQUEST_CORRECTION, TaskStatus.QUEUED),
]


def test_office_that_asked_for_a_correction_has_answered() -> None:
    """A month later nothing is late: the office told in time, and the person has not handed in."""
    reading = read(events_of(ASKED), working_days(20), CALENDAR, date(2026, 4, 7))

    assert (reading.state, reading.light, reading.is_late, reading.reply_due_on) == (
        State.ANSWERED, Light.OFF, False, None,
    )  # fmt: skip
    assert reading.lines[-1] == (
        "3月4日（星期三）一次告知补正，答复期限到此为止。补正交齐后，从交齐那天重新算。"
    )  # fmt: skip


def test_answer_that_came_late_stays_late() -> None:
    log = [ASKED[0], LogLine(date(2026, 3, 11), Action.REQUEST_CORRECTION, TaskStatus.QUEUED)]

    reading = read(events_of(log), working_days(20), CALENDAR, date(2026, 4, 7))

    assert (reading.state, reading.is_late, reading.left) == (State.ANSWERED, True, -2)


def test_answer_period_begins_anew_with_what_was_corrected() -> None:
    log = [
        *ASKED,
        LogLine(date(2026, 3, 4), Action.RESUBMIT, TaskStatus.AWAITING_CORRECTION),
        LogLine(date(2026, 3, 4), Action.DELIVER, TaskStatus.PENDING),
    ]

    reading = read(events_of(log), working_days(20), CALENDAR, date(2026, 3, 5))

    assert (reading.state, reading.reply_due_on) == (State.REPLYING, date(2026, 3, 11))


def test_withdrawal_during_a_correction_is_no_late_answer() -> None:
    log = [*ASKED, LogLine(date(2026, 4, 7), Action.WITHDRAW, TaskStatus.AWAITING_CORRECTION)]

    reading = read(events_of(log), working_days(20), CALENDAR, date(2026, 4, 8))

    assert (reading.state, reading.is_late) == (State.ENDED, False)


@pytest.mark.parametrize(
    ("pausing", "ending"),
    [(Action.REQUEST_CORRECTION, Action.WITHDRAW), (Action.SUSPEND, Action.TERMINATE)],
)
def test_end_ends_a_pause(pausing: Action, ending: Action) -> None:
    log = [
        LogLine(date(2026, 3, 2), Action.DELIVER),
        LogLine(date(2026, 3, 2), Action.ACCEPT, TaskStatus.QUEUED),
        LogLine(date(2026, 3, 9), pausing, TaskStatus.IN_REVIEW),
        LogLine(date(2026, 3, 16), ending),
    ]

    reading = read(events_of(log), working_days(27), CALENDAR, date(2026, 6, 1))

    # Counted: 3 to 6 March, 9 March and the day of the end; passed over: 10 to 13 March.
    assert (reading.state, reading.used, reading.is_late) == (State.ENDED, 6, False)
    assert reading.due_on == CALENDAR.add(date(2026, 3, 2), 31)
    assert not any("现在暂停" in line for line in reading.lines)
    assert any("至3月16日（星期一）因" in line for line in reading.lines)


def test_late_delivery_does_not_put_off_the_answer_day() -> None:
    """STANDARDS T-09, I-03: handed in on Monday, brought to the office on Thursday, to be answered as of Monday."""
    log = [LogLine(date(2026, 3, 5), Action.DELIVER, received_on=date(2026, 3, 2))]

    reading = read(events_of(log), working_days(20), CALENDAR, date(2026, 3, 5))

    assert (reading.received_on, reading.reply_due_on, reading.left) == (date(2026, 3, 2), date(2026, 3, 9), 2)
    assert reading.lines[0] == "3月2日（星期一）交齐，3月5日（星期四）送达。期限从交齐那天算，当天不算。"


def test_office_that_a_task_is_handed_on_to_gets_no_new_answer_period() -> None:
    """Nobody waits longer because offices hand a task on; a correction handed in starts the period anew."""
    log = [
        LogLine(date(2026, 3, 2), Action.DELIVER, received_on=date(2026, 3, 2)),
        LogLine(date(2026, 3, 6), Action.TRANSFER, TaskStatus.QUEUED),
        LogLine(date(2026, 3, 9), Action.DELIVER, TaskStatus.PENDING, received_on=date(2026, 3, 6)),
    ]
    corrected = [
        LogLine(date(2026, 3, 9), Action.REQUEST_CORRECTION, TaskStatus.QUEUED),
        LogLine(date(2026, 3, 11), Action.RESUBMIT, TaskStatus.AWAITING_CORRECTION),
        LogLine(date(2026, 3, 11), Action.DELIVER, TaskStatus.PENDING, received_on=date(2026, 3, 11)),
    ]

    handed_on, anew = (
        read(events_of(lines), working_days(20), CALENDAR, date(2026, 3, 11)) for lines in (log, log + corrected)
    )

    assert (handed_on.received_on, handed_on.reply_due_on) == (date(2026, 3, 2), date(2026, 3, 9))
    assert handed_on.lines[0] == "3月2日（星期一）交齐，3月9日（星期一）送达。期限从交齐那天算，当天不算。"
    assert (anew.received_on, anew.reply_due_on) == (date(2026, 3, 11), date(2026, 3, 18))


def test_deemed_acceptance_counts_from_the_day_of_receipt() -> None:
    log = [
        LogLine(date(2026, 2, 13), Action.DELIVER),
        LogLine(date(2026, 2, 28), Action.DEEM_ACCEPTED, TaskStatus.QUEUED, accepted_on=date(2026, 2, 13)),
    ]

    reading = read(events_of(log), working_days(20), CALENDAR, date(2026, 2, 28))

    assert (reading.accepted_on, reading.due_on) == (date(2026, 2, 13), date(2026, 3, 19))


DAYS = st.dates(date(2026, 1, 5), date(2026, 6, 30))
EVENTS = st.lists(
    st.builds(
        Event,
        DAYS,
        st.sampled_from([Kind.PAUSED, Kind.RESUMED, Kind.EXTENDED, Kind.RECEIVED]),
        st.sampled_from(["补正", "特别程序"]),
        st.integers(0, 5),
    ),
    max_size=8,
)


@given(EVENTS, st.integers(0, 30), DAYS)
def test_any_events_give_a_reading_and_never_an_error(events: list[Event], days: int, today: date) -> None:
    reading = read([accepted("2026-01-05"), *events], working_days(days), CALENDAR, today)

    assert (reading.due_on is None) == (reading.state == State.PAUSED)


@given(EVENTS.filter(lambda events: len(events) <= 5), st.integers(1, 20))
def test_due_day_does_not_depend_on_the_order_of_events(events: list[Event], days: int) -> None:
    readings = {
        read([accepted("2026-01-05"), *order], working_days(days), CALENDAR, date(2026, 7, 1)).due_on
        for order in itertools.permutations(events)
    }

    assert len(readings) == 1


@given(EVENTS, st.integers(0, 20))
def test_due_day_is_the_base_plus_the_days_passed_over(events: list[Event], days: int) -> None:
    """F1: any order and overlap of pauses gives the sum rule."""
    reading = read([accepted("2026-01-05"), *events], working_days(days), CALENDAR, date(2026, 7, 1))
    extra = sum(event.days for event in events if event.kind == Kind.EXTENDED)

    if reading.due_on is not None:
        assert CALENDAR.between(date(2026, 1, 5), reading.due_on) == days + extra + len(reading.paused_days)


def test_calendar_agrees_with_an_independent_package() -> None:
    import holidays

    china = holidays.country_holidays("CN", years=[2024, 2025, 2026])
    days = (date(2024, 1, 1) + timedelta(days=n) for n in range(366 + 365 + 365))

    assert [day for day in days if CALENDAR.is_working(day) != china.is_working_day(day)] == []
