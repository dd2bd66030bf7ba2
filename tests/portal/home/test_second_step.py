"""登录的第二步: staff pass by an authenticator or a spare code, each once; nothing opens before."""

import base64
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.test import Client
from django.urls import reverse

from portal.accounts import second_factor
from portal.accounts.models import SecondFactor, User
from tests import factories

pytestmark = pytest.mark.usefixtures("directory")

NOW = datetime.now(UTC)  # stands still in a test, on the day on which its people get their posts
STEP = reverse("home:second_step")


@pytest.fixture(autouse=True)
def asked(settings: Any) -> None:
    settings.STAFF_SECOND_FACTOR = True


@pytest.fixture
def clerk() -> User:
    return factories.clerk()


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def code_at(user: User, moment: datetime) -> str:
    factor = SecondFactor.objects.get(user=user)
    totp = TOTP(base64.b32decode(factor.secret_base32), 6, SHA1(), 30)
    return totp.generate(int(moment.timestamp())).decode()


def set_up(user: User) -> list[str]:
    """The factor in force, and its spare codes."""
    second_factor.begin(user)
    return second_factor.confirm(user)


def test_code_is_what_rfc_6238_prints(clerk: User) -> None:
    secret = base64.b32encode(b"12345678901234567890").decode()
    SecondFactor.objects.create(user=clerk, secret_base32=secret)

    with time_machine.travel(datetime.fromtimestamp(1111111111, UTC), tick=False):
        assert second_factor.accept(clerk, "050471")  # the last six of 14050471
        assert not second_factor.accept(clerk, "050471")


def test_nothing_of_staff_opens_before_the_second_step(clerk: User) -> None:
    client = signed_in(clerk)

    for path in (reverse("window:index"), "/admin/", reverse("home:index"), "/console/"):
        response = client.get(path)
        assert (response.status_code, response.headers["Location"].partition("?")[0]) == (302, STEP)
    assert client.get(STEP).status_code == 200
    assert client.post(reverse("home:sign_out")).status_code == 302


def test_applicant_is_not_asked() -> None:
    client = signed_in(factories.person())

    assert client.get(reverse("home:index")).status_code == 200
    assert client.get(STEP).status_code == 302


def test_first_time_it_is_set_up_and_spare_codes_are_shown_once(clerk: User) -> None:
    client = signed_in(clerk)
    with time_machine.travel(NOW, tick=False):
        page = client.get(STEP, {"next": reverse("window:index")})
        secret = SecondFactor.objects.get(user=clerk).secret_base32
        assert secret in page.content.decode().replace(" ", "")
        assert client.get(STEP).content.count(secret[:4].encode())  # loaded again it is the same

        shown = client.post(STEP, {"code": code_at(clerk, NOW), "next": reverse("window:index")})

        codes = re.findall(r"<kbd>(\w{4}-\w{4})</kbd>", shown.content.decode())
        assert len(set(codes)) == second_factor.SPARE_CODES
        assert reverse("window:index") in shown.content.decode()
        assert client.get(reverse("window:index")).status_code == 200
        assert secret.encode() not in client.get(STEP).content


def test_code_is_good_once_and_for_a_clock_half_a_minute_off(clerk: User) -> None:
    set_up(clerk)
    with time_machine.travel(NOW, tick=False):
        code = code_at(clerk, NOW - timedelta(seconds=30))
        assert not second_factor.accept(clerk, code_at(clerk, NOW - timedelta(seconds=60)))
        assert second_factor.accept(clerk, code)
        assert not second_factor.accept(clerk, code)
        assert second_factor.accept(clerk, code_at(clerk, NOW))
        assert not second_factor.accept(clerk, code)


def test_spare_code_is_good_once(clerk: User) -> None:
    codes = set_up(clerk)
    client = signed_in(clerk)

    assert client.post(STEP, {"code": f" {codes[0].upper()} "}).status_code == 302
    assert client.get(reverse("window:index")).status_code == 200
    assert not second_factor.accept(clerk, codes[0])
    assert second_factor.accept(clerk, codes[1].replace("-", ""))


def test_guessing_is_stopped_and_the_right_code_does_not_open_then(clerk: User) -> None:
    codes = set_up(clerk)
    client = signed_in(clerk)

    for _ in range(5):
        assert "口令不对" in client.post(STEP, {"code": "000000"}).content.decode()
    locked = client.post(STEP, {"code": codes[0]}).content.decode()

    assert "15 分钟" in locked
    assert client.get(reverse("window:index")).status_code == 302


def test_another_session_and_a_reset_ask_again(clerk: User) -> None:
    codes = set_up(clerk)
    client = signed_in(clerk)
    client.post(STEP, {"code": codes[0]})
    assert signed_in(clerk).get(reverse("window:index")).status_code == 302

    second_factor.reset(clerk)

    assert client.get(reverse("window:index")).status_code == 302
    assert "设置动态口令" in client.get(STEP).content.decode()


def test_administrator_resets_others_and_never_the_own(settings: Any) -> None:
    settings.STAFF_SECOND_FACTOR = False  # this is about the back office
    clerk, admin = factories.clerk(), User.objects.create_superuser("root", password="demo-2026", legal_name="管理员")
    set_up(clerk), set_up(admin)

    signed_in(admin).post(
        "/admin/accounts/user/", {"action": "reset_second_factor", "_selected_action": [clerk.pk, admin.pk]}
    )

    assert list(SecondFactor.objects.values_list("user", flat=True)) == [admin.pk]


def test_page_leads_to_no_other_site(clerk: User) -> None:
    codes = set_up(clerk)

    response = signed_in(clerk).post(STEP, {"code": codes[0], "next": "https://elsewhere.invalid/"})

    assert response.headers["Location"].startswith("/")


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
def test_pages_can_be_used_by_everybody(
    width: int, page: Any, clerk: User, assert_accessible: Any, picture: Any, transactional_db: None
) -> None:
    from tests.browser import press, sign_in

    page.set_viewport_size({"width": width, "height": 900})
    sign_in(page, clerk)
    assert_accessible(page)
    picture(page, f"second_step_set_up_{width}")
    page.get_by_label("动态口令").fill("1")
    press(page.get_by_role("button", name="启用"))
    page.get_by_label("动态口令").fill(code_at(clerk, datetime.now(UTC)))
    press(page.get_by_role("button", name="启用"))
    assert_accessible(page)
    picture(page, f"second_step_codes_{width}")
    press(page.get_by_role("link", name="已经抄下，继续"))
    assert page.url.endswith(reverse("window:index"))
