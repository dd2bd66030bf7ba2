"""A withdrawal or an end is told to a system that has the task: signed, once, tried as any dispatch, its answer kept."""

import json
from datetime import timedelta

import jsonschema
import pytest
from django.test import Client
from django.utils import timezone

from agencies.enums import GatewayKind, Role
from agencies.gateways.simulator import Mode, Server
from agencies.models import Office, Posting
from agencies.routing import Way
from applications import (
    batches,
    delivery,
    drafts,
    fanout,
    holders,
    incoming,
    operations,
    outbox,
    outgoing,
    reconciliation,
    relay,
    review,
    submission,
    withdrawal,
)
from applications.enums import Channel, DispatchKind, DispatchStatus, Outcome, TaskStatus
from applications.models import Dispatch, ExchangeKey, Holder, ItemTask, Ticket
from tests import factories
from tests.factories import exchange

pytestmark = pytest.mark.usefixtures("directory")


@pytest.fixture
def had(agency_system: Server) -> tuple[ItemTask, Server]:
    """A task that its office's own system has received."""
    _, task = exchange.case_of()
    key = exchange.joined(task.office, agency_system.endpoint)
    agency_system.simulator.key = exchange.signing_key(key)
    delivery.deliver([task.dispatches.get().pk])
    task.refresh_from_db()
    assert task.status == TaskStatus.QUEUED
    return task, agency_system


def withdraw(task: ItemTask) -> None:
    withdrawal.withdraw(task.application, user=task.application.applicant, tasks=[task])


def word_of(task: ItemTask) -> Dispatch:
    return task.dispatches.exclude(kind=DispatchKind.TASK).get()


def test_withdrawal_is_told_to_the_system_that_has_the_task(had: tuple[ItemTask, Server]) -> None:
    task, server = had

    withdraw(task)
    delivery.deliver([word_of(task).pk])

    word = word_of(task)
    assert (word.kind, word.status) == (DispatchKind.WITHDRAWN, DispatchStatus.DELIVERED)
    assert server.simulator.words == {str(word.key): "withdrawn"}
    assert [one.state for one in server.simulator.taken.values()] == ["withdrawn"]
    assert word.tries.get().status_code == 200
    assert ItemTask.objects.get(pk=task.pk).status == TaskStatus.WITHDRAWN


def test_end_by_rule_is_told_as_such(had: tuple[ItemTask, Server]) -> None:
    task, server = had

    review.terminate(task, reviewer=factories.reviewer_of(task), note="申请人死亡")
    delivery.deliver([word_of(task).pk])

    assert list(server.simulator.words.values()) == ["terminated"]


def test_word_is_tried_again_with_the_same_key(had: tuple[ItemTask, Server]) -> None:
    task, server = had
    withdraw(task)
    word = word_of(task)
    for mode in (Mode.ERROR, Mode.LOSE_REPLY, Mode.SILENT):
        server.simulator.behaviour.mode = mode
        Dispatch.objects.filter(pk=word.pk).update(next_attempt_at=timezone.now())
        delivery.deliver([word.pk])

    word.refresh_from_db()
    assert list(word.tries.values_list("outcome", flat=True)) == [
        Outcome.PASSING, Outcome.UNKNOWN, Outcome.DELIVERED,
    ]  # fmt: skip
    assert server.simulator.words == {str(word.key): "withdrawn"}


def test_nothing_is_told_where_nobody_else_has_it(directory: None) -> None:
    """Not sent yet, or at the portal's own desk: the withdrawal alone is enough."""
    application = factories.submitted(ticked=["I01", "I04"])
    delivery.deliver([factories.task_of(application, "I04").dispatches.get().pk])

    withdrawal.withdraw(application, user=application.applicant)

    assert not Dispatch.objects.exclude(kind=DispatchKind.TASK).exists()


def test_word_does_not_overtake_the_task_on_its_way(agency_system: Server) -> None:
    """Withdrawn while the message is under way: the word waits for the end of the try, then nobody needs to call."""
    _, task = exchange.case_of()
    key = exchange.joined(task.office, agency_system.endpoint)
    agency_system.simulator.key = exchange.signing_key(key)
    dispatch = task.dispatches.get()
    until = timezone.now() + timedelta(seconds=60)
    holders.note(dispatch, Way(GatewayKind.HTTP, agency_system.endpoint))
    Dispatch.objects.filter(pk=dispatch.pk).update(status=DispatchStatus.SENDING, leased_until=until)
    withdraw(task)
    assert word_of(task).next_attempt_at == until

    answer = delivery.HttpGateway(agency_system.endpoint).send(
        outgoing.message_of(dispatch, delivery.keys_of(task.office))
    )
    lease = delivery.Lease(dispatch.pk, task.application_id, until)
    delivery.settle(lease, answer, delivery.calendar_now(), started_at=timezone.now(), begun=0)
    assert Ticket.objects.open().filter(kind="withdrawn_on_the_way").count() == 1
    assert word_of(task).next_attempt_at <= timezone.now()
    delivery.deliver([word_of(task).pk])

    assert not Ticket.objects.open().exists()
    assert [one.state for one in agency_system.simulator.taken.values()] == ["withdrawn"]


def test_polling_system_finds_the_word_and_acknowledges_it(directory: None) -> None:
    _, task = exchange.case_of()
    Office.objects.filter(pk=task.office_id).update(gateway=GatewayKind.HTTP, endpoint="")
    key = ExchangeKey.issue(agency=task.office.agency, office=task.office)
    (row,) = exchange.get(key, "/exchange/v1/tasks").json()["tasks"]
    said = {"receipt_number": "A-1", "digest": row["digest"]}
    exchange.post(key, said, path=f"/exchange/v1/tasks/{row['dispatch']}/ack")
    withdraw(task)

    page = exchange.get(key, "/exchange/v1/tasks").json()
    (word,) = page["words"]
    said = {"receipt_number": "A-2", "digest": word["digest"]}
    answer = exchange.post(key, said, path=f"/exchange/v1/tasks/{word['dispatch']}/ack")

    assert ([row["task"] for row in page["tasks"]], word["status"]) == ([str(task.pk)], "withdrawn")
    assert answer.status_code == 200
    assert word_of(task).status == DispatchStatus.DELIVERED
    jsonschema.validate(word, Client().get("/exchange/schemas/word-v1.json").json())


def test_offline_office_finds_the_word_in_its_next_package(directory: None) -> None:
    _, task = exchange.case_of()
    Office.objects.filter(pk=task.office_id).update(gateway=GatewayKind.BATCH)
    task.refresh_from_db()
    ExchangeKey.issue(agency=task.office.agency, office=task.office)
    batches.export(task.office)
    withdraw(task)

    made = batches.export(task.office)

    assert [line.words for line in made.lines] == ["撤回告知：不用再办"]
    assert json.loads(made.content.splitlines()[0])["status"] == "withdrawn"


def test_addition_is_told_by_the_new_items_own_task(agency_system: Server) -> None:
    """The system learns of an item that was added later as of any task, under the same case number."""
    application, task = exchange.case_of("veterans", "I01")
    key = exchange.joined(task.office, agency_system.endpoint)
    agency_system.simulator.key = exchange.signing_key(key)
    delivery.deliver([task.dispatches.get().pk])
    draft = drafts.start_addition(application, user=application.applicant)
    draft = drafts.choose_items(draft, ["I02"])
    factories.give_materials(draft)
    submission.submit(draft, user=application.applicant, channel=Channel.ONLINE, promised=True, agreed=True)
    added = factories.task_of(application, "I02", "veterans")

    delivery.deliver([added.dispatches.get().pk])

    assert sorted(one.task for one in agency_system.simulator.taken.values()) == sorted([str(task.pk), str(added.pk)])


def test_result_for_a_withdrawn_task_is_refused_and_changes_nothing(had: tuple[ItemTask, Server]) -> None:
    task, _ = had
    withdraw(task)

    answer = exchange.post(ExchangeKey.objects.get(), exchange.event(task, "approved", 1))

    assert answer.status_code == 409
    assert ItemTask.objects.get(pk=task.pk).status == TaskStatus.WITHDRAWN


# --- the office is reached another way by now ---


def to_desk(office: Office) -> None:
    exchange.go(office, Way(GatewayKind.INBOX))


def test_withdrawal_is_told_to_the_system_that_got_it_though_the_office_went_to_the_desk(
    had: tuple[ItemTask, Server],
) -> None:
    task, server = had
    to_desk(task.office)

    withdraw(task)
    relay.release_dead_senders(timezone.now())
    delivery.deliver([word_of(task).pk])

    assert list(server.simulator.words.values()) == ["withdrawn"]
    assert word_of(task).status == DispatchStatus.DELIVERED


def test_end_is_told_to_the_system_that_got_it_though_the_office_has_another(
    had: tuple[ItemTask, Server], second_system: Server
) -> None:
    task, server = had
    exchange.go(task.office, Way(GatewayKind.HTTP, second_system.endpoint))

    review.terminate(task, reviewer=factories.reviewer_of(task), note="申请人死亡")
    delivery.deliver([word_of(task).pk])

    assert (list(server.simulator.words.values()), second_system.simulator.words) == (["terminated"], {})


def test_transfer_is_told_to_the_system_of_the_office_that_had_it(had: tuple[ItemTask, Server]) -> None:
    """The new office gets the task, the old one's system the word; the old office's own key signs it."""
    task, server = had
    old, target = task.office, review.transfer_targets(task)[0]
    to_desk(old)

    review.transfer(task, reviewer=factories.reviewer_of(task), to_region=target.region_id, note="申请人已迁往那里")
    word = word_of(task)
    delivery.deliver(task.dispatches.values_list("pk", flat=True))

    task.refresh_from_db()
    assert (task.office, task.status) == (target, TaskStatus.QUEUED)
    assert (list(server.simulator.words.values()), word.office) == (["moved"], old)
    assert reconciliation.reconcile(old, timezone.localdate()).differences == 0
    withdraw(task)
    assert word_of(task).pk == word.pk  # it was told once, and the new office's desk needs no word


def test_correction_that_goes_to_the_desk_is_told_to_the_system_that_has_the_first_version(
    had: tuple[ItemTask, Server],
) -> None:
    task, server = had
    to_desk(task.office)
    ItemTask.objects.filter(pk=task.pk).update(status=TaskStatus.PENDING)
    task.refresh_from_db()

    again = fanout.send_again(task, at=timezone.now())
    delivery.deliver([again.pk])
    delivery.deliver([word_of(task).pk])

    again.refresh_from_db()
    assert (again.version, again.status, again.holder) == (2, DispatchStatus.DELIVERED, None)
    assert list(server.simulator.words.values()) == ["moved"]


def test_task_that_goes_back_to_a_system_takes_back_the_word_that_was_not_sent(had: tuple[ItemTask, Server]) -> None:
    task, server = had
    holders.tell(task, DispatchKind.MOVED, "改由别处办理", at=timezone.now())
    ItemTask.objects.filter(pk=task.pk).update(status=TaskStatus.PENDING)
    task.refresh_from_db()

    delivery.deliver([fanout.send_again(task, at=timezone.now()).pk])
    delivery.deliver([word_of(task).pk])

    assert (word_of(task).status, server.simulator.words) == (DispatchStatus.CANCELLED, {})
    assert Holder.objects.get().told_at is None


@pytest.mark.parametrize(("mode", "words"), [(Mode.LOSE_REPLY, ["moved"]), (Mode.BUSY, [])])
def test_only_who_may_have_it_is_told_that_the_desk_has_it(agency_system: Server, mode: Mode, words: list[str]) -> None:
    """A reply that was lost leaves a system that may have the task; "come again later" does not."""
    _, task = exchange.case_of()
    key = exchange.joined(task.office, agency_system.endpoint)
    agency_system.simulator.key = exchange.signing_key(key)
    agency_system.simulator.behaviour.mode = mode
    delivery.deliver([task.dispatches.get().pk])
    agency_system.simulator.behaviour.mode = Mode.SILENT
    to_desk(task.office)
    delivery.deliver([task.dispatches.get().pk])

    told = task.dispatches.exclude(kind=DispatchKind.TASK)
    delivery.deliver(told.values_list("pk", flat=True))

    assert list(told.values_list("kind", flat=True)) == words
    assert list(agency_system.simulator.words.values()) == words


def test_sender_that_died_on_the_way_leaves_a_system_that_is_told(agency_system: Server) -> None:
    """Killed after the lease: whether the message left is unknown, so the withdrawal is told."""
    _, task = exchange.case_of()
    key = exchange.joined(task.office, agency_system.endpoint)
    agency_system.simulator.key = exchange.signing_key(key)
    dispatch = task.dispatches.get()
    delivery._lease(dispatch, holders.way_of(dispatch), timezone.now() - timedelta(hours=1))
    relay.release_dead_senders(timezone.now())

    withdraw(task)

    assert word_of(task).status == DispatchStatus.PENDING


def test_polling_system_that_the_office_left_still_finds_the_word(directory: None) -> None:
    _, task = exchange.case_of()
    exchange.go(task.office, Way(GatewayKind.HTTP))
    key = ExchangeKey.issue(agency=task.office.agency, office=task.office)
    assert len(exchange.get(key, "/exchange/v1/tasks").json()["tasks"]) == 1
    to_desk(task.office)

    withdraw(task)
    page = exchange.get(key, "/exchange/v1/tasks").json()

    assert (page["tasks"], [word["status"] for word in page["words"]]) == ([], ["withdrawn"])


def test_task_at_the_desk_is_not_offered_to_a_system_that_the_office_gets_later(directory: None) -> None:
    _, task = exchange.case_of()
    delivery.deliver([task.dispatches.get().pk])
    exchange.go(task.office, Way(GatewayKind.HTTP))
    key = ExchangeKey.issue(agency=task.office.agency, office=task.office)

    assert exchange.get(key, "/exchange/v1/tasks").json()["tasks"] == []


def test_word_withdrawn_between_reading_and_handing_out_is_not_handed_out(directory: None) -> None:
    """The page is read, the task is withdrawn, the page is noted: nobody is left with a task that is no more."""
    _, task = exchange.case_of()
    exchange.go(task.office, Way(GatewayKind.HTTP))
    key = ExchangeKey.issue(agency=task.office.agency, office=task.office)
    handed_out = incoming._handed_out

    def late(rows: list[Dispatch]) -> list[Dispatch]:
        withdraw(task)
        return handed_out(rows)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(incoming, "_handed_out", late)
        page = incoming.tasks_after(key, 0, 10)

    assert (page.tasks, Holder.objects.exists()) == ([], False)


def test_package_of_an_office_that_is_not_offline_any_more_holds_the_word(directory: None) -> None:
    _, task = exchange.case_of()
    exchange.go(task.office, Way(GatewayKind.BATCH))
    ExchangeKey.issue(agency=task.office.agency, office=task.office)
    batches.export(task.office)
    to_desk(task.office)
    withdraw(task)

    (office,) = outbox.offline_offices(Posting(role=Role.ADMINISTRATOR))
    made = batches.export(office)

    assert (office, office.waiting) == (task.office, 1)
    assert [line.words for line in made.lines] == ["撤回告知：不用再办"]


def test_same_system_under_another_address_gets_the_word_there(
    had: tuple[ItemTask, Server], second_system: Server
) -> None:
    task, server = had
    second_system.simulator.key = server.simulator.key
    operator = operations.system_operator()
    way = Way(GatewayKind.HTTP, second_system.endpoint)
    operations.set_office_way(task.office, way, operator=operator, note="换了网址", is_renamed=True)

    withdraw(task)
    delivery.deliver([word_of(task).pk])

    assert (server.simulator.words, list(second_system.simulator.words.values())) == ({}, ["withdrawn"])


def test_day_is_compared_with_the_system_that_the_tasks_were_delivered_to(had: tuple[ItemTask, Server]) -> None:
    task, server = had
    to_desk(task.office)
    server.simulator.taken.clear()

    row = reconciliation.reconcile(task.office, timezone.localdate())

    assert (row.sent, row.received, row.differences) == (1, 0, 1)
