"""What comes after the submission: another item, several offices' notices at once, promised papers, time running out."""

import re
from datetime import date, timedelta

import pytest
from django.utils import timezone

from applications import (
    access,
    corrections,
    drafts,
    privacy,
    review,
    submission,
    supplies,
    sweeps,
    timing,
    withdrawal,
    workflow,
)
from applications.demo import answers_for
from applications.enums import Action, ApplicationStatus, Channel, DispatchStatus, DocumentKind, TaskStatus
from applications.errors import AlreadyDone, Invalid, Refused
from applications.models import Application, Document, Draft, ItemTask
from applications.papers import paper
from portal.accounts.models import User
from tests import factories

pytestmark = pytest.mark.usefixtures("directory")


def add_item(application: Application, code: str) -> Application:
    draft = drafts.start_addition(application, user=application.entered_by)
    draft = drafts.choose_items(draft, [code])
    fill_in(draft)
    factories.give_materials(draft)
    return submission.submit(draft, user=application.entered_by, channel=Channel.ONLINE, promised=True, agreed=True)


def fill_in(draft: Draft) -> None:
    """Only what the case does not know yet."""
    missing = drafts.problems_of(draft)
    answers = answers_for(factories.as_soldier(draft.entered_by))
    drafts.save(draft, {code: answers[code] for code in missing if code in answers})


def test_item_added_later_joins_the_same_case() -> None:
    """RQ-09."""
    application = factories.delivered(ticked=["I07"])

    same = add_item(application, "I10")

    assert same.pk == application.pk
    assert sorted(same.tasks.values_list("item__code", "status")) == [("I07", "queued"), ("I10", "pending")]
    data = same.log.filter(action=Action.ADD_ITEMS).get().data
    assert data["items"] == ["I10"]
    assert data["privacy"]["version"] == privacy.CURRENT
    assert same.documents.filter(kind="submission_receipt").count() == 2


def test_form_printed_anew_ticks_what_was_added_and_the_old_one_does_not() -> None:
    """Each paper says what was asked for when it was made, also when it is made again later."""
    application = factories.delivered(ticked=["I07"])
    same = add_item(application, "I10")
    names = {code: same.scheme.spec.item(code).printed_name for code in ("I07", "I10")}

    first, second = same.documents.filter(kind=DocumentKind.REGISTRATION).order_by("id")

    def ticked(document: Document) -> dict[str, bool]:
        rows = re.findall(r"<tr>.*?</tr>", paper.html_of(document), re.S)
        lines = {code: next(row for row in rows if f">{name}</" in row) for code, name in names.items()}
        return {code: '<span class="box">√</span> 是' in row for code, row in lines.items()}

    assert (ticked(first), ticked(second)) == ({"I07": True, "I10": False}, {"I07": True, "I10": True})


def test_addition_asks_nothing_twice() -> None:
    application = factories.delivered(ticked=["I07"])
    draft = drafts.start_addition(application, user=application.entered_by)
    draft = drafts.choose_items(draft, ["I10"])

    missing = drafts.problems_of(draft)

    # The discharge certificate and the identity paper are with the case already (TJ-13).
    assert {"OR-31", "OR-32", "name", "id_no", "mobile"} & set(missing) == set()
    assert "OR-38" in missing


def test_addition_offers_only_what_the_case_does_not_have() -> None:
    application = factories.delivered(ticked=["I07"])

    draft = drafts.start_addition(application, user=application.entered_by)

    assert "I07" not in {item.code for item in draft.offered()}
    assert drafts.start_addition(application, user=application.entered_by).pk == draft.pk


def test_added_item_waits_only_for_what_is_not_done_yet() -> None:
    application = factories.delivered(ticked=["I04", "I07"])
    task = factories.task_of(application, "I04")
    reviewer = factories.reviewer_of(task)
    review.accept(task, reviewer=reviewer)
    review.complete(task, reviewer=reviewer)

    add_item(application, "I05")

    assert factories.task_of(application, "I05").status == TaskStatus.PENDING


def test_addition_sent_twice_adds_once() -> None:
    application = factories.delivered(ticked=["I07"])
    draft = drafts.choose_items(drafts.start_addition(application, user=application.entered_by), ["I10"])
    fill_in(draft)
    factories.give_materials(draft)

    for _ in range(2):
        submission.submit(draft, user=application.entered_by, channel=Channel.ONLINE, promised=True, agreed=True)

    assert application.tasks.count() == 2


def filled(application: Application, user: User, *codes: str) -> Draft:
    """An addition ready to be handed in, of the person or of a clerk beside them."""
    draft = drafts.choose_items(drafts.start_addition(application, user=user), codes)
    missing, answers = drafts.problems_of(draft), answers_for(factories.as_soldier(application.entered_by))
    draft = drafts.save(draft, {code: answers[code] for code in missing if code in answers})
    factories.give_materials(draft)
    return draft


def hand_in(draft: Draft) -> Application:
    return submission.submit(draft, user=draft.entered_by, channel=draft.channel, promised=True, agreed=True)


def test_item_that_another_addition_brought_meanwhile_is_not_added_again() -> None:
    application = factories.delivered(ticked=["I07"])
    own, clerks = (filled(application, user, "I10") for user in (application.entered_by, factories.clerk()))
    hand_in(own)
    papers = application.documents.count()

    with pytest.raises(Refused, match="已经在这个办件里"):
        hand_in(clerks)

    assert application.log.filter(action=Action.ADD_ITEMS).count() == 1
    assert application.documents.count() == papers
    assert Draft.objects.get(pk=clerks.pk).sent_at is None


def test_of_two_additions_at_once_the_later_brings_what_is_new() -> None:
    application = factories.delivered(ticked=["I07"])
    own = filled(application, application.entered_by, "I10")
    clerks = filled(application, factories.clerk(), "I10", "I02")
    hand_in(own)

    hand_in(clerks)

    added = application.log.filter(action=Action.ADD_ITEMS).order_by("id")
    assert [row.data["items"] for row in added] == [["I10"], ["I02"]]


def test_addition_waits_while_another_one_is_pre_reviewed() -> None:
    application = factories.delivered(region=factories.NANGANG, ticked=["I07"])
    own = filled(application, application.entered_by, "I10")
    clerks = filled(application, factories.clerk(factories.NANGANG), "I02")
    hand_in(own)

    with pytest.raises(Refused, match="还在预审"):
        hand_in(clerks)

    factories.pass_pre_review(application)
    hand_in(clerks)
    assert application.pre_reviews.count() == 3


def test_addition_takes_up_the_round_whose_items_were_withdrawn() -> None:
    application = factories.delivered(region=factories.NANGANG, ticked=["I07"])
    hand_in(filled(application, application.entered_by, "I10"))
    withdrawn = [factories.task_of(application, "I10")]
    withdrawal.withdraw(application, user=application.entered_by, tasks=withdrawn)

    again = filled(application, application.entered_by, "I02")
    hand_in(again)

    waiting = application.pre_reviews.get(decided_at=None)
    assert (waiting.round, waiting.draft_id) == (2, again.pk)


def test_added_item_whose_requirement_was_refused_is_held() -> None:
    application = factories.delivered(ticked=["I04", "I07"])
    task = factories.task_of(application, "I04")
    reviewer = factories.reviewer_of(task)
    review.accept(task, reviewer=reviewer)
    review.refuse(task, reviewer=reviewer, note="材料不符")

    add_item(application, "I05")

    added = factories.task_of(application, "I05")
    assert (added.status, added.is_held, added.open_items) == (TaskStatus.WAITING, True, ["I04"])


def test_made_up_item_whose_requirement_was_refused_is_held() -> None:
    application = factories.delivered(ticked=["I04", "I05"])
    task = factories.task_of(application, "I04")
    reviewer = factories.reviewer_of(task)
    review.accept(task, reviewer=reviewer)
    review.refuse(task, reviewer=reviewer, note="材料不符")
    factories.task_of(application, "I05").delete()

    submission.create_missing(application, at=timezone.now())

    assert factories.task_of(application, "I05").is_held


def test_closed_case_takes_no_more_items() -> None:
    application = factories.submitted(ticked=["I07"])
    withdrawal.withdraw(application, user=application.entered_by)

    with pytest.raises(Refused):
        drafts.start_addition(application, user=application.entered_by)


def test_addition_to_a_case_closed_meanwhile_is_not_taken() -> None:
    application = factories.submitted(ticked=["I07"])
    draft = filled(application, application.entered_by, "I10")
    withdrawal.withdraw(application, user=application.entered_by)

    with pytest.raises(Refused, match="已经办结"):
        hand_in(draft)


def test_notices_of_two_offices_are_answered_in_one_go() -> None:
    """DOMAIN 3.1: the applicant is asked once for all deficits of a round; each answer goes to its own office."""
    application = factories.delivered(ticked=["I07", "I10"])
    first, second = factories.task_of(application, "I07"), factories.task_of(application, "I10")
    for task, code in ((first, "OR-39"), (second, "OR-38")):
        review.request_correction(
            task, reviewer=factories.reviewer_of(task), deficits=[review.Deficit("看不清，请重拍", material=code)]
        )
        factories.answer_file(application, code)

    answered = corrections.answer(application, user=application.entered_by, answers={})

    assert (len(answered), corrections.waiting(application)) == (2, [])
    assert [task.dispatches.count() for task in (first, second)] == [2, 2]
    assert application.documents.filter(kind="correction_notice").last().facts == {
        "corrections": [c.pk for c in answered]
    }


def test_complete_notice_is_sent_while_the_other_stays_open() -> None:
    application = factories.delivered(ticked=["I07", "I10"])
    for item, code in (("I07", "OR-39"), ("I10", "OR-38")):
        task = factories.task_of(application, item)
        review.request_correction(
            task, reviewer=factories.reviewer_of(task), deficits=[review.Deficit("看不清，请重拍", material=code)]
        )
    factories.answer_file(application, "OR-39")

    answered = corrections.answer(application, user=application.entered_by, answers={})

    assert [correction.task.item.code for correction in answered] == ["I07"]
    assert corrections.lacking(application, {}) == {"OR-38": "请上传军人退役医疗保险转移凭证"}


def test_one_material_answers_both_offices() -> None:
    application = factories.delivered(ticked=["I07", "I10"])
    for item in ("I07", "I10"):
        task = factories.task_of(application, item)
        review.request_correction(
            task, reviewer=factories.reviewer_of(task), deficits=[review.Deficit("看不清，请重拍", material="OR-31")]
        )
    factories.answer_file(application, "OR-31")

    answered = corrections.answer(application, user=application.entered_by, answers={})

    assert (len(answered), corrections.waiting(application)) == (2, [])
    assert application.materials.filter(code="OR-31", replaced_by=None, is_sent=True).count() == 1


def test_no_open_notice_is_told() -> None:
    application = factories.delivered(ticked=["I07"])

    with pytest.raises(AlreadyDone):
        corrections.answer(application, user=application.entered_by, answers={})


def provisional(until_in: int = 3) -> ItemTask:
    task = factories.task_of(factories.delivered(ticked=["I07"]), "I07")
    reviewer = factories.reviewer_of(task)
    review.accept(task, reviewer=reviewer)
    ItemTask.objects.filter(pk=task.pk).update(
        provisional_until=timezone.localdate() + timedelta(days=until_in), provisional_materials=["OR-39"]
    )
    task.refresh_from_db()
    return task


def test_promised_papers_keep_the_promise_when_all_are_there() -> None:
    task = provisional()
    with pytest.raises(Invalid) as caught:
        supplies.supply_deferred(task, user=task.application.entered_by)
    assert caught.value.errors == {"OR-39": "请上传军人退役养老保险转移凭证"}
    factories.answer_file(task.application, "OR-39")

    supplies.supply_deferred(task, user=task.application.entered_by)

    assert (task.status, task.provisional_until) == (TaskStatus.IN_REVIEW, None)


def test_nothing_is_taken_for_a_promise_to_an_item_that_is_over() -> None:
    task = provisional()
    ItemTask.objects.filter(pk=task.pk).update(status=TaskStatus.TERMINATED)

    with pytest.raises(AlreadyDone, match="现在不用再交"):
        factories.answer_file(task.application, "OR-39")


def test_nothing_is_taken_for_a_notice_of_an_item_that_is_over() -> None:
    task = factories.task_of(factories.delivered(ticked=["I07"]), "I07")
    wrong = [review.Deficit("看不清", material="OR-39")]
    review.request_correction(task, reviewer=factories.reviewer_of(task), deficits=wrong)
    withdrawal.withdraw(task.application, user=task.application.entered_by)

    with pytest.raises(AlreadyDone, match="现在不用再交"):
        factories.answer_file(task.application, "OR-39")


def test_promised_papers_reach_the_office_which_goes_on() -> None:
    """They were marked as sent once and shown to nobody."""
    task = provisional()
    file = factories.answer_file(task.application, "OR-39")

    supplies.supply_deferred(task, user=task.application.entered_by)
    factories.deliver_all()

    task.refresh_from_db()
    assert file in access.visible_materials(task)
    assert task.status == TaskStatus.IN_REVIEW
    assert set(task.dispatches.values_list("status", flat=True)) == {DispatchStatus.DELIVERED}


def test_promise_is_kept_while_the_office_waits_for_something_else() -> None:
    """Its day went by once because the office had asked for a correction, and the item ended."""
    task = provisional()
    reviewer = factories.reviewer_of(task)
    wrong = [review.Deficit("少写了门牌号", field="mobile")]
    review.request_correction(task, reviewer=reviewer, deficits=wrong)
    file = factories.answer_file(task.application, "OR-39")

    supplies.supply_all(task.application, user=task.application.entered_by)
    corrections.answer(task.application, user=task.application.entered_by, answers={"mobile": "13900001111"})
    factories.deliver_all()

    task.refresh_from_db()
    assert (task.status, task.provisional_until) == (TaskStatus.IN_REVIEW, None)
    assert file in access.visible_materials(task)
    assert set(task.dispatches.values_list("status", flat=True)) == {DispatchStatus.DELIVERED, DispatchStatus.CANCELLED}


def test_one_paper_keeps_the_promise_of_every_item_it_was_promised_for() -> None:
    application = factories.delivered(ticked=["I07", "I10"])
    for item in ("I07", "I10"):
        task = factories.task_of(application, item)
        review.accept(task, reviewer=factories.reviewer_of(task))
    until = timezone.localdate() + timedelta(days=3)
    application.tasks.update(provisional_until=until, provisional_materials=["OR-31"])
    factories.answer_file(application, "OR-31")

    supplies.supply_all(application, user=application.entered_by)

    assert list(application.tasks.values_list("provisional_until", flat=True)) == [None, None]


def test_broken_promise_ends_the_item() -> None:
    kept, broken = provisional(until_in=0), provisional(until_in=-1)

    assert sweeps.lapse_promises() == 1
    assert sweeps.lapse_promises() == 0

    kept.refresh_from_db()
    broken.refresh_from_db()
    assert (kept.status, broken.status) == (TaskStatus.IN_REVIEW, TaskStatus.TERMINATED)


def test_only_deferrable_papers_may_come_later() -> None:
    task = factories.queued_task("I01")

    with pytest.raises(Refused):
        review.accept_provisionally(
            task, reviewer=factories.reviewer_of(task), materials=["OR-33"], until=timezone.localdate(), note="忘带"
        )


def test_unanswered_notice_ends_the_item_only_where_its_rule_says_so() -> None:
    """T-11: no item of the shipped regions lapses in silence, since no source says so."""
    task = factories.queued_task("I01")
    review.request_correction(
        task, reviewer=factories.reviewer_of(task), deficits=[review.Deficit("看不清", material="OR-33")]
    )
    ItemTask.objects.filter(pk=task.pk).update(correction_until=timezone.localdate() - timedelta(days=1))

    assert sweeps.lapse_corrections() == 0
    assert ItemTask.objects.get(pk=task.pk).status == TaskStatus.AWAITING_CORRECTION


def test_case_is_expected_on_its_longest_path() -> None:
    application = factories.delivered(ticked=["I04", "I05", "I07"])
    for item in ("I04", "I07"):
        task = factories.task_of(application, item)
        review.accept(task, reviewer=factories.reviewer_of(task))
    calendar = workflow.calendar_now()
    tasks = list(application.tasks.select_related("item__scheme", "office", "application__scheme"))

    found = timing.forecast_case(tasks, calendar, timezone.localdate())

    registered: date = factories.task_of(application, "I04").due_on
    assert found.on == calendar.add(calendar.add(registered, 5), 27)
    assert application.status == ApplicationStatus.IN_PROGRESS
