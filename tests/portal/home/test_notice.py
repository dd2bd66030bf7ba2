"""一次告知: this person's items, days, materials and visits, out of the answers alone."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import pypdfium2
import pytest
import time_machine
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from agencies.deadlines import calendar_now
from agencies.flow_chart import flow_chart
from agencies.models import Scheme
from agencies.publishing import publish
from agencies.spec import SchemeSpec
from portal.home import notice
from portal.home.notice_sheet import last_days
from portal.web import place
from tests.agencies.conftest import layer
from tests.factories import DONGSHENG, HEPING, NANGANG, TIANHE

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
    assert "先选要落户的地方" in Client().get("/notice/").content.decode()


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


def test_notice_number_opens_where_no_place_was_chosen(client: Client) -> None:
    """A window opens what a person of another district brings."""
    first = client.get("/notice/", {"item": ["I04"], **ANSWERS, "discharged": "2026-09-01"})
    clerk = Client()

    again = clerk.get("/notice/", {"no": first.context["sheet"].number})

    assert again.context["sheet"] == first.context["sheet"]
    assert again.context["place"].code == DONGSHENG
    assert place.chosen_region(again.wsgi_request).code == DONGSHENG


def test_notice_number_keeps_its_version(client: Client) -> None:
    number = client.get("/notice/", {"item": ["I04"], **ANSWERS}).context["sheet"].number
    publish(
        {**layer("ordos"), "version": "2026.9", "overall_limit": {"unit": "working_day", "days": 5, "source": "OR"}}
    )

    page = client.get("/notice/", {"no": number})

    assert page.context["sheet"].items[0].when == "27 个工作日（整件事的时限）"
    assert "这张单子不是按现行方案开的" in page.content.decode()


def squeezed(text: str) -> str:
    return "".join(text.split())


def text_of(pdf: bytes) -> str:
    return "".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf))


def paper(client: Client, number: str) -> bytes:
    answer = client.get(f"/notice/{number}.pdf")
    assert answer["Content-Type"] == "application/pdf"
    return answer.content


def test_paper_of_the_same_answers_is_the_same_to_the_byte(client: Client) -> None:
    """Whatever the day, and however the number is typed; other answers are another paper."""
    asked = {"item": ["I04", "I05", "I11"], **ANSWERS, "discharged": "2026-09-01"}
    number = client.get("/notice/", asked).context["sheet"].number
    other = client.get("/notice/", asked | {"discharged": "2026-09-02"}).context["sheet"].number

    with time_machine.travel(datetime(2026, 9, 15, 9, tzinfo=UTC)):
        first = paper(client, number)
    with time_machine.travel(datetime(2027, 1, 31, 9, tzinfo=UTC)):
        again = paper(Client(), number.lower())

    assert first == again
    assert paper(client, other) != first


def test_paper_says_what_the_page_says(client: Client) -> None:
    asked = {"item": ["I01", "I04", "I05", "I11"], **ANSWERS | {"move_balance": "yes"}, "discharged": "2026-09-01"}
    told = client.get("/notice/", asked).context["sheet"]

    text = text_of(paper(client, told.number))

    wanted = [
        told.number,
        "先在旗区人武部完成预备役登记",
        "2026年10月1日（星期四）前",
        "东胜区公安局",
        "地址：未公布",
        "0477-8575378",
    ]
    wanted += [
        "需本人到现场进行人脸和指纹录入",
        "现在还不能开始",
        "每年3月、9月开设",
        *(row.title for row in told.materials),
    ]
    wanted += [remark for row in told.materials for remark in row.remarks]
    assert [words for words in wanted if squeezed(words) not in squeezed(text)] == []


def test_papers_asked_for_by_many_at_once_leave_room_for_the_pages(client: Client) -> None:
    """One is made and one waits for it; whoever comes then gets the same as a page, at once."""
    number = client.get("/notice/", {"item": ["I04"], **ANSWERS}).context["sheet"].number

    with ThreadPoolExecutor(2) as others, notice._ONE_PAPER_AT_A_TIME:
        waiting = [others.submit(notice._printed, "<p>一次告知单</p>", number) for _ in range(2)]
        while notice._PLACES_AT_THE_PRESS._value:
            time.sleep(0.01)
        answer = client.get(f"/notice/{number}.pdf")
        notice._ONE_PAPER_AT_A_TIME.release()
        made = [paper.result(60) for paper in waiting]
        notice._ONE_PAPER_AT_A_TIME.acquire()

    assert answer["Content-Type"].startswith("text/html")
    assert number in answer.content.decode()
    assert all(paper is not None for paper in made)
    assert paper(client, number).startswith(b"%PDF")


def test_paper_of_a_number_that_is_none_is_not_there(client: Client) -> None:
    assert client.get("/notice/ABCD-EFGH.pdf").status_code == 404


def test_every_material_of_a_notice_tells_why(client: Client, directory: None) -> None:
    for code in (DONGSHENG, HEPING, NANGANG, TIANHE):
        client.post("/place/", {"place": code})
        spec = Scheme.objects.filter(region__code__startswith=code[:2]).exclude(region="100000").latest("id").spec
        told = client.get("/notice/", {"item": [item.code for item in spec.offered], **ANSWERS}).context["sheet"]

        assert told.materials
        assert [row.title for row in told.materials if not row.remarks or not row.remarks[0]] == []


def test_situations_asked_are_those_that_matter(client: Client) -> None:
    """安置方式, 落户方式, 是否转移账户余额, 何时退役 here; 是否持军警驾驶证 where there is an item for it."""
    here = sheet(client)
    client.post("/place/", {"place": TIANHE})
    there = sheet(client)

    assert [q for q in ("安置方式", "落户方式", "是否转移医保个人账户余额", "何时退役") if q not in here] == []
    assert "是否持军警驾驶证" not in here and "是否持军警驾驶证" in there


def test_notice_number_mistyped_is_told(client: Client) -> None:
    assert "编号" in sheet(client, no="XXXX-YYYY")


def test_notice_ignores_answers_that_are_none(client: Client) -> None:
    page = client.get("/notice/", {"item": ["I04", "zzz"], "hukou_mode": "<b>", "discharged": "1849-01-01"})

    assert page.status_code == 200
    assert page.context["sheet"].answers == ()
    assert page.context["sheet"].report_by == ""


def test_notice_counts_the_days_to_report(client: Client) -> None:
    """Thirty calendar days from the day of discharge, out of a regulation that the page says is repealed."""
    told = client.get("/notice/", {"item": ["I01"], "discharged": "20260901"}).context["sheet"]

    assert "10月1日" in told.report_by
    assert "《退役士兵安置条例》（已废止）" in told.report_rule
    assert "退役时间：2026年9月1日" in told.answers


def test_days_of_a_chain_add_up(spec: SchemeSpec) -> None:
    """The identity card starts when the household registration is done: 27 working days after 27."""
    chart = flow_chart(spec, ["I04", "I05"], ANSWERS)
    calendar = calendar_now()

    ends = last_days(spec, chart.steps, calendar, date(2026, 9, 15))

    assert ends == {"I04": date(2026, 10, 28), "I05": calendar.add(date(2026, 10, 28), 27)}


def test_notice_asks_as_often_for_one_item_as_for_all(
    client: Client, spec: SchemeSpec, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(7):
        sheet(client, item=["I01"], **ANSWERS)
    with django_assert_num_queries(7):
        sheet(client, item=[item.code for item in spec.offered], **ANSWERS)
