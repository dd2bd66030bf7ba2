"""好差评 on the pages: asked quietly, shown back to the person, hidden from those who are rated, answered by supervisors."""

import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from agencies.enums import Role
from agencies.models import Region
from applications import ratings, review
from applications.enums import Channel
from applications.models import Application, Rating
from portal.accounts.models import User
from tests import factories

pytestmark = pytest.mark.usefixtures("directory")

ASKED = "可以评价，也可以不评"


def ended(ticked: list[str] | None = None) -> Application:
    """A case whose first item was completed today; closed where it has no other."""
    case = factories.delivered(ticked=ticked or ["I07"])
    task = factories.task_of(case, "I07")
    reviewer = factories.reviewer_of(task)
    review.accept(task, reviewer=reviewer)
    review.complete(task, reviewer=reviewer)
    case.refresh_from_db()
    return case


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def supervisor() -> User:
    return factories.staff(Role.SUPERVISOR, region=Region.objects.get(pk=factories.DONGSHENG).parent, name="苏督办")


def bad(case: Application, text: str = "电话没有人接") -> Rating:
    return ratings.rate(
        case,
        user=case.entered_by,
        task=factories.task_of(case, "I07"),
        grade=1,
        reasons=["speed"],
        text=text,
    )


def test_closed_case_asks_once_and_shows_back_what_was_said() -> None:
    case = ended()
    client = signed_in(case.entered_by)
    assert ASKED in client.get(f"/cases/{case.number}/").content.decode()

    page = client.post(f"/cases/{case.number}/rate/", {"grade": 5, "text": "没有多跑"}, follow=True).content.decode()

    assert "谢谢您" in page
    assert "没有多跑" in page
    whole = client.get(f"/cases/{case.number}/").content.decode()
    assert ASKED not in whole
    assert "您的评价" in whole


def test_open_case_asks_nothing_but_an_ended_item_has_a_way_to_it() -> None:
    case = ended(["I01", "I07"])
    client = signed_in(case.entered_by)

    page = client.get(f"/cases/{case.number}/").content.decode()

    assert ASKED not in page
    task = factories.task_of(case, "I07")
    assert re.findall(r"/rate/(\d+)/", page) == [str(task.pk)]
    assert client.get(f"/cases/{case.number}/rate/{task.pk}/").status_code == 200


def test_what_cannot_be_rated_leads_back_to_the_case() -> None:
    case = ended(["I01", "I07"])
    client = signed_in(case.entered_by)
    waiting = factories.task_of(case, "I01")

    for address in (f"/cases/{case.number}/rate/", f"/cases/{case.number}/rate/{waiting.pk}/"):
        assert client.get(address).url == f"/cases/{case.number}/"  # type: ignore[attr-defined]
    foreign = factories.task_of(ended(), "I07")
    assert client.get(f"/cases/{case.number}/rate/{foreign.pk}/").status_code == 404


def test_bad_grade_without_a_reason_keeps_what_was_typed() -> None:
    case = ended()

    page = signed_in(case.entered_by).post(f"/cases/{case.number}/rate/", {"grade": 1, "text": "电话没有人接"})

    assert "请至少选一个方面" in page.content.decode()
    assert "电话没有人接" in page.content.decode()
    assert not Rating.objects.exists()


def test_second_click_is_no_addition() -> None:
    case = ended()
    client = signed_in(case.entered_by)

    for _ in range(2):
        client.post(f"/cases/{case.number}/rate/", {"grade": 5})
    assert Rating.objects.count() == 1
    client.post(f"/cases/{case.number}/rate/", {"grade": 4, "add": "1"})

    assert list(Rating.objects.values_list("grade", flat=True)) == [5, 4]
    assert "追加一次" not in client.get(f"/cases/{case.number}/rate/").content.decode()


def test_window_takes_a_rating_and_shows_none() -> None:
    case = ended()
    clerk = signed_in(factories.clerk())
    assert f"/window/cases/{case.number}/rate/" in clerk.get(f"/window/cases/{case.number}/").content.decode()

    clerk.post(f"/window/cases/{case.number}/rate/", {"grade": 2, "reasons": ["attitude"], "text": "等太久"})

    assert Rating.objects.get().channel == Channel.WINDOW
    page = clerk.get(f"/window/cases/{case.number}/rate/", follow=True).content.decode()
    assert "已经评价过" in page
    assert "等太久" not in page
    assert "不满意" not in page


def test_no_page_of_the_office_and_window_tells_that_somebody_rated() -> None:
    case = ended()
    task = factories.task_of(case, "I07")
    bad(case)
    officer, clerk = signed_in(factories.reviewer_of(task)), signed_in(factories.clerk())
    pages = [
        officer.get(address).content.decode()
        for address in (
            f"/desk/tasks/{case.number}/I07/",
            f"/desk/cases/{case.number}/",
            "/desk/done/",
            "/desk/questions/",
        )
    ]
    pages += [clerk.get(f"/window/cases/{case.number}/").content.decode()]

    assert [word for page in pages for word in ("不满意", "电话没有人接", "差评") if word in page] == []
    assert officer.get("/console/ratings/").status_code == clerk.get("/console/ratings/").status_code == 404


def test_supervisor_answers_without_the_name_and_the_person_reads_it() -> None:
    case = ended()
    said = bad(case)
    client = signed_in(supervisor())
    address = f"/console/ratings/{said.pk}/"

    pages = client.get("/console/ratings/").content.decode() + client.get(address).content.decode()
    client.post(address, {"text": "已加开一条电话线"})

    assert "电话没有人接" in pages
    assert [secret for secret in (case.subject_name, case.entered_by.username) if secret in pages] == []
    assert address not in client.get("/console/ratings/").content.decode()
    assert address in client.get("/console/ratings/?show=answered").content.decode()
    own = signed_in(case.entered_by).get(f"/cases/{case.number}/rate/{said.task_id}/").content.decode()
    assert "已加开一条电话线" in own
    assert "苏督办" not in own


def test_good_ratings_are_read_by_supervisors_and_their_case_is_not_named() -> None:
    case = ended()
    good = ratings.rate(case, user=case.entered_by, grade=5, text="没有多跑<b>")
    client = signed_in(supervisor())

    pages = [
        client.get(address).content.decode()
        for address in ("/console/ratings/?show=good", f"/console/ratings/{good.pk}/")
    ]

    assert [page for page in pages if "没有多跑&lt;b&gt;" not in page or case.number in page] == []
    assert f"/console/ratings/{good.pk}/" not in client.get("/console/ratings/").content.decode()
    assert "发出答复" not in pages[1]


def test_supervisor_is_told_how_a_person_without_an_account_reads_the_answer() -> None:
    clerk = factories.clerk()
    case = ended()
    Application.objects.filter(pk=case.pk).update(applicant=None)
    said = ratings.rate(case, user=clerk, channel=Channel.WINDOW, grade=1, reasons=["attitude"])

    page = signed_in(supervisor()).post(f"/console/ratings/{said.pk}/", {"text": "已整改"}, follow=True)

    assert "在窗口开通以后看得到" in page.content.decode()


def test_late_click_is_told_so_and_not_shown_an_error() -> None:
    case = ended()
    client = signed_in(case.entered_by)
    address = f"/cases/{case.number}/rate/"
    client.post(address, {"grade": 5})
    client.post(address, {"grade": 4, "add": "1"})

    answer = client.post(address, {"add": "1"}, follow=True)

    assert answer.redirect_chain == [(f"/cases/{case.number}/", 302)]
    assert "已经评价过" in answer.content.decode()


def test_person_sees_that_a_window_took_it_down() -> None:
    case = ended()
    ratings.rate(case, user=factories.clerk(), channel=Channel.WINDOW, grade=5)

    page = signed_in(case.entered_by).get(f"/cases/{case.number}/rate/").content.decode()

    assert "，窗口</dd>" in page


def test_overview_tells_of_ratings_only_when_there_are_any() -> None:
    case, client = ended(), signed_in(supervisor())
    assert "主动评价" not in client.get("/console/").content.decode()

    bad(case)

    page = client.get("/console/").content.decode()
    assert "0%（0 次）" in page
    assert "100%（1 件办结，1 件评过）" in page
    assert "没有评的不当作满意" in page


@pytest.mark.parametrize("count", [1, 3])
def test_list_of_bad_ratings_takes_the_same_queries_for_any_number(
    count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(count):
        bad(ended())
    client = signed_in(supervisor())

    with django_assert_num_queries(7):
        client.get("/console/ratings/")


@pytest.mark.parametrize("ticked", [["I07"], ["I04", "I07", "I10"]])
def test_page_of_a_rating_takes_the_same_queries_for_any_number_of_items(
    ticked: list[str], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    case = ended(ticked)
    said = bad(case)
    client = signed_in(case.entered_by)

    with django_assert_num_queries(14):
        client.get(f"/cases/{case.number}/rate/{said.task_id}/")
