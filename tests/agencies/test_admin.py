from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from agencies.models import CalendarYear, Region, Scheme
from portal.accounts.models import User
from tests.agencies.conftest import REGIONS

IMPORT = "/admin/agencies/scheme/import/"


@pytest.fixture
def console(directory: None, client: Client) -> Client:
    client.force_login(User.objects.create_superuser("keeper", password="demo-2026", legal_name="管理员"))
    return client


def raised(name: str = "ordos", **changes: str) -> str:
    text = (REGIONS / f"{name}.yaml").read_text(encoding="utf-8").replace('version: "2022.2"', 'version: "2026.2"')
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new, 1)
    return text


@pytest.mark.parametrize("model", ["region", "agency", "office", "posting", "scheme", "item", "calendaryear"])
def test_every_list_opens_in_chinese(console: Client, model: str) -> None:
    page = console.get(reverse(f"admin:agencies_{model}_changelist"))

    assert page.status_code == 200
    assert "机构与方案" in page.content.decode()


@pytest.mark.parametrize(
    ("model", "one", "more"),
    [
        ("region", "150602", "1506"),
        ("office", "东胜区公安局", "公安局"),
        ("scheme", "150600", "2024"),
        ("item", "入伍信息核查", "社会保险登记"),
    ],
)
def test_list_takes_the_same_queries_for_one_row_and_many(console: Client, model: str, one: str, more: str) -> None:
    url = reverse(f"admin:agencies_{model}_changelist")
    counts = []
    for words in (one, more):
        with CaptureQueriesContext(connection) as queries:
            page = console.get(url, {"q": words})
        counts.append((len(queries), page.context["cl"].result_count))

    assert counts[0][1] == 1 < counts[1][1]
    assert counts[0][0] == counts[1][0]


def test_scheme_is_shown_in_words_with_its_sources(console: Client) -> None:
    scheme = Scheme.objects.get(region="150600")

    page = console.get(reverse("admin:agencies_scheme_change", args=[scheme.pk])).content.decode()

    for words in (
        "次年7月31日前",
        "150600 OR-13",
        "须先个人养老保险资金已打到旗区社会保险经办机构",
        "0477-8581708",
        "未公布",
    ):
        assert words in page, words
    assert 'name="title"' not in page


def test_scheme_is_neither_added_nor_deleted_by_hand(console: Client) -> None:
    scheme = Scheme.objects.get(region="150600")

    assert console.get("/admin/agencies/scheme/add/").status_code == 403
    assert console.post(f"/admin/agencies/scheme/{scheme.pk}/delete/", {"post": "yes"}).status_code == 403
    assert console.post(f"/admin/agencies/scheme/{scheme.pk}/change/", {"title": "改"}).status_code == 403
    assert Scheme.objects.get(pk=scheme.pk).title == scheme.title


def test_import_checks_and_previews_without_publishing(console: Client) -> None:
    file = SimpleUploadedFile("x.yaml", raised(**{"days: 27": "days: 20"}).encode())

    page = console.post(IMPORT, {"file": file, "check": "1"}).content.decode()

    assert "检查通过，可以发布" in page
    assert "整件事的承诺时限由“27 个工作日”改为“20 个工作日”" in page
    assert "申请人要填的军人退役“一件事一次办”申请表" in page
    assert Scheme.objects.filter(region="150600").count() == 1


def test_import_names_line_and_remedy_of_an_error(console: Client) -> None:
    text = raised(**{"item_order: [I01, I04": "promise: []\n  item_order: [I01, I04"})

    page = console.post(
        IMPORT, {"text": text.replace("  - {code: I01, name:", "  - {code: I01, nmae:", 1), "publish": "1"}
    )

    content = page.content.decode()
    assert "不认识“nmae”" in content
    assert "是不是“name”？改正或删除" in content
    assert Scheme.objects.filter(region="150600").count() == 1


def test_import_publishes_with_a_date(console: Client) -> None:
    text = raised(**{"days: 27": "days: 20"})

    page = console.post(IMPORT, {"text": text, "valid_from": "2027-01-01", "publish": "1"}, follow=True)

    assert "已发布：鄂尔多斯市 2026.2+2024.2。" in page.content.decode()
    newest = Scheme.objects.filter(region="150600").latest("id")
    assert (newest.valid_from, str(newest.spec.overall_limit)) == (date(2027, 1, 1), "20 个工作日")


def test_import_refuses_a_published_version(console: Client) -> None:
    text = raised(**{"days: 27": "days: 20"}).replace('version: "2026.2"', 'version: "2022.2"')

    page = console.post(IMPORT, {"text": text, "publish": "1"})

    assert "方案版本“2022.2”已经发布，内容不能再改" in page.content.decode()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "请选择一个文件，或者粘贴文件内容"),
        (b"\xff\xfe\x00", "文件不是 UTF-8 编码"),
        (b"region: [", "不是正确的 YAML"),
        (b"a: 1", "缺少 region"),
        (b"region: '1'\nversion: '1'\nitems: {A: 1}", "这里要写成列表"),
        (b"[" * 50_000, "层次太多，或者用了引用"),
        (b"a: &a [1]\nb: *a\n", "层次太多，或者用了引用"),
        (b"x" * (1024 * 1024 + 1), "文件超过 1 MB"),
    ],
)
def test_import_answers_to_a_wrong_file(console: Client, content: bytes, said: str) -> None:
    page = console.post(IMPORT, {"file": SimpleUploadedFile("x.yaml", content), "check": "1"})

    assert page.status_code == 200
    assert said in page.content.decode()


def test_import_is_for_those_who_may_publish(directory: None, client: Client) -> None:
    client.force_login(User.objects.create_user("clerk", password="demo-2026", is_staff=True))

    assert client.get(IMPORT).status_code == 403


def test_versions_are_compared(console: Client) -> None:
    console.post(IMPORT, {"text": raised(**{"days: 27": "days: 20"}), "publish": "1"})
    old, new = Scheme.objects.filter(region="150600").order_by("id")

    page = console.get(reverse("admin:agencies_scheme_compare", args=[new.pk]), {"with": old.pk})

    assert "由版本 2022.2+2024.2 到版本 2026.2+2024.2，共 1 处变化" in page.content.decode()


def test_places_are_opened_and_closed_by_action(console: Client) -> None:
    chosen = {"_selected_action": ["120103"], "action": "open_places"}

    console.post(reverse("admin:agencies_region_changelist"), chosen)
    assert Region.objects.get(pk="120103").is_open is True

    console.post(reverse("admin:agencies_region_changelist"), {**chosen, "action": "close_places"})
    assert Region.objects.get(pk="120103").is_open is False


def test_calendar_is_only_read_here(console: Client) -> None:
    """It is brought in on the console's page, which shows first what it moves."""
    assert console.get(reverse("admin:agencies_calendaryear_add")).status_code == 403


def test_calendar_is_shown_in_words(console: Client) -> None:
    page = console.get(
        reverse("admin:agencies_calendaryear_change", args=[CalendarYear.objects.get(year=2025).pk])
    ).content.decode()

    assert "春节：01月28日至02月04日，8天" in page
    assert "国办发明电〔2024〕12号" in page
