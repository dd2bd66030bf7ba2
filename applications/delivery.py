"""Worker side of the fan-out: claims dispatches and brings each task to its office.

The portal's own desk gets it in one transaction: the application locked, the dispatch claimed by an UPDATE that must hit
one row, transition and dates with it. An agency's own system is called outside any lock: the claim puts the row into
"sending" with a lease, and only the receiver's receipt makes it "delivered". What fails is written down with the time of
the next try. Duplicate messages are no-ops.
"""

import logging
import random
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from agencies import tracing
from agencies.deadlines import Calendar, calendar_now
from agencies.enums import GatewayKind
from agencies.gateways.base import Answer, Ending, SigningKey
from agencies.gateways.http import HttpGateway
from agencies.models import Office
from agencies.routing import Way
from applications import fanout, hiding, holders, outgoing, rounds, tickets, workflow
from applications.enums import ON_ITS_WAY, UNSENT, Action, DispatchKind, DispatchStatus, Outcome, Party, TaskStatus
from applications.errors import Refused
from applications.models import Dispatch, DispatchAttempt, ExchangeKey, OfficeLink
from applications.transitions import TRANSITIONS

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 12
FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(minutes=30)
# After this many failures in a row an office's system is left alone and only probed, much oftener than a rest lasts.
FAILURES_TO_REST = 3
REST = timedelta(minutes=10)
# That a key or a line was used is noted no oftener, or every message of an agency would write the same rows.
NOTED_EVERY = timedelta(minutes=1)
# A system that took a message and gave no receipt is asked again, with the same key, after this time.
RECEIPT_WAIT = timedelta(seconds=60)

# What a try changes; the payload stays closed, which may be what is wrong with the row.
_OF_A_TRY = ["status", "attempts", "error", "last_outcome", "leased_until", "published_at", "next_attempt_at"]
_RECEIVED = (Ending.DELIVERED, Ending.SENT, Ending.UNKNOWN)


def deliver(dispatch_ids: Iterable[int], *, at: datetime | None = None) -> int:
    """Delivers what is still pending among the ids; returns how many were delivered now. One bad row stops no other.

    `at` is for made-up histories of the demo; a worker leaves it out.
    """
    calendar = calendar_now()
    delivered = 0
    rows = Dispatch.objects.filter(pk__in=list(dispatch_ids), status=DispatchStatus.PENDING)
    related = ("task__office", "task__item__scheme", "task__application", "holder__office")
    for dispatch in rows.select_related(*related).prefetch_related("task__office__routes").order_by("id"):
        with tracing.within(dispatch.trace, dispatch.request_id):
            delivered += _deliver_one(dispatch, calendar, at)
    return delivered


def _deliver_one(dispatch: Dispatch, calendar: Calendar, at: datetime | None) -> bool:
    try:
        if dispatch.office.is_held:
            return False
        way = holders.way_of(dispatch)
        if way.gateway == GatewayKind.INBOX:
            return _put_into_queue(dispatch, calendar, at)
        if way.gateway == GatewayKind.HTTP and way.endpoint:
            return _send(dispatch, way, calendar)
    except Refused as refused:
        logger.warning("dispatch %s does not fit its task any more", dispatch.pk)
        record_failure(dispatch.pk, Outcome.LASTING, str(refused))
    except Exception as error:  # a worker must outlive any single row; the row keeps what happened
        logger.exception("dispatch %s failed", dispatch.pk)
        record_failure(dispatch.pk, Outcome.PASSING, type(error).__name__)
    return False


def _put_into_queue(dispatch: Dispatch, calendar: Calendar, at: datetime | None) -> bool:
    """Into the portal's own queue of the office: one transaction."""
    begun = time.monotonic()
    now = at or timezone.now()
    with transaction.atomic():
        workflow.lock(dispatch.task.application_id)
        claimed = Dispatch.objects.filter(pk=dispatch.pk, status=DispatchStatus.PENDING).update(
            attempts=F("attempts") + 1
        )
        if not claimed:
            return False
        # Most are handed out for the first time, so nobody else need be looked for.
        is_only = not (dispatch.holder_id or dispatch.attempts or dispatch.version > 1)
        dispatch.holder = None
        _arrive(dispatch, calendar, now, is_only=is_only)
        _note(dispatch.pk, Outcome.DELIVERED, now, begun, digest=dispatch.digest)
    return True


def _arrive(
    dispatch: Dispatch, calendar: Calendar, at: datetime, receipt_number: str = "", *, is_only: bool = False
) -> None:
    """The office has it: the dispatch is delivered and the office's day to answer is set. The caller holds the lock.

    Whoever else may have it is told that it is worked on elsewhere, unless this is known to be the only one.
    Where the dispatch was the word that a task is no longer there, it is known now and nothing else changes.
    """
    Dispatch.objects.filter(pk=dispatch.pk).update(
        status=DispatchStatus.DELIVERED,
        delivered_at=at,
        receipt_number=hiding.numbers_without(receipt_number, dispatch.task.application) if receipt_number else "",
        error="",
        last_outcome=Outcome.DELIVERED,
        leased_until=None,
        holder=dispatch.holder,
    )
    task = dispatch.task
    if dispatch.kind != DispatchKind.TASK:
        tickets.close_withdrawn(dispatch, note="已告知对方")
        return
    if _brings_more(dispatch):
        return
    # However late it arrives, the answer period counts from the day on which it was complete and given in here.
    given_in = timezone.localdate(min(dispatch.created_at, at))
    data = {"version": dispatch.version, "received_on": given_in.isoformat()}
    workflow.advance(task, Action.DELIVER, party=Party.SYSTEM, at=at, calendar=calendar, data=data)
    task.received_at = at
    task.save(update_fields=["received_at"])
    if not is_only:
        holders.tell(task, DispatchKind.MOVED, "改由别处办理", at=at, but=dispatch.holder)


def _brings_more(dispatch: Dispatch) -> bool:
    """Promised papers or what the person put right, while the office has the item: it knows now, and goes on."""
    is_there = dispatch.task.status in TRANSITIONS[Action.SUPPLY].sources - {TaskStatus.PENDING}
    return dispatch.version > 1 and is_there


def _note(dispatch_id: int, outcome: str, started_at: datetime, begun: float, **facts: object) -> None:
    """One row per try; `begun` is the monotonic clock at its beginning."""
    milliseconds = int((time.monotonic() - begun) * 1000)
    for name in ("detail", "answer"):
        facts[name] = str(facts.get(name, ""))[:300]
    DispatchAttempt.objects.create(
        dispatch_id=dispatch_id, outcome=outcome, started_at=started_at, milliseconds=milliseconds, **facts
    )


# --- to an agency's own system ---


@dataclass(frozen=True)
class Lease:
    """The right to send a dispatch until a time; whoever finds another lease on the row has come too late.

    `is_first`: the system cannot have the task from before.
    """

    dispatch_id: int
    application_id: int
    until: datetime
    is_first: bool = False


def _send(dispatch: Dispatch, way: Way, calendar: Calendar) -> bool:
    begun, now = time.monotonic(), timezone.now()
    office = dispatch.office
    link, _ = OfficeLink.objects.get_or_create(office=office, endpoint=way.endpoint)
    if link.disabled_reason:
        record_failure(dispatch.pk, Outcome.CONFIGURATION, link.disabled_reason)
        return False
    if link.is_resting(now):
        _postpone(dispatch, link)
        return False
    lease = _lease(dispatch, way, now)
    if lease is None:
        return False
    message = outgoing.message_of(dispatch, keys_of(office))
    gateway = HttpGateway(way.endpoint)
    # Taken without a receipt: the number is asked for; only where that cannot be told the same message goes again.
    answer = gateway.ask(message) if dispatch.last_outcome == Outcome.SENT else None
    answer = answer or gateway.send(message)
    logger.info("dispatch %s to office %s: %s", dispatch.pk, office.pk, answer.ending)
    _remember_link(link, answer)
    return settle(lease, answer, calendar, started_at=now, begun=begun)


def keys_of(office: Office) -> tuple[SigningKey, ...]:
    """The keys in force for an office, the newest first; using them is noted, to the minute."""
    now = timezone.now()
    keys = list(ExchangeKey.objects.for_office(office)[:3])
    if unnoted := [key.pk for key in keys if key.last_used_at is None or key.last_used_at < now - NOTED_EVERY]:
        ExchangeKey.objects.filter(pk__in=unnoted).update(last_used_at=now)
    return tuple(SigningKey(key.kid, key.secret) for key in keys)


def _postpone(dispatch: Dispatch, link: OfficeLink) -> None:
    """Not a try: the line rests."""
    if link.open_until is not None:
        Dispatch.objects.filter(pk=dispatch.pk, status=DispatchStatus.PENDING).update(
            next_attempt_at=link.open_until, published_at=None
        )


def _lease(dispatch: Dispatch, way: Way, now: datetime) -> Lease | None:
    until = now + timedelta(seconds=settings.EXCHANGE_LEASE_SECONDS)
    with transaction.atomic():
        workflow.lock(dispatch.task.application_id)
        claimed = Dispatch.objects.filter(pk=dispatch.pk, status=DispatchStatus.PENDING).update(
            status=DispatchStatus.SENDING, leased_until=until, attempts=F("attempts") + 1
        )
        is_first = bool(claimed) and holders.note(dispatch, way)
    return Lease(dispatch.pk, dispatch.task.application_id, until, is_first) if claimed else None


def settle(lease: Lease, answer: Answer, calendar: Calendar, *, started_at: datetime, begun: float) -> bool:
    """Writes down how a try ended. What was withdrawn while it was on its way becomes a ticket, never a silent loss."""
    with transaction.atomic():
        application = workflow.lock(lease.application_id)
        related = ("task__office", "task__item", "holder__office")
        dispatch = Dispatch.objects.select_related(*related).get(pk=lease.dispatch_id)
        dispatch.task.application = application
        is_too_late = dispatch.status == DispatchStatus.CANCELLED and answer.ending in _RECEIVED
        outcome = Outcome.TOO_LATE if is_too_late else Outcome(answer.ending)
        _note(dispatch.pk, outcome, started_at, begun, digest=dispatch.digest, status_code=answer.status_code,
              detail=answer.detail, answer=hiding.without(answer.said, application))  # fmt: skip
        if is_too_late and dispatch.task.dispatches.of_tasks().filter(version__gt=dispatch.version).exists():
            return False  # a newer version is on its way already
        if is_too_late:
            tickets.withdrawn_on_the_way(dispatch)
            dispatch.task.dispatches.filter(status=DispatchStatus.PENDING).update(next_attempt_at=timezone.now())
            fanout.wake_relay()
            return False
        is_open = dispatch.status in (DispatchStatus.SENDING, DispatchStatus.PENDING)
        if is_open and answer.ending == Ending.DELIVERED:
            _arrive(dispatch, calendar, timezone.now(), answer.receipt_number)
            return True
        if lease.is_first and answer.ending not in _RECEIVED:
            holders.forget(dispatch)
        if dispatch.status == DispatchStatus.SENDING and dispatch.leased_until == lease.until:
            _not_yet(dispatch, answer)
    return False


def _not_yet(dispatch: Dispatch, answer: Answer) -> None:
    now = timezone.now()
    dispatch.last_outcome, dispatch.error = Outcome(answer.ending), answer.detail
    if answer.ending == Ending.SENT and dispatch.attempts < MAX_ATTEMPTS:
        dispatch.leased_until = now + RECEIPT_WAIT
    else:
        _plan_next(dispatch, now, at_least=answer.retry_after)
    dispatch.save(update_fields=_OF_A_TRY)


def _plan_next(dispatch: Dispatch, now: datetime, *, at_least: float | None = None) -> None:
    """Back-off with jitter; a person is called at the cap, and at once where trying again would not help."""
    dispatch.leased_until = dispatch.published_at = None
    wait = max(retry_after(dispatch.attempts), timedelta(seconds=at_least or 0))
    dispatch.next_attempt_at = now + wait
    is_hopeless = dispatch.last_outcome in (Outcome.LASTING, Outcome.CONFIGURATION)
    is_last = is_hopeless or dispatch.attempts >= MAX_ATTEMPTS
    dispatch.status = DispatchStatus.ATTENTION if is_last else DispatchStatus.PENDING


def record_failure(dispatch_id: int, outcome: Outcome, error: str) -> None:
    """Notes a try that failed on our side, and when to try again."""
    now = timezone.now()
    with transaction.atomic():
        dispatch = Dispatch.objects.select_for_update().get(pk=dispatch_id)
        if dispatch.status not in ON_ITS_WAY:
            return
        if dispatch.status == DispatchStatus.PENDING:  # "sending" was counted when it was leased
            dispatch.attempts += 1
        dispatch.error, dispatch.last_outcome = error, outcome
        _plan_next(dispatch, now)
        dispatch.save(update_fields=_OF_A_TRY)
        _note(dispatch_id, outcome, now, time.monotonic(), digest=dispatch.digest, detail=error)


def data_of(dispatches: Iterable[Any]) -> list[tuple[Any, dict[str, Any]]]:
    """Each dispatch with what it says, for whoever fetches or carries many; one that cannot be read waits for a person."""
    found = []
    for dispatch in dispatches:
        say = outgoing.task_data if dispatch.kind == DispatchKind.TASK else outgoing.word_data
        try:
            found.append((dispatch, say(dispatch)))
        except Exception:  # the others go
            logger.exception("dispatch %s cannot be read", dispatch.pk)
            record_failure(dispatch.pk, Outcome.LASTING, "内容读不出来")
    return found


def retry_after(attempts: int) -> timedelta:
    """Doubles from five seconds to half an hour, spread by a fifth so that many do not come at once."""
    wait = min(FIRST_RETRY * 2 ** max(attempts - 1, 0), LONGEST_RETRY)
    return wait * random.uniform(0.8, 1.2)  # noqa: S311 - spreading load, not a secret


def confirm_receipt(dispatch: Dispatch, receipt_number: str, *, at: datetime, calendar: Calendar) -> None:
    """The receiver says by itself that it has the task, whatever we heard of our own try. The caller holds the lock."""
    if dispatch.status in UNSENT:
        _arrive(dispatch, calendar, at, receipt_number)


# --- the line to an office ---


def _remember_link(line: OfficeLink, answer: Answer) -> None:
    """Counts failures in a row; from the third on the line rests. Success lets everything that waited go at once."""
    now = timezone.now()
    link = OfficeLink.objects.filter(pk=line.pk)
    if answer.is_gone:
        link.update(disabled_reason="部门系统答复该地址已停用（410）", last_failure_at=now)
    elif answer.ending in (Ending.PASSING, Ending.UNKNOWN):
        link.update(failures=F("failures") + 1, last_failure_at=now)
        if link.filter(failures__gte=FAILURES_TO_REST).exists():
            rest(line)
    else:
        if line.last_success_at is None or line.last_success_at < now - NOTED_EVERY:
            link.update(last_success_at=now)
        if link.filter(failures__gt=0).update(failures=0, open_until=None):
            let_go(line)


def rest(line: OfficeLink) -> int:
    """What waits for the line is put off as a whole, so that a long backlog does not ring for every row again and again.

    A row is written once in a rest, however often the line is probed meanwhile. Returns how many were put off.
    """
    now = timezone.now()
    OfficeLink.objects.filter(pk=line.pk).update(open_until=now + REST)
    return _due_at(line, now + REST, next_attempt_at__lte=now + timedelta(seconds=2 * settings.PROBE_SECONDS))


def let_go(line: OfficeLink, *, at_most: int | None = None) -> int:
    """What waits for a line that is back is due at once; rows that failed often keep their own pace."""
    now = timezone.now()
    with transaction.atomic():
        moved = _due_at(line, now, at_most, next_attempt_at__gt=now, attempts__lt=MAX_ATTEMPTS // 2)
        fanout.wake_relay()
    return moved


def _due_at(line: OfficeLink, at: datetime, at_most: int | None = None, **which: Any) -> int:
    """Sets when such waiting rows of a line are due; a row that somebody works on at this moment keeps its own time."""
    with transaction.atomic():
        rows = Dispatch.objects.filter(status=DispatchStatus.PENDING, **which).with_way()
        rows = rows.filter(way=GatewayKind.HTTP, to_office=line.office_id, address=line.endpoint).order_by("pk")
        found = rows.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True)[:at_most]
        return Dispatch.objects.filter(pk__in=list(found)).update(next_attempt_at=at, published_at=None)


def probe_lines() -> int:
    """Asks each resting line whether it is back; at a constant pace and without data. Returns how many are back.

    A system that answers the question may still hang on tasks, so one task goes first and its success lets the rest go.
    Many that hang take turns: a round lasts no longer than the pause between two, and begins with whoever waited longest.
    """
    resting = OfficeLink.objects.filter(Q(open_until__isnull=False), disabled_reason="").select_related("office")
    until = time.monotonic() + settings.PROBE_SECONDS
    return rounds.over(takewhile(lambda _: time.monotonic() < until, resting.order_by("open_until", "pk")), _probe)


def _probe(link: OfficeLink) -> bool:
    is_back = HttpGateway(link.endpoint).probe(keys_of(link.office))
    if is_back:
        OfficeLink.objects.filter(pk=link.pk).update(open_until=None, failures=FAILURES_TO_REST - 1)
        let_go(link, at_most=1)
    else:
        rest(link)
    return is_back
