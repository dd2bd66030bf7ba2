"""The cases of the place as a clerk sees them: the list, one case, what can be done about it now."""

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page
from django.urls import reverse
from django.utils import timezone

from agencies.deadlines import calendar_now
from applications import amendments, notices, promises, ratings, visits, workflow
from applications.enums import Action, DocumentKind, Fulfilment, Party, TaskStatus
from applications.models import Application, Document, ItemTask
from portal.web import progress
from portal.web.correcting import open_notices
from portal.web.history import timeline
from portal.web.papers import listed, newest, paper_about, paper_state, paper_url
from portal.web.pre_reviewing import deficit_lines
from portal.web.presenters import Tag, day_words, masked, short_moment
from portal.web.supplying import owing
from portal.web.visiting import appointment
from portal.web.withdrawing import withdrawable


@dataclass(frozen=True)
class CaseRow:
    number: str
    name: str
    id_no: str
    title: str
    tag: Tag
    received: str
    typed_by: str
    url: str


def list_page(page: Page, *, is_today: bool) -> dict[str, Any]:
    rows = [
        CaseRow(
            case.number,
            case.subject_name,
            masked(case.subject_id_no),
            progress.count_words(case.tasks.all()),
            progress.case_tag(case, for_staff=True),
            short_moment(case.submitted_at),
            str(case.entered_by),
            reverse("window:case", args=[case.number]),
        )
        for case in page
    ]
    return {"page": page, "rows": rows, "is_today": is_today}


def case_page(case: Application) -> dict[str, Any]:
    calendar, today = calendar_now(), timezone.localdate()
    tasks, papers = list(case.tasks.all()), list(case.documents.all())
    return {
        "case": case,
        "title": progress.count_words(tasks),
        "tag": progress.case_tag(case, for_staff=True),
        "person": f"{case.subject_name}　{masked(case.subject_id_no)}",
        "rows": [progress.task_row(task, calendar, today, for_staff=True) for task in tasks],
        "events": timeline(case, for_staff=True),
        "papers": [(_paper_name(paper, tasks), paper_url(paper), paper_state(paper)) for paper in listed(papers)],
        "notices": [f"{notice.task.office}：{notice.task.spec.title}" for notice in open_notices(case)],
        "unreached": _unreached(case),
        "can_amend": bool(amendments.open_fields(case)),
        "can_withdraw": bool(withdrawable(case, Party.CLERK)),
        "todo": _todo(case, tasks),
        "can_rate": not ratings.said_of(case) and ratings.is_open(case),
        "typed_by": f"{case.get_channel_display()}，{case.entered_by}录入",
    }


def _paper_name(paper: Document, tasks: list[ItemTask]) -> str:
    about = paper_about(paper, {task.pk: task.spec.title for task in tasks})
    return f"{paper.get_kind_display()}（{about}）" if about else paper.get_kind_display()


def _unreached(case: Application) -> str:
    """Why the last message reached nobody, so that the clerk tells the person at the counter or calls (A21)."""
    notice = notices.undelivered(case)
    return f"“{notice.get_kind_display()}”没有送到（{notice.outcome}），请当面或打电话告知" if notice else ""


def _todo(case: Application, tasks: list[ItemTask]) -> list[tuple[str, str, str]]:
    """(words, button, address) of what a clerk can do about this case now."""
    found = []
    waiting = progress.open_pre_review(case)
    if waiting is not None and waiting.decided_at is None and not case.is_closed:
        found.append(("登记表等预审", "预审", reverse("window:pre_review", args=[case.number])))
    if waiting is not None and waiting.is_returned:
        lines = "；".join(deficit_lines(waiting))
        found.append((f"预审退回，等申请人改登记表：{lines}", "接着录", reverse("window:index")))
    if early := promises.still_open(case):
        names = "、".join(promise.title for promise in early)
        found.append((f"登记时承诺后补：{names}", "代为补交", reverse("window:supply", args=[case.number])))
    if owed := owing(case):
        names = "、".join(dict.fromkeys(task.spec.title for task in owed))
        found.append((f"{names}还有承诺的材料要补", "代为补交", reverse("window:supply", args=[case.number])))
    for task in tasks:
        args = [case.number, task.pk]
        visit = visits.open_visit(task)
        if task.status == TaskStatus.AWAITING_VISIT and visit is not None:
            when = appointment(task, visit).when
            found.append((f"{task.spec.title}等本人到场：{when}", "登记到场", reverse("window:visit", args=args)))
        if can_be_fetched(task):
            what = task.spec.result.name or task.spec.title
            found.append(
                (f"{what}{task.result.get_fulfilment_display()}", "登记领取", reverse("window:hand_over", args=args))
            )
    return found


def can_be_fetched(task: ItemTask) -> bool:
    """Something was made for the person and is not handed over yet."""
    result = getattr(task, "result", None)
    is_open = Action.HAND_OVER in workflow.available(task, Party.CLERK)
    return is_open and result is not None and result.fulfilment != Fulfilment.NONE


def submitted_page(case: Application) -> dict[str, Any]:
    papers = list(case.documents.all())
    receipt = newest(papers, DocumentKind.SUBMISSION_RECEIPT)
    registration = newest(papers, DocumentKind.REGISTRATION)
    review = progress.open_pre_review(case)
    return {
        "pre_review": f"{review.office}先预审，{day_words(review.answer_by)}前告诉申请人" if review else "",
        "case": case,
        "person": f"{case.subject_name}　{masked(case.subject_id_no)}",
        "receipt_url": paper_url(receipt) if receipt else "",
        "registration_url": paper_url(registration) if registration else "",
        "offices": sorted({str(task.office) for task in case.tasks.all()}),
        "case_url": reverse("window:case", args=[case.number]),
    }
