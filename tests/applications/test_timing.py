"""What a best-in-class portal would test (timing), STANDARDS.md 3: those that need real cases, by their numbers.

The pure ones (golden rows, union of pauses, fixed date, longest path) stand in test_clock.py and test_forecast.py; imports
of calendars (7, 8) in test_calendars.py and test_recounting.py.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from agencies.enums import Role
from agencies.models import CalendarYear
from applications import delivery, review, sweeps, timing, workflow
from applications.enums import Action, NoticeKind, Party, TaskStatus
from applications.errors import AlreadyDone, Invalid, Refused
from applications.management.commands.explain_case import explain
from applications.management.demo_people import load_example
from applications.models import Application, Dispatch, ItemTask, Notice
from applications.transitions import TRANSITIONS
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("directory")]

ZONE = ZoneInfo("Asia/Shanghai")
EXAMPLE = "990101"


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@contextmanager
def at(text: str) -> Iterator[datetime]:
    with time_machine.travel(moment(text), tick=False):
        yield moment(text)


def received(text: str, item: str = "I07", region: str = factories.DONGSHENG) -> ItemTask:
    """An item that reached its office at this moment of local time."""
    application = factories.submitted(region=region, ticked=[item], at=moment(text))
    ids = Dispatch.objects.filter(task__application=application).values_list("pk", flat=True)
    with at(text):
        delivery.deliver(ids)
    return factories.task_of(application, item)


def silent(text: str) -> ItemTask:
    """One of the example's item whose rule says that silence counts as acceptance."""
    load_example()
    task = received(text, region=EXAMPLE)
    assert task.spec.deemed_acceptance
    return task


@pytest.mark.parametrize(("start", "due"), [("2025-09-16", "2025-10-29"), ("2026-03-02", "2026-04-09")])
@pytest.mark.parametrize("clock", ["00:00:01", "00:30:00", "07:59:00", "12:00:00", "23:59:59"])
def test_timing_1_golden_rows_are_the_same_at_any_hour_of_the_local_day(start: str, due: str, clock: str) -> None:
    """T-08: before eight in the morning the day in London is still the day before."""
    task = received(f"{start}T{clock}")

    with at(f"{start}T{clock}") as now:
        review.accept(task, reviewer=factories.reviewer_of(task), at=now)

    assert (task.accepted_on, task.due_on) == (date.fromisoformat(start), date.fromisoformat(due))


def test_timing_2_silence_is_acceptance_from_the_day_of_receipt_and_the_job_may_run_twice() -> None:
    """Received Friday 2026-02-13; the fifth working day is 2026-02-27, and Saturday the 28th is a working day."""
    task = silent("2026-02-13T10:00")
    head = factories.approver_of(task)
    head.postings.update(valid_from=date(2026, 1, 1))
    assert task.reply_due_on == date(2026, 2, 27)

    with at("2026-02-27T23:59"):
        assert sweeps.deem_accepted() == 0
    Notice.objects.all().delete()
    with at("2026-02-28T00:20"):
        assert [sweeps.deem_accepted(), sweeps.deem_accepted()] == [1, 0]

    task.refresh_from_db()
    assert (task.status, task.accepted_on, task.due_on) == (TaskStatus.IN_REVIEW, date(2026, 2, 13), date(2026, 3, 19))
    assert task.log.filter(action=Action.DEEM_ACCEPTED).count() == 1
    assert {(notice.recipient, notice.kind) for notice in Notice.objects.all()} == {
        (task.application.applicant, NoticeKind.PROGRESS),
        (head, NoticeKind.OFFICE_SILENT),
    }


def test_timing_3_notice_in_the_last_minute_counts_and_one_after_midnight_is_refused() -> None:
    task, late = silent("2026-02-13T10:00"), silent("2026-02-13T10:00")
    deficits = [review.Deficit("看不清", field="mobile")]

    with at("2026-02-27T23:59"):
        review.request_correction(task, reviewer=factories.reviewer_of(task), deficits=deficits)
    with at("2026-02-28T00:01"):
        reviewer = factories.reviewer_of(late)
        for deed in (
            lambda: review.request_correction(late, reviewer=reviewer, deficits=deficits),
            lambda: review.accept(late, reviewer=reviewer),
            lambda: review.do_not_accept(late, reviewer=reviewer, note="不属于本机构"),
        ):
            with pytest.raises(Refused, match="答复期限到2月27日为止，已经过了"):
                deed()
        assert sweeps.deem_accepted() == 1

    assert ItemTask.objects.get(pk=task.pk).status == TaskStatus.AWAITING_CORRECTION
    assert ItemTask.objects.get(pk=late.pk).accepted_on == date(2026, 2, 13)


def test_timing_4_pause_over_the_holidays_costs_two_working_days() -> None:
    task = received("2026-04-24T10:00")
    reviewer, approver = factories.reviewer_of(task), factories.approver_of(task)
    review.accept(task, reviewer=reviewer, at=moment("2026-04-27T10:00"))
    before = task.due_on

    review.suspend(task, approver=approver, note="要鉴定", days=5, at=moment("2026-04-29T10:00"))
    review.resume(task, staff=reviewer, at=moment("2026-05-07T10:00"))

    calendar = workflow.calendar_now()
    task = ItemTask.objects.get(pk=task.pk)
    assert before is not None
    assert task.due_on == calendar.add(before, 2)
    reading = timing.read_clock(task, calendar, date(2026, 5, 8))
    assert sorted(reading.paused_days) == [date(2026, 4, 30), date(2026, 5, 6)]


def test_timing_5_pause_without_a_reason_or_by_the_applicant_is_refused() -> None:
    task = received("2026-03-02T10:00")
    review.accept(task, reviewer=factories.reviewer_of(task))

    with pytest.raises(Refused, match="要写明原因"):
        review.suspend(task, approver=factories.approver_of(task), note=" ", days=5)
    with pytest.raises(Invalid):
        review.suspend(task, approver=factories.approver_of(task), note="要鉴定", days=0)
    with pytest.raises(Refused):
        workflow.advance(task, Action.SUSPEND, party=Party.APPLICANT, note="我想等等")
    assert task.log.filter(action=Action.SUSPEND).count() == 0


def test_timing_5_only_the_listed_deeds_stop_a_clock() -> None:
    """T-12: nothing else in the table pauses; whatever does needs words, from the office."""
    stops = {action: row for action, row in TRANSITIONS.items() if row.clock == "暂停"}

    assert all(row.needs_note for row in stops.values())
    assert {party for row in stops.values() for party in row.parties} <= {Party.REVIEWER, Party.APPROVER}
    assert {Action.REQUEST_CORRECTION, Action.CALL_IN, Action.SUSPEND} >= set(stops)


def test_timing_6_extension_is_once_in_time_and_by_somebody_else() -> None:
    task = received("2026-03-02T10:00")
    reviewer, approver = factories.reviewer_of(task), factories.approver_of(task)
    review.accept(task, reviewer=reviewer, at=moment("2026-03-02T11:00"))
    assert task.due_on == date(2026, 4, 9)

    with pytest.raises(Refused, match="已经超过到期日"):
        review.extend(task, approver=approver, days=5, note="调档", at=moment("2026-04-10T00:01"))
    with pytest.raises(Refused, match="承办人不能批准自己的延期"):
        review.extend(task, approver=reviewer, days=5, note="调档", at=moment("2026-04-09T10:00"))
    review.extend(task, approver=approver, days=5, note="调档", at=moment("2026-04-09T23:59"))
    with pytest.raises(Refused, match="已经延长过一次"):
        review.extend(task, approver=approver, days=5, note="再调", at=moment("2026-04-10T10:00"))

    assert ItemTask.objects.get(pk=task.pk).due_on == date(2026, 4, 16)


def test_timing_9_without_any_calendar_nothing_breaks_and_every_day_is_expected(client: Client) -> None:
    CalendarYear.objects.all().delete()
    task = received("2026-03-02T10:00")
    client.force_login(task.application.applicant)  # type: ignore[arg-type]

    with at("2026-03-03T10:00"):
        review.accept(task, reviewer=factories.reviewer_of(task))
        health = client.get("/healthz/calendar")
        page = client.get(reverse("applicant:case", args=[task.application.number])).content.decode()

    assert (task.is_due_provisional, task.due_on) == (True, date(2026, 4, 9))
    assert (health.status_code, health.json()) == (503, {"calendar": "missing", "year": 2026})
    assert "预计4月9日" in page


def test_timing_10_money_of_a_case_of_2026_comes_by_the_end_of_july_2027() -> None:
    """OR-13: no arithmetic with working days, and the case does not stay open for it."""
    task = received("2026-09-14T10:00", item="I02")
    reviewer = factories.reviewer_of(task)
    review.accept(task, reviewer=reviewer, at=moment("2026-09-14T11:00"))

    review.complete(task, reviewer=reviewer, at=moment("2026-09-20T11:00"))

    assert task.result.fulfil_by == date(2027, 7, 31)
    assert Application.objects.get(pk=task.application_id).is_closed


def test_timing_11_expected_day_is_the_longest_path_and_not_the_sum() -> None:
    application = factories.submitted(ticked=["I01", "I04", "I05", "I07"], at=moment("2026-03-02T09:00"))
    with at("2026-03-02T10:00"):
        factories.deliver_all()
        for item in ("I01", "I04", "I07"):
            task = factories.task_of(application, item)
            review.accept(task, reviewer=factories.reviewer_of(task))
        calendar = workflow.calendar_now()
        found = timing.forecast_case(
            application.tasks.select_related("item__scheme", "office", "application__scheme"),
            calendar,
            date(2026, 3, 2),
        )

    first = date(2026, 4, 9)  # 27 working days after 2 March for what runs side by side
    assert found.on == calendar.add(calendar.add(first, 5), 27)  # then 居民身份证: answered in 5, done in 27


def test_nothing_runs_while_a_correction_asked_before_acceptance_waits_for_the_person() -> None:
    """行政许可法第32条: the office has answered; handed in today, it would be answered in five days and done in 27."""
    task = received("2026-03-02T10:00", item="I04")
    with at("2026-03-04T10:00") as asked_at:
        deficit = review.Deficit("请写到社区或村", field="hukou_before")
        review.request_correction(task, reviewer=factories.reviewer_of(task), deficits=[deficit], at=asked_at)

    task = ItemTask.objects.get(pk=task.pk)
    calendar, later = workflow.calendar_now(), date(2026, 4, 7)

    assert (task.reply_due_on, task.next_on) == (None, None)
    assert timing.forecast_case([task], calendar, later).on == calendar.add(calendar.add(later, 5), 27)
    assert "时钟：已一次告知补正，没有计时\n" in explain(task.application, calendar, later)


def test_silent_item_cannot_be_deemed_accepted_twice() -> None:
    task = silent("2026-02-13T10:00")
    review.deem_accepted(task, at=moment("2026-02-28T00:20"))

    with pytest.raises(AlreadyDone):
        review.deem_accepted(task, at=moment("2026-02-28T00:20"))


def test_supervisor_is_told_of_silence_where_the_office_has_no_head() -> None:
    task = silent("2026-02-13T10:00")
    supervisor = factories.staff(Role.SUPERVISOR, region=factories.place(EXAMPLE))

    review.deem_accepted(task, at=moment("2026-02-28T00:20"))

    assert [notice.recipient for notice in Notice.objects.filter(kind=NoticeKind.OFFICE_SILENT)] == [supervisor]
