"""Who outside this portal has a task, or may have it, and who of them is told that it is theirs no longer.

Decided by what was handed out, never by the way an office is reached today: an office may have left its own system, or a
task its office, after the system got it. A holder is noted before the message leaves, so that a sender that dies on the
way leaves no system in the dark.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import F
from django.utils import timezone

from agencies import tracing
from agencies.enums import GatewayKind
from agencies.routing import Way, way_to
from applications import fanout
from applications.enums import TERMINAL, UNSENT, DispatchKind, DispatchStatus, TaskStatus
from applications.models import Dispatch, Holder, ItemTask


def way_of(dispatch: Dispatch) -> Way:
    """A word goes to the system that it is for; a task the way that its office is reached now."""
    if dispatch.kind != DispatchKind.TASK and dispatch.holder is not None:
        return Way(GatewayKind(dispatch.holder.gateway), dispatch.holder.endpoint)
    return way_to(dispatch.task.office, dispatch.task.item.code)


def note(dispatch: Dispatch, way: Way) -> bool:
    """One task is about to be handed out; `note_all` says the rest. True if it is new to the system."""
    return bool(note_all([dispatch], way))


def note_all(rows: Iterable[Dispatch], way: Way) -> set[int]:
    """The tasks are about to be handed out this way; gives the dispatches whose system had the task not, or not any more.

    What is on its way to tell it the contrary is not sent any more. The caller has locked the cases or the dispatches.
    """
    tasks = [row for row in rows if row.kind == DispatchKind.TASK and row.task.status not in TERMINAL]
    if way.gateway == GatewayKind.INBOX:
        for row in tasks:
            row.holder = None
        return set()
    new = {
        row.task_id: Holder(task=row.task, office=row.task.office, gateway=way.gateway, endpoint=way.endpoint)
        for row in tasks
    }
    there = Holder.objects.filter(task__in=new, office=F("task__office"), gateway=way.gateway, endpoint=way.endpoint)
    having = set(there.filter(told_at=None).values_list("task", flat=True))
    found = Holder.objects.bulk_create(
        new.values(),
        update_conflicts=True,
        unique_fields=["task", "office", "gateway", "endpoint"],
        update_fields=["told_at"],
    )
    words = Dispatch.objects.exclude(kind=DispatchKind.TASK).filter(holder__in=found, status__in=UNSENT)
    words.update(status=DispatchStatus.CANCELLED, note="又交给对方办理", leased_until=None)
    by_task = {holder.task_id: holder for holder in found}
    for row in tasks:
        row.holder = by_task[row.task_id]
    Dispatch.objects.bulk_update(tasks, ["holder"])
    return {row.pk for row in tasks if row.task_id not in having}


def forget(dispatch: Dispatch) -> None:
    """It turned out that the system did not get it; there is nothing to tell."""
    Holder.objects.filter(dispatches=dispatch).update(told_at=timezone.now())


def cancel_open(task: ItemTask, reason: str, *, at: datetime | None = None) -> None:
    """A withdrawn or ended task is not sent any more; every system that has it, or may have it, is told."""
    # Locked, not only read: an export of the office's may be taking them along at this moment.
    list(task.dispatches.of_tasks().select_for_update(of=("self",)).order_by("pk"))
    kind = DispatchKind.WITHDRAWN if task.status == TaskStatus.WITHDRAWN else DispatchKind.TERMINATED
    tell(task, kind, reason, at=at or timezone.now())
    unsent = task.dispatches.of_tasks().filter(status__in=UNSENT)
    unsent.update(status=DispatchStatus.CANCELLED, note=reason, leased_until=None)


def tell(task: ItemTask, kind: DispatchKind, reason: str, *, at: datetime, but: Holder | None = None) -> None:
    """The word that a task is no longer theirs, to every holder that was not told yet, except the one who has it now.

    It travels as any dispatch does: a row, a key, tries, an answer. It does not overtake the task itself: while that is on
    its way there the word waits until the try has ended. The caller holds the case's lock.
    """
    holders = list(task.holders.filter(told_at=None).exclude(pk=but.pk if but else 0))
    if not holders:
        return
    sending = task.dispatches.of_tasks().filter(status=DispatchStatus.SENDING, leased_until__gt=at)
    until = dict(sending.values_list("holder", "leased_until"))
    payload = {"status": kind, "reason": reason, "at": at.isoformat()}
    before = task.dispatches.filter(kind=kind).count()
    Dispatch.objects.bulk_create(
        Dispatch(
            task=task,
            kind=kind,
            holder=holder,
            version=before + number,
            payload=payload,
            digest=fanout.digest_of(payload),
            created_at=at,
            next_attempt_at=until.get(holder.pk) or at,
            trace=tracing.parent_now(),
            request_id=tracing.request_now(),
        )
        for number, holder in enumerate(holders, 1)
    )
    Holder.objects.filter(pk__in=[holder.pk for holder in holders]).update(told_at=at)
    fanout.wake_relay()
