"""The relay: hears of new outbox rows, claims them, and rings each agency's queue once per claim.

The web never talks to the broker. A claim is committed before the bell is rung, so that no row stays locked while the
broker is slow; if ringing fails the rows are given back at once. A row that was rung for and is still not delivered
after `settings.RELAY_STALE_SECONDS` is rung for again, so a broker that lost its memory delays and never loses. A
sender that died in "sending" gives its row back by lease.
"""

import logging
import select
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from kombu.exceptions import OperationalError

from agencies.enums import GatewayKind
from agencies.queues import EXPORTS, HOUSEKEEPING, IMPORTS, NOTICES, PAPERS, all_queues, queue_of
from applications import detectors, locks, tasks
from applications.enums import DispatchStatus, DocumentStatus, ImportStatus, NoticeStatus
from applications.fanout import CHANNEL
from applications.models import Dispatch, Document, Export, Heartbeat, Import, Notice

logger = logging.getLogger(__name__)

CLAIM = 200
CLAIM_PAPERS = 20
POLL_SECONDS = 2.0
HEARTBEAT = timedelta(seconds=60)
HEARTBEAT_UNHEARD = timedelta(minutes=10)
# A bell that still hangs unheard at the door need not be rung again: without a worker a queue stays this short.
QUEUE_IS_WAITING = 5


def run(should_stop: Callable[[], bool]) -> None:
    """Listens until told to stop; on a broker or database failure waits a moment and goes on."""
    while not should_stop():
        try:
            _listen()
            while not should_stop():
                ring_heartbeats()
                while pump() and not should_stop():
                    pass
                _wait(POLL_SECONDS)
        except OperationalError:
            logger.warning("the broker does not answer; trying again")
            time.sleep(1)
        except Exception:  # the relay must outlive a lost database connection
            logger.exception("relay failed; starting again")
            connection.close()
            time.sleep(1)


def _listen() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"LISTEN {CHANNEL}")


def _wait(seconds: float) -> None:
    """Until a NOTIFY comes or the time is over."""
    raw = connection.connection
    if raw is None:
        raise ConnectionError("the database connection is gone")
    if select.select([raw], [], [], seconds)[0]:
        raw.poll()
        raw.notifies.clear()


def pump() -> int:
    """One claim of each kind of rows; returns how many were published.

    Each has its turn whatever becomes of the others; the first failure is raised at the end.
    """
    return sum(_in_turn([publish_dispatches, publish_documents, publish_notices, publish_exports, publish_imports]))


def _in_turn(deeds: Iterable[Callable[[], int]]) -> list[int]:
    done: list[int] = []
    failures: list[Exception] = []
    for deed in deeds:
        try:
            done.append(deed())
        except Exception as failure:
            failures.append(failure)
    if failures:
        raise failures[0]
    return done


def _due(now: datetime) -> Q:
    stale = timedelta(seconds=settings.RELAY_STALE_SECONDS)
    return Q(next_attempt_at__lte=now) & (Q(published_at__isnull=True) | Q(published_at__lt=now - stale))


def publish_dispatches() -> int:
    """Claims pending dispatches, oldest first, and rings one bell per agency; returns how many were claimed.

    What cannot be rung for is given back, where the broker answers and only the queue is out of order for a while, or it
    would be all that is ever claimed.
    """
    now = timezone.now()
    release_dead_senders(now)
    claims = _claim(now)
    if not claims:
        return 0
    by_queue: dict[str, list[Claim]] = defaultdict(list)
    for claim in claims:
        by_queue[claim.queue].append(claim)
    failures: list[Exception] = []
    for queue in sorted(by_queue):
        try:
            _ring(queue, by_queue[queue])
        except Exception as failure:
            logger.warning("queue %s cannot be rung: %s", queue, type(failure).__name__)
            failures.append(failure)
            unrung = Dispatch.objects.filter(pk__in=[claim.pk for claim in by_queue[queue]], published_at=now)
            if _broker_answers():
                unrung.update(next_attempt_at=now + timedelta(seconds=settings.RELAY_STALE_SECONDS))
            _give_back(unrung)
    if failures:
        raise failures[0]
    return len(claims)


def _broker_answers() -> bool:
    try:
        waiting_in(HOUSEKEEPING)
    except Exception:
        return False
    return True


class Claim(NamedTuple):
    pk: int
    queue: str
    is_joined: bool
    was_rung: bool


def _claim(now: datetime) -> list[Claim]:
    with transaction.atomic():
        rows = list(
            Dispatch.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(_due(now), status=DispatchStatus.PENDING)
            .with_way()
            .filter(held=False)
            .exclude(way=GatewayKind.BATCH)
            .exclude(way=GatewayKind.HTTP, address="")  # such a system polls
            .order_by("id")
            .values_list("pk", "task__office__agency_id", "way", "published_at")[:CLAIM]
        )
        Dispatch.objects.filter(pk__in=[row[0] for row in rows]).update(published_at=now)
    return [
        Claim(pk, queue_of(agency), way == GatewayKind.HTTP, published_at is not None)
        for pk, agency, way, published_at in rows
    ]


def _ring(queue: str, claims: list[Claim]) -> None:
    """One message for all that goes into the portal's own queues; a message for each that goes over the network."""
    if any(claim.was_rung for claim in claims) and waiting_in(queue) >= QUEUE_IS_WAITING:
        return
    together = [claim.pk for claim in claims if not claim.is_joined]
    messages = [together] if together else []
    for ids in messages + [[claim.pk] for claim in claims if claim.is_joined]:
        tasks.deliver.apply_async((ids,), queue=queue)


def publish_documents() -> int:
    """Claims papers that are asked for and rings the queue of papers."""
    rows = Document.objects.filter(status=DocumentStatus.REQUESTED)
    return _publish(rows, tasks.render_documents, PAPERS, CLAIM_PAPERS)


def publish_notices() -> int:
    """Claims notices that are due and rings their queue."""
    return _publish(Notice.objects.filter(status=NoticeStatus.PENDING), tasks.send_notices, NOTICES, CLAIM)


def publish_exports() -> int:
    """Claims exports that are asked for and rings their queue; a long one keeps nothing else waiting (A17)."""
    rows = Export.objects.filter(status=DocumentStatus.REQUESTED)
    return _publish(rows, tasks.make_exports, EXPORTS, CLAIM_PAPERS)


def publish_imports() -> int:
    """Claims result files that are not gone through yet, one at a time, and rings their queue."""
    rows = Import.objects.filter(status=ImportStatus.WAITING)
    return _publish(rows, tasks.carry_on_imports, IMPORTS, 1)


def _publish(rows: QuerySet[Any], task: Any, queue: str, at_most: int) -> int:
    """One claim of rows, oldest first, and one message with their ids; given back if the bell cannot be rung.

    A backlog stays in the database: as long as messages wait in the queue nothing more is claimed for it.
    """
    now = timezone.now()
    due = rows.filter(_due(now))
    if not due.exists() or waiting_in(queue) >= QUEUE_IS_WAITING:
        return 0
    with transaction.atomic():
        ids = list(due.select_for_update(skip_locked=True).order_by("id").values_list("pk", flat=True)[:at_most])
        rows.filter(pk__in=ids).update(published_at=now)
    try:
        if ids:
            task.apply_async((ids,), queue=queue)
    except Exception:
        _give_back(rows.filter(pk__in=ids, published_at=now))
        raise
    return len(ids)


def ring_heartbeats() -> None:
    """A heartbeat through every queue; a queue that has not heard the last one is asked again after ten minutes."""
    with locks.alone("relay.heartbeats") as is_alone:
        if is_alone:
            _ring_heartbeats(timezone.now())


def _ring_heartbeats(now: datetime) -> None:
    due = [partial(_ring_heartbeat, queue) for queue in _without_heartbeat(now)]
    _in_turn(due)


def _without_heartbeat(now: datetime) -> Iterator[str]:
    rows = {row.queue: row for row in Heartbeat.objects.all()}
    for queue in all_queues():
        row = rows.get(queue)
        is_unheard = row is not None and row.rung_at is not None and (not row.heard_at or row.heard_at < row.rung_at)
        if row is not None and row.rung_at is not None:
            pause = HEARTBEAT_UNHEARD if is_unheard else HEARTBEAT
            if row.rung_at > now - pause:
                continue
        yield queue


def _ring_heartbeat(queue: str) -> int:
    detectors.rung(queue)
    tasks.heartbeat.apply_async((queue,), queue=queue)
    return 1


def _give_back(rows: QuerySet[Any]) -> None:
    """The bell could not be rung: the rows are due again at once."""
    rows.update(published_at=None)


def release_dead_senders(now: datetime) -> int:
    """A sender that died in "sending" loses its lease; whether the other side has the case is unknown, so the same key
    goes out again and the receiver tells a repetition."""
    with locks.alone("relay.sweep") as is_alone:
        if not is_alone:
            return 0
        dead = Dispatch.objects.filter(status=DispatchStatus.SENDING, leased_until__lt=now)
        return dead.update(status=DispatchStatus.PENDING, leased_until=None, published_at=None)


def waiting_in(queue: str) -> int:
    """How many messages lie in a queue unheard."""
    with tasks.deliver.app.connection_or_acquire() as link:
        try:
            channel: Any = link.default_channel
            return int(channel.queue_declare(queue=queue, passive=True).message_count)
        except link.channel_errors:  # an empty queue does not exist
            return 0
