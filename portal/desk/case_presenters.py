"""The whole case as an office sees it: states and days of every item, nothing of what other offices wrote."""

from collections.abc import Iterable
from datetime import date

from django.utils import timezone

from agencies.deadlines import calendar_now
from applications import timing
from applications.enums import TaskStatus
from applications.models import Application, ItemTask
from portal.desk.addresses import task_url
from portal.web import progress
from portal.web.presenters import Action, TaskRow, short_day


def expected_words(application: Application) -> str:
    """When the whole case can be expected: the longest path through its items; empty where no day can be named."""
    found = timing.forecast_case(application.tasks.all(), calendar_now(), timezone.localdate())
    return f"全部预计 {short_day(found.on)}办好" if found.on else ""


def case_rows(application: Application, tasks: Iterable[ItemTask], own_office: int) -> list[TaskRow]:
    """Every item of the case: office, state, day, what happens next. Nothing of what other offices wrote."""
    rows = []
    for task in tasks:
        task.application = application
        is_own = task.office_id == own_office
        links = (Action("看这一件", task_url(task), about=task.item.name),) if is_own else ()
        day = task.next_on or (task.correction_until if task.status == TaskStatus.AWAITING_CORRECTION else None)
        rows.append(
            TaskRow(
                name=task.item.name,
                tag=progress.staff_tag(task),
                agency=task.office.name,
                agency_icon=task.office.agency.icon,
                next_step=next_step(task),
                day=short_day(day) if day else "",
                day_note=("预计应处理日" if task.is_due_provisional else "应处理日") if task.next_on else "",
                links=links,
            )
        )
    return rows


def next_step(task: ItemTask, answer_by: date | None = None) -> str:
    """What happens next, for staff: who is to do what by when."""
    if task.status == TaskStatus.WAITING:
        return _waits_for(task)
    by = f"{'预计' if task.is_due_provisional else ''}{short_day(task.next_on)}以前" if task.next_on else ""
    until = answer_by or task.correction_until
    sentences = {
        TaskStatus.PRE_REVIEW: "登记表还在预审，通过后再送来",
        TaskStatus.PRE_RETURNED: "预审退回，等申请人改后再交",
        TaskStatus.PENDING: "正在送达办理机构",
        TaskStatus.QUEUED: f"{by}受理、告知补正或不予受理",
        TaskStatus.IN_REVIEW: f"{by}办结",
        TaskStatus.AWAITING_APPROVAL: f"等批准人员批准，{by}办结" if by else "等批准人员批准",
        TaskStatus.AWAITING_CORRECTION: f"等申请人补正，{short_day(until)}以前" if until else "等申请人补正",
        TaskStatus.AWAITING_VISIT: "等本人到场，到场后登记，期限继续计算",
        TaskStatus.SUSPENDED: "特别程序中，结束后期限继续计算",
        TaskStatus.WITHDRAWN: "申请人已撤回",
        TaskStatus.TERMINATED: "已终止，不再办理",
    }
    if task.status in sentences:
        return sentences[TaskStatus(task.status)]
    result = getattr(task, "result", None)
    if result is not None and result.fulfil_by and not result.fulfilled_at:
        return f"{result.get_fulfilment_display()}，{short_day(result.fulfil_by)}以前"
    return "这一件已经办完"


def _waits_for(task: ItemTask) -> str:
    spec = task.application.scheme.spec
    if task.is_held:
        names = "、".join(f"“{spec.item(code).title}”" for code in task.open_items)
        return f"前置的{names}没有办成，这一件停在这里"
    waits = [f"“{spec.item(code).title}”办结" for code in task.open_items]
    waits += [spec.fact(code).name for code in task.open_facts]
    return f"等{'、'.join(waits)}，之后自动开始"
