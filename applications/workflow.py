"""The state machine: one table, one writer.

`TRANSITIONS` says which deed leads from where to where, who may do it, whether words are required, what it does to the
clock and which rule it rests on. `advance` is the only writer of ItemTask.status; `overall` derives the case's status.
Whatever is changed below an application, its row is locked first: two offices that finish in the same moment must
not leave the case open, and a delivery must not deadlock with a withdrawal.
"""

from collections.abc import Iterable, Set
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from agencies.deadlines import Calendar, calendar_now
from applications import clock, forecast
from applications.enums import (
    BEFORE_OFFICES,
    CLOSED,
    TERMINAL,
    Action,
    ApplicationStatus,
    Fulfilment,
    Party,
    TaskStatus,
)
from applications.errors import AlreadyDone, Refused
from applications.models import Application, ItemTask, Result, StatusLog
from portal.accounts.models import User

S = TaskStatus
F = Fulfilment


@dataclass(frozen=True)
class Transition:
    """`target` None: the status stays. `accepted_target`: where a task goes that was accepted before.

    `needs` are the data that must come along, by their key in the log and their name. `stages` and `stage`: from where to
    where the deed takes what follows a decision (money, a card), which never changes the decision itself. `other_than`:
    who did one of these deeds on the case does not do this one (four eyes), and `other_words` says so.
    """

    sources: frozenset[TaskStatus]
    target: TaskStatus | None
    parties: frozenset[Party]
    needs_note: bool = False
    needs: tuple[str, ...] = ()
    stages: Set[Fulfilment] = frozenset()
    stage: Fulfilment | None = None
    accepted_target: TaskStatus | None = None
    other_than: tuple[Action, ...] = ()
    other_words: str = ""
    clock: str = "–"
    basis: str = ""


def _row(sources: Iterable[TaskStatus], target: TaskStatus | None, parties: Iterable[Party], **rest: Any) -> Transition:
    return Transition(frozenset(sources), target, frozenset(parties), **rest)


_OFFICE = (Party.REVIEWER,)
_PERSON = (Party.APPLICANT, Party.CLERK)
_HUB = (Party.REVIEWER, Party.CLERK)
_PROPOSED_IT = "这一件是您报请批准的，要由其他批准人员决定"
OWN_CASE = "这是您本人的办件，要由其他工作人员办理"

# What a deed must bring along besides words, as the table names it.
NEEDS = {
    "deficits": "要改的内容",
    "fact": "哪个条件",
    "materials": "后补的材料",
    "until": "补交日期",
    "answer_by": "补正期限",
    "place": "地点",
    "slots": "可选时间",
    "slot": "时间",
    "expected_days": "预计天数",
    "days": "延长天数",
    "to_office": "转到哪里",
    "courier": "快递单号",
    "receiver": "签收人",
}

TRANSITIONS: dict[Action, Transition] = {
    Action.PRE_PASS: _row(
        [S.PRE_REVIEW],
        S.WAITING,
        _HUB,
        other_than=(Action.SUBMIT, Action.ADD_ITEMS, Action.PRE_AMEND),
        other_words="这份登记表是您录入的，预审通过要由另一个人决定。您可以退回修改，或者请同事来看",
        clock="预审期限结束，部门的期限还没开始",
        basis="受理以前的预审，方案里写了才有",
    ),
    Action.PRE_RETURN: _row(
        [S.PRE_REVIEW],
        S.PRE_RETURNED,
        _HUB,
        needs_note=True,
        needs=("deficits",),
        clock="预审期限结束，任何部门都不计时",
        basis="受理以前的预审，一次说全",
    ),
    Action.PRE_AMEND: _row([S.PRE_RETURNED], S.PRE_REVIEW, _PERSON, clock="预审期限重新开始", basis="改后再交"),
    Action.RELEASE: _row([S.WAITING], S.PENDING, [Party.SYSTEM], basis="前置事项和条件都已满足"),
    Action.CONFIRM_FACT: _row([S.WAITING], None, _OFFICE, needs=("fact",), basis="资金到账等外部条件由办理机构确认"),
    Action.DELIVER: _row(
        [S.PENDING],
        S.QUEUED,
        [Party.SYSTEM],
        accepted_target=S.IN_REVIEW,
        clock="答复期限从交齐那天算起",
        basis="行政许可法第32条",
    ),
    Action.ACCEPT: _row([S.QUEUED], S.IN_REVIEW, _OFFICE, clock="办理期限开始", basis="行政许可法第32条"),
    Action.ACCEPT_PROVISIONALLY: _row(
        [S.QUEUED],
        S.IN_REVIEW,
        _OFFICE,
        needs_note=True,
        needs=("materials", "until"),
        clock="办理期限开始",
        basis="容缺受理",
    ),
    Action.DEEM_ACCEPTED: _row(
        [S.QUEUED], S.IN_REVIEW, [Party.SYSTEM], clock="自收到之日起算", basis="行政许可法第32条第1款第4项"
    ),
    Action.DO_NOT_ACCEPT: _row(
        [S.QUEUED], S.NOT_ACCEPTED, _OFFICE, needs_note=True, clock="结束", basis="行政许可法第32条"
    ),
    Action.REQUEST_CORRECTION: _row(
        [S.QUEUED, S.IN_REVIEW],
        S.AWAITING_CORRECTION,
        _OFFICE,
        needs_note=True,
        needs=("answer_by",),
        clock="暂停；受理前，答复期限到此为止",
        basis="一次性告知",
    ),
    Action.RESUBMIT: _row(
        [S.AWAITING_CORRECTION],
        S.PENDING,
        _PERSON,
        clock="继续；受理前，答复期限从交齐那天重新算",
        basis="补正材料齐全",
    ),
    Action.CALL_IN: _row(
        [S.IN_REVIEW],
        S.AWAITING_VISIT,
        _OFFICE,
        needs_note=True,
        needs=("place",),
        clock="暂停",
        basis="须本人到场采集、签字",
    ),
    Action.OFFER_TIMES: _row([S.AWAITING_VISIT], None, _OFFICE, needs=("slots",), clock="仍暂停", basis="预约到场"),
    Action.BOOK_TIME: _row([S.AWAITING_VISIT], None, _PERSON, needs=("slot",), clock="仍暂停", basis="预约到场"),
    Action.ASK_OTHER_TIME: _row([S.AWAITING_VISIT], None, _PERSON, needs_note=True, clock="仍暂停", basis="预约到场"),
    Action.RECORD_NO_SHOW: _row([S.AWAITING_VISIT], None, _HUB, needs=("slot",), clock="仍暂停", basis="约好未到场"),
    Action.RECORD_VISIT: _row(
        [S.AWAITING_VISIT], S.IN_REVIEW, [Party.REVIEWER, Party.CLERK], clock="继续", basis="本人已到场"
    ),
    Action.SUSPEND: _row(
        [S.IN_REVIEW],
        S.SUSPENDED,
        [Party.APPROVER],
        needs_note=True,
        needs=("expected_days",),
        clock="暂停",
        basis="行政许可法第45条",
    ),
    Action.RESUME: _row(
        [S.SUSPENDED], S.IN_REVIEW, [Party.REVIEWER, Party.APPROVER], clock="继续", basis="特别程序结束"
    ),
    Action.EXTEND: _row(
        [S.IN_REVIEW],
        None,
        [Party.APPROVER],
        needs_note=True,
        needs=("days",),
        clock="延长一次",
        basis="行政许可法第42条",
    ),
    Action.TRANSFER: _row(
        [S.QUEUED, S.IN_REVIEW],
        S.PENDING,
        _OFFICE,
        needs_note=True,
        needs=("to_office",),
        basis="转同一部门的其他机构",
    ),
    Action.PROPOSE: _row([S.IN_REVIEW], S.AWAITING_APPROVAL, _OFFICE, needs_note=True, basis="承办、批准分开的事项"),
    Action.SEND_BACK: _row([S.AWAITING_APPROVAL], S.IN_REVIEW, [Party.APPROVER], needs_note=True, basis="退回承办"),
    Action.COMPLETE: _row([S.IN_REVIEW], S.COMPLETED, _OFFICE, clock="结束", basis="准予办结"),
    Action.APPROVE: _row(
        [S.AWAITING_APPROVAL],
        S.COMPLETED,
        [Party.APPROVER],
        other_than=(Action.PROPOSE,),
        other_words=_PROPOSED_IT,
        clock="结束",
        basis="批准办结",
    ),
    Action.REFUSE: _row([S.IN_REVIEW], S.REFUSED, _OFFICE, needs_note=True, clock="结束", basis="说明理由和救济途径"),
    Action.APPROVE_REFUSAL: _row(
        [S.AWAITING_APPROVAL],
        S.REFUSED,
        [Party.APPROVER],
        needs_note=True,
        other_than=(Action.PROPOSE,),
        other_words=_PROPOSED_IT,
        clock="结束",
        basis="说明理由和救济途径",
    ),
    Action.WITHDRAW: _row(
        [*BEFORE_OFFICES, S.WAITING, S.PENDING, S.QUEUED, S.AWAITING_CORRECTION],
        S.WITHDRAWN,
        _PERSON,
        clock="结束",
        basis="申请人撤回",
    ),
    Action.TERMINATE: _row(
        [
            *BEFORE_OFFICES,
            S.WAITING,
            S.PENDING,
            S.QUEUED,
            S.AWAITING_CORRECTION,
            S.IN_REVIEW,
            S.AWAITING_VISIT,
            S.SUSPENDED,
            S.AWAITING_APPROVAL,
        ],
        S.TERMINATED,
        [Party.REVIEWER, Party.SYSTEM],
        needs_note=True,
        clock="结束",
        basis="逾期未补正、申请人死亡等",
    ),
    Action.SUPPLY: _row(
        [
            S.PENDING,
            S.QUEUED,
            S.AWAITING_CORRECTION,
            S.IN_REVIEW,
            S.AWAITING_VISIT,
            S.SUSPENDED,
            S.AWAITING_APPROVAL,
        ],
        None,
        _PERSON,
        basis="容缺材料补齐",
    ),
    Action.AMEND: _row([S.WAITING, S.PENDING, S.QUEUED], None, _PERSON, basis="申请人自己更正，部门受理以前"),
    Action.RECOMPUTE: _row(
        [
            *BEFORE_OFFICES,
            S.WAITING,
            S.PENDING,
            S.QUEUED,
            S.AWAITING_CORRECTION,
            S.IN_REVIEW,
            S.AWAITING_VISIT,
            S.SUSPENDED,
            S.AWAITING_APPROVAL,
        ],
        None,
        [Party.SYSTEM],
        needs_note=True,
        clock="重算",
        basis="工作日历有了新的通知",
    ),
    Action.PAY: _row(
        [S.COMPLETED], None, _OFFICE, stages={F.PAYMENT_DUE}, stage=F.PAID, clock="另计", basis="补助金发放"
    ),
    Action.PRODUCE: _row(
        [S.COMPLETED], None, _OFFICE, stages={F.NONE}, stage=F.IN_PRODUCTION, clock="另计", basis="有证件、文书要制作"
    ),
    Action.MAKE_READY: _row(
        [S.COMPLETED],
        None,
        _OFFICE,
        stages={F.NONE, F.IN_PRODUCTION},
        stage=F.READY,
        clock="另计",
        basis="行政许可法第44条",
    ),
    Action.MAIL: _row(
        [S.COMPLETED],
        None,
        _HUB,
        needs=("courier",),
        stages={F.NONE, F.IN_PRODUCTION, F.READY},
        stage=F.MAILED,
        clock="另计",
        basis="行政许可法第44条；邮寄送达",
    ),
    Action.HAND_OVER: _row(
        [S.COMPLETED],
        None,
        _HUB,
        needs=("receiver",),
        stages={F.NONE, F.IN_PRODUCTION, F.READY, F.MAILED},
        stage=F.DELIVERED,
        clock="另计",
        basis="行政许可法第44条；送达回证",
    ),
}

_TWO_STEPS = {Action.PROPOSE}
_ONE_STEP = {Action.COMPLETE, Action.REFUSE}


def lock(application_id: int) -> Application:
    """The application, locked until the transaction ends. The first statement of every service."""
    return Application.objects.select_for_update(of=("self",)).select_related("scheme", "region").get(pk=application_id)


def applies(task: ItemTask, action: Action) -> bool:
    """Whether the deed exists for this item at all: two-step items are proposed and approved, others decided at once;
    what follows a decision goes on only from its own stage.
    """
    if stages := TRANSITIONS[action].stages:
        result = getattr(task, "result", None)
        return result is not None and result.fulfilment in stages
    if action in _TWO_STEPS:
        return task.spec.two_steps
    return not (action in _ONE_STEP and task.spec.two_steps)


def available(task: ItemTask, party: Party) -> list[Action]:
    """The deeds that this party may do on the task now; what a page shows as buttons."""
    return [
        action
        for action, row in TRANSITIONS.items()
        if task.status in row.sources and party in row.parties and applies(task, action)
    ]


def check_not_own(application: Application, staff: User) -> None:
    """What staff do about a case others do for them when it is their own. Raises Refused."""
    if application.is_of(staff):
        raise Refused(OWN_CASE)


def barred(task: ItemTask, action: Action, actor: User | None) -> str:
    """Why this person may not do what their party may: it is their own case, or others must look at it besides them.
    Empty when they may.
    """
    return _barred(task.application, task, TRANSITIONS[action], actor)


def _barred(application: Application, task: ItemTask, row: Transition, actor: User | None) -> str:
    if actor is None or not actor.is_active:  # an office's own system is no person; who of the office decided, it knows
        return ""
    if Party.APPLICANT not in row.parties and application.is_of(actor):
        return OWN_CASE
    if not row.other_than:
        return ""
    of_task = Q(task=task.pk) | Q(task=None)
    done = StatusLog.objects.filter(of_task, application=application, action__in=row.other_than, actor=actor)
    return row.other_words if done.exists() else ""


def advance(
    task: ItemTask,
    action: Action,
    *,
    party: Party,
    actor: User | None = None,
    note: str = "",
    data: dict[str, Any] | None = None,
    at: datetime | None = None,
    calendar: Calendar | None = None,
) -> StatusLog:
    """Does one deed: locks, checks against the table, logs, saves status and clock, derives the case's status.

    Raises AlreadyDone when the task has left the deed's sources meanwhile, Refused when party or words are wrong.
    """
    row = TRANSITIONS[action]
    at = at or timezone.now()
    with transaction.atomic():
        application = lock(task.application_id)
        task.refresh_from_db(fields=_FRESH)
        if row.stages:
            _follow(task, action, row)
        if task.status not in row.sources:
            raise AlreadyDone(_done_already(task, action))
        if party not in row.parties or not applies(task, action):
            raise Refused(f"{Party(party).label}不能做“{Action(action).label}”")
        if words := _barred(application, task, row, actor):
            raise Refused(words)
        if row.needs_note and not note.strip():
            raise Refused(f"{Action(action).label}要写明原因")
        if lacking := [NEEDS[key] for key in row.needs if not (data or {}).get(key)]:
            raise Refused(f"{Action(action).label}要写明{'、'.join(lacking)}")
        before = task.status
        task.status = _target(task, row)
        log = StatusLog.objects.create(
            application=application,
            task=task,
            action=action,
            from_status=before,
            to_status=task.status,
            party=party,
            actor=actor,
            note=note.strip(),
            data=data or {},
            at=at,
        )
        _set_clock(task, calendar or calendar_now(), timezone.localdate(at))
        task.save()
        if row.stage is not None:
            _set_stage(task, row.stage, data or {}, at)
        settle(application, at)
    return log


def _follow(task: ItemTask, action: Action, row: Transition) -> None:
    """Reads the stage anew under the lock. Raises AlreadyDone when somebody else was first."""
    result = Result.objects.filter(task=task).first()
    if result is None:
        return
    task.result = result
    stage = Fulfilment(result.fulfilment)
    if task.status in row.sources and stage != F.NONE and stage not in row.stages:
        raise AlreadyDone(f"已经登记为“{stage.label}”，没有再次登记{Action(action).label}")


def _set_stage(task: ItemTask, stage: Fulfilment, data: dict[str, Any], at: datetime) -> None:
    result = task.result
    result.fulfilment = stage
    result.courier = str(data.get("courier") or result.courier)[:60]
    result.receiver = str(data.get("receiver") or result.receiver)[:60]
    result.fulfilled_at = at if stage in (F.PAID, F.DELIVERED) else result.fulfilled_at
    result.save(update_fields=["fulfilment", "courier", "receiver", "fulfilled_at"])


_FRESH = [
    "status", "open_items", "open_facts", "is_held", "received_at", "accepted_on", "handler", "reply_due_on", "due_on",
    "next_on", "is_due_provisional", "provisional_until", "provisional_materials", "correction_until", "office",
]  # fmt: skip


def _target(task: ItemTask, row: Transition) -> TaskStatus:
    if row.accepted_target is not None and task.accepted_on is not None:
        return row.accepted_target
    return row.target or TaskStatus(task.status)


def _done_already(task: ItemTask, action: Action) -> str:
    last = task.log.select_related("actor").order_by("-id").first()
    if last is None:
        return f"这一件现在是“{task.get_status_display()}”，不能{action.label}"
    local = timezone.localtime(last.at)
    who = f"由{last.actor}" if last.actor else ""
    return (
        f"这一件在{local.month}月{local.day}日 {local:%H:%M} 已{who}{last.get_action_display()}，"
        f"现在是“{task.get_status_display()}”，没有再次{action.label}"
    )


def log_lines(task: ItemTask, until: datetime | None = None) -> list[clock.LogLine]:
    """The task's log as the clock reads it; with `until`, as it stood at that moment."""
    return [
        clock.LogLine(
            on=timezone.localdate(row.at),
            action=row.action,
            from_status=row.from_status,
            accepted_on=_day_in(row.data, "accepted_on"),
            received_on=_day_in(row.data, "received_on"),
            days=int(row.data.get("days", 0)),
        )
        for row in task.log.all()
        if until is None or row.at <= until
    ]


def _day_in(data: dict[str, Any], key: str) -> date | None:
    return date.fromisoformat(data[key]) if key in data else None


def clock_rule(task: ItemTask) -> clock.Rule:
    spec = task.application.scheme.spec
    legal = task.spec.legal_limit or spec.legal_limit
    return clock.Rule(spec.limit_of(task.spec), spec.receiving_limit.days or 5, task.office.name, legal)


def read_clock(task: ItemTask, calendar: Calendar, today: date) -> clock.Reading:
    """The clock of a task, computed anew from its log by the working days of its office's place."""
    place = calendar.at(task.office.region_id)
    return clock.read(clock.events_of(log_lines(task)), clock_rule(task), place, today)


def forecast_case(tasks: Iterable[ItemTask], calendar: Calendar, today: date) -> forecast.Forecast:
    """When everything that is still open can be expected; money that follows a decision is not waited for."""
    steps = []
    for task in tasks:
        if task.status in TERMINAL:
            continue
        is_paused = task.accepted_on is not None and task.due_on is None
        steps.append(
            forecast.Step(
                code=task.item.code,
                name=task.spec.title,
                limit=task.application.scheme.spec.limit_of(task.spec),
                reply_days=task.application.scheme.spec.receiving_limit.days or 5,
                requires=tuple(task.open_items),
                due_on=task.due_on,
                reply_due_on=task.reply_due_on,
                left=read_clock(task, calendar, today).left if is_paused else None,
                # Nothing of an office is promised before the form has passed the pre-review.
                waits_for_fact=bool(task.open_facts) or task.is_held or task.status in BEFORE_OFFICES,
                place=task.office.region_id,
            )
        )
    return forecast.forecast(steps, calendar, today)


def _set_clock(task: ItemTask, calendar: Calendar, today: date) -> None:
    reading = read_clock(task, calendar, today)
    task.accepted_on = reading.accepted_on
    task.reply_due_on = reading.reply_due_on
    task.due_on = reading.due_on
    is_office_turn = task.status in (S.QUEUED, S.IN_REVIEW, S.AWAITING_APPROVAL)
    task.next_on = reading.next_on if is_office_turn else None
    task.is_due_provisional = reading.is_provisional


def overall(statuses: Iterable[str]) -> ApplicationStatus:
    """The case's status out of its tasks' statuses; withdrawn items count only when nothing else is left."""
    found = [TaskStatus(status) for status in statuses]
    if not all(status in TERMINAL for status in found):
        needs_person = {S.PRE_RETURNED, S.AWAITING_CORRECTION, S.AWAITING_VISIT}
        return ApplicationStatus.ACTION_NEEDED if needs_person.intersection(found) else ApplicationStatus.IN_PROGRESS
    kept = [status for status in found if status != S.WITHDRAWN]
    if not kept:
        return ApplicationStatus.WITHDRAWN
    completed = sum(status == S.COMPLETED for status in kept)
    if completed == len(kept):
        return ApplicationStatus.COMPLETED
    return ApplicationStatus.PARTLY_COMPLETED if completed else ApplicationStatus.REFUSED


def settle(application: Application, at: datetime) -> None:
    """Derives and stores the case's status; the caller holds the application's lock."""
    status = overall(application.tasks.values_list("status", flat=True))
    if status != application.status:
        application.status = status
        application.closed_at = at if status in CLOSED else None
        application.save(update_fields=["status", "closed_at"])
