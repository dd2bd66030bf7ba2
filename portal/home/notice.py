"""一次告知: what one person has to bring, when each item would be done, and how often to come, before coming at all.

The answers stand in the address and nowhere else: nothing is stored, and the number printed on the sheet opens it again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from agencies import guide, routing
from agencies.deadlines import Calendar, calendar_now, last_day
from agencies.guide import NOT_PUBLISHED, NoticeItem, Question, Step
from agencies.models import Office, Region, Scheme
from agencies.spec import MaterialSpec, SchemeSpec
from applications.registration import parse_date
from portal.home.forms import PlaceForm
from portal.home.guide import agency_names
from portal.web import place
from portal.web.presenters import day_words, full_day


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


@dataclass(frozen=True)
class ItemLine:
    number: int
    title: str
    who: str
    icon: str
    when: str
    remark: str
    in_person: str


@dataclass(frozen=True)
class Later:
    """What cannot be started yet, and what it waits for."""

    title: str
    reason: str


@dataclass(frozen=True)
class Brought:
    title: str
    serves: str
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class Trip:
    place: str
    what: str


@dataclass(frozen=True)
class Sheet:
    """The whole notice in words."""

    number: str
    items: tuple[ItemLine, ...]
    later: tuple[Later, ...]
    materials: tuple[Brought, ...]
    trips: tuple[Trip, ...]
    answers: tuple[str, ...]
    open_questions: tuple[str, ...]
    not_for: str
    report_by: str
    longest: str
    is_provisional: bool
    change: str


@require_GET
def notice(request: HttpRequest) -> HttpResponse:
    """The questions, and once they are answered the sheet; a number from a printed sheet opens it again."""
    region = place.chosen_region(request)
    scheme = place.scheme_of(region) if region else None
    if region is None or scheme is None:
        return render(request, "home/guide_place.html", {"form": PlaceForm(), "next": request.path, "name": "一次告知"})
    if number := request.GET.get("no", "").strip():
        return _by_number(request, scheme, number)
    spec = scheme.spec
    ticked = [item.code for item in spec.offered if item.code in request.GET.getlist("item")]
    answers = answers_in(spec, request.GET)
    if not ticked or request.GET.get("change"):
        return _ask(request, scheme, ticked, answers)
    sheet = _sheet(region, scheme, ticked, answers, request.GET)
    return render(request, "home/notice.html", {"sheet": sheet, "spec": spec})


def _by_number(request: HttpRequest, scheme: Scheme, number: str) -> HttpResponse:
    try:
        ticked, answers = guide.read_notice(scheme.spec, number)
    except ValueError as error:
        return _ask(request, scheme, [], {}, str(error))
    query = request.GET.copy()
    query.clear()
    query.setlist("item", ticked)
    query.update(answers)
    return redirect(f"{request.path}?{query.urlencode()}")


def _ask(
    request: HttpRequest, scheme: Scheme, ticked: list[str], answers: Mapping[str, str], problem: str = ""
) -> HttpResponse:
    spec = scheme.spec
    if not problem and request.GET.get("asked") and not ticked:
        problem = "请至少选一件要办的事"
    chosen = set(ticked) or {item.code for item in spec.offered if item.default_ticked}
    context = {
        "items": [Choice(item.code, item.title, item.code in chosen) for item in spec.offered],
        "questions": [_asked(question, answers) for question in guide.questions(spec)],
        "discharged": request.GET.get("discharged", ""),
        "asks_discharged": spec.reporting_limit is not None,
        "problem": problem,
    }
    return render(request, "home/notice_questions.html", context)


def _asked(question: Question, answers: Mapping[str, str]) -> Asked:
    choices = tuple(Choice(value, label, answers.get(question.code) == value) for value, label in question.choices)
    return Asked(question.code, question.label, question.hint, choices)


def answers_in(spec: SchemeSpec, given: QueryDict) -> dict[str, str]:
    """The answers of a query string; what is none of the offered choices counts as not answered."""
    found = {}
    for question in guide.questions(spec):
        answer = given.get(question.code, "")
        if answer in dict(question.choices):
            found[question.code] = str(answer)
    return found


def _sheet(region: Region, scheme: Scheme, ticked: list[str], answers: dict[str, str], given: QueryDict) -> Sheet:
    spec, today, calendar = scheme.spec, timezone.localdate(), calendar_now().at(region.code)
    told = guide.one_time_notice(spec, ticked, answers, window=region.window, scheme_id=scheme.pk)
    ends = last_days(spec, told.chart.steps, calendar, today)
    steps = {step.item.code: step for step in told.chart.steps}
    offices = routing.offices_for(region)
    now = [line for line in told.items if not steps[line.item.code].facts]
    later = [line for line in told.items if steps[line.item.code].facts]
    known = [day for line in now if (day := ends[line.item.code])]
    return Sheet(
        number=told.number,
        items=tuple(
            _item_line(spec, number, line, steps[line.item.code], ends, offices, (today, calendar))
            for number, line in enumerate(now, 1)
        ),
        later=tuple(Later(line.item.title, _why_later(spec, steps[line.item.code])) for line in later),
        materials=tuple(_brought(spec, material) for material in told.materials),
        trips=tuple(Trip(visit.place, "；".join(visit.reasons)) for visit in told.visits),
        answers=tuple(_answer_words(question, answers) for question in guide.questions(spec) if answers.get(question.code)),
        open_questions=tuple(question.label for question in told.unanswered),
        not_for=told.not_for,
        report_by=_report_by(spec, str(given.get("discharged", "") or "")),
        longest=f"全部能在 {day_words(max(known))}前办好" if known and len(known) == len(now) else "",
        is_provisional=any(not calendar.knows(day) for day in known),
        change=_address(ticked, answers, str(given.get("discharged", "") or "")),
    )  # fmt: skip


def last_days(spec: SchemeSpec, steps: tuple[Step, ...], calendar: Calendar, today: date) -> dict[str, date | None]:
    """When each item would be done if all were accepted today: a chain adds up; None where no day can be named."""
    ends: dict[str, date | None] = {}
    for step in steps:  # in columns, so that what must be done before comes first
        before = [ends.get(item.code) for item in step.hard]
        if step.facts or None in before:
            ends[step.item.code] = None
            continue
        start = max([today, *(day for day in before if day)])
        ends[step.item.code] = last_day(spec.limit_of(step.item), start, calendar)
    return ends


def _item_line(
    spec: SchemeSpec,
    number: int,
    line: NoticeItem,
    step: Step,
    ends: Mapping[str, date | None],
    offices: Mapping[str, Office],
    day: tuple[date, Calendar],
) -> ItemLine:
    item, end = line.item, ends[line.item.code]
    here = "、".join(offices[code].name for code in item.agencies if code in offices)
    paid_on = last_day(item.fulfilment, *day)
    if step.hard:
        when = f"{'、'.join(other.title for other in step.hard)}办好后自动开始"
        remark = f"今天全部受理的话，{day_words(end)}前" if end else ""
    else:
        when = f"时限{NOT_PUBLISHED}" if line.limit == NOT_PUBLISHED else line.limit
        remark = f"今天受理的话，{day_words(end)}前" if end else ""
    if paid_on:
        remark = f"{full_day(paid_on)}前发放"
    return ItemLine(
        number=number,
        title=item.title,
        who=here or agency_names(spec, item),
        icon=spec.agency(item.agencies[0]).icon if item.agencies else "",
        when=when,
        remark=remark,
        in_person=(item.in_person_reason or "要本人到场") if item.in_person else "",
    )


def _why_later(spec: SchemeSpec, step: Step) -> str:
    by_name = {fact.name: fact.waiting_text for fact in spec.facts}
    waiting = "".join(by_name.get(name) or name for name in step.facts)
    return f"{waiting}现在就可以一起选上，到时自动开始，不用重填表。"


def _brought(spec: SchemeSpec, material: MaterialSpec) -> Brought:
    is_chosen = material.when is not None and material.because.startswith("您")
    remarks = (
        f"因为{material.because}" if is_chosen else material.because,
        f"{len(material.alternatives)}种里交一种就行" if material.alternatives else "",
        material.explanation,
        f"由{material.issued_by}出具" if material.issued_by else "",
        f"可以用{material.replaced_by}代替" if material.replaced_by else "",
        "可以先办后补" if material.deferrable else "",
        "有就带上" if material.optional else "",
    )
    title = f"{material.title}（原件）" if material.original else material.title
    serves = "、".join(spec.item(code).title for code in material.serves) or "全部事项"
    return Brought(title, serves, tuple(words for words in remarks if words))


def _answer_words(question: Question, answers: Mapping[str, str]) -> str:
    return f"{question.label}：{dict(question.choices)[answers[question.code]]}"


def _report_by(spec: SchemeSpec, discharged: str) -> str:
    """The day by which to report, counted from the day of discharge; empty when it is not known or not limited."""
    limit, written = spec.reporting_limit, parse_date(discharged)
    if limit is None or not limit.days or written is None:
        return ""
    return day_words(date.fromisoformat(written) + timedelta(days=limit.days))


def _address(ticked: list[str], answers: Mapping[str, str], discharged: str) -> str:
    """The query that brings back the questions with these answers."""
    query = QueryDict(mutable=True)
    query.setlist("item", ticked)
    query.update({**answers, "change": "1", **({"discharged": discharged} if discharged else {})})
    return query.urlencode()
