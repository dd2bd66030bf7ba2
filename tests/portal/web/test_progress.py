"""States in people's words: every state has its tag, its day and its next step, for applicants and for staff."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import timezone

from agencies.deadlines import calendar_now
from applications import review, timing, withdrawal, workflow
from applications.enums import ApplicationStatus, TaskStatus
from applications.models import Application, ItemTask
from portal.web import progress
from portal.web.history import timeline
from portal.web.presenters import TaskRow
from tests import factories

pytestmark = pytest.mark.usefixtures("directory")

ZONE = ZoneInfo("Asia/Shanghai")
SUBMITTED = datetime(2026, 9, 14, 16, 47, tzinfo=ZONE)


def row(task: ItemTask, today: date, *, for_staff: bool = False) -> TaskRow:
    case = Application.objects.for_number(task.application.number).with_history().get()
    fresh = next(entry for entry in case.tasks.all() if entry.pk == task.pk)
    return progress.task_row(fresh, calendar_now(), today, for_staff=for_staff)


def delivered(item: str, *more: str) -> ItemTask:
    return factories.task_of(factories.delivered(ticked=[item, *more]), item)


def test_every_state_has_words_for_both_sides() -> None:
    assert set(progress._PERSON) == set(TaskStatus)
    assert set(progress._CASE) == set(ApplicationStatus)


def test_delivered_item_tells_the_day_of_the_answer() -> None:
    """The fifth working day is a Sunday on which people work."""
    with time_machine.travel(SUBMITTED, tick=False):
        task = delivered("I04")

        shown = row(task, date(2026, 9, 15))

    assert (shown.tag.words, shown.tag.tone) == ("已送达部门", "blue")
    assert shown.day == "9月20日（星期日）前"
    assert shown.day_note == "答复是否受理，还剩 4 个工作日"
    assert shown.why.title == "为什么是9月20日"


def test_item_past_its_day_says_by_how_much() -> None:
    with time_machine.travel(SUBMITTED, tick=False):
        task = delivered("I04")
        review.accept(task, reviewer=factories.reviewer_of(task))

        shown = row(task, date(2026, 10, 29))

    assert shown.is_late
    assert (shown.tag.tone, shown.tag.words) == ("red", "已超期 2 个工作日")


def test_paused_item_tells_what_is_left() -> None:
    with time_machine.travel(SUBMITTED, tick=False) as clock:
        task = delivered("I04")
        reviewer = factories.reviewer_of(task)
        review.accept(task, reviewer=reviewer)
        clock.shift(86400 * 7)
        review.request_correction(task, reviewer=reviewer, deficits=[review.Deficit("看不清", material="OR-36")])

        shown = row(task, date(2026, 9, 28))

    assert shown.tag.words == "需要您补正"
    assert (shown.day, shown.day_note) == ("补上后继续计时", "暂停中，还剩 21 个工作日")


def test_correction_before_acceptance_counts_nothing() -> None:
    with time_machine.travel(SUBMITTED, tick=False):
        task = delivered("I04")
        review.request_correction(
            task, reviewer=factories.reviewer_of(task), deficits=[review.Deficit("看不清", material="OR-36")]
        )

        shown = row(task, date(2026, 9, 15))

    assert shown.day == "补上后开始计时"
    assert shown.why is None


def test_grant_decided_but_not_paid_does_not_look_finished() -> None:
    """OR-13: decided, and the money comes by the end of July of the next year."""
    with time_machine.travel(SUBMITTED, tick=False):
        task = delivered("I02")
        reviewer = factories.reviewer_of(task)
        review.accept(task, reviewer=reviewer)
        review.complete(task, reviewer=reviewer)

        shown = row(task, date(2026, 9, 15))

    assert shown.tag.words == "待发放"
    assert shown.day == "2027年7月31日（星期六）前"


def test_refused_item_gives_reason_and_remedy() -> None:
    task = delivered("I04")
    reviewer = factories.reviewer_of(task)
    review.accept(task, reviewer=reviewer)
    review.refuse(task, reviewer=reviewer, note="户口不在本地", remedy="可以申请行政复议")

    shown = row(task, timezone.localdate())

    assert (shown.tag.words, shown.tag.tone) == ("不予办理", "red")
    assert shown.next_step == "户口不在本地。可以申请行政复议"


def test_item_behind_a_lost_one_says_so() -> None:
    case = factories.delivered(ticked=["I04", "I05"])
    lost, behind = factories.task_of(case, "I04"), factories.task_of(case, "I05")
    review.do_not_accept(lost, reviewer=factories.reviewer_of(lost), note="户口不在本地")

    shown = row(behind, timezone.localdate())

    assert shown.next_step.startswith("恢复户口没有办成，这一件暂时不能开始")
    assert (shown.day, shown.day_note) == ("还没开始计时", "")


def test_region_without_a_published_limit_says_so() -> None:
    """A region that published no limit: no day is invented."""
    case = factories.delivered(region=factories.HEPING, ticked=["I01"])
    task = factories.task_of(case, "I01")
    assert case.scheme.spec.limit_of(task.spec) is None
    review.accept(task, reviewer=factories.reviewer_of(task))

    shown = row(task, timezone.localdate())

    assert shown.day == "办结时限未公布"


def test_staff_read_the_words_of_the_state_machine() -> None:
    task = delivered("I04")

    assert row(task, timezone.localdate(), for_staff=True).tag.words == "待受理"


@pytest.mark.parametrize(
    ("today", "tone", "words"),
    [
        (date(2026, 9, 15), "done", "还剩 4 个工作日"),
        (date(2026, 9, 17), "amber", "还剩 2 个工作日"),
        (date(2026, 9, 20), "amber", "今天到期"),
        (date(2026, 9, 22), "red", "超期 2 个工作日"),
    ],
)
def test_light_turns_with_the_days_left(today: date, tone: str, words: str) -> None:
    with time_machine.travel(SUBMITTED, tick=False):
        task = ItemTask.objects.get(pk=delivered("I04").pk)

        shown = progress.light(task, calendar_now(), today)

    assert (shown.tone, shown.words) == (tone, words)


@pytest.mark.parametrize(("today", "words"), [(date(2026, 11, 14), "超期"), (date(2026, 11, 16), "超期 1 个工作日")])
def test_light_is_red_on_the_weekend_after_a_friday(today: date, words: str) -> None:
    """No working day has passed, and the day has: never 还剩 0 个工作日."""
    with time_machine.travel(datetime(2026, 11, 6, 10, 0, tzinfo=ZONE), tick=False):
        task = ItemTask.objects.get(pk=delivered("I04").pk)
        assert task.next_on == date(2026, 11, 13)

        shown = progress.light(task, calendar_now(), today)
        line = row(task, today)

    assert (shown.tone, shown.words) == ("red", words)
    assert (line.is_late, line.tag.words, line.tag.tone) == (True, f"已{words}", "red")


def test_day_of_a_year_without_calendar_is_expected_everywhere_on_the_row() -> None:
    """T-04: 预计 in the day, in the title and in the counting itself."""
    with time_machine.travel(datetime(2026, 12, 15, 10, 0, tzinfo=ZONE), tick=False):
        task = delivered("I04")
        review.accept(task, reviewer=factories.reviewer_of(task))

        shown = row(task, date(2026, 12, 16))

    assert shown.day.startswith("预计2027年1月")
    assert shown.why is not None
    assert shown.why.title.startswith("预计1月")
    assert "预计是 2027年1月" in shown.why.lines[-2]
    assert shown.why.lines[-1] == "2027年的放假安排还没有公布，暂按周末推算，公布后重新计算。"


def test_timeline_joins_what_happened_at_once_and_names_the_office() -> None:
    case = factories.delivered(ticked=["I01", "I04"])
    task = factories.task_of(case, "I04")
    review.accept(task, reviewer=factories.reviewer_of(task))
    case = Application.objects.for_number(case.number).with_history().get()

    assert [event.deed for event in timeline(case)] == [
        f"{task.office}受理：恢复户口",
        "已送达 2 件事",
        "您提交了登记表",
    ]
    assert [event.is_current for event in timeline(case)] == [True, False, False]


def test_timeline_of_staff_is_oldest_first_and_names_people() -> None:
    case = factories.delivered(ticked=["I04"])
    task = factories.task_of(case, "I04")
    review.accept(task, reviewer=factories.reviewer_of(task))
    case = Application.objects.for_number(case.number).with_history().get()

    events = timeline(case, for_staff=True)

    assert [event.deed for event in events] == ["提交登记表", "送达部门：恢复户口", "受理：恢复户口"]
    assert events[-1].note == "乌云其其格"


def test_withdrawn_items_do_not_count_as_done() -> None:
    case = factories.delivered(ticked=["I04", "I07"])
    withdrawal.withdraw(case, user=case.entered_by)

    assert progress.count_words(case.tasks.all()) == "2 件事，全部撤回"
    assert workflow.overall(case.tasks.values_list("status", flat=True)) == ApplicationStatus.WITHDRAWN


def test_case_that_came_to_nothing_is_not_said_to_be_in_progress() -> None:
    case = factories.delivered(ticked=["I04"])
    task = factories.task_of(case, "I04")
    review.do_not_accept(task, reviewer=factories.reviewer_of(task), note="不属于本辖区")

    assert progress.count_words(case.tasks.all()) == "1 件事，没有办成"


def test_item_that_does_not_get_through_says_so_and_asks_nothing_of_the_person() -> None:
    """A11: nobody is led to hand in again what only did not reach an office yet."""
    task = factories.task_of(factories.submitted(ticked=["I10"]), "I10")
    assert progress.next_step(task) == f"正在送往{task.office}"

    with time_machine.travel(timezone.now() + progress.SLOW_SENDING):
        words = progress.next_step(task)

    assert words == f"还没有送到{task.office}，系统在继续送，工作人员会跟进。办件已经收下，您不用再提交"


def test_latest_day_of_what_runs_is_expected_in_a_year_without_calendar() -> None:
    """The head of a case whose money has not arrived names the latest running day, and says when it is a guess."""
    with time_machine.travel(datetime(2026, 12, 15, 10, 0, tzinfo=ZONE), tick=False):
        task = delivered("I07", "I08")
        review.accept(task, reviewer=factories.reviewer_of(task))
        tasks = list(Application.objects.for_number(task.application.number).with_history().get().tasks.all())
        expected = timing.forecast_case(tasks, calendar_now(), date(2026, 12, 15))

        shown = progress.last_day(tasks, expected)

    assert shown == ("已开始计时的事最晚预计办好（明年放假安排未公布）", task.due_on)
    assert progress.without_day(expected) == "养老保险转移接续还算不出日子"
