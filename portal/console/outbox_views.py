"""推送情况: how the lines to the agencies stand, single dispatches, and what an administrator may do about them."""

from tempfile import TemporaryFile

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from agencies.enums import Role
from agencies.models import Agency
from applications import holders, operations, outbox
from applications.enums import UNSENT
from applications.errors import Refused
from applications.models import Dispatch, Ticket
from portal.console import outbox_presenters as presenters
from portal.console.guard import operators_only, overseers_only
from portal.web.access import SignedInRequest
from portal.web.forms import row_key
from portal.web.paging import ShortPaginator

ROWS = 30
# An agency that is held as a whole has hundreds of offices; it is released as a whole too.
HELD_ROWS = 10


@require_GET
@overseers_only
def dispatches(request: SignedInRequest) -> HttpResponse:
    """Per agency what waits and since when; below it the single dispatches, those that need a person first."""
    posting, now = request.posting, timezone.now()
    rows = Dispatch.objects.for_posting(posting)
    agency, number = request.GET.get("agency", ""), request.GET.get("number", "").strip()[:40]
    page = ShortPaginator(outbox.unsent(rows, agency=agency, number=number), ROWS).get_page(request.GET.get("page"))
    lines = [presenters.line_row(line, now) for line in outbox.per_agency(posting)]
    held = outbox.held_offices(posting)
    context = {
        "lines": lines,
        "page": page,
        "rows": [presenters.dispatch_row(dispatch, now) for dispatch in page],
        "agency": agency,
        "number": number,
        "held": [presenters.held_row(office) for office in held[:HELD_ROWS]],
        "held_count": sum(line.held_offices for line in lines),
        "tickets": Ticket.objects.for_posting(posting).open()[:5],
        "is_operator": posting.role == Role.ADMINISTRATOR,
        "now": now,
    }
    return TemplateResponse(request, "console/dispatches.html", context)


@require_GET
@overseers_only
def dispatch(request: SignedInRequest, pk: int) -> HttpResponse:
    return _page(request, pk)


def _page(request: SignedInRequest, pk: int, problem: str = "", note: str = "") -> HttpResponse:
    found = _find(request, pk)
    posting = request.posting
    context = {
        "dispatch": found,
        "row": presenters.dispatch_row(found, timezone.now()),
        "attempts": [presenters.attempt_row(attempt) for attempt in found.tries.all()],
        "can_act": posting.role == Role.ADMINISTRATOR and found.status in UNSENT,
        "is_operator": posting.role == Role.ADMINISTRATOR,
        "way": holders.way_of(found).gateway.label,
        "is_held": found.office.is_held,
        "problem": problem,
        "note": note,
    }
    return TemplateResponse(request, "console/dispatch.html", context)


def _find(request: SignedInRequest, pk: int) -> Dispatch:
    rows = Dispatch.objects.for_posting(request.posting)
    related = ("task__application", "task__item", "task__office__agency", "holder__office")
    return get_object_or_404(rows.select_related(*related), pk=pk)


@require_POST
@operators_only
def act(request: SignedInRequest, pk: int) -> HttpResponse:
    """Sends again, cancels, or notes a handing over on paper; a refusal keeps the page and what was typed."""
    found, note = _find(request, pk), request.POST.get("note", "")
    deed = request.POST.get("deed")
    try:
        if deed == "resend":
            operations.resend(found, operator=request.user, note=note)
            messages.success(request, "已重新排队，马上推送")
        elif deed == "cancel":
            operations.cancel(found, operator=request.user, note=note)
            messages.success(request, "已取消，这一次不再推送")
        elif deed == "paper":
            receipt = request.POST.get("receipt", "")
            operations.hand_over_on_paper(found, operator=request.user, receipt_number=receipt, note=note)
            messages.success(request, "已记录纸质移交")
        else:
            raise Http404
    except Refused as refused:
        return _page(request, pk, problem=str(refused), note=note)
    return redirect("console:dispatch", pk=pk)


@require_POST
@operators_only
def hand_over(request: SignedInRequest, pk: int) -> HttpResponseBase:
    """The papers for a hand-over as one file; a refusal keeps the page and what was typed."""
    found, note = _find(request, pk), request.POST.get("note", "")
    file = TemporaryFile()  # noqa: SIM115 - the answer closes it
    try:
        operations.print_hand_over(found, operator=request.user, posting=request.posting, note=note, target=file)
    except Refused as refused:
        file.close()
        return _page(request, pk, problem=str(refused), note=note)
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=f"移交-{found.task.application.number}.zip")


@require_POST
@operators_only
def hold(request: SignedInRequest) -> HttpResponse:
    """Stops or releases the sending to one office or to all of an agency that the posting covers; what is held waits and
    nothing is lost.
    """
    is_held = request.POST.get("deed") == "hold"
    deed, note, operator = "暂停" if is_held else "恢复", request.POST.get("note", ""), request.user
    offices = outbox.offices_for(request.posting)
    try:
        if office_id := request.POST.get("office", ""):
            office = get_object_or_404(offices, pk=row_key(office_id))
            operations.hold(office, operator=operator, is_held=is_held, note=note)
            messages.success(request, f"已{deed}向{office}推送")
        else:
            agency = get_object_or_404(Agency, pk=request.POST.get("agency", ""))
            count = operations.hold_all(offices.filter(agency=agency), operator=operator, is_held=is_held, note=note)
            messages.success(request, f"已{deed}向{agency}的 {count} 个机构推送")
    except Refused as refused:
        messages.error(request, f"没有{deed}：{refused}")
    return redirect("console:dispatches")
