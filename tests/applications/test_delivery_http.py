"""Delivery to an agency's own system over a real socket: received exactly once, whatever happens on the way."""

import json
import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from agencies.gateways.http import HttpGateway
from agencies.gateways.simulator import Mode, Server
from applications import delivery, operations, withdrawal
from applications.enums import DispatchStatus, Outcome, TaskStatus
from applications.errors import Refused
from applications.models import Dispatch, ExchangeKey, ItemTask, OfficeLink, Ticket
from tests import factories
from tests.factories import exchange

pytestmark = pytest.mark.usefixtures("directory")


@pytest.fixture
def joined(agency_system: Server) -> tuple[Dispatch, Server]:
    """A dispatch for an office whose own system is joined."""
    _, task = exchange.case_of()
    key = exchange.joined(task.office, agency_system.endpoint)
    agency_system.simulator.key = exchange.signing_key(key)
    return Dispatch.objects.get(task=task), agency_system


def send(dispatch: Dispatch) -> Dispatch:
    """One try now."""
    Dispatch.objects.filter(pk=dispatch.pk, status=DispatchStatus.SENDING).update(status=DispatchStatus.PENDING)
    delivery.deliver([dispatch.pk])
    dispatch.refresh_from_db()
    return dispatch


def test_receipt_of_the_receiver_makes_it_delivered(joined: tuple[Dispatch, Server]) -> None:
    dispatch, server = joined

    send(dispatch)

    (taken,) = server.simulator.taken.values()
    assert (dispatch.status, dispatch.receipt_number) == (DispatchStatus.DELIVERED, taken.receipt)
    assert (taken.dispatch, taken.digest) == (str(dispatch.key), dispatch.digest)
    assert ItemTask.objects.get(pk=dispatch.task_id).status == TaskStatus.QUEUED


def test_lost_reply_is_unknown_and_the_next_try_finds_it_received(joined: tuple[Dispatch, Server]) -> None:
    """A10, A11: accepted, reply lost; the repetition by the same key is a success with the first receipt."""
    dispatch, server = joined
    server.simulator.behaviour.mode = Mode.LOSE_REPLY
    send(dispatch)
    assert (dispatch.status, dispatch.last_outcome) == (DispatchStatus.PENDING, Outcome.UNKNOWN)
    assert ItemTask.objects.get(pk=dispatch.task_id).status == TaskStatus.PENDING

    server.simulator.behaviour.mode = Mode.SILENT
    send(dispatch)

    (taken,) = server.simulator.taken.values()
    assert (dispatch.status, dispatch.receipt_number) == (DispatchStatus.DELIVERED, taken.receipt)


def test_receiver_that_takes_longer_than_we_wait_gets_one_case(joined: tuple[Dispatch, Server]) -> None:
    """PERFORMANCE row 17: the peer's receiver got five copies."""
    dispatch, server = joined
    server.simulator.behaviour.mode, server.simulator.behaviour.slow = Mode.SLOW, 1.5

    outcomes = [send(dispatch).last_outcome for _ in range(2)]
    server.simulator.behaviour.mode = Mode.SILENT
    send(dispatch)

    assert outcomes == [Outcome.UNKNOWN, Outcome.UNKNOWN]
    assert (len(server.simulator.taken), dispatch.status) == (1, DispatchStatus.DELIVERED)


def test_answer_without_receipt_is_not_called_delivered(joined: tuple[Dispatch, Server]) -> None:
    dispatch, server = joined
    server.simulator.behaviour.mode = Mode.NO_RECEIPT

    send(dispatch)

    assert (dispatch.status, dispatch.last_outcome) == (DispatchStatus.SENDING, Outcome.SENT)
    assert ItemTask.objects.get(pk=dispatch.task_id).status == TaskStatus.PENDING
    server.simulator.behaviour.mode = Mode.SILENT
    assert send(dispatch).status == DispatchStatus.DELIVERED


def test_receipt_is_asked_for_where_it_does_not_come(joined: tuple[Dispatch, Server]) -> None:
    """The number is polled: the message itself does not travel a second time."""
    dispatch, server = joined
    server.simulator.behaviour.mode = Mode.NO_RECEIPT
    send(dispatch)

    send(dispatch)

    (taken,) = server.simulator.taken.values()
    assert (dispatch.status, dispatch.receipt_number) == (DispatchStatus.DELIVERED, taken.receipt)
    assert server.simulator.requests[Mode.NO_RECEIPT] == 1
    assert [attempt.answer for attempt in dispatch.tries.all()] == ["", taken.receipt]


def test_receipt_that_never_comes_calls_a_person(
    joined: tuple[Dispatch, Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    dispatch, server = joined
    server.simulator.behaviour.mode = Mode.NO_RECEIPT
    monkeypatch.setattr(server.simulator, "receipt", lambda key: (202, {}))
    Dispatch.objects.filter(pk=dispatch.pk).update(attempts=delivery.MAX_ATTEMPTS - 2)

    seen = [send(dispatch).status for _ in range(2)]

    assert seen == [DispatchStatus.SENDING, DispatchStatus.ATTENTION]
    assert dispatch.last_outcome == Outcome.SENT


@pytest.mark.parametrize(
    ("mode", "status", "outcome"),
    [
        (Mode.ERROR, DispatchStatus.PENDING, Outcome.PASSING),
        (Mode.BUSY, DispatchStatus.PENDING, Outcome.PASSING),
        (Mode.HANG, DispatchStatus.PENDING, Outcome.UNKNOWN),
        (Mode.GONE, DispatchStatus.ATTENTION, Outcome.CONFIGURATION),
    ],
)
def test_failure_is_told_by_its_class(joined: tuple[Dispatch, Server], mode: Mode, status: str, outcome: str) -> None:
    dispatch, server = joined
    server.simulator.behaviour.mode, server.simulator.behaviour.slow = mode, 1.2

    send(dispatch)

    assert (dispatch.status, dispatch.last_outcome, dispatch.attempts) == (status, outcome, 1)


def test_retry_after_of_the_receiver_is_honoured(joined: tuple[Dispatch, Server]) -> None:
    dispatch, server = joined
    server.simulator.behaviour.mode, server.simulator.behaviour.retry_after = Mode.BUSY, 120

    before = timezone.now()
    send(dispatch)

    assert dispatch.next_attempt_at >= before + timedelta(seconds=120)


def test_gone_switches_the_line_off_until_an_operator_sends_again(joined: tuple[Dispatch, Server]) -> None:
    dispatch, server = joined
    server.simulator.behaviour.mode = Mode.GONE
    send(dispatch)
    assert OfficeLink.objects.get(office=dispatch.task.office).disabled_reason != ""

    server.simulator.behaviour.mode = Mode.SILENT
    operations.resend(dispatch, operator=factories.staff("administrator"), note="对方已恢复")

    assert send(dispatch).status == DispatchStatus.DELIVERED


def test_receiver_healed_after_errors_gets_what_waited(joined: tuple[Dispatch, Server]) -> None:
    """PERFORMANCE row 18: three failures rest the line, resting costs no tries, the probe lets all go at once."""
    dispatch, server = joined
    server.simulator.behaviour.mode = Mode.ERROR
    for _ in range(3):
        send(dispatch)
    send(dispatch)
    assert (dispatch.attempts, server.simulator.requests[Mode.ERROR]) == (3, 3)
    assert delivery.probe_lines() == 0

    server.simulator.behaviour.mode = Mode.SILENT

    assert delivery.probe_lines() == 1
    dispatch.refresh_from_db()
    assert dispatch.next_attempt_at <= timezone.now()
    assert send(dispatch).status == DispatchStatus.DELIVERED


def test_lines_that_hang_take_turns_to_be_probed(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """One after the other each would be waited for, and the day's work would stand still behind many of them."""
    office = factories.queued_task("I01").office
    now = timezone.now()
    for number in range(3):
        OfficeLink.objects.create(office=office, endpoint=f"https://{number}.invalid", open_until=now)
    asked = []

    def hang(gateway: HttpGateway, keys: Any) -> bool:
        asked.append(gateway.endpoint[8])
        time.sleep(0.06)
        return False

    settings.PROBE_SECONDS = 0.05
    monkeypatch.setattr(HttpGateway, "probe", hang)
    for _ in range(4):
        delivery.probe_lines()

    assert asked == ["0", "1", "2", "0"]


def test_backlog_of_a_resting_line_is_put_off_as_a_whole(agency_system: Server) -> None:
    """However much waits for a system that is down, no row of it rings a bell until one task has gone through."""
    application = factories.submitted(ticked=["I01", "I02", "I04"])
    office = factories.task_of(application, "I01", "veterans").office
    agency_system.simulator.key = exchange.signing_key(exchange.joined(office, agency_system.endpoint))
    agency_system.simulator.behaviour.mode = Mode.ERROR
    tried, *others = waiting = list(Dispatch.objects.filter(task__office=office).order_by("pk"))
    assert others

    def due() -> set[int]:
        rows = Dispatch.objects.filter(pk__in=[row.pk for row in waiting])
        return set(rows.filter(next_attempt_at__lte=timezone.now()).values_list("pk", flat=True))

    for _ in range(delivery.FAILURES_TO_REST):
        send(tried)
    assert due() == set()
    put_off = Dispatch.objects.get(pk=others[0].pk).next_attempt_at
    assert delivery.probe_lines() == 0
    assert Dispatch.objects.get(pk=others[0].pk).next_attempt_at == put_off  # not written for every probe

    agency_system.simulator.behaviour.mode = Mode.SILENT
    assert delivery.probe_lines() == 1
    assert due() == {tried.pk}
    assert send(tried).status == DispatchStatus.DELIVERED
    assert due() >= {row.pk for row in others}


def test_one_message_costs_so_many_statements(agency_system: Server, django_assert_max_num_queries: Any) -> None:
    """What a worker does for each message bounds how many an hour it brings over."""
    application = factories.submitted(ticked=["I01", "I02", "I04"])
    office = factories.task_of(application, "I01", "veterans").office
    agency_system.simulator.key = exchange.signing_key(exchange.joined(office, agency_system.endpoint))
    first, second, *_ = Dispatch.objects.filter(task__office=office).order_by("pk")
    send(first)

    with django_assert_max_num_queries(32):
        delivery.deliver([second.pk])

    assert Dispatch.objects.get(pk=second.pk).status == DispatchStatus.DELIVERED


def test_nobody_at_the_address_is_passing(joined: tuple[Dispatch, Server]) -> None:
    dispatch, server = joined
    server.shutdown()
    server.server_close()

    send(dispatch)

    assert (dispatch.status, dispatch.last_outcome) == (DispatchStatus.PENDING, Outcome.PASSING)


def test_no_key_in_force_calls_a_person(joined: tuple[Dispatch, Server]) -> None:
    dispatch, _ = joined
    ExchangeKey.objects.update(revoked_at=timezone.now())

    send(dispatch)

    assert (dispatch.status, dispatch.last_outcome) == (DispatchStatus.ATTENTION, Outcome.CONFIGURATION)


def test_rotation_of_keys_fails_no_message(joined: tuple[Dispatch, Server]) -> None:
    """The old key signs beside the new one, so it does not matter which the receiver has."""
    dispatch, _ = joined
    ExchangeKey.issue(agency=dispatch.task.office.agency, office=dispatch.task.office)

    assert send(dispatch).status == DispatchStatus.DELIVERED


def test_withdrawal_on_the_way_becomes_a_ticket(joined: tuple[Dispatch, Server]) -> None:
    dispatch, _ = joined
    application = dispatch.task.application
    original = delivery.HttpGateway.send

    def send_while_withdrawing(self: Any, message: Any) -> Any:
        withdrawal.withdraw(application, user=application.entered_by, tasks=[dispatch.task])
        return original(self, message)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delivery.HttpGateway, "send", send_while_withdrawing)
        send(dispatch)

    assert dispatch.status == DispatchStatus.CANCELLED
    assert list(dispatch.tries.values_list("outcome", flat=True)) == [Outcome.TOO_LATE]
    assert Ticket.objects.get().kind == "withdrawn_on_the_way"


def test_message_holds_the_stored_payload_and_no_more(joined: tuple[Dispatch, Server]) -> None:
    dispatch, server = joined
    bodies: list[dict[str, Any]] = []
    take = server.simulator.take

    def keep(headers: Any, body: bytes) -> Any:
        bodies.append(json.loads(body))
        return take(headers, body)

    server.simulator.take = keep  # type: ignore[method-assign]
    send(dispatch)

    data = bodies[0]["data"]
    assert [line["value"] for line in data["fields"]] == [line["value"] for line in dispatch.payload["fields"]]
    assert {"bank", "account"} & {line["name"] for line in data["fields"]} == set()
    assert data["materials"] == [] or set(data["materials"][0]) == {"code", "name", "files"}


def test_time_is_bounded_though_the_receiver_hangs(joined: tuple[Dispatch, Server]) -> None:
    dispatch, server = joined
    server.simulator.behaviour.mode, server.simulator.behaviour.slow = Mode.HANG, 3
    before = timezone.now()

    send(dispatch)

    assert timezone.now() - before < timedelta(seconds=2.5)


def test_address_outside_the_list_is_refused_when_saved_and_when_sent(
    joined: tuple[Dispatch, Server], settings: Any
) -> None:
    dispatch, server = joined
    settings.EXCHANGE_ALLOWED_HOSTS = ["system.example"]

    with pytest.raises(Refused):
        exchange.joined(dispatch.task.office, server.endpoint)
    send(dispatch)

    assert (dispatch.status, dispatch.last_outcome) == (DispatchStatus.ATTENTION, Outcome.CONFIGURATION)
    assert server.simulator.taken == {}


def test_answer_that_repeats_the_person_is_kept_without(
    joined: tuple[Dispatch, Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the try, nor the receipt number, nor the operators' page or list has what the agency repeated."""
    dispatch, server = joined
    case = dispatch.task.application
    problem = {"title": f"{case.subject_name}已有办件", "detail": f"{case.answers['mobile']}，{case.subject_id_no}"}
    monkeypatch.setattr(server.simulator, "take", lambda *_: (422, problem, {}))
    send(dispatch)
    receipt = {"receipt_number": f"S{case.subject_id_no}", "digest": dispatch.digest}
    monkeypatch.setattr(server.simulator, "take", lambda *_: (201, receipt, {}))
    operations.resend(dispatch, operator=factories.staff("administrator"), note="再试")
    send(dispatch)

    assert [attempt.answer for attempt in dispatch.tries.all()] == ["…已有办件：…，…", "S…"]
    assert (dispatch.status, dispatch.receipt_number) == (DispatchStatus.DELIVERED, "S…")
