"""到场: the office offers times, the person takes one or asks for another, and who came is written down.

Called by the desk, the window and the person's own page. The clock stands from the call until the person came; nothing
here moves it otherwise.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from agencies.catalogue import place_told
from agencies.deadlines import calendar_now
from agencies.models import Office, Region
from applications import notices, rounds, workflow
from applications.enums import Action, NoticeKind, Party, TaskStatus
from applications.errors import AlreadyDone, Invalid, Refused
from applications.models import ItemTask, Visit
from applications.querysets import within
from applications.registration import clean_text
from portal.accounts.models import User

MOST_SLOTS = 6


def hours_of(task: ItemTask, day: date) -> str:
    """When the office is open in the season of the day; empty where it is not published."""
    if task.office.hours:
        return task.office.hours
    place = place_told(task.application.scheme, task.office.region)
    return (place.hours_on(day) if place else "") or ""


# -- how many at a time -------------------------------------------------------------------------------------------------


def period_of(office: Office, slot: datetime) -> tuple[datetime, datetime]:
    """From when to when the office counts together: 9:10 and 9:25 are both the half hour of 9:00."""
    local = timezone.localtime(slot)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    step = timedelta(minutes=office.visit_minutes)
    begin = midnight + step * ((local - midnight) // step)
    return begin, begin + step


def is_full(task: ItemTask, slot: datetime) -> bool:
    """Whether others have taken every place of that time at the task's office; never where no number is set."""
    office = task.office
    if office.visit_places is None:
        return False
    begin, end = period_of(office, slot)
    others = Visit.objects.filter(
        task__office=office,
        task__status=TaskStatus.AWAITING_VISIT,
        came_at=None,
        chosen_at__gte=begin,
        chosen_at__lt=end,
    ).exclude(task=task)
    return others.count() >= office.visit_places


def free_times(task: ItemTask, visit: Visit, now: datetime) -> list[datetime]:
    """The times offered that the person can still take."""
    return [slot for slot in visit.times if slot > now and not is_full(task, slot)]


def _hold_places(task: ItemTask) -> None:
    """Under this lock the places of the office are counted and taken, after the case's own: two cannot have the last."""
    if task.office.visit_places is not None:
        Office.objects.select_for_update(no_key=True).get(pk=task.office_id)


def open_visit(task: ItemTask) -> Visit | None:
    """The call that the person has not followed yet; for a task fetched with its visits no further query."""
    return next((visit for visit in task.visits.all() if visit.came_at is None), None)


def call_in(
    task: ItemTask,
    *,
    reviewer: User,
    note: str,
    slots: Iterable[datetime] = (),
    place: str = "",
    bring: str = "",
    at: datetime | None = None,
) -> ItemTask:
    """通知本人到场 (OR-14): the clock stands still until the person came.

    One time offered is the appointment, unless the person asks for another; of several the person takes one; with none
    the person may come at any opening hour. Raises Invalid for a time that is past or on a day off.
    """
    at = at or timezone.now()
    with transaction.atomic():
        workflow.lock(task.application_id)
        times, where = _checked(task, slots, at), clean_text(place)[:200] or task.office.where
        data = {"place": where, "slots": [slot.isoformat() for slot in times]}
        workflow.advance(task, Action.CALL_IN, party=Party.REVIEWER, actor=reviewer, note=note, data=data, at=at)
        Visit.objects.create(
            task=task,
            place=where,
            bring=clean_text(bring)[:300],
            reason=note.strip(),
            slots=data["slots"],
            chosen_at=times[0] if len(times) == 1 else None,
            called_by=reviewer,
            called_at=at,
        )
        notices.tell(task, NoticeKind.IN_PERSON, f"请您本人到场：{note.strip()}", at=at)
    return task


def _checked(task: ItemTask, slots: Iterable[datetime], at: datetime) -> list[datetime]:
    times, calendar = sorted(set(slots)), calendar_now().at(task.office.region_id)
    _hold_places(task)
    if len(times) > MOST_SLOTS:
        raise Invalid({"slots": f"最多给 {MOST_SLOTS} 个时间"})
    for slot in times:
        day = timezone.localdate(slot)
        if slot <= at:
            raise Invalid({"slots": f"{day.month}月{day.day}日这个时间已经过了，请给以后的时间"})
        if not calendar.is_working(day):
            raise Invalid({"slots": f"{day.month}月{day.day}日不是工作日，请换一天"})
        if is_full(task, slot):
            raise Invalid(
                {"slots": f"{day.month}月{day.day}日 {timezone.localtime(slot):%H:%M} 已经约满，请换一个时间"}
            )
    return times


def offer_times(task: ItemTask, *, reviewer: User, slots: Iterable[datetime], at: datetime | None = None) -> Visit:
    """Other times, after the person asked for one or did not come. They take the place of those before."""
    at = at or timezone.now()
    with transaction.atomic():
        workflow.lock(task.application_id)
        times = _checked(task, slots, at)
        data = {"slots": [slot.isoformat() for slot in times]}
        if Visit.objects.filter(task=task, came_at=None, slots=data["slots"]).exists() and times:
            raise AlreadyDone("这些时间已经发给申请人，没有再次发送")
        workflow.advance(task, Action.OFFER_TIMES, party=Party.REVIEWER, actor=reviewer, data=data, at=at)
        visit = _current(task)
        visit.slots, visit.wish = data["slots"], ""
        visit.chosen_at = times[0] if len(times) == 1 else None
        visit.save()
        notices.tell(task, NoticeKind.IN_PERSON, "给了新的到场时间，请您选", at=at)
    return visit


def _current(task: ItemTask) -> Visit:
    """The open call, read anew under the case's lock. A call from before appointments were kept gets one."""
    visit = Visit.objects.filter(task=task, came_at=None).first()
    return visit or Visit.objects.create(task=task, place=task.office.where, called_at=timezone.now())


def book(task: ItemTask, slot: datetime, *, user: User, party: Party, at: datetime | None = None) -> Visit:
    """Takes one of the times offered. Raises Invalid for any other, AlreadyDone for the one that is taken already."""
    at = at or timezone.now()
    with transaction.atomic():
        workflow.lock(task.application_id)
        visit = _current(task)
        if visit.chosen_at == slot:
            raise AlreadyDone("您已经选了这个时间，没有再次登记")
        if slot not in visit.times:
            raise Invalid({"slot": "这个时间不在可选的时间里，请在列出的时间里选一个"})
        if slot <= at:
            raise Invalid({"slot": "这个时间已经过了，请选别的时间，或者请求另约"})
        _hold_places(task)
        if is_full(task, slot):
            raise Invalid({"slot": "这个时间刚刚约满，请选别的时间，或者请求另约"})
        data = {"slot": slot.isoformat()}
        workflow.advance(task, Action.BOOK_TIME, party=party, actor=user, data=data, at=at)
        visit.chosen_at, visit.wish = slot, ""
        visit.save(update_fields=["chosen_at", "wish"])
    return visit


def ask_other_time(task: ItemTask, *, user: User, party: Party, wish: str, at: datetime | None = None) -> Visit:
    """None of the times suits: the person says when one would. What was agreed before is off."""
    words = clean_text(wish)
    if len(words) > 200:
        raise Invalid({"wish": "最多写 200 个字"})
    with transaction.atomic():
        workflow.lock(task.application_id)
        workflow.advance(task, Action.ASK_OTHER_TIME, party=party, actor=user, note=words, at=at)
        visit = _current(task)
        visit.wish, visit.chosen_at = words, None
        visit.save(update_fields=["wish", "chosen_at"])
    return visit


def record_visit(task: ItemTask, *, staff: User, party: Party = Party.REVIEWER, at: datetime | None = None) -> ItemTask:
    """The person was there: the clock goes on."""
    at = at or timezone.now()
    with transaction.atomic():
        workflow.lock(task.application_id)
        workflow.advance(task, Action.RECORD_VISIT, party=party, actor=staff, at=at)
        Visit.objects.filter(task=task, came_at=None).update(came_at=at)
    return task


def record_no_show(task: ItemTask, *, staff: User, party: Party = Party.REVIEWER, at: datetime | None = None) -> Visit:
    """The person did not come at the time agreed; a new one is to be found. Before that time it cannot be said."""
    at = at or timezone.now()
    with transaction.atomic():
        workflow.lock(task.application_id)
        task.refresh_from_db(fields=["status"])
        visit = Visit.objects.filter(task=task, came_at=None).first()
        agreed = visit.chosen_at if visit is not None else None
        if task.status == TaskStatus.AWAITING_VISIT and agreed is None:
            raise Refused("这一件没有约好的时间，不能登记未到场")
        if agreed is not None and agreed > at:
            raise Refused("约好的时间还没有到，不能登记未到场")
        data = {"slot": agreed.isoformat()} if agreed else {}
        workflow.advance(task, Action.RECORD_NO_SHOW, party=party, actor=staff, data=data, at=at)
        assert visit is not None
        visit.missed_at, visit.chosen_at, visit.slots = agreed, None, []
        visit.save(update_fields=["missed_at", "chosen_at", "slots"])
        notices.tell(task, NoticeKind.IN_PERSON, "约好的时间您没有到场，会另约时间", at=at)
    return visit


def to_come(day: date) -> QuerySet[Visit]:
    """The appointments agreed for a day."""
    begin = timezone.make_aware(datetime.combine(day, datetime.min.time()))
    return Visit.objects.filter(
        came_at=None,
        chosen_at__gte=begin,
        chosen_at__lt=begin + timedelta(days=1),
        task__status=TaskStatus.AWAITING_VISIT,
    )


def of_place(region: Region, day: date) -> QuerySet[Visit]:
    """Who comes on a day to the offices of a place, the earliest first."""
    here = within(region, "task__office__region")
    related = ("task__application__scheme", "task__item", "task__office")
    return to_come(day).filter(here).select_related(*related).order_by("chosen_at", "id")


def remind(*, at: datetime | None = None) -> int:
    """The day before, once: a message to whoever agreed on a time for tomorrow. Returns how many were written."""
    tomorrow = timezone.localdate(at or timezone.now()) + timedelta(days=1)
    visits = to_come(tomorrow).exclude(reminded_on=tomorrow)
    visits = visits.select_related("task__item", "task__application__scheme")
    return rounds.over(visits, partial(_remind, tomorrow=tomorrow, at=at))


def _remind(visit: Visit, *, tomorrow: date, at: datetime | None) -> int:
    with transaction.atomic():
        application = workflow.lock(visit.task.application_id)
        claimed = to_come(tomorrow).exclude(reminded_on=tomorrow).filter(pk=visit.pk).update(reminded_on=tomorrow)
        if claimed:
            details = [f"{visit.task.spec.title}：约好明天到场"]
            notices.write(application, NoticeKind.VISIT_REMINDER, details=details, at=at)
    return claimed
