"""一单反馈: one line for each item of the case."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F
from django.utils import timezone

from agencies.words import NOT_PUBLISHED, plain_day
from applications.enums import Action, ApplicationStatus, Decision, Fulfilment, TaskStatus
from applications.models import Document, ItemTask
from applications.papers.as_asked import tasks_in_order
from applications.papers.parts import Row
from applications.papers.words import REMEDY

_MARKS = {
    TaskStatus.COMPLETED: "●",
    TaskStatus.PRE_RETURNED: "▲",
    TaskStatus.AWAITING_CORRECTION: "▲",
    TaskStatus.AWAITING_VISIT: "▲",
    TaskStatus.NOT_ACCEPTED: "▲",
    TaskStatus.REFUSED: "▲",
    TaskStatus.TERMINATED: "▲",
    TaskStatus.WAITING: "◇",
    TaskStatus.SUSPENDED: "◇",
    TaskStatus.WITHDRAWN: "◇",
}


@dataclass(frozen=True)
class Outcome:
    """One line of the result sheet."""

    item: str
    agency: str
    mark: str
    words: str
    day: str
    result: str
    is_strong: bool = False


def result_sheet(document: Document) -> dict[str, Any]:
    """One line for each item: who, outcome, day, reference, what follows; reasons and remedies of what failed below."""
    application = document.application
    at = document.requested_at
    tasks = tasks_in_order(application)
    accepted = [task.accepted_on for task in tasks if task.accepted_on]
    return {
        "subtitle": f"{application.scheme.spec.service_name}办理结果单（截至 {plain_day(timezone.localdate(at))}）",
        "submitted_on": plain_day(timezone.localdate(application.submitted_at)),
        "accepted_on": plain_day(min(accepted)) if accepted else "—",
        "summary": _summary_words(tasks),
        "overall": ApplicationStatus(application.status).label,
        "outcomes": [_outcome(task, at) for task in tasks],
        # Lower rows keep a long list and what is said below it on one page.
        "is_long": len(tasks) > 9,
        "failures": _failures(tasks),
        "remedy": _common_remedy(tasks),
        "follows": _follows(tasks, at),
        "phone": application.region.phone or NOT_PUBLISHED,
        "supervision": application.scheme.spec.supervision_phone or NOT_PUBLISHED,
    }


def _summary_words(tasks: list[ItemTask]) -> str:
    """8 件中已办结 7 件，不予办理 1 件."""
    counts: dict[str, int] = {}
    for task in tasks:
        label = task.get_status_display()
        counts[label] = counts.get(label, 0) + 1
    return f"{len(tasks)} 件中" + "，".join(f"{label} {count} 件" for label, count in counts.items())


def _outcome(task: ItemTask, at: datetime) -> Outcome:
    status = TaskStatus(task.status)
    result = getattr(task, "result", None)
    ended = task.log.filter(to_status=task.status, at__lte=at).exclude(to_status=F("from_status")).order_by("id").last()
    day = timezone.localtime(ended.at).date() if ended and task.is_terminal else task.next_on
    words = f"{day.month}月{day.day}日" if day else "—"
    return Outcome(
        task.item.name,
        _office_words(task),
        _MARKS.get(status, "○"),
        status.label,
        words if task.is_terminal or not day else f"{words}前",
        _result_words(task, at) if result else "—",
        status == TaskStatus.COMPLETED or _MARKS.get(status) == "▲",
    )


def _office_words(task: ItemTask) -> str:
    return task.application.scheme.spec.agency(task.office.agency_id).title


def _result_words(task: ItemTask, at: datetime) -> str:
    """Reference number, what the person gets, and what still follows."""
    result = task.result
    if result.decision != Decision.APPROVED:
        return "理由和救济途径见下"
    words = [result.reference, result.summary or (task.spec.result.name or "")]
    if follow := _follow_words(task, at):
        words.append(follow)
    return "；".join(word for word in words if word) or "已办好"


def _follow_words(task: ItemTask, at: datetime) -> str:
    result = task.result
    if result.fulfilment == Fulfilment.NONE or result.decision != Decision.APPROVED:
        return ""
    if result.fulfilled_at and result.fulfilled_at <= at:
        return f"{plain_day(timezone.localdate(result.fulfilled_at))}{Fulfilment(result.fulfilment).label}"
    if result.fulfil_by is None:
        return Fulfilment(result.fulfilment).label
    is_money = result.fulfilment in (Fulfilment.PAYMENT_DUE, Fulfilment.PAID)
    return f"{plain_day(result.fulfil_by)}前{'发放' if is_money else '可以领取'}"


def _failures(tasks: list[ItemTask]) -> list[Row]:
    """What was not done and why, offices with the same words together; an office's own remedy stands with its item."""
    offices: dict[tuple[str, str], list[str]] = {}
    for task in tasks:
        if why := _why_not(task):
            offices.setdefault((task.item.name, why), []).append(_office_words(task))
    return [Row(f"{item}（{'、'.join(names)}）", why) for (item, why), names in offices.items()]


def _why_not(task: ItemTask) -> str:
    result = getattr(task, "result", None)
    if result and result.decision != Decision.APPROVED:
        return f"{result.summary.rstrip('。')}。{result.remedy}"
    if task.status == TaskStatus.TERMINATED:
        last = task.log.filter(action=Action.TERMINATE).last()
        return f"已终止：{last.note if last else ''}"
    return ""


def _common_remedy(tasks: list[ItemTask]) -> str:
    """The remedy that the law gives, once for all decisions that state none of their own."""
    results = [task.result for task in tasks if hasattr(task, "result")]
    is_needed = any(result.decision != Decision.APPROVED and not result.remedy for result in results)
    return REMEDY if is_needed else ""


def _follows(tasks: list[ItemTask], at: datetime) -> list[str]:
    """What still comes after the decision."""
    return [
        f"{task.item.name}：{words}" for task in tasks if hasattr(task, "result") and (words := _follow_words(task, at))
    ]
