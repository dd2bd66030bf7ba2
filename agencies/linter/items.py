"""Items of the effective scheme: who handles them, what they wait for, what they hand to whom; and materials."""

from agencies.fields import FIELDS
from agencies.layers import Data
from agencies.linter.faults import near
from agencies.linter.findings import Findings
from agencies.spec import SchemeSpec


def check_items(spec: SchemeSpec, layer: Data, found: Findings) -> None:
    """Every item has an agency that handles it, prerequisites that exist, and a way to hand it in."""
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
        if item.result.sample and not item.result.sample.startswith("https://"):
            found.error(
                f"{where}.result.sample", "结果样本不是网址", "写公布样本的网址，以 https:// 开头；没有公布就不写"
            )
        if item.in_person and not item.in_person_reason:
            found.error(f"{where}.in_person_reason", "要本人到场，没有写原因", "写明到场做什么")
        if not item.online and not item.window:
            found.error(where, "网上和窗口都不能办", "online 和 window 至少一个为 true")
        if item.automatic and item.default_ticked is False:
            found.notice(where, "自动核查的事项不由申请人勾选，default_ticked 没有作用", "删掉 default_ticked")
        if spec.applies_to and item.applies_to and not set(item.applies_to) & set(spec.applies_to):
            found.error(f"{where}.applies_to", "适用的安置方式和整件事的适用范围没有交集", "改正其中一个")


def check_materials(spec: SchemeSpec, layer: Data, found: Findings) -> None:
    """Optional, deferrable and shared exclude each other; alternatives are two or more."""
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
        if material.defer_limit and not material.deferrable:
            found.error(
                f"{where}.defer_limit", "不能容缺的材料没有补交期限", "写上 deferrable: true，或去掉 defer_limit"
            )
        if material.optional and material.deferrable:
            found.error(where, "可以不交的材料不用容缺", "optional 和 deferrable 只留一个")


def check_field_maps(spec: SchemeSpec, layer: Data, found: Findings) -> None:
    """An agency is sent nothing that its item does not need, and nothing is asked that no agency is sent."""
    own = {item["code"]: item for item in layer.get("items", [])}
    for item in spec.items:
        where = f"items.{item.code}"
        for code in item.fields:
            if code not in FIELDS:
                found.error(f"{where}.fields", f"字段“{code}”不存在{near(code)}", "用字段表里的代码")
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
                    found.error(path, f"字段“{line.field}”不存在{near(line.field)}", "用字段表里的代码")
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


def check_cycles(spec: SchemeSpec, layer: Data, found: Findings) -> None:
    """No item waits for itself, however long the way round."""
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
