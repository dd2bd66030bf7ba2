"""The clock of one task: a pure function of (events, rule, calendar, today). No database, no present time inside.

Rules (DOMAIN.md 3.2, STANDARDS.md 3.3): the day of an act is day 0; pauses count the days strictly between their first
and last day; overlapping pauses are their union; an extension adds days; a fixed date does no arithmetic. A date that
falls in a year without a loaded calendar is provisional.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from agencies.deadlines import Calendar
from agencies.enums import LimitUnit
from agencies.spec import Limit
from applications.enums import Action, TaskStatus

_WEEKDAYS = "一二三四五六日"


class Kind(StrEnum):
    RECEIVED = "received"
    ACCEPTED = "accepted"
    PAUSED = "paused"
    RESUMED = "resumed"
    EXTENDED = "extended"
    ENDED = "ended"


class State(StrEnum):
    NOT_STARTED = "not_started"
    REPLYING = "replying"
    RUNNING = "running"
    PAUSED = "paused"
    NO_LIMIT = "no_limit"
    ENDED = "ended"


class Light(StrEnum):
    OFF = "off"
    GREEN = "green"
    AMBER = "amber"
    RED = "red"


@dataclass(frozen=True)
class Event:
    on: date
    kind: Kind
    reason: str = ""
    days: int = 0


@dataclass(frozen=True)
class Rule:
    """`limit` None: the region published none. `reply_days`: working days to answer a received submission."""

    limit: Limit | None
    reply_days: int = 5
    agency: str = ""


@dataclass(frozen=True)
class Reading:
    """What the clock shows. `used` and `left` are working days (calendar days for such a limit); `left` < 0 is overdue."""

    state: State
    light: Light = Light.OFF
    received_on: date | None = None
    accepted_on: date | None = None
    reply_due_on: date | None = None
    due_on: date | None = None
    used: int = 0
    left: int | None = None
    is_provisional: bool = False
    lines: tuple[str, ...] = ()
    paused_days: frozenset[date] = frozenset()

    @property
    def next_on(self) -> date | None:
        """The day by which the office must act in this state; None while nothing runs."""
        if self.state == State.REPLYING:
            return self.reply_due_on
        return self.due_on if self.state == State.RUNNING else None


@dataclass(frozen=True)
class Pause:
    start: date
    end: date | None
    reason: str

    def covers(self, day: date) -> bool:
        return self.start < day and (self.end is None or day < self.end)


def say(day: date) -> str:
    """10月28日（星期三）."""
    return f"{day.month}月{day.day}日（星期{_WEEKDAYS[day.weekday()]}）"


_ACCEPTING = {Action.ACCEPT, Action.ACCEPT_PROVISIONALLY, Action.DEEM_ACCEPTED}
_PAUSING = {Action.REQUEST_CORRECTION: "补正", Action.CALL_IN: "等本人到场", Action.SUSPEND: "特别程序"}
_RESUMING = {Action.RESUBMIT: "补正", Action.RECORD_VISIT: "等本人到场", Action.RESUME: "特别程序"}
_ENDING = {
    Action.COMPLETE,
    Action.APPROVE,
    Action.APPROVE_REFUSAL,
    Action.REFUSE,
    Action.DO_NOT_ACCEPT,
    Action.WITHDRAW,
    Action.TERMINATE,
}


@dataclass(frozen=True)
class LogLine:
    """What the clock reads of a StatusLog row."""

    on: date
    action: str
    from_status: str = ""
    accepted_on: date | None = None
    days: int = 0


def events_of(log: Iterable[LogLine]) -> list[Event]:
    """The clock's events out of a task's log. A correction before acceptance does not pause: nothing runs yet.

    Before acceptance each new delivery starts the answer period again, since only then all corrections are in.
    """
    events: list[Event] = []
    for line in log:
        if line.action == Action.DELIVER:
            events.append(Event(line.on, Kind.RECEIVED))
        elif line.action in _ACCEPTING:
            events.append(Event(line.accepted_on or line.on, Kind.ACCEPTED, str(line.action)))
        elif line.action in _PAUSING and line.from_status != TaskStatus.QUEUED:
            events.append(Event(line.on, Kind.PAUSED, _PAUSING[Action(line.action)]))
        elif line.action in _RESUMING:
            events.append(Event(line.on, Kind.RESUMED, _RESUMING[Action(line.action)]))
        elif line.action == Action.EXTEND:
            events.append(Event(line.on, Kind.EXTENDED, days=line.days))
        elif line.action in _ENDING:
            events.append(Event(line.on, Kind.ENDED))
    return events


def pauses_of(events: Iterable[Event]) -> list[Pause]:
    """Intervals per reason; events of one day count together, so their order does not matter."""
    per_day: dict[str, dict[date, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for event in events:
        if event.kind in (Kind.PAUSED, Kind.RESUMED):
            per_day[event.reason][event.on][0 if event.kind == Kind.PAUSED else 1] += 1
    pauses: list[Pause] = []
    for reason, days in per_day.items():
        start: date | None = None
        for day in sorted(days):
            begun, ended = days[day]
            is_open_after = (begun > ended) if start is None else (begun >= ended)
            if start is not None and ended:
                pauses.append(Pause(start, day, reason))
                start = None
            if start is None and is_open_after and begun:
                start = day
        if start is not None:
            pauses.append(Pause(start, None, reason))
    return sorted(pauses, key=lambda pause: (pause.start, pause.reason))


def read(events: list[Event], rule: Rule, calendar: Calendar, today: date) -> Reading:
    """Where the clock stands on `today`, and why, line by line."""
    ended_on = min((event.on for event in events if event.kind == Kind.ENDED), default=None)
    accepted = min((event for event in events if event.kind == Kind.ACCEPTED), key=lambda e: e.on, default=None)
    received = [event.on for event in events if event.kind == Kind.RECEIVED]
    if accepted is None:
        return _before_acceptance(received, ended_on, rule, calendar, today)
    return _after_acceptance(accepted, max(received, default=None), events, ended_on, rule, calendar, today)


def _before_acceptance(
    received: list[date], ended_on: date | None, rule: Rule, calendar: Calendar, today: date
) -> Reading:
    if not received:
        return Reading(State.ENDED if ended_on else State.NOT_STARTED, lines=("还没有送达部门，没有开始计时。",))
    day = max(received)
    reply_due = calendar.add(day, rule.reply_days)
    left = calendar.between(today, reply_due)
    lines = (
        f"{say(day)}送达{rule.agency}，当天不算。",
        f"{rule.agency or '部门'}应在 {rule.reply_days} 个工作日内答复是否受理，或一次告知要补正的全部内容。",
        f"第 {rule.reply_days} 个工作日是 {say(reply_due)}。",
    )
    return Reading(
        State.ENDED if ended_on else State.REPLYING,
        light=Light.OFF if ended_on else _light(left),
        received_on=day,
        reply_due_on=reply_due,
        left=left,
        is_provisional=not calendar.knows(reply_due),
        lines=lines,
    )


def _after_acceptance(
    accepted: Event,
    received_on: date | None,
    events: list[Event],
    ended_on: date | None,
    rule: Rule,
    calendar: Calendar,
    today: date,
) -> Reading:
    start, limit = accepted.on, rule.limit
    pauses = pauses_of(events)
    extra = sum(event.days for event in events if event.kind == Kind.EXTENDED)
    is_open = any(pause.end is None for pause in pauses) and ended_on is None
    how = "视为受理" if accepted.reason == Action.DEEM_ACCEPTED else "受理"
    lines = [f"{say(start)}{rule.agency}{how}，受理当天不算。"]
    if limit is None:
        lines.append("本地没有公布这一件的办结时限。")
        state = State.ENDED if ended_on else State.PAUSED if is_open else State.NO_LIMIT
        return Reading(state, received_on=received_on, accepted_on=start, lines=tuple(lines))
    days = (limit.days or 0) + extra
    if limit.unit == LimitUnit.NEXT_YEAR_DATE:
        due: date | None = date(start.year + 1, limit.month or 12, limit.day or 31)
        lines.append(f"按规定在次年{limit.month}月{limit.day}日前完成，不按工作日计算。")
        used = 0
        paused: frozenset[date] = frozenset()
    else:
        is_working_days = limit.unit != LimitUnit.CALENDAR_DAY
        unit = "个工作日" if is_working_days else "天"
        lines.append("当场办结。" if limit.unit == LimitUnit.AT_ONCE else f"承诺 {limit.days} {unit}，从第二天数起。")
        due, paused = _walk(start, days, pauses, calendar, is_working_days)
        used = _used(start, min(today, ended_on or today), pauses, calendar, is_working_days)
        lines += _counting_lines(start, due or today, calendar) if is_working_days else []
        lines += [_pause_line(pause, calendar, is_working_days) for pause in pauses]
        if extra:
            lines.append(f"经批准延长 {extra} {unit}。")
    if due is None or is_open:
        lines.append(f"现在暂停计时，已用 {used} 天，还剩 {max(days - used, 0)} 天。")
        return Reading(
            State.PAUSED,
            received_on=received_on,
            accepted_on=start,
            used=used,
            left=max(days - used, 0),
            lines=tuple(lines),
            paused_days=paused,
        )
    if limit.unit in (LimitUnit.WORKING_DAY, LimitUnit.AT_ONCE):
        lines.append(f"第 {days} 个工作日是 {say(due)}。" if days else f"到期日就是 {say(due)}。")
        left = calendar.between(ended_on or today, due)
    else:
        lines.append(f"到期日是 {say(due)}。")
        left = (due - (ended_on or today)).days
    return Reading(
        State.ENDED if ended_on else State.RUNNING,
        light=Light.OFF if ended_on else _light(left),
        received_on=received_on,
        accepted_on=start,
        due_on=due,
        used=used,
        left=left,
        is_provisional=limit.unit == LimitUnit.WORKING_DAY and not calendar.knows(due),
        lines=tuple(lines),
        paused_days=paused,
    )


def _light(left: int) -> Light:
    if left < 0:
        return Light.RED
    return Light.AMBER if left <= 2 else Light.GREEN


def _walk(
    start: date, days: int, pauses: list[Pause], calendar: Calendar, is_working_days: bool
) -> tuple[date | None, frozenset[date]]:
    """The day on which the count is full, and the days passed over because of a pause. None under an open pause."""
    passed: set[date] = set()
    day, count = start, 0
    open_from = min((pause.start for pause in pauses if pause.end is None), default=None)
    while count < days:
        day += timedelta(days=1)
        if open_from is not None and day > open_from:
            return None, frozenset(passed)
        if is_working_days and not calendar.is_working(day):
            continue
        if any(pause.covers(day) for pause in pauses):
            passed.add(day)
            continue
        count += 1
    while not is_working_days and not calendar.is_working(day):
        day += timedelta(days=1)
    return day, frozenset(passed)


def _used(start: date, until: date, pauses: list[Pause], calendar: Calendar, is_working_days: bool) -> int:
    days = (start + timedelta(days=n) for n in range(1, max((until - start).days, 0) + 1))
    return sum(
        (not is_working_days or calendar.is_working(day)) and not any(pause.covers(day) for pause in pauses)
        for day in days
    )


def _pause_line(pause: Pause, calendar: Calendar, is_working_days: bool) -> str:
    if pause.end is None:
        return f"{say(pause.start)}起因{pause.reason}暂停。"
    if is_working_days:
        days = max(calendar.between(pause.start, pause.end - timedelta(days=1)), 0)
        return f"{say(pause.start)}至{say(pause.end)}因{pause.reason}暂停，中间 {days} 个工作日不算。"
    days = max((pause.end - pause.start).days - 1, 0)
    return f"{say(pause.start)}至{say(pause.end)}因{pause.reason}暂停，中间 {days} 天不算。"


def _counting_lines(start: date, end: date, calendar: Calendar) -> list[str]:
    """Which holidays were passed over and which weekend days counted because of 调休."""
    span = [start + timedelta(days=n) for n in range(1, (end - start).days + 1)]
    runs: list[tuple[str, date, date]] = []
    for day in span:
        if day in calendar.days_off and day not in calendar.make_up_days:
            name = calendar.names.get(day, "节假日")
            if runs and runs[-1][0] == name and (day - runs[-1][2]).days == 1:
                runs[-1] = (name, runs[-1][1], day)
            else:
                runs.append((name, day, day))
    lines = ["周末不算。" if not runs else "周末和节假日不算：" + "，".join(_run(*run) for run in runs) + "。"]
    made_up = [day for day in span if day in calendar.make_up_days]
    if made_up:
        lines.append("调休上班日要算：" + "、".join(say(day) for day in made_up) + "。")
    return lines


def _run(name: str, first: date, last: date) -> str:
    if first == last:
        return f"{name} {first.month}月{first.day}日"
    until = f"{last.day}日" if last.month == first.month else f"{last.month}月{last.day}日"
    return f"{name} {first.month}月{first.day}日至{until}"
