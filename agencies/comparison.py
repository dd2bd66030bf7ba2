"""What changes for whom between two schemes, in sentences an official reads. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from agencies.enums import SettlementKind
from agencies.fields import FIELDS
from agencies.guide import NOT_PUBLISHED, channel_text
from agencies.spec import Condition, ItemSpec, MaterialSpec, Requirement, SchemeSpec

APPLICANTS = "申请人"
EVERYBODY = "全部"


@dataclass(frozen=True)
class Change:
    audience: str
    text: str

    def __str__(self) -> str:
        return f"{self.audience}：{self.text}"


def compare(old: SchemeSpec, new: SchemeSpec) -> list[Change]:
    """Every difference that somebody notices, for applicants first, then for each agency; [] for equal schemes."""
    changes = [*_of_the_whole(old, new), *_of_items(old, new), *_of_materials(old, new), *_of_the_form(old, new)]
    changes += _of_agencies(old, new)
    order = [EVERYBODY, APPLICANTS, *dict.fromkeys(change.audience for change in changes)]
    return sorted(changes, key=lambda change: order.index(change.audience))


def _quoted(words: Iterable[str]) -> str:
    return "、".join(f"“{word}”" for word in words)


def _moved(audience: str, what: str, before: object, after: object) -> Iterator[Change]:
    if before != after:
        yield Change(audience, f"{what}由“{before or NOT_PUBLISHED}”改为“{after or NOT_PUBLISHED}”。")


def _lists(audience: str, what: str, before: Iterable[str], after: Iterable[str]) -> Iterator[Change]:
    before, after = list(before), list(after)
    if added := [entry for entry in after if entry not in before]:
        yield Change(audience, f"{what}增加{_quoted(added)}。")
    if gone := [entry for entry in before if entry not in after]:
        yield Change(audience, f"{what}去掉{_quoted(gone)}。")


def _of_the_whole(old: SchemeSpec, new: SchemeSpec) -> Iterator[Change]:
    yield from _moved(EVERYBODY, "方案名称", old.title, new.title)
    yield from _moved(EVERYBODY, "服务名称", old.service_name, new.service_name)
    yield from _moved(EVERYBODY, "整件事的承诺时限", old.overall_limit, new.overall_limit)
    yield from _moved(EVERYBODY, "整件事的法定时限", old.legal_limit, new.legal_limit)
    yield from _moved(EVERYBODY, "收件后告知的期限", old.receiving_limit, new.receiving_limit)
    yield from _lists(EVERYBODY, "设定依据", [b.text for b in old.basis], [b.text for b in new.basis])
    yield from _moved(APPLICANTS, "报到期限", old.reporting_limit, new.reporting_limit)
    yield from _moved(APPLICANTS, "补正期限", f"{old.correction_days}个工作日", f"{new.correction_days}个工作日")
    yield from _moved(APPLICANTS, "受理前预审", *(s.pre_review.agency if s.pre_review else "没有" for s in (old, new)))
    yield from _moved(APPLICANTS, "监督电话", old.supervision_phone, new.supervision_phone)
    yield from _lists(APPLICANTS, "服务对象和条件", old.eligibility, new.eligibility)
    yield from _lists(APPLICANTS, "适用的安置方式", _kinds(old.applies_to), _kinds(new.applies_to))
    yield from _lists(APPLICANTS, "办理前要先完成的事", old.prerequisites, new.prerequisites)
    yield from _lists(APPLICANTS, "办理渠道", map(str, old.channels), map(str, new.channels))
    yield from _lists(APPLICANTS, "结果送达方式", old.delivery, new.delivery)
    yield from _lists(APPLICANTS, "集中办理窗口", _windows(old), _windows(new))
    phones = ({place.region: place.phone for place in spec.places} for spec in (old, new))
    before, after = next(phones), next(phones)
    for code in dict.fromkeys([*before, *after]):
        yield from _moved(APPLICANTS, f"区划{code}的咨询电话", before.get(code), after.get(code))


def _kinds(kinds: Iterable[SettlementKind]) -> list[str]:
    return [SettlementKind(kind).label for kind in kinds]


def _windows(spec: SchemeSpec) -> list[str]:
    return [f"{window.name}（{'、'.join(map(str, window.months))}月）" for window in spec.windows]


def _of_items(old: SchemeSpec, new: SchemeSpec) -> Iterator[Change]:
    before = {item.code: item for item in old.items if item.enabled}
    after = {item.code: item for item in new.items if item.enabled}
    for code, item in after.items():
        if code not in before:
            yield Change(EVERYBODY, f"新增事项“{item.name}”，由{_agencies(new, item)}办理。")
    for code, item in before.items():
        if code not in after:
            yield Change(EVERYBODY, f"不再办理事项“{item.name}”（原由{_agencies(old, item)}办理）。")
    for code in [code for code in after if code in before]:
        yield from _of_item(old, before[code], new, after[code])
    kept = ([code for code in one if code in other] for one, other in ((before, after), (after, before)))
    if next(kept) != next(kept):
        yield Change(APPLICANTS, f"事项的次序改为：{'、'.join(item.title for item in new.offered)}。")


def _agencies(spec: SchemeSpec, item: ItemSpec) -> str:
    return "、".join(spec.agency(code).name for code in item.agencies) or "（未定）"


def _of_item(old: SchemeSpec, one: ItemSpec, new: SchemeSpec, other: ItemSpec) -> Iterator[Change]:
    name = f"“{other.title}”"
    yield from _moved(APPLICANTS, f"{name}的名称", one.printed_name, other.printed_name)
    yield from _moved(EVERYBODY, f"{name}的办理部门", _agencies(old, one), _agencies(new, other))
    yield from _moved(EVERYBODY, f"{name}的承诺时限", one.promised_limit, other.promised_limit)
    yield from _moved(EVERYBODY, f"{name}的法定时限", one.legal_limit, other.legal_limit)
    yield from _moved(APPLICANTS, f"{name}的兑现时间", one.fulfilment, other.fulfilment)
    yield from _moved(APPLICANTS, f"{name}的办理渠道", channel_text(old, one), channel_text(new, other))
    if one.in_person != other.in_person:
        said = f"要本人到场（{other.in_person_reason}）" if other.in_person else "不再要求本人到场"
        yield Change(APPLICANTS, f"{name}{said}。")
    yield from _moved(APPLICANTS, f"{name}的结果", one.result.name, other.result.name)
    yield from _lists(APPLICANTS, f"{name}的办理条件", one.conditions, other.conditions)
    yield from _lists(APPLICANTS, f"{name}适用的安置方式", _kinds(one.applies_to), _kinds(other.applies_to))
    yield from _lists(EVERYBODY, f"{name}的设定依据", [b.text for b in one.basis], [b.text for b in other.basis])
    before = [requirement_text(old, edge) for edge in one.requires]
    yield from _lists(EVERYBODY, f"{name}的前置", before, [requirement_text(new, edge) for edge in other.requires])
    yield from _lists(APPLICANTS, f"{name}要填的内容", _labels(one.fields), _labels(other.fields))
    yield from _of_disclosure(old, one, new, other)


def requirement_text(spec: SchemeSpec, edge: Requirement) -> str:
    """What an item waits for, in words."""
    what = spec.item(edge.item).title if edge.item else spec.fact(edge.fact or "").name
    condition = f"（{_condition(spec, edge.when)}时）" if edge.when else ""
    return f"{'须先' if edge.kind == 'hard' else '建议先'}{what}{condition}"


def _condition(spec: SchemeSpec, when: Condition) -> str:
    if when.all_of:
        return "并且".join(_condition(spec, part) for part in when.all_of)
    if when.ticked:
        return f"办理“{spec.item(when.ticked).title}”"
    field = FIELDS[when.field or ""]
    words = dict(field.choices)
    return f"{field.label}为{'或'.join(words.get(value, value) for value in when.is_in)}"


def _labels(codes: Iterable[str]) -> list[str]:
    return [FIELDS[code].label for code in codes]


def _of_disclosure(old: SchemeSpec, one: ItemSpec, new: SchemeSpec, other: ItemSpec) -> Iterator[Change]:
    for code in dict.fromkeys([*one.field_map, *other.field_map]):
        agency = next(agency for spec in (new, old) for agency in spec.agencies if agency.code == code)
        sent = [
            [line.label or FIELDS[line.field].label for line in item.field_map.get(code, ()) if line.field]
            for item in (one, other)
        ]
        yield from _lists(agency.name, f"“{other.title}”收到的登记表内容", *sent)


def _of_materials(old: SchemeSpec, new: SchemeSpec) -> Iterator[Change]:
    def told(spec: SchemeSpec) -> dict[str, str]:
        return {material.code: material_text(spec, material) for material in spec.materials}

    before, after = told(old), told(new)
    for code, text in after.items():
        if code not in before:
            yield Change(APPLICANTS, f"增加材料：{text}。")
        else:
            yield from _moved(APPLICANTS, "材料", before[code], text)
    for code, text in before.items():
        if code not in after:
            yield Change(APPLICANTS, f"不再要材料：{text}。")


def material_text(spec: SchemeSpec, material: MaterialSpec) -> str:
    """A material with what it is for and when it is asked, in words."""
    notes = ["原件"] if material.original else []
    notes += ["可以容缺后补"] if material.deferrable else []
    notes += ["可以不交"] if material.optional else []
    if material.serves:
        notes.append(f"用于{'、'.join(spec.item(code).title for code in material.serves)}")
    if material.when:
        notes.append(f"{_condition(spec, material.when)}时")
    return material.title + (f"（{'，'.join(notes)}）" if notes else "")


def _of_the_form(old: SchemeSpec, new: SchemeSpec) -> Iterator[Change]:
    yield from _moved(APPLICANTS, "登记表名称", old.form.title, new.form.title)
    asked = [
        [line.label or FIELDS[line.field].label for section in spec.form.sections for line in section.fields]
        for spec in (old, new)
    ]
    yield from _lists(APPLICANTS, "登记表的内容", *asked)
    yield from _moved(APPLICANTS, "申请承诺", "".join(old.form.promise), "".join(new.form.promise))


def _of_agencies(old: SchemeSpec, new: SchemeSpec) -> Iterator[Change]:
    before = {agency.code: agency for agency in old.agencies}
    for agency in new.agencies:
        if agency.code not in before:
            yield Change(EVERYBODY, f"新增部门“{agency.name}”。")
        else:
            yield from _moved(EVERYBODY, "部门名称", before[agency.code].name, agency.name)
