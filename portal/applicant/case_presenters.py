"""What the pages of a handed-in case show: first what the person must do, then every item, then the way so far."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page
from django.urls import reverse
from django.utils import timezone

from agencies.deadlines import Calendar, calendar_now
from agencies.words import full_day
from applications import amendments, promises, ratings, timing
from applications.enums import DocumentKind, TaskStatus
from applications.models import Application, Document, Draft, ItemTask
from applications.reporting import reporting_now
from portal.applicant.presenters import draft_card
from portal.applicant.todos import todos_of
from portal.web import place, progress, rating
from portal.web.history import timeline
from portal.web.papers import listed, newest, paper_about, paper_link, paper_state, paper_url
from portal.web.presenters import Action, Tag, day_words, masked
from portal.web.withdrawing import withdrawable


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


_PERSONS_TURN = {TaskStatus.PRE_RETURNED, TaskStatus.AWAITING_CORRECTION, TaskStatus.AWAITING_VISIT}


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
    expected = timing.forecast_case(tasks, calendar, today)
    last = progress.last_day(tasks, expected)
    return {
        **frame(case),
        "title": progress.count_words(tasks),
        "person": f"{case.subject_name}　{masked(case.subject_id_no)}",
        "submitted": f"{day_words(timezone.localdate(case.submitted_at))}提交",
        "last_label": last[0] if last else "",
        "last_day": full_day(last[1]) if last else "",
        "last_note": progress.without_day(expected) if last else "",
        "todos": todos_of(case, tasks),
        "reporting": reporting_now(case, today),
        "rows": [_row(task, calendar, papers) for task in tasks],
        "today": full_day(today),
        "tag": progress.case_tag(case),
        "events": timeline(case),
        "papers": [_paper_line(paper, names) for paper in listed(papers)],
        "result_url": _result_url(papers),
        "can_amend": bool(amendments.open_fields(case)),
        "can_withdraw": bool(withdrawable(case)),
        "is_closed": case.is_closed,
        "rating": rating.card(case),
    }


def _row(task: ItemTask, calendar: Calendar, papers: list[Document]) -> Any:
    kind = {
        TaskStatus.REFUSED: DocumentKind.REFUSAL_NOTICE,
        TaskStatus.NOT_ACCEPTED: DocumentKind.NON_ACCEPTANCE_NOTICE,
        TaskStatus.IN_REVIEW: DocumentKind.ACCEPTANCE_NOTICE,
        TaskStatus.COMPLETED: DocumentKind.DELIVERY_RECEIPT,
    }.get(TaskStatus(task.status))
    document = newest(papers, kind, task.pk) if kind else None
    links = [paper_link(document, f"下载{document.get_kind_display()}")] if document else []
    links += _rate_links(task)
    return progress.task_row(task, calendar, timezone.localdate(), links=[link for link in links if link])


def _rate_links(task: ItemTask) -> list[Action]:
    """To an item that ended, for as long as something may be said, and to what was said."""
    said = ratings.said_of(task.application, task)
    if not said and not ratings.is_open(task.application, task):
        return []
    url = reverse("applicant:rate_item", args=[task.application.number, task.pk])
    return [Action("看评价" if said else "评价", url, about=task.spec.title)]


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
    return PaperLine(paper.get_kind_display(), paper_about(paper, names), paper_url(paper), paper_state(paper))


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
        "promised": [str(promise) for promise in promises.still_open(case)],
        "reply_days": case.scheme.spec.receiving_limit.days,
        "receipt_url": paper_url(receipt) if receipt else "",
        # What waits has just said so.
        "in_person": [
            f"{t.spec.title}：{t.spec.in_person_reason or '需要本人到场'}"
            for t in tasks
            if t.spec.in_person and t.status != TaskStatus.WAITING
        ],
    }
