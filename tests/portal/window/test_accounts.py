"""账号 at the counter: the page, its errors at their place, and the way from the counter to the person's own case."""

import logging
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from agencies.enums import Role
from applications import submission
from applications.enums import Channel
from applications.models import Application, OperatorDeed
from portal.accounts.models import User
from tests import factories
from tests.portal.desk.conftest import said, signed_in

PAGE = "/window/account/"
OWN = "/password/"


def case_without_account(clerk: User) -> Application:
    draft = factories.typed_at_window(clerk, ["I01"])
    return submission.submit(draft, user=clerk, channel=Channel.WINDOW, promised=True, agreed=True)


def filled(browser: Client, name: str, id_no: str, **more: str) -> dict[str, str]:
    """The page as it is opened now, filled in and ticked."""
    opened = browser.get(PAGE).context["form"]["opened"].value()
    return {"name": name, "id_no": id_no, "phone": "", "seen": "on", "opened": opened, **more}


def test_person_gets_from_the_counter_to_the_own_case(window: Client, clerk: User) -> None:
    case = case_without_account(clerk)
    given = window.post(PAGE, filled(window, case.subject_name, case.subject_id_no)).context["given"]
    person = Client()

    first = person.post("/sign-in/", {"username": given.user.username, "password": given.password}, follow=True)
    skipped = person.get("/cases/", follow=True)
    own = {"old_password": given.password, "new_password1": "huhehaote-26", "new_password2": "huhehaote-26"}
    changed = person.post(OWN, own, follow=True)

    assert first.redirect_chain[-1][0] == skipped.redirect_chain[-1][0] == OWN
    assert "设一个自己的密码" in first.content.decode()
    assert said(changed) == ["密码已改。在别的地方登录的都已退出"]
    assert changed.request["PATH_INFO"] == "/cases/"
    assert case.number in changed.content.decode()
    assert not Client().login(username=given.user.username, password=given.password)


def test_password_is_on_the_answer_alone(window: Client, clerk: User, caplog: pytest.LogCaptureFixture) -> None:
    case = case_without_account(clerk)
    caplog.set_level(logging.DEBUG)

    answer = window.post(PAGE, filled(window, case.subject_name, case.subject_id_no))

    password = answer.context["given"].password
    kept = [session.get_decoded() for session in Session.objects.all()]
    assert password in answer.content.decode()
    assert answer.headers["Cache-Control"] == "no-store"
    assert case.subject_id_no not in answer.content.decode()
    assert password not in f"{caplog.text}{kept}{list(OperatorDeed.objects.values())}{window.get(PAGE).content!r}"


def test_page_loaded_again_gives_no_second_password(window: Client, clerk: User) -> None:
    case = case_without_account(clerk)
    sent = filled(window, case.subject_name, case.subject_id_no)
    given = window.post(PAGE, sent).context["given"]

    again = window.post(PAGE, sent, follow=True)

    assert said(again) == ["刚才已经给过密码，没有再给一次。密码只显示一次，没有记下的请重新办"]
    assert User.objects.get(id_no=case.subject_id_no).check_password(given.password)


def test_errors_stand_at_their_fields_and_nothing_is_lost(window: Client) -> None:
    response = window.post(PAGE, filled(window, "孙大娘", "123", phone="138", seen=""))

    form = response.context["form"]
    assert form.errors == {"seen": ["请先看身份证原件，再打勾"]}
    response = window.post(PAGE, filled(window, "孙大娘", "123", phone="138"))
    form = response.context["form"]
    assert set(form.errors) == {"id_no", "phone"}
    assert [form[name].value() for name in ("name", "id_no", "phone", "seen")] == ["孙大娘", "123", "138", True]


def test_whose_a_claimed_account_is_stands_as_a_question(window: Client) -> None:
    claimer = factories.person("冒名人")
    claimer.is_identity_claimed = True
    claimer.save()
    sent = filled(window, "孙大娘", claimer.id_no)

    asked = window.post(PAGE, sent)
    taken = window.post(PAGE, {**sent, "whose": "other"})

    assert "是不是本人的账号" not in window.get(PAGE).content.decode()
    assert claimer.username in str(asked.context["form"].errors["whose"])
    assert taken.context["given"].user != claimer
    assert User.objects.get(pk=claimer.pk).id_no == ""


def test_staff_are_refused_at_the_number(window: Client) -> None:
    officer = factories.person()
    officer.postings.create(role=Role.ADMINISTRATOR)

    response = window.post(PAGE, filled(window, officer.legal_name, officer.id_no))

    assert response.context["form"].errors == {"id_no": ["这个身份证号是工作人员的账号，窗口不能办。请管理员在后台办"]}


def test_number_found_at_the_counter_is_typed_once(window: Client) -> None:
    number = factories.person().id_no

    response = window.post(PAGE, {"id_no": number})

    assert response.context["form"]["id_no"].value() == number
    assert not response.context["form"].is_bound


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.APPROVER, Role.SUPERVISOR, Role.ADMINISTRATOR])
def test_only_clerks_do_it(window: Client, role: Role) -> None:
    person = factories.person()
    sent = filled(window, person.legal_name, person.id_no)
    task = factories.queued_task()
    where: dict[str, Any] = {"office": task.office} if role in (Role.REVIEWER, Role.APPROVER) else {}
    where |= {"region": factories.place()} if role == Role.SUPERVISOR else {}

    response = signed_in(factories.staff(role, **where)).post(PAGE, sent)

    assert response.status_code == 404
    assert User.objects.get(pk=person.pk).check_password("demo-2026")


def test_forged_moment_is_no_page_of_ours(window: Client) -> None:
    person = factories.person()
    sent = filled(window, person.legal_name, person.id_no)

    response = window.post(PAGE, {**sent, "opened": "9999999999:x"})

    assert response.status_code == 400
    assert not OperatorDeed.objects.exists()


def test_window_leads_there(window: Client) -> None:
    found = window.post(reverse("window:index"), {"id_no": factories.person().id_no}).content.decode()

    assert found.count(f'"{PAGE}"') >= 2
