"""审计记录: for the auditor, who does nothing else. Whoever reads them is written down as well."""

from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET

from applications import audit_log, auditing
from applications.audit_log import LABELS, Log
from portal.accounts import events
from portal.accounts.models import EventKind
from portal.console import audit_presenters as presenters
from portal.console.guard import auditors_only
from portal.web.access import SignedInRequest
from portal.web.paging import ShortPaginator

ROWS = 50


@require_GET
@auditors_only
def audit(request: SignedInRequest) -> HttpResponse:
    """One of the logs, of everybody or of one account."""
    asked, username = request.GET.get("log", ""), request.GET.get("who", "").strip()[:150]
    log = Log(asked) if asked in LABELS else Log.ACCOUNTS
    person = audit_log.account_of(username)
    is_unknown = bool(username) and person is None
    events.note(EventKind.LOG_READ, request.user, request, presenters.read_words(log, person))
    page = ShortPaginator(audit_log.rows(log, of=person), ROWS).get_page(request.GET.get("page"))
    context = {
        "tabs": [(label, f"?log={name}", name == log) for name, label in LABELS.items()],
        "log": log,
        "label": LABELS[log],
        "who": username,
        "is_unknown": is_unknown,
        "page": page,
        "rows": [] if is_unknown else [presenters.ROWS[log](row) for row in page],
        "breaches": audit_log.breaches(),
        "mark": auditing.newest_mark(),
    }
    return TemplateResponse(request, "console/audit.html", context)
