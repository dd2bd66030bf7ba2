"""What time itself brings about: jobs of the beat. Each is safe to run twice and lets no row stop the others."""

import logging
from collections.abc import Callable

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from applications import review, workflow
from applications.enums import Party, TaskStatus
from applications.errors import AlreadyDone, Refused
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
    is_late = Q(status=TaskStatus.AWAITING_CORRECTION, correction_until__lt=timezone.localdate())
    late = ItemTask.objects.filter(is_late)
    ruled = [task.pk for task in late.select_related("item__scheme") if task.spec.lapses_without_correction]
    note = "到期没有补正，按规定终止，可以重新申请"
    return _each(ItemTask.objects.filter(pk__in=ruled), lambda task: _end(task, note, is_late))


def lapse_promises() -> int:
    """容缺: an item ends when the promised papers were not brought by their day (DOMAIN.md 3.2)."""
    is_late = Q(provisional_until__lt=timezone.localdate())
    note = "承诺补交的材料到期没有补齐，按规定终止，可以重新申请"
    return _each(ItemTask.objects.unfinished().filter(is_late), lambda task: _end(task, note, is_late))


def drop_ended_sessions() -> int:
    """What a page kept for a sign-in that never came is personal and goes with the session; returns how many went."""
    return Session.objects.filter(expire_date__lt=timezone.now()).delete()[0]


def _end(task: ItemTask, note: str, is_late: Q) -> None:
    """Under the case's lock it is asked once more: what was brought in the same moment counts."""
    with transaction.atomic():
        workflow.lock(task.application_id)
        if not ItemTask.objects.filter(is_late, pk=task.pk).exists():
            raise AlreadyDone("刚才已经补齐，没有终止")
        review.terminate(task, reviewer=None, party=Party.SYSTEM, note=note)
