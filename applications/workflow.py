"""The state machine's one writer: what `transitions` allows, done under the case's lock and logged.

`advance` is the only writer of ItemTask.status; `overall` derives the case's status.
Whatever is changed below an application, its row is locked first: two offices that finish in the same moment must
not leave the case open, and a delivery must not deadlock with a withdrawal.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from agencies.deadlines import Calendar, calendar_now
from applications import timing
from applications.enums import (
    CLOSED,
    TERMINAL,
    Action,
    ApplicationStatus,
    Fulfilment,
    Party,
    TaskStatus,
)
from applications.errors import AlreadyDone, Refused
from applications.models import Application, ItemTask, Result, StatusLog
from applications.transitions import NEEDS, OWN_CASE, TRANSITIONS, Transition
from portal.accounts.models import User

S = TaskStatus
F = Fulfilment

_TWO_STEPS = {Action.PROPOSE}
_ONE_STEP = {Action.COMPLETE, Action.REFUSE}


def lock(application_id: int) -> Application:
    """The application, locked until the transaction ends. The first statement of every service."""
    return Application.objects.select_for_update(of=("self",)).select_related("scheme", "region").get(pk=application_id)


def applies(task: ItemTask, action: Action) -> bool:
    """Whether the deed exists for this item at all: two-step items are proposed and approved, others decided at once;
    what follows a decision goes on only from its own stage.
    """
    if stages := TRANSITIONS[action].stages:
        result = getattr(task, "result", None)
        return result is not None and result.fulfilment in stages
    if action in _TWO_STEPS:
        return task.spec.two_steps
    return not (action in _ONE_STEP and task.spec.two_steps)


def available(task: ItemTask, party: Party) -> list[Action]:
    """The deeds that this party may do on the task now; what a page shows as buttons."""
    return [
        action
        for action, row in TRANSITIONS.items()
        if task.status in row.sources and party in row.parties and applies(task, action)
    ]


def check_not_own(application: Application, staff: User) -> None:
    """What staff do about a case others do for them when it is their own. Raises Refused."""
    if application.is_of(staff):
        raise Refused(OWN_CASE)


def barred(task: ItemTask, action: Action, actor: User | None) -> str:
    """Why this person may not do what their party may: it is their own case, or others must look at it besides them.
    Empty when they may.
    """
    return _barred(task.application, task, TRANSITIONS[action], actor)


def _barred(application: Application, task: ItemTask, row: Transition, actor: User | None) -> str:
    if actor is None or not actor.is_active:  # an office's own system is no person; who of the office decided, it knows
        return ""
    if Party.APPLICANT not in row.parties and application.is_of(actor):
        return OWN_CASE
    if not row.other_than:
        return ""
    of_task = Q(task=task.pk) | Q(task=None)
    done = StatusLog.objects.filter(of_task, application=application, action__in=row.other_than, actor=actor)
    return row.other_words if done.exists() else ""


def advance(
    task: ItemTask,
    action: Action,
    *,
    party: Party,
    actor: User | None = None,
    note: str = "",
    data: dict[str, Any] | None = None,
    at: datetime | None = None,
    calendar: Calendar | None = None,
) -> StatusLog:
    """Does one deed: locks, checks against the table, logs, saves status and clock, derives the case's status.

    Raises AlreadyDone when the task has left the deed's sources or its office meanwhile, Refused when party or words are
    wrong.
    """
    row = TRANSITIONS[action]
    at = at or timezone.now()
    with transaction.atomic():
        application, office = lock(task.application_id), task.office_id
        task.refresh_from_db(fields=_FRESH)
        if party in (Party.REVIEWER, Party.APPROVER) and task.office_id != office:
            raise AlreadyDone(_done_already(task, action))
        if row.stages:
            _follow(task, action, row)
        if task.status not in row.sources:
            raise AlreadyDone(_done_already(task, action))
        if party not in row.parties or not applies(task, action):
            raise Refused(f"{Party(party).label}不能做“{Action(action).label}”")
        if words := _barred(application, task, row, actor):
            raise Refused(words)
        if row.needs_note and not note.strip():
            raise Refused(f"{Action(action).label}要写明原因")
        if lacking := [NEEDS[key] for key in row.needs if not (data or {}).get(key)]:
            raise Refused(f"{Action(action).label}要写明{'、'.join(lacking)}")
        before = task.status
        task.status = _target(task, row)
        log = StatusLog.objects.create(
            application=application,
            task=task,
            action=action,
            from_status=before,
            to_status=task.status,
            party=party,
            actor=actor,
            note=note.strip(),
            data=data or {},
            at=at,
        )
        _set_clock(task, calendar or calendar_now(), timezone.localdate(at))
        task.save()
        if row.stage is not None:
            _set_stage(task, row.stage, data or {}, at)
        settle(application, at)
    return log


def _follow(task: ItemTask, action: Action, row: Transition) -> None:
    """Reads the stage anew under the lock. Raises AlreadyDone when somebody else was first."""
    result = Result.objects.filter(task=task).first()
    if result is None:
        return
    task.result = result
    stage = Fulfilment(result.fulfilment)
    if task.status in row.sources and stage != F.NONE and stage not in row.stages:
        raise AlreadyDone(f"已经登记为“{stage.label}”，没有再次登记{Action(action).label}")


def _set_stage(task: ItemTask, stage: Fulfilment, data: dict[str, Any], at: datetime) -> None:
    result = task.result
    result.fulfilment = stage
    result.courier = str(data.get("courier") or result.courier)[:60]
    result.receiver = str(data.get("receiver") or result.receiver)[:60]
    result.fulfilled_at = at if stage in (F.PAID, F.DELIVERED) else result.fulfilled_at
    result.save(update_fields=["fulfilment", "courier", "receiver", "fulfilled_at"])


_FRESH = [
    "status", "open_items", "open_facts", "is_held", "received_at", "accepted_on", "handler", "reply_due_on", "due_on",
    "next_on", "is_due_provisional", "provisional_until", "provisional_materials", "correction_until", "office",
]  # fmt: skip


def _target(task: ItemTask, row: Transition) -> TaskStatus:
    if row.accepted_target is not None and task.accepted_on is not None:
        return row.accepted_target
    return row.target or TaskStatus(task.status)


def _done_already(task: ItemTask, action: Action) -> str:
    last = task.log.select_related("actor").order_by("-id").first()
    if last is None:
        return f"这一件现在是“{task.get_status_display()}”，不能{action.label}"
    local = timezone.localtime(last.at)
    who = f"由{last.actor}" if last.actor else ""
    return (
        f"这一件在{local.month}月{local.day}日 {local:%H:%M} 已{who}{last.get_action_display()}，"
        f"现在是“{task.get_status_display()}”，没有再次{action.label}"
    )


def _set_clock(task: ItemTask, calendar: Calendar, today: date) -> None:
    reading = timing.read_clock(task, calendar, today)
    task.accepted_on = reading.accepted_on
    task.reply_due_on = reading.reply_due_on
    task.due_on = reading.due_on
    is_office_turn = task.status in (S.QUEUED, S.IN_REVIEW, S.AWAITING_APPROVAL)
    task.next_on = reading.next_on if is_office_turn else None
    task.is_due_provisional = reading.is_provisional


def overall(statuses: Iterable[str]) -> ApplicationStatus:
    """The case's status out of its tasks' statuses; withdrawn items count only when nothing else is left."""
    found = [TaskStatus(status) for status in statuses]
    if not all(status in TERMINAL for status in found):
        needs_person = {S.PRE_RETURNED, S.AWAITING_CORRECTION, S.AWAITING_VISIT}
        return ApplicationStatus.ACTION_NEEDED if needs_person.intersection(found) else ApplicationStatus.IN_PROGRESS
    kept = [status for status in found if status != S.WITHDRAWN]
    if not kept:
        return ApplicationStatus.WITHDRAWN
    completed = sum(status == S.COMPLETED for status in kept)
    if completed == len(kept):
        return ApplicationStatus.COMPLETED
    return ApplicationStatus.PARTLY_COMPLETED if completed else ApplicationStatus.REFUSED


def settle(application: Application, at: datetime) -> None:
    """Derives and stores the case's status; the caller holds the application's lock."""
    status = overall(application.tasks.values_list("status", flat=True))
    if status != application.status:
        application.status = status
        application.closed_at = at if status in CLOSED else None
        application.save(update_fields=["status", "closed_at"])
