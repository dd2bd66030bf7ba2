"""What became of the form: the person's cases, one case, answers to corrections, withdrawal."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from applications.models import Application, Draft
from portal.applicant import case_presenters as presenters
from portal.web import amending, correcting, withdrawing
from portal.web.access import SignedInRequest, signed_in
from portal.web.drafting import keeps_typed


@signed_in
@require_GET
def case_list(request: SignedInRequest) -> HttpResponse:
    """The person's open forms and cases, newest first."""
    cases = Application.objects.for_applicant(request.user).with_progress()
    drafts = Draft.objects.for_person(request.user)
    page = Paginator(cases, 20).get_page(request.GET.get("page"))
    return render(request, "applicant/case_list.html", presenters.list_page(page, drafts))


def _case(request: SignedInRequest, number: str) -> Application:
    """The person's own case with everything that its pages show; another's is not there."""
    return get_object_or_404(Application.objects.for_applicant(request.user).with_history(), number=number)


@signed_in
@require_GET
def case(request: SignedInRequest, number: str) -> HttpResponse:
    cases = Application.objects.for_applicant(request.user).with_history().with_ratings()
    return render(request, "applicant/case.html", presenters.case_page(get_object_or_404(cases, number=number)))


@signed_in
@require_GET
def submitted(request: SignedInRequest, number: str) -> HttpResponse:
    """The number, the receipt, what happens next. Coming back or reloading changes nothing."""
    return render(request, "applicant/submitted.html", presenters.submitted_page(_case(request, number)))


@keeps_typed
def correction(request: SignedInRequest, number: str) -> HttpResponse:
    """Answers everything that the offices ask for, on one page; each office gets its own part."""
    case = _case(request, number)

    def show(page: dict[str, Any]) -> HttpResponse:
        return render(request, "applicant/correction.html", presenters.frame(case) | page)

    return correcting.respond(request, case, side="applicant", show=show)


@keeps_typed
def amend(request: SignedInRequest, number: str) -> HttpResponse:
    """Puts fields of the form right that no office has accepted yet."""
    case = _case(request, number)

    def show(page: dict[str, Any]) -> HttpResponse:
        return render(request, "applicant/amend.html", presenters.frame(case) | page)

    return amending.respond(request, case, side="applicant", show=show)


@signed_in
def withdraw(request: SignedInRequest, number: str) -> HttpResponse:
    """Choose items, be asked again, then withdraw."""
    case = _case(request, number)

    def show(page: dict[str, Any]) -> HttpResponse:
        return render(request, "applicant/withdraw.html", presenters.frame(case) | page)

    return withdrawing.respond(request, case, side="applicant", show=show)
