"""推送方式: how offices are reached, and an administrator's change of it, which needs a reason."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods

from agencies.enums import GatewayKind
from agencies.models import Office
from agencies.routing import Way
from applications import operations, outbox
from applications.errors import Refused
from portal.console import operator_presenters as presenters
from portal.console.guard import operators_only
from portal.console.outbox_views import ROWS
from portal.web.access import SignedInRequest
from portal.web.forms import row_key


@require_http_methods(["GET", "POST"])
@operators_only
def ways(request: SignedInRequest) -> HttpResponse:
    """Which offices are reached how; a refused change keeps the page and what was typed."""
    problem = ""
    if request.method == "POST":
        try:
            messages.success(request, f"已改：{_change(request)}")
            return redirect("console:ways")
        except Refused as refused:
            problem = str(refused)
    words = request.GET.get("q", "").strip()[:40]
    asked = row_key(request.POST.get("office", "") or request.GET.get("office", ""))
    found = outbox.offices_by_way(request.posting, words)
    chosen = outbox.offices_for(request.posting).filter(pk=asked).select_related("region", "agency").first()
    context = {
        "rows": [presenters.way_row(office) for office in found[:ROWS]],
        "is_cut": len(found[: ROWS + 1]) > ROWS,
        "words": words,
        "chosen": chosen,
        "choices": presenters.WAYS,
        "changes": [presenters.change_row(deed) for deed in outbox.changes_of_way(request.posting)[:ROWS]],
        "typed": request.POST,
        "problem": problem,
    }
    return TemplateResponse(request, "console/ways.html", context, status=422 if problem else 200)


def _change(request: SignedInRequest) -> Office:
    """Raises Refused with what is wrong."""
    posted = request.POST
    office = get_object_or_404(outbox.offices_for(request.posting), pk=row_key(posted.get("office", "")))
    code, endpoint = posted.get("item", "").strip().upper()[:20], posted.get("endpoint", "").strip()[:200]
    kind = posted.get("way", "")
    if kind not in dict(presenters.WAYS) or (kind == "same" and not code):
        raise Refused("请选择推送方式；“和机构一样”只用于一个事项")
    if (kind == "push") != bool(endpoint):
        raise Refused("推送到部门系统要填地址，其他方式不填")
    kinds = {"desk": GatewayKind.INBOX, "hand": GatewayKind.BATCH}
    way = None if kind == "same" else Way(kinds.get(kind, GatewayKind.HTTP), endpoint)
    note, is_renamed = posted.get("note", ""), posted.get("renamed") == "on"
    if code or way is None:
        operations.set_way(office, code, way, operator=request.user, note=note, is_renamed=is_renamed)
    else:
        operations.set_office_way(office, way, operator=request.user, note=note, is_renamed=is_renamed)
    return office
