"""业务规范: the rules of each item that the office handles, out of the scheme in force, for reading beside the queue."""

from dataclasses import dataclass
from datetime import date

from agencies import guide
from agencies.catalogue import NoScheme, scheme_for
from agencies.fields import FIELDS
from agencies.models import Office, Scheme
from agencies.spec import ItemSpec, Requirement, SchemeSpec
from agencies.words import NOT_PUBLISHED
from portal.web.presenters import SummaryRow


@dataclass(frozen=True)
class Norm:
    code: str
    title: str
    rows: list[SummaryRow]
    materials: list[str]


def norms_of(office: Office, scheme: Scheme, today: date) -> list[Norm]:
    """Every enabled item of the office's agency, in the scheme's order."""
    spec = scheme.spec
    items = [item for item in spec.items if item.enabled and office.agency_id in item.agencies]
    return [Norm(item.code, item.name, _rows(spec, item, office, today), _materials(spec, item)) for item in items]


def scheme_in_force(office: Office, today: date) -> Scheme | None:
    """The scheme of the office's place today; None where none is in force."""
    try:
        return scheme_for(office.region, today)
    except NoScheme:
        return None


def _rows(spec: SchemeSpec, item: ItemSpec, office: Office, today: date) -> list[SummaryRow]:
    names = {agency.code: agency.name for agency in spec.agencies}
    waits = [_need_words(spec, need, today) for need in item.requires]
    fields = [
        mapping.label or (FIELDS[mapping.field].label if mapping.field else mapping.target)
        for mapping in item.field_map.get(office.agency_id, ())
    ]
    rows = [
        ("办理部门", "、".join(names.get(code, code) for code in item.agencies)),
        ("适用对象", "、".join(kind.label for kind in item.applies_to) or "\n".join(spec.eligibility)),
        ("办理条件", "\n".join(item.conditions)),
        ("前置", "\n".join(waits) or "没有前置，送达后就可以办"),
        (
            "答复期限",
            f"从申请人交齐那天算，{spec.receiving_limit}内答复是否受理"
            + ("；逾期未告知视为受理" if item.deemed_acceptance else ""),
        ),
        ("承诺时限", guide.limit_text(spec, item)),
        ("法定时限", str(item.legal_limit or spec.legal_limit or "")),
        ("补正期限", f"告知后 {spec.correction_days} 个工作日"),
        ("办理环节", "承办、批准两步" if item.two_steps else "承办人审核办结"),
        ("本人到场", (item.in_person_reason or "须本人到场") if item.in_person else "不用专门到场"),
        ("推送给本机构的信息", "、".join(fields)),
        ("结果", item.result.name or ""),
        ("结果送达", "、".join(item.result.delivery or spec.delivery)),
        ("办结以后", str(item.fulfilment or "")),
        ("依据", "\n".join(guide.ground_text(basis, today) for basis in item.basis or spec.basis)),
        ("说明", item.note),
    ]
    optional = {"办结以后", "说明"}
    return [SummaryRow(label, value or NOT_PUBLISHED) for label, value in rows if value or label not in optional]


def _need_words(spec: SchemeSpec, need: Requirement, today: date) -> str:
    what = f"“{spec.item(need.item).title}”办结" if need.item else spec.fact(need.fact or "").name
    words = f"{what}以后才开始" if need.kind == "hard" else f"建议在{what}以后办，不强制"
    notes = [need.note.rstrip("。"), guide.repealed_note(spec, need.source, today)]
    about = "；".join(note for note in notes if note)
    return f"{words}（{about}）" if about else words


def _materials(spec: SchemeSpec, item: ItemSpec) -> list[str]:
    found = []
    for material in spec.materials:
        if not material.is_for(item.code):
            continue
        notes = [
            "按情况" if material.when else "",
            "可以不交" if material.optional else "",
            "可以容缺" if material.deferrable else "",
            "验原件" if material.original else "",
            f"申请人不交，由{material.shared_from}共享取得" if material.shared_from else "",
            f"可用{material.replaced_by}代替" if material.replaced_by else "",
        ]
        about = "，".join(note for note in notes if note)
        found.append(f"{material.title}（{about}）" if about else material.title)
    return found
