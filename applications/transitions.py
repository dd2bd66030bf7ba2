"""The state machine's one table; `docs/states.md` is its print.

Each row says which deed leads from where to where, who may do it, whether words are required, what it does to the clock and
which rule it rests on.
"""

from collections.abc import Iterable, Set
from dataclasses import dataclass
from typing import Any

from applications.enums import AT_OFFICE, BEFORE_OFFICES, UNFINISHED, Action, Fulfilment, Party, TaskStatus

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
    Action.TAKE: _row(sorted(AT_OFFICE - {S.AWAITING_APPROVAL}), None, _OFFICE, basis="机构内部分工"),
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
        UNFINISHED,
        S.TERMINATED,
        [Party.REVIEWER, Party.SYSTEM],
        needs_note=True,
        clock="结束",
        basis="逾期未补正、申请人死亡等",
    ),
    Action.SUPPLY: _row(
        AT_OFFICE | {S.PENDING},
        None,
        _PERSON,
        basis="容缺材料补齐",
    ),
    Action.AMEND: _row([S.WAITING, S.PENDING, S.QUEUED], None, _PERSON, basis="申请人自己更正，部门受理以前"),
    Action.RECOMPUTE: _row(
        UNFINISHED,
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
