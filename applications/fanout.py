"""Caller side of the fan-out: a dispatch for every task that waits for nothing, and the NOTIFY that wakes the relay.

Used at submission, at each result and at each confirmed fact. The broker is never touched here.
"""

import hashlib
import json
from datetime import datetime
from typing import Any

from django.db import connection

from agencies import tracing
from agencies.deadlines import Calendar
from agencies.spec import Requirement
from applications import workflow
from applications.enums import UNSENT, Action, DispatchStatus, Party, TaskStatus
from applications.models import Application, Dispatch, ItemTask, Material

CHANNEL = "portal_outbox"

_LOST = {TaskStatus.REFUSED, TaskStatus.NOT_ACCEPTED, TaskStatus.WITHDRAWN, TaskStatus.TERMINATED}


def wake_relay() -> None:
    """Tells the relay, on commit of this transaction, that there is something to send."""
    with connection.cursor() as cursor:
        cursor.execute(f"NOTIFY {CHANNEL}")


def hard_requirements(application: Application, requires: tuple[Requirement, ...]) -> tuple[list[str], list[str]]:
    """(items, facts) that must be there first. An item that is not part of this case is taken as settled elsewhere."""
    ticked = frozenset(application.ticked)
    in_case = ticked | {item.code for item in application.scheme.spec.automatic}
    holding = [
        need
        for need in requires
        if need.kind == "hard" and (need.when is None or need.when.holds(application.answers, ticked))
    ]
    return (
        [need.item for need in holding if need.item and need.item in in_case],
        [need.fact for need in holding if need.fact],
    )


def payload_of(task: ItemTask, materials: list[Material]) -> dict[str, Any]:
    """All that the office gets: the fields of its field map and the materials that serve the item. Nothing else."""
    application = task.application
    wanted = application.scheme.spec.materials_for(frozenset(application.ticked), application.answers)
    serving = [material for material in wanted if material.is_for(task.item.code)]
    return {
        "fields": application.registration.payload(task.spec.field_map.get(task.office.agency_id, ())),
        "materials": [
            {
                "code": spec.code,
                "name": spec.title,
                "files": [
                    {"id": str(m.id), "sha256": m.sha256, "pages": m.pages, "grade": m.grade}
                    for m in materials
                    if m.code == spec.code and m.is_sent and m.replaced_by_id is None
                ],
            }
            for spec in serving
        ],
    }


def digest_of(payload: dict[str, Any]) -> str:
    """SHA-256 over the canonical JSON of a payload."""
    text = json.dumps(payload, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def new_dispatch(task: ItemTask, materials: list[Material], *, version: int, at: datetime) -> Dispatch:
    payload = payload_of(task, materials)
    return Dispatch(
        task=task,
        version=version,
        payload=payload,
        digest=digest_of(payload),
        created_at=at,
        next_attempt_at=at,
        trace=tracing.parent_now(),
        request_id=tracing.request_now(),
    )


def send_again(task: ItemTask, *, at: datetime) -> Dispatch:
    """A new version of the task's payload on its way to the office, after a correction, a transfer, promised papers or what the
    person put right.

    What is unsent of an earlier version is not sent any more: the new one holds all of it.
    """
    unsent = task.dispatches.of_tasks().filter(status__in=UNSENT)
    unsent.update(status=DispatchStatus.CANCELLED, note="由新的一版代替", leased_until=None)
    materials = list(task.application.materials.filter(is_sent=True, replaced_by=None))
    dispatch = new_dispatch(task, materials, version=task.dispatches.of_tasks().count() + 1, at=at)
    dispatch.save(force_insert=True)
    wake_relay()
    return dispatch


def _stopped(waiting: list[ItemTask], by_item: dict[str, list[str]]) -> set[str]:
    """The items that ended without success, and those that wait for one of them, however far behind it."""
    lost = {code for code, statuses in by_item.items() if any(status in _LOST for status in statuses)}
    while fresh := {t.item.code for t in waiting if t.item.code not in lost and lost.intersection(t.open_items)}:
        lost |= fresh
    return lost


def release_ready(application: Application, *, at: datetime, calendar: Calendar | None = None) -> list[ItemTask]:
    """Releases every waiting task whose requirements are met now; marks as held what depends on a lost item.

    The caller holds the application's lock. Returns the tasks released.
    """
    tasks = list(application.tasks.select_related("item__scheme", "office", "application__scheme"))
    waiting = [task for task in tasks if task.status == TaskStatus.WAITING]
    if not waiting:
        return []
    by_item: dict[str, list[str]] = {}
    for task in tasks:
        by_item.setdefault(task.item.code, []).append(task.status)
    lost = _stopped(waiting, by_item)
    released = []
    for task in waiting:
        task.application = application
        items, facts = hard_requirements(application, task.spec.requires)
        confirmed = set(task.facts.values_list("code", flat=True))
        open_items = [
            code
            for code in items
            if code not in confirmed and any(status != TaskStatus.COMPLETED for status in by_item.get(code, []))
        ]
        open_facts = [code for code in facts if code not in confirmed]
        is_held = any(code in lost for code in open_items)
        if (open_items, open_facts, is_held) != (task.open_items, task.open_facts, task.is_held):
            task.open_items, task.open_facts, task.is_held = open_items, open_facts, is_held
            task.save(update_fields=["open_items", "open_facts", "is_held", "changed_at"])
        if not open_items and not open_facts:
            workflow.advance(task, Action.RELEASE, party=Party.SYSTEM, at=at, calendar=calendar)
            send_again(task, at=at)
            released.append(task)
    return released
