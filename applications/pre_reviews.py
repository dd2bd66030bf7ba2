"""预审 (HL-16): before any office gets its part, the hub looks whether the form is complete. Called by desk and window.

Only where the scheme says so. A form that passes goes out as any other; one given back is open again for its person,
who changes it and hands it in once more (`submission.submit`). No clock of an office runs in between.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from agencies.fields import IDENTITY
from applications import fanout, notices, workflow
from applications.enums import Action, NoticeKind, Party, TaskStatus
from applications.errors import AlreadyDone, Invalid, Refused
from applications.models import Application, Draft, ItemTask, PreReview
from applications.review import Deficit
from applications.transitions import TRANSITIONS
from portal.accounts.models import User


def pass_on(
    review: PreReview, *, staff: User, party: Party = Party.REVIEWER, note: str = "", at: datetime | None = None
) -> PreReview:
    """预审通过: every item goes on its way, or waits for its own prerequisites as it would have from the start.

    Raises Refused when the form was typed by the same person: two people look at every form.
    """
    at = at or timezone.now()
    with transaction.atomic():
        application = workflow.lock(review.application_id)
        current = _open(review)
        if words := barred(current, staff):
            raise Refused(words)
        for task in _tasks(application, TaskStatus.PRE_REVIEW):
            workflow.advance(task, Action.PRE_PASS, party=party, actor=staff, note=note, at=at)
        _decide(current, staff, at, is_passed=True, note=note)
        fanout.release_ready(application, at=at)
        notices.write(application, NoticeKind.PROGRESS, details=["登记表预审通过，正在分送各部门"], at=at)
    return current


def give_back(
    review: PreReview,
    *,
    staff: User,
    deficits: Iterable[Deficit],
    party: Party = Party.REVIEWER,
    at: datetime | None = None,
) -> PreReview:
    """预审退回: everything that is wrong, said once; the form is open again for its person."""
    at = at or timezone.now()
    lines = list(deficits)
    with transaction.atomic():
        application = workflow.lock(review.application_id)
        current = _open(review)
        _check(application, lines)
        note = "；".join(line.reason.strip() for line in lines)
        rows = [{"field": line.field, "material": line.material, "reason": line.reason.strip()} for line in lines]
        data = {"deficits": len(rows)}
        for task in _tasks(application, TaskStatus.PRE_REVIEW):
            workflow.advance(task, Action.PRE_RETURN, party=party, actor=staff, note=note, data=data, at=at)
        current.deficits = rows
        _decide(current, staff, at, is_passed=False, note=note)
        _reopen(current, application)
        notices.write(application, NoticeKind.PRE_RETURNED, details=[f"{current.office}预审退回：{note}"], at=at)
    return current


def over(review: PreReview) -> str:
    """Why the form is not the hub's to see or decide any more: it is decided, or withdrawn. Empty while it waits."""
    if review.decided_at is not None:
        local = timezone.localtime(review.decided_at)
        done = "通过" if review.is_passed else "退回"
        return f"{local.month}月{local.day}日 {local:%H:%M} 已由{review.decided_by}预审{done}，没有再次登记"
    return "" if review.application.tasks.filter(status=TaskStatus.PRE_REVIEW).exists() else _WITHDRAWN


_WITHDRAWN = "这个办件已经不在预审中，可能申请人刚才撤回了"


def barred(review: PreReview, staff: User) -> str:
    """Why this person may not pass the form: they typed it, also if somebody else pressed the button. Empty when they may."""
    if review.draft is not None and review.draft.entered_by_id == staff.pk:
        return TRANSITIONS[Action.PRE_PASS].other_words
    task = review.application.tasks.filter(status=TaskStatus.PRE_REVIEW).select_related("application").first()
    return workflow.barred(task, Action.PRE_PASS, staff) if task is not None else ""


def _open(review: PreReview) -> PreReview:
    current = PreReview.objects.select_related("decided_by", "draft", "office").get(pk=review.pk)
    if words := over(current):
        raise AlreadyDone(words)
    return current


def _tasks(application: Application, status: TaskStatus) -> list[ItemTask]:
    tasks = list(application.tasks.filter(status=status).select_related("item__scheme", "office"))
    for task in tasks:
        task.application = application
    return tasks


def _decide(review: PreReview, staff: User, at: datetime, *, is_passed: bool, note: str) -> None:
    review.decided_by, review.decided_at, review.is_passed, review.note = staff, at, is_passed, note.strip()
    review.save()


def _check(application: Application, lines: list[Deficit]) -> None:
    if not lines:
        raise Invalid({"deficits": "请至少写明一处要改的内容或材料"})
    fields = {entry.field for entry in application.registration.asked()}
    materials = {
        m.code for m in application.scheme.spec.materials_for(frozenset(application.ticked), application.answers)
    }
    for line in lines:
        if line.field == IDENTITY:
            raise Refused("身份证号不能退回修改，换了号码就是另一个人的办件。号码不对的，请撤回这个办件，再重新填一份")
        if not line.reason.strip():
            raise Invalid({line.field or line.material: "请写明哪里不对、怎样改"})
        if (line.field and line.field not in fields) or (line.material and line.material not in materials):
            raise Refused("只能退回登记表里有的内容和材料")


def _reopen(review: PreReview, application: Application) -> None:
    """The form with its files is the person's again; nobody but the hub has seen it yet."""
    if review.draft_id is None:
        return
    Draft.objects.filter(pk=review.draft_id).update(sent_at=None, saved_at=timezone.now())
    application.materials.filter(draft=review.draft_id).update(application=None)
