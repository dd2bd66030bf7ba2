"""对账: a planted loss is found within one run; every difference is one ticket; a clean day is stored as such."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from agencies.enums import GatewayKind
from agencies.gateways.http import HttpGateway
from agencies.gateways.simulator import Server, Taken
from agencies.models import Office
from agencies.routing import Way
from applications import delivery, reconciliation
from applications.enums import DispatchStatus, TaskStatus
from applications.models import Dispatch, ExchangeKey, ItemTask, Reconciliation, Ticket
from tests import factories
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


def test_system_that_does_not_answer_is_asked_once_in_a_round(
    sent: list[Dispatch], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else one that hangs would hold the night's worker for as long as all its days together."""
    today = timezone.localdate()
    for days, dispatch in enumerate(sent):
        Dispatch.objects.filter(pk=dispatch.pk).update(created_at=dispatch.created_at - timedelta(days=days))
    asked = []
    monkeypatch.setattr(HttpGateway, "inventory", lambda self, keys, day: asked.append(day))

    reconciliation.run(today)

    assert asked == [str(today - timedelta(days=2))]
    rows = Reconciliation.objects.filter(office=sent[0].task.office)
    assert set(rows.values_list("day", "note")) == {
        (today - timedelta(days=days), "对方没有给出清单") for days in range(3)
    }
    assert Ticket.objects.filter(kind="reconciliation").count() == 3


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


def test_answer_that_did_not_arrive_is_found(sent: list[Dispatch], agency_system: Server) -> None:
    """Their system has decided and we know nothing of it: the result was lost on its way."""
    agency_system.simulator.taken[str(sent[0].key)].state = "approved"

    assert [run(), run()] == [1, 1]

    ticket = Ticket.objects.get()
    assert (ticket.title, ticket.dispatch) == (reconciliation._ACTIONS["answer_lost"][0], sent[0])


def test_result_that_they_do_not_know_is_found(sent: list[Dispatch], agency_system: Server) -> None:
    ItemTask.objects.filter(pk=sent[0].task_id).update(status=TaskStatus.COMPLETED)

    run()

    assert Ticket.objects.get().title == reconciliation._ACTIONS["answer_unknown"][0]
    assert Reconciliation.objects.get(office=sent[0].task.office).answered == 1


def test_list_that_is_shorter_than_it_says_is_no_list(
    sent: list[Dispatch], agency_system: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = agency_system.simulator.inventory()
    torn = {"tasks": whole["tasks"][:-1], "count": whole["count"]}
    monkeypatch.setattr(agency_system.simulator, "inventory", lambda: torn)

    run()

    assert Reconciliation.objects.get(office=sent[0].task.office).note == "对方没有给出清单"


def test_own_desk_is_compared_with_its_tasks(directory: None) -> None:
    """A delivered dispatch whose task never arrived in the desk's queue is found the same way."""
    task = factories.task_of(factories.delivered(ticked=["I01"]), "I01")
    assert run() == 0
    assert Reconciliation.objects.get(office=task.office).note == "无差异"
    ItemTask.objects.filter(pk=task.pk).update(received_at=None)

    assert run() == 1

    assert Ticket.objects.get().task == task


def test_item_with_a_way_of_its_own_is_compared_with_its_own_system(directory: None, agency_system: Server) -> None:
    application = factories.submitted(ticked=["I01", "I02"])
    pushed, kept = (factories.task_of(application, code).dispatches.get() for code in ("I01", "I02"))
    office = pushed.task.office
    exchange.go(office, Way(GatewayKind.HTTP, agency_system.endpoint), "I01")
    agency_system.simulator.key = exchange.signing_key(ExchangeKey.issue(agency=office.agency, office=office))
    delivery.deliver([pushed.pk, kept.pk])

    assert run() == 0

    row = Reconciliation.objects.get(office=office)
    assert (row.sent, row.received) == (1, 1)


def test_night_without_anything_sent_asks_no_office_for_its_lines_one_by_one(
    django_assert_max_num_queries: Any,
) -> None:
    """The directory has more than a thousand offices, and most have nothing to compare."""
    assert Office.objects.count() > 1000

    with django_assert_max_num_queries(7):
        assert reconciliation.run() == 0


def test_night_without_a_beat_is_made_up_for_in_the_next() -> None:
    task = factories.task_of(factories.delivered(ticked=["I01"]), "I01")
    missed = timezone.localdate() - timedelta(days=3)
    Dispatch.objects.update(created_at=timezone.now() - timedelta(days=3))

    reconciliation.run()

    assert Reconciliation.objects.get(office=task.office, day=missed).note == "无差异"
