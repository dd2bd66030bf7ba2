"""核对文书: whether a paper with this number and check code was made here. Anyone may ask, nobody learns who it is about.

The QR code leads here with the number alone; the check code stands on the paper and is typed.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from applications.errors import Refused
from applications.models import Document, NumberCounter
from applications.numbering import next_value
from applications.papers import paper
from applications.papers.words import masked_name

TRIES_PER_HOUR = 5


@dataclass(frozen=True)
class Verified:
    """What a stranger who holds the paper may see of it; the name only by its first character."""

    title: str
    number: str
    items: tuple[str, ...]
    state: str
    made_at: datetime
    masked_name: str
    issuer: str
    sha256: str


def verify(number: str, code: str, *, now: datetime | None = None) -> Verified | None:
    """The paper, or None when number and code do not belong together. Refused after five tries for a number in an hour.

    Unknown numbers are counted and answered like known ones, so that nobody learns which exist.
    """
    number, code = _plain(number), _plain(code).replace("-", "")
    _count_try(number, now or timezone.now())
    document = (
        Document.objects.filter(number=number)
        .select_related("application__scheme", "application__region", "task__item", "task__office")
        .first()
    )
    expected = document.check_code.replace("-", "") if document else ""
    if document is None or not secrets.compare_digest(expected.encode(), code.encode()):
        return None
    return _shown(document)


def _plain(text: str) -> str:
    """As it stands on the paper, however it was typed: no blanks, capital letters, any dash."""
    return re.sub(r"[‐-―−－]", "-", re.sub(r"\s", "", text)).upper()[:60]


def _count_try(number: str, now: datetime) -> None:
    """One row per number and hour, shared by all workers; rows of earlier hours are dropped on the way."""
    hour = f"verify/{int(now.timestamp()) // 3600}/"
    NumberCounter.objects.filter(series__startswith="verify/").exclude(series__startswith=hour).delete()
    if next_value(hour + hashlib.sha256(number.encode()).hexdigest()[:20]) > TRIES_PER_HOUR:
        raise Refused("这个编号一小时内已经核对 5 次，请一小时后再试，或打电话问办理机构")


def _shown(document: Document) -> Verified:
    application, task = document.application, document.task
    spec = application.scheme.spec
    chosen = tuple(item.name for item in spec.offered if item.code in application.ticked)
    return Verified(
        title=paper.title_of(document),
        number=document.number,
        items=(task.item.name,) if task else chosen,
        state=task.get_status_display() if task else application.get_status_display(),
        made_at=document.requested_at,
        masked_name=masked_name(application.subject_name),
        issuer=task.office.name if task else application.region.full_name,
        sha256=document.sha256,
    )
