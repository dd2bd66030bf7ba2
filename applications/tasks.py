"""Celery's side: each task takes ids, calls one function, and may be run twice."""

import logging
from collections.abc import Callable

from celery import shared_task
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
)

logger = logging.getLogger(__name__)


@shared_task
def deliver(dispatch_ids: list[int]) -> None:
    delivery.deliver(dispatch_ids)


@shared_task
def render_documents(document_ids: list[int]) -> None:
    for document_id in document_ids:
        documents.render(document_id)


@shared_task
def send_notices(notice_ids: list[int]) -> None:
    notices.send(notice_ids)


# A long list may take minutes; it stays below the broker's visibility_timeout, or it would run twice.
@shared_task(soft_time_limit=240, time_limit=280)
def make_exports(export_ids: list[int]) -> None:
    for export_id in export_ids:
        exports.make(export_id)


@shared_task(soft_time_limit=240, time_limit=280)
def carry_on_imports(import_ids: list[int]) -> None:
    for import_id in import_ids:
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
    detectors.digest()
    reminders.warn_of_reporting()
    reminders.tell_offices()
    abandoned.warn()


@shared_task
def follow_calendar() -> None:
    recounting.follow_calendar()


@shared_task
def remind_visits() -> None:
    """Every hour of the day: whoever comes tomorrow is told once."""
    visits.remind()


@shared_task
def daily_sweeps() -> None:
    """Shortly after midnight: what ended with yesterday."""
    _alone("daily_sweeps", _daily_sweeps)


def _daily_sweeps() -> None:
    publishing.take_effect(timezone.localdate())
    sweeps.deem_accepted()
    sweeps.lapse_corrections()
    sweeps.lapse_promises()
    recounting.recompute()
    sweeps.drop_ended_sessions()
    abandoned.forget()
    questions.escalate_silent()
    incoming.prune()
    exports.throw_away()
    imports.throw_away()


def _alone(name: str, job: Callable[[], object]) -> None:
    """A bell that rang twice starts one round."""
    with locks.alone(name) as is_alone:
        if is_alone:
            job()
