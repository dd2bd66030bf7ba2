"""一次告知: this person's items, days, materials and visits, out of the answers alone."""

from datetime import date

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from agencies import guide
from agencies.deadlines import calendar_now, last_day
from agencies.enums import LimitUnit
from agencies.models import Scheme
from agencies.spec import Limit, SchemeSpec
from portal.home.notice import last_days
from tests.factories import DONGSHENG

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("directory")]
ANSWERS = {"settlement": "self_employed", "hukou_mode": "relative", "move_balance": "no"}


@pytest.fixture
def client(directory: None) -> Client:
    client = Client()
    client.post("/place/", {"place": DONGSHENG})
    return client


@pytest.fixture
def spec(directory: None) -> SchemeSpec:
    return Scheme.objects.get(region_id="150600").spec


def sheet(client: Client, **given: object) -> str:
    return client.get("/notice/", given).content.decode()


def test_notice_without_place_asks_for_one() -> None:
    assert "先选落户地" in Client().get("/notice/").content.decode()


def test_notice_asks_only_what_changes_the_answer(client: Client) -> None:
    page = sheet(client)

    assert [label for label in ("安置方式", "落户方式", "是否转移医保个人账户余额") if label not in page] == []
    assert "姓名" not in page


def test_notice_needs_an_item(client: Client) -> None:
    assert "请至少选一件要办的事" in sheet(client, asked=1)


def test_notice_tells_why_a_material_is_asked(client: Client) -> None:
    """OR-36 only for those who move to a relative, OR-35 only for those with a home of their own."""
    relative = sheet(client, item=["I04"], **ANSWERS)
    own_home = sheet(client, item=["I04"], **ANSWERS | {"hukou_mode": "residence"})

    assert "因为您选择以直系亲属投靠恢复户口" in relative and "合法稳定住所证明" not in relative
    assert "因为您选择以合法稳定住所恢复户口" in own_home and "亲属关系证明" not in own_home


def test_notice_puts_what_waits_for_money_last(client: Client) -> None:
    """OR-08: the balance must have arrived before the transfer starts; without a balance there is nothing to wait for."""
    waiting = sheet(client, item=["I01", "I11"], **ANSWERS | {"move_balance": "yes"})
    free = sheet(client, item=["I01", "I11"], **ANSWERS)

    assert "您可以一起办 1 件事" in waiting and "现在还不能开始：医保转移接续" in waiting
    assert "您可以一起办 2 件事" in free and "现在还不能开始" not in free


def test_notice_counts_visits_from_items_in_person(client: Client) -> None:
    """OR-14."""
    assert "要跑 1 趟" in sheet(client, item=["I04", "I05"], **ANSWERS)
    assert "不用专门跑" in sheet(client, item=["I04"], **ANSWERS)


def test_notice_says_who_is_not_meant(client: Client) -> None:
    assert "您的安置方式不在本地这项服务的范围内" in sheet(client, item=["I01"], settlement="retired")


def test_notice_names_what_was_not_answered(client: Client) -> None:
    assert "还有问题没有回答" in sheet(client, item=["I04"])


def test_notice_number_opens_the_same_sheet(client: Client) -> None:
    first = client.get("/notice/", {"item": ["I04", "I05"], **ANSWERS})
    number = first.context["sheet"].number

    again = client.get("/notice/", {"no": number}, follow=True)

    assert again.context["sheet"] == first.context["sheet"]


def test_notice_number_mistyped_is_told(client: Client) -> None:
    assert "编号" in sheet(client, no="XXXX-YYYY")


def test_notice_ignores_answers_that_are_none(client: Client) -> None:
    page = client.get("/notice/", {"item": ["I04", "zzz"], "hukou_mode": "<b>", "discharged": "tomorrow"})

    assert page.status_code == 200
    assert page.context["sheet"].answers == ()
    assert page.context["sheet"].report_by == ""


def test_notice_counts_the_days_to_report(client: Client) -> None:
    """OR: thirty calendar days from the day of discharge."""
    told = client.get("/notice/", {"item": ["I01"], "discharged": "2026-09-01"}).context["sheet"]

    assert "10月1日" in told.report_by


def test_days_of_a_chain_add_up(spec: SchemeSpec) -> None:
    """The identity card starts when the household registration is done: 27 working days after 27."""
    chart = guide.flow_chart(spec, ["I04", "I05"], ANSWERS)
    calendar = calendar_now()

    ends = last_days(spec, chart.steps, calendar, date(2026, 9, 15))

    assert ends == {"I04": date(2026, 10, 28), "I05": calendar.add(date(2026, 10, 28), 27)}


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (Limit(unit=LimitUnit.WORKING_DAY, days=1), date(2026, 9, 16)),
        (Limit(unit=LimitUnit.CALENDAR_DAY, days=30), date(2026, 10, 15)),
        (Limit(unit=LimitUnit.AT_ONCE), date(2026, 9, 15)),
        (Limit(unit=LimitUnit.NEXT_YEAR_DATE, month=7, day=31), date(2027, 7, 31)),
        (None, None),
    ],
)
def test_last_day_of_a_limit(limit: Limit | None, expected: date | None) -> None:
    assert last_day(limit, date(2026, 9, 15), calendar_now()) == expected


def test_notice_asks_as_often_for_one_item_as_for_all(
    client: Client, spec: SchemeSpec, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(7):
        sheet(client, item=["I01"], **ANSWERS)
    with django_assert_num_queries(7):
        sheet(client, item=[item.code for item in spec.offered], **ANSWERS)
