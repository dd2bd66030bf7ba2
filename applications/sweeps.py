"""What time itself brings about: jobs of the beat. Each is safe to run twice and lets no row stop the others."""

import logging
from collections.abc import Callable
from datetime import timedelta

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from agencies.deadlines import calendar_now
from agencies.models import CalendarYear
from applications import review, workflow
from applications.enums import Action, Party, TaskStatus
from applications.errors import Refused
from applications.models import ItemTask

logger = logging.getLogger(__name__)


def _each(tasks: QuerySet[ItemTask], deed: Callable[[ItemTask], object]) -> int:
    """Does the deed on every task; returns on how many. What was answered meanwhile or fails is logged and passed over."""
    done = 0
    for task in tasks.select_related("item__scheme", "office__agency", "application__scheme"):
        try:
            deed(task)
            done += 1
        except Refused:
            logger.info("task %s moved on meanwhile", task.pk)
        except Exception:  # one row never stops the others
            logger.exception("sweep failed on task %s", task.pk)
    return done


def deem_accepted() -> int:
    """Items whose rule says so count as accepted when the answer period ended in silence (行政许可法第32条)."""
    late = ItemTask.objects.filter(status=TaskStatus.QUEUED, reply_due_on__lt=timezone.localdate())
    ruled = [task.pk for task in late.select_related("item__scheme") if task.spec.deemed_acceptance]
    return _each(ItemTask.objects.filter(pk__in=ruled), lambda task: review.deem_accepted(task, at=timezone.now()))


def lapse_corrections() -> int:
    """Items whose rule says so end when nobody answered the notice by its day (T-11); others wait on."""
    late = ItemTask.objects.filter(status=TaskStatus.AWAITING_CORRECTION, correction_until__lt=timezone.localdate())
    ruled = [task.pk for task in late.select_related("item__scheme") if task.spec.lapses_without_correction]
    return _each(
        ItemTask.objects.filter(pk__in=ruled), lambda task: _end(task, "到期没有补正，按规定终止，可以重新申请")
    )


def lapse_promises() -> int:
    """容缺: an item ends when the promised papers were not brought by their day (DOMAIN.md 3.2)."""
    late = ItemTask.objects.unfinished().filter(provisional_until__lt=timezone.localdate())
    return _each(late, lambda task: _end(task, "承诺补交的材料到期没有补齐，按规定终止，可以重新申请"))


def drop_ended_sessions() -> int:
    """What a page kept for a sign-in that never came is personal and goes with the session; returns how many went."""
    return Session.objects.filter(expire_date__lt=timezone.now()).delete()[0]


def _end(task: ItemTask, note: str) -> None:
    review.terminate(task, reviewer=None, party=Party.SYSTEM, note=note)


def recompute_clocks() -> int:
    """Compares every open task's stored days with its log; where a new calendar moved one, a log row says from where to where.

    Returns how many moved. Run nightly and after each import of a calendar.
    """
    calendar, today = calendar_now(), timezone.localdate()
    moved = 0

    def check(task: ItemTask) -> None:
        nonlocal moved
        with transaction.atomic():
            workflow.lock(task.application_id)
            task.refresh_from_db()
            reading = workflow.read_clock(task, calendar, today)
            before = (task.reply_due_on, task.due_on)
            if before == (reading.reply_due_on, reading.due_on) and task.is_due_provisional == reading.is_provisional:
                return
            old, new = task.due_on or task.reply_due_on, reading.due_on or reading.reply_due_on
            note = f"工作日历更新，到期日由 {old} 改为 {new}" if old != new else f"工作日历更新，到期日 {new} 确定下来"
            workflow.advance(task, Action.RECOMPUTE, party=Party.SYSTEM, note=note, calendar=calendar)
            moved += 1

    _each(ItemTask.objects.unfinished(), check)
    return moved


def follow_calendar() -> int:
    """Recomputes the clocks when a calendar was loaded in the last half hour; the beat asks every ten minutes."""
    if not CalendarYear.objects.filter(loaded_at__gte=timezone.now() - timedelta(minutes=30)).exists():
        return 0
    return recompute_clocks()
