from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from django.core.management import call_command

from agencies.divisions import level_of, read_divisions
from agencies.enums import Level
from agencies.models import Office, Region
from agencies.routing import NoOffice, office_for, offices_for
from tests.agencies.conftest import REGIONS

EXAMPLE = REGIONS.parent.parent / "docs" / "example"
DIVISIONS = read_divisions(REGIONS / "divisions.csv")
BY_CODE = {division.code: division for division in DIVISIONS}


def test_divisions_are_complete_down_to_the_county() -> None:
    now = [division for division in DIVISIONS if division.valid_until is None]
    counties = Counter(d.code[:2] for d in now if level_of(d.code) == Level.COUNTY)
    cities = Counter(d.code[:2] for d in now if level_of(d.code) == Level.CITY)

    # 大兴安岭地区 has, besides its three counties, four districts of its own that GB/T 2260 does not list.
    assert counties == {"12": 16, "15": 9, "23": 121 + 4, "44": 122}
    assert cities == {"15": 1, "23": 13, "44": 21}


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("120101", "和平区"), ("120117", "宁河区"), ("120118", "静海区"), ("120119", "蓟州区"), ("150602", "东胜区"),
        ("150603", "康巴什区"), ("150627", "伊金霍洛旗"), ("230113", "双城区"), ("230719", "友好区"), ("231183", "嫩江市"),
        ("232701", "漠河市"), ("440118", "增城区"), ("440311", "光明区"), ("441204", "高要区"), ("441900", "东莞市"),
    ],
)  # fmt: skip
def test_division_has_its_present_code(code: str, name: str) -> None:
    assert (BY_CODE[code].name, BY_CODE[code].valid_until) == (name, None)


def test_abolished_division_names_its_successor() -> None:
    ended = {d.code: d.successor for d in DIVISIONS if d.valid_until}

    assert (ended["120225"], ended["230704"], ended["232723"]) == ("120119", "230719", "232701")
    assert all(BY_CODE[successor].valid_until is None for successor in ended.values())


def test_division_keeps_its_dates_and_successor(directory: None) -> None:
    call_command("load_region", EXAMPLE, verbosity=0)

    old, new = (Region.objects.get(pk=code) for code in ("980101", "980102"))

    assert (old.valid_until, old.successor) == (date(2025, 12, 31), new)
    assert (new.valid_from, new.valid_until) == (date(2026, 1, 1), None)
    assert not old.is_open and not Office.objects.filter(region=old).exists()


def test_divisions_with_a_dangling_parent_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "divisions.csv"
    path.write_text("code,name,parent,valid_until,successor\n990101,甲县,990000,,\n", encoding="utf-8")

    with pytest.raises(ValueError, match="“甲县”（990101）指向不存在的代码“990000”"):
        read_divisions(path)


def test_division_knows_its_full_name(directory: None) -> None:
    place = Region.objects.get(pk="150602")

    assert place.full_name == "内蒙古自治区鄂尔多斯市东胜区"
    assert [place.code for place in place.lineage()] == ["150602", "150600", "150000", "100000"]


def test_open_places_are_those_of_the_plans(directory: None) -> None:
    opened = Counter(code[:2] for code in Region.objects.open().values_list("code", flat=True))

    # 东莞 and 中山 have no counties: the city itself is the place. OR-22: Ordos has windows at 市本级 as well.
    assert opened == {"12": 1, "15": 9 + 1, "23": 125, "44": 122 + 2}


def test_city_of_ordos_can_be_chosen_and_has_its_own_offices(directory: None) -> None:
    """OR-22: a window at 市本级; its phone is not published."""
    city = Region.objects.get(pk="150600")

    assert (city.is_open, city.phone, city.window) == (True, "", "鄂尔多斯市政务服务中心“蒙速办·一次办”窗口")
    assert offices_for(city)["police"].name == "鄂尔多斯市公安局"


def test_every_place_of_a_plan_has_an_office_of_each_agency(directory: None) -> None:
    for place in Region.objects.open():
        assert set(offices_for(place)) == {"veterans", "police", "hrss", "medical", "armed_forces"}, place


def test_abolished_place_has_no_office(directory: None) -> None:
    assert not Office.objects.filter(region__valid_until__isnull=False).exists()


def test_route_takes_the_nearest_office(directory: None) -> None:
    dongsheng, township = Region.objects.get(pk="150602"), Region(code="150602001", level=Level.TOWNSHIP)
    township.parent = dongsheng

    assert offices_for(dongsheng)["police"].name == "东胜区公安局"
    assert offices_for(township)["police"].name == "东胜区公安局"
    assert offices_for(dongsheng.parent or dongsheng)["armed_forces"].name == "鄂尔多斯军分区动员处"


def test_route_without_office_names_agency_and_place(directory: None) -> None:
    place = Region.objects.get(pk="150602")

    with pytest.raises(NoOffice, match="鄂尔多斯市东胜区没有登记“tax”的办理机构"):
        office_for("tax", place, offices_for(place))
