"""At the window: pre-reviews of the place, who comes on a call, and what is handed over."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from applications import review, submission, visits
from applications.enums import Channel, DocumentKind, Fulfilment, TaskStatus
from applications.models import Application, ItemTask, Visit
from tests import factories
from tests.portal.desk.conftest import said, signed_in

pytestmark = pytest.mark.usefixtures("directory")


@pytest.fixture
def window() -> Client:
    return signed_in(factories.clerk())


@pytest.fixture
def task() -> ItemTask:
    made = factories.queued_task("I04")
    return review.accept(made, reviewer=factories.reviewer_of(made))


def page(case: Application) -> str:
    return reverse("window:case", args=[case.number])


def test_clerk_passes_a_form_of_the_place() -> None:
    case = factories.submitted(region=factories.NANGANG, ticked=["I01"])
    window = signed_in(factories.clerk(factories.NANGANG))

    index = window.get(reverse("window:index")).content.decode()
    told = window.get(page(case)).context["todo"]
    done = window.post(reverse("window:pre_review", args=[case.number]), {"deed": "pass"}, follow=True)

    assert "有 1 份登记表等预审" in index
    assert told == [("登记表等预审", "预审", reverse("window:pre_review", args=[case.number]))]
    assert said(done) == [f"{case.number} 预审通过，正在分送各部门"]
    assert case.tasks.get().status == TaskStatus.PENDING


def test_clerk_who_typed_a_form_is_told_that_somebody_else_passes_it() -> None:
    clerk = factories.clerk(factories.NANGANG)
    draft = factories.typed_at_window(clerk, ticked=["I01"])
    case = submission.submit(draft, user=clerk, channel=Channel.WINDOW, promised=True, agreed=True)
    address = reverse("window:pre_review", args=[case.number])

    own = signed_in(clerk)
    shown, posted = own.get(address), own.post(address, {"deed": "pass"})
    other = signed_in(factories.clerk(factories.NANGANG)).get(address)

    assert "您录入的，预审通过要由另一个人决定" in shown.content.decode()
    assert 'value="pass"' not in shown.content.decode()
    assert said(posted) == [shown.context["barred"]]
    assert 'value="pass"' in other.content.decode()
    assert case.tasks.get().status == TaskStatus.PRE_REVIEW


def test_clerk_of_another_place_does_not_see_it(window: Client) -> None:
    case = factories.submitted(region=factories.NANGANG, ticked=["I01"])

    assert window.get(reverse("window:pre_review", args=[case.number])).status_code == 404
    assert "待预审" not in window.get(reverse("window:index")).content.decode()


def test_person_who_came_is_written_down_once(window: Client, task: ItemTask) -> None:
    visits.call_in(task, reviewer=factories.reviewer_of(task), note="签字")
    address = reverse("window:visit", args=[task.application.number, task.pk])

    first = window.post(address, {"do": "came"}, follow=True)
    second = window.post(address, {"do": "came"}, follow=True)

    task.refresh_from_db()
    assert task.status == TaskStatus.IN_REVIEW
    assert "已登记本人到场" in said(first)[0]
    assert "现在不用到场" in said(second)[0]


def test_who_did_not_come_is_written_down_after_the_hour_only(window: Client, task: ItemTask) -> None:
    visits.call_in(task, reviewer=factories.reviewer_of(task), note="签字")
    address = reverse("window:visit", args=[task.application.number, task.pk])
    Visit.objects.update(chosen_at=timezone.now() + timedelta(hours=1))
    early = window.post(address, {"do": "missed"}, follow=True)
    Visit.objects.update(chosen_at=timezone.now() - timedelta(hours=1))

    done = window.post(address, {"do": "missed"}, follow=True)

    assert "还没有到" in said(early)[0]
    assert said(done) == ["已登记没有按时到场"]
    assert Visit.objects.get().missed_at is not None


def test_card_is_handed_over_against_a_signature(window: Client, task: ItemTask) -> None:
    review.complete(task, reviewer=factories.reviewer_of(task), follows=Fulfilment.READY)
    case = task.application
    address = reverse("window:hand_over", args=[case.number, task.pk])

    shown = window.get(address)
    wrong = window.post(address, {"receiver": ""})
    done = window.post(address, {"receiver": "赵建国", "relation": "父亲"}, follow=True)
    again = window.post(address, {"receiver": "赵建国"}, follow=True)

    task.refresh_from_db()
    assert "送达回证" in shown.content.decode()
    assert "请写明签收人" in wrong.content.decode()
    assert said(done) == ["已登记送达：恢复户口"]
    assert "没有再次登记" in said(again)[0]
    assert (task.result.fulfilment, task.result.receiver) == (Fulfilment.DELIVERED, "赵建国")
    assert case.documents.filter(kind=DocumentKind.DELIVERY_RECEIPT).count() == 2


def test_item_without_anything_to_hand_over_has_no_such_page(window: Client, task: ItemTask) -> None:
    review.complete(task, reviewer=factories.reviewer_of(task))

    assert window.get(reverse("window:hand_over", args=[task.application.number, task.pk])).status_code == 404


def test_window_sees_who_comes_today_and_tomorrow_at_the_offices_of_the_place(window: Client, task: ItemTask) -> None:
    soon = timezone.now() + timedelta(minutes=1)
    visits.call_in(task, reviewer=factories.reviewer_of(task), note="签字", bring="户口簿")
    Visit.objects.update(chosen_at=soon)
    address = reverse("window:visit_list")

    today, far = window.get(address), signed_in(factories.clerk(factories.HEPING)).get(address)
    Visit.objects.update(chosen_at=soon + timedelta(days=1))
    tomorrow = window.get(f"{address}?day=tomorrow")

    (row,) = today.context["rows"]
    assert (row.item, row.bring, row.time) == (task.spec.title, "户口簿", f"{timezone.localtime(soon):%H:%M}")
    assert task.application.subject_id_no not in today.content.decode()
    assert far.context["rows"] == []
    assert [row.item for row in tomorrow.context["rows"]] == [task.spec.title]
    assert window.get(address).context["rows"] == []
