"""经过: the log of a case as a timeline, in an applicant's words or in those of staff."""

from dataclasses import replace
from datetime import timedelta

from applications.enums import Action, DocumentKind, Party
from applications.models import Application, Document, StatusLog
from portal.web.papers import newest, paper_link
from portal.web.presenters import Event, moment_words

_TOGETHER = timedelta(minutes=10)
# Deeds that only move a case along inside; staff see them, applicants need not.
_INNER = {Action.RELEASE, Action.TAKE, Action.TRANSFER, Action.PROPOSE, Action.SEND_BACK}
_WORDS = {
    Action.SUBMIT: "您提交了登记表",
    Action.ADD_ITEMS: "您增加了要办的事",
    Action.PRE_PASS: "预审通过",
    Action.PRE_RETURN: "预审退回，请您修改",
    Action.PRE_AMEND: "您改好又提交了登记表",
    Action.DELIVER: "已送达",
    Action.CONFIRM_FACT: "资金已到账",
    Action.ACCEPT: "受理",
    Action.ACCEPT_PROVISIONALLY: "受理，部分材料以后补",
    Action.DEEM_ACCEPTED: "到期没有答复，视为受理",
    Action.REQUEST_CORRECTION: "请您补正",
    Action.RESUBMIT: "您提交了补正",
    Action.CALL_IN: "请您到场",
    Action.OFFER_TIMES: "给了您可选的到场时间",
    Action.BOOK_TIME: "您选了到场时间",
    Action.ASK_OTHER_TIME: "您请求另约到场时间",
    Action.RECORD_NO_SHOW: "登记您没有按时到场",
    Action.RECORD_VISIT: "您已到场",
    Action.SUSPEND: "进入特别程序，暂停计时",
    Action.RESUME: "特别程序结束，继续计时",
    Action.EXTEND: "延长了办理期限",
    Action.COMPLETE: "办结",
    Action.APPROVE: "办结",
    Action.DO_NOT_ACCEPT: "不予受理",
    Action.REFUSE: "不予办理",
    Action.APPROVE_REFUSAL: "不予办理",
    Action.WITHDRAW: "您撤回了",
    Action.TERMINATE: "终止",
    Action.TRANSFER: "转给同一部门的另一个机构",
    Action.SUPPLY: "您补交了承诺的材料",
    Action.AMEND: "您更正了登记表",
    Action.RECOMPUTE: "按新的放假安排重算了到期日",
    Action.PAY: "已发放",
    Action.PRODUCE: "开始制证",
    Action.MAKE_READY: "制好了，等您领取",
    Action.MAIL: "已寄出",
    Action.HAND_OVER: "已送达您手中",
}
_BY_CLERK = {
    Action.WITHDRAW: "窗口代您撤回了",
    Action.RESUBMIT: "窗口代您提交了补正",
    Action.AMEND: "窗口代您更正了登记表",
}
_PAPERS = {
    Action.SUBMIT: DocumentKind.SUBMISSION_RECEIPT,
    Action.ACCEPT: DocumentKind.ACCEPTANCE_NOTICE,
    Action.REQUEST_CORRECTION: DocumentKind.CORRECTION_NOTICE,
    Action.DO_NOT_ACCEPT: DocumentKind.NON_ACCEPTANCE_NOTICE,
    Action.REFUSE: DocumentKind.REFUSAL_NOTICE,
    Action.APPROVE_REFUSAL: DocumentKind.REFUSAL_NOTICE,
    Action.SUSPEND: DocumentKind.SUSPENSION_NOTICE,
    Action.EXTEND: DocumentKind.EXTENSION_NOTICE,
    Action.MAKE_READY: DocumentKind.DELIVERY_RECEIPT,
    Action.MAIL: DocumentKind.DELIVERY_RECEIPT,
    Action.HAND_OVER: DocumentKind.DELIVERY_RECEIPT,
}


def timeline(case: Application, *, for_staff: bool = False) -> list[Event]:
    """The log of a case fetched `with_history`: newest first for applicants, oldest first for staff.

    The same deed on several items at one time is one entry.
    """
    tasks = {task.pk: task for task in case.tasks.all()}
    shown = [row for row in case.log.all() if for_staff or row.action not in _INNER]
    for row in shown:
        row.task = tasks.get(row.task_id) if row.task_id else None  # the same object, so that nothing is fetched again
    groups: list[list[StatusLog]] = []
    for row in sorted(shown, key=lambda row: (row.at, row.pk)):
        last = groups[-1][-1] if groups else None
        if last and last.action == row.action and row.at - last.at <= _TOGETHER and row.task_id:
            groups[-1].append(row)
        else:
            groups.append([row])
    papers = list(case.documents.all())
    events = [_event(group, papers, for_staff=for_staff) for group in groups]
    if events and not case.is_closed:
        events[-1] = replace(events[-1], is_current=True)
    return events if for_staff else events[::-1]


def _event(group: list[StatusLog], papers: list[Document], *, for_staff: bool) -> Event:
    row = group[0]
    kind = _PAPERS.get(Action(row.action))
    document = newest(papers, kind, row.task_id) if kind and len(group) == 1 else None
    deed = _deed(row, len(group), for_staff=for_staff)
    return Event(
        moment_words(row.at), deed, _note(group, for_staff=for_staff), paper_link(document) if document else None
    )


def _deed(row: StatusLog, count: int, *, for_staff: bool) -> str:
    words = row.get_action_display() if for_staff else _WORDS[Action(row.action)]
    if row.action == Action.SUBMIT:
        return f"{row.actor or ''}在窗口代为提交了登记表" if row.party == Party.CLERK else words
    if row.task is None:
        return words
    if row.party == Party.CLERK and not for_staff:
        words = _BY_CLERK.get(Action(row.action), words)
    if row.action == Action.AMEND:  # the form is one, however many items it is for
        return words
    if count > 1:
        return f"{words} {count} 件事"
    if row.party in (Party.APPLICANT, Party.CLERK) or for_staff:
        return f"{words}：{row.task.spec.title}"
    return f"{row.task.office}{words}：{row.task.spec.title}" if row.party != Party.SYSTEM else _system(row, words)


def _system(row: StatusLog, words: str) -> str:
    assert row.task is not None
    return f"{words}{row.task.office}：{row.task.spec.title}" if row.action == Action.DELIVER else (
        f"{row.task.spec.title}{words}"
    )  # fmt: skip


def _note(group: list[StatusLog], *, for_staff: bool) -> str:
    names = "、".join(row.task.spec.title for row in group if row.task) if len(group) > 1 else ""
    who = "；".join(sorted({str(row.actor) for row in group if row.actor})) if for_staff else ""
    notes = {row.note for row in group}
    return "　".join(part for part in (names, notes.pop() if len(notes) == 1 else "", who) if part)
