"""改密码: everybody signed in, with the old password; one that a window gave opens nothing else."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.accounts import passwords
from portal.accounts.models import User
from portal.security import crypto
from portal.web import kept
from portal.web.middleware import OwnPasswordMiddleware
from tests import factories
from tests.portal.desk.conftest import said, signed_in

pytestmark = pytest.mark.usefixtures("directory")

PAGE = "/password/"
OLD, NEW = "demo-2026", "huhehaote-26"


def typed(old: str = OLD, new: str = NEW, again: str = "") -> dict[str, str]:
    return {"old_password": old, "new_password1": new, "new_password2": again or new}


@pytest.fixture
def person(db: None) -> User:
    return factories.person()


def given(user: User) -> str:
    password = passwords.give(user)
    user.save()
    return password


def test_password_is_changed_and_the_other_sessions_end(person: User) -> None:
    here, elsewhere = signed_in(person), signed_in(person)

    response = here.post(PAGE, typed(), follow=True)

    person.refresh_from_db()
    assert said(response) == ["密码已改。在别的地方登录的都已退出"]
    assert person.check_password(NEW)
    assert here.get("/messages/").status_code == 200
    assert elsewhere.get("/messages/").status_code == 302


@pytest.mark.parametrize(
    ("posted", "field"),
    [
        (typed(old="wrong-2026"), "old_password"),
        (typed(again="other-2026"), "new_password2"),
        (typed(new="1234567"), "new_password2"),
        (typed(new=OLD), "new_password1"),
    ],
)
def test_what_is_wrong_stands_at_its_field(person: User, posted: dict[str, str], field: str) -> None:
    response = signed_in(person).post(PAGE, posted)

    person.refresh_from_db()
    assert list(response.context["form"].errors) == [field]
    assert person.check_password(OLD)


def test_old_password_cannot_be_guessed(person: User) -> None:
    browser = signed_in(person)
    for _ in range(5):
        browser.post(PAGE, typed(old="wrong-2026"))

    response = browser.post(PAGE, typed())

    assert response.context["form"].errors == {"old_password": ["密码连续 5 次不对，请过 15 分钟再改。"]}


@pytest.mark.parametrize(
    "address", ["/", "/cases/", "/messages/", "/messages/contact/", "/my-data/", "/start/", "/guide/"]
)
def test_given_password_opens_no_other_page(person: User, address: str) -> None:
    given(person)
    browser = signed_in(person)

    for response in (browser.get(address), browser.post(address)):
        assert response.status_code in (302, 404)
        assert response.status_code == 404 or response.url == PAGE


def test_given_password_is_not_kept_as_the_own_one(person: User) -> None:
    password = given(person)

    response = signed_in(person).post(PAGE, typed(old=password, new=password))

    person.refresh_from_db()
    assert list(response.context["form"].errors) == ["new_password1"]
    assert person.must_change_password


def test_own_password_opens_everything_again(person: User) -> None:
    password, browser = given(person), Client()
    browser.post("/sign-in/", {"username": person.username, "password": password})

    browser.post(PAGE, typed(old=password))

    assert browser.get("/messages/").status_code == 200
    assert not User.objects.get(pk=person.pk).must_change_password


@pytest.mark.parametrize(("age", "is_let_in"), [(timedelta(days=2), True), (timedelta(days=3, minutes=1), False)])
def test_given_password_ends_after_three_days(person: User, age: timedelta, is_let_in: bool) -> None:
    password = given(person)
    User.objects.filter(pk=person.pk).update(password_given_at=timezone.now() - age)
    browser = Client()

    browser.post("/sign-in/", {"username": person.username, "password": password})

    assert ("_auth_user_id" in browser.session) == is_let_in


def test_own_password_does_not_end(person: User) -> None:
    User.objects.filter(pk=person.pk).update(password_given_at=timezone.now() - timedelta(days=400))

    assert Client().post("/sign-in/", {"username": person.username, "password": OLD}).status_code == 302


def test_signing_out_and_the_second_step_stay_open(person: User) -> None:
    given(person)
    browser = signed_in(person)

    assert browser.get("/session/").status_code == 200
    assert browser.post("/sign-out/").url == "/"
    assert "home:second_step" in OwnPasswordMiddleware.BEFORE


def test_typed_passwords_do_not_wait_in_a_session(person: User) -> None:
    """A form whose session ended is kept for its person; passwords never are."""
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(person)

    browser.post(PAGE, {**typed(), "other": "kept"}, headers={"Origin": "http://testserver"})

    waiting = json.loads(crypto.unseal(browser.session["typed"], kept.CONTEXT))
    assert waiting["posted"] == {"other": ["kept"]}


@pytest.mark.parametrize("page", ["/messages/contact/", "/window/"])
def test_page_is_linked_where_it_is_looked_for(person: User, page: str) -> None:
    user: Any = factories.clerk() if page == "/window/" else person

    assert f'href="{PAGE}"' in signed_in(user).get(page).content.decode()


def test_page_itself_asks_to_sign_in(client: Client) -> None:
    assert client.get(PAGE).url == f"/sign-in/?next={PAGE}"


def test_old_password_of_staff_opens_nothing_but_the_page_for_another(settings: Any) -> None:
    settings.STAFF_PASSWORD_DAYS = 90
    clerk = factories.clerk()
    User.objects.filter(pk=clerk.pk).update(password_set_at=timezone.now() - timedelta(days=91))
    browser = signed_in(clerk)

    led = browser.get("/window/")
    page = browser.get(PAGE).content.decode()
    browser.post(PAGE, typed(new="Huhehaote-26"))

    assert led.url == PAGE
    assert "这个密码用了 90 天" in page
    assert "至少 12 位" in page
    assert browser.get("/window/").status_code == 200


def test_weak_password_of_staff_is_refused_at_its_field() -> None:
    response = signed_in(factories.clerk()).post(PAGE, typed(new="huhehaote"))

    assert list(response.context["form"].errors) == ["new_password2"]


def test_password_that_an_administrator_gives_opens_nothing_else(client: Client) -> None:
    client.force_login(User.objects.create_superuser("root", password=OLD, legal_name="管理员"))
    clerk = factories.clerk()

    client.post(
        reverse("admin:auth_user_password_change", args=[clerk.pk]),
        {"password1": "Huhehaote-26", "password2": "Huhehaote-26", "usable_password": "true"},
    )
    client.post(
        reverse("admin:accounts_user_add"),
        {"username": "new", "legal_name": "新人", "usable_password": "true", "password1": NEW, "password2": NEW},
    )

    clerk.refresh_from_db()
    assert (clerk.check_password("Huhehaote-26"), clerk.must_change_password) == (True, True)
    assert User.objects.get(username="new").must_change_password
    assert "管理员给的密码" in signed_in(clerk).get(PAGE).content.decode()
