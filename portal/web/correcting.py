"""Answering one office's notice, for the applicant and, with the person at the counter, for a clerk.

Text and files are kept on the way; nothing is sent before every line of the notice is answered.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone

from agencies.fields import FIELDS
from agencies.spec import FormField
from applications import materials as giving
from applications import submission
from applications.enums import DocumentKind
from applications.errors import AlreadyDone, Invalid, Refused
from applications.models import Application, Correction, ItemTask, Material
from portal.web.access import SignedInRequest
from portal.web.drafting import file_row, keep_typed, receive, shown, typed_before
from portal.web.forms import AnswersForm, typed
from portal.web.papers import newest, paper_url
from portal.web.presenters import FileRow, day_words

FORM = "correction-form"
Errors = dict[str, list[str]]
Show = Callable[[dict[str, Any]], HttpResponse]


def open_corrections(task: ItemTask) -> list[Correction]:
    return [notice for notice in task.corrections.all() if notice.answered_at is None]


def open_notices(case: Application) -> list[Correction]:
    return [notice for task in case.tasks.all() for notice in open_corrections(task)]


def notice_or_404(case: Application, correction_id: int) -> Correction:
    """The notice of this case, fetched with it; one of another case is not there."""
    found = (notice for task in case.tasks.all() for notice in task.corrections.all() if notice.pk == correction_id)
    notice = next(found, None)
    if notice is None:
        raise Http404
    return notice


def line_name(case: Application, line: Any) -> str:
    """What a line of a notice asks for: a material in quotes, or a field's label."""
    return f"“{case.scheme.spec.material(line.material).title}”" if line.material else FIELDS[line.field].label


# -- the flow ----------------------------------------------------------------------------------------------------------


def respond(request: SignedInRequest, case: Application, notice: Correction, *, side: str, show: Show) -> HttpResponse:
    """One round of the page: shows it, keeps text and files, or sends the answer. `side` is the app's namespace."""
    if notice.answered_at is not None:
        messages.info(request, f"{notice.task.office}的这次补正已经提交过")
        return redirect(f"{side}:case", case.number)
    if request.method != "POST":
        return show(_page(case, notice, side, typed_before(request), {}))
    values = typed(request.POST, [line.field for line in notice.lines.all() if line.field])
    refused = _take_files(request, case, notice)
    if refused:
        return show(_page(case, notice, side, values, refused))
    if "upload" in request.POST:
        keep_typed(request, values)
        return redirect(request.path)
    try:
        submission.answer_correction(notice, user=request.user, answers=values)
    except Invalid as invalid:
        return show(_page(case, notice, side, values, {code: [words] for code, words in invalid.errors.items()}))
    except AlreadyDone as done:
        messages.info(request, str(done))
    else:
        messages.success(request, f"补正已提交，已送往{notice.task.office}")
    return redirect(f"{side}:case", case.number)


def _take_files(request: SignedInRequest, case: Application, notice: Correction) -> Errors:
    refused: Errors = {}
    for line in notice.lines.all():
        files = request.FILES.getlist(f"file-{line.material}") if line.material else []

        def take(name: str, size: int, stream: Any, code: str = line.material) -> None:
            giving.answer_with(application=case, code=code, name=name, size=size, stream=stream, user=request.user)

        if words := receive(files, take):
            refused[line.material] = words
    return refused


def take_back(
    request: SignedInRequest, case: Application, correction_id: int, material_id: uuid.UUID, *, side: str
) -> HttpResponse:
    """Removes a file that was given for an answer not yet sent."""
    material = get_object_or_404(case.materials.all(), pk=material_id)
    try:
        giving.remove(material)
        messages.success(request, f"已删除 {material.original_name}")
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect(f"{side}:correction", case.number, correction_id)


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


def _asked_in(case: Application, notice: Correction) -> list[FormField]:
    """The fields of the notice, as the case's own form asks them."""
    asked = {entry.field: entry for entry in case.registration.asked()}
    codes = [line.field for line in notice.lines.all() if line.field]
    return [asked.get(code, FormField(field=code)) for code in codes]


def _page(
    case: Application, notice: Correction, side: str, values: Mapping[str, str], errors: Errors
) -> dict[str, Any]:
    problems = {code: words[0] for code, words in errors.items()} if errors else None
    form = AnswersForm(_asked_in(case, notice), {**case.answers, **values}, problems, is_own=side == "applicant")
    for control in form.fields.values():
        control.widget.attrs["form"] = FORM
    given = list(case.materials.all())
    lines = [_line(case, notice, line, side, form, given, errors) for line in notice.lines.all()]
    asked = {line.material for line in lines}
    spec = case.scheme.spec
    paper = newest(case.documents.all(), DocumentKind.CORRECTION_NOTICE, notice.task_id)
    return {
        "notice": notice,
        "task": notice.task,
        "count": len(lines),
        "lines": lines,
        "form": form,
        "errors": tuple(
            (f"{line.title}：{words}", f"#m-{line.material}")
            for line in lines
            if line.material
            for words in line.errors
        ),
        "until": day_words(notice.answer_by),
        "asked_on": day_words(timezone.localdate(notice.asked_at)),
        "paper_url": paper_url(paper) if paper else "",
        "fine": [spec.material(code).title for code in notice.task.material_codes() if code not in asked],
        "state": _state_words(lines),
        "others": _others(case, notice, side),
    }


def _others(case: Application, notice: Correction, side: str) -> list[tuple[str, str]]:
    return [
        (
            f"{other.task.office}：{other.task.spec.title}",
            reverse(f"{side}:correction", args=[case.number, other.pk]),
        )
        for other in open_notices(case)
        if other.pk != notice.pk
    ]


def _state_words(lines: list[Line]) -> str:
    materials = [line for line in lines if line.material]
    if not materials:
        return "改好以后点“提交补正”。"
    answered = sum(bool(line.files) for line in materials)
    is_ready = answered == len(lines)
    return f"{len(materials)} 样材料里已补 {answered} 样{'，可以提交了' if is_ready else ''}。"


def _line(
    case: Application,
    notice: Correction,
    line: Any,
    side: str,
    form: AnswersForm,
    given: Iterable[Material],
    errors: Errors,
) -> Line:
    title = line_name(case, line).strip("“”")
    if line.field:
        now = shown(line.field, str(case.answers.get(line.field) or ""))
        return Line(title, line.reason, control=form[line.field], now=now)

    def row(material: Material, *, is_new: bool) -> FileRow:
        remove = reverse(f"{side}:remove_answer", args=[case.number, notice.pk, material.pk]) if is_new else ""
        return file_row(material, url=reverse(f"{side}:material_file", args=[material.pk]), remove_url=remove)

    own = [material for material in given if material.code == line.material]
    return Line(
        title,
        line.reason,
        material=line.material,
        old=[row(material, is_new=False) for material in own if material.is_sent and not material.replaced_by_id],
        files=[row(material, is_new=True) for material in own if not material.is_sent],
        errors=errors.get(line.material, []),
    )
