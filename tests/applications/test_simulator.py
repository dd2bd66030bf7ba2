"""The made-up system's misbehaviour in what it sends back, over real HTTP in both directions."""

from collections.abc import Iterator
from typing import Any

import pytest

from agencies.gateways.simulator import Mode, Server
from applications import delivery
from applications.enums import TaskStatus
from applications.models import InboundMessage, ItemTask, StatusLog
from tests.factories import exchange
from tests.processes import eventually

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def task(directory: None, live_server: Any, agency_system: Server) -> Iterator[ItemTask]:
    """A task at an office whose system sends its results to the running portal."""
    _, made = exchange.case_of()
    key = exchange.joined(made.office, agency_system.endpoint)
    agency_system.simulator.key = exchange.signing_key(key)
    agency_system.simulator.portal = live_server.url
    agency_system.simulator.behaviour.delay = 0.05
    yield made
    agency_system.simulator._results.shutdown(wait=True)


def sent(server: Server) -> list[str]:
    return [line for line in server.simulator.log.read_text().splitlines() if '"what": "sent"' in line]


def push(task: ItemTask, server: Server, mode: Mode) -> None:
    server.simulator.behaviour.mode = mode
    delivery.deliver([task.dispatches.get().pk])


def status_of(task: ItemTask) -> str:
    return ItemTask.objects.values_list("status", flat=True).get(pk=task.pk)


def test_refusal_ends_the_task(task: ItemTask, agency_system: Server) -> None:
    push(task, agency_system, Mode.REFUSE)

    eventually(lambda: status_of(task) == TaskStatus.NOT_ACCEPTED, 120)


def test_results_sent_three_times_are_one_deed_each(task: ItemTask, agency_system: Server) -> None:
    push(task, agency_system, Mode.REPEAT)

    eventually(lambda: len(sent(agency_system)) == 6, 120)

    assert [line for line in sent(agency_system) if '"status": 200' not in line] == []
    assert status_of(task) == TaskStatus.COMPLETED
    actions = list(
        StatusLog.objects.filter(task=task, action__in=["accept", "complete"]).values_list("action", flat=True)
    )
    assert actions == ["accept", "complete"]


def test_result_that_comes_after_a_later_one_is_kept_and_not_applied(task: ItemTask, agency_system: Server) -> None:
    push(task, agency_system, Mode.REORDER)

    eventually(lambda: len(sent(agency_system)) == 3, 120)

    assert list(InboundMessage.objects.order_by("pk").values_list("outcome", flat=True)) == [
        "applied",
        "applied",
        "stale",
    ]
    assert status_of(task) == TaskStatus.COMPLETED


def test_results_with_a_wrong_signature_change_nothing(task: ItemTask, agency_system: Server) -> None:
    push(task, agency_system, Mode.WRONG_SIGNATURE)

    eventually(lambda: len(sent(agency_system)) == 2, 120)

    assert all('"status": 401' in line for line in sent(agency_system))
    assert (status_of(task), InboundMessage.objects.count()) == (TaskStatus.QUEUED, 0)
