"""Who does nothing for a while is signed out, is warned before, and finds everything typed after signing in again."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from applications import review, visits
from applications.enums import Action
from applications.models import Question
from portal.accounts.models import User
from tests import factories

pytestmark = pytest.mark.usefixtures("directory")

HOUR = 3600


@pytest.fixture(autouse=True)
def limits(settings: Any, tmp_path: Any) -> None:
    settings.SESSION_IDLE_SECONDS, settings.SESSION_COOKIE_AGE = 1800, 8 * HOUR
    settings.MEDIA_ROOT = tmp_path


def signed_in(user: User) -> Client:
    client = Client()
    client.login(username=user.username, password="demo-2026")
    return client


def after(minutes: float) -> time_machine.travel:
    return time_machine.travel(timezone.now() + timedelta(minutes=minutes))


def sign_in_again(client: Client, user: User, way: Any) -> Any:
    """What the person does on the page that the answer leads to."""
    assert way.url.startswith("/sign-in/?next=")
    page = client.get(way.url)
    form = {"username": user.username, "password": "demo-2026", "next": page.context["next"]}
    return client.post("/sign-in/", form, follow=True)


def test_person_who_does_nothing_is_signed_out_and_one_who_does_is_not() -> None:
    user = factories.person()
    idle, busy = signed_in(user), signed_in(user)
    now = timezone.now()
    for minutes in (20, 40):
        with time_machine.travel(now + timedelta(minutes=minutes)):
            seen = busy.get("/cases/").status_code, idle.get("/cases/").status_code if minutes == 40 else 302

    assert seen == (200, 302)


def test_sign_in_says_why_it_is_asked_again_and_only_then() -> None:
    user = factories.person()
    client, stranger = signed_in(user), Client()
    words = "有一段时间没有操作，为了安全已经退出"

    with after(40):
        pages = [browser.get("/cases/", follow=True).content.decode() for browser in (client, stranger)]

    assert [words in page for page in pages] == [True, False]


def test_nobody_stays_signed_in_for_longer_than_the_longest_time() -> None:
    client = signed_in(factories.person())
    now = timezone.now()
    answers = []
    for minutes in range(20, 500, 20):
        with time_machine.travel(now + timedelta(minutes=minutes)):
            answers.append(client.get("/cases/").status_code)

    assert answers == [200] * 23 + [302]


def test_page_says_how_long_is_left_and_asking_keeps_nothing() -> None:
    client = signed_in(factories.person())
    now = timezone.now()
    with time_machine.travel(now + timedelta(minutes=26), tick=False):
        asked = [client.get("/session/").json()["left"] for _ in range(2)]
        kept = client.post("/session/").json()["left"]
        page = client.get("/cases/")
    with time_machine.travel(now + timedelta(minutes=57)):
        late = client.get("/session/").json()

    assert 200 < asked[0] == asked[1] <= 240
    assert kept == 1800
    assert page.context["session_left"] == 1800
    assert 'data-left="1800"' in page.content.decode()
    assert late == {"left": 0}


def test_staff_are_signed_out_sooner(settings: Any) -> None:
    settings.STAFF_SESSION_IDLE_SECONDS = 900
    person, clerk = signed_in(factories.person()), signed_in(factories.clerk())
    left = [client.get("/session/").json()["left"] for client in (person, clerk)]

    with after(16):
        answers = person.get("/cases/").status_code, clerk.get("/window/").status_code

    assert [round(seconds, -2) for seconds in left] == [1800, 900]
    assert answers == (200, 302)


def test_staff_at_work_stay_and_are_warned_by_their_own_time(settings: Any) -> None:
    settings.STAFF_SESSION_IDLE_SECONDS = 900
    clerk, now = signed_in(factories.clerk()), timezone.now()
    for minutes in (10, 20, 30):
        with time_machine.travel(now + timedelta(minutes=minutes), tick=False):
            page = clerk.get("/window/")

    assert page.status_code == 200
    assert 'data-left="900" data-warn="300"' in page.content.decode()


def test_staff_who_sign_in_elsewhere_are_signed_out_here_and_told(settings: Any) -> None:
    settings.STAFF_ONE_SESSION = True
    clerk = factories.clerk()
    first, second = signed_in(clerk), signed_in(clerk)

    page = first.get("/window/", follow=True)

    assert "这个账号刚刚在别处登录" in page.content.decode()
    assert second.get("/window/").status_code == 200
    assert first.get("/window/").status_code == 302


def test_applicants_and_places_that_do_not_ask_may_have_two_sessions(settings: Any) -> None:
    clerk, person = factories.clerk(), factories.person()
    at_once = [signed_in(clerk), signed_in(clerk)]
    assert [client.get("/window/").status_code for client in at_once] == [200, 200]

    settings.STAFF_ONE_SESSION = True
    at_once = [signed_in(person), signed_in(person)]

    assert [client.get("/cases/").status_code for client in at_once] == [200, 200]


def test_session_stays_the_newest_after_the_second_step_and_an_own_password(settings: Any) -> None:
    settings.STAFF_ONE_SESSION = True
    clerk = factories.clerk()
    client = signed_in(clerk)

    new = {"old_password": "demo-2026", "new_password1": "Huhehaote-26", "new_password2": "Huhehaote-26"}
    client.post("/password/", new)

    assert client.get("/window/").status_code == 200


def test_closed_account_is_out_at_once() -> None:
    clerk = factories.clerk()
    client = signed_in(clerk)
    User.objects.filter(pk=clerk.pk).update(is_active=False)

    assert client.get("/window/").status_code == 302


def test_session_is_not_written_with_each_click() -> None:
    client = signed_in(factories.person())
    client.get("/session/")
    before = Session.objects.get().expire_date
    with after(2):
        client.get("/session/")
        client.get("/cases/")

    assert Session.objects.get().expire_date == before


def test_visitor_without_an_account_is_not_warned() -> None:
    assert "data-session" not in Client().get("/").content.decode()


def test_words_of_a_question_are_there_after_signing_in_again() -> None:
    user = factories.person()
    case = factories.delivered(user, ticked=["I01"])
    client, address = signed_in(user), reverse("applicant:question", args=[case.number])
    with after(31):
        way = client.post(
            address,
            {"about": "case", "text": "等了两周没人管"},
            headers={"Referer": f"http://testserver{address}"},
        )
        page = sign_in_again(client, user, way)

    assert "等了两周没人管" in page.content.decode()
    assert "填的都在" in page.content.decode()
    assert not Question.objects.exists()


def test_chosen_items_are_there_after_signing_in_again() -> None:
    user = factories.person()
    draft = factories.draft(user, ticked=["I01", "I04"])
    client, address = signed_in(user), reverse("applicant:items", args=[draft.pk])
    with after(31):
        way = client.post(address, {"item-I01": "no", "item-I04": "yes", "version": draft.version})
        page = sign_in_again(client, user, way)

    assert {choice.code for choice in page.context["choices"] if choice.is_on} == {"I04"}
    draft.refresh_from_db()
    assert sorted(draft.ticked) == ["I01", "I04"]


def test_what_one_person_typed_is_handed_to_nobody_else() -> None:
    user, other = factories.person(), factories.person("钱多多")
    client, address = signed_in(user), reverse("applicant:contact")
    with after(31):
        way = client.post(address, {"phone": "13911112222", "email": "", "contact_by": "sms"})
        page = sign_in_again(client, other, way)

    assert page.request["PATH_INFO"] == address
    assert "13911112222" not in page.content.decode()
    assert "typed" not in client.session


def test_decision_of_an_officer_is_shown_again_and_not_done() -> None:
    task = factories.queued_task("I07")
    user = factories.reviewer_of(task)
    review.accept(task, reviewer=user)
    parts = [task.application.number, task.item.code]
    client, page_url = signed_in(user), reverse("desk:task", args=parts)
    words = {"action": "refuse", "refuse-note": "证明与档案不符", "refuse-remedy": "可以申请行政复议", "sure": "1"}
    with after(31):
        way = client.post(reverse("desk:act", args=parts), words, headers={"Referer": f"http://testserver{page_url}"})
        page = sign_in_again(client, user, way)

    task.refresh_from_db()
    assert page.request["PATH_INFO"] == page_url
    assert page.context["bound"].action == Action.REFUSE
    assert "证明与档案不符" in page.content.decode()
    assert task.status == "in_review"


def test_wish_for_another_time_is_there_after_signing_in_again() -> None:
    task = factories.queued_task("I04")
    review.accept(task, reviewer=factories.reviewer_of(task))
    visits.call_in(task, reviewer=factories.reviewer_of(task), note="签字")
    user = task.application.applicant
    assert user is not None
    client, address = signed_in(user), reverse("applicant:visit", args=[task.application.number, task.pk])
    with after(31):
        page = sign_in_again(client, user, client.post(address, {"do": "wish", "wish": "下周一上午"}))

    assert "下周一上午" in page.content.decode()


def test_sheet_of_a_clerk_is_there_after_signing_in_again() -> None:
    clerk = factories.clerk()
    draft = factories.typed_at_window(clerk, ticked=["I01"])
    client, address = signed_in(clerk), reverse("window:sheet", args=[draft.pk])
    with after(31):
        page = sign_in_again(client, clerk, client.post(address, {"contact_addr": "富民路 12 号院", "do": "save"}))

    assert "富民路 12 号院" in page.content.decode()


def test_address_of_another_site_is_never_gone_back_to() -> None:
    user = factories.person()
    client = signed_in(user)
    with after(31):
        way = client.post("/messages/contact/", {"phone": "1"}, headers={"Referer": "http://elsewhere.example/x"})

    assert way.url == "/sign-in/?next=/messages/contact/"


def test_form_older_than_the_sign_in_is_there_again_and_another_sites_is_not() -> None:
    """Signed in anew in another tab: the form's own token is old."""
    user = factories.person()
    case = factories.delivered(user, ticked=["I01"])
    client, address = Client(enforce_csrf_checks=True), reverse("applicant:question", args=[case.number])
    client.force_login(user)
    asked = {"about": "case", "text": "等了两周没人管"}

    foreign = client.post(address, asked, headers={"Origin": "http://elsewhere.example"})
    empty = client.get(address).content.decode()
    ours = client.post(
        address, asked, headers={"Origin": "http://testserver", "Referer": f"http://testserver{address}"}
    )
    again = client.get(address).content.decode()

    assert (foreign.status_code, ours.status_code) == (403, 403)
    assert f'href="{address}"' in ours.content.decode()
    assert ("等了两周没人管" in empty, "等了两周没人管" in again) == (False, True)
