"""Polling, acknowledging, files by short-lived links, and the published description."""

import hashlib
import time
from datetime import timedelta
from typing import Any

import jsonschema
import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from agencies.models import Office
from applications import outgoing, review
from applications.enums import DispatchKind, DispatchStatus, TaskStatus
from applications.models import Dispatch, ExchangeKey, ItemTask
from tests import factories
from tests.factories import exchange
from tests.factories.exchange import get, post


def test_system_sees_its_own_tasks_alone_and_goes_on_from_the_cursor(task: ItemTask, key: ExchangeKey) -> None:
    exchange.case_of()
    pages = []
    path = "/exchange/v1/tasks?limit=1"
    for _ in range(3):
        page = get(key, path).json()
        pages.append([row["task"] for row in page["tasks"]])
        path = f"/exchange/v1/tasks?limit=1&after={page['cursor']}"

    own = [str(pk) for pk in ItemTask.objects.filter(office=task.office).order_by("pk").values_list("pk", flat=True)]
    assert pages == [[own[0]], [own[1]], []]


def test_unchanged_page_is_not_sent_twice(task: ItemTask, key: ExchangeKey) -> None:
    first = get(key, "/exchange/v1/tasks")

    second = get(key, "/exchange/v1/tasks", **{"if-none-match": first["ETag"]})

    assert (second.status_code, second.content) == (304, b"")


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x"])
def test_wrong_page_is_a_problem(key: ExchangeKey, query: str) -> None:
    assert get(key, f"/exchange/v1/tasks?{query}").status_code == 422


@pytest.mark.parametrize("cursor", ["1", "1:2:3"])
def test_cursor_of_nobody_is_unknown(key: ExchangeKey, cursor: str) -> None:
    assert get(key, f"/exchange/v1/tasks?after={cursor}").status_code == 404


def test_signature_of_one_question_does_not_serve_another(task: ItemTask, key: ExchangeKey) -> None:
    asked = get(key, "/exchange/v1/tasks")
    headers = {name: asked.request["HTTP_" + name.upper().replace("-", "_")] for name in (
        "webhook-id", "webhook-timestamp", "webhook-signature", "webhook-key-id",
    )}  # fmt: skip

    assert Client().get("/exchange/v1/tasks", headers=headers).status_code == 200
    assert Client().get("/exchange/v1/tasks?limit=2", headers=headers).status_code == 401


def test_polling_office_acknowledges_with_its_own_number(directory: None) -> None:
    """An office without address is not pushed to; its word makes the task delivered."""
    _, task = exchange.case_of()
    Office.objects.filter(pk=task.office_id).update(gateway="http", endpoint="")
    key = ExchangeKey.issue(agency=task.office.agency, office=task.office)
    (row,) = get(key, "/exchange/v1/tasks").json()["tasks"]
    path = f"/exchange/v1/tasks/{row['dispatch']}/ack"

    torn = post(key, {"receipt_number": "A-1", "digest": "0" * 64}, path=path)
    answers = [post(key, {"receipt_number": number, "digest": row["digest"]}, path=path) for number in ("A-1", "A-2")]

    assert torn.status_code == 422
    assert [answer.json()["receipt_number"] for answer in answers] == ["A-1", "A-1"]
    dispatch = Dispatch.objects.get(task=task)
    assert (dispatch.status, dispatch.receipt_number) == (DispatchStatus.DELIVERED, "A-1")
    task.refresh_from_db()
    assert task.status == TaskStatus.QUEUED


def test_task_that_comes_back_does_not_come_with_the_word_that_it_left(task: ItemTask, key: ExchangeKey) -> None:
    """Handed on and back before the system asked again: one page does not say both."""
    office, other = task.office, review.transfer_targets(task)[0]
    cursor = get(key, "/exchange/v1/tasks").json()["cursor"]
    for to in (other, office):
        review.transfer(task, reviewer=factories.reviewer_of(task), to_region=to.region_id, note="转办")
        if to == other:
            factories.deliver_all()
            task.refresh_from_db()

    page = get(key, f"/exchange/v1/tasks?after={cursor}").json()

    assert ([row["task"] for row in page["tasks"]], page["words"]) == ([str(task.pk)], [])
    word = Dispatch.objects.get(task=task, kind=DispatchKind.MOVED, holder__office=office)
    assert word.status == DispatchStatus.CANCELLED


def test_acknowledging_a_foreign_or_withdrawn_task(task: ItemTask, key: ExchangeKey, dispatch: Dispatch) -> None:
    foreign = Dispatch.objects.exclude(pk=dispatch.pk).first()
    assert foreign is not None
    said = {"receipt_number": "A-1", "digest": foreign.digest}
    assert post(key, said, path=f"/exchange/v1/tasks/{foreign.key}/ack").status_code == 404

    Dispatch.objects.filter(pk=dispatch.pk).update(status=DispatchStatus.CANCELLED)
    said = {"receipt_number": "A-1", "digest": dispatch.digest}

    assert post(key, said, path=f"/exchange/v1/tasks/{dispatch.key}/ack").status_code == 409


def a_file(key: ExchangeKey) -> dict[str, Any]:
    (row,) = get(key, "/exchange/v1/tasks").json()["tasks"]
    return dict(row["materials"][0]["files"][0])


def test_file_comes_by_its_link_with_its_digest(task: ItemTask, key: ExchangeKey) -> None:
    """A19: the receiver can tell the file from an error page that came in its place."""
    file = a_file(key)

    answer = Client().get(file["url"].removeprefix("http://localhost:8000"))

    content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    assert hashlib.sha256(content).hexdigest() == file["sha256"]
    assert answer["Repr-Digest"].startswith("sha-256=:")


def test_link_to_a_file_ends_after_fifteen_minutes(task: ItemTask, key: ExchangeKey) -> None:
    path = a_file(key)["url"].removeprefix("http://localhost:8000")

    with time_machine.travel(time.time() + 901):
        assert Client().get(path).status_code == 404


def test_row_that_cannot_be_read_stops_no_other_and_calls_a_person(task: ItemTask, key: ExchangeKey) -> None:
    """Whoever polls never came past it, however often they asked."""
    bad = Dispatch.objects.get(task=exchange.case_of()[1])
    factories.damage(bad)

    answer = get(key, "/exchange/v1/tasks")

    assert [row["task"] for row in answer.json()["tasks"]] == [str(task.pk)]
    rows = Dispatch.objects.filter(pk=bad.pk).values_list("status", "error", "holder")
    assert list(rows) == [(DispatchStatus.ATTENTION, "内容读不出来", None)]


def test_changed_link_opens_nothing(task: ItemTask, key: ExchangeKey) -> None:
    path = a_file(key)["url"].removeprefix("http://localhost:8000")

    assert Client().get(path[:-1] + ("A" if path[-1] != "A" else "B")).status_code == 404


def test_task_follows_its_published_schema(task: ItemTask, key: ExchangeKey, client: Any) -> None:
    schema = client.get("/exchange/schemas/task-v1.json").json()
    jsonschema.Draft202012Validator.check_schema(schema)

    for row in get(key, "/exchange/v1/tasks").json()["tasks"]:
        jsonschema.validate(row, schema)


def test_pushed_message_follows_the_described_webhook(task: ItemTask, dispatch: Dispatch, client: Any) -> None:
    document = client.get("/exchange/openapi.json").json()
    content = document["webhooks"]["task"]["post"]["requestBody"]["content"]["application/json"]

    schema = {**content["schema"], "components": document["components"]}

    jsonschema.Draft202012Validator(schema).validate(outgoing.envelope(dispatch))


def test_published_example_of_an_acknowledgement_is_understood(
    task: ItemTask, key: ExchangeKey, dispatch: Dispatch, client: Any
) -> None:
    document = client.get("/exchange/openapi.json").json()
    body = document["paths"]["/v1/tasks/{dispatch}/ack"]["post"]["requestBody"]["content"]["application/json"]
    example = body["examples"]["acknowledged"]["value"]
    jsonschema.Draft202012Validator(body["schema"]).validate(example)

    answer = post(key, {**example, "digest": dispatch.digest}, path=f"/exchange/v1/tasks/{dispatch.key}/ack")

    assert answer.status_code == 200


def test_description_names_every_path_and_its_examples_follow_it(client: Any) -> None:
    document = client.get("/exchange/openapi.json").json()
    operation = document["paths"]["/v1/events"]["post"]
    content = operation["requestBody"]["content"]["application/json"]

    assert document["openapi"] == "3.1.0"
    assert sorted(document["paths"]) == [
        "/v1/events", "/v1/materials/{token}", "/v1/tasks", "/v1/tasks/{dispatch}/ack",
    ]  # fmt: skip
    schema = {**content["schema"], "components": document["components"]}
    for example in content["examples"].values():
        jsonschema.Draft202012Validator(schema).validate(example["value"])


def test_task_without_acknowledgement_comes_again_behind_the_cursor(task: ItemTask, key: ExchangeKey) -> None:
    """Two transactions may end in another order than they began: the cursor alone would lose the later one."""
    Dispatch.objects.filter(task=task).update(status=DispatchStatus.PENDING)
    ItemTask.objects.filter(pk=task.pk).update(status=TaskStatus.PENDING)
    first = get(key, "/exchange/v1/tasks").json()
    again = f"/exchange/v1/tasks?after={first['cursor']}"
    assert get(key, again).json()["tasks"] == []
    Dispatch.objects.update(created_at=timezone.now() - timedelta(seconds=61))

    overlooked = get(key, again).json()

    assert [row["task"] for row in overlooked["tasks"]] == [str(task.pk)]
    said = {"receipt_number": "A-1", "digest": overlooked["tasks"][0]["digest"]}
    post(key, said, path=f"/exchange/v1/tasks/{overlooked['tasks'][0]['dispatch']}/ack")
    assert get(key, again).json()["tasks"] == []


def test_held_office_finds_nothing_until_it_is_released(task: ItemTask, key: ExchangeKey) -> None:
    Office.objects.filter(pk=task.office_id).update(is_held=True)
    assert get(key, "/exchange/v1/tasks").json()["tasks"] == []

    Office.objects.filter(pk=task.office_id).update(is_held=False)

    assert len(get(key, "/exchange/v1/tasks").json()["tasks"]) == 1
