"""办事指南: what a scheme says of its items, in rows and words.

Nothing is added to the scheme: what its source does not say is shown as 未公布.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from agencies import guide
from agencies.flow_chart import FlowChart
from agencies.models import Office
from agencies.spec import Basis, ItemSpec, MaterialSpec, SchemeSpec, SourceDocument
from agencies.words import NOT_PUBLISHED
from applications.figures import UsualWait
from portal.web.presenters import Action, SummaryRow


@dataclass(frozen=True)
class ItemRow:
    """One item of the list: number, name, who, by when."""

    number: int
    code: str
    title: str
    agencies: str
    icon: str
    limit: str
    usual: str
    note: str


@dataclass(frozen=True)
class MaterialRow:
    title: str
    serves: str
    remarks: tuple[str, ...]


def item_rows(spec: SchemeSpec, items: list[ItemSpec], waits: Mapping[str, UsualWait]) -> list[ItemRow]:
    return [
        ItemRow(
            number=number,
            code=item.code,
            title=item.title,
            agencies=spec.agency_names(item),
            icon=spec.agency(item.agencies[0]).icon if item.agencies else "",
            limit=limit_words(spec, item),
            usual=usual_words(waits.get(item.code)),
            note="要本人到场" if item.in_person else item.channel_note or guide.ways_text(item),
        )
        for number, item in enumerate(items, 1)
    ]


def usual_words(wait: UsualWait | None) -> str:
    """一般 3 至 8 个工作日; empty where too few cases are closed to say so."""
    if wait is None:
        return ""
    if wait.high == 0:
        return "一般当天办结"
    days = f"{wait.low} 至 {wait.high}" if wait.low < wait.high else str(wait.high)
    return f"一般 {days} 个工作日"


def limit_words(spec: SchemeSpec, item: ItemSpec) -> str:
    """The promised limit where no label stands before it."""
    limit = guide.limit_text(spec, item)
    return f"时限{NOT_PUBLISHED}" if limit == NOT_PUBLISHED else limit


def material_rows(spec: SchemeSpec, materials: tuple[MaterialSpec, ...], today: date) -> list[MaterialRow]:
    return [
        MaterialRow(
            title=f"{material.title}（原件）" if material.original else material.title,
            serves="、".join(spec.item(code).title for code in material.serves) or "全部事项",
            remarks=tuple(
                words
                for words in (
                    _reason(material),
                    material.explanation,
                    f"由{material.issued_by}出具" if material.issued_by else "",
                    f"不用交，由{material.shared_from}共享取得" if material.shared_from else "",
                    f"可以用{material.replaced_by}代替" if material.replaced_by else "",
                    guide.later_text(material),
                    "有就带上" if material.optional else "",
                    guide.repealed_note(spec, material.source, today),
                )
                if words
            ),
        )
        for material in materials
    ]


def _reason(material: MaterialSpec) -> str:
    """Why it is asked; a reason that holds for some people only is put as a condition."""
    if material.when is not None and material.because.startswith("您"):
        return f"如果{material.because.rstrip('。')}，才要这一样"
    return material.because


def materials_of(spec: SchemeSpec, item: ItemSpec) -> tuple[MaterialSpec, ...]:
    """The materials that may be asked for an item: its own, and those of every item."""
    return tuple(material for material in spec.materials if material.is_for(item.code))


def item_page(
    spec: SchemeSpec,
    item: ItemSpec,
    offices: Mapping[str, Office],
    today: date,
    *,
    phone: str = "",
    wait: UsualWait | None = None,
) -> list[SummaryRow]:
    """The elements of one item in the order a reader asks: who, whether I may, what by when, where, what comes out.

    `phone` is that of the place, which is called where neither the item nor its office has one; `wait` is how long the
    item took here of late, which is no promise.
    """
    here = [offices[code] for code in item.agencies if code in offices]
    rows = [
        ("办理部门", "、".join(office.name for office in here) or spec.agency_names(item)),
        ("地址", _each(here, "address")),
        ("办公时间", _each(here, "hours")),
        ("谁可以办", "\n".join(kind.label for kind in item.applies_to) or "\n".join(spec.eligibility)),
        ("办理条件", "\n".join(item.conditions)),
        ("等什么", "\n".join(guide.waits_text(spec, item, today)) or "不用等别的事项，提交后就开始"),
        ("承诺时限", guide.limit_text(spec, item)),
        ("本地实际", _actual(wait)),
        ("法定时限", str(item.legal_limit or spec.legal_limit or "")),
        ("收费", guide.fee_text(spec, item)),
        ("在哪里办", guide.channel_text(spec, item)),
        ("要不要到场", (item.in_person_reason or "要本人到场") if item.in_person else "不用专门到场"),
        ("办好得到什么", item.result.name or ""),
        ("结果样本", "当地公布的样本" if item.result.sample else ""),
        ("结果怎么给", "、".join(item.result.delivery or spec.delivery)),
        ("之后", str(item.fulfilment or "")),
        ("说明", item.note),
        ("咨询电话", "、".join(item.phones) or _each(here, "phone") or phone),
        ("监督投诉电话", spec.supervision_phone or ""),
        ("依据", "\n".join(guide.ground_text(basis, today) for basis in item.basis or spec.basis)),
    ]
    rows += [] if item.faq else [("常见问题", "")]
    silent = {"本地实际", "之后", "说明"}
    links = {"结果样本": Action("查看", item.result.sample, about="结果样本")} if item.result.sample else {}
    return [
        SummaryRow(label, value or NOT_PUBLISHED, action=links.get(label))
        for label, value in rows
        if value or label not in silent
    ]


def _actual(wait: UsualWait | None) -> str:
    """With how many cases it rests on, and from when to when it is counted."""
    return f"受理后{usual_words(wait)}（近一年办结的 {wait.counted} 件，含等申请人的时间）" if wait else ""


def folded(rows: list[SummaryRow]) -> list[SummaryRow]:
    """What nobody has published is named in one row at the end: a dozen times 未公布 would hide what is known."""
    silent = [row.label for row in rows if row.value == NOT_PUBLISHED]
    if len(silent) < 2:
        return rows
    return [*(row for row in rows if row.value != NOT_PUBLISHED), SummaryRow(NOT_PUBLISHED, "、".join(silent))]


def _each(offices: list[Office], name: str) -> str:
    """A fact of every office, each with the office's name where there are several; empty where nobody published any."""
    values = [(office.name, getattr(office, name) or NOT_PUBLISHED) for office in offices]
    if all(value == NOT_PUBLISHED for _, value in values):
        return ""
    return "\n".join(f"{office}：{value}" if len(values) > 1 else value for office, value in values)


def order_of_items(chart: FlowChart) -> list[str]:
    """What waits for what, in sentences; [] when everything can start at once."""
    return [step.sentence for step in chart.steps if step.hard or step.soft or step.facts]


def sources(spec: SchemeSpec, today: date) -> list[str]:
    """The documents a scheme rests on, as they are cited; repealed ones are said to be."""
    return [guide.ground_text(_as_ground(document), today) for document in spec.sources]


def _as_ground(document: SourceDocument) -> Basis:
    text = f"{document.title}（{document.number}）" if document.number else document.title
    return Basis(text=text, valid_from=document.valid_from, valid_until=document.valid_until)


def channels(spec: SchemeSpec) -> list[tuple[str, str]]:
    """The ways to hand in, and what is to be said of them."""
    return [(channel.name, channel.note) for channel in spec.channels]


@dataclass(frozen=True)
class ClaimRow:
    """What a region says of itself: before and after, in its own numbers."""

    label: str
    before: str
    after: str


def claim_rows(spec: SchemeSpec) -> list[ClaimRow]:
    """The region's own claims, repeated and never computed; — where it gives only one side."""
    return [
        ClaimRow(
            claim.label,
            f"{claim.before} {claim.unit}".strip() if claim.before else "—",
            f"{claim.after} {claim.unit}".strip() if claim.after else "—",
        )
        for claim in spec.claims
    ]


def claim_source(spec: SchemeSpec) -> str:
    """The title of the document that the claims stand in; the first part of a source row names it."""
    documents = {claim.source.split("-")[0] for claim in spec.claims}
    return "；".join(source.title for source in spec.sources if source.id in documents)
