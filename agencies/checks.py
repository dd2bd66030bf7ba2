"""The linter of region files: every message names where, what is wrong and what to do.

An error stops publishing. A notice tells what people will read as 未公布, or what is probably a slip.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import ValidationError

from agencies.enums import LimitUnit
from agencies.fields import FIELDS
from agencies.layers import DIRECTIONS, KEYS, Data, LayerError, effective, form_fields, merge
from agencies.lines import Lines, line_for
from agencies.shape import faults_of
from agencies.spec import Basis, Condition, ItemSpec, Limit, SchemeSpec

PERSONAL_PHONE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
PHONE = re.compile(r"(0\d{2,3}-)?\d{7,8}(-\d{1,4})?|1\d{4}|12\d{3}")
VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.\-]*")
ALWAYS_ASKED = ("name", "id_no", "mobile")


@dataclass(frozen=True)
class Finding:
    path: str
    problem: str
    advice: str
    is_error: bool = True
    line: int | None = None
    file: str = ""

    def __str__(self) -> str:
        where = f"{self.file} 第{self.line}行" if self.line else self.file
        kind = "错误" if self.is_error else "提示"
        return f"{where}［{kind}］{self.path}：{self.problem}。{self.advice}。".lstrip()


class _Findings(list[Finding]):
    def error(self, path: str, problem: str, advice: str) -> None:
        self.append(Finding(path, problem, advice))

    def notice(self, path: str, problem: str, advice: str) -> None:
        self.append(Finding(path, problem, advice, is_error=False))


def check_layer(
    layer: Data, above: Sequence[Data] = (), *, lines: Lines | None = None, file: str = "", regions: Iterable[str] = ()
) -> list[Finding]:
    """All findings about a layer under the layers above it, top down. `regions` are the known division codes."""
    found = _Findings()
    for loc, fault in faults_of(layer):
        found.error(_path(layer, loc), *_explained(fault))
    if not found:
        _check_content(layer, above, set(regions), found)
    placed = [
        Finding(one.path, one.problem, one.advice, one.is_error, line_for(lines or {}, one.path), file)
        for one in dict.fromkeys(found)
    ]
    return sorted(placed, key=lambda one: (not one.is_error, one.line or 0))


def _check_content(layer: Data, above: Sequence[Data], regions: set[str], found: _Findings) -> None:
    higher: Data = {}
    for data in above:
        higher = merge(higher, data)
    _check_layer_itself(layer, higher, regions, found)
    spec = _compile([*above, layer], found)
    if spec is not None:
        for check in _CHECKS:
            check(spec, layer, found)
        _check_against_above(spec, higher, found)


def errors_of(findings: Iterable[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.is_error]


# The layer as it is written ----------------------------------------------------------------------------------------


def _check_layer_itself(layer: Data, above: Data, regions: set[str], found: _Findings) -> None:
    if not VERSION.fullmatch(str(layer.get("version", ""))):
        found.error("version", f"版本“{layer.get('version', '')}”不合规", "只用数字、字母、点和短横，例如 2026.1")
    if regions and layer["region"] not in regions:
        found.error("region", f"区划代码“{layer['region']}”不在行政区划表中", "先在 divisions.csv 中登记，或改正代码")
    for name in ("places", "offices"):
        for position, entry in enumerate(layer.get(name, [])):
            code = str(entry.get("region", ""))
            where = f"{name}.{code if name == 'places' else position}"
            if regions and code not in regions:
                found.error(where, f"区划代码“{code}”不在行政区划表中", "改正代码")
    for code in layer.get("opens", []) if isinstance(layer.get("opens"), list) else ():
        if regions and code not in regions:
            found.error("opens", f"区划代码“{code}”不在行政区划表中", "改正代码")
    for name in layer.get("replaces", []):
        if name not in SchemeSpec.model_fields:
            found.error("replaces", f"没有叫“{name}”的内容", "改正，或去掉")
    for name, key in KEYS.items():
        codes = [str(entry.get(key, "")) for entry in layer.get(name, [])]
        for code in sorted({code for code in codes if codes.count(code) > 1}):
            found.error(f"{name}.{code}", f"“{code}”写了两次", "合并成一条")
        known = {str(entry.get(key)) for entry in above.get(name, [])}
        for entry in layer.get(name, []):
            if entry.get("remove") and str(entry[key]) not in known:
                found.error(f"{name}.{entry[key]}", "要删除的内容上级没有", "去掉这一条，或改正代码")
    _check_references(layer, above, found)
    _check_sources(layer, found)
    _check_phones(layer, "", found)


def _check_references(layer: Data, above: Data, found: _Findings) -> None:
    """What the layer itself points to; references that it inherits are dropped with their target."""
    items = {entry["code"] for entry in [*above.get("items", []), *layer.get("items", [])] if not entry.get("remove")}
    form = layer.get("form", {})
    asked = form_fields({"form": {"sections": form.get("sections", []) + form.get("sections+", [])}})
    if "sections" not in form:
        asked |= form_fields(above)
    for item in layer.get("items", []):
        where = f"items.{item['code']}"
        for edge in item.get("requires", []) + item.get("requires+", []):
            if edge.get("item") and edge["item"] not in items:
                found.error(f"{where}.requires", f"前置事项“{edge['item']}”不存在", "改正代码，或去掉这条前置")
        for code in item.get("fields", []) + item.get("fields+", []):
            if code in FIELDS and code not in asked:
                found.notice(
                    f"{where}.fields",
                    f"字段“{code}”（{FIELDS[code].label}）不在登记表里，不会询问",
                    "需要就加进 form.sections",
                )
    for number, section in enumerate(form.get("sections", []) + form.get("sections+", [])):
        for position, line in enumerate(section.get("fields", [])):
            for code in line.get("required_for", []):
                if code not in items:
                    where = f"form.sections.{number}.fields.{position}.required_for"
                    found.error(where, f"事项“{code}”不存在", "改正代码")
    for material in layer.get("materials", []):
        for code in material.get("serves", []):
            if code not in items:
                found.error(f"materials.{material['code']}.serves", f"事项“{code}”不存在", "改正代码")


FIGURES = ("legal_limit", "promised_limit", "fulfilment", "overall_limit", "receiving_limit", "reporting_limit")


def _check_sources(layer: Data, found: _Findings) -> None:
    """A figure without its source cannot be checked by anybody, so it is not published."""
    own = layer.get("source_of", {})

    def need(path: str, value: Any) -> None:
        if isinstance(value, dict) and value and not value.get("source") and path not in own:
            found.error(path, "没有写出处", "加上 source，写明文件和条款；出处没有写的数字不要填")

    for name in FIGURES:
        need(name, layer.get(name))
    for item in layer.get("items", []):
        for name in FIGURES:
            need(f"items.{item['code']}.{name}", item.get(name))
        if item.get("phones") and not item.get("source"):
            found.error(f"items.{item['code']}.phones", "电话没有写出处", "给这个事项加上 source")
    for name in ("claims", "windows", "places", "facts", "offices", "materials", "channels"):
        for position, entry in enumerate(layer.get(name, [])):
            if not entry.get("remove"):
                need(f"{name}.{entry.get(KEYS.get(name, ''), position)}", entry)
    need("pre_review", layer.get("pre_review"))
    if layer.get("supervision_phone") and "supervision_phone" not in own:
        found.error("supervision_phone", "没有写出处", "在 source_of 里写 supervision_phone 的出处")
    if not layer.get("source"):
        found.error("source", "这一级规定没有写出处", "在文件开头加上 source")


def _check_documents(spec: SchemeSpec, layer: Data, found: _Findings) -> None:
    """Every source row that this layer writes names a document that is listed; one out of a repealed one is told."""
    for path, source in _sources_in(layer, ""):
        document = spec.document_of(source)
        if document is None:
            found.error(path, f"出处“{source}”不在 sources 里", "在 sources 里登记这个文件，或改正出处")
        elif spec.repealed(source, spec.valid_from):
            found.notice(path, f"出处《{document.title}》已经失效", "有现行的规定就改；没有就不改，页面会写明已废止")


def _sources_in(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """(path, source row) of everything in the layer that names a source."""
    if isinstance(value, dict):
        for key, part in value.items():
            here = f"{path}.{key}".lstrip(".")
            if key == "source" and part:
                yield here, str(part)
            elif key == "source_of":
                yield from ((f"source_of.{name}", str(row)) for name, row in part.items())
            elif key != "sources":
                yield from _sources_in(part, here)
    elif isinstance(value, list):
        name = KEYS.get(path.rstrip("+"), "")
        for position, part in enumerate(value):
            code = part.get(name, position) if isinstance(part, dict) else position
            yield from _sources_in(part, f"{path}.{code}")


def _check_channels(spec: SchemeSpec, layer: Data, found: _Findings) -> None:
    """What the text says and what the portal does agree: no way online without items, no items online without a way."""
    for position, channel in enumerate(spec.channels):
        if channel.kind is None:
            found.error(f"channels.{position}", f"没有写“{channel}”是网上还是窗口", "写 kind: online 或 kind: window")
        if channel.by_operator and not channel.note:
            found.error(
                f"channels.{position}", f"“{channel}”是平台增加的，没有说明", "用 note 写明方案怎么写、平台增加了什么"
            )
    if not spec.channels or not layer.get("opens"):
        return
    online = [item.title for item in spec.offered if item.online]
    if online and not spec.online_channels:
        found.error(
            "channels",
            f"“{'、'.join(online)}”能网上办，办理渠道里没有网上的",
            "把事项改成 online: false，或写出网上渠道；平台自己开通的写 by_operator: true",
        )
    if spec.online_channels and not online:
        found.error("channels", "写了网上渠道，没有一个事项能网上办", "去掉网上渠道，或把事项改成 online: true")


def _check_phones(value: Any, path: str, found: _Findings) -> None:
    if isinstance(value, dict):
        for key, part in value.items():
            if key != "source_of":
                _check_phones(part, f"{path}.{key}".lstrip("."), found)
    elif isinstance(value, list):
        name = KEYS.get(path, "")
        for position, part in enumerate(value):
            code = part.get(name, position) if isinstance(part, dict) else position
            _check_phones(part, f"{path}.{code}", found)
    elif isinstance(value, str):
        if PERSONAL_PHONE.search(value.replace("-", "").replace(" ", "")):
            found.error(path, "这是个人手机号", "改成单位的固定电话；内部联系人不公开")
        elif path.rpartition(".")[2].endswith("phone") and not PHONE.fullmatch(value):
            found.error(path, f"电话“{value}”写法不对", "写成 0477-8575378 这样")


# The effective scheme -----------------------------------------------------------------------------------------------


def _compile(layers: Sequence[Data], found: _Findings) -> SchemeSpec | None:
    try:
        content = effective(layers)
    except LayerError as error:
        found.error("offers", str(error).partition("：")[2].partition("，")[0], "在 items 中写出，或改正代码")
        return None
    try:
        return SchemeSpec.model_validate(content)
    except ValidationError as error:
        for fault in error.errors():
            found.error(_path(content, fault["loc"]), *_explained(fault))
    return None


def _path(content: Data, loc: tuple[int | str, ...]) -> str:
    """A place of the merged content in the notation of the file: entries by code, not by position."""
    parts: list[str] = []
    here: Any = content
    for step in loc:
        if isinstance(here, list) and isinstance(step, int) and step < len(here):
            here = here[step]
            key = KEYS.get(".".join(parts))
            parts.append(str(here.get(key, step)) if key and isinstance(here, dict) else str(step))
        else:
            here = here.get(step) if isinstance(here, dict) else None
            parts.append(str(step))
    return ".".join(parts)


def _explained(fault: Any) -> tuple[str, str]:
    name = str(fault["loc"][-1])
    match fault["type"]:
        case "extra_forbidden":
            near = difflib.get_close_matches(name, _words(), n=1)
            return f"不认识“{name}”", f"是不是“{near[0]}”？改正或删除" if near else "改正拼写或删除"
        case "missing":
            return f"缺少“{name}”", "补上"
        case "enum" | "literal_error":
            return f"“{fault['input']}”不在可选值中", f"只能是 {fault['ctx']['expected'].replace(' or ', '、')}"
        case "int_parsing" | "int_type":
            return f"“{fault['input']}”不是整数", "改成数字"
        case "bool_parsing" | "bool_type":
            return f"“{fault['input']}”不是 true 或 false", "改成 true 或 false"
        case "date_from_datetime_parsing" | "date_parsing" | "date_type" | "date_from_datetime_inexact":
            return f"“{fault['input']}”不是日期", "写成 2026-09-01 这样"
        case "model_type" | "model_attributes_type" | "dict_type":
            return "这里要写成“键: 值”", "对照 docs/regions.md 的说明改正"
        case "tuple_type" | "list_type":
            return "这里要写成列表", "用 [甲, 乙] 或每行一个“- ”的写法"
        case "string_type":
            return f"“{fault['input']}”不是文字", "数字也要加引号"
        case _:
            return f"写法不对（{fault['msg']}）", "对照 docs/regions.md 的说明改正"


def _words() -> list[str]:
    """Every key that a region file may have."""
    schema = SchemeSpec.model_json_schema(by_alias=True)
    return [*DIRECTIONS, *schema["properties"]] + [
        name for part in schema["$defs"].values() for name in part.get("properties", {})
    ]


def _check_items(spec: SchemeSpec, layer: Data, found: _Findings) -> None:
    agencies = {agency.code for agency in spec.agencies}
    facts = {fact.code for fact in spec.facts}
    for item in spec.items:
        where = f"items.{item.code}"
        if item.enabled and not item.agencies and not item.survey_only:
            found.error(f"{where}.agencies", f"“{item.name}”没有办理部门", "写上办理部门，或用 enabled: false 停用")
        for code in item.agencies:
            if code not in agencies:
                found.error(f"{where}.agencies", f"部门“{code}”没有定义", "在 agencies 中写出，或改正代码")
        for edge in item.requires:
            if bool(edge.item) == bool(edge.fact):
                found.error(f"{where}.requires", "前置要写 item 或 fact，只写一个", "改正")
            if edge.fact and edge.fact not in facts:
                found.error(f"{where}.requires", f"外部条件“{edge.fact}”没有定义", "在 facts 中写出，或改正代码")
        if item.in_person and not item.in_person_reason:
            found.error(f"{where}.in_person_reason", "要本人到场，没有写原因", "写明到场做什么")
        if not item.online and not item.window:
            found.error(where, "网上和窗口都不能办", "online 和 window 至少一个为 true")
        if item.automatic and item.default_ticked is False:
            found.notice(where, "自动核查的事项不由申请人勾选，default_ticked 没有作用", "删掉 default_ticked")
        if spec.applies_to and item.applies_to and not set(item.applies_to) & set(spec.applies_to):
            found.error(f"{where}.applies_to", "适用的安置方式和整件事的适用范围没有交集", "改正其中一个")


def _check_materials(spec: SchemeSpec, layer: Data, found: _Findings) -> None:
    for material in spec.materials:
        where = f"materials.{material.code}"
        if not material.because:
            found.notice(f"{where}.because", f"没有写为什么要“{material.title}”", "用一句话告诉申请人它派什么用场")
        if len(material.alternatives) == 1:
            found.error(f"{where}.alternatives", "只有一样，谈不上几样里交一样", "写两样以上，或去掉 alternatives")
        if material.shared_from and (material.optional or material.deferrable or material.replaced_by):
            found.error(
                where, "由数据共享取得的材料不用交", "去掉 optional、deferrable、replaced_by，或去掉 shared_from"
            )
        if material.optional and material.deferrable:
            found.error(where, "可以不交的材料不用容缺", "optional 和 deferrable 只留一个")


def _check_field_maps(spec: SchemeSpec, layer: Data, found: _Findings) -> None:
    own = {item["code"]: item for item in layer.get("items", [])}
    for item in spec.items:
        where = f"items.{item.code}"
        for code in item.fields:
            if code not in FIELDS:
                found.error(f"{where}.fields", f"字段“{code}”不存在{_near(code)}", "用字段表里的代码")
        sent: set[str] = set()
        for agency, mapping in item.field_map.items():
            path = f"{where}.field_map.{agency}"
            targets = [line.target for line in mapping]
            for target in sorted({target for target in targets if targets.count(target) > 1}):
                found.error(path, f"目标字段“{target}”写了两次", "每个目标字段只写一次")
            for line in mapping:
                if line.field is None and line.default is None:
                    found.error(path, f"“{line.target}”既没有字段也没有固定值", "写 field 或 default")
                elif line.field is not None and line.field not in FIELDS:
                    found.error(path, f"字段“{line.field}”不存在{_near(line.field)}", "用字段表里的代码")
                elif line.field is not None and line.field not in item.fields:
                    found.error(
                        path,
                        f"把“{FIELDS[line.field].label}”给了部门，但这个事项不需要它",
                        "从推送中去掉，或加进 fields",
                    )
                sent.add(line.field or "")
        for agency in own.get(item.code, {}).get("field_map", {}):
            if agency not in item.agencies:
                found.error(f"{where}.field_map.{agency}", f"“{agency}”不办理这个事项", "去掉，或加进 agencies")
        if item.enabled and item.agencies and not item.survey_only:
            for agency in item.agencies:
                if not item.field_map.get(agency):
                    found.error(f"{where}.field_map", f"没有写给“{agency}”推送哪些字段", "补上，只写办这件事用得着的")
            for code in item.fields:
                if code in FIELDS and code not in sent:
                    found.notice(f"{where}.fields", f"“{FIELDS[code].label}”问了，但不给任何部门", "不用就不要问")


def _near(code: str) -> str:
    near = difflib.get_close_matches(code, FIELDS, n=1)
    return f"，是不是“{near[0]}”" if near else ""


def _check_cycles(spec: SchemeSpec, layer: Data, found: _Findings) -> None:
    edges = {
        item.code: [edge.item for edge in item.requires if edge.item and edge.kind == "hard"] for item in spec.items
    }
    done: set[str] = set()

    def walk(code: str, way: tuple[str, ...]) -> None:
        if code in way:
            circle = list(way[way.index(code) :])
            first = circle.index(min(circle))
            circle = [*circle[first:], *circle[: first + 1]]
            found.error(
                f"items.{circle[0]}.requires", f"前置关系成了一圈：{'→'.join(circle)}", "去掉其中一条，或改成 soft"
            )
        elif code not in done:
            for other in edges.get(code, []):
                walk(other, (*way, code))
            done.add(code)

    for code in edges:
        walk(code, ())


def _check_conditions(spec: SchemeSpec, layer: Data, found: _Findings) -> None:
    asked = form_fields(spec.model_dump(by_alias=True))
    items = {item.code for item in spec.items}
    for path, condition in _conditions(spec):
        for part in _parts(condition):
            if part.ticked is not None and part.ticked not in items:
                found.error(path, f"条件中的事项“{part.ticked}”不存在", "改正代码")
            if part.field is None:
                if part.ticked is None and not part.all_of:
                    found.error(path, "条件是空的", "写 field 和 in，或 ticked，或 all_of")
                continue
            if part.field not in FIELDS:
                found.error(path, f"条件中的字段“{part.field}”不存在{_near(part.field)}", "用字段表里的代码")
                continue
            if part.field not in asked and not path.endswith(".concerns"):
                found.notice(
                    path,
                    f"条件要看“{FIELDS[part.field].label}”，登记表不问它，条件永远不成立",
                    "加进登记表，或去掉条件",
                )
            values = {value for value, _ in FIELDS[part.field].choices}
            for value in part.is_in if values else ():
                if value not in values:
                    found.error(
                        path, f"“{value}”不是“{FIELDS[part.field].label}”的选项", f"只能是 {'、'.join(sorted(values))}"
                    )


def _conditions(spec: SchemeSpec) -> Iterator[tuple[str, Condition]]:
    for material in spec.materials:
        if material.when:
            yield f"materials.{material.code}.when", material.when
    for item in spec.items:
        for edge in item.requires:
            if edge.when:
                yield f"items.{item.code}.requires", edge.when
        if item.concerns:
            yield f"items.{item.code}.concerns", item.concerns
    for number, section in enumerate(spec.form.sections):
        for position, line in enumerate(section.fields):
            if line.when:
                yield f"form.sections.{number}.fields.{position}.when", line.when


def _parts(condition: Condition) -> Iterator[Condition]:
    if not condition.all_of:
        yield condition
    for part in condition.all_of:
        yield from _parts(part)


def _limits(spec: SchemeSpec) -> Iterator[tuple[str, Limit]]:
    for name in ("legal_limit", "overall_limit", "receiving_limit", "reporting_limit"):
        if limit := getattr(spec, name):
            yield name, limit
    for item in spec.items:
        for name in ("legal_limit", "promised_limit", "fulfilment"):
            if limit := getattr(item, name):
                yield f"items.{item.code}.{name}", limit


def _check_limits(spec: SchemeSpec, layer: Data, found: _Findings) -> None:
    for path, limit in _limits(spec):
        if limit.unit in (LimitUnit.WORKING_DAY, LimitUnit.CALENDAR_DAY):
            if not limit.days or limit.days < 1:
                found.error(path, "时限没有写天数", "写 days，至少 1；没有公布就不要写这个时限")
        elif limit.unit == LimitUnit.NEXT_YEAR_DATE and not _is_date(limit):
            found.error(path, "次年日期不是日历上的一天", "写 month 和 day，例如 7 和 31")
    for item in spec.items:
        where = f"items.{item.code}.promised_limit"
        if _is_longer(item.promised_limit, item.legal_limit):
            found.error(where, f"承诺时限{item.promised_limit}比法定时限{item.legal_limit}还长", "改成不超过法定时限")
        if _is_longer(item.promised_limit, spec.overall_limit):
            found.error(where, f"承诺时限{item.promised_limit}比整件事的{spec.overall_limit}还长", "改正其中一个")
    if _is_longer(spec.overall_limit, spec.legal_limit):
        found.error(
            "overall_limit", f"承诺时限{spec.overall_limit}比法定时限{spec.legal_limit}还长", "改成不超过法定时限"
        )


def _is_date(limit: Limit) -> bool:
    try:
        date(2025, limit.month or 0, limit.day or 0)
    except ValueError:
        return False
    return True


def _is_longer(one: Limit | None, other: Limit | None) -> bool:
    """Only limits of one unit can be told apart for sure."""
    return bool(one and other and one.unit == other.unit and one.days and other.days and one.days > other.days)


def _check_form(spec: SchemeSpec, layer: Data, found: _Findings) -> None:
    fields = [line.field for section in spec.form.sections for line in section.fields]
    for code in sorted({code for code in fields if fields.count(code) > 1}):
        found.error("form.sections", f"字段“{code}”在登记表里出现两次", "只留一个")
    for code in fields:
        if code not in FIELDS:
            found.error("form.sections", f"字段“{code}”不存在{_near(code)}", "用字段表里的代码")
    for code in ALWAYS_ASKED:
        if code not in fields:
            found.error("form.sections", f"登记表没有“{FIELDS[code].label}”", f"加上 {code}，没有它不能办件")
    for row in spec.form.printed_rows:
        for code in row:
            if code not in FIELDS:
                found.error("form.printed_rows", f"字段“{code}”不存在{_near(code)}", "用字段表里的代码")
            elif code not in fields:
                found.notice(
                    "form.printed_rows",
                    f"打印栏“{FIELDS[code].label}”登记表不问，会一直空着",
                    "去掉这一栏，或加进登记表",
                )
    if not spec.form.promise:
        found.error("form.promise", "没有申请承诺", "写上承诺书的原文")
    unused = set(fields) - {code for item in spec.items for code in item.fields} - {"deliver", "post_addr"}
    conditional = {part.field for _, condition in _conditions(spec) for part in _parts(condition)}
    for code in sorted(unused - conditional):
        if code in FIELDS:
            found.notice("form.sections", f"“{FIELDS[code].label}”没有一个事项要用，但人人都要填", "不用就去掉")


def _check_offices(spec: SchemeSpec, layer: Data, found: _Findings) -> None:
    if not layer.get("opens"):
        return
    offices = {office.agency for office in spec.offices}
    handling = {code for item in spec.items if item.enabled for code in item.agencies}
    for agency in spec.agencies:
        if agency.code in handling and not agency.office_name and agency.code not in offices:
            found.error(
                f"agencies.{agency.code}",
                f"“{agency.name}”没有办理机构，办件推送不出去",
                "写 office_name 或在 offices 中列出",
            )
        if agency.office_name and "{place}" not in agency.office_name:
            found.error(
                f"agencies.{agency.code}.office_name", "机构名称里没有 {place}，各地会同名", "写成“{place}公安局”这样"
            )
    for position, office in enumerate(spec.offices):
        if office.agency not in {agency.code for agency in spec.agencies}:
            found.error(f"offices.{position}", f"部门“{office.agency}”没有定义", "在 agencies 中写出，或改正代码")


def _check_dates(spec: SchemeSpec, layer: Data, found: _Findings) -> None:
    if spec.valid_until and spec.valid_until < spec.valid_from:
        found.error("valid_until", "失效日期早于施行日期", "改正其中一个")
    for window in spec.windows:
        if not window.months or any(month not in range(1, 13) for month in window.months):
            found.error("windows", f"“{window.name}”的月份不对", "写 1 到 12")
    for item in spec.items:
        expired = [entry for entry in item.basis if entry.valid_until and entry.valid_until < spec.valid_from]
        if expired and len(expired) == len(item.basis):
            found.notice(f"items.{item.code}.basis", f"设定依据都已失效（{expired[0].text}）", "写上现行的依据")


ELEMENTS: tuple[tuple[str, str, Callable[[SchemeSpec, ItemSpec], object]], ...] = (
    ("basis", "设定依据", lambda spec, item: in_force(item.basis, spec.valid_from)),
    ("conditions", "办理条件", lambda spec, item: item.conditions or spec.eligibility),
    ("materials", "申请材料", lambda spec, item: [m for m in spec.materials if not m.serves or item.code in m.serves]),
    ("limit", "办结时限", lambda spec, item: item.promised_limit or item.legal_limit or spec.overall_limit),
    ("result", "办理结果", lambda spec, item: item.result.name),
)


def in_force(basis: Iterable[Basis], day: date) -> list[Basis]:
    """The grounds that hold on a day."""
    return [
        b for b in basis if not (b.valid_until and b.valid_until < day) and not (b.valid_from and b.valid_from > day)
    ]


def unpublished(spec: SchemeSpec, item: ItemSpec) -> list[str]:
    """The elements of the guide (GD-09) that nobody has published for this item; pages show them as 未公布."""
    return [label for _, label, value in ELEMENTS if not value(spec, item)]


def _check_elements(spec: SchemeSpec, layer: Data, found: _Findings) -> None:
    for item in spec.offered:
        if missing := unpublished(spec, item):
            found.notice(
                f"items.{item.code}",
                f"“{item.title}”没有{'、'.join(missing)}，页面会显示“未公布”",
                "出处里有就补上，没有就不补",
            )


def _check_against_above(spec: SchemeSpec, above: Data, found: _Findings) -> None:
    """A lower layer tightens: it may shorten a limit, not lengthen it."""
    higher = {entry["code"]: entry for entry in above.get("items", [])}
    pairs = [("overall_limit", spec.overall_limit, above.get("overall_limit"))]
    for item in spec.items:
        for name in ("promised_limit", "legal_limit"):
            pairs.append((f"items.{item.code}.{name}", getattr(item, name), higher.get(item.code, {}).get(name)))
    for path, limit, other in pairs:
        if other and _is_longer(limit, Limit.model_validate(other)):
            found.error(path, f"{limit}比上级规定的{Limit.model_validate(other)}还长", "下级只能缩短，不能延长")


_CHECKS = (
    _check_items,
    _check_materials,
    _check_field_maps,
    _check_cycles,
    _check_conditions,
    _check_limits,
    _check_form,
    _check_offices,
    _check_channels,
    _check_documents,
    _check_dates,
    _check_elements,
)
