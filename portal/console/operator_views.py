"""The operators' further pages: tickets, the pulse of the queues and the reconciliations, exports, offline exchange."""

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from agencies.enums import Role
from agencies.models import Office
from applications import detectors, exports, imports, operations, outbox, tickets
from applications.enums import ExportKind
from applications.errors import Refused
from applications.models import Export, Import, Reconciliation, Ticket
from portal.console import operator_presenters as presenters
from portal.console.guard import operators_only, overseers_only
from portal.console.outbox_views import ROWS
from portal.console.views import PERIODS
from portal.web.access import SignedInRequest
from portal.web.forms import row_key
from portal.web.paging import ShortPaginator

VERDICTS = 200


@require_GET
@overseers_only
def ticket_list(request: SignedInRequest) -> HttpResponse:
    """What checks and reconciliations found: the open ones, or those that were closed."""
    posting = request.posting
    is_closed, number = request.GET.get("show") == "closed", request.GET.get("number", "").strip()[:40]
    found = Ticket.objects.for_posting(posting).listed(is_closed=is_closed, number=number)
    page = ShortPaginator(found, ROWS).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [presenters.ticket_row(ticket) for ticket in page],
        "is_closed": is_closed,
        "number": number,
        "is_operator": _is_operator(request),
    }
    return TemplateResponse(request, "console/tickets.html", context)


def _is_operator(request: SignedInRequest) -> bool:
    return request.posting.role == Role.ADMINISTRATOR


@require_POST
@operators_only
def close_ticket(request: SignedInRequest, pk: int) -> HttpResponse:
    ticket = get_object_or_404(Ticket.objects.for_posting(request.posting), pk=pk)
    try:
        tickets.close_by_hand(ticket, operator=request.user, note=request.POST.get("note", ""))
        messages.success(request, "已关闭这个问题")
    except Refused as refused:
        messages.error(request, f"没有关闭：{refused}")
    return redirect("console:tickets")


@require_POST
@operators_only
def paper_again(request: SignedInRequest, pk: int) -> HttpResponse:
    """A paper that was not made is asked for anew; the ticket closes by itself when the file is there."""
    tickets_of = Ticket.objects.for_posting(request.posting)
    ticket = get_object_or_404(tickets_of.filter(kind="paper_without_file"), pk=pk)
    try:
        operations.make_paper_again(ticket, operator=request.user)
        messages.success(request, "已重新排队生成，生成以后这个问题会自动关闭")
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("console:tickets")


@require_POST
@operators_only
def repair(request: SignedInRequest, pk: int) -> HttpResponse:
    """What should exist and does not is made, with the reason; the ticket is closed with it."""
    ticket = get_object_or_404(Ticket.objects.for_posting(request.posting).filter(kind__in=operations.REPAIRS), pk=pk)
    try:
        count = operations.repair(ticket, operator=request.user, note=request.POST.get("note", ""))
        messages.success(request, f"已补建 {count} 条，马上推送")
    except Refused as refused:
        messages.error(request, f"没有补建：{refused}")
    return redirect("console:tickets")


@require_GET
@overseers_only
def pulses(request: SignedInRequest) -> HttpResponse:
    """Every queue and how long ago its worker was heard; below it the last reconciliations with the offices."""
    names = presenters.queue_names(outbox.agencies())
    found = detectors.pulses()
    days = Reconciliation.objects.for_posting(request.posting)[:ROWS]
    context = {
        "rows": [presenters.pulse_row(pulse, names) for pulse in found],
        "problem": presenters.pulse_summary(found, names),
        "connections": presenters.connection_words(*detectors.connections()),
        "days": [presenters.reconciliation_row(row) for row in days],
        "now": timezone.now(),
    }
    return TemplateResponse(request, "console/pulses.html", context)


@require_http_methods(["GET", "POST"])
@overseers_only
def export_list(request: SignedInRequest) -> HttpResponse:
    """The person's own exports; asking for one writes a row that a worker makes into a file."""
    if request.method == "POST":
        return _ask(request)
    found = Export.objects.for_posting(request.posting).select_related("office")[:ROWS]
    context = {
        "rows": [presenters.export_row(export) for export in found],
        "kinds": presenters.KINDS,
        "formats": list(exports.FORMATS.items()),
        "kept_days": settings.EXPORT_DAYS,
    }
    return TemplateResponse(request, "console/exports.html", context)


def _ask(request: SignedInRequest) -> HttpResponse:
    kind, days = request.POST.get("kind", ""), request.POST.get("days", "")
    if kind not in dict(presenters.KINDS):
        raise Http404
    try:
        exports.ask(
            ExportKind(kind),
            user=request.user,
            posting=request.posting,
            format=request.POST.get("format", "csv"),
            days=PERIODS.get(days, 30),
        )
        messages.success(request, "正在生成，稍后刷新本页下载")
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("console:exports")


@require_GET
@overseers_only
def export_file(request: SignedInRequest, pk: int) -> HttpResponseBase:
    found = get_object_or_404(Export.objects.for_posting(request.posting), pk=pk)
    if not found.file:
        raise Http404
    operations.take_file(found, operator=request.user)
    return FileResponse(found.file.open("rb"), as_attachment=True, filename=found.name)


@require_http_methods(["GET", "POST"])
@operators_only
def offline(request: SignedInRequest) -> HttpResponse:
    """Offices that are not joined to the network: packages out, results back; both are work for a worker."""
    problem = ""
    if request.method == "POST":
        office = _office(request)
        if request.POST.get("deed") == "export":
            exports.ask(ExportKind.BATCH, user=request.user, posting=request.posting, office=office)
            messages.success(request, "正在打包，稍后在导出页下载")
            return redirect("console:exports")
        try:
            is_dry = request.POST.get("deed") != "import"
            made = imports.ask(office, _file(request), user=request.user, is_dry_run=is_dry)
            return redirect("console:import", pk=made.pk)
        except Refused as refused:
            problem = str(refused)
    brought = Import.objects.for_posting(request.posting)[:ROWS]
    context = {
        "rows": [presenters.offline_row(office) for office in outbox.offline_offices(request.posting)],
        "imports": [presenters.import_row(row) for row in brought],
        "problem": problem,
    }
    return TemplateResponse(request, "console/offline.html", context, status=422 if problem else 200)


def _office(request: SignedInRequest) -> Office:
    return get_object_or_404(outbox.offline_offices(request.posting), pk=row_key(request.POST.get("office", "")))


def _file(request: SignedInRequest) -> bytes:
    given = request.FILES.get("file")
    if given is None:
        raise Refused("请选择结果文件")
    if (given.size or 0) > imports.RESULT_BYTES:
        raise Refused("结果文件太大，请分批导入")
    return given.read()


@require_http_methods(["GET", "POST"])
@operators_only
def import_result(request: SignedInRequest, pk: int) -> HttpResponse:
    """How far a result file is, and the verdict on each row; after a dry run the same file can be registered."""
    found = get_object_or_404(Import.objects.for_posting(request.posting), pk=pk)
    if request.method == "POST":
        try:
            return redirect("console:import", pk=imports.register(found, user=request.user).pk)
        except Refused as refused:
            messages.error(request, str(refused))
            return redirect("console:import", pk=pk)
    only_bad = request.GET.get("show") == "bad"
    verdicts = found.verdicts.filter(is_good=False) if only_bad else found.verdicts.all()
    context = {
        "row": presenters.import_row(found),
        "page": Paginator(verdicts, VERDICTS).get_page(request.GET.get("page")),
        "only_bad": only_bad,
    }
    return TemplateResponse(request, "console/import.html", context)
