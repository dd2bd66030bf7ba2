"""Delivery into the portal's own queues, and what happens to rows that do not get through, by whatever gateway."""

import contextlib
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from agencies.enums import Role
from agencies.queues import all_queues
from agencies.words import full_day
from applications import delivery, operations, relay, tasks, workflow
from applications.enums import DispatchStatus, DocumentKind, Outcome, TaskStatus
from applications.errors import AlreadyDone, Refused
from applications.models import Dispatch, Document
from applications.papers import paper
from portal.accounts.models import User
from tests import factories

pytestmark = pytest.mark.usefixtures("directory")


@pytest.fixture
def operator() -> User:
    return factories.staff("administrator", name="系统管理员")


@pytest.fixture
def bells(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[int]]]:
    """What the relay rings, instead of a broker."""
    rung: list[tuple[str, list[int]]] = []
    monkeypatch.setattr(tasks.deliver, "apply_async", lambda args, queue: rung.append((queue, args[0])))
    monkeypatch.setattr(relay, "waiting_in", lambda queue: 0)
    return rung


def one_pending() -> Dispatch:
    factories.submitted(ticked=["I01"])
    return Dispatch.objects.get()


def fail(dispatch: Dispatch, outcome: Outcome = Outcome.PASSING, times: int = 1) -> Dispatch:
    for _ in range(times):
        delivery.record_failure(dispatch.pk, outcome, "连不上")
    dispatch.refresh_from_db()
    return dispatch


def test_what_arrives_late_is_to_be_answered_as_of_the_day_it_was_handed_in() -> None:
    """While the office cannot be reached the clock goes on: the day printed on the receipt stays the day."""
    application = factories.submitted(ticked=["I01"], at=timezone.now() - timedelta(days=20))
    receipt = paper.html_of(application.documents.get(kind=DocumentKind.SUBMISSION_RECEIPT))

    factories.deliver_all()

    task = application.tasks.get()
    assert task.reply_due_on is not None and task.reply_due_on < timezone.localdate(task.received_at)
    assert f"{full_day(task.reply_due_on)}前" in receipt


def test_failure_of_one_row_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    factories.submitted(ticked=["I01", "I04", "I05"])
    poisoned = Dispatch.objects.order_by("id")[1]
    advance = workflow.advance

    def failing(task: Any, *args: Any, **options: Any) -> Any:
        if task.pk == poisoned.task_id:
            raise RuntimeError("broken row")
        return advance(task, *args, **options)

    monkeypatch.setattr(workflow, "advance", failing)

    assert factories.deliver_all() == Dispatch.objects.count() - 1
    poisoned.refresh_from_db()
    assert (poisoned.status, poisoned.attempts, poisoned.error) == (DispatchStatus.PENDING, 1, "RuntimeError")
    poisoned.task.refresh_from_db()
    assert poisoned.task.status == TaskStatus.PENDING


def test_back_off_doubles_and_is_spread() -> None:
    waits = [delivery.retry_after(attempts).total_seconds() for attempts in range(1, 13)]

    for wait, middle in zip(waits, [5, 10, 20, 40, 80, 160, 320, 640, 1280, 1800, 1800, 1800], strict=True):
        assert middle * 0.8 <= wait <= middle * 1.2
    assert len({delivery.retry_after(1) for _ in range(20)}) > 10


def test_every_try_is_a_row_with_digest_and_outcome() -> None:
    dispatch = fail(one_pending(), times=2)
    Dispatch.objects.update(next_attempt_at=timezone.now())

    factories.deliver_all()

    assert list(dispatch.tries.values_list("outcome", "digest")) == [
        (Outcome.PASSING, dispatch.digest),
        (Outcome.PASSING, dispatch.digest),
        (Outcome.DELIVERED, dispatch.digest),
    ]


def test_cap_calls_a_person_and_the_clock_of_the_case_goes_on() -> None:
    """A3: after the last try nobody tries by itself; the task itself is as before."""
    dispatch = fail(one_pending(), times=delivery.MAX_ATTEMPTS)

    assert (dispatch.status, dispatch.attempts) == (DispatchStatus.ATTENTION, delivery.MAX_ATTEMPTS)
    assert factories.deliver_all() == 0
    dispatch.task.refresh_from_db()
    assert dispatch.task.status == TaskStatus.PENDING


@pytest.mark.parametrize("outcome", [Outcome.LASTING, Outcome.CONFIGURATION])
def test_failure_that_trying_cannot_mend_calls_a_person_at_once(outcome: Outcome) -> None:
    """A3: a configuration error is not retried at all."""
    dispatch = fail(one_pending(), outcome)

    assert (dispatch.status, dispatch.attempts) == (DispatchStatus.ATTENTION, 1)


def test_resend_works_after_the_cap_and_keeps_reason_and_key(operator: User) -> None:
    """A4."""
    dispatch = fail(one_pending(), times=delivery.MAX_ATTEMPTS)

    operations.resend(dispatch, operator=operator, note="线路已恢复")

    assert factories.deliver_all() == 1
    sent = Dispatch.objects.get()
    assert (sent.status, sent.key) == (DispatchStatus.DELIVERED, dispatch.key)
    assert "系统管理员 重新推送：线路已恢复" in sent.note


@pytest.mark.parametrize("status", [DispatchStatus.PENDING, DispatchStatus.SENDING, DispatchStatus.ATTENTION])
def test_resend_works_from_every_unsent_state(status: DispatchStatus, operator: User) -> None:
    """PERFORMANCE row 20."""
    dispatch = one_pending()
    Dispatch.objects.update(status=status, leased_until=timezone.now() + timedelta(hours=1))

    operations.resend(dispatch, operator=operator, note="请再推一次")

    assert factories.deliver_all() == 1


def test_operator_deeds_need_a_reason_and_an_unsent_row(operator: User) -> None:
    dispatch = one_pending()

    with pytest.raises(Refused):
        operations.cancel(dispatch, operator=operator, note=" ")
    factories.deliver_all()
    with pytest.raises(AlreadyDone):
        operations.resend(dispatch, operator=operator, note="再来一次")


def test_hand_over_on_paper_is_delivered_by_the_receivers_number(operator: User) -> None:
    dispatch = fail(one_pending(), times=delivery.MAX_ATTEMPTS)

    done = operations.hand_over_on_paper(
        dispatch, operator=operator, receipt_number="收字 12", note="线路中断，专人送达"
    )

    assert (done.status, done.receipt_number) == (DispatchStatus.DELIVERED, "收字 12")
    done.task.refresh_from_db()
    assert done.task.status == TaskStatus.QUEUED
    assert done.task.reply_due_on is not None


def test_try_of_a_row_whose_payload_opens_no_more_is_noted() -> None:
    factories.submitted(ticked=["I01", "I04", "I05"])
    damaged = Dispatch.objects.order_by("id")[0]
    factories.damage(damaged)

    delivery.record_failure(damaged.pk, Outcome.PASSING, "连不上")

    assert list(Dispatch.objects.filter(pk=damaged.pk).values_list("attempts", "error")) == [(1, "连不上")]


def test_cancelled_row_is_not_sent(operator: User) -> None:
    dispatch = operations.cancel(one_pending(), operator=operator, note="重复登记")

    assert factories.deliver_all() == 0
    assert dispatch.status == DispatchStatus.CANCELLED


def test_relay_rings_one_bell_per_agency_for_many_rows(bells: list[tuple[str, list[int]]]) -> None:
    for _ in range(3):
        factories.submitted(ticked=["I01", "I04", "I05"])

    relay.publish_dispatches()

    assert sorted(queue for queue, _ in bells) == ["agency.police", "agency.veterans"]
    assert sorted(pk for _, ids in bells for pk in ids) == list(Dispatch.objects.values_list("pk", flat=True))
    assert all(ids == sorted(ids) for _, ids in bells)


def test_relay_does_not_ring_again_before_the_row_is_stale(bells: list[tuple[str, list[int]]]) -> None:
    one_pending()
    relay.publish_dispatches()
    relay.publish_dispatches()
    assert len(bells) == 1

    Dispatch.objects.update(published_at=timezone.now() - timedelta(seconds=31))
    relay.publish_dispatches()

    assert len(bells) == 2


def test_relay_gives_rows_back_when_the_broker_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    dispatch = one_pending()

    def refuse(*_: Any, **__: Any) -> None:
        raise tasks.deliver.OperationalError("away")

    monkeypatch.setattr(tasks.deliver, "apply_async", refuse)
    with pytest.raises(tasks.deliver.OperationalError):
        relay.publish_dispatches()

    dispatch.refresh_from_db()
    assert dispatch.published_at is None


def out_of_order(monkeypatch: pytest.MonkeyPatch, *queues: str) -> list[str]:
    """What the broker says of queues whose place is taken by something else; gives the bells that rang."""
    rung: list[str] = []

    def ring(_: Any, queue: str) -> None:
        if queue in queues:
            raise tasks.deliver.OperationalError("WRONGTYPE")
        rung.append(queue)

    monkeypatch.setattr(relay, "waiting_in", lambda queue: 0)
    for task in (tasks.deliver, tasks.heartbeat, tasks.render_documents, tasks.send_notices):
        monkeypatch.setattr(task, "apply_async", ring)
    return rung


def test_queue_that_is_out_of_order_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """It came first, and neither the agencies behind it nor papers and messages were ever rung for."""
    factories.submitted(ticked=["I01", "I04", "I05"])
    rung = out_of_order(monkeypatch, "agency.police")

    with pytest.raises(tasks.deliver.OperationalError):
        relay.pump()

    assert rung == ["agency.veterans", "papers", "notices"]
    waits = dict(Dispatch.objects.values_list("task__office__agency_id", "published_at"))
    assert (waits["police"] is None, waits["veterans"] is None) == (True, False)


def test_what_waits_for_a_queue_that_is_out_of_order_leaves_room_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    for item in ("I04", "I04", "I01"):
        factories.submitted(ticked=[item])
    monkeypatch.setattr(relay, "CLAIM", 1)
    rung = out_of_order(monkeypatch, "agency.police")

    for _ in range(3):
        with contextlib.suppress(tasks.deliver.OperationalError):
            relay.publish_dispatches()

    assert rung == ["agency.veterans"]


def test_heartbeats_of_the_others_ring_though_one_queue_is_out_of_order(monkeypatch: pytest.MonkeyPatch) -> None:
    rung = out_of_order(monkeypatch, "agency.police")

    with pytest.raises(tasks.deliver.OperationalError):
        relay.ring_heartbeats()

    assert sorted(rung) == sorted(set(all_queues()) - {"agency.police"})


def test_relay_leaves_a_queue_alone_that_nobody_hears(
    bells: list[tuple[str, list[int]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A12: a queue without worker must not fill with repeated bells."""
    one_pending()
    Dispatch.objects.update(published_at=timezone.now() - timedelta(hours=1))
    monkeypatch.setattr(relay, "waiting_in", lambda queue: relay.QUEUE_IS_WAITING)

    relay.publish_dispatches()

    assert bells == []


def test_backlog_of_papers_stays_in_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """A12: nobody makes papers; the relay rings a few times, and no more when every row has become stale."""
    application = one_pending().task.application
    Document.objects.bulk_create(
        Document(
            application=application,
            kind=DocumentKind.SUBMISSION_RECEIPT,
            number=f"{number}",
            requested_at=timezone.now(),
        )
        for number in range(8 * relay.CLAIM_PAPERS)
    )
    rung: list[list[int]] = []
    monkeypatch.setattr(tasks.render_documents, "apply_async", lambda args, queue: rung.append(args[0]))
    monkeypatch.setattr(relay, "waiting_in", lambda queue: len(rung))

    for _ in range(2):
        while relay.publish_documents():
            pass
        Document.objects.update(published_at=timezone.now() - timedelta(hours=1))

    assert [len(ids) for ids in rung] == [relay.CLAIM_PAPERS] * relay.QUEUE_IS_WAITING
    rung.clear()  # a worker has heard all
    assert relay.publish_documents() == relay.CLAIM_PAPERS


def test_held_office_gets_nothing_and_loses_nothing(bells: list[tuple[str, list[int]]]) -> None:
    dispatch = one_pending()
    operator = factories.staff(Role.ADMINISTRATOR)
    operations.hold(dispatch.task.office, is_held=True, operator=operator, note="对方检修")
    relay.publish_dispatches()
    assert (bells, factories.deliver_all()) == ([], 0)

    operations.hold(dispatch.task.office, is_held=False, operator=operator, note="检修完毕")
    relay.publish_dispatches()

    assert bells == [("agency.veterans", [dispatch.pk])]
    assert factories.deliver_all() == 1


def test_lease_of_a_dead_sender_is_given_back() -> None:
    """A10, PERFORMANCE row 16."""
    dispatch = one_pending()
    Dispatch.objects.update(status=DispatchStatus.SENDING, leased_until=timezone.now() - timedelta(seconds=1))

    relay.release_dead_senders(timezone.now())

    dispatch.refresh_from_db()
    assert (dispatch.status, dispatch.leased_until) == (DispatchStatus.PENDING, None)


def test_lease_in_force_is_left_alone() -> None:
    dispatch = one_pending()
    Dispatch.objects.update(status=DispatchStatus.SENDING, leased_until=timezone.now() + timedelta(seconds=30))

    assert relay.release_dead_senders(timezone.now()) == 0
    dispatch.refresh_from_db()
    assert dispatch.status == DispatchStatus.SENDING
