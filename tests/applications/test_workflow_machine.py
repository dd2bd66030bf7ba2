"""Random legal and illegal deeds by random parties on a real case: whatever happens, the rules of the house hold.

The machine drives one case through the services on PostgreSQL. After every step: the log rebuilds each status, ended
tasks stay ended, the case's status agrees with its tasks, the stored clock is the recomputed one, and nothing but the
domain's own refusals was raised.
"""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from agencies.deadlines import calendar_now
from applications import (
    corrections,
    delivery,
    pre_reviews,
    review,
    submission,
    supplies,
    timing,
    visits,
    withdrawal,
    workflow,
)
from applications.enums import BEFORE_OFFICES, TERMINAL, Action, Channel, Fulfilment, Party, TaskStatus
from applications.errors import Refused
from applications.models import Application, Dispatch, Draft, ItemTask, PreReview, Result, StatusLog
from applications.review import Deficit
from applications.transitions import NEEDS, TRANSITIONS
from tests import factories

pytestmark = pytest.mark.usefixtures("directory")

ITEMS = ["I02", "I04", "I05", "I07", "I08", "I10"]
LIMITS = [None, {"unit": "working_day", "days": 3, "source": "x"}, {"unit": "calendar_day", "days": 9, "source": "x"}]
AFTER = [None, {"unit": "next_year_date", "month": 7, "day": 31, "source": "x"}]
STAGES = [stage for stage in Fulfilment if stage != Fulfilment.NONE]
NOTES = st.sampled_from(["", "不符合条件"])
TASKS = st.integers(0, 5)


class CaseMachine(RuleBasedStateMachine):
    """One case of some items under some rules: in any region, in one step or two, with and without limits."""

    @initialize(
        region=st.sampled_from(sorted(factories.PLACES)),
        items=st.lists(st.sampled_from(ITEMS), min_size=1, unique=True),
        two_steps=st.sets(st.sampled_from(ITEMS)),
        limit=st.sampled_from(LIMITS),
        after=st.sampled_from(AFTER),
    )
    def begin(self, region: str, items: list[str], two_steps: set[str], limit: Any, after: Any) -> None:
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()
        self.case = factories.submitted(region=factories.PLACES[region], ticked=items)
        self.change_rules(two_steps, limit, after)
        self.now = timezone.now()
        self.calendar = calendar_now()
        self.ended: dict[int, str] = {}
        task = self.case.tasks.first()
        self.reviewer, self.approver = factories.reviewer_of(task), factories.approver_of(task)

    def change_rules(self, two_steps: set[str], limit: Any, after: Any) -> None:
        """The case's scheme, written anew as some other region might."""

        def change(content: dict[str, Any]) -> None:
            for item in content["items"]:
                item["two_steps"] = item["code"] in two_steps
                item["promised_limit"], item["fulfilment"] = limit, after
            for material in content["materials"]:
                material["deferrable"] = True

        task = self.case.tasks.select_related("application__scheme").first()
        assert task is not None
        factories.put_under_other_rules(task, change)
        self.case.refresh_from_db()

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
        waiting = Dispatch.objects.filter(task__application=self.case).values_list("pk", flat=True)
        delivery.deliver(waiting, at=self.now)

    @rule(index=TASKS, action=st.sampled_from(list(TRANSITIONS)), party=st.sampled_from(Party))
    def try_what_the_party_may_not(self, index: int, action: Action, party: Party) -> None:
        task = self.task(index)
        if action in workflow.available(task, party):
            return
        try:
            with transaction.atomic():
                workflow.advance(task, action, party=party, note="原因", data=dict.fromkeys(NEEDS, "x"))
        except Refused:
            return
        raise AssertionError(f"{party} did {action} on {task.status}")

    # -- pre-review --

    def waiting(self) -> PreReview | None:
        return PreReview.objects.filter(application=self.case).order_by("round").last()

    @rule(party=st.sampled_from([Party.REVIEWER, Party.CLERK]))
    def pass_pre_review(self, party: Party) -> None:
        if found := self.waiting():
            self.attempt(pre_reviews.pass_on, found, staff=self.reviewer, party=party, at=self.now)

    @rule(note=NOTES)
    def give_back(self, note: str) -> None:
        if found := self.waiting():
            deficits = [Deficit(note, field="mobile")]
            self.attempt(pre_reviews.give_back, found, staff=self.reviewer, deficits=deficits, at=self.now)

    @rule(promised=st.booleans())
    def hand_in_again(self, promised: bool) -> None:
        draft = Draft.objects.get(application=self.case)
        user = self.case.entered_by
        self.attempt(
            submission.submit, draft, user=user, channel=Channel.ONLINE, promised=promised, agreed=True, at=self.now
        )  # fmt: skip

    # -- appointments --

    def slots(self, ahead: list[int]) -> list[datetime]:
        return [self.now + timedelta(days=days, hours=1) for days in ahead]

    @rule(index=TASKS, ahead=st.lists(st.integers(-1, 6), max_size=3))
    def offer_times(self, index: int, ahead: list[int]) -> None:
        self.attempt(visits.offer_times, self.task(index), reviewer=self.reviewer, slots=self.slots(ahead), at=self.now)

    @rule(index=TASKS, which=st.integers(0, 2), party=st.sampled_from([Party.APPLICANT, Party.CLERK]))
    def book(self, index: int, which: int, party: Party) -> None:
        task = self.task(index)
        visit = visits.open_visit(task)
        times = visit.times if visit is not None else []
        slot = times[which % len(times)] if times else self.now
        self.attempt(visits.book, task, slot, user=self.case.entered_by, party=party, at=self.now)

    @rule(index=TASKS, wish=st.sampled_from(["", "下周上午"]))
    def ask_other_time(self, index: int, wish: str) -> None:
        user = self.case.entered_by
        self.attempt(
            visits.ask_other_time, self.task(index), user=user, party=Party.APPLICANT, wish=wish, at=self.now
        )  # fmt: skip

    @rule(index=TASKS)
    def record_no_show(self, index: int) -> None:
        self.attempt(visits.record_no_show, self.task(index), staff=self.reviewer, at=self.now)

    # -- the others --

    @rule(index=TASKS, days=st.integers(-1, 9))
    def accept_provisionally(self, index: int, days: int) -> None:
        task = self.task(index)
        until = timezone.localdate(self.now) + timedelta(days=days)
        self.attempt(
            review.accept_provisionally, task, reviewer=self.reviewer, materials=task.material_codes()[:1], until=until,
            note="凭证在路上", at=self.now,
        )  # fmt: skip

    @rule(index=TASKS)
    def supply(self, index: int) -> None:
        self.attempt(supplies.supply_deferred, self.task(index), user=self.case.entered_by, at=self.now)

    @rule(index=TASKS, note=NOTES)
    def propose(self, index: int, note: str) -> None:
        self.attempt(review.propose, self.task(index), reviewer=self.reviewer, note=note, at=self.now)

    @rule(index=TASKS, note=NOTES)
    def send_back(self, index: int, note: str) -> None:
        self.attempt(review.send_back, self.task(index), approver=self.approver, note=note, at=self.now)

    @rule(index=TASKS)
    def approve(self, index: int) -> None:
        self.attempt(review.complete, self.task(index), reviewer=self.approver, party=Party.APPROVER, at=self.now)

    @rule(index=TASKS, note=NOTES)
    def approve_refusal(self, index: int, note: str) -> None:
        self.attempt(
            review.refuse, self.task(index), reviewer=self.approver, party=Party.APPROVER, note=note, at=self.now
        )  # fmt: skip

    @rule(index=TASKS)
    def transfer(self, index: int) -> None:
        task = self.task(index)
        target = next(iter(review.transfer_targets(task)), None)
        if target is not None:
            self.attempt(
                review.transfer, task, reviewer=self.reviewer, to_region=target.region_id, note="辖区不对", at=self.now
            )

    @rule(index=TASKS, action=st.sampled_from(list(TRANSITIONS)), party=st.sampled_from(Party))
    def look_for_buttons(self, index: int, action: Action, party: Party) -> None:
        task = self.task(index)
        row = TRANSITIONS[action]
        offered = action in workflow.available(task, party)
        assert offered == (task.status in row.sources and party in row.parties and workflow.applies(task, action))

    @rule(index=TASKS)
    def accept(self, index: int) -> None:
        self.attempt(review.accept, self.task(index), reviewer=self.reviewer, at=self.now)

    @rule(index=TASKS, of_many=st.booleans())
    def take(self, index: int, of_many: bool) -> None:
        self.attempt(review.take, self.task(index), reviewer=self.reviewer, of_many=of_many, at=self.now)

    @rule(index=TASKS)
    def deem_accepted(self, index: int) -> None:
        self.attempt(review.deem_accepted, self.task(index), at=self.now)

    @rule(index=TASKS, note=st.sampled_from(["", "看不清，请重拍"]))
    def request_correction(self, index: int, note: str) -> None:
        deficit = Deficit(note, field="mobile")
        self.attempt(
            review.request_correction, self.task(index), reviewer=self.reviewer, deficits=[deficit], at=self.now
        )

    @rule(mobile=st.sampled_from(["13900001111", "12"]))
    def answer(self, mobile: str) -> None:
        self.attempt(corrections.answer, self.case, user=self.case.entered_by, answers={"mobile": mobile}, at=self.now)

    @rule(index=TASKS)
    def confirm_fact(self, index: int) -> None:
        task = self.task(index)
        fact = next(iter(task.open_facts), "nothing_of_this_case")
        self.attempt(review.confirm_fact, task, fact, reviewer=self.reviewer, at=self.now)

    @rule(
        index=TASKS, note=st.sampled_from(["", "请到大厅签字"]), ahead=st.lists(st.integers(-1, 6), max_size=3)
    )  # fmt: skip
    def call_in(self, index: int, note: str, ahead: list[int]) -> None:
        slots = self.slots(ahead)
        self.attempt(visits.call_in, self.task(index), reviewer=self.reviewer, note=note, slots=slots, at=self.now)

    @rule(index=TASKS)
    def record_visit(self, index: int) -> None:
        self.attempt(visits.record_visit, self.task(index), staff=self.reviewer, at=self.now)

    @rule(index=TASKS, days=st.integers(0, 20))
    def suspend(self, index: int, days: int) -> None:
        self.attempt(review.suspend, self.task(index), approver=self.approver, note="评审", days=days, at=self.now)

    @rule(index=TASKS)
    def resume(self, index: int) -> None:
        self.attempt(review.resume, self.task(index), staff=self.reviewer, at=self.now)

    @rule(index=TASKS, days=st.integers(0, 12), same=st.booleans())
    def extend(self, index: int, days: int, same: bool) -> None:
        approver = self.reviewer if same else self.approver
        self.attempt(review.extend, self.task(index), approver=approver, days=days, note="核实", at=self.now)

    @rule(index=TASKS, follows=st.sampled_from(Fulfilment))
    def complete(self, index: int, follows: Fulfilment) -> None:
        self.attempt(review.complete, self.task(index), reviewer=self.reviewer, follows=follows, at=self.now)

    @rule(index=TASKS, note=st.sampled_from(["", "不在本地"]))
    def refuse(self, index: int, note: str) -> None:
        self.attempt(review.refuse, self.task(index), reviewer=self.reviewer, note=note, at=self.now)

    @rule(index=TASKS)
    def do_not_accept(self, index: int) -> None:
        self.attempt(review.do_not_accept, self.task(index), reviewer=self.reviewer, note="不在本地", at=self.now)

    @rule(index=TASKS)
    def withdraw(self, index: int) -> None:
        self.attempt(withdrawal.withdraw, self.case, user=self.case.entered_by, tasks=[self.task(index)], at=self.now)

    @rule(index=TASKS)
    def terminate(self, index: int) -> None:
        self.attempt(review.terminate, self.task(index), reviewer=self.reviewer, note="申请人死亡", at=self.now)

    @rule(index=TASKS, stage=st.sampled_from(STAGES), words=st.sampled_from(["", "邮政 1"]))
    def fulfil(self, index: int, stage: Fulfilment, words: str) -> None:
        own = {Fulfilment.MAILED: {"courier": words}, Fulfilment.DELIVERED: {"receiver": words}}.get(stage, {})
        self.attempt(review.fulfil, self.task(index), stage, staff=self.reviewer, **own, at=self.now)

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
    def log_rebuilds_what_follows_a_decision(self) -> None:
        if not hasattr(self, "case"):
            return
        for result in Result.objects.filter(task__application=self.case):
            deeds = result.task.log.values_list("action", flat=True)
            stages = [TRANSITIONS[Action(deed)].stage for deed in deeds]
            told = [stage for stage in stages if stage is not None]
            assert not told or told[-1] == result.fulfilment
            assert (result.fulfilled_at is not None) == (result.fulfilment in (Fulfilment.PAID, Fulfilment.DELIVERED))

    @invariant()
    def nothing_left_the_hub_before_it_passed(self) -> None:
        if not hasattr(self, "case"):
            return
        before = self.case.tasks.filter(status__in=BEFORE_OFFICES)
        assert not before.exclude(dispatches=None).exists()
        assert not before.exclude(accepted_on=None, reply_due_on=None, due_on=None).exists()
        returned = self.case.tasks.filter(status=TaskStatus.PRE_RETURNED).exists()
        open_rounds = self.case.pre_reviews.filter(decided_at=None).count()
        assert Draft.objects.filter(application=self.case, sent_at=None).exists() == returned
        assert not (returned and open_rounds)
        if self.case.tasks.filter(status=TaskStatus.PRE_REVIEW).exists():
            assert open_rounds == 1

    @invariant()
    def who_is_called_has_one_appointment(self) -> None:
        if not hasattr(self, "case"):
            return
        for task in self.case.tasks.filter(status=TaskStatus.AWAITING_VISIT):
            visit = task.visits.get(came_at=None)
            assert visit.chosen_at is None or visit.chosen_at in visit.times

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
                reading = timing.read_clock(task, self.calendar, timezone.localdate(self.now))
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
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
        ),
    )
