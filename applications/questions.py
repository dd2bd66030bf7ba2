"""办不成事: a person asks why nothing moves; somebody owns the answer and has a day to give it by (DOMAIN.md 3.2, 5.2)."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from agencies.deadlines import calendar_now
from agencies.models import Office
from applications import notices, workflow
from applications.enums import BEFORE_OFFICES, NoticeKind
from applications.errors import AlreadyDone, Invalid, Refused
from applications.models import Application, ItemTask, Question
from applications.registration import clean_text
from portal.accounts.models import User

ANSWER_DAYS = 5  # working days for a simple matter, DOMAIN.md 3.2 (办不成事窗口)
LONGEST = 1000


def ask(
    application: Application, *, user: User, text: str, task: ItemTask | None = None, at: datetime | None = None
) -> Question:
    """Takes a question to the office of the item, or to the supervisors of the place when it is about the whole case."""
    at = at or timezone.now()
    words = clean_text(text)
    if not words:
        raise Invalid({"text": "请写明哪件事没人管、您等了多久"})
    if len(words) > LONGEST:
        raise Invalid({"text": f"最多写 {LONGEST} 个字，现在有 {len(words)} 个"})
    office = _owner(application, task)
    try:
        with transaction.atomic():
            return Question.objects.create(
                application=application,
                task=task,
                region=application.region,
                office=office,
                text=words,
                asked_by=user,
                asked_at=at,
                answer_by=calendar_now().at(application.region_id).add(timezone.localdate(at), ANSWER_DAYS),
                escalated_at=None if task else at,
            )
    except IntegrityError:
        raise Refused("这件事您已经反映过，还在答复期限内，答复后会显示在办件页") from None


def _owner(application: Application, task: ItemTask | None) -> Office | None:
    """The item's office; before it has the item, the hub that looks through the form."""
    if task is None:
        return None
    if task.status in BEFORE_OFFICES:
        waiting = application.pre_reviews.select_related("office").last()
        return waiting.office if waiting is not None else task.office
    return task.office


def answer(question: Question, *, staff: User, text: str, at: datetime | None = None) -> Question:
    """Answers once; the person reads it on the case's page."""
    at = at or timezone.now()
    words = clean_text(text)
    if not words:
        raise Invalid({"text": "请写明查到了什么、接下来怎么办"})
    with transaction.atomic():
        workflow.lock(question.application_id)
        related = ("answered_by", "application")
        current = Question.objects.select_for_update(of=("self",)).select_related(*related).get(pk=question.pk)
        if current.answered_at is not None:
            raise AlreadyDone(f"{current.answered_by}已经答复过，没有再次答复")
        current.answer, current.answered_by, current.answered_at = words, staff, at
        current.save(update_fields=["answer", "answered_by", "answered_at"])
        notices.write(current.application, NoticeKind.PROGRESS, details=["您反映的问题有了答复"], at=at)
    return current


def escalate_silent(*, at: datetime | None = None) -> int:
    """What an office did not answer by its day goes to the supervisors of the place. Safe to run twice."""
    at = at or timezone.now()
    silent = Question.objects.filter(answered_at=None, escalated_at=None, answer_by__lt=timezone.localdate(at))
    return silent.update(escalated_at=at)
