"""The case as it stood when a paper was asked for: items, files, clocks, who did the deed."""

from collections.abc import Iterable
from datetime import datetime

from django.utils import timezone

from agencies.deadlines import calendar_now, last_day
from agencies.spec import MaterialSpec
from agencies.words import plain_day
from applications import clock, timing
from applications.enums import Action, Grade
from applications.models import Application, Document, ItemTask, Material
from applications.papers.parts import Given

_GRADES = {
    Grade.A: "部门签发",
    Grade.B: "原件已核",
    Grade.C: "上传件，未核原件",
    Grade.D: "本人声明",
}


def materials_given(
    document: Document, codes: Iterable[str] | None = None, *, says_promise: bool = False
) -> list[Given]:
    """The materials received until the paper was asked for, in the scheme's order; only `codes` if given.

    `says_promise`: of one that may come later, by which day it was promised with the form.
    """
    application = document.application
    received: dict[str, list[Material]] = {}
    for material in files_received(document):
        received.setdefault(material.code, []).append(material)
    wanted = application.scheme.spec.materials_for(ticked_at(document), application.answers)
    lines = []
    for spec in wanted:
        if codes is not None and spec.code not in codes:
            continue
        files = received.get(spec.code, [])
        pages = sum(file.pages for file in files)
        best = min((Grade(file.grade) for file in files), default=None)
        count = f"{len(files)} 份 {pages} 页" if files else "—"
        how = _GRADES[best] if best else _absent(document, spec) if says_promise else "没有上传"
        lines.append(Given(spec.title, count, how))
    return lines


def _absent(document: Document, material: MaterialSpec) -> str:
    if not material.deferrable:
        return "没有上传"
    start = timezone.localdate(document.requested_at)
    until = last_day(material.defer_limit, start, calendar_now().at(document.application.region_id))
    return f"承诺{plain_day(until)}前补交" if until else "承诺补交"


def ticked_at(document: Document) -> frozenset[str]:
    """The items that the case had when the paper was asked for; items added afterwards stand on papers of their own."""
    added = document.application.log.filter(action=Action.ADD_ITEMS, at__gt=document.requested_at)
    later = {code for row in added for code in row.data.get("items", [])}
    return frozenset(document.application.ticked) - later


def files_received(document: Document) -> list[Material]:
    """The files that counted when the paper was asked for. A case entered afterwards has no file that old: then all."""
    sent = list(document.application.materials.filter(is_sent=True))
    known = [material for material in sent if material.uploaded_at <= document.requested_at] or sent
    ids = {material.pk for material in known}
    return [material for material in known if material.replaced_by_id not in ids]


def clock_at(task: ItemTask, at: datetime) -> clock.Reading:
    """The task's clock as it stood at that moment."""
    lines = timing.log_lines(task, until=at)
    return clock.read(
        clock.events_of(lines),
        timing.clock_rule(task),
        calendar_now().at(task.office.region_id),
        timezone.localdate(at),
    )


def actor_of(document: Document, task: ItemTask) -> str:
    """Who did the deed that this paper tells of."""
    row = task.log.filter(at=document.requested_at, actor__isnull=False).select_related("actor").last()
    return str(row.actor) if row and row.actor else task.office.name


def tasks_in_order(application: Application) -> list[ItemTask]:
    """The case's items in the scheme's order; each knows this very application, so its scheme is read once."""
    return list(
        application.tasks.select_related("item", "office__agency", "result").order_by("item__order", "agency_order")
    )
