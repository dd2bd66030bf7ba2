"""核对文书: whether a paper with this number and check code was made here. Anyone may ask, nobody learns who it is about.

The QR code leads here with the number alone; the check code stands on the paper and is typed.
"""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from applications import tries
from applications.enums import DocumentKind
from applications.models import Document
from applications.papers import paper
from applications.papers.correction_notice import tasks_told
from applications.papers.words import masked_name


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
    # Of a 申请回执: the case that its holder may ask about (`receipt_query`).
    case_number: str = ""


def verify(number: str, code: str, *, now: datetime | None = None) -> Verified | None:
    """The paper, or None when number and code do not belong together.

    Refused after five wrong tries for a number in an hour. Unknown numbers are counted and answered like known ones, so that
    nobody learns which exist.
    """
    number, code = tries.plain(number), tries.plain_code(code)
    tried = tries.count("verify", number, now or timezone.now())
    document = (
        Document.objects.filter(number=number)
        .select_related("application__scheme", "application__region", "task__item", "task__office")
        .first()
    )
    expected = tries.plain_code(document.check_code) if document else ""
    if document is None or not tries.is_same(expected, code):
        return None
    tries.forgive(tried)
    return _shown(document)


def _shown(document: Document) -> Verified:
    application, task = document.application, document.task
    return Verified(
        title=paper.title_of(document),
        number=document.number,
        items=_items_of(document),
        state=task.get_status_display() if task else application.get_status_display(),
        made_at=document.requested_at,
        masked_name=masked_name(application.subject_name),
        issuer=task.office.name if task else application.region.full_name,
        sha256=document.sha256,
        case_number=application.number if document.kind == DocumentKind.SUBMISSION_RECEIPT else "",
    )


def _items_of(document: Document) -> tuple[str, ...]:
    """The items that the paper itself names, and no other of the case."""
    if document.task:
        return (document.task.item.name,)
    if document.kind == DocumentKind.CORRECTION_NOTICE:
        return tuple(dict.fromkeys(task.item.name for task in tasks_told(document)))
    offered = document.application.scheme.spec.offered
    return tuple(item.name for item in offered if item.code in document.application.ticked)
