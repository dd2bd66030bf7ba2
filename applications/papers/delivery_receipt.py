"""送达回证: what was handed over to whom, when, where and how."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from agencies.words import plain_day
from applications.enums import Action, Fulfilment
from applications.models import Document, ItemTask
from applications.papers.as_asked import actor_of
from applications.papers.words import moment


def delivery_receipt(document: Document) -> dict[str, Any]:
    """What was handed over to whom, when, where and how; blank where it is still to be signed (DOMAIN.md 3.3)."""
    task, facts = document.task, document.facts
    if task is None:
        raise ValueError(f"{document.kind} without a task")
    result = task.result
    stage = facts.get("fulfilment", Fulfilment.READY)
    is_posted = stage == Fulfilment.MAILED or _was_posted(task, document.requested_at)
    is_done = stage == Fulfilment.DELIVERED
    manners = ("直接送达", "留置送达", "邮寄送达", "电子送达")
    chosen = "邮寄送达" if is_posted else "直接送达" if is_done else ""
    return {
        "what": task.spec.result.name or f"{task.item.name}办理结果",
        "reference": result.reference,
        "item": task.item.name,
        "decided_on": plain_day(timezone.localdate(result.decided_at)),
        "office": task.office.name,
        "manners": [(words == chosen, words) for words in manners],
        "courier": facts.get("courier") or (result.courier if is_posted else ""),
        "delivery_place": "按申请人填的邮寄地址" if is_posted else task.office.where,
        "delivered_at": moment(document.requested_at) if is_done and not is_posted else "",
        "receiver": facts.get("receiver", ""),
        "relation": (facts.get("relation") or "本人") if is_done else "",
        "deliverer": actor_of(document, task) if is_done and not is_posted else "",
        "remark": (
            "邮寄送达的，以回执上注明的收件日期为送达日期。" if is_posted else "代收的，请出示代收人身份证件和委托书。"
        ),
    }


def _was_posted(task: ItemTask, at: datetime) -> bool:
    return task.log.filter(action=Action.MAIL, at__lte=at).exists()
