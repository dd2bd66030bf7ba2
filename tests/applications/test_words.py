"""A withdrawal or an end is told to a system that has the task: signed, once, tried as any dispatch, its answer kept."""

import json
from datetime import timedelta

import jsonschema
import pytest
from django.test import Client
from django.utils import timezone

from agencies.enums import GatewayKind
from agencies.gateways.simulator import Mode, Server
from agencies.models import Office
from applications import batches, delivery, drafts, outgoing, review, submission, withdrawal
from applications.enums import Channel, DispatchKind, DispatchStatus, Outcome, TaskStatus
from applications.models import Dispatch, ExchangeKey, ItemTask, Ticket
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
    Dispatch.objects.filter(pk=dispatch.pk).update(status=DispatchStatus.SENDING, leased_until=until)
    withdraw(task)
    assert word_of(task).next_attempt_at == until

    answer = delivery.HttpGateway(agency_system.endpoint).send(
        outgoing.message_of(dispatch, delivery.keys_of(task.office))
    )
    lease = delivery.Lease(dispatch.pk, until)
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
    submission.submit(draft, user=application.applicant, channel=Channel.ONLINE, promised=True)
    added = factories.task_of(application, "I02", "veterans")

    delivery.deliver([added.dispatches.get().pk])

    assert sorted(one.task for one in agency_system.simulator.taken.values()) == sorted([str(task.pk), str(added.pk)])


def test_result_for_a_withdrawn_task_is_refused_and_changes_nothing(had: tuple[ItemTask, Server]) -> None:
    task, _ = had
    withdraw(task)

    answer = exchange.post(ExchangeKey.objects.get(), exchange.event(task, "approved", 1))

    assert answer.status_code == 409
    assert ItemTask.objects.get(pk=task.pk).status == TaskStatus.WITHDRAWN
