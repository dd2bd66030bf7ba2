"""What became of the form: the person's cases, one case, answers to corrections, withdrawal."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from applications import materials as giving
from applications import submission
from applications.errors import AlreadyDone, Invalid, Refused
from applications.models import Application, Correction, Draft, Material
from portal.applicant import case_presenters as presenters
from portal.web.access import SignedInRequest, signed_in
from portal.web.drafting import keep_typed, keeps_typed, receive, typed_before
from portal.web.forms import AnswersForm, typed


@signed_in
@require_GET
def case_list(request: SignedInRequest) -> HttpResponse:
    """The person's open forms and cases, newest first."""
    cases = Application.objects.for_applicant(request.user).with_progress()
    drafts = Draft.objects.for_person(request.user).filter(owner=request.user)
    page = Paginator(cases, 20).get_page(request.GET.get("page"))
    return render(request, "applicant/case_list.html", presenters.list_page(page, drafts))


def _case(request: SignedInRequest, number: str) -> Application:
    """The person's own case with everything that its pages show; another's is not there."""
    return get_object_or_404(Application.objects.for_applicant(request.user).with_history(), number=number)


@signed_in
@require_GET
def case(request: SignedInRequest, number: str) -> HttpResponse:
    return render(request, "applicant/case.html", presenters.case_page(_case(request, number)))


@signed_in
@require_GET
def submitted(request: SignedInRequest, number: str) -> HttpResponse:
    """The number, the receipt, what happens next. Coming back or reloading changes nothing."""
    return render(request, "applicant/submitted.html", presenters.submitted_page(_case(request, number)))


def _correction(case: Application, correction_id: int) -> Correction:
    found = (c for task in case.tasks.all() for c in task.corrections.all() if c.pk == correction_id)
    correction = next(found, None)
    if correction is None:
        raise Http404
    return correction


@keeps_typed
def correction(request: SignedInRequest, number: str, correction_id: int) -> HttpResponse:
    """Answers one office's notice; sent only when every line is answered."""
    case = _case(request, number)
    notice = _correction(case, correction_id)
    if notice.answered_at is not None:
        messages.info(request, f"{notice.task.office}的这次补正已经提交过")
        return redirect("applicant:case", number)
    fields = [line.field for line in notice.lines.all() if line.field]
    if request.method == "POST":
        return _answer(request, case, notice, typed(request.POST, fields))
    return _show_correction(request, case, notice, typed_before(request), {})


def _answer(request: SignedInRequest, case: Application, notice: Correction, values: dict[str, str]) -> HttpResponse:
    refused = _take_files(request, case, notice)
    if refused or "upload" in request.POST:
        keep_typed(request, values)
        if not refused:
            return redirect(request.path)
        return _show_correction(request, case, notice, typed_before(request), refused)
    try:
        submission.answer_correction(notice, user=request.user, answers=values)
    except Invalid as invalid:
        errors = {code: [words] for code, words in invalid.errors.items()}
        return _show_correction(request, case, notice, values, errors)
    except AlreadyDone as done:
        messages.info(request, str(done))
        return redirect("applicant:case", case.number)
    messages.success(request, f"补正已提交，已送往{notice.task.office}")
    return redirect("applicant:case", case.number)


def _take_files(request: SignedInRequest, case: Application, notice: Correction) -> dict[str, list[str]]:
    refused: dict[str, list[str]] = {}
    for line in notice.lines.all():
        files = request.FILES.getlist(f"file-{line.material}") if line.material else []

        def take(name: str, size: int, stream: Any, code: str = line.material) -> None:
            giving.answer_with(
                application=case, code=code, name=name, size=size, stream=stream, user=request.user
            )  # fmt: skip

        if words := receive(files, take):
            refused[line.material] = words
    return refused


def _show_correction(
    request: SignedInRequest,
    case: Application,
    notice: Correction,
    values: dict[str, str],
    errors: dict[str, list[str]],
) -> HttpResponse:
    given = Material.objects.for_applicant(request.user).filter(application=case)
    asked = presenters.asked_in(case, notice)
    problems = {code: words[0] for code, words in errors.items()} if errors else None
    form = AnswersForm(asked, {**case.answers, **values}, problems)
    for control in form.fields.values():
        control.widget.attrs["form"] = "correction-form"
    context = presenters.correction_page(case, notice, form, given, errors)
    return render(request, "applicant/correction.html", context)


@signed_in
@require_POST
def remove_answer(request: SignedInRequest, number: str, correction_id: int, material_id: uuid.UUID) -> HttpResponse:
    """Takes back a file that was given for an answer not yet sent."""
    own = Material.objects.for_applicant(request.user).filter(application__number=number)
    material = get_object_or_404(own, pk=material_id)
    try:
        giving.remove(material)
        messages.success(request, f"已删除 {material.original_name}")
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("applicant:correction", number, correction_id)


@signed_in
def withdraw(request: SignedInRequest, number: str) -> HttpResponse:
    """Choose items, be asked again, then withdraw."""
    case = _case(request, number)
    possible = presenters.withdrawable(case)
    chosen = [task for task in possible if str(task.pk) in request.POST.getlist("task")]
    if request.method == "POST" and chosen and "confirm" in request.POST:
        try:
            done = submission.withdraw(case, user=request.user, tasks=chosen)
        except AlreadyDone as already:
            messages.info(request, str(already))
        else:
            messages.success(request, f"已撤回 {len(done)} 件：{'、'.join(task.spec.title for task in done)}")
        return redirect("applicant:case", number)
    errors = (("请至少选一件要撤回的事", "#tasks"),) if request.method == "POST" and not chosen else ()
    context = presenters.withdraw_page(case, possible, chosen) | {"errors": errors}
    return render(request, "applicant/withdraw.html", context)
