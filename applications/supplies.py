"""容缺: papers that were promised for later are there. Called by the pages of the applicant and of the window."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from applications import fanout, workflow
from applications.enums import Action
from applications.errors import AlreadyDone, Invalid
from applications.models import Application, ItemTask
from portal.accounts.models import User


def supply_all(application: Application, *, user: User, at: datetime | None = None) -> None:
    """The promised papers of every item that owes some: all are sent or none is. Raises Invalid with what is missing."""
    with transaction.atomic():
        locked = workflow.lock(application.pk)
        owing = locked.tasks.owing().select_related("item__scheme", "office")
        _supply(list(owing), locked, user, at)


def supply_deferred(task: ItemTask, *, user: User, at: datetime | None = None) -> ItemTask:
    """容缺: the promised papers are there; every one must be given. The office sees them, the promise is kept."""
    with transaction.atomic():
        application = workflow.lock(task.application_id)
        task.refresh_from_db(fields=["provisional_materials", "provisional_until"])
        _supply([task] if task.provisional_until else [], application, user, at)
    return task


def _supply(tasks: list[ItemTask], application: Application, user: User, at: datetime | None) -> None:
    """One paper keeps the promise of every item it was promised for. Under the case's lock."""
    if not tasks:
        raise AlreadyDone("没有要补交的材料")
    owed = {code for task in tasks for code in task.provisional_materials}
    given = application.materials.filter(code__in=owed, is_sent=False)
    spec = application.scheme.spec
    if missing := owed - set(given.values_list("code", flat=True)):
        raise Invalid({code: f"请上传{spec.material(code).title}" for code in sorted(missing)})
    given.update(is_sent=True)
    party, at = application.party_of(user), at or timezone.now()
    for task in tasks:
        task.application = application
        data = {"materials": task.provisional_materials}
        workflow.advance(task, Action.SUPPLY, party=party, actor=user, data=data, at=at)
        task.provisional_until, task.provisional_materials = None, []
        task.save(update_fields=["provisional_until", "provisional_materials"])
        task.application = application
        fanout.send_again(task, at=at)
