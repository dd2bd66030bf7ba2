"""When the whole case can be expected: the longest path through its prerequisites, never the sum (STANDARDS.md 3, test 11).

Pure. A step that waits for money or whose limit is not published has no day, and then neither has the case; the page
says which step it is instead of guessing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from agencies.deadlines import Calendar, last_day
from agencies.spec import Limit


@dataclass(frozen=True)
class Step:
    """One unfinished task. `due_on` is known while its clock runs; `left` are the days left of a stopped clock.

    `place` is the code of the office's place, whose working days count.
    """

    code: str
    name: str
    limit: Limit | None
    reply_days: int
    requires: tuple[str, ...] = ()
    due_on: date | None = None
    reply_due_on: date | None = None
    left: int | None = None
    waits_for_fact: bool = False
    place: str = ""


@dataclass(frozen=True)
class Forecast:
    """`on` None: no day can be named, because of the steps in `unknown`."""

    on: date | None
    unknown: tuple[str, ...] = ()
    is_provisional: bool = False


def forecast(steps: Sequence[Step], calendar: Calendar, today: date) -> Forecast:
    """The last day of the latest chain. Steps that require each other in a circle count as unknown."""
    by_code: dict[str, list[Step]] = {}
    for step in steps:
        by_code.setdefault(step.code, []).append(step)
    ends: dict[str, date | None] = {}
    for code in by_code:
        _end_of(code, by_code, ends, calendar, today, frozenset())
    unknown = tuple(dict.fromkeys(step.name for step in steps if ends[step.code] is None))
    known = [end for end in ends.values() if end is not None]
    if unknown or not known:
        return Forecast(None, unknown)
    last = max(known)
    return Forecast(last, is_provisional=not calendar.knows(last))


def _end_of(
    code: str,
    by_code: Mapping[str, list[Step]],
    ends: dict[str, date | None],
    calendar: Calendar,
    today: date,
    path: frozenset[str],
) -> date | None:
    if code in path:
        return None
    if code not in ends:
        days = [_end_of_step(step, by_code, ends, calendar, today, path | {code}) for step in by_code[code]]
        ends[code] = None if None in days else max(day for day in days if day is not None)
    return ends[code]


def _end_of_step(
    step: Step,
    by_code: Mapping[str, list[Step]],
    ends: dict[str, date | None],
    calendar: Calendar,
    today: date,
    path: frozenset[str],
) -> date | None:
    calendar = calendar.at(step.place)
    if step.due_on is not None:
        return max(step.due_on, today)
    if step.waits_for_fact or step.limit is None:
        return None
    if step.left is not None:
        return last_day(step.limit.model_copy(update={"days": step.left}), today, calendar)
    start = today
    for code in step.requires:
        if code in by_code:
            before = _end_of(code, by_code, ends, calendar, today, path)
            if before is None:
                return None
            start = max(start, before)
    accepted = step.reply_due_on if step.reply_due_on else calendar.add(start, step.reply_days)
    return last_day(step.limit, max(accepted, start), calendar)
