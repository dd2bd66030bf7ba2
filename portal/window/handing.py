"""At the counter after a decision or before one: pre-reviews, appointments, what is handed over, how it went."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from applications import review, visits
from applications.enums import Channel, DocumentKind, Fulfilment, Party
from applications.errors import AlreadyDone, Refused
from applications.models import PreReview
from portal.web import pre_reviewing, rating, visiting
from portal.web.access import SignedInRequest
from portal.web.handing_over import HandOverForm
from portal.web.papers import newest, paper_url
from portal.web.presenters import day_words, masked
from portal.window.guard import case_of_place, clerk_only, place_of

# -- pre-review ----------------------------------------------------------------------------------------------------------


@clerk_only
@require_GET
def pre_review_list(request: SignedInRequest) -> HttpResponse:
    rows = pre_reviewing.waiting_rows(request.posting, "window")
    return render(request, "web/pre_review_list.html", {"rows": rows})


@clerk_only
def pre_review(request: SignedInRequest, number: str) -> HttpResponse:
    """One form of the place, looked through as a whole."""
    rounds = PreReview.objects.for_posting(request.posting).filter(application__number=number)
    waiting = get_object_or_404(rounds.for_lists().order_by("-round")[:1])
    return pre_reviewing.respond(request, waiting, side="window")


# -- appointments --------------------------------------------------------------------------------------------------------


@clerk_only
def visit(request: SignedInRequest, number: str, task_id: int) -> HttpResponse:
    """The person is there, or calls about the time."""
    case = case_of_place(request, number)
    task = visiting.called_task(case, task_id)

    def show(page: dict[str, Any]) -> HttpResponse:
        return render(request, "window/visit.html", {"case": case} | page)

    return visiting.respond(request, case, task, side="window", show=show)


@clerk_only
@require_GET
def visit_list(request: SignedInRequest) -> HttpResponse:
    """Who has an appointment on a day at the offices of the place; without a day, today."""
    today = timezone.localdate()
    day = today + timedelta(days=1) if request.GET.get("day") == "tomorrow" else today
    rows = [
        ComingRow(
            time=f"{timezone.localtime(visit.chosen_at):%H:%M}" if visit.chosen_at else "",
            person=f"{visit.task.application.subject_name}　{masked(visit.task.application.subject_id_no)}",
            item=visit.task.spec.title,
            office=visit.task.office.name,
            bring=visit.bring,
            url=reverse("window:visit", args=[visit.task.application.number, visit.task_id]),
        )
        for visit in visits.of_place(place_of(request.posting), day)
    ]
    context = {"rows": rows, "day": day_words(day), "is_today": day == today}
    return render(request, "window/visit_list.html", context)


@dataclass(frozen=True)
class ComingRow:
    """One appointment of the day."""

    time: str
    person: str
    item: str
    office: str
    bring: str
    url: str


# -- handing over --------------------------------------------------------------------------------------------------------


@clerk_only
def hand_over(request: SignedInRequest, number: str, task_id: int) -> HttpResponse:
    """The card or paper is fetched: print the 送达回证, have it signed, write down who signed."""
    case = case_of_place(request, number)
    task = next((task for task in case.tasks.all() if task.pk == task_id and hasattr(task, "result")), None)
    if task is None or task.result.fulfilment == Fulfilment.NONE:
        raise Http404
    form = HandOverForm(request.POST or None, initial={"receiver": case.subject_name})
    if request.method == "POST" and form.is_valid():
        try:
            review.fulfil(task, Fulfilment.DELIVERED, staff=request.user, party=Party.CLERK, **form.cleaned_data)
            messages.success(request, f"已登记送达：{task.spec.title}")
        except AlreadyDone as already:
            messages.info(request, str(already))
        except Refused as refused:
            messages.error(request, str(refused))
        return redirect("window:case", number)
    paper = newest(case.documents.all(), DocumentKind.DELIVERY_RECEIPT, task.pk)
    context = {"case": case, "task": task, "form": form, "paper_url": paper_url(paper) if paper else ""}
    return render(request, "window/hand_over.html", context)


# -- rating --------------------------------------------------------------------------------------------------------------


@clerk_only
def rate(request: SignedInRequest, number: str) -> HttpResponse:
    """The person at the counter says how the whole case went; what was said is not shown here afterwards."""
    case = case_of_place(request, number)
    back = reverse("window:case", args=[number])

    def show(page: dict[str, Any]) -> HttpResponse:
        return render(request, "window/rate.html", {"case": case, "case_url": back} | page)

    return rating.respond(request, case, None, channel=Channel.WINDOW, back=back, show=show)
