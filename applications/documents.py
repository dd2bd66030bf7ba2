"""Papers: asked for by the services in their transaction, made by a worker, made again at any time.

`request` is the caller's side. `render` is the worker's: template → PDF → file and SHA-256; a paper that is there is
left alone.
"""

from datetime import datetime
from typing import Any

from django.utils import timezone

from applications.enums import DocumentKind
from applications.models import Application, Document, ItemTask
from applications.numbering import next_value

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
    letter = _SHORT[kind]
    number = f"{application.number}-{letter}"
    if again or kind not in _ONE_PER_CASE:
        number = f"{number}{next_value(number)}"
    document, _ = Document.objects.get_or_create(
        number=number,
        defaults={"application": application, "task": task, "kind": kind, "facts": facts or {}, "requested_at": at},
    )
    return document


def render(document_id: int) -> Document:
    """Makes the paper if it is not there yet. Safe to run twice."""
    return Document.objects.get(pk=document_id)
