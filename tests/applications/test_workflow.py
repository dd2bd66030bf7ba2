"""The whole transition table as a matrix, the derived case status, and the log that nobody changes."""

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from applications import workflow
from applications.enums import TERMINAL, Action, ApplicationStatus, Decision, Fulfilment, Party, TaskStatus
from applications.errors import AlreadyDone, Refused
from applications.models import ItemTask, Result, StatusLog
from applications.transitions import NEEDS, TRANSITIONS
from tests import factories

pytestmark = pytest.mark.usefixtures("directory")

S, A, P = TaskStatus, Action, Party
F = Fulfilment

# Written out by hand from DOMAIN.md 3.1: (deed, from) → (to, who). What is not here must be refused.
EXPECTED: dict[tuple[Action, TaskStatus], tuple[TaskStatus, set[Party]]] = {
    (A.PRE_PASS, S.PRE_REVIEW): (S.WAITING, {P.REVIEWER, P.CLERK}),
    (A.PRE_RETURN, S.PRE_REVIEW): (S.PRE_RETURNED, {P.REVIEWER, P.CLERK}),
    (A.PRE_AMEND, S.PRE_RETURNED): (S.PRE_REVIEW, {P.APPLICANT, P.CLERK}),
    (A.RELEASE, S.WAITING): (S.PENDING, {P.SYSTEM}),
    (A.CONFIRM_FACT, S.WAITING): (S.WAITING, {P.REVIEWER}),
    (A.DELIVER, S.PENDING): (S.QUEUED, {P.SYSTEM}),
    (A.ACCEPT, S.QUEUED): (S.IN_REVIEW, {P.REVIEWER}),
    (A.ACCEPT_PROVISIONALLY, S.QUEUED): (S.IN_REVIEW, {P.REVIEWER}),
    (A.DEEM_ACCEPTED, S.QUEUED): (S.IN_REVIEW, {P.SYSTEM}),
    (A.DO_NOT_ACCEPT, S.QUEUED): (S.NOT_ACCEPTED, {P.REVIEWER}),
    (A.REQUEST_CORRECTION, S.QUEUED): (S.AWAITING_CORRECTION, {P.REVIEWER}),
    (A.REQUEST_CORRECTION, S.IN_REVIEW): (S.AWAITING_CORRECTION, {P.REVIEWER}),
    (A.RESUBMIT, S.AWAITING_CORRECTION): (S.PENDING, {P.APPLICANT, P.CLERK}),
    (A.CALL_IN, S.IN_REVIEW): (S.AWAITING_VISIT, {P.REVIEWER}),
    (A.OFFER_TIMES, S.AWAITING_VISIT): (S.AWAITING_VISIT, {P.REVIEWER}),
    (A.BOOK_TIME, S.AWAITING_VISIT): (S.AWAITING_VISIT, {P.APPLICANT, P.CLERK}),
    (A.ASK_OTHER_TIME, S.AWAITING_VISIT): (S.AWAITING_VISIT, {P.APPLICANT, P.CLERK}),
    (A.RECORD_NO_SHOW, S.AWAITING_VISIT): (S.AWAITING_VISIT, {P.REVIEWER, P.CLERK}),
    (A.RECORD_VISIT, S.AWAITING_VISIT): (S.IN_REVIEW, {P.REVIEWER, P.CLERK}),
    (A.SUSPEND, S.IN_REVIEW): (S.SUSPENDED, {P.APPROVER}),
    (A.RESUME, S.SUSPENDED): (S.IN_REVIEW, {P.REVIEWER, P.APPROVER}),
    (A.EXTEND, S.IN_REVIEW): (S.IN_REVIEW, {P.APPROVER}),
    (A.TRANSFER, S.QUEUED): (S.PENDING, {P.REVIEWER}),
    (A.TRANSFER, S.IN_REVIEW): (S.PENDING, {P.REVIEWER}),
    (A.COMPLETE, S.IN_REVIEW): (S.COMPLETED, {P.REVIEWER}),
    (A.REFUSE, S.IN_REVIEW): (S.REFUSED, {P.REVIEWER}),
    (A.WITHDRAW, S.PRE_REVIEW): (S.WITHDRAWN, {P.APPLICANT, P.CLERK}),
    (A.WITHDRAW, S.PRE_RETURNED): (S.WITHDRAWN, {P.APPLICANT, P.CLERK}),
    (A.WITHDRAW, S.WAITING): (S.WITHDRAWN, {P.APPLICANT, P.CLERK}),
    (A.WITHDRAW, S.PENDING): (S.WITHDRAWN, {P.APPLICANT, P.CLERK}),
    (A.WITHDRAW, S.QUEUED): (S.WITHDRAWN, {P.APPLICANT, P.CLERK}),
    (A.WITHDRAW, S.AWAITING_CORRECTION): (S.WITHDRAWN, {P.APPLICANT, P.CLERK}),
    **{
        (A.TERMINATE, source): (S.TERMINATED, {P.REVIEWER, P.SYSTEM})
        for source in (
            S.PRE_REVIEW, S.PRE_RETURNED, S.WAITING, S.PENDING, S.QUEUED, S.AWAITING_CORRECTION, S.IN_REVIEW,
            S.AWAITING_VISIT, S.SUSPENDED, S.AWAITING_APPROVAL,
        )
    },
    **{
        (A.SUPPLY, source): (source, {P.APPLICANT, P.CLERK})
        for source in (
            S.PENDING, S.QUEUED, S.AWAITING_CORRECTION, S.IN_REVIEW, S.AWAITING_VISIT, S.SUSPENDED, S.AWAITING_APPROVAL,
        )
    },
    **{(A.AMEND, source): (source, {P.APPLICANT, P.CLERK}) for source in (S.WAITING, S.PENDING, S.QUEUED)},
    **{
        (A.TAKE, source): (source, {P.REVIEWER})
        for source in (S.QUEUED, S.AWAITING_CORRECTION, S.IN_REVIEW, S.AWAITING_VISIT, S.SUSPENDED)
    },
    **{(A.RECOMPUTE, source): (source, {P.SYSTEM}) for source in set(S) - TERMINAL},
    (A.PAY, S.COMPLETED): (S.COMPLETED, {P.REVIEWER}),
    (A.PRODUCE, S.COMPLETED): (S.COMPLETED, {P.REVIEWER}),
    (A.MAKE_READY, S.COMPLETED): (S.COMPLETED, {P.REVIEWER}),
    (A.MAIL, S.COMPLETED): (S.COMPLETED, {P.REVIEWER, P.CLERK}),
    (A.HAND_OVER, S.COMPLETED): (S.COMPLETED, {P.REVIEWER, P.CLERK}),
}  # fmt: skip
# Deeds on the whole case; they have no row.
OF_THE_CASE = {A.SUBMIT, A.ADD_ITEMS}
# Deeds of items that are proposed and approved by two people.
EXPECTED_TWO_STEPS = {
    (A.PROPOSE, S.IN_REVIEW): (S.AWAITING_APPROVAL, {P.REVIEWER}),
    (A.SEND_BACK, S.AWAITING_APPROVAL): (S.IN_REVIEW, {P.APPROVER}),
    (A.APPROVE, S.AWAITING_APPROVAL): (S.COMPLETED, {P.APPROVER}),
    (A.APPROVE_REFUSAL, S.AWAITING_APPROVAL): (S.REFUSED, {P.APPROVER}),
}


# What follows a decision, as DOMAIN.md 3.1 has it: 待发放 → 已发放; 制证中 → 待领取 or 已寄出 → 已送达.
EXPECTED_STAGES = {
    (A.PAY, F.PAYMENT_DUE): F.PAID,
    (A.PRODUCE, F.NONE): F.IN_PRODUCTION,
    (A.MAKE_READY, F.NONE): F.READY,
    (A.MAKE_READY, F.IN_PRODUCTION): F.READY,
    (A.MAIL, F.NONE): F.MAILED,
    (A.MAIL, F.IN_PRODUCTION): F.MAILED,
    (A.MAIL, F.READY): F.MAILED,
    (A.HAND_OVER, F.NONE): F.DELIVERED,
    (A.HAND_OVER, F.IN_PRODUCTION): F.DELIVERED,
    (A.HAND_OVER, F.READY): F.DELIVERED,
    (A.HAND_OVER, F.MAILED): F.DELIVERED,
}
DATA = {"fact": "x", "materials": ["x"], "until": "2026-01-05", "answer_by": "2026-01-05", "place": "x", "slots": ["x"],
        "slot": "x", "expected_days": 1, "days": 1, "to_office": "x", "courier": "x", "receiver": "x",
        "deficits": 1}  # fmt: skip


def decided(task: ItemTask, stage: Fulfilment = F.NONE) -> Result:
    return Result.objects.create(
        task=task, decision=Decision.APPROVED, decided_at=task.application.submitted_at, fulfilment=stage
    )


def try_everything(task: ItemTask, action: Action) -> dict[tuple[TaskStatus, Party], TaskStatus | None]:
    """Where the deed leads from each status for each party; None where it is refused."""
    found: dict[tuple[TaskStatus, Party], TaskStatus | None] = {}
    for status in TaskStatus:
        for party in Party:
            with transaction.atomic():
                ItemTask.objects.filter(pk=task.pk).update(status=status)
                try:
                    workflow.advance(task, action, party=party, note="原因", data=DATA)
                    found[status, party] = TaskStatus(task.status)
                except Refused:
                    found[status, party] = None
                transaction.set_rollback(True)
    return found


@pytest.mark.parametrize("action", [action for action in Action if action not in OF_THE_CASE])
def test_action_leads_only_where_the_table_says(action: Action) -> None:
    """Every status with every deed by every party."""
    task = factories.queued_task("I07")
    expected = {
        (status, party): target
        for status in TaskStatus
        for party in Party
        for target, parties in [{**EXPECTED, **EXPECTED_TWO_STEPS}.get((action, status), (None, set()))]
        if party in parties
    }
    if action == Action.PROPOSE:
        expected = {}  # this item is decided in one step
    if stages := TRANSITIONS[action].stages:
        decided(task, next(iter(stages)))

    found = try_everything(task, action)

    assert {key: target for key, target in found.items() if target is not None} == expected


def test_every_action_has_a_row() -> None:
    assert set(TRANSITIONS) == set(Action) - OF_THE_CASE


@pytest.mark.parametrize("action", [a for a, row in TRANSITIONS.items() if row.needs_note])
def test_deeds_that_need_a_reason_are_refused_without(action: Action) -> None:
    task = factories.queued_task("I07")
    row = TRANSITIONS[action]
    ItemTask.objects.filter(pk=task.pk).update(status=next(iter(row.sources)))

    with pytest.raises(Refused):
        workflow.advance(task, action, party=next(iter(row.parties)), note="  ", data=DATA)

    assert StatusLog.objects.filter(task=task, action=action).count() == 0


@pytest.mark.parametrize(("action", "key"), [(action, key) for action, row in TRANSITIONS.items() for key in row.needs])
def test_deeds_that_need_data_are_refused_without(action: Action, key: str) -> None:
    task = factories.queued_task("I07")
    row = TRANSITIONS[action]
    if row.stages:
        decided(task, next(iter(row.stages)))
    ItemTask.objects.filter(pk=task.pk).update(status=next(iter(row.sources)))

    with pytest.raises(Refused, match=NEEDS[key]):
        workflow.advance(
            task, action, party=next(iter(row.parties)), note="原因", data={k: v for k, v in DATA.items() if k != key}
        )

    assert StatusLog.objects.filter(task=task, action=action).count() == 0


@pytest.mark.parametrize("action", [action for action, row in TRANSITIONS.items() if row.stages])
def test_what_follows_a_decision_goes_only_where_the_table_says(action: Action) -> None:
    task = factories.queued_task("I07")
    ItemTask.objects.filter(pk=task.pk).update(status=S.COMPLETED)
    found = {}

    for stage in Fulfilment:
        with transaction.atomic():
            decided(task, stage)
            try:
                workflow.advance(task, action, party=Party.REVIEWER, data=DATA)
                found[action, stage] = F(Result.objects.get(task=task).fulfilment)
            except Refused:
                assert Result.objects.get(task=task).fulfilment == stage
            transaction.set_rollback(True)

    assert found == {key: stage for key, stage in EXPECTED_STAGES.items() if key[0] == action}


def test_every_open_status_has_a_way_out_and_no_terminal_one() -> None:
    """No dead state: from each open status some chain of deeds ends the task; terminal statuses only keep theirs."""
    leads: dict[TaskStatus, set[TaskStatus]] = {status: set() for status in TaskStatus}
    for row in TRANSITIONS.values():
        for source in row.sources:
            leads[source] |= {target for target in (row.target, row.accepted_target) if target}

    reaches_end = set(TERMINAL)
    while grown := {status for status in TaskStatus if leads[status] & reaches_end} - reaches_end:
        reaches_end |= grown

    assert reaches_end == set(TaskStatus)
    assert [status for status in TERMINAL if leads[status]] == []


def test_deed_done_before_tells_who_and_when() -> None:
    task = factories.queued_task("I07")
    reviewer = factories.reviewer_of(task)
    workflow.advance(task, Action.ACCEPT, party=Party.REVIEWER, actor=reviewer)
    stale = ItemTask.objects.get(pk=task.pk)

    with pytest.raises(
        AlreadyDone, match=r"^这一件在\d+月\d+日 \d\d:\d\d 已由乌云其其格受理，现在是“办理中”，没有再次受理$"
    ):
        workflow.advance(stale, Action.ACCEPT, party=Party.REVIEWER)


def test_task_accepted_before_returns_to_review_after_a_correction() -> None:
    task = factories.queued_task("I07")
    for action, party in [
        (A.ACCEPT, P.REVIEWER),
        (A.REQUEST_CORRECTION, P.REVIEWER),
        (A.RESUBMIT, P.APPLICANT),
        (A.DELIVER, P.SYSTEM),
    ]:
        workflow.advance(task, action, party=party, note="原因", data=DATA)

    assert task.status == S.IN_REVIEW


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        (["completed", "completed"], ApplicationStatus.COMPLETED),
        (["completed", "withdrawn"], ApplicationStatus.COMPLETED),
        (["completed", "refused"], ApplicationStatus.PARTLY_COMPLETED),
        (["completed", "terminated", "withdrawn"], ApplicationStatus.PARTLY_COMPLETED),
        (["refused", "not_accepted"], ApplicationStatus.REFUSED),
        (["withdrawn", "withdrawn"], ApplicationStatus.WITHDRAWN),
        (["completed", "waiting"], ApplicationStatus.IN_PROGRESS),
        (["completed", "awaiting_correction"], ApplicationStatus.ACTION_NEEDED),
        (["awaiting_visit", "in_review"], ApplicationStatus.ACTION_NEEDED),
        (["pre_review", "pre_review"], ApplicationStatus.IN_PROGRESS),
        (["pre_returned", "completed"], ApplicationStatus.ACTION_NEEDED),
    ],
)
def test_case_status_is_derived(statuses: list[str], status: ApplicationStatus) -> None:
    assert workflow.overall(statuses) == status


@given(st.lists(st.sampled_from(list(TaskStatus)), min_size=1, max_size=13))
def test_case_is_closed_exactly_when_all_its_tasks_are(statuses: list[TaskStatus]) -> None:
    is_closed = workflow.overall(statuses) not in (ApplicationStatus.IN_PROGRESS, ApplicationStatus.ACTION_NEEDED)

    assert is_closed == all(status in TERMINAL for status in statuses)


@pytest.mark.parametrize(
    "statement", ["UPDATE applications_statuslog SET note = 'x'", "DELETE FROM applications_statuslog"]
)
def test_status_log_rows_are_never_changed(statement: str) -> None:
    factories.delivered(ticked=["I07"])

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_advance_writes_one_log_row_with_the_actor() -> None:
    task = factories.queued_task("I07")
    reviewer = factories.reviewer_of(task)

    log = workflow.advance(task, Action.ACCEPT, party=Party.REVIEWER, actor=reviewer, note=" 齐 ")

    assert (log.from_status, log.to_status, log.actor, log.note) == (S.QUEUED, S.IN_REVIEW, reviewer, "齐")
