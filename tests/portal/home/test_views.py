"""The pages without account: place, signing in, larger type, health."""

import pytest
import time_machine
from django.test import Client

from agencies.enums import Role
from agencies.models import CalendarYear, Region
from portal.home.presenters import count_words, needles, place_page
from portal.web import place
from tests.factories import DONGSHENG, draft, person, staff


@pytest.fixture
def client() -> Client:
    return Client()


@pytest.mark.django_db
def test_index_without_place_asks_for_one_and_promises_no_number(client: Client) -> None:
    page = client.get("/").content.decode()

    assert "先选要落户的地方" in page
    assert "办好几件事" in page


@pytest.mark.usefixtures("directory")
def test_index_shows_items_agencies_and_phones_of_the_chosen_place(client: Client) -> None:
    client.post("/place/", {"place": DONGSHENG})

    page = client.get("/").content.decode()

    region = Region.objects.get(code=DONGSHENG)
    scheme = place.scheme_of(region)
    assert f"办好{count_words(len(scheme.spec.offered))}件事" in page
    assert [item.title for item in scheme.spec.offered if item.title not in page] == []
    assert region.phone in page
    assert scheme.spec.supervision_phone in page


@pytest.mark.usefixtures("directory")
@pytest.mark.parametrize(("code", "sentence"), [("", "请选要落户的地方"), ("000000", "还没有开通")])
def test_choose_place_refuses_what_is_not_open(client: Client, code: str, sentence: str) -> None:
    page = client.post("/place/", {"place": code}).content.decode()

    assert sentence in page
    assert place.SESSION_KEY not in client.session


@pytest.mark.django_db
def test_choose_place_opened_by_its_address_is_the_home_page(client: Client) -> None:
    assert client.get("/place/").url == "/"


@pytest.mark.usefixtures("directory")
def test_place_of_every_open_region_has_a_page() -> None:
    schemes = {place.scheme_of(region) for region in Region.objects.open()}

    pages = [place_page(scheme.spec) for scheme in schemes if scheme]

    assert len(pages) >= 4
    assert all(page.items and page.needles for page in pages)


def test_count_words_are_those_before_a_measure_word() -> None:
    assert [count_words(n) for n in (2, 8, 10, 12, 19)] == ["两", "八", "十", "十二", "十九"]


def test_needles_of_no_agency_are_none() -> None:
    assert needles(()) == ()


@pytest.mark.django_db
def test_sign_in_leads_an_applicant_on(client: Client) -> None:
    user = person()

    answer = client.post("/sign-in/", {"username": user.username, "password": "demo-2026"})

    assert answer.status_code == 302
    assert answer.url == "/start/"


@pytest.mark.usefixtures("directory")
def test_sign_in_of_a_person_with_a_case_knows_the_place(client: Client) -> None:
    user = person()
    draft(user)

    client.post("/sign-in/", {"username": user.username, "password": "demo-2026"})

    assert client.session[place.SESSION_KEY] == DONGSHENG


@pytest.mark.django_db
def test_sign_in_goes_back_to_the_page_asked_for_but_not_elsewhere(client: Client) -> None:
    user = person()
    account = {"username": user.username, "password": "demo-2026"}

    inside = client.post("/sign-in/", {**account, "next": "/cases/"})
    client.logout()
    outside = client.post("/sign-in/", {**account, "next": "https://example.org/"})

    assert inside.url == "/cases/"
    assert outside.url == "/start/"


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["nobody", "known"])
def test_sign_in_refusal_does_not_tell_which_names_exist(client: Client, name: str) -> None:
    known = person()

    page = client.post("/sign-in/", {"username": known.username if name == "known" else name, "password": "wrong"})

    assert "用户名或密码不对。请再看一遍，注意大小写。" in page.content.decode()


@pytest.mark.django_db
def test_sign_in_lists_demo_accounts_only_in_the_demo(client: Client, settings: object) -> None:
    settings.IS_DEMO = True
    in_demo = client.get("/sign-in/").content.decode()
    settings.IS_DEMO = False
    elsewhere = client.get("/sign-in/").content.decode()

    assert "演示账号" in in_demo
    assert "demo-2026" not in elsewhere


@pytest.mark.django_db
def test_sign_out_takes_a_post(client: Client) -> None:
    client.force_login(person())

    assert client.get("/sign-out/").status_code == 405
    assert client.post("/sign-out/").status_code == 302
    assert "_auth_user_id" not in client.session


@pytest.mark.django_db
def test_landing_sends_an_administrator_without_posting_page_to_the_admin(client: Client) -> None:
    user = staff(Role.ADMINISTRATOR)
    user.postings.all().delete()
    client.force_login(user)

    assert client.get("/start/").url == "/admin/"


@pytest.mark.django_db
def test_large_text_is_kept_and_given_up_by_post(client: Client) -> None:
    assert client.get("/large-text/").status_code == 405

    answer = client.post("/large-text/", {"large": "1", "next": "/sign-in/"})
    large = client.get("/sign-in/").content.decode()
    client.post("/large-text/", {"large": "0"})
    standard = client.get("/sign-in/").content.decode()

    assert answer.url == "/sign-in/"
    assert '<html lang="zh-Hans" class="is-large">' in large
    assert "is-large" not in standard


@pytest.mark.django_db
@pytest.mark.parametrize("target", ["https://example.org/", "//example.org", "javascript:alert(1)", ""])
def test_large_text_goes_back_only_to_our_own_pages(client: Client, target: str) -> None:
    assert client.post("/large-text/", {"large": "1", "next": target}).url == "/"


@pytest.mark.django_db
def test_health_answers(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"database": "ok"}


@pytest.mark.django_db
def test_ready_says_when_the_database_does_not_answer(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.web.health.connection.cursor", _refuse)

    assert client.get("/readyz").status_code == 503


def _refuse(*_: object) -> None:
    from django.db import OperationalError

    raise OperationalError


@pytest.mark.django_db
def test_error_page_shows_the_request_and_no_detail(client: Client) -> None:
    answer = client.get("/no-such-page/")

    assert answer.status_code == 404
    assert answer["X-Request-Id"] in answer.content.decode()


def test_server_error_page_needs_no_database(rf: object) -> None:
    from django.contrib.auth.models import AnonymousUser

    from portal.web.errors import server_error

    request = rf.get("/")
    request.user, request.id = AnonymousUser(), "abc123"

    assert "问题编号 abc123" in server_error(request).content.decode()


@pytest.mark.usefixtures("directory")
@pytest.mark.parametrize(
    ("now", "status", "said"),
    [("2026-10-31", 200, "ok"), ("2026-11-01", 200, "missing"), ("2026-12-31", 503, "missing")],
)
def test_calendar_health_fails_on_the_last_day_of_a_year_without_the_next(
    client: Client, now: str, status: int, said: str
) -> None:
    """T-05."""
    CalendarYear.objects.filter(year__gt=2026).delete()
    with time_machine.travel(f"{now}T10:00:00+08:00", tick=False):
        answer = client.get("/healthz/calendar")

    assert (answer.status_code, answer.json()["calendar"]) == (status, said)


@pytest.mark.django_db
def test_mourning_turns_every_page_grey(client: Client, settings: object) -> None:
    settings.MOURNING = True

    assert "is-mourning" in client.get("/sign-in/").content.decode()


@pytest.mark.django_db
def test_page_without_database_is_a_sentence_and_no_traceback(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    client.force_login(person())
    client.raise_request_exception = False
    monkeypatch.setattr("django.db.backends.base.base.BaseDatabaseWrapper.cursor", _refuse)

    answer = client.get("/start/")

    assert answer.status_code == 500
    assert "刚才没有办成" in answer.content.decode()
