"""Who is told, each morning, before and after a day has passed. Safe to run twice: one message per person and occasion.

People: the day to report by (day 20, 25 and 30, T-02). Offices, on working days: what is due within two working days to the
handler, what is overdue to those who answer for the office and to the supervisors of its place (T-14, LESSONS.md 15).
What is granted and not paid or handed over yet is due by its own day (OR-13).
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial

from django.conf import settings
from django.utils import timezone

from agencies.deadlines import Calendar, calendar_now
from agencies.enums import Role
from agencies.models import Office, Posting
from applications import clock, notices, rounds
from applications.enums import AT_OFFICE, Fulfilment, NoticeKind
from applications.models import Application, Draft, ItemTask
from applications.reporting import PERSONS_TURN, Reporting, reporting_of, reporting_waits_for_person
from portal.accounts.models import User

# A day to report by that passed longer ago is nobody's news any more.
MISSED_DAYS = 7
# Lines of one message; the desk shows all.
LINES = 50


# -- people ------------------------------------------------------------------------------------------------------------


def warn_of_reporting(*, at: datetime | None = None) -> int:
    """Warns who has not handed in, or got back, the item by which they report. Returns how many messages are new."""
    at = at or timezone.now()
    today = timezone.localdate(at)
    drafts = rounds.over(_unsent_forms(today), partial(_warn_draft, at=at, today=today))
    return drafts + rounds.over(_returned_tasks(), partial(_warn_case, at=at, today=today))


def _unsent_forms(today: date) -> Iterable[Draft]:
    drafts = Draft.objects.filter(sent_at=None, adds_to=None, owner__isnull=False)
    recent = drafts.filter(saved_at__date__gte=today - timedelta(days=settings.DRAFT_DAYS))
    return recent.select_related("scheme", "owner").iterator(chunk_size=200)


def _warn_draft(draft: Draft, at: datetime, today: date) -> int:
    found = reporting_of(draft.scheme.spec, draft.answers, draft.ticked, today)
    if found is None or found.stage is None or found.left < -MISSED_DAYS:
        return 0
    return notices.remind(
        NoticeKind.REPORTING,
        occasion=f"form {draft.pk} day {found.stage}",
        recipient=draft.owner,
        details=[found.title, found.words],
        at=at,
    )


def _returned_tasks() -> Iterable[ItemTask]:
    tasks = ItemTask.objects.filter(status__in=PERSONS_TURN, accepted_on=None)
    return tasks.select_related("item", "office", "application__scheme", "application__applicant")


def _warn_case(task: ItemTask, at: datetime, today: date) -> int:
    case = task.application
    found = reporting_of(case.scheme.spec, case.answers, case.ticked, today)
    if not reporting_waits_for_person(task) or found is None or found.stage is None or found.left < -MISSED_DAYS:
        return 0
    new = 0
    if case.applicant_id is not None or case.answers.get("mobile"):
        new = notices.remind(
            NoticeKind.REPORTING,
            occasion=f"case {case.pk} day {found.stage}",
            recipient=case.applicant,
            application=case,
            details=[found.title, found.words],
            at=at,
        )
    return new + (_tell_office_of_missed(task, case, found, at) if found.is_missed else 0)


def _tell_office_of_missed(task: ItemTask, case: Application, found: Reporting, at: datetime) -> int:
    words = f"{task.spec.title}：补正还没有交回，{found.days} 天的报到期限到{clock.say(found.until)}为止。请联系本人，问明原因。"
    return sum(
        notices.remind(
            NoticeKind.REPORT_MISSED,
            occasion=f"case {case.pk}",
            recipient=officer,
            application=case,
            details=[words, found.basis],
            at=at,
        )
        for officer in _officers_of(task.office)
    )


# -- offices -----------------------------------------------------------------------------------------------------------


def tell_offices(*, at: datetime | None = None) -> int:
    """One message per officer and working day that lists what is due soon, one per head that lists what is overdue."""
    at = at or timezone.now()
    today, calendar = timezone.localdate(at), calendar_now()
    lists = _Lists(today, calendar)
    rounds.over(_due_by(_latest(calendar, today)), lists.add)
    return rounds.over({person for person, _ in lists.lines}, partial(lists.tell, at=at))


@dataclass
class _Lists:
    """What each person is told this morning, gathered task by task."""

    today: date
    calendar: Calendar
    lines: dict[tuple[User, NoticeKind], list[str]] = field(default_factory=lambda: defaultdict(list))
    officers: dict[int, list[User]] = field(default_factory=dict)
    heads: dict[int, list[User]] = field(default_factory=dict)

    def add(self, task: ItemTask) -> int:
        here, due = self.calendar.at(task.office.region_id), task.act_by
        if due is None or not here.is_working(self.today) or due > here.add(self.today, clock.SOON_DAYS):
            return 0
        if task.office_id not in self.officers:
            self.officers[task.office_id] = _officers_of(task.office)
            self.heads[task.office_id] = _heads_and_supervisors(task.office)
        line = _line(task, due, self.today, here)
        for officer in _who_acts(task, self.officers[task.office_id]):
            self.lines[officer, NoticeKind.DUE_SOON].append(line)
        if due < self.today:
            for head in self.heads[task.office_id]:
                self.lines[head, NoticeKind.OVERDUE].append(line)
        return 1

    def tell(self, person: User, *, at: datetime) -> int:
        return sum(
            notices.remind(kind, occasion=str(self.today), recipient=person, details=lines[:LINES], at=at)
            for (whose, kind), lines in self.lines.items()
            if whose == person
        )


def _latest(calendar: Calendar, today: date) -> date:
    """No place's second working day lies later, whatever days of its own it has."""
    return max(here.add(today, clock.SOON_DAYS) for here in [calendar, *calendar.places.values()])


def _who_acts(task: ItemTask, officers: list[User]) -> list[User]:
    """The handler while posted at the office; else everybody there, since money can fall due long after."""
    return [task.handler] if task.handler in officers else officers


def _due_by(day: date) -> list[ItemTask]:
    """What an office must act on by the day, the earliest first: to answer, to decide, to hand over."""
    tasks = ItemTask.objects.select_related("application", "item", "office__region", "handler", "result")
    at_office = tasks.filter(status__in=AT_OFFICE, next_on__lte=day)
    granted = tasks.in_tray("fulfil").filter(result__fulfil_by__lte=day)
    return sorted([*at_office, *granted], key=lambda task: (task.act_by or day, task.pk))


def _line(task: ItemTask, due: date, today: date, calendar: Calendar) -> str:
    """Number, item, day: no name, and nothing of the form."""
    deed = _deed(task)
    if due < today:
        late = calendar.between(due, today)
        when = f"应在{clock.say(due, today.year)}前{deed}，已超期{f' {late} 个工作日' if late else ''}"
    else:
        is_provisional = task.is_due_provisional and not task.is_to_hand_over
        when = f"{'预计' if is_provisional else ''}{clock.say(due, today.year)}前{deed}"
    return f"{task.application.number}　{task.item.name}（{task.office.name}）：{when}"


def _deed(task: ItemTask) -> str:
    if not task.is_to_hand_over:
        return "处理"
    return "发放" if task.result.fulfilment == Fulfilment.PAYMENT_DUE else "送达"


def _officers_of(office: Office) -> list[User]:
    postings = Posting.objects.in_force().filter(role=Role.REVIEWER, office=office)
    return [posting.user for posting in postings.select_related("user").order_by("user_id")]


def _heads_and_supervisors(office: Office) -> list[User]:
    places = [place.pk for place in office.region.lineage()]
    postings = Posting.objects.in_force().filter(role=Role.SUPERVISOR, region__in=places).select_related("user")
    found = {head.pk: head for head in notices.heads_of(office)}
    found.update({posting.user_id: posting.user for posting in postings.order_by("user_id")})
    return list(found.values())
