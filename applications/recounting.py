"""What a new calendar does to running cases: shown before it is brought in, done afterwards, and compared every night.

The stored days of a task are those that its log and the calendar in force give. `preview` says which would move; `load`
brings the calendar in; `recompute` sets them, each with a log row that says why.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from agencies import calendars
from agencies.calendars import DayChange
from agencies.deadlines import Calendar, calendar_now
from agencies.models import CalendarYear
from applications import clock, notices, ratings, rounds, tickets, timing, workflow
from applications.enums import Action, NoticeKind, Party, TaskStatus
from applications.models import Correction, ItemTask

logger = logging.getLogger(__name__)

# So many tasks are set anew while the administrator waits; more are left to the job that follows a new calendar.
AT_ONCE = 300


@dataclass(frozen=True)
class Move:
    """One task whose day another calendar moves, or makes certain."""

    task: ItemTask
    before: date | None
    after: date | None
    was_provisional: bool
    is_provisional: bool

    @property
    def is_moved(self) -> bool:
        return self.before != self.after

    @property
    def is_earlier(self) -> bool:
        return self.before is not None and self.after is not None and self.after < self.before


@dataclass(frozen=True)
class Preview:
    """What bringing in a year would change: days of the calendar, and days of running tasks."""

    year: CalendarYear
    former: CalendarYear | None
    days: tuple[DayChange, ...]
    moves: tuple[Move, ...]
    is_new: bool

    @property
    def moved(self) -> list[Move]:
        return [move for move in self.moves if move.is_moved]

    @property
    def is_done_at_once(self) -> bool:
        return len(self.moves) <= AT_ONCE

    @property
    def settled(self) -> list[Move]:
        """Tasks whose day stays and is no longer only expected."""
        return [move for move in self.moves if not move.is_moved]


def preview(year: CalendarYear) -> Preview:
    """Nothing is written. Raises CalendarError for a place that is not known."""
    calendars.check_place(year)
    old, new, today = calendar_now(), calendars.with_year(year), timezone.localdate()
    days = calendars.changed_days(old, new, year)
    moves = [move for task in _touched_by(year, days) if (move := _move(task, new, today))]
    return Preview(year, calendars.in_force(year), tuple(days), tuple(moves), calendars.is_new(year))


def load(year: CalendarYear) -> Preview | None:
    """Stores the year as a new version and sets the tasks anew that it moves; None when the one in force says the same.

    More than `AT_ONCE` tasks are left to the job that follows a new calendar. Raises CalendarError.
    """
    seen = preview(year)
    if not calendars.store(year):
        return None
    if seen.is_done_at_once:
        _set_all_anew(move.task for move in seen.moves)
    _lengthen_corrections()
    ratings.count_anew()
    return seen


def _touched_by(year: CalendarYear, days: Iterable[DayChange]) -> QuerySet[ItemTask]:
    """Unfinished tasks that may have another day: due on or after the first changed day, or expected in that year."""
    first = min((change.day for change in days), default=None)
    touched = Q(is_due_provisional=True)
    if first is not None:
        touched |= Q(due_on__gte=first) | Q(reply_due_on__gte=first)
    return _whole(ItemTask.objects.unfinished().filter(touched))


def _whole(tasks: QuerySet[ItemTask]) -> QuerySet[ItemTask]:
    related = tasks.select_related("item__scheme", "office__agency", "application__scheme")
    return related.prefetch_related("log").order_by("due_on", "pk")


def _move(task: ItemTask, calendar: Calendar, today: date) -> Move | None:
    """How far the stored days are from what the calendar gives; None when they agree."""
    reading = timing.read_clock(task, calendar, today)
    same = (task.reply_due_on, task.due_on, task.is_due_provisional) == (
        reading.reply_due_on,
        reading.due_on,
        reading.is_provisional,
    )
    if same:
        return None
    return Move(
        task,
        task.due_on or task.reply_due_on,
        reading.due_on or reading.reply_due_on,
        task.is_due_provisional,
        reading.is_provisional,
    )


# -- doing it ----------------------------------------------------------------------------------------------------------


def recompute() -> int:
    """Compares every open task's stored days with its log; where they differ, a log row says from where to where and why.

    Returns how many moved. Run nightly and after each import of a calendar; run twice it changes nothing.
    """
    _lengthen_corrections()
    ratings.count_anew()
    return _set_all_anew(_whole(ItemTask.objects.unfinished()).iterator(chunk_size=500))


def _set_all_anew(tasks: Iterable[ItemTask]) -> int:
    loaded_at: datetime | None = CalendarYear.objects.aggregate(last=Max("loaded_at"))["last"]
    return rounds.over(tasks, partial(_set_anew, calendar=calendar_now(), loaded_at=loaded_at))


def _set_anew(task: ItemTask, *, calendar: Calendar, loaded_at: datetime | None) -> bool:
    if _move(task, calendar, timezone.localdate()) is None:
        return False
    with transaction.atomic():
        application = workflow.lock(task.application_id)
        fresh = _whole(ItemTask.objects.filter(pk=task.pk)).get()
        move = _move(fresh, calendar, timezone.localdate())
        if move is None or fresh.is_terminal:
            return False
        last = max(row.at for row in fresh.log.all())
        is_calendar = loaded_at is not None and loaded_at > last
        data = {"calendar": calendar.at(fresh.office.region_id).version, "from": str(move.before or "")}
        workflow.advance(
            fresh, Action.RECOMPUTE, party=Party.SYSTEM, note=_reason(move, is_calendar), data=data, calendar=calendar
        )
        if not is_calendar:
            _report(fresh)
        elif move.is_earlier:
            notices.write(application, NoticeKind.PROGRESS)
    return True


def _reason(move: Move, is_calendar: bool) -> str:
    before, after = (clock.say(day, 0) if day else "没有" for day in (move.before, move.after))
    if not is_calendar:
        return f"每夜核对：存的到期日是{before}，按流转记录重算是{after}，已改正"
    if move.is_moved:
        return f"工作日历更新，到期日由{before}改为{after}"
    return f"工作日历更新，到期日{after}{'仍是预计' if move.is_provisional else '确定下来'}"


def _lengthen_corrections() -> int:
    """The day told to a person never comes earlier; where the calendar gives them more time, they get it and are told."""
    waiting = Correction.objects.filter(answered_at=None).select_related("task__office", "task__application__scheme")
    return rounds.over(waiting, partial(_lengthen, calendar=calendar_now()))


def _lengthen(waiting: Correction, *, calendar: Calendar) -> bool:
    days = waiting.task.application.scheme.spec.correction_days
    until = calendar.at(waiting.task.office.region_id).add(timezone.localdate(waiting.asked_at), days)
    if until <= waiting.answer_by:
        return False
    with transaction.atomic():
        tasks = ItemTask.objects.select_related("office", "application__scheme", "item__scheme")
        task = tasks.get(corrections=waiting)
        workflow.lock(task.application_id)
        correction = Correction.objects.get(pk=waiting.pk)
        if correction.answered_at is not None or task.status != TaskStatus.AWAITING_CORRECTION:
            return False
        note = f"工作日历更新，补正期限由{clock.say(correction.answer_by, 0)}延到{clock.say(until, 0)}"
        correction.answer_by = task.correction_until = until
        correction.save(update_fields=["answer_by"])
        ItemTask.objects.filter(pk=task.pk).update(correction_until=until)
        workflow.advance(task, Action.RECOMPUTE, party=Party.SYSTEM, note=note, calendar=calendar)
        notices.tell(task, NoticeKind.PROGRESS, f"请您补正的期限延到{until.month}月{until.day}日")
    return True


def _report(task: ItemTask) -> None:
    """No calendar came in since the task's last deed, so the difference has a cause that somebody must find."""
    logger.error("stored days of task %s did not follow from its log", task.pk)
    tickets.open_ticket(
        f"stored_days:{task.pk}:{timezone.localdate()}",
        kind="stored_days",
        title=f"存的到期日与流转记录不一致（{task.application.number}）",
        suggestion="已按流转记录改正，请查明原因",
        office=task.office,
        task=task,
    )


def follow_calendar() -> int:
    """Recomputes when a calendar was loaded in the last half hour; the beat asks every ten minutes."""
    if not CalendarYear.objects.filter(loaded_at__gte=timezone.now() - timedelta(minutes=30)).exists():
        return 0
    return recompute()
