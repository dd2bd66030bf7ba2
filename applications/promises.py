"""容缺: papers that may come after the form, by the day that the region's scheme says. What an office accepts on a promise
is a deed of its own (`review.accept_provisionally`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.utils import timezone

from agencies.deadlines import Calendar, calendar_now, last_day
from agencies.spec import MaterialSpec
from agencies.words import full_day
from applications.enums import Action, TaskStatus
from applications.models import Application, Draft, ItemTask
from applications.transitions import TRANSITIONS

_HANDING_IN = [Action.SUBMIT, Action.ADD_ITEMS, Action.PRE_AMEND]


@dataclass(frozen=True)
class Promise:
    """One paper to come; `until` None where the region's scheme says no day."""

    code: str
    title: str
    until: date | None

    @property
    def day(self) -> str:
        return f"{full_day(self.until)}前补交" if self.until else "补交，日期由部门受理时和您约定"

    def __str__(self) -> str:
        return f"{self.title}：{self.day}"


def of_form(draft: Draft, today: date) -> list[Promise]:
    """What is promised with this form if it is handed in today."""
    wanted = draft.scheme.spec.materials_for(frozenset(draft.ticked), draft.answers)
    return _promises(wanted, draft.given_papers(), today, draft.region_id)


def still_open(application: Application) -> list[Promise]:
    """What was promised with the form, has not come and is needed by an item that no office has accepted.

    One for which an office has set a day of its own is owed to that office (`ItemTask.provisional_until`).
    """
    spec = application.scheme.spec
    if not any(material.deferrable for material in spec.materials):
        return []
    tasks = waiting(application)
    wanted = [
        material
        for material in spec.materials_for(frozenset(application.ticked), application.answers)
        if any(material.is_for(task.item.code) for task in tasks)
    ]
    taken = {code for task in application.tasks.all() if task.provisional_until for code in task.provisional_materials}
    return _promises(wanted, taken | application.sent_papers(), handed_in_on(application), application.region_id)


def waiting(application: Application) -> list[ItemTask]:
    """The items that no office has accepted yet; to those a paper can come without more ado."""
    sources = TRANSITIONS[Action.AMEND].sources | {TaskStatus.PRE_REVIEW}
    return [task for task in application.tasks.all() if task.status in sources]


def handed_in_on(application: Application) -> date:
    """The day of the last hand-in: the days to bring papers count from there."""
    last = application.log.filter(action__in=_HANDING_IN).order_by("-at").values_list("at", flat=True).first()
    return timezone.localdate(last or application.submitted_at)


def _promises(wanted: Iterable[MaterialSpec], given: set[str], start: date, place: str) -> list[Promise]:
    owed = [material for material in wanted if material.deferrable and material.code not in given]
    calendar = calendar_now().at(place) if owed else Calendar()
    return [
        Promise(material.code, material.title, last_day(material.defer_limit, start, calendar)) for material in owed
    ]
