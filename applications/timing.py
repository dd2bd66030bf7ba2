"""The clock and the forecast of real tasks: their log, limits and places, put to the pure `clock` and `forecast`."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from agencies.deadlines import Calendar
from applications import clock, forecast
from applications.enums import BEFORE_OFFICES, TERMINAL
from applications.models import ItemTask


def log_lines(task: ItemTask, until: datetime | None = None) -> list[clock.LogLine]:
    """The task's log as the clock reads it; with `until`, as it stood at that moment."""
    return [
        clock.LogLine(
            on=timezone.localdate(row.at),
            action=row.action,
            from_status=row.from_status,
            accepted_on=_day_in(row.data, "accepted_on"),
            received_on=_day_in(row.data, "received_on"),
            days=int(row.data.get("days", 0)),
        )
        for row in task.log.all()
        if until is None or row.at <= until
    ]


def _day_in(data: dict[str, Any], key: str) -> date | None:
    return date.fromisoformat(data[key]) if key in data else None


def clock_rule(task: ItemTask) -> clock.Rule:
    spec = task.application.scheme.spec
    legal = task.spec.legal_limit or spec.legal_limit
    return clock.Rule(spec.limit_of(task.spec), spec.receiving_limit.days or 5, task.office.name, legal)


def read_clock(task: ItemTask, calendar: Calendar, today: date) -> clock.Reading:
    """The clock of a task, computed anew from its log by the working days of its office's place."""
    place = calendar.at(task.office.region_id)
    return clock.read(clock.events_of(log_lines(task)), clock_rule(task), place, today)


def forecast_case(tasks: Iterable[ItemTask], calendar: Calendar, today: date) -> forecast.Forecast:
    """When everything that is still open can be expected; money that follows a decision is not waited for."""
    steps = []
    for task in tasks:
        if task.status in TERMINAL:
            continue
        is_paused = task.accepted_on is not None and task.due_on is None
        steps.append(
            forecast.Step(
                code=task.item.code,
                name=task.spec.title,
                limit=task.application.scheme.spec.limit_of(task.spec),
                reply_days=task.application.scheme.spec.receiving_limit.days or 5,
                requires=tuple(task.open_items),
                due_on=task.due_on,
                reply_due_on=task.reply_due_on,
                left=read_clock(task, calendar, today).left if is_paused else None,
                # Nothing of an office is promised before the form has passed the pre-review.
                waits_for_fact=bool(task.open_facts) or task.is_held or task.status in BEFORE_OFFICES,
                place=task.office.region_id,
            )
        )
    return forecast.forecast(steps, calendar, today)
