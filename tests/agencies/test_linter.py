"""Each message of the linter, provoked by one slip in an otherwise sound file."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from agencies.layers import Data, normalise
from agencies.lines import lines_in, lines_of
from agencies.linter.elements import unpublished
from agencies.linter.findings import errors_of
from agencies.linter.linter import check_layer
from agencies.spec import SchemeSpec
from tests.agencies.conftest import NAMES, REGIONS, layer

SOUND: Data = {
    "region": "990000", "version": "1", "title": "示例", "valid_from": "2026-01-01", "source": "示例一", "opens": "all",
    "sources": [{"id": "示例", "title": "示例办法"}, {"id": "x", "title": "某办法"}],
    "channels": [{"name": "网上", "kind": "online", "source": "示例一"}, {"name": "窗口", "kind": "window", "source": "示例一"}],
    "agencies": [{"code": code, "office_name": "{place}" + code, "source": "示例一"}
                 for code in ("veterans", "police", "hrss", "medical", "armed_forces")],
    "items": [
        {"code": "A", "name": "甲事", "agencies": ["police"], "fields": ["name", "id_no"], "source": "示例二",
         "field_map": {"police": [{"field": "name", "target": "xm"}, {"field": "id_no", "target": "hm"}]}},
        {"code": "I05", "promised_limit": {"unit": "calendar_day", "days": 20, "source": "示例三"}},
    ],
}  # fmt: skip


NATION = layer("nation")


def item(data: Data) -> Data:
    entry: Data = data["items"][0]
    return entry


def send(data: Data, line: Data) -> None:
    item(data)["field_map"]["police"].append(line)


SLIPS: list[tuple[str, Callable[[Data], Any], str, str]] = [
    ("version", lambda d: d.update(version="1+2"), "version", "版本“1+2”不合规"),
    ("no source", lambda d: d.update(source=""), "source", "这一级规定没有写出处"),
    ("unknown region", lambda d: d.update(region="998877"), "region", "区划代码“998877”不在行政区划表中"),
    ("unknown place to open", lambda d: d.update(opens=["111111"]), "opens", "“111111”不在行政区划表中"),
    ("replaces nothing", lambda d: d.update(replaces=["material"]), "replaces", "没有叫“material”的内容"),
    ("one alternative", lambda d: d.update(materials=[{"code": "M", "name": "表", "alternatives": ["表"], "source": "x"}]),
     "materials.M.alternatives", "只有一样"),
    ("optional and deferrable", lambda d: d.update(materials=[
        {"code": "M", "name": "表", "optional": True, "deferrable": True, "source": "x"}]), "materials.M", "不用容缺"),
    ("day for a paper that may not come later", lambda d: d.update(materials=[
        {"code": "M", "name": "表", "defer_limit": {"unit": "working_day", "days": 5}, "source": "x"}]),
     "materials.M.defer_limit", "没有补交期限"),
    ("unknown place", lambda d: d.update(places=[{"region": "111111", "source": "x"}]), "places.111111", "不在行政区划表中"),
    ("fee without source", lambda d: item(d).update(fee={"text": "不收费"}), "items.A.fee", "没有写出处"),
    ("question without source", lambda d: item(d).update(faq=[{"question": "要钱吗？", "answer": "不要。"}]),
     "items.A.faq.0", "没有写出处"),
    ("sample that is no address", lambda d: item(d).update(result={"name": "证", "sample": "见附件"}),
     "items.A.result.sample", "结果样本不是网址"),
    ("twice", lambda d: d["items"].append({"code": "A", "name": "又一次"}), "items.A", "“A”写了两次"),
    ("nothing to remove", lambda d: d["items"].append({"code": "Z", "remove": True}), "items.Z", "要删除的内容上级没有"),
    ("dangling item", lambda d: item(d).update(requires=[{"item": "Q"}]), "items.A.requires", "前置事项“Q”不存在"),
    ("dangling fact", lambda d: item(d).update(requires=[{"fact": "q"}]), "items.A.requires", "外部条件“q”没有定义"),
    ("item and fact", lambda d: item(d).update(requires=[{"item": "I01", "fact": "q"}]), "items.A.requires", "只写一个"),
    ("dangling serves", lambda d: d.update(materials=[{"code": "M", "name": "表", "serves": ["Q"], "source": "x"}]),
     "materials.M.serves", "事项“Q”不存在"),
    ("no agency", lambda d: item(d).update(agencies=[]), "items.A.agencies", "“甲事”没有办理部门"),
    ("unknown agency", lambda d: item(d).update(agencies=["police", "tax"]), "items.A.agencies", "部门“tax”没有定义"),
    ("nothing sent", lambda d: item(d).update(agencies=["police", "hrss"]), "items.A.field_map", "没有写给“hrss”推送哪些字段"),
    ("unknown field", lambda d: item(d).update(fields=["name", "id_no", "nmae"]), "items.A.fields", "是不是“name”"),
    ("unknown mapped field", lambda d: send(d, {"field": "mobil", "target": "dh"}), "items.A.field_map.police", "是不是“mobile”"),
    ("more than needed", lambda d: send(d, {"field": "mobile", "target": "dh"}), "items.A.field_map.police", "把“联系电话”给了部门"),
    ("neither field nor value", lambda d: send(d, {"target": "gx"}), "items.A.field_map.police", "既没有字段也没有固定值"),
    ("target twice", lambda d: send(d, {"field": "name", "target": "xm"}), "items.A.field_map.police", "目标字段“xm”写了两次"),
    ("map of a stranger", lambda d: item(d)["field_map"].update(hrss=[{"field": "name", "target": "xm"}]),
     "items.A.field_map.hrss", "“hrss”不办理这个事项"),
    ("cycle", lambda d: (item(d).update(requires=[{"item": "I05"}]), d["items"][1].update(requires=[{"item": "A"}])),
     "items.A.requires", "前置关系成了一圈：A→I05→A"),
    ("condition on a stranger", lambda d: item(d).update(requires=[{"item": "I01", "when": {"field": "colour", "in": ["red"]}}]),
     "items.A.requires", "条件中的字段“colour”不存在"),
    ("condition on no choice", lambda d: item(d).update(requires=[{"item": "I01", "when": {"field": "hukou_mode", "in": ["tent"]}}]),
     "items.A.requires", "“tent”不是“落户方式”的选项"),
    ("condition on an unticked stranger", lambda d: item(d).update(requires=[{"item": "I01", "when": {"ticked": "Q"}}]),
     "items.A.requires", "条件中的事项“Q”不存在"),
    ("empty condition", lambda d: item(d).update(requires=[{"item": "I01", "when": {}}]), "items.A.requires", "条件是空的"),
    ("limit without days", lambda d: item(d).update(promised_limit={"unit": "working_day", "source": "x"}),
     "items.A.promised_limit", "时限没有写天数"),
    ("impossible day", lambda d: item(d).update(fulfilment={"unit": "next_year_date", "month": 6, "day": 31, "source": "x"}),
     "items.A.fulfilment", "次年日期不是日历上的一天"),
    ("limit without source", lambda d: item(d).update(promised_limit={"unit": "working_day", "days": 5}),
     "items.A.promised_limit", "没有写出处"),
    ("longer than the law", lambda d: d["items"][1]["promised_limit"].update(days=61), "items.I05.promised_limit",
     "承诺时限 61 天比法定时限 60 天还长"),
    ("longer than the whole", lambda d: (item(d).update(promised_limit={"unit": "working_day", "days": 9, "source": "x"}),
                                         d.update(overall_limit={"unit": "working_day", "days": 5, "source": "x"})),
     "items.A.promised_limit", "比整件事的 5 个工作日还长"),
    ("looser than above", lambda d: d["items"].append(
        {"code": "I11", "legal_limit": {"unit": "working_day", "days": 16, "source": "x"}}),
     "items.I11.legal_limit", "16 个工作日比上级规定的 15 个工作日还长"),
    ("personal phone", lambda d: item(d).update(phones=["138 0013-8000"]), "items.A.phones.0", "这是个人手机号"),
    ("odd phone", lambda d: d.update(supervision_phone="0477/8581708", source_of={"supervision_phone": "x"}),
     "supervision_phone", "写法不对"),
    ("phone without source", lambda d: d.update(supervision_phone="0477-8581708"), "supervision_phone", "没有写出处"),
    ("field twice", lambda d: d.update(form={"sections+": [{"code": "s", "title": "又", "fields": [{"field": "name"}]}]}),
     "form.sections", "字段“name”在登记表里出现两次"),
    ("form without a name", lambda d: d.update(form={"sections": [{"code": "s", "title": "表", "fields": [
        {"field": "id_no"}, {"field": "mobile"}]}]}), "form.sections", "登记表没有“姓名”"),
    ("no promise", lambda d: d.update(form={"promise": []}), "form.promise", "没有申请承诺"),
    ("no office", lambda d: (d.update(agencies=[]),), "agencies.police", "没有办理机构，办件推送不出去"),
    ("same name everywhere", lambda d: d["agencies"][1].update(office_name="公安局"), "agencies.police.office_name",
     "各地会同名"),
    ("no way to apply", lambda d: item(d).update(online=False, window=False), "items.A", "网上和窗口都不能办"),
    ("visit without reason", lambda d: item(d).update(in_person=True), "items.A.in_person_reason", "没有写原因"),
    ("nobody may", lambda d: (d.update(applies_to=["retired"]), item(d).update(applies_to=["self_employed"])),
     "items.A.applies_to", "没有交集"),
    ("ends before it begins", lambda d: d.update(valid_until="2025-01-01"), "valid_until", "失效日期早于施行日期"),
    ("thirteenth month", lambda d: d.update(windows=[{"name": "窗口", "months": [13], "source": "x"}]), "windows", "月份不对"),
    ("unknown key", lambda d: item(d).update(agencys=["police"]), "items.A.agencys", "不认识“agencys”"),
    ("no name", lambda d: item(d).pop("name"), "items.A.name", "缺少“name”"),
    ("unknown unit", lambda d: d["items"][1]["promised_limit"].update(unit="week"), "items.I05.promised_limit.unit", "不在可选值中"),
    ("days in words", lambda d: d["items"][1]["promised_limit"].update(days="二十"), "items.I05.promised_limit.days", "不是整数"),
    ("required for a stranger", lambda d: d.update(form={"sections+": [{"code": "s", "title": "又", "fields": [
        {"field": "spouse", "required_for": ["Q"]}]}]}), "form.sections.0.fields.0.required_for", "事项“Q”不存在"),
    ("shared and handed in", lambda d: d.update(materials=[
        {"code": "M", "name": "表", "shared_from": "人社局", "optional": True, "source": "x"}]), "materials.M", "由数据共享取得的材料不用交"),
    ("source of nowhere", lambda d: item(d).update(source="别的文件第三条"), "items.A.source", "出处“别的文件第三条”不在 sources 里"),
    ("channel of no kind", lambda d: d["channels"][0].pop("kind"), "channels.0", "没有写“网上”是网上还是窗口"),
    ("added without a word", lambda d: d["channels"][0].update(by_operator=True), "channels.0", "是平台增加的，没有说明"),
    ("online without a way", lambda d: d["channels"].pop(0), "channels", "能网上办，办理渠道里没有网上的"),
    ("a way for nothing", lambda d: (item(d).update(online=False), d["items"][1].update(online=False), d.update(offers=["A", "I05"])),
     "channels", "没有一个事项能网上办"),
    ("channel without source", lambda d: d["channels"][1].pop("source"), "channels.1", "没有写出处"),
    ("offers a stranger", lambda d: d.update(offers=["Q"]), "offers", "offers 中的事项“Q”没有定义"),
]  # fmt: skip


@pytest.fixture(scope="module")
def above() -> list[Data]:
    return [layer("nation")]


def test_sound_layer_has_no_error(above: list[Data]) -> None:
    assert [str(one) for one in errors_of(check_layer(SOUND, above, regions=["990000"]))] == []


@pytest.mark.parametrize(("slip", "path", "problem"), [row[1:] for row in SLIPS], ids=[row[0] for row in SLIPS])
def test_slip_is_found_and_named(above: list[Data], slip: Callable[[Data], Any], path: str, problem: str) -> None:
    data = deepcopy(SOUND)
    slip(data)

    found = errors_of(check_layer(data, above, regions=["990000"]))

    matching = [one for one in found if one.path == path and problem in one.problem]
    assert matching, [str(one) for one in found]
    assert all(one.advice for one in found)


def test_notice_tells_of_questions_nobody_needs(above: list[Data]) -> None:
    data = deepcopy(SOUND)
    data["form"] = {"sections+": [{"code": "s", "title": "又", "fields": [{"field": "spouse"}]}]}

    notices = [str(one) for one in check_layer(data, above) if not one.is_error]

    assert "［提示］form.sections：“配偶姓名”没有一个事项要用，但人人都要填。不用就去掉。" in notices


def test_notice_tells_of_expired_grounds(above: list[Data]) -> None:
    data = deepcopy(SOUND)
    item(data)["basis"] = [{"text": "旧条例", "valid_until": "2024-08-31"}]

    assert "设定依据都已失效（旧条例）" in [one.problem for one in check_layer(data, above)]


@pytest.mark.parametrize("name", ["nation", *NAMES])
def test_shipped_files_have_no_error(name: str, above: list[Data]) -> None:
    findings = check_layer(layer(name), [] if name == "nation" else above)

    assert [str(one) for one in errors_of(findings)] == []


def test_every_element_of_the_guide_is_told_or_said_to_be_missing(schemes: dict[str, SchemeSpec]) -> None:
    """GD-09: basis, conditions, materials, limit, result."""
    guangdong = schemes["guangdong"]

    assert {
        item.code: unpublished(guangdong, item) for item in guangdong.offered if item.code in ("I01", "I02", "I09")
    } == {
        "I01": ["办结时限"],
        "I02": ["办理条件", "办结时限", "办理结果"],
        "I09": ["设定依据", "办理条件", "办结时限"],
    }


def test_no_region_asks_what_no_item_needs(schemes: dict[str, SchemeSpec]) -> None:
    for name, spec in schemes.items():
        asked = {line.field for section in spec.form.sections for line in section.fields}

        assert asked - {code for item in spec.items for code in item.fields} == set(), name


def test_lines_are_those_of_the_file() -> None:
    text = "region: '1'\nitems:\n  - code: A\n    name: 甲\n  - {code: B, name: 乙}\nform:\n  title: 表\n"

    assert lines_in(text) == {
        "region": 1, "items": 2, "items.A": 3, "items.A.code": 3, "items.A.name": 4, "items.B": 5, "items.B.code": 5,
        "items.B.name": 5, "form": 6, "form.title": 7,
    }  # fmt: skip


def test_message_names_file_line_path_and_remedy(
    directory: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "tianjin.yaml"
    text = (
        (REGIONS / "tianjin.yaml")
        .read_text(encoding="utf-8")
        .replace("agencies: [medical, hrss]", "agencies: [medical, tax]")
    )
    path.write_text(text, encoding="utf-8")
    line = lines_of(path)["items.I10.agencies"]

    with pytest.raises(CommandError, match="有错误，不能发布。"):
        call_command("check_region", path, "--errors-only")

    assert (
        f"{path} 第{line}行［错误］items.I10.agencies：部门“tax”没有定义。在 agencies 中写出，或改正代码。"
        in capsys.readouterr().out
    )


def test_file_that_is_no_yaml_is_told_by_its_line(
    directory: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("region: '1'\nitems: [甲\n", encoding="utf-8")

    with pytest.raises(CommandError):
        call_command("check_region", path)

    assert "不是正确的 YAML" in capsys.readouterr().out


def paths_in(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, part in inner for found in paths_in(part, (*path, key)))]


GUANGDONG = layer("guangdong")
JUNK = [None, 1, True, "乱", [], {}, ["乱"], [1], [[]], [{}], {"乱": 1}, [{"code": "A"}]]


@pytest.mark.parametrize("junk", JUNK, ids=repr)
def test_junk_anywhere_in_a_file_is_told_not_crashed_on(junk: Any) -> None:
    for path in [found for found in paths_in(GUANGDONG) if found and found[0] not in ("region", "version")]:
        broken: Any = deepcopy(GUANGDONG)
        here = broken
        for step in path[:-1]:
            here = here[step]
        here[path[-1]] = deepcopy(junk)

        found = check_layer(normalise(broken), [NATION])

        assert all(one.path and one.advice for one in found), path
