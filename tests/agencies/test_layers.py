"""The rule of merging, on small layers, and properties of it on made-up ones."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agencies.layers import LayerError, effective, normalise
from tests.agencies.conftest import compiled, layer

FORM = {
    "title": "表",
    "sections": [{"code": "basic", "title": "基本", "fields": [{"field": "name"}, {"field": "mobile"}]}],
}
TOP: dict[str, Any] = {
    "region": "100000", "version": "1", "title": "上级", "valid_from": "2024-01-01", "service_name": "一件事", "source": "甲",
    "slogans": ["一次"], "form": FORM,
    "items": [
        {"code": "A", "name": "甲事", "agencies": ["x"], "fields": ["name", "mobile"],
         "field_map": {"x": [{"field": "name", "target": "xm"}, {"field": "mobile", "target": "dh"}]}},
        {"code": "B", "name": "乙事", "agencies": ["x"], "requires": [{"item": "A"}], "aliases": ["乙"]},
    ],
    "materials": [{"code": "M", "name": "材料", "serves": ["A"]}, {"code": "N", "name": "共用", "serves": []}],
}  # fmt: skip


def below(**values: Any) -> dict[str, Any]:
    return {"region": "990000", "version": "2", "title": "下级", "valid_from": "2025-01-01", "source": "乙", **values}


def codes(content: dict[str, Any], name: str = "items") -> list[str]:
    return [entry["code"] for entry in content[name]]


def test_value_of_the_lower_layer_wins_and_knows_its_origin() -> None:
    content = effective([TOP, below(service_name="新名", items=[{"code": "A", "name": "新甲事", "source": "乙-3"}])])

    assert (content["service_name"], content["items"][0]["name"]) == ("新名", "新甲事")
    assert content["items"][0]["agencies"] == ["x"]
    assert content["provenance"]["items.A.name"] == "990000 乙-3"
    assert content["provenance"]["items.A.agencies"] == "100000 甲"


def test_list_is_replaced_and_plus_appends() -> None:
    replaced = effective([TOP, below(slogans=["二次"])])
    appended = effective([TOP, below(**{"slogans+": ["二次"]}, items=[{"code": "B", "aliases+": ["丙"]}])])

    assert replaced["slogans"] == ["二次"]
    assert appended["slogans"] == ["一次", "二次"]
    assert appended["items"][1]["aliases"] == ["乙", "丙"]


def test_fee_of_the_lower_layer_does_not_keep_the_ground_of_the_one_above() -> None:
    above = {**TOP, "fee": {"text": "5元", "ground": "甲文", "source": "甲"}}

    content = effective([above, below(fee={"text": "不收费", "source": "乙"})])

    assert content["fee"] == {"text": "不收费", "source": "乙"}


def test_removed_item_takes_its_edges_and_materials_along() -> None:
    content = effective([TOP, below(items=[{"code": "A", "remove": True}])])

    assert codes(content) == ["B"]
    assert content["items"][0]["requires"] == []
    assert codes(content, "materials") == ["N"]
    assert [path for path in content["provenance"] if path.startswith("items.A")] == []


def test_offers_keeps_and_orders() -> None:
    assert codes(effective([TOP, below(offers=["B", "A"])])) == ["B", "A"]


def test_offers_of_an_undefined_item_is_refused() -> None:
    with pytest.raises(LayerError, match="offers 中的事项“C”没有定义"):
        effective([TOP, below(offers=["C"])])


def test_replaces_starts_a_list_anew() -> None:
    content = effective([TOP, below(replaces=["materials"], materials=[{"code": "P", "name": "新材料"}])])

    assert codes(content, "materials") == ["P"]
    assert "materials.N.name" not in content["provenance"]


def test_field_that_the_form_lacks_is_neither_asked_nor_sent() -> None:
    form = {"sections": [{"code": "basic", "title": "基本", "fields": [{"field": "name"}]}]}

    content = effective([TOP, below(form=form)])

    assert content["items"][0]["fields"] == ["name"]
    assert [line["target"] for line in content["items"][0]["field_map"]["x"]] == ["xm"]
    assert content["form"]["title"] == "表"


def test_short_field_maps_are_spelt_out() -> None:
    given_map = {"x": ["name", {"id_no": "公民身份号码"}, {"target": "gx", "default": "本人"}]}

    long_form = normalise({"region": 1, "version": 1, "items": [{"code": "A", "field_map": given_map}], "x-note": 1})

    assert long_form["items"][0]["field_map"]["x"] == [
        {"field": "name", "target": "name"},
        {"field": "id_no", "target": "id_no", "label": "公民身份号码"},
        {"target": "gx", "default": "本人"},
    ]
    assert "x-note" not in long_form


def test_effective_scheme_of_a_place_is_below_all_its_layers() -> None:
    district = {"region": "150602", "version": "1", "title": "区级", "valid_from": "2026-01-01", "source": "示例",
                "items": [{"code": "I05", "promised_limit": {"unit": "working_day", "days": 5, "source": "示例"}}]}  # fmt: skip

    spec = compiled(layer("nation"), layer("ordos"), district)

    assert (str(spec.item("I05").promised_limit), spec.item("I05").name) == ("5 个工作日", "核发居民身份证")
    origins = [spec.provenance[f"items.I05.{part}"] for part in ("promised_limit", "name", "legal_limit")]
    assert origins == ["150602 示例", "150600 OR-14", "100000 L29 第12条"]


codes_of_items = st.sampled_from("ABCD")
some_codes = st.lists(codes_of_items, max_size=3, unique=True)
some_words = st.lists(st.sampled_from("子丑寅"), max_size=3)
items = st.fixed_dictionaries(
    {"code": codes_of_items},
    optional={
        "name": st.text("甲乙丙", min_size=1, max_size=3),
        "aliases": some_words,
        "aliases+": some_words,
        "remove": st.booleans(),
        "agencies": st.lists(st.sampled_from("xyz"), max_size=2),
        "requires": st.lists(st.fixed_dictionaries({"item": codes_of_items}), max_size=2),
    },
)
materials = st.fixed_dictionaries(
    {"code": st.sampled_from("MNO")},
    optional={
        "name": st.text("甲乙丙", min_size=1, max_size=3),
        "serves": some_codes,
        "serves+": some_codes,
        "remove": st.booleans(),
    },
)
forms = st.fixed_dictionaries(
    {},
    optional={
        "title": st.sampled_from(["表一", "表二"]),
        "note": st.text("说明", max_size=2),
        "promise": some_words,
        "promise+": some_words,
    },
)
layers = st.fixed_dictionaries(
    {"region": st.sampled_from(["110000", "120000"]), "version": st.just("1")},
    optional={
        "service_name": st.sampled_from(["一件事", "一站办"]),
        "slogans": some_words,
        "slogans+": some_words,
        "correction_days": st.integers(1, 30),
        "overall_limit": st.fixed_dictionaries({"unit": st.just("working_day"), "days": st.integers(1, 60)}),
        "items": st.lists(items, max_size=4, unique_by=lambda entry: entry["code"]),
        "materials": st.lists(materials, max_size=3, unique_by=lambda entry: entry["code"]),
        "form": forms,
        "replaces": st.lists(st.sampled_from(["slogans", "materials", "items", "form"]), max_size=2, unique=True),
        "offers": some_codes,
    },
)
KEYED = ("items", "materials")
PLAIN = ("service_name", "slogans", "correction_days", "overall_limit", "form")


def lay(target: dict[str, Any], key: str, value: Any) -> None:
    """One value over what is above: `key+` appends, a mapping without a unit is joined, all else takes the place."""
    name = key.rstrip("+")
    if key.endswith("+"):
        target[name] = [*target.get(name, []), *value]
    elif isinstance(value, dict) and "unit" not in value and isinstance(target.get(name), dict):
        for part, inner in value.items():
            lay(target[name], part, inner)
    else:
        target[name] = value


def by_the_rule(stack: list[dict[str, Any]]) -> dict[str, Any]:
    """The written rule done the plain way, layer by layer; references to what is not there are left out at the end."""
    found: dict[str, Any] = {}
    keyed: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in KEYED}
    for data in deepcopy(stack):
        for name in data.get("replaces", []):
            found.pop(name, None)
            if name in keyed:
                keyed[name] = {}
        for key, value in data.items():
            if key in KEYED:
                for entry in value:
                    if entry.pop("remove", False):
                        keyed[key].pop(entry["code"], None)
                        continue
                    target = keyed[key].setdefault(entry["code"], {})
                    for part, inner in entry.items():
                        lay(target, part, inner)
            elif key.rstrip("+") in PLAIN:
                lay(found, key, value)
        if "offers" in data:
            keyed["items"] = {code: keyed["items"][code] for code in data["offers"]}
    there = set(keyed["items"])
    for item in keyed["items"].values():
        item["requires"] = [edge for edge in item.get("requires", []) if edge["item"] in there]
    for code, material in list(keyed["materials"].items()):
        serves = material.get("serves", [])
        material["serves"] = [one for one in serves if one in there]
        if serves and not material["serves"]:
            del keyed["materials"][code]
    return found | {name: list(entries.values()) for name, entries in keyed.items()}


def valid(stack: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same layers, each offering only items that there are by then: to offer others is refused."""
    for depth, data in enumerate(stack):
        offers = data.pop("offers", None)
        if offers is not None:
            known = {item["code"] for item in by_the_rule(stack[: depth + 1])["items"]}
            data["offers"] = [code for code in offers if code in known]
    return stack


@given(st.lists(layers, min_size=1, max_size=6))
def test_merging_follows_the_written_rule(stack: list[dict[str, Any]]) -> None:
    kept = deepcopy(valid(stack))

    content = effective(stack)

    told = {name: content.get(name, []) for name in KEYED} | {name: content[name] for name in PLAIN if name in content}
    added = {"fields", "field_map"}  # what merging gives every item, empty here
    told["items"] = [{key: part for key, part in item.items() if key not in added} for item in told["items"]]
    assert told == by_the_rule(stack)
    assert stack == kept


@given(st.lists(layers, min_size=1, max_size=4))
def test_every_value_knows_a_layer_that_said_it(stack: list[dict[str, Any]]) -> None:
    """The origin of a value is the last layer that set it."""
    for number, data in enumerate(valid(stack)):
        data["region"] = f"{number:06}"

    content = effective(stack)

    for name in ("service_name", "correction_days"):
        if name in content:
            last = next(data["region"] for data in reversed(stack) if name in data)
            assert content["provenance"][name].split()[0] == last
    for item in content.get("items", []):
        if "name" in item:
            assert content["provenance"][f"items.{item['code']}.name"].split()[0] in {data["region"] for data in stack}


@given(layers, layers)
def test_empty_layer_changes_nothing(first: dict[str, Any], second: dict[str, Any]) -> None:
    first, second = valid([first, second])
    content = effective([first, second])

    again = effective([first, second, {"region": "130000", "version": "1"}])

    assert {key: value for key, value in again.items() if key not in ("region", "version")} == {
        key: value for key, value in content.items() if key not in ("region", "version")
    }
