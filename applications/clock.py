"""The clock of one task: a pure function of (events, rule, calendar, today). No database, no present time inside.

Rules (DOMAIN.md 3.2, STANDARDS.md 3.3): the day of an act is day 0; pauses count the days strictly between their first
and last day; overlapping pauses are their union; an extension adds days; a fixed date does no arithmetic. A date that
falls in a year without a loaded calendar is provisional.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from functools import partial

from agencies.deadlines import Calendar, last_day
from agencies.enums import LimitUnit
from agencies.spec import Limit
from agencies.words import WEEKDAYS
from applications.enums import Action, TaskStatus

# Days left from which a limit is soon over: the amber light, the figures and the reminders.
SOON_DAYS = 2


class Kind(StrEnum):
    """ANSWERED: told before acceptance what is to be corrected, so that the answer period is kept and over."""

    RECEIVED = "received"
    ANSWERED = "answered"
    ACCEPTED = "accepted"
    PAUSED = "paused"
    RESUMED = "resumed"
    EXTENDED = "extended"
    ENDED = "ended"


class State(StrEnum):
    NOT_STARTED = "not_started"
    REPLYING = "replying"
    ANSWERED = "answered"
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
    arrived_on: date | None = None


@dataclass(frozen=True)
class Rule:
    """`limit` is the promised one, `legal` the statutory one; None: the region published none.

    `reply_days`: working days to answer a received submission.
    """

    limit: Limit | None
    reply_days: int = 5
    agency: str = ""
    legal: Limit | None = None


@dataclass(frozen=True)
class Reading:
    """What the clock shows. `used` and `left` are working days (calendar days for such a limit).

    `is_late`: the day has passed; on the weekend after it `left` is still 0. `legal_due_on` is the day of the statutory
    limit, counted with the same pauses. `reply_due_on` is None once the office has answered.
    """

    state: State
    light: Light = Light.OFF
    received_on: date | None = None
    accepted_on: date | None = None
    reply_due_on: date | None = None
    due_on: date | None = None
    legal_due_on: date | None = None
    used: int = 0
    left: int | None = None
    is_late: bool = False
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


def say(day: date, year: int | None = None) -> str:
    """10月28日（星期三）; with the year in front when it is not the given one."""
    front = "" if year in (None, day.year) else f"{day.year}年"
    return f"{front}{day.month}月{day.day}日（星期{WEEKDAYS[day.weekday()]}）"


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
    """What the clock reads of a StatusLog row; `received_on`: when what arrives at an office was given in, complete."""

    on: date
    action: str
    from_status: str = ""
    accepted_on: date | None = None
    days: int = 0
    received_on: date | None = None


def events_of(log: Iterable[LogLine]) -> list[Event]:
    """The clock's events out of a task's log. A correction before acceptance does not pause, it answers: nothing runs yet.

    The answer period runs from the day on which everything was given in at the portal, which is where people hand in; on
    its way to the office it goes on (STANDARDS.md T-09, I-03). After a correction it starts again for the same reason;
    from one office to another it goes on, as nobody waits longer because offices hand the task on.
    """
    events: list[Event] = []
    given_in: date | None = None
    is_handed_on = False
    for line in log:
        if line.action == Action.TRANSFER:
            is_handed_on = True
        elif line.action == Action.DELIVER:
            if given_in is None or not is_handed_on:
                given_in = line.received_on or line.on
            is_handed_on = False
            events.append(Event(given_in, Kind.RECEIVED, arrived_on=line.on))
        elif line.action in _ACCEPTING:
            events.append(Event(line.accepted_on or line.on, Kind.ACCEPTED, str(line.action)))
        elif line.action == Action.REQUEST_CORRECTION and line.from_status == TaskStatus.QUEUED:
            events.append(Event(line.on, Kind.ANSWERED))
        elif line.action in _PAUSING:
            events.append(Event(line.on, Kind.PAUSED, _PAUSING[Action(line.action)]))
        elif line.action in _RESUMING:
            events.append(Event(line.on, Kind.RESUMED, _RESUMING[Action(line.action)]))
        elif line.action == Action.EXTEND:
            events.append(Event(line.on, Kind.EXTENDED, days=line.days))
        elif line.action in _ENDING:
            events.append(Event(line.on, Kind.ENDED))
    return events


def pauses_of(events: Iterable[Event], ended_on: date | None = None) -> list[Pause]:
    """Intervals per reason; events of one day count together, so their order does not matter. The end ends a pause."""
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
            pauses.append(Pause(start, ended_on, reason))
    return sorted(pauses, key=lambda pause: (pause.start, pause.reason))


def read(events: list[Event], rule: Rule, calendar: Calendar, today: date) -> Reading:
    """Where the clock stands on `today`, and why, line by line."""
    ended_on = min((event.on for event in events if event.kind == Kind.ENDED), default=None)
    accepted = min((event for event in events if event.kind == Kind.ACCEPTED), key=lambda e: e.on, default=None)
    received = max(
        (event for event in events if event.kind == Kind.RECEIVED),
        key=lambda e: (e.on, e.arrived_on or e.on),
        default=None,
    )
    if accepted is None:
        last = next((event for event in reversed(events) if event.kind in (Kind.RECEIVED, Kind.ANSWERED)), None)
        answered_on = last.on if last and last.kind == Kind.ANSWERED else None
        return _before_acceptance(received, answered_on, ended_on, rule, calendar, today)
    received_on = received.on if received else None
    return _after_acceptance(accepted, received_on, events, ended_on, rule, calendar, today)


def _before_acceptance(
    received: Event | None,
    answered_on: date | None,
    ended_on: date | None,
    rule: Rule,
    calendar: Calendar,
    today: date,
) -> Reading:
    if received is None:
        line = "还没有送达部门。送到以后，答复期限从交齐那天算起，不因送得晚而延后。"
        return Reading(State.ENDED if ended_on else State.NOT_STARTED, lines=(line,))
    day, arrived = received.on, received.arrived_on or received.on
    reply_due = calendar.add(day, rule.reply_days)
    asked_on = answered_on or ended_on or today
    left, is_late = calendar.between(asked_on, reply_due), asked_on > reply_due
    lines = [
        f"{say(day)}送达{rule.agency}，当天不算。"
        if arrived == day
        else f"{say(day)}交齐，{say(arrived)}送达{rule.agency}。期限从交齐那天算，当天不算。",
        f"{rule.agency or '部门'}应在 {rule.reply_days} 个工作日内答复是否受理，或一次告知要补正的全部内容。",
        *_last_lines(rule.reply_days, "个工作日", day, reply_due, calendar),
    ]
    if answered_on:
        lines.append(f"{say(answered_on)}一次告知补正，答复期限到此为止。补正交齐后，从交齐那天重新算。")
    state = State.ENDED if ended_on else State.ANSWERED if answered_on else State.REPLYING
    return Reading(
        state,
        light=_light(left, is_late) if state == State.REPLYING else Light.OFF,
        received_on=day,
        reply_due_on=None if answered_on else reply_due,
        left=left,
        is_late=is_late,
        is_provisional=answered_on is None and not calendar.knows(reply_due),
        lines=tuple(lines),
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
    start, limit, pauses = accepted.on, rule.limit, pauses_of(events, ended_on)
    extra = sum(event.days for event in events if event.kind == Kind.EXTENDED)
    is_open = any(pause.end is None for pause in pauses)
    how = "视为受理" if accepted.reason == Action.DEEM_ACCEPTED else "受理"
    lines = [f"{say(start)}{rule.agency}{how}，受理当天不算。"]
    legal_due = _due(rule.legal, start, extra, pauses, calendar)
    if limit is None:
        lines.append("本地没有公布这一件的办结时限。")
        lines += [_legal_line(rule.legal, legal_due, start)] if rule.legal else []
        state = State.ENDED if ended_on else State.PAUSED if is_open else State.NO_LIMIT
        return Reading(
            state, received_on=received_on, accepted_on=start, legal_due_on=legal_due, lines=tuple(lines)
        )  # fmt: skip
    due = _due(limit, start, extra, pauses, calendar)
    days, asked_on = (limit.days or 0) + extra, ended_on or today
    is_fixed, is_working_days = limit.unit == LimitUnit.NEXT_YEAR_DATE, limit.is_in_working_days
    used = sum(not _covers(pauses, day) for day in _days_of(limit, start, min(today, asked_on), calendar))
    promised, *counting = _lines_of_counting(limit, start, due or today, extra, pauses, calendar)
    lines += [promised, _legal_line(rule.legal, legal_due, start), *counting]
    common = Reading(
        State.PAUSED,
        received_on=received_on,
        accepted_on=start,
        legal_due_on=legal_due,
        used=used,
        left=max(days - used, 0),
    )
    if due is None or is_open:
        lines.append(f"现在暂停计时，已用 {used} 天，还剩 {max(days - used, 0)} 天。")
        return replace(common, lines=tuple(lines))
    left = calendar.between(asked_on, due) if is_working_days else (due - asked_on).days
    lines += _last_lines(days if is_working_days else None, "个工作日", start, due, calendar, is_fixed=is_fixed)
    return replace(
        common,
        state=State.ENDED if ended_on else State.RUNNING,
        light=Light.OFF if ended_on else _light(left, asked_on > due),
        due_on=due,
        left=left,
        is_late=asked_on > due,
        is_provisional=not is_fixed and not calendar.knows(due),
        lines=tuple(lines),
        paused_days=frozenset(day for day in _days_of(limit, start, due, calendar) if _covers(pauses, day)),
    )


def _due(limit: Limit | None, start: date, extra: int, pauses: list[Pause], calendar: Calendar) -> date | None:
    """The day a limit ends; None without a limit, and while a pause is open that began before that day."""
    over = [pause for pause in pauses if pause.end is not None]
    due = last_day(limit, start, calendar, extra=extra, is_passed_over=partial(_covers, over))
    if limit is None or due is None or limit.unit == LimitUnit.NEXT_YEAR_DATE:
        return due
    return None if any(pause.end is None and pause.start < due for pause in pauses) else due


def _covers(pauses: list[Pause], day: date) -> bool:
    return any(pause.covers(day) for pause in pauses)


def _days_of(limit: Limit, start: date, until: date, calendar: Calendar) -> list[date]:
    """The days after `start` up to `until` that count for such a limit while nothing pauses it; none for a fixed date."""
    if limit.unit == LimitUnit.NEXT_YEAR_DATE:
        return []
    days = (start + timedelta(days=n) for n in range(1, (until - start).days + 1))
    return [day for day in days if calendar.is_working(day) or not limit.is_in_working_days]


def _lines_of_counting(
    limit: Limit, start: date, until: date, extra: int, pauses: list[Pause], calendar: Calendar
) -> list[str]:
    if limit.unit == LimitUnit.NEXT_YEAR_DATE:
        return [f"按规定在次年{limit.month}月{limit.day}日前完成，不按工作日计算。"]
    is_working_days = limit.is_in_working_days
    unit = "个工作日" if is_working_days else "天"
    lines = ["当场办结。" if limit.unit == LimitUnit.AT_ONCE else f"承诺 {limit.days} {unit}，从第二天数起。"]
    lines += _counting_lines(start, until, calendar) if is_working_days else []
    lines += [_pause_line(pause, calendar, is_working_days) for pause in pauses]
    return [*lines, f"经批准延长 {extra} {unit}。"] if extra else lines


def _legal_line(legal: Limit | None, due: date | None, start: date) -> str:
    """The statutory limit beside the promised one; both are always told (DOMAIN.md 3.2)."""
    if legal is None:
        return "法定办结时限：本地没有公布。"
    days = legal.days if legal.unit != LimitUnit.AT_ONCE else None
    words = f"法定办结时限 {days} {LimitUnit(legal.unit).label}" if days else f"法定办结时限：{legal}"
    return f"{words}，到 {say(due, start.year)}。" if due else f"{words}。"


def _last_lines(
    days: int | None, unit: str, start: date, due: date, calendar: Calendar, *, is_fixed: bool = False
) -> list[str]:
    """The day itself; a day of a year without its notice is only expected, and that is said."""
    is_known = is_fixed or calendar.knows(due)
    day = say(due, start.year)
    if days:
        line = f"第 {days} {unit}{'是' if is_known else '预计是'} {day}。"
    else:
        line = f"到期日{'就是' if days == 0 else '是' if is_known else '预计是'} {day}。"
    return [line] if is_known else [line, f"{due.year}年的放假安排还没有公布，暂按周末推算，公布后重新计算。"]


def _light(left: int, is_late: bool) -> Light:
    if is_late:
        return Light.RED
    return Light.AMBER if left <= SOON_DAYS else Light.GREEN


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
