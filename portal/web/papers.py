"""Links to the papers of a case."""

from collections.abc import Iterable, Mapping

from django.urls import reverse

from applications.enums import DocumentKind, DocumentStatus
from applications.models import Document
from portal.web.presenters import Action


def paper_url(document: Document) -> str:
    """The address of the paper; while it is being made that page says so."""
    return reverse("papers:download", args=[document.number])


def paper_link(document: Document, label: str = "") -> Action:
    return Action(label or document.get_kind_display(), paper_url(document), about=document.number)


def paper_state(document: Document) -> str:
    """生成中 and the like; empty once the paper is there."""
    return "" if document.status == DocumentStatus.READY else document.get_status_display()


def paper_about(document: Document, titles: Mapping[int | None, str]) -> str:
    """Which item a paper is about, by the items' titles; empty where it is about the whole case."""
    if document.task_id is None and document.kind == DocumentKind.CORRECTION_NOTICE:
        return "各部门要补的都在上面"
    return titles.get(document.task_id, "")


def listed(documents: Iterable[Document]) -> list[Document]:
    """The papers of a case as its person and the window see them: of what several offices ask for, the last list alone."""
    papers = list(documents)
    joint = [paper for paper in papers if paper.task_id is None and paper.kind == DocumentKind.CORRECTION_NOTICE]
    return [paper for paper in papers if paper not in joint[:-1]]


def newest(documents: Iterable[Document], kind: DocumentKind, task_id: int | None = None) -> Document | None:
    """The last paper of this kind, of one item's if `task_id` is given."""
    found = [d for d in documents if d.kind == kind and (task_id is None or d.task_id == task_id)]
    return found[-1] if found else None
