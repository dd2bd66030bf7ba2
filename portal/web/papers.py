"""Links to the papers of a case. A paper that is still being made is named, not linked."""

from collections.abc import Iterable

from django.urls import NoReverseMatch, reverse

from applications.enums import DocumentKind, DocumentStatus
from applications.models import Document
from portal.web.presenters import Action


def paper_url(document: Document) -> str:
    """The address of the paper; empty while it is being made. Where no PDF can be made it shows the paper as HTML."""
    if document.status == DocumentStatus.REQUESTED and not document.error:
        return ""
    try:
        return reverse("papers:download", args=[document.number])
    except NoReverseMatch:
        return ""


def paper_link(document: Document, label: str = "") -> Action | None:
    url = paper_url(document)
    return Action(label or document.get_kind_display(), url, about=document.number) if url else None


def newest(documents: Iterable[Document], kind: DocumentKind, task_id: int | None = None) -> Document | None:
    """The last paper of this kind, of one item's if `task_id` is given."""
    found = [d for d in documents if d.kind == kind and (task_id is None or d.task_id == task_id)]
    return found[-1] if found else None
