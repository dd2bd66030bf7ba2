"""一次告知: a few questions, and the sheet that answers them, on a page or as a paper.

The answers stand in the address and nowhere else: nothing is stored, and the number printed on the sheet opens it again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from threading import BoundedSemaphore, Lock

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from agencies import catalogue, notice_number, situation
from agencies.models import Scheme
from agencies.situation import Question
from agencies.spec import SchemeSpec
from applications import printing
from applications.registration import parse_date
from portal.home import notice_sheet
from portal.home.forms import PlaceForm
from portal.home.notice_sheet import Asker
from portal.web import place
from portal.web.files import VIEWER_POLICY

_ONE_PAPER_AT_A_TIME = Lock()
# Anybody may ask for a paper, and making one takes long: one more may wait, so that threads are left for the pages.
_PLACES_AT_THE_PRESS = BoundedSemaphore(2)


@dataclass(frozen=True)
class Choice:
    value: str
    label: str
    is_on: bool


@dataclass(frozen=True)
class Asked:
    """One question of the form with what was chosen so far."""

    code: str
    label: str
    hint: str
    choices: tuple[Choice, ...]


@require_GET
def notice(request: HttpRequest) -> HttpResponse:
    """The questions, and once they are answered the sheet; a number from a printed sheet opens it again."""
    if number := request.GET.get("no", "").strip():
        return _by_number(request, number)
    if (chosen := place.chosen_scheme(request)) is None:
        return _choose_place(request)
    region, scheme = chosen
    spec = scheme.spec
    ticked = [item.code for item in spec.offered if item.code in request.GET.getlist("item")]
    answers = answers_in(spec, request.GET)
    if not ticked or request.GET.get("change"):
        return _ask(request, scheme, ticked, answers)
    return _sheet_page(request, Asker(region, scheme, tuple(ticked), answers, _discharged(request.GET)))


@require_GET
def paper(request: HttpRequest, number: str) -> HttpResponse:
    """The sheet of a number as a PDF: the same number gives the same bytes.

    Without Pango, and while several others are being made, the same as a page, which prints as well.
    """
    try:
        asker = opened(number)
    except ValueError:
        raise Http404 from None
    made = _printed(notice_sheet.paper_html(asker), asker.number)
    if made is None:
        return HttpResponse(notice_sheet.paper_html(asker, is_page=True))
    response = HttpResponse(made.pdf, content_type="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{asker.number}.pdf"'
    response.headers["Content-Security-Policy"] = VIEWER_POLICY
    return response


def _printed(html: str, number: str) -> printing.Printed | None:
    if not _PLACES_AT_THE_PRESS.acquire(blocking=False):
        return None
    try:
        with _ONE_PAPER_AT_A_TIME:
            return printing.print_pdf(html, identifier=number)
    except printing.Unavailable:
        return None
    finally:
        _PLACES_AT_THE_PRESS.release()


def opened(number: str) -> Asker:
    """Who asked what, out of the number of a sheet. Raises ValueError for one that is mistyped or of nowhere."""
    scheme_id, code = notice_number.origin_of(number)
    found = catalogue.published_for(scheme_id, code)
    if found is None:
        raise ValueError("编号有误，请对照告知单再输一遍")
    scheme, region = found
    ticked, answers, discharged = notice_number.read_notice(scheme.spec, number)
    return Asker(region, scheme, tuple(ticked), answers, discharged)


def _sheet_page(request: HttpRequest, asker: Asker) -> HttpResponse:
    in_force = place.scheme_of(asker.region)
    context = {
        "sheet": notice_sheet.sheet(asker, timezone.localdate()),
        "spec": asker.scheme.spec,
        "place": place.facts(asker.region),
        "is_outdated": in_force is not None and in_force != asker.scheme,
    }
    return render(request, "home/notice.html", context)


def _by_number(request: HttpRequest, number: str) -> HttpResponse:
    try:
        asker = opened(number)
    except ValueError as error:
        if (chosen := place.chosen_scheme(request)) is None:
            return _choose_place(request, str(error))
        _, scheme = chosen
        return _ask(request, scheme, [], {}, str(error))
    if place.chosen_region(request) is None:
        place.choose(request, asker.region)
    return _sheet_page(request, asker)


def _choose_place(request: HttpRequest, problem: str = "") -> HttpResponse:
    context = {"form": PlaceForm(), "next": request.path, "name": "一次告知", "problem": problem, "asks_number": True}
    return render(request, "home/guide_place.html", context)


def _ask(
    request: HttpRequest, scheme: Scheme, ticked: list[str], answers: Mapping[str, str], problem: str = ""
) -> HttpResponse:
    spec = scheme.spec
    if not problem and request.GET.get("asked") and not ticked:
        problem = "请至少选一件要办的事"
    chosen = set(ticked) or {item.code for item in spec.offered if item.default_ticked}
    context = {
        "items": [Choice(item.code, item.title, item.code in chosen) for item in spec.offered],
        "questions": [_asked(question, answers) for question in situation.questions(spec)],
        "discharged": request.GET.get("discharged", ""),
        "problem": problem,
    }
    return render(request, "home/notice_questions.html", context)


def _asked(question: Question, answers: Mapping[str, str]) -> Asked:
    choices = tuple(Choice(value, label, answers.get(question.code) == value) for value, label in question.choices)
    return Asked(question.code, question.label, question.hint, choices)


def answers_in(spec: SchemeSpec, given: QueryDict) -> dict[str, str]:
    """The answers of a query string; what is none of the offered choices counts as not answered."""
    found = {}
    for question in situation.questions(spec):
        answer = given.get(question.code, "")
        if answer in dict(question.choices):
            found[question.code] = str(answer)
    return found


def _discharged(given: QueryDict) -> date | None:
    """The day of discharge as typed; None for nothing and for what is no day of our time."""
    written = parse_date(given.get("discharged", "") or "")
    day = date.fromisoformat(written) if written else None
    return day if day and notice_number.holds(day) else None
