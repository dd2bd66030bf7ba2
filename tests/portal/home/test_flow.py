"""流程图: the drawing holds together for every scheme, and the words say the same."""

import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from agencies.flow_chart import flow_chart
from agencies.models import Scheme
from agencies.spec import SchemeSpec
from portal.home.drawing import BOX_HEIGHT, Flow, draw, draw_for_phone
from portal.home.flow import sentences
from tests.factories import DONGSHENG, TIANHE

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("directory")]
REGIONS = ("100000", "120000", "150600", "230000", "440000")


def spec_of(region: str) -> SchemeSpec:
    return Scheme.objects.get(region_id=region).spec


def drawing(region: str) -> Flow:
    return draw(spec_of(region), flow_chart(spec_of(region)))


@pytest.mark.parametrize("region", REGIONS)
def test_boxes_never_overlap_and_stay_in_the_field(region: str) -> None:
    flow = drawing(region)

    places = [(box.x, box.row) for box in flow.boxes]
    assert len(set(places)) == len(places)
    assert all(box.x >= 0 and box.right <= flow.width for box in flow.boxes)
    assert all(box.y + BOX_HEIGHT <= flow.height for box in flow.boxes)


@pytest.mark.parametrize("region", REGIONS)
def test_every_item_is_drawn_once_and_leads_to_the_result(region: str) -> None:
    spec, flow = spec_of(region), drawing(region)

    items = [box for box in flow.boxes if box.kind == "item"]
    ends = [line for line in flow.lines if line.kind == "result"]
    assert len(items) == len([item for item in spec.items if item.enabled and not item.survey_only])
    assert len(ends) == len(items) + 1


@pytest.mark.parametrize("region", REGIONS)
def test_lines_stay_in_the_field(region: str) -> None:
    flow = drawing(region)

    for line in flow.lines:
        numbers = [int(number) for number in re.findall(r"\d+", line.path)]
        assert max(numbers) <= max(flow.width, flow.height)
        assert "-" not in line.path


def test_outside_facts_stand_beside_what_waits_for_them() -> None:
    """OR-07, OR-08."""
    flow = drawing("150600")

    facts = [box for box in flow.boxes if box.kind == "fact"]
    rows = {"".join(box.title): box.row for box in flow.boxes if box.kind == "item"}
    assert [box.row for box in facts] == [rows["养老保险转移接续"], rows["医保转移接续"]]
    assert sum(line.kind == "fact" for line in flow.lines) == 2


def test_words_say_what_the_drawing_shows() -> None:
    spec = spec_of("150600")

    assert sentences(spec, flow_chart(spec)) == [
        "先在旗区人武部完成预备役登记，取得预备役登记证明。",
        "填登记表，五件事同时开始：退役报到、一次性经济补助金、恢复户口、灵活就业参保登记、医保参保和变更登记。",
        "养老保险转移接续：等个人养老保险资金已打到旗区社会保险经办机构后开始；建议先办灵活就业参保登记。",
        "医保转移接续：等医疗保险基金已打到旗区医疗保险中心后开始；建议先办医保参保和变更登记。",
        "居民身份证：等“恢复户口”办结后开始。",
        "居民身份证：需本人到现场进行人脸和指纹录入。",
        "每一件办好就告诉您，全部办好后汇成一张办理结果反馈单。",
    ]


@pytest.mark.parametrize("region", REGIONS)
def test_drawing_for_a_phone_shows_the_same_boxes_one_below_the_other(region: str) -> None:
    spec = spec_of(region)

    wide, phone = draw(spec, flow_chart(spec)), draw_for_phone(spec, flow_chart(spec))

    assert sorted(box.title for box in phone.boxes) == sorted(box.title for box in wide.boxes)
    assert [box.row for box in phone.boxes] == list(range(len(phone.boxes)))
    assert all(box.x >= 0 and box.right <= phone.width <= 340 and box.bottom <= phone.height for box in phone.boxes)


def test_item_stands_indented_below_what_it_waits_for() -> None:
    boxes = {"".join(box.title): box for box in draw_for_phone(spec_of("440000"), flow_chart(spec_of("440000"))).boxes}

    chain = [boxes[name] for name in ("退役报到", "恢复户口", "居民身份证")]
    assert [box.row for box in chain] == [1, 2, 3]
    assert chain[0].x < chain[1].x < chain[2].x


def test_no_name_of_the_shipped_schemes_is_cut() -> None:
    for region in REGIONS:
        assert [box for box in drawing(region).boxes if "…" in "".join(box.title)] == []


def test_pre_review_is_told_in_words_and_in_the_box_of_the_form() -> None:
    """HL-16."""
    spec = spec_of("230000")
    chart = flow_chart(spec)

    assert sentences(spec, chart)[0].startswith("填登记表，先由退役军人事务局预审，通过后九件事同时开始：退役报到、")
    forms = [
        box for flow in (draw(spec, chart), draw_for_phone(spec, chart)) for box in flow.boxes if box.kind == "form"
    ]
    assert {box.words for box in forms} == {"先预审，再分送"}


def test_page_without_place_asks_for_one() -> None:
    assert "先选要落户的地方" in Client().get("/guide/flow/").content.decode()


@pytest.mark.parametrize("place", [DONGSHENG, TIANHE])
def test_page_asks_as_often_for_every_place(place: str, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    client = Client()
    client.post("/place/", {"place": place})

    with django_assert_num_queries(6):
        assert client.get("/guide/flow/").status_code == 200
