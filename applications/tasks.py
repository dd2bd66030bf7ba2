"""Celery's side: each task takes ids, calls one function, and may be run twice."""

import logging
from collections.abc import Callable, Mapping

from celery import shared_task
from django.db import connection
from django.utils import timezone

from agencies import publishing
from applications import (
    abandoned,
    auditing,
    delivery,
    detectors,
    documents,
    exports,
    imports,
    incoming,
    locks,
    notices,
    questions,
    reconciliation,
    recounting,
    reminders,
    sweeps,
    visits,
    watchdog,
)

logger = logging.getLogger(__name__)

TAKE_EFFECT = "take_effect"
# No paper takes longer by far; a long list may take minutes, and stays below the broker's visibility_timeout, or it would
# run twice.
PAPER_SECONDS = 60
LONG_SECONDS = 280


@shared_task
def deliver(dispatch_ids: list[int]) -> None:
    delivery.deliver(dispatch_ids)


@shared_task
def render_documents(document_ids: list[int]) -> None:
    for document_id in document_ids:
        with watchdog.ended_after(PAPER_SECONDS):
            documents.render(document_id)


@shared_task
def send_notices(notice_ids: list[int]) -> None:
    notices.send(notice_ids)


@shared_task(soft_time_limit=240, time_limit=LONG_SECONDS)
def make_exports(export_ids: list[int]) -> None:
    for export_id in export_ids:
        with watchdog.ended_after(LONG_SECONDS):
            exports.make(export_id)


@shared_task(soft_time_limit=240, time_limit=LONG_SECONDS)
def carry_on_imports(import_ids: list[int]) -> None:
    for import_id in import_ids:
        with watchdog.ended_after(LONG_SECONDS):
            imports.carry_on(import_id)


@shared_task
def heartbeat(queue: str) -> None:
    """Heard by the queue's own worker: it is alive and not deaf."""
    detectors.heard(queue)


@shared_task
def probe_lines() -> None:
    detectors.heard(detectors.BEAT)
    delivery.probe_lines()


@shared_task
def detect() -> None:
    _alone("detect", detectors.run)


@shared_task
def seal_logs() -> None:
    auditing.seal(timezone.now())


@shared_task
def reconcile() -> None:
    _alone("reconcile", reconciliation.run)


@shared_task
def morning_digest() -> None:
    _alone("morning_digest", _morning_digest)


def _morning_digest() -> None:
    """Who must know before the day begins: whoever keeps this running, people whose days run out, officers, heads."""
    _each_once_today(
        {
            "digest": detectors.digest,
            "warn_of_reporting": reminders.warn_of_reporting,
            "tell_offices": reminders.tell_offices,
            "warn_of_abandoned": abandoned.warn,
        }
    )


@shared_task
def follow_calendar() -> None:
    recounting.follow_calendar()


@shared_task
def remind_visits() -> None:
    """Every hour of the day: whoever comes tomorrow is told once."""
    visits.remind()


@shared_task
def daily_sweeps() -> None:
    """From shortly after midnight on: what ended with yesterday."""
    _alone("daily_sweeps", _daily_sweeps)


def _daily_sweeps() -> None:
    _each_once_today(
        {
            TAKE_EFFECT: _take_effect,
            "deem_accepted": sweeps.deem_accepted,
            "lapse_corrections": sweeps.lapse_corrections,
            "lapse_promises": sweeps.lapse_promises,
            "recompute": recounting.recompute,
            "drop_ended_sessions": sweeps.drop_ended_sessions,
            "forget_abandoned": abandoned.forget,
            "escalate_silent": questions.escalate_silent,
            "prune_inbound": incoming.prune,
            "throw_away_exports": exports.throw_away,
            "throw_away_imports": imports.throw_away,
        }
    )


def _take_effect() -> None:
    last = detectors.last_heard(detectors.STEP + TAKE_EFFECT)
    publishing.take_effect(timezone.localdate(), since=timezone.localdate(last) if last else None)


def _each_once_today(steps: Mapping[str, Callable[[], object]]) -> None:
    """Each step once a day, by its name, however often the bell rings.

    One that fails stops no other; it is done when the bell rings next, as is what nobody rang for in time.
    """
    for name, step in steps.items():
        mark = detectors.STEP + name
        last = detectors.last_heard(mark)
        if last is not None and timezone.localdate(last) == timezone.localdate():
            continue
        detectors.rung(mark)
        try:
            step()
        except Exception:  # the others go on
            logger.exception("step %s failed", name)
            if not connection.is_usable():
                connection.close()
        else:
            detectors.heard(mark)


def _alone(name: str, job: Callable[[], object]) -> None:
    """A bell that rang twice starts one round."""
    with locks.alone(name) as is_alone:
        if is_alone:
            job()
