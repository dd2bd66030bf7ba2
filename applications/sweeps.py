"""What time itself brings about: jobs of the beat. Each is safe to run twice and lets no row stop the others."""

from functools import partial

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from applications import review, rounds, workflow
from applications.enums import Party, TaskStatus
from applications.errors import AlreadyDone
from applications.models import ItemTask


def _whole(tasks: QuerySet[ItemTask]) -> QuerySet[ItemTask]:
    return tasks.select_related("item__scheme", "office__agency", "application__scheme")


def deem_accepted() -> int:
    """Items whose rule says so count as accepted when the answer period ended in silence (行政许可法第32条)."""
    late = ItemTask.objects.filter(status=TaskStatus.QUEUED, reply_due_on__lt=timezone.localdate())
    return rounds.over(_whole(late), _deem_accepted)


def lapse_corrections() -> int:
    """Items whose rule says so end when nobody answered the notice by its day (T-11); others wait on."""
    is_late = Q(status=TaskStatus.AWAITING_CORRECTION, correction_until__lt=timezone.localdate())
    note = "到期没有补正，按规定终止，可以重新申请"
    return rounds.over(_whole(ItemTask.objects.filter(is_late)), partial(_lapse_correction, note=note, is_late=is_late))


def lapse_promises() -> int:
    """容缺: an item ends when the promised papers were not brought by their day (DOMAIN.md 3.2)."""
    is_late = Q(provisional_until__lt=timezone.localdate())
    note = "承诺补交的材料到期没有补齐，按规定终止，可以重新申请"
    late = _whole(ItemTask.objects.unfinished().filter(is_late))
    return rounds.over(late, partial(_end, note=note, is_late=is_late))


def drop_ended_sessions() -> int:
    """What a page kept for a sign-in that never came is personal and goes with the session; returns how many went."""
    return Session.objects.filter(expire_date__lt=timezone.now()).delete()[0]


def _deem_accepted(task: ItemTask) -> int:
    if not task.spec.deemed_acceptance:
        return 0
    review.deem_accepted(task, at=timezone.now())
    return 1


def _lapse_correction(task: ItemTask, *, note: str, is_late: Q) -> int:
    return _end(task, note=note, is_late=is_late) if task.spec.lapses_without_correction else 0


def _end(task: ItemTask, *, note: str, is_late: Q) -> int:
    """Under the case's lock it is asked once more: what was brought in the same moment counts."""
    with transaction.atomic():
        workflow.lock(task.application_id)
        if not ItemTask.objects.filter(is_late, pk=task.pk).exists():
            raise AlreadyDone("刚才已经补齐，没有终止")
        review.terminate(task, reviewer=None, party=Party.SYSTEM, note=note)
    return 1
