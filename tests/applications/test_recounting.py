"""A new calendar and running cases: what would move, what moved and why, and the comparison of every night."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone

from agencies import calendars
from agencies.calendars import parse_calendar
from agencies.deadlines import calendar_now
from agencies.models import CalendarYear
from applications import clock, recounting, review
from applications.enums import Action, NoticeKind
from applications.models import Correction, ItemTask, Notice, StatusLog, Ticket
from tests import factories

pytestmark = pytest.mark.usefixtures("directory")


def running() -> ItemTask:
    task = factories.task_of(factories.delivered(ticked=["I07"]), "I07")
    return review.accept(task, reviewer=factories.reviewer_of(task))


def days_off(*days: date, place: str = "") -> CalendarYear:
    """The calendar in force with these days off as well; its year is that of the first."""
    known = CalendarYear.objects.in_force().filter(region=None, year=days[0].year).first()
    kept = known.days_off if known and not place else []
    return CalendarYear(
        region_id=place or None,
        year=days[0].year,
        notice="测试通知",
        days_off=[*kept, *(day.isoformat() for day in days)],
        make_up_days=list(known.make_up_days) if known and not place else [],
        names={day.isoformat(): "测试节" for day in days},
    )


def test_new_calendar_moves_the_day_with_a_log_row_that_says_why() -> None:
    """T-04, timing test 7."""
    task = running()
    before = task.due_on

    recounting.load(days_off(before))

    task.refresh_from_db()
    row = task.log.get(action=Action.RECOMPUTE)
    assert task.due_on > before
    assert row.note == f"工作日历更新，到期日由{clock.say(before, 0)}改为{clock.say(task.due_on, 0)}"
    assert row.data == {"calendar": calendar_now().version, "from": before.isoformat()}
    assert recounting.recompute() == 0


def test_preview_names_days_and_tasks_and_writes_nothing() -> None:
    task, other = running(), running()
    year = days_off(task.due_on)
    rows = (StatusLog.objects.count(), CalendarYear.objects.count())

    seen = recounting.preview(year)

    assert [change.day for change in seen.days if change.day == task.due_on] == [task.due_on]
    assert {move.task for move in seen.moved} == {task, other}
    assert all(move.after > move.before and not move.is_earlier for move in seen.moved)
    assert (StatusLog.objects.count(), CalendarYear.objects.count()) == rows


def test_preview_and_what_happens_agree() -> None:
    task = running()
    year = days_off(task.due_on, task.due_on + timedelta(days=1))

    seen = recounting.preview(year)
    recounting.load(year)

    task.refresh_from_db()
    assert [move.after for move in seen.moved] == [task.due_on]


def test_day_that_moves_to_earlier_is_told_to_the_applicant() -> None:
    """T-04: a day that moves later is not worth a message, one that moves earlier is."""
    task = running()
    recounting.load(days_off(task.due_on))
    Notice.objects.all().delete()
    task.refresh_from_db()
    freed = CalendarYear.objects.in_force().get(region=None, year=task.due_on.year)
    off = [day for day in freed.days_off if freed.names[day] != "测试节"]

    recounting.load(CalendarYear(year=freed.year, notice="更正", days_off=off, make_up_days=freed.make_up_days))

    assert ItemTask.objects.get(pk=task.pk).due_on < task.due_on
    assert list(Notice.objects.values_list("application", "kind")) == [(task.application_id, NoticeKind.PROGRESS)]


def asked() -> Correction:
    task = factories.task_of(factories.delivered(ticked=["I07"]), "I07")
    deficits = [review.Deficit("看不清", field="mobile")]
    return review.request_correction(task, reviewer=factories.reviewer_of(task), deficits=deficits)


def test_day_to_answer_a_correction_moves_only_to_later_and_the_person_is_told() -> None:
    correction = asked()
    before = correction.answer_by
    Notice.objects.all().delete()

    recounting.load(days_off(before))

    correction.refresh_from_db()
    assert correction.answer_by > before
    assert ItemTask.objects.get(pk=correction.task_id).correction_until == correction.answer_by
    assert list(Notice.objects.values_list("kind", flat=True)) == [NoticeKind.PROGRESS]
    assert correction.task.log.get(action=Action.RECOMPUTE).note == (
        f"工作日历更新，补正期限由{clock.say(before, 0)}延到{clock.say(correction.answer_by, 0)}"
    )
    assert recounting.recompute() == 0


def test_day_to_answer_a_correction_never_comes_earlier() -> None:
    correction = asked()
    later = correction.answer_by + timedelta(days=20)
    type(correction).objects.filter(pk=correction.pk).update(answer_by=later)

    recounting.recompute()

    correction.refresh_from_db()
    assert correction.answer_by == later


def test_layer_moves_only_the_tasks_of_its_offices() -> None:
    here = running()
    there = factories.task_of(factories.delivered(region=factories.HEPING, ticked=["I07"]), "I07")
    review.accept(there, reviewer=factories.reviewer_of(there))

    recounting.load(days_off(here.due_on, place="150600"))

    assert StatusLog.objects.filter(action=Action.RECOMPUTE).get().task == here


def test_same_calendar_again_changes_nothing() -> None:
    task = running()
    year = days_off(task.due_on)
    recounting.load(year)
    year.pk = None

    assert recounting.load(year) is None
    assert task.log.filter(action=Action.RECOMPUTE).count() == 1


def test_nightly_comparison_finds_nothing_on_untouched_cases() -> None:
    running()
    factories.delivered()

    assert recounting.recompute() == 0
    assert Ticket.objects.filter(kind="stored_days").count() == 0


def test_nightly_comparison_tells_a_person_when_no_calendar_explains_the_difference() -> None:
    task = running()
    right = task.due_on
    ItemTask.objects.filter(pk=task.pk).update(due_on=date(2026, 1, 5))

    assert recounting.recompute() == 1

    task.refresh_from_db()
    note = task.log.get(action=Action.RECOMPUTE).note
    assert task.due_on == right
    assert note == f"每夜核对：存的到期日是2026年1月5日（星期一），按流转记录重算是{clock.say(right, 0)}，已改正"
    assert Ticket.objects.get(kind="stored_days").task == task


def test_clocks_follow_a_calendar_that_was_just_loaded() -> None:
    task = running()
    ItemTask.objects.filter(pk=task.pk).update(due_on=date(2026, 1, 5))
    CalendarYear.objects.update(loaded_at=timezone.now() - timedelta(hours=1))
    assert recounting.follow_calendar() == 0

    CalendarYear.objects.filter(year=2026).update(loaded_at=timezone.now())

    assert recounting.follow_calendar() == 1


def test_many_tasks_are_left_to_the_background(monkeypatch: pytest.MonkeyPatch) -> None:
    task = running()
    monkeypatch.setattr(recounting, "AT_ONCE", 0)

    seen = recounting.load(days_off(task.due_on))

    assert seen is not None and not seen.is_done_at_once
    assert not task.log.filter(action=Action.RECOMPUTE).exists()
    assert recounting.follow_calendar() == 1


def test_command_shows_what_would_move_and_then_does_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    task = running()
    text = (
        f'region: "150600"\nyear: {task.due_on.year}\nnotice: 当地通知\n'
        f"holidays: [{{name: 当地节日, from: {task.due_on}, to: {task.due_on}}}]\n"
    )
    path = tmp_path / "layer.yaml"
    path.write_text(text, encoding="utf-8")
    after = calendars.with_year(parse_calendar(text, "")).at("150602").add(task.due_on, 1)
    line = f"  {task.application.number} {task.spec.title}：{clock.say(task.due_on, 0)} → {clock.say(after, 0)}\n"

    call_command("load_calendar", path, "--dry-run")
    assert line in capsys.readouterr().out
    assert not task.log.filter(action=Action.RECOMPUTE).exists()

    call_command("load_calendar", path)
    assert line in capsys.readouterr().out
    assert task.log.filter(action=Action.RECOMPUTE).count() == 1
