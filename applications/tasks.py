"""Celery's side: each task takes ids, calls one function, and may be run twice."""

import logging

from celery import shared_task

from applications import delivery, detectors, documents, notices, questions, reconciliation, recounting, sweeps

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
    detectors.run()


@shared_task
def reconcile() -> None:
    reconciliation.run()


@shared_task
def morning_digest() -> None:
    detectors.digest()


@shared_task
def follow_calendar() -> None:
    recounting.follow_calendar()


@shared_task
def daily_sweeps() -> None:
    """Shortly after midnight: what ended with yesterday."""
    sweeps.deem_accepted()
    sweeps.lapse_corrections()
    sweeps.lapse_promises()
    recounting.recompute()
    sweeps.drop_ended_sessions()
    questions.escalate_silent()
