"""Papers: asked for by the services in their transaction, made by a worker, made again at any time.

`request` is the caller's side. `render` is the worker's: template → PDF → file and SHA-256; a paper that is there is
left alone.
"""

import hashlib
import logging
from datetime import datetime, timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from applications import printing
from applications.enums import DocumentKind, DocumentStatus
from applications.models import Application, Document, ItemTask
from applications.numbering import next_value
from applications.papers import paper
from applications.printing import Printed

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 5
RETRY = timedelta(seconds=30)
_ONE_PER_CASE = {DocumentKind.REGISTRATION, DocumentKind.SUBMISSION_RECEIPT, DocumentKind.RESULT_SHEET}
_SHORT = {
    DocumentKind.REGISTRATION: "D",
    DocumentKind.SUBMISSION_RECEIPT: "S",
    DocumentKind.ACCEPTANCE_NOTICE: "A",
    DocumentKind.CORRECTION_NOTICE: "B",
    DocumentKind.NON_ACCEPTANCE_NOTICE: "N",
    DocumentKind.REFUSAL_NOTICE: "R",
    DocumentKind.SUSPENSION_NOTICE: "T",
    DocumentKind.EXTENSION_NOTICE: "Y",
    DocumentKind.DELIVERY_RECEIPT: "H",
    DocumentKind.RESULT_SHEET: "J",
}


def request(
    application: Application,
    kind: DocumentKind,
    *,
    task: ItemTask | None = None,
    facts: dict[str, Any] | None = None,
    at: datetime | None = None,
    again: bool = False,
) -> Document:
    """Asks for a paper in the caller's transaction. Its number is fixed before the file exists.

    A paper of which a case has one is asked for once, however often it is called, unless it is made `again`.
    """
    at = at or timezone.now()
    number = f"{application.number}-{_SHORT[kind]}"
    if again or kind not in _ONE_PER_CASE:
        number = f"{number}{next_value(number)}"
    document = _new(application, kind, number, at, task, facts)
    if again or kind not in _ONE_PER_CASE:
        document.save(force_insert=True)
        return document
    Document.objects.bulk_create([document], ignore_conflicts=True)
    return Document.objects.get(number=number)


def request_first(application: Application, *, at: datetime) -> None:
    """The papers of a new case, in one statement: the receipt and the form itself."""
    kinds = (DocumentKind.SUBMISSION_RECEIPT, DocumentKind.REGISTRATION)
    Document.objects.bulk_create(
        _new(application, kind, f"{application.number}-{_SHORT[kind]}", at, None, None) for kind in kinds
    )


def _new(
    application: Application,
    kind: DocumentKind,
    number: str,
    at: datetime,
    task: ItemTask | None,
    facts: dict[str, Any] | None,
) -> Document:
    return Document(
        application=application,
        task=task,
        kind=kind,
        number=number,
        facts=facts or {},
        requested_at=at,
        next_attempt_at=at,
    )


def render(document_id: int) -> Document:
    """Makes the paper if it is not there yet. Safe to run twice, also at the same moment: the row is locked meanwhile.

    A failure is noted on the row and tried again later; after `MAX_ATTEMPTS` the paper is left to a person.
    """
    try:
        _count(document_id)
        with transaction.atomic():
            document = _load(Document.objects.select_for_update(of=("self",)), document_id)
            if document.status != DocumentStatus.REQUESTED:
                return document
            _store(document, print_document(document))
            return document
    except printing.Unavailable as error:
        return _postpone(document_id, str(error), counts=False)
    except Exception as error:  # whatever went wrong, the worker goes on and the row says so
        logger.exception("paper %s could not be made", document_id)
        return _postpone(document_id, type(error).__name__, counts=True)


def _count(document_id: int) -> None:
    """A try counts before it is made: a paper that kills its worker is given up as one that fails, and lets others go first."""
    asked = Document.objects.filter(pk=document_id, status=DocumentStatus.REQUESTED)
    if not asked.filter(attempts__gte=MAX_ATTEMPTS).update(status=DocumentStatus.FAILED, error="制作时中断"):
        asked.update(attempts=F("attempts") + 1, next_attempt_at=timezone.now() + RETRY)


def try_again(document: Document) -> Document:
    """A person asks for a paper anew that was given up, once its cause is mended. One that is there stays as it is."""
    with transaction.atomic():
        current = _load(Document.objects.select_for_update(of=("self",)), document.pk)
        if current.status != DocumentStatus.READY:
            current.status, current.attempts, current.error = DocumentStatus.REQUESTED, 0, ""
            current.next_attempt_at, current.published_at = timezone.now(), None
            current.save()
    return current


def _load(documents: Any, document_id: int) -> Document:
    found: Document = documents.select_related("application__scheme", "application__region").get(pk=document_id)
    return found


def print_document(document: Document) -> Printed:
    """The paper as PDF. A character that no font has is left blank for the window to fill in, and the paper says so."""
    identifier = f"{document.number} {document.check_code}"
    printed = printing.print_pdf(paper.html_of(document), identifier=identifier)
    if not printed.missing:
        return printed
    marked = printing.print_pdf(paper.html_of(document, missing=printed.missing), identifier=identifier)
    return Printed(marked.pdf, printed.missing)


def _store(document: Document, printed: Printed) -> None:
    name = f"documents/{timezone.localdate(document.requested_at):%Y/%m}/{document.number}.pdf"
    storage = document.file.storage
    # Left behind by a worker that died before its row was committed.
    storage.delete(name)
    document.file.name = storage.save(name, ContentFile(printed.pdf))
    document.sha256 = hashlib.sha256(printed.pdf).hexdigest()
    document.warning = paper.warning_of(printed.missing)[:300]
    document.status = DocumentStatus.READY
    document.rendered_at = timezone.now()
    document.error = ""
    document.save()


def _postpone(document_id: int, error: str, *, counts: bool) -> Document:
    """Notes the failure. Without Pango nothing is wrong with the paper itself: it waits until the machine can print."""
    with transaction.atomic():
        document = _load(Document.objects.select_for_update(of=("self",)), document_id)
        document.attempts -= not counts
        document.error = error[:300]
        wait = RETRY * 2 ** min(document.attempts, 6)
        document.next_attempt_at = timezone.now() + wait
        document.published_at = None
        if document.attempts >= MAX_ATTEMPTS:
            document.status = DocumentStatus.FAILED
        document.save()
    return document
