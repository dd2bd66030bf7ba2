"""好差评: a person says once how an item or the whole case went; a bad grade is looked into (STANDARDS.md 2.4, P-14 to P-16).

Nobody has to, nothing waits for it, and what is not said is not counted as good. Nothing of it stands in the log of the
case, which the offices read.
"""

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from agencies.deadlines import Calendar, calendar_now
from applications import notices, rounds, workflow
from applications.enums import BAD, CLOSED, DECIDED, ApplicationStatus, Channel, NoticeKind, Satisfaction
from applications.errors import AlreadyDone, Invalid, Refused
from applications.models import Application, ItemTask, Rating, Rectification
from applications.registration import clean_text
from portal.accounts.models import User

RECTIFY_DAYS = 15  # working days, DOMAIN.md 3.2
LONGEST = 500
LONGEST_ANSWER = 2000
# What the national standard asks about online and at a counter (STANDARDS.md 2.4).
REASONS: dict[str, dict[str, str]] = {
    Channel.ONLINE: {"speed": "办事效率", "guide": "办事指南精确度", "ease": "办事便捷度", "platform": "平台操作性"},
    Channel.WINDOW: {"service_speed": "服务效率", "skill": "服务水平", "attitude": "服务态度"},
}
_REASON_WORDS = {code: words for reasons in REASONS.values() for code, words in reasons.items()}


def reason_words(rating: Rating) -> list[str]:
    return [_REASON_WORDS[code] for code in rating.reasons]


def said_of(application: Application, task: ItemTask | None = None) -> list[Rating]:
    """What was said about the item, or about the whole case: nothing, one rating, or one and its addition."""
    about = task.pk if task else None
    return [rating for rating in application.ratings.all() if rating.task_id == about]


def ended_at(application: Application, task: ItemTask | None = None) -> datetime | None:
    """When the item was decided or the whole case closed; None while it is open, and for what was withdrawn."""
    if task is None:
        return application.closed_at if application.status in CLOSED - {ApplicationStatus.WITHDRAWN} else None
    if task.status not in DECIDED:
        return None
    return next((row.at for row in task.log.all() if row.to_status == task.status), None)


def is_open(application: Application, task: ItemTask | None = None, *, at: datetime | None = None) -> bool:
    """Whether something may be said now: `RATING_DAYS` after the end, and one addition as long after the rating or its answer."""
    said = said_of(application, task)
    since = _spoken_at(said[0]) if said else ended_at(application, task)
    if since is None or len(said) > 1:
        return False
    last = timezone.localdate(since) + timedelta(days=settings.RATING_DAYS)
    return timezone.localdate(at or timezone.now()) <= last


def _spoken_at(rating: Rating) -> datetime:
    """When the last word about a rating was said."""
    answer = rating.answered
    return answer.answered_at if answer is not None and answer.answered_at else rating.rated_at


def rate(
    application: Application,
    *,
    user: User,
    grade: int,
    task: ItemTask | None = None,
    reasons: Collection[str] = (),
    text: str = "",
    channel: Channel = Channel.ONLINE,
    is_addition: bool = False,
    at: datetime | None = None,
) -> Rating:
    """Takes what the person says of an item, or of the whole case without one, once; and one addition to it (追评).

    A bad grade goes to the supervisors of the place, who answer within 15 working days. Raises Invalid for what was
    filled in, AlreadyDone when it was said before, Refused when the person may not.
    """
    at = at or timezone.now()
    words = _checked(grade, reasons, text, channel)
    with transaction.atomic():
        current = workflow.lock(application.pk)
        task = current.tasks.get(pk=task.pk) if task else None
        if channel == Channel.ONLINE and current.applicant_id != user.pk:
            raise Refused("只有申请人本人可以评价")
        if channel == Channel.WINDOW:
            workflow.check_not_own(current, user)
        said = said_of(current, task)
        if len(said) != int(is_addition):
            raise AlreadyDone("已经评价过，没有再记一次" if said else "还没有评价过，不能追加")
        if not is_open(current, task, at=at):
            raise Refused("办完以后才能评价" if ended_at(current, task) is None else "评价的时间已经过了")
        rating = Rating.objects.create(
            application=current,
            task=task,
            follows=said[0] if said else None,
            channel=channel,
            grade=grade,
            reasons=list(reasons),
            text=words,
            rated_by=user,
            rated_at=at,
        )
        if grade in BAD:
            Rectification.objects.create(rating=rating, answer_by=_answer_by(rating, calendar_now()))
    return rating


def _answer_by(rating: Rating, calendar: Calendar) -> date:
    """The day by the working days of the case's place; the day of the rating is day 0."""
    return calendar.at(rating.application.region_id).add(timezone.localdate(rating.rated_at), RECTIFY_DAYS)


def _checked(grade: int, reasons: Iterable[str], text: str, channel: Channel) -> str:
    """The text as it is kept. Raises Invalid: a bad grade needs a reason, the text has a limit."""
    words, wrong = clean_text(text), {}
    if grade not in Satisfaction.values:
        wrong["grade"] = "请选一档"
    if grade in BAD and not reasons:
        wrong["reasons"] = "请至少选一个方面，好让人去查"
    if not set(reasons) <= set(REASONS[channel]):
        wrong["reasons"] = "请从列出的方面里选"
    if len(words) > LONGEST:
        wrong["text"] = f"最多写 {LONGEST} 个字，现在有 {len(words)} 个"
    if wrong:
        raise Invalid(wrong)
    return words


def answer(rectification: Rectification, *, staff: User, text: str, at: datetime | None = None) -> Rectification:
    """Answers a bad grade once, by somebody who had no part in what was rated; the person reads it with their rating."""
    at = at or timezone.now()
    words = clean_text(text)
    if not words:
        raise Invalid({"text": "请写明核实到什么、改了什么"})
    if len(words) > LONGEST_ANSWER:
        raise Invalid({"text": f"最多写 {LONGEST_ANSWER} 个字，现在有 {len(words)} 个"})
    with transaction.atomic():
        application = workflow.lock(rectification.rating.application_id)
        related = Rectification.objects.select_for_update(of=("self",)).select_related("rating", "answered_by")
        current = related.get(pk=rectification.pk)
        if current.answered_at is not None:
            raise AlreadyDone(f"{current.answered_by}已经答复过，没有再次答复")
        if not Rating.objects.apart_from(staff).filter(pk=current.rating_id).exists():
            raise Refused("这一件您经办过，或者是您本人的，请由别人核实和答复")
        current.answer, current.answered_by, current.answered_at = words, staff, at
        current.save(update_fields=["answer", "answered_by", "answered_at"])
        notices.write(application, NoticeKind.PROGRESS, details=["您的评价有了答复"], at=at)
    return current


def count_anew() -> int:
    """Sets the day of every answer still owed as the calendar in force gives it. Returns how many moved; run twice, none."""
    owed = Rectification.objects.unanswered().select_related("rating__application")
    return rounds.over(owed, partial(_count_anew, calendar=calendar_now()))


def _count_anew(owed: Rectification, *, calendar: Calendar) -> int:
    until = _answer_by(owed.rating, calendar)
    if until == owed.answer_by:
        return 0
    return Rectification.objects.unanswered().filter(pk=owed.pk).update(answer_by=until)
