"""容缺: bringing the promised papers, for the applicant and, with the person at the counter, for a clerk."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from applications import promises, supplies
from applications.errors import AlreadyDone, Invalid
from applications.models import Application, ItemTask, Material
from portal.web.access import SignedInRequest
from portal.web.drafting import change_unsent, file_row, posted_with, take_answers, unsent_deeds
from portal.web.presenters import FileRow, day_words, naming

FORM = "supply-form"
Errors = dict[str, list[str]]


@dataclass(frozen=True)
class Promised:
    code: str
    title: str
    until: str
    files: list[FileRow]
    errors: list[str]


def owing(case: Application) -> list[ItemTask]:
    """The items that an office accepted on a promise; fetched with the case."""
    return [task for task in case.tasks.all() if task.provisional_until and not task.is_terminal]


def respond(
    request: SignedInRequest, case: Application, *, side: str, show: Callable[[dict[str, Any]], HttpResponse]
) -> HttpResponse:
    """One round of the page: keeps files, takes one back, or sends all. `side` is the app's namespace."""
    tasks, early = owing(case), promises.still_open(case)
    if not tasks and not early:
        messages.info(request, "没有要补交的材料")
        return redirect(f"{side}:case", case.number)
    errors: Errors = {}
    if request.method == "POST":
        errors = take_answers(request, case, _owed(case, tasks, early))
        change_unsent(request, case.materials.filter(is_sent=False))
        if "send" in request.POST and not errors:
            errors, is_done = _send(request, case)
            if is_done:
                return redirect(f"{side}:case", case.number)
        if not errors:
            return redirect(request.path)
    return show(_page(case, _owed(case, tasks, early), side, errors))


def _send(request: SignedInRequest, case: Application) -> tuple[Errors, bool]:
    try:
        supplies.supply_all(case, user=request.user)
    except Invalid as invalid:
        return {code: [words] for code, words in invalid.errors.items()}, False
    except AlreadyDone as done:
        messages.info(request, str(done))
    else:
        left = "、".join(promise.title for promise in promises.still_open(case))
        messages.success(request, f"补交的材料已经送到，{f'还差{left}' if left else '承诺已经兑现'}")
    return {}, True


def _owed(
    case: Application, tasks: list[ItemTask], early: list[promises.Promise]
) -> dict[str, tuple[str, date | None]]:
    """(title, day) by material; the day that an office set goes before that of the form."""
    title = case.scheme.spec.material
    accepted = {
        code: (title(code).title, task.provisional_until) for task in tasks for code in task.provisional_materials
    }
    return {**{promise.code: (promise.title, promise.until) for promise in early}, **accepted}


def _page(
    case: Application, owed: Mapping[str, tuple[str, date | None]], side: str, errors: Mapping[str, list[str]]
) -> dict[str, Any]:
    given = [material for material in case.materials.all() if not material.is_sent]
    lines = [
        Promised(
            code=code,
            title=title,
            until=f"{day_words(until)}前" if until else "",
            files=[_row(side, material) for material in given if material.code == code],
            errors=list(errors.get(code, [])),
        )
        for code, (title, until) in owed.items()
    ]
    listed = tuple((naming(line.title, words), f"#m-{line.code}") for line in lines for words in line.errors)
    return {"lines": lines, "errors": listed, "case_url": reverse(f"{side}:case", args=[case.number])}


def _row(side: str, material: Material) -> FileRow:
    url = reverse(f"{side}:material_file", args=[material.pk])
    return file_row(material, url=url, deeds=unsent_deeds(material, posted_with(FORM, material)))
