"""容缺: papers that were promised for later are there. Called by the pages of the applicant and of the window."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from applications import fanout, promises, workflow
from applications.enums import Action, TaskStatus
from applications.errors import AlreadyDone, Invalid
from applications.models import Application, ItemTask
from portal.accounts.models import User


def supply_all(application: Application, *, user: User, at: datetime | None = None) -> None:
    """The papers that were promised: to an office that accepted, all are sent or none is; before, what is there.

    Raises Invalid with what is missing, AlreadyDone when nothing is owed.
    """
    at = at or timezone.now()
    with transaction.atomic():
        locked = workflow.lock(application.pk)
        owing = list(locked.tasks.unfinished().exclude(provisional_until=None).select_related("item__scheme", "office"))
        early = {promise.code: promise.title for promise in promises.still_open(locked)}
        owed = {*early, *(code for task in owing for code in task.provisional_materials)}
        given = locked.materials.filter(code__in=owed, is_sent=False)
        brought = set(given.values_list("code", flat=True))
        if owing or not early:
            _supply(owing, locked, user, at)
        elif not brought:
            raise Invalid({code: f"请上传{title}" for code, title in early.items()})
        given.update(is_sent=True)
        _tell_waiting(locked, brought, user, at)


def _tell_waiting(application: Application, brought: set[str], user: User, at: datetime) -> None:
    """What came before an office accepted goes to every office that has the item, or is about to. Under the lock."""
    for task in promises.waiting(application):
        task.application = application
        codes = sorted(brought & set(task.material_codes()))
        if not codes or task.status not in (TaskStatus.PENDING, TaskStatus.QUEUED):  # others get them with the item
            continue
        party, data = application.party_of(user), {"materials": codes}
        workflow.advance(task, Action.SUPPLY, party=party, actor=user, data=data, at=at)
        task.application = application
        fanout.send_again(task, at=at)


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
