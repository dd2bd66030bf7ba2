"""办不成事: a person asks why nothing moves; somebody owns the answer and has a day to give it by (DOMAIN.md 3.2, 5.2)."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from agencies.deadlines import calendar_now
from agencies.fields import FIELDS
from agencies.models import Office, Region
from applications import notices, workflow
from applications.enums import BEFORE_OFFICES, Channel, NoticeKind
from applications.errors import AlreadyDone, Invalid, Refused
from applications.models import Application, ItemTask, Question
from applications.numbering import question_number
from applications.registration import clean_text, normalise, problem
from portal.accounts.models import User

ANSWER_DAYS = 5  # working days for a simple matter, DOMAIN.md 3.2 (办不成事窗口)
LONGEST = 1000


def ask(
    application: Application,
    *,
    user: User,
    text: str,
    task: ItemTask | None = None,
    channel: Channel = Channel.ONLINE,
    at: datetime | None = None,
) -> Question:
    """Takes a question to the office of the item, or to the supervisors of the place when it is about the whole case."""
    at = at or timezone.now()
    words = _checked(text)
    office = _owner(application, task)
    try:
        with transaction.atomic():
            return Question.objects.create(
                number=question_number(application.region_id, timezone.localdate(at)),
                channel=channel,
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


def _checked(text: str) -> str:
    words = clean_text(text)
    if not words:
        raise Invalid({"text": "请写明哪件事没人管、您等了多久"})
    if len(words) > LONGEST:
        raise Invalid({"text": f"最多写 {LONGEST} 个字，现在有 {len(words)} 个"})
    return words


def ask_at_window(
    *, region: Region, clerk: User, name: str, phone: str, text: str, at: datetime | None = None
) -> Question:
    """A person without a case: the clerk writes it down, and it goes to the supervisors of the place at once.

    Raises AlreadyDone when the same was written down already and is not answered.
    """
    at = at or timezone.now()
    words, who, number = _checked(text), clean_text(name), str(normalise(FIELDS["mobile"], phone))
    if not who:
        raise Invalid({"name": "请写姓名"})
    if wrong := problem(FIELDS["mobile"], number, label="联系电话", today=timezone.localdate(at)):
        raise Invalid({"phone": wrong})
    with transaction.atomic():
        User.objects.select_for_update().get(pk=clerk.pk)  # a second click waits for the first
        same = Question.objects.filter(region=region, text=words, answered_at=None)
        if known := next((question for question in same if question.phone == number), None):
            raise AlreadyDone(f"这件事已经记过，编号 {known.number}，没有再记")
        return Question.objects.create(
            number=question_number(region.pk, timezone.localdate(at)),
            channel=Channel.WINDOW,
            region=region,
            person_name=who[:60],
            phone=number,
            text=words,
            asked_by=clerk,
            asked_at=at,
            answer_by=calendar_now().at(region.pk).add(timezone.localdate(at), ANSWER_DAYS),
            escalated_at=at,
        )


def _owner(application: Application, task: ItemTask | None) -> Office | None:
    """The item's office; before it has the item, the hub that looks through the form."""
    if task is None:
        return None
    if task.status in BEFORE_OFFICES:
        waiting = application.pre_reviews.select_related("office").last()
        return waiting.office if waiting is not None else task.office
    return task.office


def answer(question: Question, *, staff: User, text: str, at: datetime | None = None) -> Question:
    """Answers once; the person reads it on the case's page. Nobody answers what is asked about their own case."""
    at = at or timezone.now()
    words = clean_text(text)
    if not words:
        raise Invalid({"text": "请写明查到了什么、接下来怎么办"})
    with transaction.atomic():
        if question.application_id is not None:
            workflow.check_not_own(workflow.lock(question.application_id), staff)
        related = ("answered_by", "application")
        current = Question.objects.select_for_update(of=("self",)).select_related(*related).get(pk=question.pk)
        if current.answered_at is not None:
            raise AlreadyDone(f"{current.answered_by}已经答复过，没有再次答复")
        current.answer, current.answered_by, current.answered_at = words, staff, at
        current.save(update_fields=["answer", "answered_by", "answered_at"])
        if current.application is not None:
            notices.write(current.application, NoticeKind.PROGRESS, details=["您反映的问题有了答复"], at=at)
        else:
            notices.write_to_phone(current.phone, NoticeKind.ANSWERED, about=current.number, at=at)
    return current


def escalate_silent(*, at: datetime | None = None) -> int:
    """What an office did not answer by its day goes to the supervisors of the place. Safe to run twice."""
    at = at or timezone.now()
    silent = Question.objects.filter(answered_at=None, escalated_at=None, answer_by__lt=timezone.localdate(at))
    return silent.update(escalated_at=at)
