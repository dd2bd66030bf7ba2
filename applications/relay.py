"""The relay: hears of new outbox rows, claims them, and rings each agency's queue once per claim.

The web never talks to the broker. A row that was published and is still not delivered after `STALE` is published again,
so a broker that lost its memory delays and never loses. A sender that died in "sending" gives its row back by lease.
"""

import logging
import select
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone
from kombu.exceptions import OperationalError

from agencies.queues import PAPERS, queue_of
from applications import tasks
from applications.enums import DispatchStatus, DocumentStatus
from applications.fanout import CHANNEL
from applications.models import Dispatch, Document

logger = logging.getLogger(__name__)

CLAIM = 200
POLL_SECONDS = 2.0
STALE = timedelta(seconds=30)


def run(should_stop: Callable[[], bool]) -> None:
    """Listens until told to stop; on a broker or database failure waits a moment and goes on."""
    while not should_stop():
        try:
            _listen()
            while not should_stop():
                while pump():
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
    """One claim of dispatches and one of papers; returns how many rows were published."""
    return publish_dispatches() + publish_documents()


def _due() -> Q:
    now = timezone.now()
    return Q(next_attempt_at__lte=now) & (Q(published_at__isnull=True) | Q(published_at__lt=now - STALE))


def publish_dispatches() -> int:
    """Claims pending dispatches and rings one bell per agency. Rows stay claimed only if the broker took the message."""
    now = timezone.now()
    Dispatch.objects.filter(status=DispatchStatus.SENDING, leased_until__lt=now).update(
        status=DispatchStatus.PENDING, leased_until=None, published_at=None
    )
    with transaction.atomic():
        rows = list(
            Dispatch.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(_due(), status=DispatchStatus.PENDING, task__office__is_held=False)
            .order_by("id")
            .values_list("pk", "task__office__agency_id")[:CLAIM]
        )
        by_agency: dict[str, list[int]] = defaultdict(list)
        for pk, agency in rows:
            by_agency[agency].append(pk)
        for agency, ids in by_agency.items():
            tasks.deliver.apply_async((ids,), queue=queue_of(agency))
        Dispatch.objects.filter(pk__in=[pk for pk, _ in rows]).update(published_at=now)
    return len(rows)


def publish_documents() -> int:
    now = timezone.now()
    with transaction.atomic():
        ids = list(
            Document.objects.select_for_update(skip_locked=True)
            .filter(_due(), status=DocumentStatus.REQUESTED)
            .order_by("id")
            .values_list("pk", flat=True)[:20]
        )
        if ids:
            tasks.render_documents.apply_async((ids,), queue=PAPERS)
            Document.objects.filter(pk__in=ids).update(published_at=now)
    return len(ids)
