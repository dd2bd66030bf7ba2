"""工作日历: what the counting rests on, and bringing in a notice after seeing what it moves."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from agencies.calendars import parse_calendar
from agencies.enums import Role
from agencies.models import CalendarYear
from applications import review
from applications.enums import Action
from applications.models import ItemTask
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("directory")]
PAGE, IMPORT = "/console/calendars/", "/console/calendars/import/"
TEXT = "year: 2027\nnotice: 测试通知\nstatutory_days: 1\nholidays: [{name: 元旦, from: 2027-01-01, to: 2027-01-03, days: 3}]\n"


@pytest.fixture
def administrator(client: Client) -> Client:
    client.force_login(factories.staff(Role.ADMINISTRATOR))
    return client


def local(task: ItemTask) -> str:
    day = task.due_on
    return f'region: "150600"\nyear: {day.year}\nnotice: 当地通知\nholidays: [{{name: 节, from: {day}, to: {day}}}]'


def running() -> ItemTask:
    task = factories.task_of(factories.delivered(ticked=["I07"]), "I07")
    return review.accept(task, reviewer=factories.reviewer_of(task))


def test_page_shows_every_version_with_its_notice(administrator: Client) -> None:
    page = administrator.get(PAGE)

    first = page.context["rows"][0]
    assert (first.year, first.place, first.version, first.is_in_force) == (2026, "全国", "第 1 版", True)
    assert first.notice == "国务院办公厅关于2026年部分节假日安排的通知（国办发明电〔2025〕7号）"
    assert first.holidays.startswith("元旦 1月1日至1月3日，春节 2月15日至2月23日")
    assert first.made_up == "1月4日、2月14日、2月28日、5月9日、9月20日、10月10日"


def test_supervisor_reads_and_brings_nothing_in(client: Client) -> None:
    client.force_login(factories.staff(Role.SUPERVISOR, region=factories.place("150600")))

    assert "看看会改变什么" not in client.get(PAGE).content.decode()
    assert client.post(IMPORT, {"text": TEXT}).status_code == 404


def test_administrator_of_a_region_brings_in_no_days_for_others(client: Client) -> None:
    client.force_login(factories.staff(Role.ADMINISTRATOR, region=factories.place("150600")))
    task = running()
    texts = [TEXT, local(task).replace("150600", factories.HEPING), local(task)]

    pages = [client.post(IMPORT, {"text": text}) for text in texts]

    assert ["只能导入" in page.content.decode() for page in pages] == [True, True, False]
    assert pages[2].context["moved"] == 1


def test_example_beside_the_form_is_a_file_that_could_be_brought_in(administrator: Client) -> None:
    shown = administrator.get(PAGE).context

    assert str(parse_calendar(shown["example"], "例子").year) == shown["example_year"]


def test_import_is_shown_first_and_writes_nothing(administrator: Client) -> None:
    task = running()

    page = administrator.post(IMPORT, {"text": local(task)})

    row = page.context["moves"][0]
    assert (page.status_code, page.context["moved"], row.number) == (200, 1, task.application.number)
    assert row.note == "推后"
    assert not CalendarYear.objects.exclude(region=None).exists()


def test_import_is_confirmed_and_moves_what_was_shown(administrator: Client) -> None:
    task = running()
    seen = administrator.post(IMPORT, {"text": local(task)})

    page = administrator.post(
        IMPORT, {"text": local(task), "confirm": "1", "seen": seen.context["mark"]}, follow=True
    )  # fmt: skip

    assert "鄂尔多斯市" in page.content.decode()
    assert "已导入。1 件改了到期日，流转记录里写明了原因。" in page.content.decode()
    assert task.log.filter(action=Action.RECOMPUTE).count() == 1


def test_what_changed_meanwhile_is_shown_again(administrator: Client) -> None:
    task = running()
    seen = administrator.post(IMPORT, {"text": local(task)})
    review.accept(
        again := factories.task_of(factories.delivered(ticked=["I07"]), "I07"), reviewer=factories.reviewer_of(again)
    )

    page = administrator.post(IMPORT, {"text": local(task), "confirm": "1", "seen": seen.context["mark"]})

    assert page.context["is_stale"] is True
    assert page.context["moved"] == 2
    assert not CalendarYear.objects.exclude(region=None).exists()


def test_file_is_taken_as_well(administrator: Client) -> None:
    file = SimpleUploadedFile("2027.yaml", TEXT.encode("utf-8-sig"))

    page = administrator.post(IMPORT, {"file": file})

    assert (page.context["year"], page.context["is_new"]) == (2027, True)


def test_impossible_calendar_is_refused_in_words(administrator: Client) -> None:
    page = administrator.post(IMPORT, {"text": TEXT.replace("statutory_days: 1", "make_up_days: [2027-03-05]")})

    assert "2027-03-05不是周末，不能列为调休上班日" in page.content.decode()
    assert not CalendarYear.objects.filter(year=2027).exists()


@pytest.mark.parametrize("text", ["", "[", "year: 2027", "- 1", "x" * 200_000])
def test_anything_else_is_refused_in_words(administrator: Client, text: str) -> None:
    page = administrator.post(IMPORT, {"text": text})

    assert page.context["form"].errors
    assert "没有导入" in page.content.decode()


@pytest.mark.parametrize(
    "text",
    [
        "[" * 50_000,
        TEXT.replace("year: 2027", "year: .inf"),
        TEXT.replace("statutory_days: 1", "statutory_days: one"),
        TEXT.replace("2027-01-01", "0001-01-01"),
        TEXT.replace("2027-01-03", "9999-12-31"),
        TEXT.replace("-01, to", "-01 09:00:00, to").replace("-03, days", "-03 09:00:00, days"),
        TEXT.replace("测试通知", "通知" * 101),
        TEXT.replace("测试通知", '"a\\0b"'),
        TEXT.replace("元旦", '"\\ud800"'),
        "a: &a [x,x]\nb: &b [*a,*a]\n" + TEXT,
        'region: "150600"\nyear: 99999\nnotice: 通知\nholidays: []',
    ],
)
def test_odd_calendar_is_refused_in_words(administrator: Client, text: str) -> None:
    """Nothing of it may break the page, and a moment taken for a day would break the counting of all."""
    page = administrator.post(IMPORT, {"text": text})

    assert page.context["form"].errors


def test_same_calendar_again_offers_no_button(administrator: Client) -> None:
    mark = administrator.post(IMPORT, {"text": TEXT}).context["mark"]
    administrator.post(IMPORT, {"text": TEXT, "confirm": "1", "seen": mark})

    page = administrator.post(IMPORT, {"text": TEXT})

    assert page.context["is_new"] is False
    assert "确认导入" not in page.content.decode()


def test_preview_asks_as_often_for_one_case_as_for_three(
    administrator: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    task = running()
    text = local(task)
    administrator.post(IMPORT, {"text": text})
    with django_assert_num_queries(13):
        administrator.post(IMPORT, {"text": text})
    running(), running()
    with django_assert_num_queries(13):
        administrator.post(IMPORT, {"text": text})
