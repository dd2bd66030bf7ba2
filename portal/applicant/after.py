"""What a person may still do with a case: add an item, bring promised papers, agree on a time, ask why nothing moves, rate it."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from agencies.deadlines import calendar_now
from applications import drafts, questions
from applications.enums import Channel
from applications.errors import Invalid, Refused
from applications.models import Application
from portal.applicant.case_presenters import frame
from portal.web import kept, rating, supplying, visiting
from portal.web.access import SignedInRequest, signed_in
from portal.web.questions import AskForm, exchange


@signed_in
@require_POST
def add_items(request: SignedInRequest, number: str) -> HttpResponse:
    """Opens a form that adds items to the case; what is known and given is not asked again."""
    case = get_object_or_404(Application.objects.for_applicant(request.user), number=number)
    try:
        draft = drafts.start_addition(case, user=request.user)
    except Refused as refused:
        messages.info(request, str(refused))
        return redirect("applicant:case", number)
    return redirect("applicant:items", draft.pk)


@signed_in
def supply(request: SignedInRequest, number: str) -> HttpResponse:
    """容缺: takes the promised papers; the office sees them once all of an item's are there and sent."""
    case = get_object_or_404(Application.objects.for_applicant(request.user).with_progress(), number=number)

    def show(page: dict[str, Any]) -> HttpResponse:
        return render(request, "applicant/supply.html", frame(case) | page)

    return supplying.respond(request, case, side="applicant", show=show)


@signed_in
def question(request: SignedInRequest, number: str) -> HttpResponse:
    """Asks the office of an item, or the supervisors about the whole case; shows what was asked and answered before."""
    case = get_object_or_404(Application.objects.for_applicant(request.user).with_progress(), number=number)
    form = AskForm(request.POST or kept.take_said(request, is_own=True) or None, tasks=list(case.tasks.all()))
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


@signed_in
def rate(request: SignedInRequest, number: str, task_id: int | None = None) -> HttpResponse:
    """好差评 of an item, or of the whole case: taken once and added to once; what was said and answered is shown."""
    cases = Application.objects.for_applicant(request.user).with_progress().with_ratings()
    case = get_object_or_404(cases.prefetch_related("tasks__log"), number=number)
    task = rating.task_of_case(case, task_id) if task_id is not None else None

    def show(page: dict[str, Any]) -> HttpResponse:
        return render(request, "applicant/rate.html", frame(case) | page)

    back = reverse("applicant:case", args=[number])
    return rating.respond(request, case, task, channel=Channel.ONLINE, back=back, show=show)
