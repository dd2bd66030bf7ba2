"""What agencies' own systems say: results back, acknowledgements, questions for their tasks. No HTTP here.

A message is applied once. The same id gets the first answer again; the same id with another content is refused. What is
older than what was applied is stored and not applied. A task of another office is an unknown task.
"""

import hashlib
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from agencies.deadlines import calendar_now
from agencies.enums import GatewayKind
from agencies.models import Office
from agencies.routing import Way
from applications import delivery, holders, review, workflow
from applications.enums import TERMINAL, DispatchKind, DispatchStatus, Fulfilment, Party, TaskStatus
from applications.errors import Invalid, Refused
from applications.models import Dispatch, ExchangeKey, InboundMessage, ItemTask
from portal.accounts.models import User

logger = logging.getLogger(__name__)

CLOCK_SKEW = timedelta(minutes=5)
PAGE_LIMIT = 100
# How long a task may stay without acknowledgement before it is offered again to a system that polls.
COMES_AGAIN = timedelta(seconds=60)


class Problem(Exception):
    """An RFC 9457 problem: status, a short code, a sentence, and errors by place in the message."""

    def __init__(self, status: int, code: str, detail: str, errors: list[dict[str, str]] | None = None) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.errors = status, code, detail, errors or []


# --- the messages ---

# A text that can be stored: PostgreSQL knows no NUL.
_STORABLE = r"^[^\x00]*$"
# One that must say something: blanks at its ends are dropped before it is looked at.
_SAYS = r"^[^\x00]*[^\x00\s][^\x00]*$"
Text = Annotated[str, Field(min_length=1, max_length=300, pattern=_SAYS)]
Words = Annotated[str, Field(max_length=300, pattern=_STORABLE)]
Name = Annotated[str, Field(min_length=1, max_length=60, pattern=_SAYS)]
Number = Annotated[str, Field(max_length=80, pattern=_STORABLE)]
Carried = Annotated[str, Field(max_length=60, pattern=_STORABLE)]
Relation = Annotated[str, Field(max_length=20, pattern=_STORABLE)]
Code = Annotated[str, Field(max_length=40, pattern=_STORABLE)]


class Part(BaseModel):
    """Unknown fields are let through, so that a newer system can talk to an older portal."""

    model_config = ConfigDict(extra="allow", str_strip_whitespace=True)


class Line(Part):
    """One deficit: a field or a material of the task, and what is wrong with it."""

    field: Code = ""
    material: Code = ""
    reason: Text


class Handled(Part):
    handler: Name


class Accepted(Handled): ...


class CorrectionRequired(Handled):
    deficits: list[Line] = Field(min_length=1, max_length=30)
    opinion: Words = ""


class NotAccepted(Handled):
    opinion: Text
    remedy: Words = ""


class Suspended(Handled):
    opinion: Text
    days: int = Field(ge=1, le=365)


class Resumed(Handled): ...


class Approved(Handled):
    opinion: Words = ""
    reference: Number = ""


class Refusal(Handled):
    opinion: Text
    remedy: Words = ""


class Delivered(Handled):
    """`courier` belongs to what is mailed, `receiver` and `relation` to what is delivered; nothing else has them."""

    fulfilment: Literal["paid", "in_production", "ready", "mailed", "delivered"]
    courier: Carried = Field("", description="快递单号：mailed 必填，其他不能带")
    receiver: Carried = Field("", description="签收人：delivered 必填，其他不能带")
    relation: Relation = Field("", description="签收人和申请人的关系：只有 delivered 可以带，本人签收不填")


KINDS: dict[str, type[Handled]] = {
    "yjs.task.accepted.v1": Accepted,
    "yjs.task.correction_required.v1": CorrectionRequired,
    "yjs.task.not_accepted.v1": NotAccepted,
    "yjs.task.suspended.v1": Suspended,
    "yjs.task.resumed.v1": Resumed,
    "yjs.task.approved.v1": Approved,
    "yjs.task.refused.v1": Refusal,
    "yjs.task.delivered.v1": Delivered,
}


class Event(Part):
    specversion: Literal["1.0"] = "1.0"
    source: str = Field("", max_length=200)
    type: str = Field(max_length=60)
    subject: str = Field(pattern=r"^[0-9]{1,18}$")
    sequence: int = Field(ge=1, le=2_000_000_000)
    time: AwareDatetime
    data: dict[str, Any]


class Acknowledgement(Part):
    receipt_number: str = Field(min_length=1, max_length=80, pattern=_SAYS)
    digest: str = Field(pattern=r"^[0-9a-f]{64}$")


def _parse(model: type[Part], value: Any, where: str = "") -> Any:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        errors = [
            {"pointer": where + "".join(f"/{part}" for part in found["loc"]), "code": found["type"]}
            for found in error.errors(include_input=False, include_url=False, include_context=False)
        ]
        raise Problem(
            422, "invalid", "报文内容不符合约定，请按 errors 逐项改正后用新的 webhook-id 重发", errors
        ) from None


def read_json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Problem(400, "not-json", "报文不是 JSON") from None


def note_use(key: ExchangeKey) -> None:
    ExchangeKey.objects.filter(pk=key.pk).update(last_used_at=timezone.now())


# --- results back ---


@dataclass(frozen=True)
class Reply:
    status: int
    body: dict[str, Any]


def receive(key: ExchangeKey, message_id: str, body: bytes) -> Reply:
    """Applies one message once and gives the answer to it. Raises Problem; then nothing has changed."""
    digest = hashlib.sha256(body).hexdigest()
    try:
        with transaction.atomic():
            message = InboundMessage.objects.create(
                key=key, agency=key.agency, message_id=message_id, digest=digest, received_at=timezone.now()
            )
            return _apply(key, message, read_json(body))
    except IntegrityError as error:
        if "inbound_once_per_agency_and_id" not in str(error):
            raise
    first = InboundMessage.objects.get(agency=key.agency, message_id=message_id)
    if first.digest != digest:
        raise Problem(422, "id-reused", "这个 webhook-id 已用于另一份内容，请换新的标识")
    return Reply(first.status_code or 200, first.answer)


def _apply(key: ExchangeKey, message: InboundMessage, value: Any) -> Reply:
    event: Event = _parse(Event, value)
    shape = KINDS.get(event.type)
    if shape is None:
        raise Problem(422, "unknown-type", "没有这种消息类型", [{"pointer": "/type", "code": "unknown"}])
    data = _parse(shape, event.data, "/data")
    if extra := sorted({*(event.model_extra or {}), *(data.model_extra or {})}):
        logger.info("message %s has fields that are not known: %d", message.pk, len(extra))
    task = _task_of(key, int(event.subject))
    message.kind, message.task, message.sequence, message.handler = event.type, task, event.sequence, data.handler
    if _is_stale(task, message):
        return _answer(message, task, 202, "stale")
    _receipt_by_deed(task)
    _check_time(task, event.time)
    try:
        with transaction.atomic():
            _DEEDS[shape](task, data, system_user(task.office), _time_of(task, event.time))
    except Invalid as error:
        errors = [
            {"pointer": f"/data/{name}", "code": "refused", "message": text} for name, text in error.errors.items()
        ]
        raise Problem(422, "invalid", str(error), errors) from None
    except Refused as error:
        raise Problem(409, "illegal-transition", str(error)) from None
    task.refresh_from_db(fields=["status"])
    return _answer(message, task, 200, "applied")


def _task_of(key: ExchangeKey, task_id: int) -> ItemTask:
    """The task, locked with its case; a foreign one and an unknown one give the same answer."""
    task = ItemTask.objects.select_related("office", "item__scheme").filter(pk=task_id).first()
    if task is None or not key.covers(task.office):
        raise _unknown_task()
    task.application = workflow.lock(task.application_id)
    task.refresh_from_db(fields=["status", "received_at", "accepted_on", "office"])
    if not key.covers(task.office):  # handed on in the same moment
        raise _unknown_task()
    return task


def _unknown_task() -> Problem:
    return Problem(404, "unknown-task", "没有这一件")


def _is_stale(task: ItemTask, message: InboundMessage) -> bool:
    newer = InboundMessage.objects.filter(task=task, outcome="applied", sequence__gte=message.sequence)
    return newer.exclude(pk=message.pk).exists()


def _receipt_by_deed(task: ItemTask) -> None:
    """Who answers a task has it, even if its reply to our push was lost (A10)."""
    if task.status == TaskStatus.PENDING:
        dispatch = task.dispatches.of_tasks().exclude(status=DispatchStatus.CANCELLED).order_by("-version").first()
        if dispatch is not None:
            dispatch.task = task
            delivery.confirm_receipt(dispatch, dispatch.receipt_number, at=timezone.now(), calendar=calendar_now())


def _check_time(task: ItemTask, at: datetime) -> None:
    now = timezone.now()
    if at > now + CLOCK_SKEW:
        raise Problem(422, "time", "办理时间晚于现在", [{"pointer": "/time", "code": "future"}])
    # What the office was given, not when we heard of it: a receipt may come by hand, days after the work began.
    given = task.dispatches.of_tasks().order_by("-version").values_list("created_at", flat=True).first()
    if given is not None and at < given - CLOCK_SKEW:
        raise Problem(422, "time", "办理时间早于收件时间", [{"pointer": "/time", "code": "before-receipt"}])


def _time_of(task: ItemTask, at: datetime) -> datetime:
    """The handler's own time, kept between the last deed and now so that the log stays in order."""
    last = task.log.order_by("-id").values_list("at", flat=True).first()
    return min(max(at, last or at), timezone.now())


def _answer(message: InboundMessage, task: ItemTask, status: int, outcome: str) -> Reply:
    message.outcome, message.status_code = outcome, status
    message.answer = {"outcome": outcome, "task": str(task.pk), "status": task.status, "sequence": message.sequence}
    message.save()
    return Reply(status, message.answer)


def system_user(office: Office) -> User:
    """The account that deeds of an office's own system are logged under."""
    return User.of_no_person(f"system-office-{office.pk}", f"{office.name}业务系统")


def _accept(task: ItemTask, data: Any, user: User, at: datetime) -> None:
    """After the answer period, where silence counts as acceptance, what comes late only confirms it."""
    if review.is_silent(task, at):
        review.deem_accepted(task, at=at)
    else:
        review.accept(task, reviewer=user, at=at)


def _correct(task: ItemTask, data: Any, user: User, at: datetime) -> None:
    names = {line.get("target"): line.get("field") for line in _last_payload(task)}
    deficits = [
        review.Deficit(reason=line.reason, field=names.get(line.field) or line.field, material=line.material)
        for line in data.deficits
    ]
    review.request_correction(task, reviewer=user, deficits=deficits, note=data.opinion, at=at)


def _last_payload(task: ItemTask) -> list[dict[str, str]]:
    dispatch = task.dispatches.of_tasks().order_by("-version").first()
    return list(dispatch.payload["fields"]) if dispatch is not None else []


def _not_accept(task: ItemTask, data: Any, user: User, at: datetime) -> None:
    review.do_not_accept(task, reviewer=user, note=data.opinion, remedy=data.remedy, at=at)


def _suspend(task: ItemTask, data: Any, user: User, at: datetime) -> None:
    review.suspend(task, approver=user, note=data.opinion, days=data.days, at=at)


def _resume(task: ItemTask, data: Any, user: User, at: datetime) -> None:
    review.resume(task, staff=user, at=at)


def _decision_party(task: ItemTask, user: User, at: datetime) -> Party:
    """Where the scheme wants two steps, the agency's system has done both; each gets its row."""
    if task.spec.two_steps and task.status == TaskStatus.IN_REVIEW:
        review.propose(task, reviewer=user, note="部门系统内已完成承办和批准", at=at)
    return Party.APPROVER if task.spec.two_steps else Party.REVIEWER


def _approve(task: ItemTask, data: Any, user: User, at: datetime) -> None:
    party = _decision_party(task, user, at)
    review.complete(task, reviewer=user, reference=data.reference, summary=data.opinion, party=party, at=at)


def _refuse(task: ItemTask, data: Any, user: User, at: datetime) -> None:
    party = _decision_party(task, user, at)
    review.refuse(task, reviewer=user, note=data.opinion, remedy=data.remedy, party=party, at=at)


def _fulfil(task: ItemTask, data: Any, user: User, at: datetime) -> None:
    if task.status != TaskStatus.COMPLETED:
        raise Refused("这一件还没有办结，不能登记结果送达")
    review.fulfil(
        task,
        Fulfilment(data.fulfilment),
        staff=user,
        courier=data.courier,
        receiver=data.receiver,
        relation=data.relation,
        at=at,
    )


_DEEDS: dict[type[Handled], Callable[[ItemTask, Any, User, datetime], None]] = {
    Accepted: _accept,
    CorrectionRequired: _correct,
    NotAccepted: _not_accept,
    Suspended: _suspend,
    Resumed: _resume,
    Approved: _approve,
    Refusal: _refuse,
    Delivered: _fulfil,
}


def prune() -> int:
    """Throws away messages of tasks that have ended, once nobody can still ask what became of them.

    A message is kept for `EXCHANGE_INBOUND_DAYS` (a year and a month by default): a repetition gets its first answer as
    long as that, a dispute about a result can be looked into, and the status log keeps the deed itself for ever.
    """
    before = timezone.now() - timedelta(days=settings.EXCHANGE_INBOUND_DAYS)
    ended = Q(task=None) | Q(task__status__in=TERMINAL, task__changed_at__lt=before)
    return InboundMessage.objects.filter(ended, received_at__lt=before).delete()[0]


# --- polling ---


@dataclass(frozen=True)
class Page:
    """`words`: that tasks sent before are no more. `last` is the cursor to go on from."""

    tasks: list[dict[str, Any]]
    words: list[dict[str, Any]]
    last: int


def tasks_after(key: ExchangeKey, after: int, limit: int) -> Page:
    """What was sent to the key's offices in the order it arose; only what their own systems are to work on.

    What lies before the cursor and is not acknowledged comes again, before the new: a cursor alone would lose a row
    whose transaction ended after that of a later one.
    """
    offices = Office.objects.filter(agency=key.agency_id)
    if key.office_id is not None:
        offices = offices.filter(pk=key.office_id)
    # A task that was delivered to the portal's desk or to another system is worked on there.
    its_own = Q(holder__gateway=GatewayKind.HTTP, holder__endpoint=F("address"))
    not_elsewhere = ~Q(kind=DispatchKind.TASK) | ~Q(status=DispatchStatus.DELIVERED) | its_own
    rows = (
        Dispatch.objects.exclude(status=DispatchStatus.CANCELLED)
        .with_way()
        .filter(to_office__in=offices.values("pk"), held=False, way=GatewayKind.HTTP)
        .filter(not_elsewhere)
        .select_related("task__application", "task__item__scheme", "task__office", "holder")
        .order_by("pk")
    )
    limit = min(limit, PAGE_LIMIT)
    new = list(rows.filter(pk__gt=after)[:limit])
    overlooked = rows.filter(pk__lte=after, created_at__lt=timezone.now() - COMES_AGAIN).exclude(
        status=DispatchStatus.DELIVERED
    )
    said = dict(delivery.data_of([*overlooked[: limit - len(new)], *new]))
    found = _handed_out(list(said))
    return Page(
        [said[row] for row in found if row.kind == DispatchKind.TASK],
        [said[row] for row in found if row.kind != DispatchKind.TASK],
        new[-1].pk if new else after,
    )


def _handed_out(rows: list[Any]) -> list[Any]:
    """Who asks has these from now on; left out is what was withdrawn since they were read, and the contrary word."""
    fresh = {row.pk for row in rows if _is_fresh(row)}
    if not fresh:
        return rows
    with transaction.atomic():
        locked = Dispatch.objects.select_for_update(of=("self",)).filter(pk__in=fresh).order_by("pk")
        there = {row.pk for row in locked if row.status != DispatchStatus.CANCELLED}
        for address in {row.address for row in rows}:
            mine = [row for row in rows if row.pk in there and row.address == address]
            holders.note_all(mine, Way(GatewayKind.HTTP, address))
    read = Dispatch.objects.filter(pk__in=[row.pk for row in rows])
    gone = set(read.filter(status=DispatchStatus.CANCELLED).values_list("pk", flat=True))
    return [row for row in rows if row.pk not in gone]


def _is_fresh(row: Any) -> bool:
    """A task, with `with_way`, that this system is not known to have."""
    is_known = row.holder is not None and (row.holder.gateway, row.holder.endpoint) == (row.way, row.address)
    return row.kind == DispatchKind.TASK and row.status != DispatchStatus.DELIVERED and not is_known


def acknowledge(key: ExchangeKey, dispatch_key: str, body: bytes) -> Reply:
    """The receiver has the task: its number makes the dispatch delivered. A repetition gets the first number again."""
    said: Acknowledgement = _parse(Acknowledgement, read_json(body))
    rows = Dispatch.objects.select_related("task__office", "holder__office")
    dispatch = rows.filter(key=dispatch_key).first()
    if dispatch is None or not key.covers(dispatch.office):
        raise _unknown_task()
    if said.digest != dispatch.digest:
        raise Problem(
            422, "digest", "收到的内容与发出的不一致，请重新取一次", [{"pointer": "/digest", "code": "differs"}]
        )
    with transaction.atomic():
        workflow.lock(dispatch.task.application_id)
        dispatch.refresh_from_db(fields=["status", "receipt_number", "holder"])
        if dispatch.status == DispatchStatus.CANCELLED:
            raise Problem(409, "withdrawn", "这一件已撤回，不用再办")
        if dispatch.holder is None:
            holders.note(dispatch, Way(GatewayKind.HTTP))
        try:
            with transaction.atomic():
                delivery.confirm_receipt(dispatch, said.receipt_number, at=timezone.now(), calendar=calendar_now())
        except Refused as error:
            raise Problem(409, "illegal-transition", str(error)) from None
        dispatch.refresh_from_db(fields=["receipt_number"])
    answer = {"outcome": "acknowledged", "dispatch": dispatch_key, "receipt_number": dispatch.receipt_number}
    return Reply(200, answer)
