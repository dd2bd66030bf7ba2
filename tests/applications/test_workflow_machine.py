"""Random legal and illegal deeds by random parties on a real case: whatever happens, the rules of the house hold.

The machine drives one case through the services on PostgreSQL. After every step: the log rebuilds each status, ended
tasks stay ended, the case's status agrees with its tasks, the stored clock is the recomputed one, and nothing but the
domain's own refusals was raised.
"""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from agencies.deadlines import calendar_now
from applications import corrections, delivery, review, submission, workflow
from applications.demo import picture
from applications.enums import TERMINAL, Action, Fulfilment, Party, TaskStatus
from applications.errors import Refused
from applications.models import Application, Dispatch, ItemTask, StatusLog
from tests import factories

pytestmark = pytest.mark.usefixtures("directory")

ITEMS = ["I04", "I05", "I07", "I08"]
PICTURE = picture("machine")


class CaseMachine(RuleBasedStateMachine):
    """One case of four items: one waits for another, one for money."""

    @initialize(items=st.lists(st.sampled_from(ITEMS), min_size=1, unique=True))
    def begin(self, items: list[str]) -> None:
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()
        self.case = factories.submitted(ticked=items)
        self.now = timezone.now()
        self.calendar = calendar_now()
        self.ended: dict[int, str] = {}
        task = self.case.tasks.first()
        self.reviewer, self.approver = factories.reviewer_of(task), factories.approver_of(task)

    def teardown(self) -> None:
        if hasattr(self, "savepoint"):
            transaction.set_rollback(True)
            self.savepoint.__exit__(None, None, None)

    def task(self, index: int) -> ItemTask:
        tasks = list(self.case.tasks.select_related("item__scheme", "office__agency", "application__scheme"))
        return tasks[index % len(tasks)]

    def attempt(self, deed: Any, *args: Any, **kwargs: Any) -> None:
        """Does a deed; only the domain's own refusals may come out of it, and a refusal changes nothing."""
        before = list(StatusLog.objects.filter(application=self.case).values_list("pk", flat=True))
        try:
            with transaction.atomic():
                deed(*args, **kwargs)
        except Refused as refused:
            assert str(refused)
            assert list(StatusLog.objects.filter(application=self.case).values_list("pk", flat=True)) == before

    @rule(days=st.integers(0, 9))
    def time_passes(self, days: int) -> None:
        self.now += timedelta(days=days)

    @rule()
    def deliver(self) -> None:
        delivery.deliver(Dispatch.objects.filter(task__application=self.case).values_list("pk", flat=True))

    @rule(index=st.integers(0, 3), action=st.sampled_from(list(workflow.TRANSITIONS)), party=st.sampled_from(Party))
    def look_for_buttons(self, index: int, action: Action, party: Party) -> None:
        task = self.task(index)
        row = workflow.TRANSITIONS[action]
        offered = action in workflow.available(task, party)
        assert offered == (task.status in row.sources and party in row.parties and workflow.applies(task, action))

    @rule(index=st.integers(0, 3))
    def accept(self, index: int) -> None:
        self.attempt(review.accept, self.task(index), reviewer=self.reviewer, at=self.now)

    @rule(index=st.integers(0, 3))
    def deem_accepted(self, index: int) -> None:
        self.attempt(review.deem_accepted, self.task(index), at=self.now)

    @rule(index=st.integers(0, 3), note=st.sampled_from(["", "看不清，请重拍"]))
    def request_correction(self, index: int, note: str) -> None:
        deficit = review.Deficit(note, field="mobile")
        self.attempt(
            review.request_correction, self.task(index), reviewer=self.reviewer, deficits=[deficit], at=self.now
        )

    @rule(mobile=st.sampled_from(["13900001111", "12"]))
    def answer(self, mobile: str) -> None:
        self.attempt(corrections.answer, self.case, user=self.case.entered_by, answers={"mobile": mobile}, at=self.now)

    @rule(index=st.integers(0, 3))
    def confirm_fact(self, index: int) -> None:
        self.attempt(
            review.confirm_fact, self.task(index), "pension_funds_arrived", reviewer=self.reviewer, at=self.now
        )

    @rule(index=st.integers(0, 3), note=st.sampled_from(["", "请到大厅签字"]))
    def call_in(self, index: int, note: str) -> None:
        self.attempt(review.call_in, self.task(index), reviewer=self.reviewer, note=note, at=self.now)

    @rule(index=st.integers(0, 3))
    def record_visit(self, index: int) -> None:
        self.attempt(review.record_visit, self.task(index), staff=self.reviewer, at=self.now)

    @rule(index=st.integers(0, 3), days=st.integers(0, 20))
    def suspend(self, index: int, days: int) -> None:
        self.attempt(review.suspend, self.task(index), approver=self.approver, note="评审", days=days, at=self.now)

    @rule(index=st.integers(0, 3))
    def resume(self, index: int) -> None:
        self.attempt(review.resume, self.task(index), staff=self.reviewer, at=self.now)

    @rule(index=st.integers(0, 3), days=st.integers(0, 12), same=st.booleans())
    def extend(self, index: int, days: int, same: bool) -> None:
        approver = self.reviewer if same else self.approver
        self.attempt(review.extend, self.task(index), approver=approver, days=days, note="核实", at=self.now)

    @rule(index=st.integers(0, 3))
    def complete(self, index: int) -> None:
        self.attempt(review.complete, self.task(index), reviewer=self.reviewer, at=self.now)

    @rule(index=st.integers(0, 3), note=st.sampled_from(["", "不在本地"]))
    def refuse(self, index: int, note: str) -> None:
        self.attempt(review.refuse, self.task(index), reviewer=self.reviewer, note=note, at=self.now)

    @rule(index=st.integers(0, 3))
    def do_not_accept(self, index: int) -> None:
        self.attempt(review.do_not_accept, self.task(index), reviewer=self.reviewer, note="不在本地", at=self.now)

    @rule(index=st.integers(0, 3))
    def withdraw(self, index: int) -> None:
        self.attempt(submission.withdraw, self.case, user=self.case.entered_by, tasks=[self.task(index)], at=self.now)

    @rule(index=st.integers(0, 3))
    def terminate(self, index: int) -> None:
        self.attempt(review.terminate, self.task(index), reviewer=self.reviewer, note="申请人死亡", at=self.now)

    @rule(index=st.integers(0, 3))
    def fulfil(self, index: int) -> None:
        self.attempt(review.fulfil, self.task(index), Fulfilment.DELIVERED, staff=self.reviewer, at=self.now)

    @invariant()
    def log_rebuilds_each_status(self) -> None:
        if not hasattr(self, "case"):
            return
        for task in self.case.tasks.all():
            log = list(task.log.order_by("id"))
            if log:
                assert log[-1].to_status == task.status
            for before, after in zip(log, log[1:], strict=False):
                assert before.to_status == after.from_status

    @invariant()
    def ended_tasks_stay_ended(self) -> None:
        if not hasattr(self, "case"):
            return
        for task in self.case.tasks.all():
            assert self.ended.get(task.pk, task.status) == task.status
            if task.status in TERMINAL:
                self.ended[task.pk] = task.status

    @invariant()
    def case_agrees_with_its_tasks(self) -> None:
        if hasattr(self, "case"):
            case = Application.objects.get(pk=self.case.pk)
            assert case.status == workflow.overall(case.tasks.values_list("status", flat=True))
            assert case.is_closed == (case.closed_at is not None)

    @invariant()
    def stored_clock_is_the_recomputed_one(self) -> None:
        if not hasattr(self, "case"):
            return
        for task in self.case.tasks.select_related("item__scheme", "office", "application__scheme"):
            if task.log.exists():
                reading = workflow.read_clock(task, self.calendar, timezone.localdate(self.now))
                assert (task.accepted_on, task.reply_due_on, task.due_on) == (
                    reading.accepted_on, reading.reply_due_on, reading.due_on
                )  # fmt: skip

    @invariant()
    def nothing_pends_without_a_dispatch(self) -> None:
        if not hasattr(self, "case"):
            return
        for task in self.case.tasks.filter(status=TaskStatus.PENDING):
            assert task.dispatches.filter(status="pending").count() == 1
        assert (
            Dispatch.objects.filter(task__application=self.case, status="pending", task__status__in=TERMINAL).count()
            == 0
        )


def test_no_sequence_of_deeds_breaks_a_case(db: None) -> None:
    run_state_machine_as_test(
        CaseMachine,
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
        ),
    )
