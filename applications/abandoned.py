"""Unsent forms that were left alone: whoever they belong to is told a week before, then they go with their files (S-18).

How long is the place's word (`DRAFT_DAYS`). What was handed in is not touched: its term is that of the archives.
"""

import logging
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from applications import clock, materials, notices, rounds
from applications.enums import NoticeKind
from applications.models import Draft, Material

logger = logging.getLogger(__name__)

TOLD_BEFORE = timedelta(days=7)


def warn(*, at: datetime | None = None) -> int:
    """Tells the owners of forms that end in a week. Returns how many messages are new: one each time it was left alone."""
    at = at or timezone.now()
    ending = _left_alone(at - _kept() + TOLD_BEFORE).filter(owner__isnull=False).iterator(chunk_size=200)
    return rounds.over(ending, partial(_warn, at=at))


def forget(*, at: datetime | None = None) -> int:
    """Deletes the forms whose time is over; one with an owner only a week after they were told. Returns how many went."""
    at = at or timezone.now()
    gone = rounds.over(_left_alone(at - _kept()), partial(_forget, at=at))
    if gone:
        logger.info("%s unsent forms deleted", gone)
    return gone


def _kept() -> timedelta:
    return timedelta(days=settings.DRAFT_DAYS)


def _occasion(draft: Draft) -> str:
    return f"form {draft.pk} left {draft.saved_at.isoformat()}"


def _left_alone(before: datetime) -> QuerySet[Draft]:
    """Without those that a pre-review gave back: they belong to a case."""
    rows = Draft.objects.filter(sent_at=None, application=None, saved_at__lt=before)
    return rows.select_related("region", "owner").order_by("saved_at")


def _warn(draft: Draft, *, at: datetime) -> int:
    until = clock.say(timezone.localdate(at + TOLD_BEFORE))
    words = f"{draft.region.name}的登记表还没有提交，{until}以前不接着填，就和已经传的材料一起删掉"
    return notices.remind(
        NoticeKind.FORM_ENDS, occasion=_occasion(draft), recipient=draft.owner, details=[words], at=at
    )


def _forget(draft: Draft, *, at: datetime) -> bool:
    """Under the form's lock it is looked at once more: what was typed in the same moment counts."""
    if draft.owner is not None:
        told = notices.reminded_at(NoticeKind.FORM_ENDS, occasion=_occasion(draft), recipient=draft.owner)
        if told is None or told > at - TOLD_BEFORE:
            return False
    with transaction.atomic():
        still = Draft.objects.select_for_update().filter(pk=draft.pk, sent_at=None, saved_at=draft.saved_at).first()
        if still is None:
            return False
        for material in Material.objects.filter(draft=still, application=None):
            materials.discard(material)
        still.delete()
    return True
