from contextlib import suppress
from copy import deepcopy
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pydantic import ValidationError

from agencies.comparison import compare
from agencies.layers import Data, read_layer
from agencies.spec import SchemeSpec
from tests.agencies.conftest import REGIONS, compiled, layer

EXAMPLE = REGIONS.parent.parent / "docs" / "example"
DISTRICT = compiled(layer("nation"), read_layer(EXAMPLE / "shili.yaml"), read_layer(EXAMPLE / "donghu.yaml"))


def changed(**values: Any) -> SchemeSpec:
    return compiled(layer("nation"), {**layer("ordos"), **values})


def with_item(code: str, **values: Any) -> SchemeSpec:
    data: Data = deepcopy(layer("ordos"))
    next(item for item in data["items"] if item["code"] == code).update(values)
    return compiled(layer("nation"), data)


def told(old: SchemeSpec, new: SchemeSpec) -> list[str]:
    return [str(change) for change in compare(old, new)]


@pytest.fixture
def ordos(schemes: dict[str, SchemeSpec]) -> SchemeSpec:
    return schemes["ordos"]


def test_equal_schemes_have_no_change(schemes: dict[str, SchemeSpec]) -> None:
    for spec in schemes.values():
        assert compare(spec, spec) == []


def test_shorter_limit_is_told_to_everybody(ordos: SchemeSpec) -> None:
    new = changed(overall_limit={"unit": "working_day", "days": 20, "source": "x"})

    assert told(ordos, new) == ["全部：整件事的承诺时限由“27 个工作日”改为“20 个工作日”。"]


def test_item_given_up_is_told_with_its_consequences(ordos: SchemeSpec) -> None:
    new = changed(offers=["I01", "I02", "I04", "I05", "I07", "I08", "I10"])

    assert told(ordos, new) == [
        "全部：不再办理事项“基本医疗保险关系转移接续”（原由医疗保障局办理）。",
        "申请人：材料由“军人退役医疗保险转移凭证（原件，用于医保参保和变更登记、医保转移接续）”"
        "改为“军人退役医疗保险转移凭证（原件，用于医保参保和变更登记）”。",
    ]


def test_order_of_items_is_told_to_applicants(ordos: SchemeSpec) -> None:
    new = changed(offers=["I02", "I01", "I04", "I05", "I07", "I08", "I11", "I10"])

    assert told(ordos, new) == [
        "申请人：事项的次序改为：一次性经济补助金、退役报到、恢复户口、居民身份证、灵活就业参保登记、"
        "养老保险转移接续、医保转移接续、医保参保和变更登记。"
    ]


def test_agency_that_is_sent_more_is_named(ordos: SchemeSpec) -> None:
    fields = [*ordos.item("I07").fields, "politics"]
    lines = [line.model_dump() for line in ordos.item("I07").field_map["hrss"]]
    new = with_item("I07", fields=fields, field_map={"hrss": [*lines, {"field": "politics", "target": "zzmm"}]})

    assert told(ordos, new) == [
        "申请人：“灵活就业参保登记”要填的内容增加“政治面貌”。",
        "人力资源和社会保障局：“灵活就业参保登记”收到的登记表内容增加“政治面貌”。",
    ]


def test_conditional_requirement_is_told_in_words(ordos: SchemeSpec) -> None:
    new = with_item("I04", requires=[{"item": "I01", "when": {"field": "hukou_mode", "in": ["relative"]}}])

    assert told(ordos, new) == ["全部：“恢复户口”的前置增加“须先退役报到（落户方式为直系亲属投靠时）”。"]


def test_visit_in_person_is_told(ordos: SchemeSpec) -> None:
    new = with_item("I05", in_person=False)

    assert told(ordos, new) == ["申请人：“居民身份证”不再要求本人到场。"]


# Codes that other values point to, and what only the portal reads.
NOT_SAID = {
    "region", "version", "provenance", "source", "code", "id", "icon", "field", "fields", "item", "fact", "ticked", "agencies",
    "agency", "serves", "in", "item_order", "printed_rows", "valid_from",
}  # fmt: skip


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [found for key, part in value.items() if key not in NOT_SAID for found in leaves(part, (*path, key))]
    if isinstance(value, list):
        return [found for number, part in enumerate(value) for found in leaves(part, (*path, number))]
    return [path]


def altered(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int) else f"{value or ''}改"


def test_every_changed_word_of_a_scheme_is_told() -> None:
    """Whatever an editor changes in the example, somebody is told of it."""
    content = DISTRICT.model_dump(mode="json", by_alias=True)
    hidden = {f"items.{number}." for number, item in enumerate(DISTRICT.items) if not item.enabled}
    hidden |= {f"items.{number}.in_person_reason" for number, item in enumerate(DISTRICT.items) if not item.in_person}
    untold, tried = [], 0
    for path in leaves(content):
        here = other = deepcopy(content)
        for step in path[:-1]:
            here = here[step]
        here[path[-1]] = altered(here[path[-1]])
        with suppress(ValidationError):
            new = SchemeSpec.model_validate(other)
            tried += 1
            if not compare(DISTRICT, new):
                untold.append(".".join(map(str, path)))

    assert tried > 500
    assert [path for path in untold if not path.startswith(tuple(hidden))] == []


def test_command_compares_versions_and_files(
    directory: None, capsys: pytest.CaptureFixture[str], tmp_path: Any
) -> None:
    path = tmp_path / "ordos.yaml"
    text = (REGIONS / "ordos.yaml").read_text(encoding="utf-8")
    path.write_text(
        text.replace("supervision_phone: 0477-8581708", "supervision_phone: 0477-8581700"), encoding="utf-8"
    )

    call_command("diff_region", "150600@2022.2+2024.2", path)
    call_command("diff_region", "150600", "150600")

    assert capsys.readouterr().out.splitlines() == [
        "申请人：监督电话由“0477-8581708”改为“0477-8581700”。", "共 1 处变化。", "没有变化。",
    ]  # fmt: skip


def test_command_says_what_it_does_not_know(directory: None) -> None:
    with pytest.raises(CommandError, match="没有“150699”的已发布方案"):
        call_command("diff_region", "150699", "150600")
