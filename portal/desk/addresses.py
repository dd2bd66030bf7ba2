"""Addresses of the desk's pages."""

from django.urls import reverse

from applications.models import ItemTask


def queue_url() -> str:
    return reverse("desk:queue")


def task_url(task: ItemTask) -> str:
    return reverse("desk:task", args=[task.application.number, task.item.code])


def neighbours(pks: list[tuple[str, str]], number: str, item: str) -> tuple[str, str]:
    """Addresses of the task before and after this one in its tray; empty at the ends."""
    if (number, item) not in pks:
        return "", ""
    here = pks.index((number, item))
    before = reverse("desk:task", args=pks[here - 1]) if here else ""
    after = reverse("desk:task", args=pks[here + 1]) if here + 1 < len(pks) else ""
    return before, after
