"""What changes for whom between two schemes, in sentences an official reads. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pydantic import BaseModel

from agencies.enums import SettlementKind
from agencies.fields import FIELDS
from agencies.guide import channel_text
from agencies.spec import (
    ChannelSpec,
    Claim,
    Condition,
    FieldMapping,
    FormField,
    ItemSpec,
    MaterialSpec,
    PlaceSpec,
    Requirement,
    SchemeSpec,
    SourceDocument,
)
from agencies.words import NOT_PUBLISHED

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
    changes += [*_of_agencies(old, new), *_of_places(old, new), *_of_documents(old, new)]
    order = [EVERYBODY, APPLICANTS, *dict.fromkeys(change.audience for change in changes)]
    return sorted(changes, key=lambda change: order.index(change.audience))


def _quoted(words: Iterable[str]) -> str:
    return "、".join(f"“{word}”" for word in words)


def _moved(audience: str, what: str, before: object, after: object) -> Iterator[Change]:
    if before != after:
        yield Change(audience, f"{what}由“{before or NOT_PUBLISHED}”改为“{after or NOT_PUBLISHED}”。")


def _facts(audience: str, what: str, old: BaseModel, new: BaseModel, facts: Mapping[str, str]) -> Iterator[Change]:
    """What changed of the named simple values of two specifications."""
    for name, label in facts.items():
        yield from _moved(audience, f"{what}{label}", _words(getattr(old, name)), _words(getattr(new, name)))


def _words(value: object) -> object:
    if isinstance(value, bool):
        return "是" if value else "否"
    return "、".join(map(str, value)) if isinstance(value, tuple) else value


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
    yield from _moved(APPLICANTS, "整件事的收费", old.fee, new.fee)
    yield from _lists(APPLICANTS, "常见问题", map(str, old.faq), map(str, new.faq))
    yield from _lists(EVERYBODY, "设定依据", [b.text for b in old.basis], [b.text for b in new.basis])
    yield from _moved(APPLICANTS, "报到期限", old.reporting_limit, new.reporting_limit)
    yield from _moved(EVERYBODY, "用哪一件报到", old.reporting_item, new.reporting_item)
    yield from _moved(APPLICANTS, "补正期限", f"{old.correction_days}个工作日", f"{new.correction_days}个工作日")
    yield from _moved(APPLICANTS, "受理前预审", *(_pre_review(spec) for spec in (old, new)))
    yield from _moved(APPLICANTS, "监督电话", old.supervision_phone, new.supervision_phone)
    yield from _lists(APPLICANTS, "服务对象和条件", old.eligibility, new.eligibility)
    yield from _lists(APPLICANTS, "适用的安置方式", _kinds(old.applies_to), _kinds(new.applies_to))
    yield from _lists(APPLICANTS, "办理前要先完成的事", old.prerequisites, new.prerequisites)
    yield from _moved(EVERYBODY, "失效日期", old.valid_until, new.valid_until)
    yield from _lists(APPLICANTS, "办理渠道", map(_channel, old.channels), map(_channel, new.channels))
    yield from _facts(
        APPLICANTS, "", old, new, {"materials_note": "材料说明", "slogans": "口号", "window_name": "窗口的命名"}
    )
    yield from _lists(APPLICANTS, "公布的成效", map(_claim, old.claims), map(_claim, new.claims))
    yield from _lists(APPLICANTS, "结果送达方式", old.delivery, new.delivery)
    yield from _lists(APPLICANTS, "集中办理窗口", _windows(old), _windows(new))
    before = {fact.code: fact for fact in old.facts}
    for fact in new.facts:
        if fact.code in before:
            what = f"外部条件“{fact.name}”的"
            yield from _facts(APPLICANTS, what, before[fact.code], fact, {"name": "名称", "waiting_text": "等待说明"})


PLACE = {
    "phone": "咨询电话", "window": "窗口名称", "address": "窗口地址", "hours": "开放时间", "is_open": "是否开通", "open_from": "开通日期",
}  # fmt: skip
OFFICE = {"name": "名称", "address": "地址", "hours": "办公时间", "phone": "电话", "gateway": "推送方式"}


def _of_places(old: SchemeSpec, new: SchemeSpec) -> Iterator[Change]:
    """Phones, addresses and hours of districts, and of the offices that are listed."""
    places = ({place.region: place for place in spec.places} for spec in (old, new))
    before, after = next(places), next(places)
    for code in dict.fromkeys([*before, *after]):
        nothing = PlaceSpec(region=code)
        yield from _facts(APPLICANTS, f"区划{code}的", before.get(code, nothing), after.get(code, nothing), PLACE)
    offices = ({(office.agency, office.region): office for office in spec.offices} for spec in (old, new))
    known, now = next(offices), next(offices)
    for key, office in now.items():
        if key in known:
            yield from _facts(EVERYBODY, f"“{office.name}”的", known[key], office, OFFICE)
        else:
            yield Change(EVERYBODY, f"新增办理机构“{office.name}”。")
    for key, office in known.items():
        if key not in now:
            yield Change(EVERYBODY, f"不再列出办理机构“{office.name}”。")


def _of_documents(old: SchemeSpec, new: SchemeSpec) -> Iterator[Change]:
    yield from _lists(EVERYBODY, "出处文件", map(_document, old.sources), map(_document, new.sources))


def _document(document: SourceDocument) -> str:
    number = f"（{document.number}）" if document.number else ""
    dates = "".join(
        f"，{day}{word}"
        for day, word in ((document.issued_on, "印发"), (document.valid_from, "起施行"), (document.valid_until, "止"))
        if day
    )
    by = f"，{'、'.join(document.issuers)}" if document.issuers else ""
    return f"{document.title}{number}{dates}{by}" + (f"，存档 {document.file}" if document.file else "")


def _channel(channel: ChannelSpec) -> str:
    kind = {"online": "（网上）", "window": "（窗口）"}.get(channel.kind or "", "")
    return f"{channel}{kind}{'本平台增加；' if channel.by_operator else ''}{channel.note}"


def _claim(claim: Claim) -> str:
    return f"{claim.label}：{claim.before or '—'}→{claim.after or '—'}{claim.unit}"


def _pre_review(spec: SchemeSpec) -> str:
    if spec.pre_review is None:
        return "没有"
    names = {agency.code: agency.name for agency in spec.agencies}
    return f"{names.get(spec.pre_review.agency, spec.pre_review.agency)}预审{spec.pre_review.note and f'（{spec.pre_review.note}）'}"


def _kinds(kinds: Iterable[SettlementKind]) -> list[str]:
    return [SettlementKind(kind).label for kind in kinds]


def _windows(spec: SchemeSpec) -> list[str]:
    return [
        f"{window.name}（{'、'.join(map(str, window.months))}月{window.place and f'，{window.place}'}）"
        for window in spec.windows
    ]


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
    yield from _moved(APPLICANTS, f"{name}的名称", one.name, other.name)
    yield from _moved(APPLICANTS, f"{name}在登记表上的名称", one.form_name, other.form_name)
    yield from _moved(EVERYBODY, f"{name}的办理部门", _agencies(old, one), _agencies(new, other))
    yield from _moved(EVERYBODY, f"{name}的承诺时限", one.promised_limit, other.promised_limit)
    yield from _moved(EVERYBODY, f"{name}的法定时限", one.legal_limit, other.legal_limit)
    yield from _moved(APPLICANTS, f"{name}的兑现时间", one.fulfilment, other.fulfilment)
    yield from _moved(APPLICANTS, f"{name}的办理渠道", channel_text(old, one), channel_text(new, other))
    if channel_text(old, one) == channel_text(new, other):
        ways = {"online": "网上能不能办", "window": "窗口能不能办"}
        yield from _facts(APPLICANTS, name, one, other, ways)
    if one.in_person and other.in_person:
        yield from _moved(APPLICANTS, f"{name}到场做什么", one.in_person_reason, other.in_person_reason)
    if one.in_person != other.in_person:
        said = f"要本人到场（{other.in_person_reason}）" if other.in_person else "不再要求本人到场"
        yield Change(APPLICANTS, f"{name}{said}。")
    yield from _moved(APPLICANTS, f"{name}的收费", one.fee, other.fee)
    yield from _moved(APPLICANTS, f"{name}的结果", one.result.name, other.result.name)
    yield from _moved(APPLICANTS, f"{name}的结果样本", one.result.sample, other.result.sample)
    yield from _lists(APPLICANTS, f"{name}的常见问题", map(str, one.faq), map(str, other.faq))
    yield from _lists(APPLICANTS, f"{name}的办理条件", one.conditions, other.conditions)
    yield from _lists(APPLICANTS, f"{name}适用的安置方式", _kinds(one.applies_to), _kinds(other.applies_to))
    yield from _lists(EVERYBODY, f"{name}的设定依据", [b.text for b in one.basis], [b.text for b in other.basis])
    waits = [
        [requirement_text(spec, edge) + (f"：{edge.note}" if edge.note else "") for edge in item.requires]
        for spec, item in ((old, one), (new, other))
    ]
    yield from _lists(EVERYBODY, f"{name}的前置", *waits)
    yield from _lists(APPLICANTS, f"{name}要填的内容", _labels(one.fields), _labels(other.fields))
    concerns = [
        _condition(spec, item.concerns) if item.concerns else "都可以" for spec, item in ((old, one), (new, other))
    ]
    yield from _moved(APPLICANTS, f"{name}什么情况的人才办", *concerns)
    yield from _moved(APPLICANTS, f"{name}的结果怎么给", *(_words(item.result.delivery) for item in (one, other)))
    yield from _facts(APPLICANTS, f"{name}", one, other, ITEM)
    yield from _facts(_agencies(new, other), f"{name}", one, other, {"two_steps": "审核和批准是否分两步"})
    yield from _of_disclosure(old, one, new, other)


ITEM = {
    "short_name": "的简称", "aliases": "搜索用的叫法", "phones": "的电话", "note": "的说明", "next_step": "办结以后的说明",
    "default_ticked": "是否默认勾选", "automatic": "是否不用申请、自动办理", "survey_only": "是否只作调查",
    "deemed_acceptance": "逾期未告知是否视为受理", "lapses_without_correction": "逾期不补正是否视为撤回",
}  # fmt: skip


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
        kept = {line.field for line in one.field_map.get(code, ())} & {
            line.field for line in other.field_map.get(code, ())
        }
        wires = [
            [_wire(line) for line in item.field_map.get(code, ()) if not line.field or line.field in kept]
            for item in (one, other)
        ]
        yield from _lists(agency.name, f"“{other.title}”的对接字段", *wires)


def _wire(line: FieldMapping) -> str:
    """One line of what an agency is sent, with its name there."""
    label = line.label or (FIELDS[line.field].label if line.field else line.target)
    return f"{label}→{line.target}" + (f"＝{line.default}" if line.default else "")


def _of_materials(old: SchemeSpec, new: SchemeSpec) -> Iterator[Change]:
    def told(spec: SchemeSpec) -> dict[str, str]:
        return {material.code: material_text(spec, material) for material in spec.materials}

    before, after = told(old), told(new)
    kept = {material.code: material for material in old.materials}
    for code, text in after.items():
        if code not in before:
            yield Change(APPLICANTS, f"增加材料：{text}。")
        else:
            yield from _moved(APPLICANTS, "材料", before[code], text)
            material = new.material(code)
            yield from _facts(APPLICANTS, f"“{material.title}”的", kept[code], material, MATERIAL)
    for code, text in before.items():
        if code not in after:
            yield Change(APPLICANTS, f"不再要材料：{text}。")


MATERIAL = {
    "name": "名称", "because": "用途", "explanation": "说明", "issued_by": "出具单位", "replaced_by": "替代", "shared_from": "数据共享来源", "number": "序号",
}  # fmt: skip


def material_text(spec: SchemeSpec, material: MaterialSpec) -> str:
    """A material with what it is for and when it is asked, in words."""
    notes = ["原件"] if material.original else []
    later = f"，交表后 {material.defer_limit}内补交" if material.defer_limit else ""
    notes += [f"可以容缺后补{later}"] if material.deferrable else []
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
    yield from _facts(APPLICANTS, "登记表的", old.form, new.form, {"note": "说明"})
    lines = [
        {line.field: _line(spec, line) for part in spec.form.sections for line in part.fields} for spec in (old, new)
    ]
    for code in [code for code in lines[0] if code in lines[1]]:
        yield from _moved(APPLICANTS, f"登记表“{FIELDS[code].label}”一栏", lines[0][code], lines[1][code])
    parts = [
        [f"{part.title}{part.intro and f'（{part.intro}）'}" for part in spec.form.sections] for spec in (old, new)
    ]
    yield from _moved(APPLICANTS, "登记表的分段", *("、".join(titles) for titles in parts))
    orders = [[code for code in line if code in lines[1 - number]] for number, line in enumerate(lines)]
    if orders[0] != orders[1]:
        yield Change(APPLICANTS, f"登记表的次序改为：{'、'.join(_labels(lines[1]))}。")
    if old.form.printed_rows != new.form.printed_rows:
        yield Change(APPLICANTS, "打印的登记表排版有变化。")
    items = [
        [code for code in old.form.item_order if code in new.form.item_order],
        [code for code in new.form.item_order if code in old.form.item_order],
    ]
    if items[0] != items[1]:
        yield Change(APPLICANTS, "打印的登记表上事项的次序有变化。")


def _line(spec: SchemeSpec, line: FormField) -> str:
    """One question of the form as people see it."""
    notes = [line.hint or FIELDS[line.field].hint, "" if line.required else "可以不填"]
    notes.append(f"{_condition(spec, line.when)}时才问" if line.when else "")
    needed = "、".join(
        spec.item(code).title for code in line.required_for if code in {item.code for item in spec.items}
    )
    notes.append(f"办{needed}才必填" if needed else "")
    return f"{line.label or FIELDS[line.field].label}（{'，'.join(note for note in notes if note) or '必填'}）"


def _of_agencies(old: SchemeSpec, new: SchemeSpec) -> Iterator[Change]:
    before = {agency.code: agency for agency in old.agencies}
    for agency in new.agencies:
        if agency.code not in before:
            yield Change(EVERYBODY, f"新增部门“{agency.name}”。")
        else:
            yield from _moved(EVERYBODY, "部门名称", before[agency.code].name, agency.name)
            what = f"“{agency.name}”的"
            yield from _facts(
                EVERYBODY, what, before[agency.code], agency, {"short_name": "简称", "office_name": "机构命名"}
            )
    for agency in old.agencies:
        if agency.code not in {one.code for one in new.agencies}:
            yield Change(EVERYBODY, f"不再有部门“{agency.name}”。")
