"""办事指南: what a scheme says, and 未公布 where it is silent."""

from datetime import date

import pytest
from django.test import Client

from agencies import guide
from agencies.spec import SchemeSpec
from portal.home.guide import claim_rows, claim_source, item_page, material_rows, order_of_items
from tests.agencies.conftest import schemes  # noqa: F401  # a fixture
from tests.factories import DONGSHENG


@pytest.fixture
def client(directory: None) -> Client:
    client = Client()
    client.post("/place/", {"place": DONGSHENG})
    return client


@pytest.mark.django_db
def test_guide_without_place_asks_for_one() -> None:
    assert "先选落户地" in Client().get("/guide/").content.decode()


def test_guide_finds_an_item_by_everyday_words(client: Client) -> None:
    page = client.get("/guide/", {"q": "上户口"}).content.decode()

    assert "恢复户口" in page
    assert "一次性经济补助金" not in page


def test_guide_search_without_result_offers_everything(client: Client) -> None:
    assert "没有找到这件事" in client.get("/guide/", {"q": "zzz"}).content.decode()


def test_guide_item_of_another_scheme_is_not_there(client: Client) -> None:
    assert client.get("/guide/no-such/").status_code == 404


def test_every_item_of_the_place_has_a_page(client: Client) -> None:
    page = client.get("/guide/")

    assert {client.get(f"/guide/{row.code}/").status_code for row in page.context["rows"]} == {200}


@pytest.mark.parametrize("name", ["tianjin", "ordos", "heilongjiang", "guangdong"])
def test_item_page_says_not_published_where_the_scheme_is_silent(schemes: dict[str, SchemeSpec], name: str) -> None:  # noqa: F811
    spec = schemes[name]

    for item in spec.offered:
        rows = {row.label: row.value for row in item_page(spec, item, {}, date(2026, 11, 1))}
        assert "" not in rows.values()
        if not item.conditions:
            assert rows["办理条件"] == "未公布"


def test_order_tells_only_what_waits(schemes: dict[str, SchemeSpec]) -> None:  # noqa: F811
    sentences = order_of_items(guide.flow_chart(schemes["ordos"]))

    assert "居民身份证：等“恢复户口”办结后开始。" in sentences
    assert [sentence for sentence in sentences if sentence.startswith("退役报到")] == []


def test_material_that_only_some_must_bring_names_the_condition(schemes: dict[str, SchemeSpec]) -> None:  # noqa: F811
    spec = schemes["ordos"]
    conditional = tuple(material for material in spec.materials if material.when)

    rows = material_rows(spec, conditional)

    assert rows
    assert [row.title for row in rows if not row.remarks[0].startswith("如果您")] == []


def test_claims_are_the_regions_own_words_with_their_source(schemes: dict[str, SchemeSpec]) -> None:  # noqa: F811
    """HL-11: before and after as published; one claim has no before."""
    spec = schemes["heilongjiang"]

    rows = {row.label: (row.before, row.after) for row in claim_rows(spec)}

    assert rows["办理时限"] == ("61 个工作日", "最多15 个工作日")
    assert rows["整体效能提升"] == ("—", "92%")
    assert claim_source(spec) != ""
    assert claim_rows(schemes["ordos"]) == []
