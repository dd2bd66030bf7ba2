"""Results back from agencies' own systems: believed only when signed, applied once, in order, to their own tasks."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from agencies.gateways import signatures
from applications import incoming, review, workflow
from applications.enums import Action, Decision, DocumentKind, Fulfilment, TaskStatus
from applications.models import Application, Correction, ExchangeKey, InboundMessage, ItemTask, Result, StatusLog
from portal.exchange.description import examples
from tests import factories
from tests.factories import exchange
from tests.factories.exchange import event, post

S = TaskStatus


def status_of(task: ItemTask) -> str:
    return ItemTask.objects.get(pk=task.pk).status


def test_accepted_then_approved_completes_the_task(task: ItemTask, key: ExchangeKey) -> None:
    first = post(key, event(task, "accepted", 1))
    second = post(key, event(task, "approved", 2, opinion="准予办结", reference="东公户〔2026〕12号"))

    assert (first.status_code, first.json()["status"]) == (200, S.IN_REVIEW)
    assert (second.status_code, second.json()["status"]) == (200, S.COMPLETED)
    result = Result.objects.get(task=task)
    assert (result.decision, result.reference) == (Decision.APPROVED, "东公户〔2026〕12号")
    assert str(result.decided_by) == f"{task.office.name}业务系统"
    assert set(InboundMessage.objects.values_list("handler", flat=True)) == {"王秀兰"}


def test_task_handed_on_in_the_same_moment_is_another_offices(
    task: ItemTask, key: ExchangeKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key is asked for the office that the lock finds: else a late answer would begin the work of the next office."""
    real = workflow.lock
    target = review.transfer_targets(task)[0]

    def handed_on_first(application_id: int) -> Application:
        monkeypatch.setattr(workflow, "lock", real)
        moved = ItemTask.objects.get(pk=task.pk)
        review.transfer(moved, reviewer=factories.reviewer_of(task), to_region=target.region_id, note="转办")
        return real(application_id)

    monkeypatch.setattr(workflow, "lock", handed_on_first)

    answer = post(key, event(task, "accepted", 1))

    assert (answer.status_code, answer.json()["type"]) == (404, "urn:yjs:problem:unknown-task")
    assert not task.log.filter(action=Action.ACCEPT).exists()


@pytest.mark.parametrize(("kind", "ended"), [("approved", S.COMPLETED), ("refused", S.REFUSED)])
def test_system_of_an_office_brings_the_end_of_an_item_decided_in_two_steps(
    task: ItemTask, key: ExchangeKey, kind: str, ended: TaskStatus
) -> None:
    """Two people of the office looked at it there; the system is neither of them."""
    factories.put_under_other_rules(task, lambda content: [item.update(two_steps=True) for item in content["items"]])
    post(key, event(task, "accepted", 1))

    answer = post(key, event(task, kind, 2, opinion="办理结果"))

    assert (answer.status_code, status_of(task)) == (200, ended)
    assert [row.action for row in task.log.order_by("id")][-2] == "propose"


def test_correction_names_fields_as_the_agency_knows_them(task: ItemTask, key: ExchangeKey) -> None:
    line = task.dispatches.get().payload["fields"][-1]

    answer = post(key, event(task, "correction_required", deficits=[{"field": line["target"], "reason": "请写完整"}]))

    assert answer.status_code == 200
    assert status_of(task) == S.AWAITING_CORRECTION
    assert [row.field for row in Correction.objects.get().lines.all()] == [line["field"]]
    assert task.documents.filter(kind=DocumentKind.CORRECTION_NOTICE).count() == 1


def test_not_accepted_and_refused_carry_reason_and_remedy(task: ItemTask, key: ExchangeKey) -> None:
    post(key, event(task, "not_accepted", opinion="不属于受理范围", remedy="可申请行政复议"))

    result = Result.objects.get(task=task)
    assert (result.decision, result.summary, result.remedy) == (
        Decision.NOT_ACCEPTED, "不属于受理范围", "可申请行政复议",
    )  # fmt: skip


def test_suspended_resumed_refused(task: ItemTask, key: ExchangeKey) -> None:
    steps = [
        ("accepted", {}),
        ("suspended", {"opinion": "外地核查", "days": 10}),
        ("resumed", {}),
        ("refused", {"opinion": "不符合条件"}),
    ]

    seen = [post(key, event(task, kind, number, **data)).json() for number, (kind, data) in enumerate(steps, 1)]

    assert [answer["status"] for answer in seen] == [S.IN_REVIEW, S.SUSPENDED, S.IN_REVIEW, S.REFUSED]


def test_delivered_is_written_beside_the_decision(task: ItemTask, key: ExchangeKey) -> None:
    assert post(key, event(task, "delivered", 1, fulfilment="ready")).status_code == 409
    post(key, event(task, "accepted", 2))
    post(key, event(task, "approved", 3))

    post(key, event(task, "delivered", 4, fulfilment="ready"))
    post(key, event(task, "delivered", 5, fulfilment="mailed", courier="邮政快递 1178"))
    post(key, event(task, "delivered", 6, fulfilment="delivered", receiver="赵建国", relation="父亲"))

    result = Result.objects.get(task=task)
    assert (result.fulfilment, result.fulfilled_at is None) == (Fulfilment.DELIVERED, False)
    assert (result.courier, result.receiver) == ("邮政快递 1178", "赵建国")
    told = [set(row.data) - {"fulfilment"} for row in task.log.order_by("id")][-3:]
    assert told == [set(), {"courier"}, {"receiver", "relation"}]


@pytest.mark.parametrize(
    ("fulfilment", "given", "wrong"),
    [
        ("ready", {"courier": "邮政快递 1178"}, {"courier": "快递单号只随“已寄出”登记；这次登记“待领取”，请去掉快递单号"}),
        ("paid", {"receiver": "赵建国"}, {"receiver": "签收人只随“已送达”登记；这次登记“已发放”，请去掉签收人"}),
        ("mailed", {}, {"courier": "登记“已寄出”请写明快递单号"}),
        ("mailed", {"courier": "1178", "receiver": "赵建国"}, {
            "receiver": "签收人只随“已送达”登记；这次登记“已寄出”，请去掉签收人",
        }),
        ("delivered", {"receiver": " "}, {"receiver": "登记“已送达”请写明签收人"}),
        ("delivered", {"courier": "1178", "relation": "父亲"}, {
            "courier": "快递单号只随“已寄出”登记；这次登记“已送达”，请去掉快递单号",
            "receiver": "登记“已送达”请写明签收人",
        }),
    ],
)  # fmt: skip
def test_parcel_and_signature_are_taken_with_their_own_stage_alone(
    task: ItemTask, key: ExchangeKey, fulfilment: str, given: dict[str, str], wrong: dict[str, str]
) -> None:
    post(key, event(task, "accepted", 1))
    post(key, event(task, "approved", 2))

    answer = post(key, event(task, "delivered", 3, fulfilment=fulfilment, **given))

    assert answer.status_code == 422
    errors = {error["pointer"]: error["message"] for error in answer.json()["errors"]}
    assert errors == {f"/data/{name}": text for name, text in wrong.items()}
    assert Result.objects.get(task=task).fulfilment == Fulfilment.NONE


def test_repetition_gets_the_first_answer_again(task: ItemTask, key: ExchangeKey) -> None:
    body = json.dumps(event(task, "accepted", 1)).encode()
    answers = [post(key, body, message_id="once") for _ in range(3)]

    assert {(answer.status_code, answer.content) for answer in answers} == {(200, answers[0].content)}
    assert StatusLog.objects.filter(task=task, action="accept").count() == 1


def test_same_id_with_another_content_is_refused(task: ItemTask, key: ExchangeKey) -> None:
    post(key, event(task, "accepted", 1), message_id="once")

    answer = post(key, event(task, "approved", 2), message_id="once")

    assert (answer.status_code, answer.json()["type"]) == (422, "urn:yjs:problem:id-reused")
    assert status_of(task) == S.IN_REVIEW


@pytest.mark.django_db(transaction=True)
def test_same_message_ten_times_at_once_is_one_deed_and_ten_same_answers(task: ItemTask, key: ExchangeKey) -> None:
    """B3: the sender gives the identity, so that trying again after a time-out makes nothing twice."""
    body = json.dumps(event(task, "accepted", 1)).encode()

    def call(_: int) -> tuple[int, bytes]:
        try:
            answer = post(key, body, message_id="once")
            return answer.status_code, answer.content
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        answers = set(pool.map(call, range(10)))

    assert [status for status, _ in answers] == [200]
    assert StatusLog.objects.filter(task=task, action="accept").count() == 1


def test_late_message_with_a_lower_number_is_stored_and_not_applied(task: ItemTask, key: ExchangeKey) -> None:
    post(key, event(task, "accepted", 5))
    post(key, event(task, "approved", 6))

    answer = post(key, event(task, "correction_required", 4, deficits=[{"field": "name", "reason": "请核对"}]))

    assert (answer.status_code, answer.json()["outcome"]) == (202, "stale")
    assert status_of(task) == S.COMPLETED
    assert list(InboundMessage.objects.values_list("sequence", "outcome")) == [
        (5, "applied"), (6, "applied"), (4, "stale"),
    ]  # fmt: skip


def test_illegal_transition_changes_nothing_and_may_be_sent_again(task: ItemTask, key: ExchangeKey) -> None:
    body = json.dumps(event(task, "approved", 2)).encode()
    answer = post(key, body, message_id="early")
    assert (answer.status_code, answer["content-type"]) == (409, "application/problem+json")
    assert status_of(task) == S.QUEUED

    post(key, event(task, "accepted", 1))

    assert post(key, body, message_id="early").status_code == 200


@pytest.mark.parametrize("minutes", [-6, 6])
def test_old_and_future_timestamps_are_not_believed(task: ItemTask, key: ExchangeKey, minutes: int) -> None:
    assert post(key, event(task, "accepted"), late=timedelta(minutes=minutes)).status_code == 401
    assert post(key, event(task, "accepted"), late=timedelta(minutes=minutes * 0.75)).status_code == 200


def test_body_changed_by_one_blank_is_not_believed(task: ItemTask, key: ExchangeKey) -> None:
    body = json.dumps(event(task, "accepted")).encode()
    signed = signatures.headers([exchange.signing_key(key)], "m", int(timezone.now().timestamp()), body)

    answer = post(key, body + b" ", webhook_signature=signed["webhook-signature"], webhook_id="m")

    assert answer.status_code == 401
    assert InboundMessage.objects.count() == 0


def test_one_valid_signature_of_two_is_enough(task: ItemTask, key: ExchangeKey) -> None:
    value = event(task, "accepted")
    body = json.dumps(value, ensure_ascii=False).encode()
    stamp = int(timezone.now().timestamp())
    national = signatures.sign_sm3(key.secret, "m", stamp, body)

    answer = post(
        key, body, webhook_id="m", webhook_timestamp=str(stamp), webhook_signature=f"v1,AAAA {national}"
    )  # fmt: skip

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        {"webhook_signature": ""},
        {"webhook_signature": "v1,"},
        {"webhook_signature": "v9,AAAA"},
        {"webhook_key_id": "nobody"},
        {"webhook_id": ""},
        {"webhook_timestamp": "soon"},
        {"webhook_timestamp": "-5"},
    ],
    ids=lambda change: "-".join(*change.items()),
)
def test_unsigned_or_half_signed_is_not_believed(task: ItemTask, key: ExchangeKey, change: dict[str, str]) -> None:
    assert post(key, event(task, "accepted"), **change).status_code == 401
    assert status_of(task) == S.QUEUED


@pytest.mark.parametrize("field", ["revoked_at", "expires_at"])
def test_key_out_of_force_is_refused_at_once(task: ItemTask, key: ExchangeKey, field: str) -> None:
    ExchangeKey.objects.update(**{field: timezone.now()})

    assert post(key, event(task, "accepted")).status_code == 401


def test_new_key_works_beside_the_old_one(task: ItemTask, key: ExchangeKey) -> None:
    new = ExchangeKey.issue(agency=task.office.agency)

    assert post(new, event(task, "accepted", 1)).status_code == 200
    assert post(key, event(task, "approved", 2)).status_code == 200
    assert ExchangeKey.objects.filter(last_used_at=None).count() == 0


def test_task_of_another_office_is_as_unknown_as_none(task: ItemTask, key: ExchangeKey) -> None:
    foreign = factories.task_of(task.application, "I01")
    assert foreign.office_id != task.office_id

    answers = [post(key, {**event(task, "accepted"), "subject": subject}) for subject in (str(foreign.pk), "999999999")]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content
    assert status_of(foreign) == S.QUEUED


def test_deed_of_an_agency_proves_its_receipt(directory: None, settings: Any) -> None:
    """A10: our push ended in a time-out, the agency's answer says that it has the task."""
    settings.EXCHANGE_ALLOWED_HOSTS = ["127.0.0.1"]
    _, task = exchange.case_of()
    key = exchange.joined(task.office, "http://127.0.0.1:9/agency")
    assert task.status == S.PENDING

    answer = post(key, event(task, "accepted", 1))

    assert (answer.status_code, answer.json()["status"]) == (200, S.IN_REVIEW)
    assert task.dispatches.get().status == "delivered"


def test_handlers_time_must_be_between_receipt_and_now(task: ItemTask, key: ExchangeKey) -> None:
    future = {**event(task, "accepted"), "time": (timezone.now() + timedelta(minutes=6)).isoformat()}
    before = {**event(task, "accepted"), "time": (timezone.now() - timedelta(days=1)).isoformat()}

    answers = [post(key, value) for value in (future, before)]

    assert [(answer.status_code, answer.json()["errors"][0]["code"]) for answer in answers] == [
        (422, "future"), (422, "before-receipt"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b" ", 400),
        (b"{", 400),
        (b"[" * 5000, 400),
        (b'{"type": "\\u0000"}', 422),
        (b"[]", 422),
        (b"null", 422),
        (b"{}", 422),
        (b'{"type":"yjs.task.exploded.v1","subject":"1","sequence":1,"time":"2026-11-26T00:00:00Z","data":{}}', 422),
        (b'{"type":"yjs.task.accepted.v1","subject":"1","sequence":1,"time":"2026-11-26T00:00:00","data":{}}', 422),
        (b'{"type":"yjs.task.accepted.v1","subject":"x","sequence":1,"time":"2026-11-26T00:00:00Z","data":{}}', 422),
        (b"x" * 70_000, 413),
    ],
)
def test_unreadable_message_gets_a_problem_and_leaves_no_trace(
    key: ExchangeKey, body: bytes, status: int
) -> None:  # fmt: skip
    answer = post(key, body)

    assert (answer.status_code, answer["content-type"]) == (status, "application/problem+json")
    assert set(answer.json()) == {"type", "title", "status", "detail", "errors"}
    assert InboundMessage.objects.count() == 0


def test_missing_data_is_pointed_at(task: ItemTask, key: ExchangeKey) -> None:
    answer = post(key, event(task, "suspended", 1, days=0))

    assert [error["pointer"] for error in answer.json()["errors"]] == ["/data/opinion", "/data/days"]


def test_work_begun_before_its_receipt_was_known_is_not_refused(task: ItemTask, key: ExchangeKey) -> None:
    """A receipt may come by hand, days after the office began: its own time counts from when it was handed the task."""
    week_ago = timezone.now() - timedelta(days=7)
    task.dispatches.update(created_at=week_ago)

    begun = post(key, {**event(task, "accepted", 1), "time": (week_ago + timedelta(hours=1)).isoformat()})
    before = post(key, {**event(task, "approved", 2), "time": (week_ago - timedelta(hours=1)).isoformat()})

    assert (begun.status_code, before.status_code) == (200, 422)
    assert [error["code"] for error in before.json()["errors"]] == ["before-receipt"]


def test_acceptance_after_the_answer_period_confirms_what_silence_brought_about(
    directory: None,
) -> None:
    """Where silence counts as acceptance, a late "accepted" is no error of the agency's and puts nothing off."""
    handed_in = timezone.now() - timedelta(days=30)
    application = factories.submitted(ticked=["I01", "I04"], at=handed_in)
    task = factories.task_of(application, "I04", "police")
    factories.put_under_other_rules(task, deeming)
    factories.deliver_all()
    key = ExchangeKey.issue(agency=task.office.agency, office=task.office)

    answer = post(key, event(task, "accepted", 1))

    task.refresh_from_db()
    assert (answer.status_code, task.status) == (200, S.IN_REVIEW)
    assert task.accepted_on == timezone.localdate(handed_in)


def deeming(content: dict[str, Any]) -> None:
    """Every item's silence counts as acceptance."""
    for item in content["items"]:
        item["deemed_acceptance"] = True


def test_old_messages_of_ended_tasks_are_thrown_away_and_no_others(
    task: ItemTask, key: ExchangeKey, settings: Any
) -> None:
    """Retention: as long as the task is open, and for the days set after it ended, a repetition gets its answer."""
    body = json.dumps(event(task, "accepted", 1)).encode()
    post(key, body, message_id="first")
    long_ago = timezone.now() - timedelta(days=settings.EXCHANGE_INBOUND_DAYS + 1)
    InboundMessage.objects.update(received_at=long_ago)
    assert incoming.prune() == 0

    post(key, event(task, "approved", 2), message_id="second")
    assert incoming.prune() == 0
    assert post(key, body, message_id="first").status_code == 200
    ItemTask.objects.filter(pk=task.pk).update(changed_at=long_ago)

    assert incoming.prune() == 1
    assert list(InboundMessage.objects.values_list("message_id", flat=True)) == ["second"]


def test_field_that_is_not_known_is_let_through(task: ItemTask, key: ExchangeKey) -> None:
    assert post(key, {**event(task, "accepted", 1, colour="blue"), "traceparent": "00-1"}).status_code == 200


@pytest.mark.parametrize("kind", examples())
def test_published_example_is_understood(task: ItemTask, key: ExchangeKey, kind: str) -> None:
    """Contract: each example gets past reading; whether the deed fits the task's state is another matter."""
    value = {**examples()[kind], "subject": str(task.pk), "time": timezone.now().isoformat()}

    answer = post(key, value)

    assert answer.status_code in (200, 409)


def test_method_and_media_type_are_told(task: ItemTask, key: ExchangeKey, client: Any) -> None:
    assert client.get("/exchange/v1/events").status_code == 405
    assert client.post("/exchange/v1/events", b"x", content_type="text/plain").status_code == 415
