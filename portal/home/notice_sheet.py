"""The sheet of 一次告知 in words: what one person has to bring, when each item would be done, how often to come.

`sheet` says it as of a day, for the page. `paper_html` says only what the answers and the scheme give, so that the same
number always prints the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import segno
from django.conf import settings
from django.http import QueryDict
from django.template.loader import render_to_string
from django.utils import timezone

from agencies import catalogue, guide, routing, situation
from agencies.deadlines import Calendar, calendar_now, fulfilled_by, last_day
from agencies.flow_chart import Step
from agencies.models import Office, Region, Scheme
from agencies.notice_number import notice_number
from agencies.one_time_notice import Visit, one_time_notice
from agencies.situation import Question
from agencies.spec import MaterialSpec, SchemeSpec
from agencies.words import NOT_PUBLISHED, full_day, plain_day
from portal.home.guide import limit_words
from portal.home.presenters import count_words, place_page
from portal.web import place
from portal.web.presenters import day_words


@dataclass(frozen=True)
class Asker:
    """A person's place and answers, and the version of the scheme that answers them."""

    region: Region
    scheme: Scheme
    ticked: tuple[str, ...]
    answers: Mapping[str, str]
    discharged: date | None = None

    @property
    def number(self) -> str:
        return notice_number(
            self.scheme.spec, self.ticked, dict(self.answers), discharged=self.discharged, region=self.region.code,
            scheme_id=self.scheme.pk,
        )  # fmt: skip

    @property
    def published_on(self) -> date:
        """The day of this version's publication, which is the only day a paper may depend on."""
        return timezone.localdate(self.scheme.published_at)


@dataclass(frozen=True)
class ItemLine:
    number: int
    title: str
    who: str
    where: tuple[str, ...]
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
    """Where to, what for, and address, hours and phone of that place."""

    place: str
    what: str
    where: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sheet:
    """The whole notice in words."""

    number: str
    items: tuple[ItemLine, ...]
    later: tuple[Later, ...]
    materials: tuple[Brought, ...]
    trips: tuple[Trip, ...]
    shared: tuple[str, ...]
    answers: tuple[str, ...]
    open_questions: tuple[str, ...]
    before: tuple[str, ...]
    not_for: str
    report_by: str
    report_rule: str
    longest: str
    is_provisional: bool
    change: str


def sheet(asker: Asker, today: date | None) -> Sheet:
    """The whole notice; without `today` it names no day that depends on when it is read."""
    spec, region, answers = asker.scheme.spec, asker.region, dict(asker.answers)
    calendar = calendar_now().at(region.code)
    told = one_time_notice(
        spec, asker.ticked, answers, discharged=asker.discharged, window=region.window, region=region.code,
        scheme_id=asker.scheme.pk,
    )  # fmt: skip
    ends = last_days(spec, told.chart.steps, calendar, today) if today else {}
    steps = {step.item.code: step for step in told.chart.steps}
    offices = routing.offices_for(region)
    now = [item for item in told.items if not steps[item.code].facts]
    later = [item for item in told.items if steps[item.code].facts]
    known = [day for item in now if (day := ends.get(item.code))]
    return Sheet(
        number=told.number,
        items=tuple(
            _item_line(spec, number, steps[item.code], ends, offices, (today, calendar))
            for number, item in enumerate(now, 1)
        ),
        later=tuple(Later(item.title, _why_later(spec, steps[item.code])) for item in later),
        materials=tuple(_brought(spec, material, {item.code for item in told.items}) for material in told.materials),
        trips=tuple(_trip(visit, asker, offices) for visit in told.visits),
        shared=tuple(f"{material.title}：由{material.shared_from}共享取得" for material in told.shared),
        answers=_answers(spec, answers, asker.discharged),
        open_questions=tuple(question.label for question in told.unanswered),
        before=told.chart.prerequisites,
        not_for=told.not_for,
        report_by=_report_by(spec, asker.discharged, today),
        report_rule=guide.reporting_text(spec, today or asker.published_on),
        longest=f"全部{_expected(calendar, max(known))}能在 {day_words(max(known))}前办好" if known and len(known) == len(now) else "",
        is_provisional=any(not calendar.knows(day) for day in known),
        change=_address(asker),
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
    step: Step,
    ends: Mapping[str, date | None],
    offices: Mapping[str, Office],
    when_read: tuple[date | None, Calendar],
) -> ItemLine:
    item, end = step.item, ends.get(step.item.code)
    here = [offices[code] for code in item.agencies if code in offices]
    today, calendar = when_read
    paid_on = fulfilled_by(item.fulfilment, today, end, calendar) if today else None
    if step.hard:
        when = f"{'、'.join(other.title for other in step.hard)}办好后自动开始"
        remark = f"今天全部受理的话，{_expected(calendar, end)}{day_words(end)}前" if end else ""
    else:
        when = limit_words(spec, item)
        remark = f"今天受理的话，{_expected(calendar, end)}{day_words(end)}前" if end else ""
    if paid_on:
        remark = f"{full_day(paid_on)}前发放"
    elif item.fulfilment:
        remark = f"{item.fulfilment}发放"
    return ItemLine(
        number=number,
        title=item.title,
        who="、".join(office.name for office in here) or spec.agency_names(item),
        where=tuple(f"{office.name}：{_where(office)}" if len(here) > 1 else _where(office) for office in here),
        icon=spec.agency(item.agencies[0]).icon if item.agencies else "",
        when=when,
        remark=remark,
        in_person=(item.in_person_reason or "要本人到场") if item.in_person else "",
    )


def _expected(calendar: Calendar, day: date) -> str:
    """预计 before a day of a year whose holidays are not announced."""
    return "" if calendar.knows(day) else "预计"


def _why_later(spec: SchemeSpec, step: Step) -> str:
    by_name = {fact.name: fact.waiting_text for fact in spec.facts}
    waiting = "".join(by_name.get(name) or name for name in step.facts)
    return f"{waiting}现在就可以一起选上，到时自动开始，不用重填表。"


def _brought(spec: SchemeSpec, material: MaterialSpec, chosen: set[str]) -> Brought:
    serves = "、".join(spec.item(code).title for code in material.serves if code in chosen)
    because = material.because or f"{serves or '每一件'}都要用。"
    remarks = (
        f"因为{because}" if material.when is not None and because.startswith("您") else because,
        f"{count_words(len(material.alternatives))}种里交一种就行" if material.alternatives else "",
        material.explanation,
        f"由{material.issued_by}出具" if material.issued_by else "",
        f"可以用{material.replaced_by}代替" if material.replaced_by else "",
        guide.later_text(material),
        "有就带上" if material.optional else "",
    )
    title = f"{material.title}（原件）" if material.original else material.title
    return Brought(title, serves or "全部事项", tuple(words for words in remarks if words))


def _trip(visit: Visit, asker: Asker, offices: Mapping[str, Office]) -> Trip:
    office = offices.get(visit.agency)
    what = "；".join(reason.rstrip("。") for reason in visit.reasons)
    if office is not None:
        return Trip(office.name, what, (_where(office),))
    told = catalogue.place_told(asker.scheme, asker.region)
    hours = "；".join(map(str, told.hours)) if told else ""
    return Trip(visit.place, what, (_told((told.address if told else "") or "", hours, asker.region.phone),))


def _where(office: Office) -> str:
    return _told(office.address, office.hours, office.phone)


def _told(address: str, hours: str, phone: str) -> str:
    """Address, hours and phone in one line; what nobody has published is named as such at its end."""
    rows = (("地址", address), ("时间", hours), ("电话", phone))
    known = [f"{label}：{value}" for label, value in rows if value]
    silent = "、".join(label for label, value in rows if not value)
    return "；".join([*known, *([f"{silent}{NOT_PUBLISHED}"] if silent else [])])


def _answers(spec: SchemeSpec, answers: Mapping[str, str], discharged: date | None) -> tuple[str, ...]:
    given = [_answer_words(question, answers) for question in situation.questions(spec) if answers.get(question.code)]
    return (*given, *([f"退役时间：{plain_day(discharged)}"] if discharged else []))


def _answer_words(question: Question, answers: Mapping[str, str]) -> str:
    return f"{question.label}：{dict(question.choices)[answers[question.code]]}"


def _report_by(spec: SchemeSpec, discharged: date | None, today: date | None) -> str:
    """The day by which to report, counted from the day of discharge; empty when it is not known or not limited."""
    limit = spec.reporting_limit
    if limit is None or not limit.days or discharged is None:
        return ""
    day = discharged + timedelta(days=limit.days)
    return day_words(day) if today else full_day(day)


def _address(asker: Asker) -> str:
    """The query that brings back the questions with these answers."""
    query = QueryDict(mutable=True)
    query.setlist("item", list(asker.ticked))
    query.update({**asker.answers, "change": "1"})
    if asker.discharged:
        query["discharged"] = asker.discharged.isoformat()
    return query.urlencode()


# -- the paper ---------------------------------------------------------------------------------------------------------


def paper_html(asker: Asker, *, is_page: bool = False) -> str:
    """The sheet to print. The same answers, version and directory of offices give the same text."""
    told = sheet(asker, None)
    facts = place.facts(asker.region)
    return render_to_string(
        "pdf/one_time_notice.html",
        {
            "title": "一次告知单",
            "service_name": settings.SERVICE_NAME,
            "place": asker.region.full_name,
            "facts": facts,
            "sheet": told,
            "spec": asker.scheme.spec,
            "number": told.number,
            "made_iso": asker.published_on.isoformat(),
            "seasons": place_page(asker.scheme.spec).seasons,
            "head_template": "pdf/notice_head.html",
            "foot_template": "pdf/notice_foot.html",
            "qr": segno.make(f"{settings.SITE_URL}/notice/?no={told.number}", error="m").svg_data_uri(
                border=2, scale=4, omitsize=True
            ),
            "notice_of_environment": settings.ENVIRONMENT_NOTICE,
            "is_page": is_page,
        },
    )
