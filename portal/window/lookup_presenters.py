"""Looking a person up at the counter: their open forms and their cases at the places that the window serves."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils import timezone

from agencies.fields import FIELDS
from agencies.models import Posting
from applications.models import Application, Draft
from applications.numbering import case_number_in
from applications.registration import id_number_problem, normalise
from portal.web import progress
from portal.web.presenters import Tag, moment_words
from portal.window.guard import regions_of


@dataclass(frozen=True)
class FoundDraft:
    id: str
    words: str
    source: str


@dataclass(frozen=True)
class FoundCase:
    title: str
    number: str
    tag: Tag
    url: str


def plain_number(text: str) -> str:
    return normalise(FIELDS["id_no"], text)


def index_page(posting: Posting, id_no: str, *, is_asked: bool) -> dict[str, Any]:
    """What is found by an ID number; a case's number that was found here leads to the case before."""
    number = plain_number(id_no)
    error = _problem(id_no, number) if is_asked else None
    context: dict[str, Any] = {
        "id_no": id_no,
        "error": error,
        "errors": ((error, "#id_id_no"),),
        "is_found": is_asked and not error,
    }
    if not is_asked or error or posting.region is None:
        return context
    begun = Draft.objects.for_window(posting.region, number)
    cases = Application.objects.for_window(posting.region).filter(subject_id_no=number).with_progress()
    return context | {
        "number": number,
        "drafts": [_found_draft(draft) for draft in begun],
        "cases": [_found_case(case) for case in cases[:10]],
        "regions": regions_of(posting),
    }


def _problem(typed: str, number: str) -> str | None:
    if case_number_in(typed):
        return "这个窗口没有这个编号的办件。请核对编号，或用身份证号查"
    if not number:
        return "请填身份证号，或办件、回执的编号"
    problem = id_number_problem(number, timezone.localdate())
    return f"身份证号：{problem}" if problem else None


def _found_draft(draft: Draft) -> FoundDraft:
    filled = sum(bool(value) for value in draft.answers.values())
    source = "本人网上草稿" if draft.owner_id else f"{draft.entered_by}在窗口录入的草稿"
    return FoundDraft(
        str(draft.pk), f"{moment_words(draft.saved_at)}保存，已填 {filled} 项，{draft.region.name}", source
    )


def _found_case(case: Application) -> FoundCase:
    return FoundCase(
        progress.count_words(case.tasks.all()),
        case.number,
        progress.case_tag(case, for_staff=True),
        reverse("window:case", args=[case.number]),
    )
