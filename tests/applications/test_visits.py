"""到场: times offered, taken, asked for anew, missed; a message the day before; the clock only stands."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from agencies.deadlines import calendar_now
from agencies.enums import Level
from agencies.models import Region
from applications import clock, review, timing, visits
from applications.enums import Action, NoticeKind, Party, TaskStatus
from applications.errors import AlreadyDone, Invalid, Refused
from applications.models import ItemTask, Notice, Visit
from portal.accounts.models import User
from tests import factories

pytestmark = pytest.mark.usefixtures("directory")

NOW = datetime(2026, 9, 14, 2, 0, tzinfo=UTC)  # Monday, ten in the morning


def hour(day: int, of: int) -> datetime:
    """An hour of a day of September 2026 there."""
    return timezone.make_aware(datetime.combine(date(2026, 9, day), time(of)))


@pytest.fixture(autouse=True)
def _monday() -> object:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def task() -> ItemTask:
    """An accepted item whose office knows its address."""
    made = factories.queued_task("I04")
    made.office.address = "天骄路 1 号"
    made.office.save()
    return review.accept(made, reviewer=factories.reviewer_of(made))


def call(task: ItemTask, *slots: datetime) -> Visit:
    visits.call_in(task, reviewer=factories.reviewer_of(task), note="采集指纹", slots=slots, bring="身份证原件")
    return Visit.objects.get(task=task)


def applicant(task: ItemTask) -> User:
    found = task.application.applicant
    assert found is not None
    return found


def test_call_says_where_and_what_to_bring_and_tells_the_person(task: ItemTask) -> None:
    visit = call(task, hour(16, 9), hour(17, 15))

    assert (visit.place, visit.bring, visit.reason) == (f"{task.office.name}　天骄路 1 号", "身份证原件", "采集指纹")
    assert (visit.times, visit.chosen_at) == ([hour(16, 9), hour(17, 15)], None)
    assert task.status == TaskStatus.AWAITING_VISIT
    assert Notice.objects.filter(application=task.application, kind=NoticeKind.IN_PERSON).count() == 1


def test_one_time_offered_is_the_appointment(task: ItemTask) -> None:
    assert call(task, hour(16, 9)).chosen_at == hour(16, 9)


@pytest.mark.parametrize(
    ("slot", "why"), [(hour(14, 9), "已经过了"), (hour(19, 9), "不是工作日"), (hour(25, 9), "不是工作日")]
)
def test_time_must_be_ahead_and_on_a_working_day(task: ItemTask, slot: datetime, why: str) -> None:
    """The 19th is a Saturday, the 25th the Mid-Autumn holiday."""
    with pytest.raises(Invalid, match=why):
        call(task, slot)

    task.refresh_from_db()
    assert task.status == TaskStatus.IN_REVIEW
    assert Visit.objects.count() == 0


def test_person_takes_one_of_the_times(task: ItemTask) -> None:
    call(task, hour(16, 9), hour(17, 15))

    visit = visits.book(task, hour(17, 15), user=applicant(task), party=Party.APPLICANT)

    row = task.log.get(action=Action.BOOK_TIME)
    assert visit.chosen_at == hour(17, 15)
    assert (row.from_status, row.to_status, row.data) == (
        TaskStatus.AWAITING_VISIT, TaskStatus.AWAITING_VISIT, {"slot": hour(17, 15).isoformat()},
    )  # fmt: skip
    with pytest.raises(AlreadyDone):
        visits.book(task, hour(17, 15), user=applicant(task), party=Party.APPLICANT)


def test_time_that_was_not_offered_or_is_past_cannot_be_taken(task: ItemTask) -> None:
    call(task, hour(16, 9), hour(17, 15))

    with pytest.raises(Invalid, match="不在可选的时间里"):
        visits.book(task, hour(18, 9), user=applicant(task), party=Party.APPLICANT)
    with time_machine.travel(hour(16, 10), tick=False), pytest.raises(Invalid, match="已经过了"):
        visits.book(task, hour(16, 9), user=applicant(task), party=Party.APPLICANT)


def test_other_time_asked_for_is_answered_by_new_times(task: ItemTask) -> None:
    call(task, hour(16, 9))
    visit = visits.ask_other_time(task, user=applicant(task), party=Party.APPLICANT, wish="下周上午")
    assert (visit.wish, visit.chosen_at) == ("下周上午", None)

    reviewer = factories.reviewer_of(task)
    visit = visits.offer_times(task, reviewer=reviewer, slots=[hour(21, 9), hour(22, 9)])

    assert (visit.wish, visit.times) == ("", [hour(21, 9), hour(22, 9)])
    with pytest.raises(AlreadyDone):
        visits.offer_times(task, reviewer=reviewer, slots=[hour(21, 9), hour(22, 9)])


def test_who_did_not_come_gets_another_time_and_not_before_the_hour(task: ItemTask) -> None:
    call(task, hour(16, 9))
    reviewer = factories.reviewer_of(task)
    with pytest.raises(Refused, match="还没有到"):
        visits.record_no_show(task, staff=reviewer)

    visit = visits.record_no_show(task, staff=reviewer, at=hour(16, 11))

    assert (visit.missed_at, visit.chosen_at, visit.times) == (hour(16, 9), None, [])
    assert task.log.filter(action=Action.RECORD_NO_SHOW).count() == 1
    with pytest.raises(Refused, match="没有约好"):
        visits.record_no_show(task, staff=reviewer, at=hour(16, 12))


def test_only_the_call_and_the_coming_touch_the_clock(task: ItemTask) -> None:
    """DOMAIN.md 3.1 待本人到场: suspended from the call until the person came, whatever is arranged in between."""
    reviewer, person = factories.reviewer_of(task), applicant(task)
    call(task, hour(15, 9), hour(16, 9))
    visits.book(task, hour(15, 9), user=person, party=Party.APPLICANT)
    visits.record_no_show(task, staff=reviewer, at=hour(15, 10))
    visits.offer_times(task, reviewer=reviewer, slots=[hour(17, 9)], at=hour(15, 11))
    visits.ask_other_time(task, user=person, party=Party.APPLICANT, wish="后天", at=hour(15, 12))
    visits.record_visit(task, staff=reviewer, at=hour(18, 9))

    events = clock.events_of(timing.log_lines(task))

    assert [(event.kind, event.on.day) for event in events if event.kind in (clock.Kind.PAUSED, clock.Kind.RESUMED)] == [
        (clock.Kind.PAUSED, 14), (clock.Kind.RESUMED, 18),
    ]  # fmt: skip
    plain = calendar_now().add(task.accepted_on, 27)  # type: ignore[arg-type]
    assert task.due_on == calendar_now().add(plain, 3)
    assert Visit.objects.get().came_at == hour(18, 9)


def test_reminder_goes_out_once_the_day_before(task: ItemTask) -> None:
    call(task, hour(16, 9))

    def told() -> int:
        return Notice.objects.filter(kind=NoticeKind.VISIT_REMINDER).count()

    assert (visits.remind(at=hour(14, 9)), told()) == (0, 0)
    assert (visits.remind(at=hour(15, 8)), visits.remind(at=hour(15, 20)), told()) == (1, 0, 1)
    assert visits.remind(at=hour(16, 8)) == 0


def test_no_reminder_for_a_time_that_is_off(task: ItemTask) -> None:
    call(task, hour(16, 9))
    visits.ask_other_time(task, user=applicant(task), party=Party.APPLICANT, wish="下周")

    assert visits.remind(at=hour(15, 8)) == 0


def test_new_time_gets_its_own_reminder(task: ItemTask) -> None:
    call(task, hour(16, 9))
    visits.remind(at=hour(15, 8))
    visits.offer_times(task, reviewer=factories.reviewer_of(task), slots=[hour(22, 9)], at=hour(15, 12))

    assert visits.remind(at=hour(21, 8)) == 1


def test_called_without_a_time_the_person_may_come_at_any(task: ItemTask) -> None:
    visit = call(task)

    visits.record_visit(task, staff=factories.clerk(), party=Party.CLERK)

    visit.refresh_from_db()
    assert (visit.times, visit.came_at is not None) == ([], True)
    assert task.status == TaskStatus.IN_REVIEW
    assert visits.open_visit(ItemTask.objects.get(pk=task.pk)) is None


def test_second_call_is_a_new_appointment(task: ItemTask) -> None:
    call(task, hour(16, 9))
    visits.record_visit(task, staff=factories.reviewer_of(task), at=hour(16, 9))
    visits.call_in(task, reviewer=factories.reviewer_of(task), note="签字", slots=[hour(18, 9)], at=hour(17, 9))

    assert Visit.objects.filter(task=task).count() == 2
    assert Visit.objects.get(task=task, came_at=None).chosen_at == hour(18, 9) > NOW + timedelta(days=1)


# -- how many at a time --------------------------------------------------------------------------------------------------


def limited(task: ItemTask, places: int = 1) -> None:
    task.office.visit_places = places
    task.office.save()


def another_at(task: ItemTask) -> ItemTask:
    """Somebody else's item at the same office."""
    made = factories.task_of(factories.delivered(), "I04")
    assert made.office_id == task.office_id
    return review.accept(made, reviewer=factories.reviewer_of(made))


def test_office_that_names_no_number_limits_nothing(task: ItemTask) -> None:
    for one in (task, another_at(task), another_at(task)):
        assert call(one, hour(16, 9)).chosen_at == hour(16, 9)


def test_full_time_is_offered_to_nobody_and_free_again_when_it_is_given_up(task: ItemTask) -> None:
    limited(task)
    call(task, hour(16, 9))
    other = another_at(task)

    with pytest.raises(Invalid, match="9月16日 09:00 已经约满"):
        call(other, hour(16, 9), hour(16, 10))
    visits.ask_other_time(task, user=applicant(task), party=Party.APPLICANT, wish="下午")

    assert call(other, hour(16, 9)).chosen_at == hour(16, 9)


def test_times_of_one_period_count_together(task: ItemTask) -> None:
    limited(task)
    call(task, hour(16, 9) + timedelta(minutes=10))

    assert [
        visits.is_full(another_at(task), hour(16, 9) + timedelta(minutes=minute)) for minute in (0, 29, 30, 60)
    ] == [True, True, False, False]


def test_time_that_filled_up_meanwhile_is_not_shown_and_not_taken(task: ItemTask) -> None:
    limited(task)
    other = another_at(task)
    mine, theirs = call(task, hour(16, 9), hour(16, 10)), call(other, hour(16, 9), hour(17, 9))
    visits.book(other, hour(16, 9), user=applicant(other), party=Party.APPLICANT)

    assert visits.free_times(task, mine, NOW) == [hour(16, 10)]
    assert hour(16, 9) in visits.free_times(other, theirs, NOW)
    with pytest.raises(Invalid, match="刚刚约满"):
        visits.book(task, hour(16, 9), user=applicant(task), party=Party.APPLICANT)


def test_place_of_somebody_who_came_or_withdrew_is_not_counted(task: ItemTask) -> None:
    limited(task)
    call(task, hour(16, 9))
    visits.record_visit(task, staff=factories.reviewer_of(task))

    assert not visits.is_full(another_at(task), hour(16, 9))


def test_township_office_has_the_hours_of_its_county(task: ItemTask) -> None:
    """The same rule as on the receipt: where the scheme says nothing of a township, its county's hours hold."""
    county = task.office.region

    def publish_hours(content: dict[str, Any]) -> None:
        (place,) = [place for place in content["places"] if place["region"] == county.code]
        place["hours"] = [{"text": "8:30 至 17:30", "months": []}]

    factories.put_under_other_rules(task, publish_hours)
    task = ItemTask.objects.get(pk=task.pk)
    task.office.region = Region(code="150602100", name="某镇", level=Level.TOWNSHIP, parent=county)

    assert visits.hours_of(task, date(2026, 9, 16)) == "8:30 至 17:30"
