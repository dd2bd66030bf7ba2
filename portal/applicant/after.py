"""What a person may still do with a case: add an item, ask why nothing moves."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from applications import questions, submission
from applications.errors import Invalid, Refused
from applications.models import Application
from portal.applicant.case_presenters import frame
from portal.web.access import SignedInRequest, signed_in
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
    before = [exchange(found) for found in case.questions.for_lists()]
    return render(request, "applicant/question.html", {**frame(case), "form": form, "questions": before})
