"""Everything that an officer sees of one task, fetched once; presenters and forms only read it."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from django.http import Http404
from django.utils import timezone

from agencies.deadlines import Calendar, calendar_now
from agencies.models import Office, Posting
from agencies.spec import ItemSpec, SchemeSpec
from applications import access, clock, review, timing
from applications.enums import Party
from applications.models import (
    AccessLog,
    Correction,
    Dispatch,
    Document,
    ItemTask,
    Material,
    MaterialCheck,
    Question,
    Result,
    StatusLog,
)
from portal.accounts.models import User


@dataclass(frozen=True)
class Sight:
    """One task as its office sees it: what was handed over, and what was done with it."""

    task: ItemTask
    viewer: User
    posting: Posting
    today: date
    calendar: Calendar
    handed: tuple[Dispatch, ...]
    files: tuple[Material, ...]
    seen: frozenset[str]
    checks: dict[str, MaterialCheck]
    log: tuple[StatusLog, ...]
    correction: Correction | None
    targets: tuple[Office, ...]
    papers: tuple[Document, ...]
    accesses: tuple[AccessLog, ...]
    questions: tuple[Question, ...]
    reading: clock.Reading

    @cached_property
    def party(self) -> Party:
        return review.party_of(self.posting)

    @property
    def scheme(self) -> SchemeSpec:
        return self.task.application.scheme.spec

    @property
    def item(self) -> ItemSpec:
        return self.task.spec

    @property
    def result(self) -> Result | None:
        return getattr(self.task, "result", None)

    @property
    def payload(self) -> dict[str, Any]:
        """What was handed over last; empty while the task waits for another."""
        return self.handed[0].payload if self.handed else {"fields": [], "materials": []}

    @property
    def earlier(self) -> dict[str, Any] | None:
        """What had been handed over before that, to show what a correction changed."""
        return self.handed[1].payload if len(self.handed) > 1 else None

    @property
    def unseen(self) -> int:
        return sum(str(material.pk) not in self.seen for material in self.files)

    @property
    def missing(self) -> list[str]:
        """Codes of the materials that were asked for and not given, without those that are optional."""
        return [
            material["code"]
            for material in self.payload["materials"]
            if not material["files"] and not self.scheme.material(material["code"]).optional
        ]

    def value(self, field: str) -> str:
        """A value of the payload by field code; empty if the office does not get it."""
        return next((line["value"] for line in self.payload["fields"] if line.get("field") == field), "")

    def file(self, pk: object) -> Material:
        """One of the files handed over. Raises Http404 for every other file, as if it did not exist."""
        found = next((material for material in self.files if str(material.pk) == str(pk)), None)
        if found is None:
            raise Http404
        return found


def look_at(posting: Posting, viewer: User, number: str, item: str) -> Sight:
    """The task of the officer's own office. Raises Http404 for another office's, as if it did not exist."""
    assert posting.office is not None
    tasks = ItemTask.objects.for_desk(posting.office)
    task = tasks.filter(application__number=number, item__code=item).first()
    if task is None:
        raise Http404
    today, calendar = timezone.localdate(), calendar_now().at(posting.office.region_id)
    handed = access.handed_over(task)
    return Sight(
        task=task,
        viewer=viewer,
        posting=posting,
        today=today,
        calendar=calendar,
        handed=tuple(handed),
        files=tuple(access.visible_materials(task, handed)),
        seen=frozenset(access.seen_materials(task)),
        checks={str(check.material_id): check for check in task.checks.all()},
        log=tuple(task.log.select_related("actor")),
        correction=task.corrections.filter(answered_at=None).prefetch_related("lines").first(),
        targets=tuple(review.transfer_targets(task)),
        papers=tuple(task.documents.all()),
        accesses=tuple(task.accesses.filter(material=None).select_related("viewer", "posting")),
        questions=tuple(task.questions.filter(answered_at=None)),
        reading=timing.read_clock(task, calendar, today),
    )
