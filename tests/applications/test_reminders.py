"""Reminders: told in time, once, to the right person, on working days, and without a word about the person."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from agencies import calendars
from agencies.enums import Role
from agencies.models import CalendarYear, Posting
from applications import notices, reminders, review
from applications.enums import Channel, Fulfilment, NoticeKind, TaskStatus
from applications.models import Application, Draft, ItemTask, Notice, Result
from portal.accounts.models import User
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("directory")]

ZONE = ZoneInfo("Asia/Shanghai")
DISCHARGED = date(2026, 9, 1)
FRIDAY, SATURDAY, MONDAY = date(2026, 11, 20), date(2026, 11, 21), date(2026, 11, 23)


def morning(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 8, tzinfo=ZONE)


def after(days: int) -> datetime:
    return morning(DISCHARGED + timedelta(days=days))


def unsent(ticked: tuple[str, ...] = ("I01",)) -> Draft:
    draft = factories.draft(ticked=list(ticked))
    draft.answers = {**draft.answers, "discharge_date": DISCHARGED.isoformat()}
    draft.save()
    Draft.objects.filter(pk=draft.pk).update(saved_at=after(10))
    return draft


def told(kind: NoticeKind) -> list[tuple[User | None, Application | None]]:
    return [(notice.recipient, notice.application) for notice in Notice.objects.filter(kind=kind).order_by("pk")]


# -- 报到 ----------------------------------------------------------------------------------------------------------------


def test_person_is_warned_on_day_20_25_and_30_and_once_afterwards() -> None:
    """T-02, however often the job runs, also when it stood still for a day."""
    draft = unsent()

    new = {day: reminders.warn_of_reporting(at=after(day)) for day in range(15, 45)}

    assert [day for day, count in new.items() if count] == [20, 25, 30, 31]
    assert told(NoticeKind.REPORTING) == [(draft.owner, None)] * 4


def test_day_that_the_job_missed_is_made_up_for() -> None:
    unsent()

    assert [reminders.warn_of_reporting(at=after(day)) for day in (18, 27, 27)] == [0, 1, 0]


def test_warning_names_last_day_source_and_its_validity_on_the_site_and_nothing_personal_in_the_text() -> None:
    draft = unsent()
    reminders.warn_of_reporting(at=after(20))

    notice = Notice.objects.get(kind=NoticeKind.REPORTING)

    assert notice.details[0] == "离报到期限还有 10 天"
    assert "您的最后一天是2026年10月1日" in notice.details[1]
    assert "《退役士兵安置条例》，它从2024年9月1日起已经废止" in notice.details[1]
    assert notices.text_of(notice) == "您的办件（尚未提交）有一件事要在期限内办，最后一天和它的出处请登录平台查看。"
    assert str(draft.answers["name"]) not in "".join(notice.details)


@pytest.mark.parametrize("change", [{"sent_at": after(1)}, {"owner": None}, {"saved_at": after(-200)}])
def test_forms_that_are_handed_in_left_or_typed_by_others_are_not_warned_of(change: dict[str, object]) -> None:
    draft = unsent()
    Draft.objects.filter(pk=draft.pk).update(**change)

    assert reminders.warn_of_reporting(at=after(25)) == 0


def returned() -> ItemTask:
    task = factories.task_of(factories.delivered(ticked=["I01"]), "I01")
    case = task.application
    case.answers = {**case.answers, "discharge_date": DISCHARGED.isoformat()}
    case.save(update_fields=["answers"])
    deficits = [review.Deficit("看不清", material=task.material_codes()[0])]
    review.request_correction(task, reviewer=factories.reviewer_of(task), deficits=deficits)
    return task


def test_returned_case_is_warned_of_and_the_office_is_told_when_the_days_are_over() -> None:
    task = returned()
    case, officer = task.application, reminders._officers_of(task.office)[0]

    reminders.warn_of_reporting(at=after(25))
    assert (told(NoticeKind.REPORTING), told(NoticeKind.REPORT_MISSED)) == ([(case.applicant, case)], [])

    for _ in range(2):
        reminders.warn_of_reporting(at=after(31))
    assert told(NoticeKind.REPORTING) == [(case.applicant, case)] * 2
    assert told(NoticeKind.REPORT_MISSED) == [(officer, case)]


def test_case_at_the_office_is_not_warned_of() -> None:
    """Handed in is handed in: what the office does not answer is the office's delay."""
    task = returned()
    ItemTask.objects.filter(pk=task.pk).update(status=TaskStatus.QUEUED)

    assert reminders.warn_of_reporting(at=after(25)) == 0


# -- offices -----------------------------------------------------------------------------------------------------------


def due(on: date, *, region: str = factories.DONGSHENG) -> ItemTask:
    task = factories.task_of(factories.delivered(region=region, ticked=["I07"]), "I07")
    review.accept(task, reviewer=factories.reviewer_of(task))
    ItemTask.objects.filter(pk=task.pk).update(next_on=on, due_on=on)
    task.refresh_from_db()
    return task


@pytest.mark.parametrize(
    ("on", "is_told"), [(MONDAY, True), (date(2026, 11, 24), True), (date(2026, 11, 25), False)]
)  # fmt: skip
def test_handler_is_reminded_when_the_light_turns_amber(on: date, is_told: bool) -> None:
    """Two working days before: on Friday what is due on Tuesday."""
    task = due(on)

    reminders.tell_offices(at=morning(FRIDAY))

    assert told(NoticeKind.DUE_SOON) == ([(task.handler, None)] if is_told else [])
    assert told(NoticeKind.OVERDUE) == []


def test_item_nobody_handles_yet_is_told_to_the_officers_of_its_office() -> None:
    task = factories.queued_task("I07")
    first, second = factories.reviewer_of(task), factories.reviewer_of(task)
    ItemTask.objects.filter(pk=task.pk).update(next_on=MONDAY)

    reminders.tell_offices(at=morning(FRIDAY))

    assert [person for person, _ in told(NoticeKind.DUE_SOON)] == [first, second]


def test_overdue_item_is_told_to_the_head_and_to_the_supervisors_of_the_place() -> None:
    """T-14, LESSONS 15: escalation to named persons."""
    task = due(date(2026, 11, 18))
    head = factories.approver_of(task)
    supervisor = factories.staff(Role.SUPERVISOR, region=factories.place("150600"))
    factories.staff(Role.SUPERVISOR, region=factories.place("120101"))

    reminders.tell_offices(at=morning(FRIDAY))

    assert {person for person, _ in told(NoticeKind.OVERDUE)} == {head, supervisor}
    line = Notice.objects.filter(kind=NoticeKind.OVERDUE)[0].details
    assert line == [
        f"{task.application.number}　{task.item.name}（{task.office.name}）："
        "应在11月18日（星期三）前处理，已超期 2 个工作日"
    ]  # fmt: skip


def test_offices_are_told_on_working_days_only_and_once_a_day() -> None:
    due(MONDAY)

    counts = [reminders.tell_offices(at=morning(day)) for day in (FRIDAY, FRIDAY, SATURDAY, MONDAY)]

    assert counts == [1, 0, 0, 1]


def test_office_on_its_own_day_off_is_not_told() -> None:
    due(MONDAY)
    calendars.store(
        CalendarYear(region_id="150600", year=2026, notice="当地", days_off=[FRIDAY.isoformat()], make_up_days=[])
    )

    assert reminders.tell_offices(at=morning(FRIDAY)) == 0


def test_one_message_lists_everything_of_an_officer() -> None:
    first, second = due(FRIDAY), due(MONDAY)
    ItemTask.objects.update(handler=first.handler)

    reminders.tell_offices(at=morning(FRIDAY))

    notice = Notice.objects.get(kind=NoticeKind.DUE_SOON)
    assert [line.split("　")[0] for line in notice.details] == [first.application.number, second.application.number]
    assert notices.text_of(notice) == "办件（2 件）快到期，请登录平台查看并按时办理。"
    assert first.application.subject_name not in "".join(notice.details)


def granted(by: date) -> ItemTask:
    """Money that is granted and has to be paid by the day."""
    task = factories.queued_task("I02")
    officer = factories.reviewer_of(task)
    review.accept(task, reviewer=officer)
    review.complete(task, reviewer=officer)
    Result.objects.filter(task=task).update(fulfil_by=by)
    return ItemTask.objects.select_related("handler", "office", "item", "application").get(pk=task.pk)


def test_money_not_paid_by_its_day_is_told_to_handler_and_head() -> None:
    """OR-13: granted long ago, and nothing else would bring it up."""
    task = granted(date(2026, 11, 18))
    head = factories.approver_of(task)

    reminders.tell_offices(at=morning(FRIDAY))

    assert told(NoticeKind.DUE_SOON) == [(task.handler, None)]
    assert told(NoticeKind.OVERDUE) == [(head, None)]
    assert Notice.objects.filter(kind=NoticeKind.OVERDUE).get().details == [
        f"{task.application.number}　{task.item.name}（{task.office.name}）："
        "应在11月18日（星期三）前发放，已超期 2 个工作日"
    ]  # fmt: skip


def test_money_is_reminded_of_two_working_days_before_and_not_after_it_is_paid() -> None:
    soon, later, paid = granted(date(2026, 11, 24)), granted(date(2026, 11, 25)), granted(FRIDAY)
    review.fulfil(paid, Fulfilment.PAID, staff=factories.reviewer_of(paid))

    reminders.tell_offices(at=morning(FRIDAY))

    (line,) = Notice.objects.get(kind=NoticeKind.DUE_SOON).details
    assert line.startswith(soon.application.number)
    assert line.endswith("：11月24日（星期二）前发放")
    assert later.application.number not in line


def test_what_is_granted_and_what_is_open_stand_in_one_list_by_day() -> None:
    opened, money = due(MONDAY), granted(FRIDAY)
    ItemTask.objects.update(handler=None)
    ItemTask.objects.update(office=opened.office)

    reminders.tell_offices(at=morning(FRIDAY))

    notice = Notice.objects.filter(kind=NoticeKind.DUE_SOON).get()
    assert [line.split("　")[0] for line in notice.details] == [money.application.number, opened.application.number]


def test_what_a_person_who_left_the_office_had_is_told_to_those_who_are_there() -> None:
    task = granted(FRIDAY)
    there = factories.reviewer_of(task)
    Posting.objects.filter(user=task.handler).update(valid_until=date(2026, 11, 1))

    reminders.tell_offices(at=morning(FRIDAY))

    assert told(NoticeKind.DUE_SOON) == [(there, None)]


def test_stopped_clock_reminds_nobody() -> None:
    task = due(MONDAY)
    review.suspend(task, approver=factories.approver_of(task), note="要鉴定", days=5)

    assert reminders.tell_offices(at=morning(FRIDAY)) == 0


def test_case_of_the_window_is_warned_of_by_the_number_on_the_form() -> None:
    task = returned()
    Application.objects.filter(pk=task.application_id).update(applicant=None, channel=Channel.WINDOW)

    reminders.warn_of_reporting(at=after(20))

    assert told(NoticeKind.REPORTING) == [(None, task.application)]
