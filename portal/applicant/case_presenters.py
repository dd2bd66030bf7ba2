"""What the pages of a handed-in case show: first what the person must do, then every item, then the way so far."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.paginator import Page
from django.urls import reverse
from django.utils import timezone

from agencies.deadlines import Calendar, calendar_now
from agencies.words import full_day
from applications import visits, workflow
from applications.enums import FOR_STAFF, DocumentKind, Fulfilment, NoticeKind, NoticeStatus, TaskStatus
from applications.models import Application, Correction, Document, Draft, ItemTask, Notice
from applications.reporting import Reporting, reporting_of, reporting_waits_for_person
from portal.applicant.presenters import draft_card
from portal.web import place, progress, visiting
from portal.web.correcting import line_name, open_lines, open_notices
from portal.web.history import timeline
from portal.web.papers import newest, paper_link, paper_state, paper_url
from portal.web.pre_reviewing import deficit_lines
from portal.web.presenters import Tag, day_words, masked, moment_words
from portal.web.withdrawing import withdrawable

# -- the list ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CaseCard:
    number: str
    title: str
    place: str
    submitted: str
    tag: Tag
    url: str
    todo: str


def list_page(page: Page, drafts: Iterable[Draft]) -> dict[str, Any]:
    return {"page": page, "cases": [_case_card(case) for case in page], "drafts": [draft_card(d) for d in drafts]}


def _case_card(case: Application) -> CaseCard:
    todo = [task for task in case.tasks.all() if task.status in _PERSONS_TURN]
    return CaseCard(
        number=case.number,
        title=progress.count_words(case.tasks.all()),
        place=str(case.region),
        submitted=f"{day_words(timezone.localdate(case.submitted_at))}提交",
        tag=progress.case_tag(case),
        url=reverse("applicant:case", args=[case.number]),
        todo="、".join(f"{task.spec.title}{progress.person_tag(task).words}" for task in todo),
    )


# -- one case ----------------------------------------------------------------------------------------------------------

_PERSONS_TURN = {TaskStatus.PRE_RETURNED, TaskStatus.AWAITING_CORRECTION, TaskStatus.AWAITING_VISIT}


@dataclass(frozen=True)
class Todo:
    """One thing the person must do now: what, why (a line for each fact), until when, one button."""

    title: str
    why: tuple[str, ...]
    until: str
    effect: str
    url: str = ""
    button: str = ""


def frame(case: Application) -> dict[str, Any]:
    return {
        "case": case,
        "place": place.facts(case.region),
        "case_url": reverse("applicant:case", args=[case.number]),
        "nav": "applicant:case_list",
    }


def case_page(case: Application) -> dict[str, Any]:
    tasks, calendar, today = list(case.tasks.all()), calendar_now(), timezone.localdate()
    papers = list(case.documents.all())
    names: dict[int | None, str] = {task.pk: task.spec.title for task in tasks}
    expected = workflow.forecast_case(tasks, calendar, today)
    last = progress.last_day(tasks, expected)
    return {
        **frame(case),
        "title": progress.count_words(tasks),
        "person": f"{case.subject_name}　{masked(case.subject_id_no)}",
        "submitted": f"{day_words(timezone.localdate(case.submitted_at))}提交",
        "last_label": last[0] if last else "",
        "last_day": full_day(last[1]) if last else "",
        "last_note": progress.without_day(expected) if last else "",
        "todos": [
            *_returned_todos(case),
            *_correction_todo(case, len(tasks)),
            *(todo for task in tasks for todo in _todos(case, task, len(tasks))),
            *_held_todo(case, tasks),
        ],
        "reporting": _reporting(case, tasks, today),
        "rows": [_row(task, calendar, papers) for task in tasks],
        "today": full_day(today),
        "tag": progress.case_tag(case),
        "events": timeline(case),
        "papers": [_paper_line(paper, names) for paper in papers],
        "result_url": _result_url(papers),
        "can_withdraw": bool(withdrawable(case)),
        "is_closed": case.is_closed,
    }


def _reporting(case: Application, tasks: Iterable[ItemTask], today: date) -> Reporting | None:
    """The day to report by, while the reporting item is back with the person and no office has accepted it."""
    found = reporting_of(case.scheme.spec, case.answers, case.ticked, today)
    waits = any(reporting_waits_for_person(task) for task in tasks)
    return found if found and waits and found.stage is not None else None


def _row(task: ItemTask, calendar: Calendar, papers: list[Document]) -> Any:
    kind = {
        TaskStatus.REFUSED: DocumentKind.REFUSAL_NOTICE,
        TaskStatus.NOT_ACCEPTED: DocumentKind.NON_ACCEPTANCE_NOTICE,
        TaskStatus.IN_REVIEW: DocumentKind.ACCEPTANCE_NOTICE,
        TaskStatus.COMPLETED: DocumentKind.DELIVERY_RECEIPT,
    }.get(TaskStatus(task.status))
    document = newest(papers, kind, task.pk) if kind else None
    link = paper_link(document, f"下载{document.get_kind_display()}") if document else None
    return progress.task_row(task, calendar, timezone.localdate(), links=[link] if link else [])


def _result_url(papers: list[Document]) -> str:
    sheet = newest(papers, DocumentKind.RESULT_SHEET)
    return paper_url(sheet) if sheet else ""


@dataclass(frozen=True)
class PaperLine:
    name: str
    about: str
    url: str
    state: str


def _paper_line(paper: Document, names: Mapping[int | None, str]) -> PaperLine:
    about = names.get(paper.task_id, "")
    return PaperLine(paper.get_kind_display(), about, paper_url(paper), paper_state(paper))


def _todos(case: Application, task: ItemTask, total: int) -> list[Todo]:
    if task.status == TaskStatus.AWAITING_VISIT:
        return [_visit_todo(case, task, f"{task.spec.title}这一件暂停计时{_others_go_on(total - 1)}")]
    if task.provisional_until and not task.is_terminal:
        return [_supply_todo(case, task)]
    if task.status == TaskStatus.COMPLETED and task.result.fulfilment == Fulfilment.READY:
        return [_fetch_todo(task)]
    return []


def _where_words(task: ItemTask) -> str:
    """Where the office is, when it is open and how to ask; 未公布 where nobody has said."""
    office = task.office
    rows = (
        ("地址", office.address),
        ("办公时间", office.hours),
        ("电话", office.phone or task.application.region.phone),
    )
    return "，".join(f"{label}：{value or '未公布'}" for label, value in rows)


def _visit_todo(case: Application, task: ItemTask, effect: str) -> Todo:
    """When, where, what for and what to bring; one button to take a time or ask for another."""
    call = visiting.appointment(task, visits.open_visit(task))
    why = [f"时间：{call.when}" + (f"（{call.note}）" if call.note else ""), f"地点：{call.place}"]
    why += [f"要带的：{call.bring}"] if call.bring else []
    why += [f"{task.office}说：{call.reason}"] if call.reason else []
    why.append(_where_words(task))
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
        why=(f"请带居民身份证到{task.office}领取。", _where_words(task)),
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


# -- messages ----------------------------------------------------------------------------------------------------------

_TITLES = {
    NoticeKind.SUBMITTED: "登记表已提交",
    NoticeKind.CORRECTION: "需要您补正",
    NoticeKind.IN_PERSON: "需要您到场",
    NoticeKind.PRE_RETURNED: "登记表要修改",
    NoticeKind.VISIT_REMINDER: "明天到场",
    NoticeKind.PROGRESS: "有新进展",
    NoticeKind.DECISION: "有一件事作出了决定",
    NoticeKind.CLOSED: "全部有结果了",
    NoticeKind.OFFICE_SILENT: "到期没有答复",
    NoticeKind.REPORTING: "报到期限",
    NoticeKind.REPORT_MISSED: "过了报到期限",
    NoticeKind.DUE_SOON: "快到期的事项",
    NoticeKind.OVERDUE: "已超期的事项",
}


@dataclass(frozen=True)
class MessageRow:
    """One message with where it leads, and whether it also went out."""

    title: str
    details: list[str]
    when: str
    number: str
    url: str
    sent: str
    is_new: bool


def message_row(notice: Notice) -> MessageRow:
    way = notice.get_channel_display()
    sent = {
        NoticeStatus.SENT: f"已发{way}",
        NoticeStatus.BOUNCED: f"{way or '短信'}没有送到",
        NoticeStatus.FAILED: f"{way or '短信'}没有发出",
    }.get(NoticeStatus(notice.status), "")
    number = notice.application.number if notice.application else ""
    return MessageRow(
        title=_TITLES[NoticeKind(notice.kind)],
        details=list(notice.details),
        when=moment_words(notice.created_at),
        number=number,
        url=_address_of(notice),
        sent=sent,
        is_new=notice.read_at is None,
    )


def _address_of(notice: Notice) -> str:
    if notice.kind in FOR_STAFF:
        return reverse("home:landing")
    case = notice.application
    return reverse("applicant:case", args=[case.number]) if case else reverse("applicant:case_list")


# -- handed in ---------------------------------------------------------------------------------------------------------


def submitted_page(case: Application) -> dict[str, Any]:
    tasks = list(case.tasks.all())
    receipt = newest(case.documents.all(), DocumentKind.SUBMISSION_RECEIPT)
    waiting = [task for task in tasks if task.status == TaskStatus.WAITING]
    review = progress.open_pre_review(case)
    return {
        **frame(case),
        "pre_review": f"{review.office}先预审，{day_words(review.answer_by)}前告诉您" if review else "",
        "offices": list(dict.fromkeys(str(task.office) for task in tasks if task.status != TaskStatus.WAITING)),
        "waiting": [f"{task.spec.title}：{progress.next_step(task)}" for task in waiting],
        "reply_days": case.scheme.spec.receiving_limit.days,
        "receipt_url": paper_url(receipt) if receipt else "",
        # What waits has just said so.
        "in_person": [
            f"{t.spec.title}：{t.spec.in_person_reason or '需要本人到场'}"
            for t in tasks
            if t.spec.in_person and t.status != TaskStatus.WAITING
        ],
    }
