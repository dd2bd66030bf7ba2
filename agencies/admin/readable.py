"""A scheme as tables of words for the console: what stands in it, and where each part comes from."""

from collections.abc import Iterable
from typing import Any

from agencies.comparison import material_text, requirement_text
from agencies.enums import SettlementKind
from agencies.fields import FIELDS
from agencies.flow_chart import flow_chart
from agencies.guide import channel_text, fee_text, limit_text
from agencies.linter.elements import unpublished
from agencies.situation import questions
from agencies.spec import Basis, ChannelSpec, ItemSpec, SchemeSpec
from agencies.words import NOT_PUBLISHED

Pairs = list[tuple[str, str, str]]


def readable(spec: SchemeSpec) -> dict[str, Any]:
    """Names of the template's tables → rows."""
    return {
        "spec": spec,
        "facts_table": _facts(spec),
        "items_table": [(item, _item(spec, item)) for item in spec.items],
        "materials_table": [(material_text(spec, material), material.because, material.source) for material in spec.materials],
        "form_table": [(section.title, [_asked(spec, line.field) for line in section.fields]) for section in spec.form.sections],
        "steps": [step.sentence for step in flow_chart(spec).steps],
        "questions": [(question.label, [label for _, label in question.choices]) for question in questions(spec)],
    }  # fmt: skip


def _facts(spec: SchemeSpec) -> Pairs:
    rows = [
        ("服务名称", spec.service_name, "service_name"),
        ("施行日期", spec.valid_from.isoformat(), ""),
        ("失效日期", spec.valid_until.isoformat() if spec.valid_until else "—", ""),
        ("设定依据", _grounds(spec.basis), "basis"),
        ("服务对象和条件", "\n".join(spec.eligibility), "eligibility"),
        ("适用的安置方式", _kinds(spec.applies_to), "applies_to"),
        ("办理前要先完成", "\n".join(spec.prerequisites), "prerequisites"),
        ("整件事的承诺时限", str(spec.overall_limit or ""), "overall_limit"),
        ("整件事的收费", str(spec.fee or ""), "fee"),
        ("报到期限", str(spec.reporting_limit or ""), "reporting_limit"),
        ("受理前预审", spec.agency(spec.pre_review.agency).name if spec.pre_review else "", "pre_review"),
        ("监督电话", spec.supervision_phone or "", "supervision_phone"),
        (
            "集中办理窗口",
            "\n".join(f"{w.name}：每年{'、'.join(map(str, w.months))}月" for w in spec.windows),
            "windows",
        ),
        ("办理渠道", "\n".join(map(_channel, spec.channels)), "channels"),
        ("结果送达", "、".join(spec.delivery), "delivery"),
        ("常见问题", "\n".join(map(str, spec.faq)), "faq"),
    ]
    return [(label, value or NOT_PUBLISHED, spec.provenance.get(path, "")) for label, value, path in rows]


def _item(spec: SchemeSpec, item: ItemSpec) -> Pairs:
    at = f"items.{item.code}."
    rows = [
        ("登记表上的名称", item.printed_name, "form_name" if item.form_name else "name"),
        ("办理部门", "、".join(spec.agency(code).name for code in item.agencies), "agencies"),
        ("设定依据", _grounds(item.basis), "basis"),
        ("办理条件", "\n".join(item.conditions), "conditions"),
        ("适用的安置方式", _kinds(item.applies_to or spec.applies_to), "applies_to"),
        ("承诺时限", limit_text(spec, item), "promised_limit"),
        ("法定时限", str(item.legal_limit or ""), "legal_limit"),
        ("兑现时间", str(item.fulfilment or "—"), "fulfilment"),
        ("收费", fee_text(spec, item), "fee"),
        ("前置", "\n".join(requirement_text(spec, edge) for edge in item.requires) or "无", "requires"),
        ("办理渠道", channel_text(spec, item), "online"),
        ("本人到场", item.in_person_reason if item.in_person else "不用", "in_person"),
        ("办理结果", item.result.name or "", "result"),
        ("结果样本", item.result.sample, "result.sample"),
        ("常见问题", "\n".join(map(str, item.faq)), "faq"),
        ("说明", item.note or "—", "note"),
        ("人们的叫法", "、".join(item.aliases), "aliases"),
    ]
    for code, mapping in item.field_map.items():
        sent = "、".join(
            line.label or FIELDS[line.field].label if line.field else f"{line.label}={line.default}" for line in mapping
        )
        rows.append((f"推送给{spec.agency(code).name}", sent, "field_map"))
    if missing := unpublished(spec, item):
        rows.append(("还缺的要素", "、".join(missing), ""))
    return [(label, value or NOT_PUBLISHED, spec.provenance.get(at + path, "")) for label, value, path in rows]


def _grounds(basis: Iterable[Basis]) -> str:
    return "\n".join(f"{entry.text}{_period(entry)}" for entry in basis)


def _period(entry: Basis) -> str:
    if entry.valid_until:
        return f"（{entry.valid_until}后失效）"
    return f"（{entry.valid_from}起施行）" if entry.valid_from else ""


def _channel(channel: ChannelSpec) -> str:
    return f"{channel}（本平台增加：{channel.note}）" if channel.by_operator else str(channel)


def _kinds(kinds: Iterable[SettlementKind]) -> str:
    return "、".join(SettlementKind(kind).label for kind in kinds)


def _asked(spec: SchemeSpec, code: str) -> str:
    by = [item.title for item in spec.items if code in item.fields]
    return f"{FIELDS[code].label}（{'、'.join(by) if by else '人人填'}）"
