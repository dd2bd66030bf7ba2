"""What the person must do about a case now: each thing once, with why, until when and one button."""

from dataclasses import dataclass

from django.urls import reverse

from applications import promises, visits
from applications.enums import Fulfilment, TaskStatus
from applications.models import Application, Correction, ItemTask
from portal.web import progress, visiting
from portal.web.correcting import line_name, open_lines, open_notices
from portal.web.pre_reviewing import deficit_lines
from portal.web.presenters import day_words


@dataclass(frozen=True)
class Todo:
    """One thing the person must do now: what, why (a line for each fact), until when, one button."""

    title: str
    why: tuple[str, ...]
    until: str
    effect: str
    url: str = ""
    button: str = ""


def todos_of(case: Application, tasks: list[ItemTask]) -> list[Todo]:
    """Everything, in the order in which it should be done."""
    return [
        *_returned_todos(case),
        *_correction_todo(case, len(tasks)),
        *(todo for task in tasks for todo in _todos_of_task(case, task, len(tasks))),
        *_promise_todo(case),
        *_held_todo(case, tasks),
    ]


def _promise_todo(case: Application) -> list[Todo]:
    """What was promised with the form and no office has asked for yet: brought at once, or by its day."""
    owed = promises.still_open(case)
    if not owed:
        return []
    days = [promise.until for promise in owed if promise.until]
    return [
        Todo(
            title=f"补交{'、'.join(f'“{promise.title}”' for promise in owed)}",
            why=("您交登记表时承诺以后补交。部门还没有受理，早交早受理。",),
            until=day_words(min(days)) if days else "",
            effect="到期没有交的，部门可能请您补正，或者不受理要用它的事。",
            url=reverse("applicant:supply", args=[case.number]),
            button="去补交",
        )
    ]


def _todos_of_task(case: Application, task: ItemTask, total: int) -> list[Todo]:
    todos = []
    if task.status == TaskStatus.AWAITING_VISIT:
        todos.append(_visit_todo(case, task, f"{task.spec.title}这一件暂停计时{_others_go_on(total - 1)}"))
    if task.provisional_until and not task.is_terminal:
        todos.append(_supply_todo(case, task))
    if task.status == TaskStatus.COMPLETED and task.result.fulfilment == Fulfilment.READY:
        todos.append(_fetch_todo(task))
    return todos


def _visit_todo(case: Application, task: ItemTask, effect: str) -> Todo:
    """When, where, what for and what to bring; one button to take a time or ask for another."""
    call = visiting.appointment(task, visits.open_visit(task))
    why = [f"时间：{call.when}" + (f"（{call.note}）" if call.note else ""), f"地点：{call.place}"]
    why += [f"要带的：{call.bring}"] if call.bring else []
    why += [f"{task.office}说：{call.reason}"] if call.reason else []
    why.append(progress.where_words(task))
    return Todo(
        title=f"{task.spec.title}要您本人到场",
        why=tuple(words.rstrip("。") for words in why),
        until="",
        effect=effect,
        url=reverse("applicant:visit", args=[case.number, task.pk]) if task.visits.all() else "",
        button="选时间" if call.must_choose else "看安排、改时间",
    )


def _returned_todos(case: Application) -> list[Todo]:
    """预审退回: the whole form once, with everything that is to be changed."""
    review = progress.open_pre_review(case)
    if review is None or not review.is_returned or review.draft_id is None:
        return []
    return [
        Todo(
            title=f"改登记表 {len(review.deficits)} 处，再交一次",
            why=(f"{review.office}预审时发现：", *deficit_lines(review)),
            until="",
            effect="改好再交以后重新预审；现在任何部门都没有开始计时，没有期限要赶。",
            url=reverse("applicant:check", args=[review.draft_id]),
            button="去修改",
        )
    ]


def _fetch_todo(task: ItemTask) -> Todo:
    """A card or paper is made: what to bring, where, and that it is signed for."""
    what = task.spec.result.name or f"{task.spec.title}的办理结果"
    return Todo(
        title=f"领取{what}",
        why=(f"请带居民身份证到{task.office}领取。", progress.where_words(task)),
        until="",
        effect="领取时请在送达回证上签字；请人代领的，带代领人的身份证和您的委托书。",
    )


def _supply_todo(case: Application, task: ItemTask) -> Todo:
    """容缺: the promised papers and the day they were promised for."""
    return Todo(
        title=f"补交{'、'.join(f'“{name}”' for name in owed_names(case, task))}",
        why=(f"{task.office}先受理了{task.spec.title}，您承诺以后补交。",),
        until=day_words(task.provisional_until) if task.provisional_until else "",
        effect="到期没有补齐，这一件按规定终止，以后可以重新申请。",
        url=reverse("applicant:supply", args=[case.number]),
        button="去补交",
    )


def owed_names(case: Application, task: ItemTask) -> list[str]:
    return [case.scheme.spec.material(code).title for code in task.provisional_materials]


def _held_todo(case: Application, tasks: list[ItemTask]) -> list[Todo]:
    """What cannot begin because another item came to nothing: said once for all of them, why, and what to do."""
    held = [task for task in tasks if task.is_held and task.status == TaskStatus.WAITING]
    if not held:
        return []
    needed = {code for task in held for code in task.open_items}
    lost = [t for t in tasks if t.item.code in needed and t.is_terminal and t.status != TaskStatus.COMPLETED]
    before = "、".join(dict.fromkeys(task.spec.title for task in lost))
    names = "、".join(dict.fromkeys(task.spec.title for task in held))
    reasons = "；".join(dict.fromkeys(words for task in lost if (words := progress.next_step(task).rstrip("。"))))
    office = lost[0].office if lost else held[0].office
    return [
        Todo(
            title=f"{before}{'已撤回' if all(t.status == TaskStatus.WITHDRAWN for t in lost) else '没有办成'}，{names}先不能办",
            why=(
                *([f"{before}：{reasons}。"] if reasons else []),
                f"可以先撤回{names}，等{before}办好后再申请，也可以打电话问{office}。",
            ),
            until="",
            effect="其他事照常办。" if any(not task.is_terminal for task in tasks if task not in held) else "",
            url=reverse("applicant:withdraw", args=[case.number]),
            button="去撤回",
        )
    ]


def _others_go_on(others: int) -> str:
    return f"，其他 {others} 件照常办。" if others > 0 else "。"


def _correction_todo(case: Application, total: int) -> list[Todo]:
    """All that the offices ask for is one thing to do: one page, one button."""
    notices = open_notices(case)
    lines = open_lines(notices)
    if not lines:
        return []
    names = dict.fromkeys(line_name(case, line) for line in lines)
    items = list(dict.fromkeys(notice.task.spec.title for notice in notices))
    is_started = all(notice.task.accepted_on for notice in notices)
    pause = "暂停计时" if is_started else "补上后才开始计时"
    return [
        Todo(
            title=f"{'重新上传' if all(line.material for line in lines) else '补正'}{'、'.join(names)}",
            why=tuple(words for notice in notices for words in _asked_by(case, notice)),
            until=day_words(min(notice.answer_by for notice in notices)),
            effect=f"{'、'.join(items)}{'这一件' if len(items) == 1 else ''}{pause}{_others_go_on(total - len(notices))}",
            url=reverse("applicant:correction", args=[case.number]),
            button="去补正",
        )
    ]


def _asked_by(case: Application, notice: Correction) -> list[str]:
    """One reason in one sentence; several a line each, with what it is about."""
    lines = open_lines([notice])
    if len(lines) == 1:
        return [f"{notice.task.office}说：{lines[0].reason.rstrip('。')}。"]
    return [f"{notice.task.office}说：", *(f"{line_name(case, line)}：{line.reason.rstrip('。')}" for line in lines)]
