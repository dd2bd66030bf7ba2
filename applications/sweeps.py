"""What time itself brings about: jobs of the beat. Each is safe to run twice and lets no row stop the others."""

import logging

from django.utils import timezone

from applications import review
from applications.enums import TaskStatus
from applications.errors import Refused
from applications.models import ItemTask

logger = logging.getLogger(__name__)


def deem_accepted() -> int:
    """Items whose rule says so count as accepted when the answer period ended in silence (行政许可法第32条)."""
    today = timezone.localdate()
    late = ItemTask.objects.filter(status=TaskStatus.QUEUED, reply_due_on__lt=today).select_related(
        "item__scheme", "office", "application__scheme"
    )
    done = 0
    for task in late:
        if not task.spec.deemed_acceptance:
            continue
        try:
            review.deem_accepted(task, at=timezone.now())
            done += 1
        except Refused:
            logger.info("task %s was answered meanwhile", task.pk)
    return done
