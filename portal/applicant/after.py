"""What a person may still do with a case: add an item, bring promised papers, ask why nothing moves."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from agencies.deadlines import calendar_now
from applications import materials as giving
from applications import questions, submission
from applications.errors import AlreadyDone, Invalid, Refused
from applications.models import Application, Material
from portal.applicant.case_presenters import frame, supply_page
from portal.web import visiting
from portal.web.access import SignedInRequest, signed_in
from portal.web.drafting import receive
from portal.web.questions import AskForm, exchange


@signed_in
@require_POST
def add_items(request: SignedInRequest, number: str) -> HttpResponse:
    """Opens a form that adds items to the case; what is known and given is not asked again."""
    case = get_object_or_404(Application.objects.for_applicant(request.user), number=number)
    try:
        draft = submission.start_addition(case, user=request.user)
    except Refused as refused:
        messages.info(request, str(refused))
        return redirect("applicant:case", number)
    return redirect("applicant:items", draft.pk)


@signed_in
def supply(request: SignedInRequest, number: str) -> HttpResponse:
    """容缺: takes the promised papers; the office sees them once all of an item's are there and sent."""
    case = get_object_or_404(Application.objects.for_applicant(request.user).with_progress(), number=number)
    owing = [task for task in case.tasks.all() if task.provisional_until and not task.is_terminal]
    if not owing:
        messages.info(request, "没有要补交的材料")
        return redirect("applicant:case", number)
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        errors = _take_promised(request, case, {code for task in owing for code in task.provisional_materials})
        if not errors and "send" in request.POST:
            try:
                submission.supply_all(case, user=request.user)
            except Invalid as invalid:
                errors = {code: [words] for code, words in invalid.errors.items()}
            except AlreadyDone as done:
                messages.info(request, str(done))
                return redirect("applicant:case", number)
            else:
                messages.success(request, "补交的材料已经送到，承诺已经兑现")
                return redirect("applicant:case", number)
        elif not errors:
            return redirect("applicant:supply", number)
    given = Material.objects.for_applicant(request.user).filter(application=case, is_sent=False)
    return render(request, "applicant/supply.html", supply_page(case, owing, given, errors))


def _take_promised(request: SignedInRequest, case: Application, codes: set[str]) -> dict[str, list[str]]:
    refused: dict[str, list[str]] = {}
    for code in codes:

        def take(name: str, size: int, stream: Any, code: str = code) -> None:
            giving.answer_with(application=case, code=code, name=name, size=size, stream=stream, user=request.user)

        if words := receive(request.FILES.getlist(f"file-{code}"), take):
            refused[code] = words
    return refused


@signed_in
@require_POST
def remove_supply(request: SignedInRequest, number: str, material_id: uuid.UUID) -> HttpResponse:
    """Takes back a file that was not sent yet."""
    own = Material.objects.for_applicant(request.user).filter(application__number=number)
    try:
        giving.remove(get_object_or_404(own, pk=material_id))
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("applicant:supply", number)


@signed_in
def question(request: SignedInRequest, number: str) -> HttpResponse:
    """Asks the office of an item, or the supervisors about the whole case; shows what was asked and answered before."""
    case = get_object_or_404(Application.objects.for_applicant(request.user).with_progress(), number=number)
    form = AskForm(request.POST or None, tasks=list(case.tasks.all()))
    if request.method == "POST" and form.is_valid():
        try:
            asked = questions.ask(case, user=request.user, text=form.cleaned_data["text"], task=form.task)
        except (Invalid, Refused) as refused:
            form.add_error("text", str(refused))
        else:
            messages.success(request, f"已经转给{asked.office or '督办人员'}，会在这一页答复您")
            return redirect("applicant:question", number)
    calendar = calendar_now().at(case.region_id)
    before = [exchange(found, calendar) for found in case.questions.for_lists()]
    return render(request, "applicant/question.html", {**frame(case), "form": form, "questions": before})


@signed_in
def visit(request: SignedInRequest, number: str, task_id: int) -> HttpResponse:
    """Where and when to come; the person takes a time or asks for another."""
    case = get_object_or_404(Application.objects.for_applicant(request.user).with_progress(), number=number)
    task = visiting.called_task(case, task_id)

    def show(page: dict[str, Any]) -> HttpResponse:
        return render(request, "applicant/visit.html", frame(case) | page)

    return visiting.respond(request, case, task, side="applicant", show=show)
