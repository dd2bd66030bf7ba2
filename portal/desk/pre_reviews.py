"""预审 at the desk of the office that the scheme names as hub."""

import uuid

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from agencies.enums import Role
from applications import access, pre_reviews
from applications.models import PreReview
from portal.desk.guard import OfficerRequest, officers_only
from portal.web import pre_reviewing
from portal.web.files import inline_file


@require_GET
@officers_only
def pre_review_list(request: OfficerRequest) -> HttpResponse:
    rows = pre_reviewing.waiting_rows(request.posting, "desk")
    return render(request, "web/pre_review_list.html", {"rows": rows})


def _latest(request: OfficerRequest, number: str) -> PreReview:
    """The last round of the case at this office; another office's is not there."""
    rounds = PreReview.objects.for_posting(request.posting).filter(application__number=number)
    return get_object_or_404(rounds.for_lists().order_by("-round")[:1])


@officers_only
def pre_review(request: OfficerRequest, number: str) -> HttpResponse:
    """One form, looked through as a whole. Only who reviews decides."""
    waiting = _latest(request, number)
    if request.method == "POST" and request.posting.role != Role.REVIEWER:
        raise PermissionDenied
    return pre_reviewing.respond(request, waiting, side="desk")


@require_GET
@officers_only
def pre_review_file(request: OfficerRequest, number: str, material: uuid.UUID) -> HttpResponse:
    """One file of the form while it waits here; the look is recorded with an item of the case.

    What the person gives to other offices later is none of the hub's.
    """
    waiting = _latest(request, number)
    if pre_reviews.over(waiting):
        raise Http404
    found = get_object_or_404(waiting.application.materials.filter(is_sent=True), pk=material)
    access.open_for_pre_review(found, viewer=request.user, posting=request.posting)
    return inline_file(found.file, name=str(found.pk), extension=found.extension)
