"""One case as those see it who watch over the limits: which item stands where, until when, and why that day."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from agencies.deadlines import calendar_now
from applications import timing
from applications.models import Application
from portal.console.guard import overseers_only
from portal.web import progress
from portal.web.access import SignedInRequest
from portal.web.history import timeline
from portal.web.presenters import short_day


@require_GET
@overseers_only
def find(request: SignedInRequest) -> HttpResponse:
    """Leads to the case of a number, if it lies in the overseer's area."""
    number = request.GET.get("number", "").strip()[:40]
    cases = Application.objects.for_posting(request.posting)
    if number and cases.for_number(number).exists():
        return redirect("console:case", number)
    messages.info(request, "没有这个编号的办件，请核对编号" if number else "请填办件编号")
    return redirect("console:overview")


@require_GET
@overseers_only
def case(request: SignedInRequest, number: str) -> HttpResponse:
    """Items, days and their counting, and the log; nothing of the form."""
    cases = Application.objects.for_posting(request.posting)
    found = get_object_or_404(cases.for_number(number).with_history())
    tasks, calendar, today = list(found.tasks.all()), calendar_now(), timezone.localdate()
    expected = timing.forecast_case(tasks, calendar, today)
    context = {
        "case": found,
        "title": progress.count_words(tasks),
        "tag": progress.case_tag(found, for_staff=True),
        "rows": [progress.task_row(task, calendar, today, for_staff=True) for task in tasks],
        "expected": f"全部预计 {short_day(expected.on)}办好" if expected.on else progress.without_day(expected),
        "events": timeline(found, for_staff=True),
        "nav": "console:overview",
    }
    return TemplateResponse(request, "console/case.html", context)
