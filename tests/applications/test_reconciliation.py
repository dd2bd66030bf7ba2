"""对账: a planted loss is found within one run; every difference is one ticket; a clean day is stored as such."""

from typing import Any

import pytest
from django.utils import timezone

from agencies.gateways.simulator import Server, Taken
from applications import delivery, reconciliation
from applications.enums import DispatchStatus
from applications.models import Dispatch, Reconciliation, Ticket
from tests.factories import exchange

pytestmark = pytest.mark.usefixtures("directory")


@pytest.fixture
def sent(agency_system: Server) -> list[Dispatch]:
    """Three tasks of one office, received by its system today."""
    rows = []
    for _ in range(3):
        _, task = exchange.case_of()
        rows.append(Dispatch.objects.get(task=task))
    key = exchange.joined(rows[0].task.office, agency_system.endpoint)
    agency_system.simulator.key = exchange.signing_key(key)
    delivery.deliver([row.pk for row in rows])
    return list(Dispatch.objects.filter(pk__in=[row.pk for row in rows], status=DispatchStatus.DELIVERED))


def run() -> int:
    return reconciliation.run(timezone.localdate())


def test_day_without_difference_is_stored(sent: list[Dispatch]) -> None:
    assert run() == 0

    row = Reconciliation.objects.get(office=sent[0].task.office)
    assert (row.sent, row.received, row.answered, row.note) == (3, 3, 0, "无差异")


def test_planted_differences_are_found_in_one_run_and_a_second_adds_none(
    sent: list[Dispatch], agency_system: Server
) -> None:
    """A7: one lost, one changed, one received and not known to us, one from nowhere."""
    taken = agency_system.simulator.taken
    lost, changed, unknown = sent
    del taken[str(lost.key)]
    taken[str(changed.key)].digest = "0" * 64
    Dispatch.objects.filter(pk=unknown.pk).update(status=DispatchStatus.PENDING)
    taken["extra"] = Taken("extra", "1", 1, "0" * 64, "R", "")

    assert [run(), run()] == [4, 4]

    titles = {kind: title for kind, (title, _) in reconciliation._ACTIONS.items()}
    assert dict(Ticket.objects.values_list("title", "dispatch")) == {
        titles["missing"]: lost.pk,
        titles["digest"]: changed.pk,
        titles["unsent_but_there"]: unknown.pk,
        titles["extra"]: None,
    }
    assert Ticket.objects.count() == 4


def test_system_that_gives_no_list_is_a_ticket_and_no_clean_day(sent: list[Dispatch], agency_system: Server) -> None:
    agency_system.shutdown()
    agency_system.server_close()

    run()

    assert Reconciliation.objects.get(office=sent[0].task.office).note == "对方没有给出清单"
    assert Ticket.objects.get().kind == "reconciliation"


def test_office_that_fails_does_not_keep_the_others_from_being_compared(
    sent: list[Dispatch], agency_system: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, other = exchange.case_of("veterans", "I01")
    exchange.joined(other.office, agency_system.endpoint)
    compare = reconciliation.compare

    def broken(office: Any, *rest: Any) -> Any:
        if office == other.office:
            raise RuntimeError
        return compare(office, *rest)

    monkeypatch.setattr(reconciliation, "compare", broken)
    run()

    assert [row.office for row in Reconciliation.objects.all()] == [sent[0].task.office]
