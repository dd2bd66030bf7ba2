"""Figures about cases, counted from the cases and their log at the moment of asking. Each says what it counts.

Everything takes the queryset of cases that the asker may see, so that scope is decided in one place. A period is both its
days included; a working day is one of the loaded calendar.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import TruncDate

from agencies.deadlines import Calendar
from agencies.models import Region
from applications import clock
from applications.enums import AT_OFFICE, BAD, CLOSED, ApplicationStatus, TaskStatus
from applications.models import Application, Correction, ItemTask, Rating
from applications.querysets import on_days

Cases = QuerySet[Application]

# Fewer closed cases than this say little of the next one, and too much of those.
ENOUGH = 20
DECIDED = sorted(CLOSED - {ApplicationStatus.WITHDRAWN})


@dataclass(frozen=True)
class Period:
    start: date
    end: date

    @classmethod
    def last(cls, days: int, today: date) -> "Period":
        return cls(today - timedelta(days=days - 1), today)

    @property
    def days(self) -> int:
        return (self.end - self.start).days + 1

    @property
    def before(self) -> "Period":
        """The equally long period just before."""
        return Period(self.start - timedelta(days=self.days), self.start - timedelta(days=1))


@dataclass(frozen=True)
class Totals:
    """`median` None: nothing was closed in the period, so there is no duration to tell."""

    received: int
    closed: int
    median: int | None
    corrected: int
    corrected_once: int


@dataclass(frozen=True)
class AgencyLoad:
    """Open tasks of one agency by how its clocks stand; a stopped clock counts as in time."""

    code: str
    name: str
    in_time: int
    soon: int
    overdue: int

    @property
    def total(self) -> int:
        return self.in_time + self.soon + self.overdue


@dataclass(frozen=True)
class RatingTotals:
    """好差评: what people said by themselves; who said nothing is in no number but `closed`."""

    given: int
    satisfied: int
    closed: int
    rated: int
    waiting: int


@dataclass(frozen=True)
class PlaceLine:
    code: str
    name: str
    received: int
    closed: int
    median: int | None
    corrected: int
    overdue: int


def _received(cases: Cases, period: Period) -> Cases:
    return cases.filter(on_days("submitted_at", period.start, period.end))


def _closed(cases: Cases, period: Period) -> Cases:
    """Cases whose last item was decided in the period; cases taken back as a whole are no closings."""
    return cases.filter(on_days("closed_at", period.start, period.end), status__in=DECIDED)


def totals(cases: Cases, period: Period, calendar: Calendar) -> Totals:
    received = _received(cases, period)
    spans = Counter(_spans(_closed(cases, period), calendar))
    rounds = Correction.objects.filter(task__application=OuterRef("pk"))
    asked = received.filter(Exists(rounds))
    return Totals(
        received=received.count(),
        closed=sum(spans.values()),
        median=median(spans),
        corrected=asked.count(),
        corrected_once=asked.exclude(Exists(rounds.filter(Q(round__gt=1) | Q(answered_at=None)))).count(),
    )


def ratings(cases: Cases, period: Period) -> RatingTotals | None:
    """Ratings of the period, of two about the same the later; and how many of the closed cases have any. None for none."""
    found = Rating.objects.filter(application__in=cases.order_by().values("pk")).newest()
    told = found.filter(on_days("rated_at", period.start, period.end)).aggregate(
        given=Count("pk"), satisfied=Count("pk", filter=~Q(grade__in=BAD))
    )
    waiting = Rating.objects.in_tray("waiting").filter(application__in=cases.order_by().values("pk")).count()
    if not told["given"] and not waiting:
        return None
    closed = _closed(cases, period)
    rated = closed.filter(Exists(Rating.objects.filter(application=OuterRef("pk")))).count()
    return RatingTotals(**told, closed=closed.count(), rated=rated, waiting=waiting)


def _spans(closed: Cases, calendar: Calendar) -> Iterable[int]:
    """Working days from the day of submission (day 0) to the day of closing, one per case."""
    rows = closed.annotate(first=TruncDate("submitted_at"), last=TruncDate("closed_at"))
    for first, last, count in rows.values_list("first", "last").annotate(count=Count("id")).order_by("first", "last"):
        yield from [calendar.between(first, last)] * count


def median(spans: Counter[int]) -> int | None:
    """The middle of the counted values, the lower one of two; None for none."""
    return _quarter(spans, 2) if spans else None


def _quarter(spans: Counter[int], quarter: int) -> int:
    """The value that so many quarters of the counted values do not pass."""
    total, seen = sum(spans.values()), 0
    for value in sorted(spans):
        seen += spans[value]
        if seen * 4 >= total * quarter:
            return value
    return 0


@dataclass(frozen=True)
class UsualWait:
    """The middle half of the counted items: a quarter were quicker than `low`, a quarter slower than `high`."""

    low: int
    high: int
    counted: int


def usual_waits(region: Region, calendar: Calendar, today: date) -> dict[str, UsualWait]:
    """Working days from acceptance to completion by item, from the place's own closed cases of the last year.

    As they were, with every wait for the person; an item with fewer than ENOUGH says nothing.
    """
    year = today - timedelta(days=365)
    closed = ItemTask.objects.filter(
        on_days("application__submitted_at", year, today),
        application__region=region,
        application__status__in=DECIDED,
        status=TaskStatus.COMPLETED,
        accepted_on__isnull=False,
    )
    rows = (
        closed.annotate(last=TruncDate("result__decided_at"))
        .order_by()
        .values_list("item__code", "accepted_on", "last")
    )
    spans: dict[str, Counter[int]] = {}
    for code, first, last, count in rows.annotate(Count("id")):
        spans.setdefault(code, Counter())[calendar.between(first, last)] += count
    return {
        code: UsualWait(_quarter(found, 1), _quarter(found, 3), found.total())
        for code, found in spans.items()
        if found.total() >= ENOUGH
    }


def tasks_of(cases: Cases) -> QuerySet[ItemTask]:
    return ItemTask.objects.filter(application__in=cases.values("pk"))


def agency_loads(cases: Cases, calendar: Calendar, today: date) -> list[AgencyLoad]:
    """Where the open tasks lie now and how their clocks stand, in the agencies' order."""
    is_late = Q(next_on__lt=today)
    is_soon = Q(next_on__gte=today, next_on__lte=calendar.add(today, clock.SOON_DAYS))
    rows = (
        tasks_of(cases)
        .filter(status__in=AT_OFFICE)
        .values("office__agency", "office__agency__name")
        .annotate(total=Count("id"), late=Count("id", filter=is_late), soon=Count("id", filter=is_soon))
        .order_by("office__agency__order", "office__agency")
    )
    return [
        AgencyLoad(
            row["office__agency"],
            row["office__agency__name"],
            row["total"] - row["late"] - row["soon"],
            row["soon"],
            row["late"],
        )
        for row in rows
    ]


def per_day(cases: Cases, period: Period) -> list[tuple[date, int, int]]:
    """(day, received, closed) for every day of the period."""
    received = _by_day(_received(cases, period), "submitted_at")
    closed = _by_day(_closed(cases, period), "closed_at")
    days = [period.start + timedelta(days=n) for n in range(period.days)]
    return [(day, received.get(day, 0), closed.get(day, 0)) for day in days]


def _by_day(cases: Cases, field: str) -> dict[date, int]:
    return dict(cases.annotate(day=TruncDate(field)).order_by("day").values_list("day").annotate(Count("id")))


def places(cases: Cases, period: Period, calendar: Calendar, today: date) -> list[PlaceLine]:
    """One line per place with a case that is open, or came or was closed in the period; overdue first, then the busiest."""
    received = _by_place(_received(cases, period))
    corrected = _by_place(_received(cases, period).filter(tasks__corrections__isnull=False))
    late = tasks_of(cases).filter(status__in=AT_OFFICE, next_on__lt=today).order_by()
    overdue = dict(late.values_list("application__region").annotate(Count("id")))
    spans: dict[str, Counter[int]] = {}
    rows = _closed(cases, period).annotate(first=TruncDate("submitted_at"), last=TruncDate("closed_at")).order_by()
    for code, first, last, count in rows.values_list("region", "first", "last").annotate(Count("id")):
        spans.setdefault(code, Counter())[calendar.between(first, last)] += count
    codes = {
        *received,
        *spans,
        *cases.exclude(status__in=sorted(CLOSED)).order_by().values_list("region", flat=True).distinct(),
    }
    names = dict(Region.objects.filter(pk__in=codes).values_list("pk", "full_name"))
    lines = [
        PlaceLine(
            code,
            name,
            received.get(code, 0),
            sum(spans.get(code, Counter()).values()),
            median(spans.get(code, Counter())),
            corrected.get(code, 0),
            overdue.get(code, 0),
        )
        for code, name in names.items()
    ]
    return sorted(lines, key=lambda line: (-line.overdue, -line.received, line.code))


def _by_place(cases: Cases) -> dict[str, int]:
    return dict(cases.order_by().values_list("region").annotate(Count("id", distinct=True)))


def overdue_tasks(cases: Cases, today: date) -> QuerySet[ItemTask]:
    """Open tasks whose office should have acted before today, the latest ones first in line."""
    late = tasks_of(cases).filter(status__in=AT_OFFICE, next_on__lt=today)
    return late.select_related("application", "item", "office__agency", "handler").order_by("next_on", "id")
