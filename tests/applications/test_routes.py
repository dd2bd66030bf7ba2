"""The way of one item: the relay, the worker, polling and the offline package all go by the office's rule for it."""

from typing import Any

import pytest

from agencies.enums import GatewayKind
from agencies.gateways.simulator import Server
from agencies.models import Office, OfficeRoute
from agencies.routing import Way
from applications import batches, delivery, relay, tasks
from applications.enums import DispatchStatus
from applications.errors import Refused
from applications.models import Dispatch, ExchangeKey, OfficeLink
from tests import factories
from tests.factories import exchange

pytestmark = pytest.mark.usefixtures("directory")


@pytest.fixture
def rows() -> tuple[Dispatch, Dispatch]:
    """Two items of one office, just handed in."""
    application = factories.submitted(ticked=["I01", "I02", "I04"])
    found = [factories.task_of(application, code, "veterans").dispatches.get() for code in ("I01", "I02")]
    assert found[0].task.office == found[1].task.office
    return found[0], found[1]


def test_one_item_goes_to_a_system_and_the_other_to_the_desk(
    rows: tuple[Dispatch, Dispatch], agency_system: Server
) -> None:
    pushed, kept = rows
    office = pushed.task.office
    exchange.go(office, Way(GatewayKind.HTTP, agency_system.endpoint), "I01")
    agency_system.simulator.key = exchange.signing_key(ExchangeKey.issue(agency=office.agency, office=office))

    delivery.deliver([pushed.pk, kept.pk])

    assert set(agency_system.simulator.taken) == {str(pushed.key)}
    assert set(Dispatch.objects.filter(pk__in=[pushed.pk, kept.pk]).values_list("status", flat=True)) == {"delivered"}
    assert Office.objects.get(pk=office.pk).gateway == GatewayKind.INBOX


def test_relay_rings_neither_for_the_item_that_polls_nor_for_that_on_paper(
    rows: tuple[Dispatch, Dispatch], monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[int] = []
    monkeypatch.setattr(tasks.deliver, "apply_async", lambda args, queue: rung.extend(args[0]))
    polled, by_hand = rows
    exchange.go(polled.task.office, Way(GatewayKind.HTTP), "I01")
    exchange.go(by_hand.task.office, Way(GatewayKind.BATCH), "I02")

    relay.publish_dispatches()

    assert rung and not {polled.pk, by_hand.pk} & set(rung)


def test_system_polls_only_the_items_that_are_its_own(rows: tuple[Dispatch, Dispatch]) -> None:
    polled, _ = rows
    office = polled.task.office
    exchange.go(office, Way(GatewayKind.HTTP), "I01")
    key = ExchangeKey.issue(agency=office.agency, office=office)

    found = exchange.get(key, "/exchange/v1/tasks").json()["tasks"]

    assert [row["dispatch"] for row in found] == [str(polled.key)]


def test_package_holds_only_the_items_that_go_by_hand(rows: tuple[Dispatch, Dispatch]) -> None:
    by_hand, _ = rows
    office = by_hand.task.office
    exchange.go(office, Way(GatewayKind.BATCH), "I01")
    ExchangeKey.issue(agency=office.agency, office=office)

    assert [line.item for line in batches.export(office).lines] == [by_hand.task.item.name]


def test_line_that_rests_holds_up_only_its_own_items(
    rows: tuple[Dispatch, Dispatch], agency_system: Server, settings: Any
) -> None:
    """Two systems behind one office: the one that is down does not keep the other from being sent to."""
    down, up = rows
    office = down.task.office
    agency_system.simulator.key = exchange.signing_key(ExchangeKey.issue(agency=office.agency, office=office))
    exchange.go(office, Way(GatewayKind.HTTP, "http://127.0.0.1:9/down"), "I01")
    exchange.go(office, Way(GatewayKind.HTTP, agency_system.endpoint), "I02")

    for _ in range(delivery.FAILURES_TO_REST):
        delivery.deliver([down.pk])
    delivery.deliver([up.pk])

    up.refresh_from_db()
    assert up.status == DispatchStatus.DELIVERED
    assert set(OfficeLink.objects.filter(open_until__isnull=False).values_list("endpoint", flat=True)) == {
        "http://127.0.0.1:9/down"
    }


def test_rule_is_taken_back_and_its_address_is_checked(rows: tuple[Dispatch, Dispatch]) -> None:
    office = rows[0].task.office
    exchange.go(office, Way(GatewayKind.BATCH), "I01")
    exchange.go(office, None, "I01")

    assert not OfficeRoute.objects.exists()
    with pytest.raises(Refused):
        exchange.go(office, Way(GatewayKind.HTTP, "https://elsewhere.invalid/"), "I01")
