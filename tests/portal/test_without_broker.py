"""The broker and every other system away: forms are sent, offices decide, and the page says "received" when it is."""

import pytest
from django.test import Client
from django.urls import reverse

from applications import review
from applications.enums import ApplicationStatus, DispatchStatus
from applications.models import Application, Dispatch
from portal.accounts.models import User
from tests import factories

pytestmark = pytest.mark.usefixtures("directory", "no_network")


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def hand_in(user: User) -> Application:
    """Over the page, as a person does."""
    draft = factories.draft(user, ticked=["I01", "I04"])
    factories.give_materials(draft)
    draft.refresh_from_db()
    page = reverse("applicant:submit", args=[draft.pk])
    answer = signed_in(user).post(page, {"version": draft.version, "promise": "on", "agree": "on"}, follow=True)
    case = Application.objects.get(draft=draft)
    assert case.number in answer.content.decode()
    return case


def test_form_is_sent_and_the_page_says_received_only_when_it_is() -> None:
    """PERFORMANCE rows 15, 18 and 21: sent at once, delivered when somebody can deliver, never said before."""
    person = factories.person()
    case = hand_in(person)
    page = reverse("applicant:case", args=[case.number])

    before = signed_in(person).get(page).content.decode()
    assert ("正在送达" in before, "已送达部门" in before) == (True, False)
    assert set(Dispatch.objects.values_list("status", flat=True)) == {DispatchStatus.PENDING}

    factories.deliver_all()
    after = signed_in(person).get(page).content.decode()
    assert ("正在送达" in after, "已送达部门" in after) == (False, True)


def test_offices_decide_and_the_case_closes() -> None:
    """PERFORMANCE row 21."""
    case = hand_in(factories.person())
    factories.deliver_all()

    for task in case.tasks.select_related("item__scheme", "application__scheme", "office"):
        reviewer = factories.reviewer_of(task)
        assert signed_in(reviewer).get(reverse("desk:queue")).status_code == 200
        review.accept(task, reviewer=reviewer)
        review.complete(task, reviewer=reviewer, summary="准予办结")

    assert Application.objects.get(pk=case.pk).status == ApplicationStatus.COMPLETED
