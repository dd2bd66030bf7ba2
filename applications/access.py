"""What an office may look at of a task, and the record that it did. Called by the desk.

An office sees what was handed over to it: the newest delivered dispatch, and the files named in it. Full numbers and
files are given out against a row of the access log.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from agencies.fields import FIELDS, Hiding
from agencies.models import Office, Posting
from applications import tickets, workflow
from applications.enums import Action, Verdict
from applications.errors import Invalid, Refused
from applications.models import AccessLog, Application, Dispatch, ItemTask, Material, MaterialCheck, StatusLog
from portal.accounts.models import User


def handed_over(task: ItemTask) -> list[Dispatch]:
    """What reached the office, newest first; nothing for a task that still waits."""
    return list(task.dispatches.of_tasks().filter(delivered_at__isnull=False).order_by("-version"))


def file_ids(payload: dict[str, Any]) -> list[str]:
    return [file["id"] for material in payload.get("materials", []) for file in material["files"]]


def visible_materials(task: ItemTask, handed: list[Dispatch] | None = None) -> list[Material]:
    """The files that were handed over with the newest payload; an unsent answer to a correction is not among them."""
    handed = handed_over(task) if handed is None else handed
    wanted = file_ids(handed[0].payload) if handed else []
    found = {str(material.pk): material for material in Material.objects.filter(pk__in=wanted)}
    return [found[pk] for pk in wanted if pk in found]


def moved_on(office: Office, number: str, item: str) -> str:
    """A sentence about a task that the office has handed on, for who clicks once more; empty if it is still here."""
    rows = StatusLog.objects.filter(
        application__number=number,
        task__item__code=item,
        action=Action.TRANSFER,
        data__from_office_id=office.pk,
    )
    if ItemTask.objects.filter(application__number=number, item__code=item, office=office).exists():
        return ""
    last = rows.select_related("actor").order_by("-id").first()
    if last is None:
        return ""
    local = timezone.localtime(last.at)
    return (
        f"这一件在{local.month}月{local.day}日 {local:%H:%M} 已由{last.actor}转到{last.data['to_office']}，不在本机构了"
    )


def hidden_fields(application: Application) -> list[str]:
    """The fields of the form whose values pages do not show in full."""
    asked = [entry.field for entry in application.registration.asked()]
    return [code for code in asked if FIELDS[code].hides != Hiding.NOTHING and application.answers.get(code)]


def reveal(
    task: ItemTask, *, fields: list[str], reason: str, viewer: User, posting: Posting, at: datetime | None = None
) -> AccessLog:
    """Full numbers are shown only with a purpose, and the look is recorded before they are.

    Raises Refused for who has looked at those of LOOKS_PER_HOUR other items within an hour; a supervisor is told.
    """
    if not reason.strip():
        raise Invalid({"reason": "请写明查看完整号码的用途"})
    if not fields:
        raise Refused("这一件没有隐去的号码")
    at = at or timezone.now()
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=viewer.pk)
        is_too_often = _items_looked_at(viewer, at, besides=task) >= settings.LOOKS_PER_HOUR
        if not is_too_often:
            return AccessLog.objects.create(
                task=task, viewer=viewer, posting=posting, fields=fields, reason=reason.strip()[:100], at=at
            )
    tickets.looked_too_often(viewer, posting, task, timezone.localdate(at))
    raise Refused(
        f"一小时内已看过 {settings.LOOKS_PER_HOUR} 件的完整号码，请过一会儿再看。这件事已记入待核对问题，请督办人员了解用途"
    )


def _items_looked_at(viewer: User, at: datetime, *, besides: ItemTask) -> int:
    """Of how many other items the person has seen full numbers in the hour before."""
    looks = AccessLog.objects.filter(viewer=viewer, material=None, at__gt=at - timedelta(hours=1), at__lte=at)
    return looks.exclude(task=besides).values("task").distinct().count()


def open_material(task: ItemTask, material: Material, *, viewer: User, posting: Posting) -> AccessLog:
    """A file handed out to a member of the office; from now on it counts as seen by the office."""
    return AccessLog.objects.create(task=task, material=material, viewer=viewer, posting=posting, at=timezone.now())


def open_for_pre_review(material: Material, *, viewer: User, posting: Posting) -> AccessLog | None:
    """A file shown to the hub that looks through the form; recorded with the first item of the case."""
    task = _first_task(material.application) if material.application is not None else None
    return open_material(task, material, viewer=viewer, posting=posting) if task is not None else None


def reveal_form(
    application: Application, *, fields: list[str], reason: str, viewer: User, posting: Posting
) -> AccessLog | None:
    """Full numbers of the whole form shown to the hub; recorded with the first item of the case. Raises as `reveal`."""
    task = _first_task(application)
    return reveal(task, fields=fields, reason=reason, viewer=viewer, posting=posting) if task is not None else None


def open_form(application: Application, *, viewer: User, posting: Posting) -> AccessLog | None:
    """The printed form shown to staff: full numbers stand on it. Raises Refused as `reveal`."""
    fields = hidden_fields(application)
    return reveal_form(application, fields=fields, reason="打开登记表", viewer=viewer, posting=posting)


def open_fields(application: Application, codes: Iterable[str], *, viewer: User, posting: Posting) -> AccessLog | None:
    """Fields of the form filled in on a page where a clerk changes them for the person at the counter.

    Recorded where full numbers are among them. Raises Refused as `reveal`.
    """
    wanted = set(codes)
    fields = [code for code in hidden_fields(application) if code in wanted]
    if not fields:
        return None
    return reveal_form(application, fields=fields, reason="在窗口替本人改登记表", viewer=viewer, posting=posting)


def _first_task(application: Application) -> ItemTask | None:
    return application.tasks.order_by("item__order", "agency_order").first()


def open_at_window(material: Material, *, viewer: User, posting: Posting) -> AccessLog | None:
    """A file of a handed-in case shown at the window while something is owed; recorded with the item that waits.

    None for a file of a form that is still being typed: it belongs to no office yet.
    """
    application = material.application
    task = application.tasks.shown_at_window().first() if application is not None else None
    return open_material(task, material, viewer=viewer, posting=posting) if task is not None else None


def seen_materials(task: ItemTask) -> set[str]:
    """Ids of the files that someone of the task's present office has opened."""
    rows = task.accesses.filter(material__isnull=False, posting__office=task.office_id)
    return {str(pk) for pk in rows.values_list("material_id", flat=True)}


def judge(
    task: ItemTask, material: Material, verdict: Verdict, *, reviewer: User, note: str = "", at: datetime | None = None
) -> MaterialCheck:
    """The office's finding about one file. Nobody judges the own case, what the office has not opened, or what is decided."""
    with transaction.atomic():
        workflow.check_not_own(task.application, reviewer)
        if task.is_terminal:
            raise Refused(f"这一件现在是“{task.get_status_display()}”，材料不再审核")
        if str(material.pk) not in seen_materials(task):
            raise Refused("请先打开这份材料看过，再写结论")
        check, _ = MaterialCheck.objects.update_or_create(
            task=task,
            material=material,
            defaults={
                "verdict": verdict,
                "note": note.strip()[:200],
                "checked_by": reviewer,
                "checked_at": at or timezone.now(),
            },
        )
    return check
