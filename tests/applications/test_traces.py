"""One thread from the page over the dispatch and the worker to the agency's system, and in the log lines of each."""

import json
import logging
from typing import Any

import pytest
from django.test import Client

from agencies import tracing
from agencies.gateways.simulator import Server
from applications import delivery
from applications.models import Dispatch, ItemTask
from portal.web.logs import JsonFormatter
from tests import factories
from tests.factories import exchange

pytestmark = pytest.mark.usefixtures("directory")

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def test_page_that_withdraws_leaves_its_request_and_trace_on_the_dispatch(agency_system: Server) -> None:
    """From the applicant's POST to the word that the agency's system gets."""
    application, task = exchange.case_of()
    key = exchange.joined(task.office, agency_system.endpoint)
    agency_system.simulator.key = exchange.signing_key(key)
    delivery.deliver([task.dispatches.get().pk])
    seen: dict[str, str] = {}
    hear = agency_system.simulator.hear
    agency_system.simulator.hear = lambda headers, body: (seen.update(headers), hear(headers, body))[1]  # type: ignore[method-assign]
    client = Client()
    client.force_login(application.applicant)

    page = client.post(
        f"/cases/{application.number}/withdraw/", {"task": [task.pk], "confirm": "1"}, headers={"traceparent": PARENT}
    )
    word = Dispatch.objects.filter(kind="withdrawn").first()
    assert word is not None
    delivery.deliver([word.pk])

    assert (word.request_id, word.trace.split("-")[1]) == (page["X-Request-Id"], TRACE)
    heard = {name.lower(): text for name, text in seen.items()}
    assert heard["x-request-id"] == page["X-Request-Id"]
    assert heard["traceparent"].split("-")[1] == TRACE
    assert heard["traceparent"] != word.trace


def test_log_lines_of_the_worker_carry_request_and_trace(
    agency_system: Server, caplog: pytest.LogCaptureFixture
) -> None:
    with tracing.within(PARENT, "request-1"):
        _, task = exchange.case_of()
    key = exchange.joined(task.office, agency_system.endpoint)
    agency_system.simulator.key = exchange.signing_key(key)
    lines: list[dict[str, Any]] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(json.loads(JsonFormatter().format(record)))

    handler = Keep()
    logging.getLogger("applications.delivery").addHandler(handler)
    try:
        delivery.deliver([task.dispatches.get().pk])
    finally:
        logging.getLogger("applications.delivery").removeHandler(handler)

    assert [(line["request"], line["trace"]) for line in lines] == [("request-1", TRACE)]


def test_agencys_own_trace_is_gone_on_with_in_what_it_causes(directory: None, settings: Any) -> None:
    """A result that releases the next item: its dispatch belongs to the trace of the agency's call."""
    settings.EXCHANGE_ALLOWED_HOSTS = ["127.0.0.1"]
    application = factories.submitted(ticked=["I01", "I04", "I05"])
    task = factories.task_of(application, "I04", "police")
    key = exchange.joined(task.office, "http://127.0.0.1:9/agency")

    exchange.post(key, exchange.event(task, "accepted", 1), traceparent=PARENT)
    exchange.post(key, exchange.event(task, "approved", 2), traceparent=PARENT)

    released = ItemTask.objects.get(application=application, item__code="I05").dispatches.get()
    assert released.trace.split("-")[1] == TRACE
