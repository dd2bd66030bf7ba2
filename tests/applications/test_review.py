"""The office's deeds: corrections go back to that office alone, refusals block nobody, money follows later."""

import io
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ObjectDoesNotExist
from django.utils import timezone

from agencies.deadlines import calendar_now
from agencies.enums import Role
from applications import (
    access,
    corrections,
    delivery,
    drafts,
    operations,
    questions,
    review,
    submission,
    sweeps,
    timing,
    visits,
    withdrawal,
)
from applications.enums import ApplicationStatus, DocumentKind, Fulfilment, Party, TaskStatus, Verdict
from applications.errors import AlreadyDone, Invalid, Refused
from applications.models import Application, Correction, Dispatch, ItemTask, Ticket
from portal.accounts.models import User
from tests import factories

pytestmark = pytest.mark.usefixtures("directory")


def at(day: str) -> datetime:
    """Ten in the morning in China on a day."""
    return datetime.fromisoformat(f"{day}T02:00:00").replace(tzinfo=UTC)


def queued(item: str = "I07", **kwargs: object) -> ItemTask:
    return factories.task_of(factories.delivered(ticked=[item], **kwargs), item)  # type: ignore[arg-type]


def in_review(item: str = "I07") -> ItemTask:
    task = queued(item)
    return review.accept(task, reviewer=factories.reviewer_of(task))


def ask_for_material(task: ItemTask, material: str = "OR-39") -> Correction:
    return review.request_correction(
        task,
        reviewer=factories.reviewer_of(task),
        deficits=[review.Deficit("印章压住日期，看不清。请重拍", material=material)],
    )


def test_accept_fixes_the_promised_day_and_asks_for_the_notice() -> None:
    """OR-24: 27 working days from the day after acceptance."""
    task = queued(at=at("2026-09-14"))

    review.accept(task, reviewer=factories.reviewer_of(task), at=at("2026-09-15"))

    assert (task.accepted_on, task.due_on, task.next_on) == (date(2026, 9, 15), date(2026, 10, 28), date(2026, 10, 28))
    assert task.application.documents.filter(kind=DocumentKind.ACCEPTANCE_NOTICE, task=task).count() == 1


def test_correction_goes_back_to_that_office_alone() -> None:
    application = factories.delivered(ticked=["I07", "I10"])
    task = factories.task_of(application, "I07")
    correction = ask_for_material(task)
    factories.answer_file(correction.task.application, "OR-39")

    corrections.answer(correction.task.application, user=application.entered_by, answers={})
    factories.deliver_all()

    assert factories.task_of(application, "I07").status == TaskStatus.QUEUED
    assert factories.task_of(application, "I07").dispatches.count() == 2
    assert factories.task_of(application, "I10").dispatches.count() == 1


def test_correction_replaces_the_material_and_keeps_the_old_one_on_record() -> None:
    task = queued()
    correction = ask_for_material(task)
    factories.answer_file(correction.task.application, "OR-39")

    corrections.answer(correction.task.application, user=task.application.entered_by, answers={})

    files = task.application.materials.filter(code="OR-39").order_by("uploaded_at")
    assert [(m.is_sent, m.replaced_by_id is None) for m in files] == [(True, False), (True, True)]
    payload = task.dispatches.get(version=2).payload
    assert [len(m["files"]) for m in payload["materials"] if m["code"] == "OR-39"] == [1]


def test_office_does_not_see_an_answer_that_was_not_sent() -> None:
    task = queued()
    factories.answer_file(ask_for_material(task).task.application, "OR-39")

    seen = [material.original_name for material in access.visible_materials(task)]

    assert seen != []
    assert "新.jpg" not in seen


def test_correction_of_a_field_changes_the_form_and_the_next_payload() -> None:
    task = queued()
    correction = review.request_correction(
        task, reviewer=factories.reviewer_of(task), deficits=[review.Deficit("少写了门牌号", field="mobile")]
    )

    corrections.answer(
        correction.task.application, user=task.application.entered_by, answers={"mobile": "139 0000 1111"}
    )

    values = {line.get("field"): line["value"] for line in task.dispatches.get(version=2).payload["fields"]}
    assert values["mobile"] == "13900001111"


def test_corrected_name_is_the_name_on_pages_and_papers() -> None:
    task = queued("I10")
    name = review.Deficit("和身份证上的写法不一样", field="name")
    correction = review.request_correction(task, reviewer=factories.reviewer_of(task), deficits=[name])
    case = correction.task.application

    corrections.answer(case, user=case.entered_by, answers={"name": "赵明媛"})

    case.refresh_from_db()
    assert (case.subject_name, case.answers["name"]) == ("赵明媛", "赵明媛")


def test_number_that_says_whose_case_it_is_cannot_be_corrected() -> None:
    """Another number would be another person's case, and the police would get it."""
    task = queued("I10")

    with pytest.raises(Refused, match="身份证号不能补正"):
        review.request_correction(
            task, reviewer=factories.reviewer_of(task), deficits=[review.Deficit("不对", field="id_no")]
        )


def test_answer_with_something_missing_names_every_line_and_sends_nothing() -> None:
    task = queued()
    correction = review.request_correction(
        task,
        reviewer=factories.reviewer_of(task),
        deficits=[review.Deficit("看不清", material="OR-39"), review.Deficit("停机了", field="mobile")],
    )

    with pytest.raises(Invalid) as caught:
        corrections.answer(correction.task.application, user=task.application.entered_by, answers={"mobile": "12"})

    assert caught.value.errors == {
        "OR-39": "请上传军人退役养老保险转移凭证",
        "mobile": "请填 11 位手机号，或带区号的固定电话",
    }
    assert ItemTask.objects.get(pk=task.pk).status == TaskStatus.AWAITING_CORRECTION


def test_correction_answered_twice_is_told() -> None:
    task = queued()
    correction = ask_for_material(task)
    factories.answer_file(correction.task.application, "OR-39")
    corrections.answer(correction.task.application, user=task.application.entered_by, answers={})

    with pytest.raises(AlreadyDone):
        corrections.answer(correction.task.application, user=task.application.entered_by, answers={})


@pytest.mark.parametrize("deficits", [[], [review.Deficit("", material="OR-39")]])
def test_correction_without_a_reason_is_refused(deficits: list[review.Deficit]) -> None:
    task = queued()

    with pytest.raises(Invalid):
        review.request_correction(task, reviewer=factories.reviewer_of(task), deficits=deficits)


def test_correction_may_name_only_what_the_item_uses() -> None:
    task = queued()

    with pytest.raises(Refused):
        review.request_correction(
            task, reviewer=factories.reviewer_of(task), deficits=[review.Deficit("不清楚", material="OR-34")]
        )


@pytest.mark.parametrize(
    "deficit", [review.Deficit("不清楚"), review.Deficit("不清楚", field="mobile", material="OR-39")]
)
def test_correction_names_one_thing_at_a_time(deficit: review.Deficit) -> None:
    task = factories.queued_task("I02")

    with pytest.raises(Refused, match="只写一份材料或一项内容"):
        review.request_correction(task, reviewer=factories.reviewer_of(task), deficits=[deficit])


def test_correction_after_acceptance_stops_the_clock_until_the_answer() -> None:
    task = queued(at=at("2026-03-02"))
    reviewer = factories.reviewer_of(task)
    review.accept(task, reviewer=reviewer, at=at("2026-03-02"))
    correction = review.request_correction(
        task, reviewer=reviewer, deficits=[review.Deficit("看不清", material="OR-39")], at=at("2026-03-09")
    )
    assert (task.due_on, task.next_on) == (None, None)
    factories.answer_file(correction.task.application, "OR-39")

    corrections.answer(correction.task.application, user=task.application.entered_by, answers={}, at=at("2026-03-13"))
    factories.deliver_all()

    task.refresh_from_db()
    # 10, 11 and 12 March are not counted: 9 April becomes 14 April.
    assert (task.status, task.due_on) == (TaskStatus.IN_REVIEW, date(2026, 4, 14))


def test_refusal_does_not_block_the_other_items() -> None:
    application = factories.delivered(ticked=["I07", "I10"])
    refused, other = factories.task_of(application, "I07"), factories.task_of(application, "I10")
    reviewer = factories.reviewer_of(refused)
    review.accept(refused, reviewer=reviewer)
    review.refuse(refused, reviewer=reviewer, note="户口不在本地", remedy="可以到户口所在地办")
    review.accept(other, reviewer=factories.reviewer_of(other))

    review.complete(other, reviewer=factories.reviewer_of(other), reference="参保〔2026〕1号")

    application.refresh_from_db()
    assert application.status == ApplicationStatus.PARTLY_COMPLETED
    assert application.documents.filter(kind=DocumentKind.RESULT_SHEET).count() == 1
    assert application.documents.filter(kind=DocumentKind.REFUSAL_NOTICE).count() == 1


def test_completion_releases_what_waited_for_it() -> None:
    """I04 → I05: the ID card waits for the household registration."""
    application = factories.delivered(ticked=["I04", "I05"])
    first, then = factories.task_of(application, "I04"), factories.task_of(application, "I05")
    assert (then.status, then.open_items) == (TaskStatus.WAITING, ["I04"])
    reviewer = factories.reviewer_of(first)
    review.accept(first, reviewer=reviewer)

    review.complete(first, reviewer=reviewer)
    factories.deliver_all()

    then.refresh_from_db()
    assert (then.status, then.open_items) == (TaskStatus.QUEUED, [])


def test_item_that_waits_for_a_refused_one_is_held_and_may_be_withdrawn() -> None:
    application = factories.delivered(ticked=["I04", "I05"])
    first, then = factories.task_of(application, "I04"), factories.task_of(application, "I05")

    review.do_not_accept(first, reviewer=factories.reviewer_of(first), note="不属于本辖区")

    then.refresh_from_db()
    assert (then.status, then.is_held) == (TaskStatus.WAITING, True)
    withdrawal.withdraw(application, user=application.entered_by, tasks=[then])
    application.refresh_from_db()
    assert application.status == ApplicationStatus.REFUSED


def test_requirement_that_is_not_part_of_the_case_holds_nothing() -> None:
    application = factories.submitted(ticked=["I05"])

    assert factories.task_of(application, "I05").status == TaskStatus.PENDING


def test_item_waits_for_the_money_until_staff_confirm_it() -> None:
    """OR-07."""
    application = factories.delivered(ticked=["I08"])
    task = factories.task_of(application, "I08")
    assert (task.status, task.open_facts) == (TaskStatus.WAITING, ["pension_funds_arrived"])

    review.confirm_fact(task, "pension_funds_arrived", reviewer=factories.reviewer_of(task))
    factories.deliver_all()

    task.refresh_from_db()
    assert task.status == TaskStatus.QUEUED


def test_medical_money_is_awaited_only_if_a_balance_is_moved() -> None:
    """OR-08."""
    draft = factories.draft(ticked=["I11"])
    draft = drafts.save(draft, {"move_balance": "yes"})
    factories.give_materials(draft)
    moved = submission.submit(draft, user=draft.entered_by, channel="online", promised=True, agreed=True)  # type: ignore[arg-type]

    assert factories.task_of(moved, "I11").open_facts == ["medical_funds_arrived"]
    assert factories.task_of(factories.submitted(ticked=["I11"]), "I11").open_facts == []


def test_grant_closes_the_case_while_the_payment_stays_open() -> None:
    """OR-13: money by the end of July of the following year."""
    task = queued("I02", at=at("2026-09-14"))
    reviewer = factories.reviewer_of(task)
    review.accept(task, reviewer=reviewer, at=at("2026-09-14"))

    review.complete(task, reviewer=reviewer, at=at("2026-09-14"))

    assert Application.objects.get(pk=task.application_id).status == ApplicationStatus.COMPLETED
    assert (task.result.fulfilment, task.result.fulfil_by) == (Fulfilment.PAYMENT_DUE, date(2027, 7, 31))
    review.fulfil(task, Fulfilment.PAID, staff=reviewer)
    task.result.refresh_from_db()
    assert task.result.fulfilment == Fulfilment.PAID


def test_visit_in_person_stops_the_clock() -> None:
    """OR-14."""
    task = in_review("I04")
    reviewer = factories.reviewer_of(task)

    visits.call_in(task, reviewer=reviewer, note="请到户籍大厅签字")
    assert (task.status, task.next_on) == (TaskStatus.AWAITING_VISIT, None)
    visits.record_visit(task, staff=reviewer)

    assert task.status == TaskStatus.IN_REVIEW
    assert task.next_on is not None


def test_extension_is_granted_once_before_the_day_by_somebody_else() -> None:
    """T-13."""
    task = queued(at=at("2026-03-02"))
    reviewer, approver = factories.reviewer_of(task), factories.approver_of(task)
    review.accept(task, reviewer=reviewer, at=at("2026-03-02"))

    with pytest.raises(Refused, match="承办人不能批准自己的延期"):
        review.extend(task, approver=reviewer, days=5, note="核实中", at=at("2026-03-10"))
    with pytest.raises(Refused, match="已经超过到期日"):
        review.extend(task, approver=approver, days=5, note="核实中", at=at("2026-05-10"))
    review.extend(task, approver=approver, days=5, note="核实中", at=at("2026-03-10"))
    with pytest.raises(Refused, match="已经延长过一次"):
        review.extend(task, approver=approver, days=5, note="核实中", at=at("2026-03-11"))

    assert task.due_on == date(2026, 4, 16)


def test_suspension_needs_a_length_and_an_approver() -> None:
    task = in_review()
    approver = factories.approver_of(task)

    with pytest.raises(Invalid):
        review.suspend(task, approver=approver, note="需专家评审", days=0)
    review.suspend(task, approver=approver, note="需专家评审", days=10)

    assert task.status == TaskStatus.SUSPENDED
    assert task.application.documents.filter(kind=DocumentKind.SUSPENSION_NOTICE).count() == 1


def test_transfer_sends_the_item_to_the_other_office_anew() -> None:
    task = queued()
    reviewer = factories.reviewer_of(task)
    other = (
        task.office.agency.offices.filter(region__parent=task.office.region.parent).exclude(pk=task.office_id).first()
    )

    review.transfer(task, reviewer=reviewer, to_region=other.region_id, note="户口在那边")
    delivery.deliver(Dispatch.objects.filter(task=task).values_list("pk", flat=True))

    task.refresh_from_db()
    assert (task.office, task.status) == (other, TaskStatus.QUEUED)


def test_transfer_leaves_the_answer_day_as_it_is() -> None:
    task = queued()
    given_in = timezone.localdate()
    due = task.reply_due_on
    other = review.transfer_targets(task)[0]

    with time_machine.travel(timezone.now() + timedelta(days=4), tick=False):
        review.transfer(task, reviewer=factories.reviewer_of(task), to_region=other.region_id, note="户口在那边")
        factories.deliver_all()

    task.refresh_from_db()
    assert (task.office, task.reply_due_on) == (other, due)
    reading = timing.read_clock(task, calendar_now(), given_in + timedelta(days=4))
    assert reading.received_on == given_in


def test_termination_closes_the_case() -> None:
    task = in_review()

    review.terminate(task, reviewer=factories.reviewer_of(task), note="申请人死亡")

    assert Application.objects.get(pk=task.application_id).status == ApplicationStatus.REFUSED


def test_decision_is_written_once() -> None:
    """F5: each button pressed twice."""
    task = in_review()
    reviewer = factories.reviewer_of(task)
    review.complete(task, reviewer=reviewer, reference="一号")

    with pytest.raises(AlreadyDone):
        review.complete(task, reviewer=reviewer, reference="二号")
    with pytest.raises(AlreadyDone):
        review.refuse(task, reviewer=reviewer, note="改主意了")

    task.refresh_from_db()
    assert task.result.reference == "一号"


def test_case_without_a_decision_has_no_result() -> None:
    with pytest.raises(ObjectDoesNotExist):
        _ = queued().result


def test_silence_counts_as_acceptance_only_where_the_rule_says_so() -> None:
    """T-10, with the rule off: the item stays queued and is shown as overdue."""
    task = queued(at=at("2026-02-13"))
    ItemTask.objects.filter(pk=task.pk).update(reply_due_on=timezone.localdate() - timedelta(days=1))

    assert sweeps.deem_accepted() == 0
    assert ItemTask.objects.get(pk=task.pk).status == TaskStatus.QUEUED


def test_deemed_acceptance_counts_from_the_day_of_receipt() -> None:
    """Timing test 2: received Friday 2026-02-13, the job runs on 2026-02-28, accepted counts from the 13th."""
    application = factories.submitted(ticked=["I07"], at=at("2026-02-13"))
    task = factories.task_of(application, "I07")
    import time_machine

    with time_machine.travel(at("2026-02-13"), tick=False):
        factories.deliver_all()
    task.refresh_from_db()
    review.deem_accepted(task, at=at("2026-02-28"))

    assert (task.status, task.accepted_on) == (TaskStatus.IN_REVIEW, date(2026, 2, 13))
    with pytest.raises(AlreadyDone):
        review.deem_accepted(task, at=at("2026-02-28"))


def test_party_follows_the_posting() -> None:
    task = queued()
    approver = factories.approver_of(task)

    assert review.party_of(approver.postings.get()) == Party.APPROVER


@pytest.mark.parametrize("deed", [review.complete, review.refuse])
def test_item_is_approved_by_somebody_else_than_who_proposed_it(deed: Any) -> None:
    task = in_review()
    factories.put_under_other_rules(task, lambda content: [item.update(two_steps=True) for item in content["items"]])
    task = ItemTask.objects.get(pk=task.pk)
    proposer = factories.approver_of(task)
    review.propose(task, reviewer=proposer, note="材料齐全")
    words = {"note": "不符合"} if deed is review.refuse else {}

    with pytest.raises(Refused, match="您报请批准的，要由其他批准人员决定"):
        deed(task, reviewer=proposer, party=Party.APPROVER, **words)
    deed(task, reviewer=factories.approver_of(task), party=Party.APPROVER, **words)

    assert task.status in (TaskStatus.COMPLETED, TaskStatus.REFUSED)


def own_case() -> tuple[ItemTask, User]:
    """A case handed in by somebody who is staff as well."""
    task = queued()
    assert task.application.applicant is not None
    return task, task.application.applicant


def test_member_of_staff_does_not_decide_their_own_case() -> None:
    task, applicant = own_case()

    with pytest.raises(Refused, match="您本人的办件，要由其他工作人员办理"):
        review.accept(task, reviewer=applicant)
    review.accept(task, reviewer=factories.reviewer_of(task))

    assert task.status == TaskStatus.IN_REVIEW


def test_case_is_the_own_one_by_the_number_too_before_any_account_has_it() -> None:
    """A window's case stays without an account while the number of the account is only claimed."""
    task, officer = own_case()
    User.objects.filter(pk=officer.pk).update(is_identity_claimed=True)
    task.application.applicant = None
    task.application.save()

    with pytest.raises(Refused, match="您本人的办件"):
        review.accept(task, reviewer=officer)


def test_member_of_staff_finds_nothing_about_files_of_their_own_case() -> None:
    task, officer = own_case()
    file = access.visible_materials(task)[0]
    posting = factories.reviewer_of(task).postings.get()
    access.open_material(task, file, viewer=officer, posting=posting)

    with pytest.raises(Refused, match="您本人的办件"):
        access.judge(task, file, Verdict.FINE, reviewer=officer)


def test_member_of_staff_does_not_answer_what_they_asked_about_their_own_case() -> None:
    task, officer = own_case()
    question = questions.ask(task.application, user=officer, text="没有消息", task=task)

    with pytest.raises(Refused, match="您本人的办件"):
        questions.answer(question, staff=officer, text="马上办")


@pytest.mark.parametrize("deed", [operations.resend, operations.cancel])
def test_operator_leaves_the_dispatches_of_the_own_case_to_others(deed: Any) -> None:
    application = factories.submitted(ticked=["I01"])
    dispatch = Dispatch.objects.get(task__application=application)

    with pytest.raises(Refused, match="您本人的办件"):
        deed(dispatch, operator=application.applicant, note="快点")


def test_office_does_nothing_about_a_task_that_was_handed_on_in_the_same_moment() -> None:
    """What the page has fetched is the office's; what the lock finds is another's."""
    task = queued()
    fetched, officer = ItemTask.objects.get(pk=task.pk), factories.reviewer_of(task)
    target = review.transfer_targets(task)[0]
    review.transfer(task, reviewer=officer, to_region=target.region_id, note="户口在那边")

    with pytest.raises(AlreadyDone, match="已由乌云其其格转办"):
        review.terminate(fetched, reviewer=officer, note="申请人死亡")

    assert ItemTask.objects.get(pk=task.pk).status == TaskStatus.PENDING


def test_operator_makes_up_for_nothing_in_the_own_case() -> None:
    application = factories.submitted(ticked=["I01"])
    task, operator = factories.task_of(application, "I01"), application.applicant
    assert operator is not None
    words = {"title": "x", "suggestion": "x"}
    found = [
        Ticket.objects.create(kind=kind, fingerprint=f"{kind}:{application.number}", task=task, **words)
        for kind in operations.REPAIRS
    ]

    for ticket in found:
        with pytest.raises(Refused, match="您本人的办件"):
            operations.repair(ticket, operator=operator, note="补上")


def test_operator_does_not_hand_over_the_own_case_on_paper() -> None:
    application = factories.submitted(ticked=["I01"])
    dispatch = Dispatch.objects.get(task__application=application)
    operator = application.applicant
    assert operator is not None
    posting = factories.staff(Role.ADMINISTRATOR).postings.get()

    with pytest.raises(Refused, match="您本人的办件"):
        operations.hand_over_on_paper(dispatch, operator=operator, receipt_number="收1", note="送去")
    with pytest.raises(Refused, match="您本人的办件"):
        operations.print_hand_over(dispatch, operator=operator, posting=posting, note="送去", target=io.BytesIO())
