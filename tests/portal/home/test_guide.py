"""办事指南: what a scheme says, and 未公布 where it is silent."""

from datetime import date

import pytest
from django.test import Client

from agencies import item_search
from agencies.flow_chart import flow_chart
from agencies.spec import Fee, ResultSpec, SchemeSpec
from portal.home.guide import (
    claim_rows,
    claim_source,
    folded,
    item_page,
    material_rows,
    materials_of,
    order_of_items,
    sources,
)
from portal.web.presenters import Action, SummaryRow
from tests.agencies.conftest import schemes  # noqa: F401  # a fixture
from tests.factories import DONGSHENG, HEPING, TIANHE

TODAY = date(2026, 11, 1)


@pytest.fixture
def client(directory: None) -> Client:
    client = Client()
    client.post("/place/", {"place": DONGSHENG})
    return client


@pytest.mark.django_db
def test_guide_without_place_asks_for_one() -> None:
    assert "先选要落户的地方" in Client().get("/guide/").content.decode()


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
        rows = {row.label: row.value for row in item_page(spec, item, {}, TODAY)}
        assert "" not in rows.values()
        if not item.conditions:
            assert rows["办理条件"] == "未公布"


def test_what_nobody_published_is_named_in_one_row_at_the_end() -> None:
    rows = [SummaryRow("地址", "未公布"), SummaryRow("办理部门", "公安"), SummaryRow("电话", "未公布")]

    assert folded(rows) == [SummaryRow("办理部门", "公安"), SummaryRow("未公布", "地址、电话")]
    assert folded(rows[:2]) == rows[:2]


@pytest.mark.parametrize("name", ["tianjin", "ordos", "heilongjiang", "guangdong"])
def test_item_page_has_the_elements_of_the_guide(schemes: dict[str, SchemeSpec], name: str) -> None:  # noqa: F811
    """GD-09: 设定依据, 办理条件, 办结时限, 办理结果 as rows, 申请材料 below; a ground that is repealed is said to be."""
    spec = schemes[name]

    for item in spec.offered:
        rows = {row.label: row.value for row in item_page(spec, item, {}, TODAY)}
        assert {"依据", "办理条件", "谁可以办", "承诺时限", "法定时限", "办好得到什么"} <= set(rows)
        assert material_rows(spec, materials_of(spec, item), TODAY)
        assert [line for line in rows["依据"].split("\n") if "退役士兵安置条例" in line and "已废止" not in line] == []


@pytest.mark.parametrize("name", ["tianjin", "ordos", "heilongjiang", "guangdong"])
def test_no_source_publishes_fee_sample_or_questions_and_the_guide_says_so(
    schemes: dict[str, SchemeSpec],  # noqa: F811
    name: str,
) -> None:
    """None of the four documents says them; a phone for supervision is published by Ordos alone (OR-28)."""
    spec = schemes[name]
    rows = {row.label: row.value for row in item_page(spec, spec.item("I01"), {}, TODAY)}

    assert {rows[label] for label in ("收费", "结果样本", "常见问题")} == {"未公布"}
    assert rows["监督投诉电话"] == (spec.supervision_phone or "未公布")


def test_item_page_says_fee_ground_sample_and_whom_to_call(schemes: dict[str, SchemeSpec]) -> None:  # noqa: F811
    spec = schemes["ordos"].model_copy(update={"fee": Fee(text="不收费")})
    item = spec.item("I05").model_copy(
        update={
            "fee": Fee(text="20元", ground="某文"),
            "result": ResultSpec(name="证", sample="https://a.example/1.jpg"),
        }
    )
    rows = {row.label: row for row in item_page(spec, item, {}, TODAY, phone="0477-8575378")}

    assert rows["收费"].value == "20元（收费依据：某文）"
    assert {row.value for row in item_page(spec, spec.item("I01"), {}, TODAY) if row.label == "收费"} == {"不收费"}
    assert rows["结果样本"].action == Action("查看", "https://a.example/1.jpg", about="结果样本")
    assert rows["咨询电话"].value == "0477-8575378"


def test_guide_says_which_documents_are_repealed(schemes: dict[str, SchemeSpec]) -> None:  # noqa: F811
    cited = sources(schemes["ordos"], TODAY)

    assert "退役士兵安置条例（国令第608号）（已废止，2024年8月31日止）" in cited
    assert "退役军人安置条例（国令第787号）" in cited


def test_what_rests_on_a_repealed_rule_says_so(schemes: dict[str, SchemeSpec]) -> None:  # noqa: F811
    """The order of 报到 before 户口, and the letter of introduction, are known from the repealed 条例 alone."""
    spec = schemes["tianjin"]
    rows = {row.label: row.value for row in item_page(spec, spec.item("I04"), {}, TODAY)}
    letter = next(row for row in material_rows(spec, spec.materials, TODAY) if "行政介绍信" in row.title)

    assert rows["等什么"] == (
        "“退役报到”办结（公安机关凭报到时开具的落户介绍信办理户口登记；出自已废止的《退役士兵安置条例》）"
    )
    assert letter.remarks[-1] == "出自已废止的《退役士兵安置条例》"
    assert "出自已废止" not in str(material_rows(schemes["ordos"], schemes["ordos"].materials, TODAY))


def test_guide_says_that_no_list_of_materials_is_published(directory: None) -> None:
    """TJ-24, GD-22: what is listed comes from national rules, and the page says so."""
    client = Client()
    for code, is_said in ((HEPING, True), (TIANHE, True), (DONGSHENG, False)):
        client.post("/place/", {"place": code})
        pages = [client.get(address).content.decode() for address in ("/guide/", "/guide/I01/")]
        assert ["本地没有公布材料清单" in page.partition('class="needs"')[0] for page in pages] == [is_said, is_said]


EVERYDAY = {
    "报到": "I01",
    "报道": "I01",
    "退伍": "I01",
    "上户口": "I04",
    "落户": "I04",
    "身份证": "I05",
    "补助": "I02",
    "转社保": "I08",
}


@pytest.mark.parametrize("name", ["tianjin", "ordos", "heilongjiang", "guangdong"])
@pytest.mark.parametrize("words", EVERYDAY)
def test_everyday_words_find_the_item_in_every_region(
    schemes: dict[str, SchemeSpec],  # noqa: F811
    name: str,
    words: str,
) -> None:
    assert item_search.search(schemes[name], words)[0].code == EVERYDAY[words]


def test_order_tells_only_what_waits(schemes: dict[str, SchemeSpec]) -> None:  # noqa: F811
    sentences = order_of_items(flow_chart(schemes["ordos"]))

    assert "居民身份证：等“恢复户口”办结后开始。" in sentences
    assert [sentence for sentence in sentences if sentence.startswith("退役报到")] == []


def test_material_that_only_some_must_bring_names_the_condition(schemes: dict[str, SchemeSpec]) -> None:  # noqa: F811
    spec = schemes["ordos"]
    conditional = tuple(material for material in spec.materials if material.when)

    rows = material_rows(spec, conditional, TODAY)

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
