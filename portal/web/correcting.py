"""Answering the offices' notices of a case on one page, for the applicant and, with the person at the counter, for a clerk.

Text and files are kept on the way, also when the page is left. One button sends what is complete, to each office its part.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from agencies.fields import FIELDS
from agencies.spec import FormField
from applications import corrections
from applications.enums import DocumentKind, TaskStatus
from applications.errors import AlreadyDone, Invalid
from applications.models import Application, Correction, CorrectionLine, ItemTask, Material
from portal.web.access import SignedInRequest
from portal.web.drafting import (
    change_unsent,
    file_row,
    posted_with,
    shown,
    take_answers,
    typed_before,
    unsent_deeds,
    wants_json,
)
from portal.web.forms import AnswersForm, typed
from portal.web.papers import newest, paper_url
from portal.web.presenters import FileRow, Tag, day_words, naming

FORM = "correction-form"
Errors = dict[str, list[str]]
# A file that the notice is about is not in order, however well it was uploaded.
_WRONG = Tag("grey", "dash-circle", "要重交")
Show = Callable[[dict[str, Any]], HttpResponse]


def open_corrections(task: ItemTask) -> list[Correction]:
    if task.status != TaskStatus.AWAITING_CORRECTION:
        return []
    return [notice for notice in task.corrections.all() if notice.answered_at is None]


def open_notices(case: Application) -> list[Correction]:
    """Every notice that waits for an answer, in the order of the items."""
    return [notice for task in case.tasks.all() for notice in open_corrections(task)]


def open_lines(notices: Iterable[Correction]) -> list[CorrectionLine]:
    return [line for notice in notices for line in notice.lines.all() if line.answered_at is None]


def line_name(case: Application, line: Any) -> str:
    """What a line of a notice asks for: a material in quotes, or a field's label."""
    return f"“{case.scheme.spec.material(line.material).title}”" if line.material else FIELDS[line.field].label


# -- the flow ----------------------------------------------------------------------------------------------------------


def respond(request: SignedInRequest, case: Application, *, side: str, show: Show) -> HttpResponse:
    """One round of the page: shows it, keeps text and files, or sends the answer. `side` is the app's namespace."""
    notices = open_notices(case)
    if not notices:
        if wants_json(request):
            return JsonResponse({"message": "补正刚才已经提交"}, status=409)
        messages.info(request, "没有要补正的内容，可能刚才已经提交过")
        return redirect(f"{side}:case", case.number)
    if request.method != "POST":
        return _open(request, case, notices, side, show)
    return _take(request, case, notices, side, show)


def _open(
    request: SignedInRequest, case: Application, notices: list[Correction], side: str, show: Show
) -> HttpResponse:
    before = typed_before(request)
    if before:
        messages.info(request, "为了安全已退出登录。您刚才填的都在，请再点一次“提交补正”")
    values = {**_kept(notices), **before}
    found = corrections.lacking(case, values) if "check" in request.GET else {}
    return show(_page(case, notices, side, values, {code: [words] for code, words in found.items()}))


def _take(
    request: SignedInRequest, case: Application, notices: list[Correction], side: str, show: Show
) -> HttpResponse:
    """Whatever was pressed, what came along is kept first."""
    values = typed(request.POST, [line.field for line in open_lines(notices) if line.field])
    try:
        kept_at = corrections.keep(case, values)
        notices = _read_again(case)
        refused = take_answers(request, case, (line.material for line in open_lines(notices) if line.material))
        if wants_json(request):
            return JsonResponse({"saved_at": f"{timezone.localtime(kept_at):%H:%M}"})
        if refused:
            return show(_page(case, notices, side, {**_kept(notices), **values}, refused))
        change_unsent(request, case.materials.filter(is_sent=False))
        if {"remove", "turn", "upload", "save"} & request.POST.keys():
            return redirect(request.path)
        if "later" in request.POST:
            messages.success(request, "已保存，还没有提交。以后从这一页接着补")
            return redirect(f"{side}:case", case.number)
        return _send(request, case, {**_kept(notices), **values}, side)
    except Invalid as invalid:
        errors = {code: [words] for code, words in invalid.errors.items()}
        return show(_page(case, notices, side, {**_kept(notices), **values}, errors))
    except AlreadyDone as done:
        if wants_json(request):
            return JsonResponse({"message": "补正刚才已经提交"}, status=409)
        messages.info(request, str(done))
        return redirect(f"{side}:case", case.number)


def _read_again(case: Application) -> list[Correction]:
    """What was typed may have called for more lines."""
    notices = corrections.waiting(case)
    for notice in notices:
        notice.task.application = case
    return notices


def _send(request: SignedInRequest, case: Application, values: Mapping[str, str], side: str) -> HttpResponse:
    answered = corrections.answer(case, user=request.user, answers=values)
    offices = "、".join(dict.fromkeys(str(notice.task.office) for notice in answered))
    messages.success(request, f"补正已提交，已送往{offices}")
    if not corrections.waiting(case):
        return redirect(f"{side}:case", case.number)
    messages.warning(request, "下面的还没有补齐，补好后再提交一次。已经提交的不用再补")
    return redirect(f"{reverse(f'{side}:correction', args=[case.number])}?check")


def _kept(notices: Iterable[Correction]) -> dict[str, str]:
    """What was typed before, on this device or another."""
    return {code: str(value) for notice in notices for code, value in notice.kept.items()}


# -- the page ----------------------------------------------------------------------------------------------------------


@dataclass
class Line:
    """One line of a notice with what is there now and where the answer goes."""

    title: str
    reason: str
    material: str = ""
    control: Any = None
    now: str = ""
    old: list[FileRow] = field(default_factory=list)
    files: list[FileRow] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    # Another office asks for the same above: one answer serves both.
    same_as: str = ""
    is_answered: bool = False


@dataclass
class Group:
    """What one office asks for one item."""

    office: str
    item: str
    asked_on: str
    until: str
    note: str
    lines: list[Line]


def _asked_in(case: Application, notices: list[Correction], values: Mapping[str, str]) -> list[FormField]:
    """The fields of the notices, each once, as the case's own form asks them with these values."""
    form = replace(case.registration, answers={**case.answers, **values})
    asked = {entry.field: entry for entry in form.asked()}
    codes = dict.fromkeys(line.field for line in open_lines(notices) if line.field)
    return [asked.get(code, FormField(field=code)) for code in codes]


def _page(
    case: Application, notices: list[Correction], side: str, values: Mapping[str, str], errors: Errors
) -> dict[str, Any]:
    problems = {code: words[0] for code, words in errors.items()} if errors else None
    form = AnswersForm(
        _asked_in(case, notices, values), {**case.answers, **values}, problems, is_own=side == "applicant"
    )
    builder = _Builder(case, side, form, list(case.materials.all()), errors)
    groups = [builder.group(notice) for notice in notices]
    lines = [line for group in groups for line in group.lines if not line.same_as and not line.is_answered]
    # Of several offices the newest is the paper of the case, which names everything.
    only = notices[0].task_id if len(notices) == 1 else None
    paper = newest(case.documents.all(), DocumentKind.CORRECTION_NOTICE, only)
    return {
        "groups": groups,
        "count": len(lines),
        "form": form,
        "errors": tuple(
            (naming(line.title, words), f"#m-{line.material}")
            for line in lines
            if line.material
            for words in line.errors
        ),
        "until": day_words(min(notice.answer_by for notice in notices)),
        "paper_url": paper_url(paper) if paper else "",
        "fine": _in_order(case, notices),
        "state": _state_words(lines),
        "autosave_url": reverse(f"{side}:correction", args=[case.number]),
    }


def _in_order(case: Application, notices: list[Correction]) -> list[str]:
    """The materials of these items that nobody asks for again, so that nobody sends them again."""
    asked = {line.material for notice in notices for line in notice.lines.all()}
    codes = dict.fromkeys(code for notice in notices for code in notice.task.material_codes())
    return [case.scheme.spec.material(code).title for code in codes if code not in asked]


def _state_words(lines: list[Line]) -> str:
    materials = [line for line in lines if line.material]
    if not materials:
        return "改好以后点“提交补正”。"
    answered = sum(bool(line.files) for line in materials)
    is_ready = answered == len(lines)
    return f"{len(materials)} 样材料里已补 {answered} 样{'，可以提交了' if is_ready else ''}。"


@dataclass
class _Builder:
    """Makes the lines of all notices; remembers what was asked before, so that nothing is to be given twice."""

    case: Application
    side: str
    form: AnswersForm
    given: list[Material]
    errors: Errors
    seen: dict[str, str] = field(default_factory=dict)

    def group(self, notice: Correction) -> Group:
        task = notice.task
        return Group(
            office=str(task.office),
            item=task.spec.title,
            asked_on=day_words(timezone.localdate(notice.asked_at)),
            until=day_words(notice.answer_by),
            note=notice.note,
            lines=[self.line(line, str(task.office)) for line in notice.lines.all()],
        )

    def line(self, line: CorrectionLine, office: str) -> Line:
        code = line.field or line.material
        made = Line(line_name(self.case, line).strip("“”"), line.reason, same_as=self.seen.get(code, ""))
        made.is_answered = line.answered_at is not None
        if made.same_as or made.is_answered:
            return made
        self.seen[code] = office
        if line.field:
            made.control = self.form[line.field]
            made.now = shown(line.field, str(self.case.answers.get(line.field) or ""))
            return made
        own = [material for material in self.given if material.code == line.material]
        made.material = line.material
        handed_in = (material for material in own if material.is_sent and not material.replaced_by_id)
        made.old = [replace(self._row(material), tag=_WRONG) for material in handed_in]
        made.files = [self._row(material, is_new=True) for material in own if not material.is_sent]
        made.errors = self.errors.get(line.material, [])
        return made

    def _row(self, material: Material, *, is_new: bool = False) -> FileRow:
        url = reverse(f"{self.side}:material_file", args=[material.pk])
        deeds = unsent_deeds(material, posted_with(FORM, material)) if is_new else ()
        return file_row(material, url=url, deeds=deeds)
