"""Worker side of the fan-out: claims dispatches and brings each task into its office's queue.

A dispatch is claimed by an UPDATE that must hit one row, under the application's lock; claim, transition and dates
commit or roll back together. What fails is written down with the time of the next try. Duplicate messages are no-ops.
"""

import logging
import random
import time
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from agencies.deadlines import Calendar, calendar_now
from applications import workflow
from applications.enums import Action, DispatchStatus, Party
from applications.models import Dispatch, DispatchAttempt

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 12
FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(minutes=30)


def deliver(dispatch_ids: Iterable[int], *, at: datetime | None = None) -> int:
    """Delivers what is still pending among the ids; returns how many were delivered now. One bad row stops no other.

    `at` is for made-up histories of the demo; a worker leaves it out.
    """
    calendar = calendar_now()
    delivered = 0
    rows = Dispatch.objects.filter(pk__in=list(dispatch_ids), status=DispatchStatus.PENDING)
    for dispatch in rows.select_related("task__office").order_by("id"):
        try:
            delivered += _deliver_one(dispatch, calendar, at)
        except Exception as error:  # a worker must outlive any single row; the row keeps what happened
            logger.exception("dispatch %s failed", dispatch.pk)
            record_failure(dispatch.pk, type(error).__name__)
    return delivered


def _deliver_one(dispatch: Dispatch, calendar: Calendar, at: datetime | None) -> bool:
    """Into the portal's own queue of the office: one transaction."""
    begun = time.monotonic()
    now = at or timezone.now()
    with transaction.atomic():
        workflow.lock(dispatch.task.application_id)
        claimed = Dispatch.objects.filter(pk=dispatch.pk, status=DispatchStatus.PENDING).update(
            status=DispatchStatus.DELIVERED, delivered_at=now, attempts=dispatch.attempts + 1, error=""
        )
        if not claimed:
            return False
        task = dispatch.task
        workflow.advance(
            task, Action.DELIVER, party=Party.SYSTEM, at=now, calendar=calendar, data={"version": dispatch.version}
        )
        task.received_at = now
        task.save(update_fields=["received_at"])
        milliseconds = int((time.monotonic() - begun) * 1000)
        DispatchAttempt.objects.create(
            dispatch=dispatch, started_at=now, milliseconds=milliseconds, outcome="delivered"
        )
    return True


def record_failure(dispatch_id: int, error: str, *, is_lasting: bool = False) -> None:
    """Notes a failed try and when to try again: back-off with jitter, and a person is called after the last one."""
    now = timezone.now()
    with transaction.atomic():
        dispatch = Dispatch.objects.select_for_update().get(pk=dispatch_id)
        if dispatch.status not in (DispatchStatus.PENDING, DispatchStatus.SENDING):
            return
        dispatch.attempts += 1
        dispatch.error = error
        dispatch.leased_until = None
        dispatch.published_at = None
        is_last = is_lasting or dispatch.attempts >= MAX_ATTEMPTS
        dispatch.status = DispatchStatus.ATTENTION if is_last else DispatchStatus.PENDING
        dispatch.next_attempt_at = now + retry_after(dispatch.attempts)
        dispatch.save()
        outcome = "lasting" if is_lasting else "passing"
        DispatchAttempt.objects.create(dispatch=dispatch, started_at=now, outcome=outcome, detail=error[:300])


def retry_after(attempts: int) -> timedelta:
    """Doubles from five seconds to half an hour, spread by a fifth so that many do not come at once."""
    wait = min(FIRST_RETRY * 2 ** (attempts - 1), LONGEST_RETRY)
    return wait * random.uniform(0.8, 1.2)  # noqa: S311 - spreading load, not a secret
