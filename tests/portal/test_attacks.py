"""What a person who means harm, or a broken client, sends: the answer is a sentence, never an error and never another's data."""

from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from agencies.enums import Role
from portal.accounts import sign_in
from portal.accounts.models import SignInTry
from tests import factories

pytestmark = pytest.mark.usefixtures("directory")


def signed_in(user: Any) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.get("/cases/a%00b/"),
        lambda client: client.get("/cases/", {"page": "\x00"}),
        lambda client: client.post("/apply/", {"region": "15\x000602"}),
        lambda client: client.post("/cases/a%00b/withdraw/", {}),
        lambda client: client.post("/large-text/", {"\x00": "1"}),
    ],
)
def test_a_nul_is_answered_with_a_sentence(ask: Callable[[Client], Any]) -> None:
    response = ask(signed_in(factories.person()))

    assert response.status_code == 400
    assert "这一次没有收下" in response.content.decode()


@pytest.mark.parametrize(
    "path", ["/window/cases/%00/", "/desk/cases/%00/", "/papers/%00/", "/admin/accounts/user/%00/change/"]
)
def test_a_nul_in_an_address_is_no_error_for_staff(path: str) -> None:
    task = factories.queued_task()

    for user in (factories.clerk(), factories.reviewer_of(task), factories.staff(Role.ADMINISTRATOR)):
        assert signed_in(user).get(path).status_code < 500


@override_settings(ALLOWED_HOSTS=["localhost"])
def test_a_foreign_host_is_refused_with_our_page_and_headers() -> None:
    response = Client(raise_request_exception=False).get("/", headers={"host": "evil.example"})

    assert response.status_code == 400
    assert "这一次没有收下" in response.content.decode()
    assert "evil.example" not in response.content.decode()


@pytest.mark.parametrize("size", [1001, 3000])
def test_too_many_fields_get_a_sentence(size: int) -> None:
    response = Client(raise_request_exception=False).post("/place/", {f"f{n}": "1" for n in range(size)})

    assert response.status_code == 400
    assert "这一次没有收下" in response.content.decode()


@pytest.mark.parametrize("target", ["²", "9" * 30, "x" * 3000, "evil.example", "//evil.example", "https://evil.example/",
    "javascript:alert(1)", "/\\evil.example", "home:index"])  # fmt: skip
def test_next_leads_only_to_our_own_paths(target: str) -> None:
    response = Client(raise_request_exception=False).post("/large-text/", {"next": target, "large": "1"})

    assert (response.status_code, response.url) == (302, "/")


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example/", "javascript:alert(1)"])
def test_sign_in_leads_only_to_our_own_pages(target: str) -> None:
    user = factories.person()

    response = Client().post(
        f"/sign-in/?next={target}", {"username": user.username, "password": "demo-2026", "next": target}
    )

    assert response.url == "/start/"


@pytest.mark.parametrize("pk", ["²", "9" * 30, "-1", "1 OR 1=1"])
def test_batch_leaves_out_what_is_no_task(pk: str) -> None:
    task = factories.queued_task()

    response = signed_in(factories.reviewer_of(task)).post("/desk/batch/", {"deed": "accept", "task": pk})

    assert response.status_code == 302


@pytest.mark.parametrize("office", ["²", "abc", "9" * 30, "-1"])
def test_hold_of_what_is_no_office_is_not_there(office: str) -> None:
    operator = signed_in(factories.staff(Role.ADMINISTRATOR))

    assert operator.post("/console/dispatches/hold/", {"deed": "hold", "office": office}).status_code == 404


# -- guessing passwords ---------------------------------------------------------------------------------------------------


def attempt(username: str, password: str, path: str = "/sign-in/", address: str = "10.0.0.1") -> Any:
    return Client().post(path, {"username": username, "password": password}, REMOTE_ADDR=address)


@pytest.mark.parametrize("path", ["/sign-in/", "/admin/login/"])
def test_sign_in_waits_after_five_wrong_passwords(path: str) -> None:
    user = factories.person()
    user.is_staff = True
    user.save()

    wrong = [attempt(user.username, "wrong", path) for _ in range(5)]
    right = attempt(user.username, "demo-2026", path)

    assert [sign_in.LOCKED in page.content.decode() for page in wrong] == [False] * 5
    assert sign_in.LOCKED in right.content.decode()
    assert "_auth_user_id" not in right.client.session


def test_sign_in_opens_again_after_the_wait_and_is_never_closed_to_others() -> None:
    user, other = factories.person(), factories.person("钱多多")
    for _ in range(6):
        attempt(user.username, "wrong")

    assert attempt(other.username, "demo-2026").status_code == 302
    assert attempt(user.username, "demo-2026", address="10.0.0.2").status_code == 302
    with time_machine.travel(timezone.now() + sign_in.WAIT * 1.1):
        assert attempt(user.username, "demo-2026").status_code == 302
    assert SignInTry.objects.count() == 0


def test_sign_in_says_the_same_of_accounts_that_do_not_exist() -> None:
    pages = [attempt("nobody", "wrong").content.decode() for _ in range(6)]

    assert ["用户名或密码不对" in page for page in pages] == [True] * 5 + [False]
    assert sign_in.LOCKED in pages[-1]


def test_signing_in_changes_the_session_key() -> None:
    user, client = factories.person(), Client()
    client.post("/place/", {"place": factories.DONGSHENG})
    before = client.session.session_key

    client.post("/sign-in/", {"username": user.username, "password": "demo-2026"})

    assert before and client.session.session_key != before


def test_sign_out_by_a_link_does_nothing() -> None:
    client = signed_in(factories.person())

    assert client.get(reverse("home:sign_out")).status_code == 405
    assert "_auth_user_id" in client.session
