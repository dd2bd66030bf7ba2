"""How the outbox stands, in the questions of an operator: what waits, how long, what fails, what needs a person."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, Count, IntegerField, Max, Min, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from agencies.enums import GatewayKind
from agencies.models import Agency, Office, OfficeRoute, Posting
from agencies.queues import queue_of
from applications.enums import ON_ITS_WAY, UNSENT, DispatchStatus
from applications.models import Dispatch, Heartbeat, OperatorDeed
from applications.querysets import within

HOLD = "暂停推送"
WAY = "改推送方式"
LOOKS_BACK = timedelta(days=7)


@dataclass(frozen=True)
class AgencyLine:
    """`oldest` is when the longest waiting dispatch was written; `heard_at` when the agency's worker last answered."""

    code: str
    name: str
    waiting: int
    failing: int
    attention: int
    oldest: datetime | None
    last_delivered: datetime | None
    held_offices: int
    offices: int
    heard_at: datetime | None


def offices_for(posting: Posting) -> QuerySet[Office]:
    """The offices in the posting's place and below it; an administrator's are all."""
    return Office.objects.filter(within(posting.region)) if posting.region is not None else Office.objects.all()


def per_agency(posting: Posting) -> list[AgencyLine]:
    """Every agency, also those with nothing to send: a silent line is told apart from an empty one by its heartbeat.

    Only dispatches and offices that the posting may see are counted, and of deliveries only those of the last days.
    """
    seen = Dispatch.objects.for_posting(posting).order_by().values("task__office__agency")
    waiting = Q(status__in=ON_ITS_WAY)
    recent = seen.filter(delivered_at__gte=timezone.now() - LOOKS_BACK)
    delivered = dict(recent.values_list("task__office__agency", Max("delivered_at")))
    counted: dict[str, Any] = {
        row["task__office__agency"]: row
        for row in seen.filter(status__in=sorted(UNSENT)).annotate(
            waiting=Count("id", filter=waiting),
            failing=Count("id", filter=waiting & Q(attempts__gt=0)),
            attention=Count("id", filter=Q(status=DispatchStatus.ATTENTION)),
            oldest=Min("created_at"),
        )
    }
    offices: dict[str, Any] = {
        row["agency"]: row
        for row in offices_for(posting)
        .filter(is_active=True)
        .order_by()
        .values("agency")
        .annotate(total=Count("id"), held=Count("id", filter=Q(is_held=True)))
    }
    heard = dict(Heartbeat.objects.values_list("queue", "heard_at"))
    return [
        AgencyLine(
            code=agency.code,
            name=agency.name,
            waiting=counted.get(agency.code, {}).get("waiting", 0),
            failing=counted.get(agency.code, {}).get("failing", 0),
            attention=counted.get(agency.code, {}).get("attention", 0),
            oldest=counted.get(agency.code, {}).get("oldest"),
            last_delivered=delivered.get(agency.code),
            held_offices=offices.get(agency.code, {}).get("held", 0),
            offices=offices.get(agency.code, {}).get("total", 0),
            heard_at=heard.get(queue_of(agency.code)),
        )
        for agency in Agency.objects.all()
    ]


def held_offices(posting: Posting) -> QuerySet[Office]:
    """Offices that nothing is sent to, each with who stopped it, when and why."""
    last = OperatorDeed.objects.filter(office=OuterRef("pk"), deed=HOLD).order_by("-id")
    rows = (
        offices_for(posting)
        .filter(is_held=True)
        .annotate(
            held_note=Subquery(last.values("note")[:1]),
            held_by=Subquery(last.values("operator__legal_name")[:1]),
            held_at=Subquery(last.values("at")[:1]),
        )
    )
    return rows.select_related("agency", "region").order_by("agency__order", "region")


def offices_by_way(posting: Posting, words: str = "") -> QuerySet[Office]:
    """Offices whose name or place has the words; without words those that are not simply reached at the desk here."""
    rows = offices_for(posting).filter(is_active=True).select_related("agency", "region").prefetch_related("routes")
    found = Q(name__icontains=words) | Q(region__full_name__icontains=words)
    if not words:
        found = ~Q(gateway=GatewayKind.INBOX) | Q(pk__in=OfficeRoute.objects.values("office"))
    return rows.filter(found).order_by("region", "agency__order")


def changes_of_way(posting: Posting) -> QuerySet[OperatorDeed]:
    """Who set how an office is reached, when and why; the newest first."""
    rows = OperatorDeed.objects.filter(deed=WAY, office__in=offices_for(posting).values("pk"))
    return rows.select_related("office", "operator").order_by("-id")


def unsent(rows: QuerySet[Dispatch], *, agency: str = "", number: str = "") -> QuerySet[Dispatch]:
    """Unsent dispatches, those for a person first, then the oldest; with a number every dispatch of those cases."""
    rows = rows.select_related("task__application", "task__item", "task__office__agency", "holder__office")
    rows = rows.filter(task__application__number__endswith=number) if number else rows.filter(status__in=UNSENT)
    if agency:
        rows = rows.filter(task__office__agency=agency)
    urgency = Case(
        When(status=DispatchStatus.ATTENTION, then=Value(0)),
        When(status__in=UNSENT, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    return rows.annotate(urgency=urgency).order_by("urgency", "created_at", "id")


def agencies() -> QuerySet[Agency]:
    return Agency.objects.all()


def offline_offices(posting: Posting) -> QuerySet[Office]:
    """Those of the posting's offices that something is brought to by hand, with how much waits and how much was handed over unanswered."""
    brought = Dispatch.objects.filter(status__in=UNSENT, holder__gateway=GatewayKind.BATCH).values("holder__office")
    by_hand = Office.objects.filter(
        Q(gateway=GatewayKind.BATCH) | Q(routes__gateway=GatewayKind.BATCH) | Q(pk__in=brought), is_active=True
    )
    rows = Dispatch.objects.with_way().filter(to_office=OuterRef("pk"), way=GatewayKind.BATCH).order_by()

    def counted(status: DispatchStatus) -> Coalesce:
        found = rows.filter(status=status).values("to_office").annotate(number=Count("pk")).values("number")
        return Coalesce(Subquery(found), 0, output_field=IntegerField())

    return (
        offices_for(posting)
        .filter(pk__in=by_hand.values("pk"))
        .annotate(waiting=counted(DispatchStatus.PENDING), handed=counted(DispatchStatus.SENDING))
        .select_related("region", "agency")
        .order_by("agency__order", "region")
    )
