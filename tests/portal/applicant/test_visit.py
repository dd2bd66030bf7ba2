"""The person's page of an appointment: where, when, what to bring; taking a time or asking for another."""

from datetime import datetime, time

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agencies.deadlines import calendar_now
from applications import review, visits
from applications.enums import Fulfilment
from applications.models import ItemTask, Visit
from tests import factories
from tests.portal.desk.conftest import said, signed_in

pytestmark = pytest.mark.usefixtures("directory")


def morning(ahead: int) -> datetime:
    """Half past nine, so many working days ahead."""
    return timezone.make_aware(datetime.combine(calendar_now().add(timezone.localdate(), ahead), time(9, 30)))


@pytest.fixture
def task() -> ItemTask:
    made = factories.queued_task("I04")
    review.accept(made, reviewer=factories.reviewer_of(made))
    slots = [morning(2), morning(3)]
    visits.call_in(made, reviewer=factories.reviewer_of(made), note="采集指纹", slots=slots, bring="身份证原件")
    return made


@pytest.fixture
def person(task: ItemTask) -> Client:
    return signed_in(task.application.entered_by)


def address(task: ItemTask) -> str:
    return reverse("applicant:visit", args=[task.application.number, task.pk])


def test_case_page_says_when_where_and_what_to_bring(task: ItemTask, person: Client) -> None:
    visits.book(task, morning(2), user=task.application.entered_by, party="applicant")  # type: ignore[arg-type]

    content = person.get(reverse("applicant:case", args=[task.application.number])).content.decode()

    assert "09:30" in content
    assert task.office.name in content
    assert "要带的：身份证原件" in content
    assert address(task) in content


def test_person_takes_a_time(task: ItemTask, person: Client) -> None:
    page = person.get(address(task)).content.decode()

    done = person.post(address(task), {"do": "book", "slot": morning(3).astimezone().isoformat()}, follow=True)
    slot = next(slot for slot in Visit.objects.get().slots if "T" in slot)
    taken = person.post(address(task), {"do": "book", "slot": slot}, follow=True)

    assert page.count('type="radio"') == 2
    assert (done.status_code, taken.status_code) == (200, 200)
    assert Visit.objects.get().chosen_at == datetime.fromisoformat(slot)


def test_nothing_chosen_and_no_wish_are_told_at_the_field(task: ItemTask, person: Client) -> None:
    assert "请选一个时间" in person.post(address(task), {"do": "book"}).content.decode()
    assert "请写明什么时间方便" in person.post(address(task), {"do": "wish"}).content.decode()


def test_person_asks_for_another_time(task: ItemTask, person: Client) -> None:
    done = person.post(address(task), {"do": "wish", "wish": "下周上午"}, follow=True)

    assert said(done) == [f"已告诉{task.office}，另约好时间会通知"]
    assert Visit.objects.get().wish == "下周上午"
    assert "您请求另约：下周上午" in person.get(address(task)).content.decode()


def test_person_cannot_say_that_they_came(task: ItemTask, person: Client) -> None:
    done = person.post(address(task), {"do": "came"}, follow=True)

    assert said(done) == ["请先选要做的事，再按按钮"]
    assert Visit.objects.get().came_at is None


def test_page_after_the_visit_leads_back(task: ItemTask, person: Client) -> None:
    visits.record_visit(task, staff=factories.reviewer_of(task))

    assert said(person.get(address(task), follow=True)) == ["恢复户口现在不用到场"]


def test_another_persons_appointment_is_not_there(task: ItemTask) -> None:
    assert signed_in(factories.person("钱多多")).get(address(task)).status_code == 404


def test_card_that_is_ready_is_something_to_do(task: ItemTask, person: Client) -> None:
    """The case is closed, and there is still a way to go."""
    reviewer = factories.reviewer_of(task)
    visits.record_visit(task, staff=reviewer)
    review.complete(task, reviewer=reviewer, follows=Fulfilment.READY)

    content = person.get(reverse("applicant:case", args=[task.application.number])).content.decode()

    assert "领取居民户口簿" in content
    assert "送达回证" in content


def test_times_that_others_have_taken_are_not_offered(person: Client, task: ItemTask) -> None:
    task.office.visit_places = 1
    task.office.save()
    other = factories.task_of(factories.delivered(), "I04")
    review.accept(other, reviewer=factories.reviewer_of(other))
    visits.call_in(other, reviewer=factories.reviewer_of(other), note="签字", slots=[morning(2)])

    page = person.get(address(task))
    taken = person.post(address(task), {"do": "book", "slot": morning(2).isoformat()})

    assert [value for value, _ in page.context["booking"].fields["slot"].choices] == [morning(3).isoformat()]
    assert "已经约满或已过" in taken.content.decode()


def test_person_whose_times_are_all_taken_is_told_to_name_others(person: Client, task: ItemTask) -> None:
    task.office.visit_places = 1
    task.office.save()
    for day in (2, 3):
        other = factories.task_of(factories.delivered(), "I04")
        review.accept(other, reviewer=factories.reviewer_of(other))
        visits.call_in(other, reviewer=factories.reviewer_of(other), note="签字", slots=[morning(day)])

    content = person.get(address(task)).content.decode()

    assert "给的时间都已约满" in content
    assert "选一个时间" not in content
