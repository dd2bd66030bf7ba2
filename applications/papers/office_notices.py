"""通知书: what one office tells about one item. The notice of what is to be corrected has a module of its own."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.utils import timezone

from agencies.words import NOT_PUBLISHED, full_day, plain_day
from applications.models import Document, ItemTask
from applications.papers.as_asked import actor_of, clock_at, materials_given
from applications.papers.parts import Notice, Row
from applications.papers.words import REMEDY, basis_words, due_words, limit_words, phone_of, query_words


def notice(build: Callable[[Document, ItemTask], Notice]) -> Callable[[Document], dict[str, Any]]:
    """What notices share: to whom, about which item, from which office."""

    def content(document: Document) -> dict[str, Any]:
        task = document.task
        if task is None:
            raise ValueError(f"{document.kind} without a task")
        return {
            "notice": build(document, task),
            # Every notice goes on with 申请; some regions' names of items end in it already.
            "item": task.item.name.removesuffix("申请"),
            "office": task.office.name,
            "submitted_on": plain_day(timezone.localdate(task.application.submitted_at)),
        }

    return content


def acceptance(document: Document, task: ItemTask) -> Notice:
    spec = task.application.scheme.spec
    day = timezone.localdate(document.requested_at)
    reading = clock_at(task, document.requested_at)
    accepted = reading.accepted_on or day
    promised = spec.limit_of(task.spec)
    until = document.facts.get("until")
    lead = f"申请，材料齐全，符合规定形式。我单位于{plain_day(accepted)}予以受理。"
    rows = [
        Row("办理依据", basis_words(spec, task.spec, accepted)),
        Row("法定办结时限", limit_words(task.spec.legal_limit or spec.legal_limit)),
        Row("承诺办结时限", f"{promised}，自受理次日起算" if promised and promised.days else limit_words(promised)),
        Row("应办结日期", due_words(reading, f"{NOT_PUBLISHED}办结时限"), True),
    ]
    if until:
        late = "、".join(spec.material(code).title for code in document.facts.get("materials", []))
        lead = f"申请，主要材料齐全。我单位于{plain_day(accepted)}容缺受理。"
        rows.append(Row("容缺补交", f"{late}，{full_day(date.fromisoformat(until))}前补交", True))
    if task.spec.fulfilment:
        rows.append(Row("受理以后", task.spec.next_step or task.spec.note or limit_words(task.spec.fulfilment)))
    if task.spec.in_person:
        rows.append(Row("本人到场", task.spec.in_person_reason or "需要本人到场办理。"))
    rows += [
        Row("收到的材料", _given_words(document, task)),
        Row("受理人、电话", f"{actor_of(document, task)}　{phone_of(task)}"),
        Row("查询方式", query_words(task)),
    ]
    closing = ("需要补充材料或者延长期限的，我单位会一次性书面告知您。如需撤回申请，请在作出决定前提出。",)
    return Notice(lead, tuple(rows), closing)


def _given_words(document: Document, task: ItemTask) -> str:
    """居民身份证、退伍证（原件已核）；转移凭证（上传件，未核原件），共 3 种."""
    by_how: dict[str, list[str]] = {}
    for line in materials_given(document, task.material_codes()):
        if line.count != "—":
            by_how.setdefault(line.how, []).append(line.name)
    count = sum(len(names) for names in by_how.values())
    words = "；".join(f"{'、'.join(names)}（{how}）" for how, names in by_how.items())
    return f"{words}，共 {count} 种" if words else "—"


def rejection(verdict: str) -> Callable[[Document, ItemTask], Notice]:
    """不予受理 and 不予办理 differ in nothing but their names."""

    def content(_document: Document, task: ItemTask) -> Notice:
        result = task.result
        day = timezone.localdate(result.decided_at)
        rows = (
            Row(f"{verdict}理由", result.summary, True),
            Row("办理依据", basis_words(task.application.scheme.spec, task.spec, day)),
            Row("经办人、电话", f"{result.decided_by or task.office.name}　{phone_of(task)}"),
        )
        lead = f"申请，经审查，我单位于{plain_day(day)}决定{verdict}。"
        return Notice(lead, rows, (result.remedy or REMEDY, "其他事项照常办理，不受影响。"))

    return content


def suspension(document: Document, task: ItemTask) -> Notice:
    days = document.facts["expected_days"]
    rows = (
        Row("原因", str(document.facts["reason"])),
        Row("预计需要", f"{days} 个工作日", True),
        Row("咨询电话", phone_of(task)),
        Row("查询方式", query_words(task)),
    )
    made = plain_day(timezone.localdate(document.requested_at))
    lead = f"申请，需要进行特别程序，自{made}起暂停计算办理期限。"
    closing = ("所需时间不计入办理期限（《中华人民共和国行政许可法》第四十五条）。结束后继续计算，新的日期会告知您。",)
    return Notice(lead, rows, closing)


def extension(document: Document, task: ItemTask) -> Notice:
    days = document.facts["days"]
    reading = clock_at(task, document.requested_at)
    rows = (
        Row("延长原因", str(document.facts["reason"])),
        Row("延长", f"{days} 个工作日"),
        Row("新的办结日期", due_words(reading, "现在暂停计时，恢复后另行告知"), True),
        Row("咨询电话", phone_of(task)),
        Row("查询方式", query_words(task)),
    )
    lead = f"申请，不能在承诺的期限内办结。经负责人批准，延长 {days} 个工作日。"
    return Notice(lead, rows, ("延长只有一次（《中华人民共和国行政许可法》第四十二条）。",))
