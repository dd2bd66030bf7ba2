"""What supervisors and administrators look at: the overview of their area, messages sent, schemes in force."""

from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from agencies.catalogue import sample_places
from agencies.deadlines import calendar_now
from agencies.models import Scheme
from applications import figures, notices
from applications.models import Application
from portal.console import presenters
from portal.console.guard import overseers_only
from portal.web.access import SignedInRequest
from portal.web.paging import ShortPaginator

PERIODS = {"30": 30, "90": 90, "365": 365}
ROWS = 30


@require_GET
@overseers_only
def overview(request: SignedInRequest) -> HttpResponse:
    """The area's figures of a period, counted now, each with what it is compared with."""
    today, calendar = timezone.localdate(), calendar_now()
    area = Application.objects.for_posting(request.posting)
    period = figures.Period.last(PERIODS.get(request.GET.get("days", ""), 30), today)
    lines = figures.places(area, period, calendar, today)
    chosen = next((line for line in lines if line.code == request.GET.get("place")), None)
    cases = area.filter(region=chosen.code) if chosen else area
    loads = figures.agency_loads(cases, calendar, today)
    late = figures.overdue_tasks(cases, today)[: presenters.ATTENTION_ROWS]
    context = {
        "figures": presenters.figures(
            figures.totals(cases, period, calendar), figures.totals(cases, period.before, calendar), loads, period
        ),
        "period": period,
        "days": str(period.days),
        "lines": lines,
        "chosen": chosen,
        "bars": presenters.agency_bars(loads),
        "daily": presenters.daily_chart(figures.per_day(cases, figures.Period.last(15, today))),
        "attention": [presenters.attention(task, today, calendar) for task in late],
        "ratings": presenters.rating_rows(figures.ratings(cases, period)),
        "legend": presenters.LEGEND,
        "now": timezone.now(),
    }
    return TemplateResponse(request, "console/overview.html", context)


@require_GET
@overseers_only
def messages(request: SignedInRequest) -> HttpResponse:
    """Messages to people and what became of them; the demo's gateway sends nothing out, so they are read here."""
    rows = notices.for_posting(request.posting)
    page = ShortPaginator(rows, ROWS).get_page(request.GET.get("page"))
    context = {"page": page, "rows": [presenters.message_row(notice) for notice in page]}
    return TemplateResponse(request, "console/messages.html", context)


@require_GET
@overseers_only
def schemes(request: SignedInRequest) -> HttpResponse:
    """The schemes in force and what each offers; a look at the guide as an applicant of that place sees it."""
    in_force = list(Scheme.objects.for_day(timezone.localdate()))
    rows = presenters.scheme_rows(in_force, sample_places(in_force))
    return TemplateResponse(request, "console/schemes.html", {"rows": rows})
