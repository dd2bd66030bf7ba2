"""What a person takes back, as long as no office has taken it up."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from agencies.deadlines import calendar_now
from applications import closing, fanout, holders, workflow
from applications.enums import Action, TaskStatus
from applications.errors import AlreadyDone
from applications.models import Application, ItemTask
from portal.accounts.models import User


def withdraw(
    application: Application,
    *,
    user: User,
    tasks: Iterable[ItemTask] | None = None,
    note: str = "",
    at: datetime | None = None,
) -> list[ItemTask]:
    """Takes back the given items (default: every one still possible). An item under review is no longer withdrawn.

    Pending dispatches are cancelled in the same transaction; where nothing else is open, the case is closed. Raises
    AlreadyDone when nothing can be taken back.
    """
    at = at or timezone.now()
    with transaction.atomic():
        locked = workflow.lock(application.pk)
        party = locked.party_of(user)
        wanted = {task.pk for task in tasks} if tasks is not None else None
        calendar = calendar_now()
        withdrawn = []
        for task in locked.tasks.select_related("item__scheme", "office"):
            task.application = locked
            if wanted is not None and task.pk not in wanted:
                continue
            if Action.WITHDRAW not in workflow.available(task, party):
                continue
            workflow.advance(task, Action.WITHDRAW, party=party, actor=user, note=note, at=at, calendar=calendar)
            holders.cancel_open(task, "申请人撤回")
            withdrawn.append(task)
        if not withdrawn:
            raise AlreadyDone("没有可以撤回的事项：部门已经受理或已经办完")
        _leave_pre_review(locked, withdrawn, at)
        fanout.release_ready(locked, at=at, calendar=calendar)
        closing.close(locked, details=[f"{task.spec.title}：已撤回" for task in withdrawn], at=at)
    return withdrawn


def _leave_pre_review(application: Application, withdrawn: list[ItemTask], at: datetime) -> None:
    """Items withdrawn while their form was given back are not on it any more; a form without any is closed."""
    review = application.pre_reviews.returned().select_related("draft").first()
    if review is None or review.draft is None:
        return
    draft, gone = review.draft, {task.item.code for task in withdrawn}
    draft.ticked = [code for code in draft.ticked if code not in gone]
    if not application.tasks.filter(status=TaskStatus.PRE_RETURNED).exists():
        draft.sent_at, review.amended_at = at, at
        review.save(update_fields=["amended_at"])
    draft.version += 1
    draft.save(update_fields=["ticked", "sent_at", "version", "saved_at"])
