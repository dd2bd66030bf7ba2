"""预审 (HL-16): before any office, only where the scheme says so; given back, changed, handed in again."""

import io
from datetime import timedelta

import pytest
from django.utils import timezone

from agencies.deadlines import calendar_now
from agencies.enums import Role
from agencies.words import full_day
from applications import (
    clock,
    delivery,
    documents,
    drafts,
    materials,
    pre_reviews,
    submission,
    timing,
    withdrawal,
)
from applications.demo import answers_for, picture
from applications.enums import Action, ApplicationStatus, Channel, DocumentKind, NoticeKind, Party, TaskStatus
from applications.errors import AlreadyDone, Invalid, Refused
from applications.models import Application, Dispatch, Draft, ItemTask, Notice, PreReview
from applications.papers import paper
from applications.review import Deficit
from portal.accounts.models import User
from tests import factories

pytestmark = pytest.mark.usefixtures("directory")

S = TaskStatus
ADDRESS = Deficit("请写到门牌号", field="contact_addr")


def statuses(case: Application) -> dict[str, str]:
    return dict(case.tasks.values_list("item__code", "status"))


def waiting(case: Application) -> PreReview:
    return case.pre_reviews.select_related("office").get(decided_at=None)


def hub(review: PreReview) -> User:
    return factories.staff(Role.REVIEWER, office=review.office, name="白音")


def case_of(*items: str) -> Application:
    return factories.submitted(region=factories.NANGANG, ticked=list(items))


def given_back(case: Application, *deficits: Deficit) -> Draft:
    review = waiting(case)
    pre_reviews.give_back(review, staff=hub(review), deficits=deficits or (ADDRESS,))
    return Draft.objects.get(pk=review.draft_id)


def hand_in_again(draft: Draft) -> Application:
    return submission.submit(draft, user=draft.entered_by, channel=Channel.ONLINE, promised=True, agreed=True)


def test_form_waits_at_the_hub_and_no_office_gets_anything() -> None:
    """HL-16: before acceptance; RQ-16."""
    case = case_of("I01", "I04", "I05")

    factories.deliver_all()

    review = waiting(case)
    assert statuses(case) == {"I01": S.PRE_REVIEW, "I04": S.PRE_REVIEW, "I05": S.PRE_REVIEW}
    assert Dispatch.objects.filter(task__application=case).count() == 0
    assert (review.office.agency_id, review.office.region_id, review.round) == ("veterans", factories.NANGANG, 1)
    assert review.answer_by == calendar_now().add(timezone.localdate(case.submitted_at), 5)
    assert case.status == ApplicationStatus.IN_PROGRESS


@pytest.mark.parametrize("place", ["TJ", "OR", "GD"])
def test_elsewhere_nothing_is_pre_reviewed(place: str) -> None:
    case = factories.submitted(region=factories.PLACES[place])

    assert case.pre_reviews.count() == 0
    assert S.PRE_REVIEW not in statuses(case).values()
    assert Dispatch.objects.filter(task__application=case).exists()


def test_form_can_come_before_the_soldier_is_home() -> None:
    """HL-16: the day of discharge is still ahead; the form is pre-reviewed all the same."""
    draft = factories.draft(region=factories.NANGANG, ticked=["I01"])
    ahead = (timezone.localdate() + timedelta(days=40)).isoformat()
    draft = drafts.save(draft, {"discharge_date": ahead})
    factories.give_materials(draft)
    case = hand_in_again(draft)

    pre_reviews.pass_on(waiting(case), staff=hub(waiting(case)))
    factories.deliver_all()

    assert statuses(case) == {"I01": S.QUEUED}


def test_passing_sends_each_item_or_lets_it_wait_for_its_own_prerequisites() -> None:
    case = case_of("I01", "I04", "I07")
    review = waiting(case)

    pre_reviews.pass_on(review, staff=hub(review))

    before = statuses(case)
    factories.deliver_all()
    assert before == {"I01": S.PENDING, "I04": S.WAITING, "I07": S.PENDING}
    assert statuses(case) == {"I01": S.QUEUED, "I04": S.WAITING, "I07": S.QUEUED}
    assert [row.action for row in factories.task_of(case, "I01").log.all()] == ["pre_pass", "release", "deliver"]


def test_no_clock_runs_before_the_form_has_passed() -> None:
    case = case_of("I01")
    task = factories.task_of(case, "I01")
    draft = given_back(case)
    hand_in_again(draft)
    task.refresh_from_db()

    reading = timing.read_clock(task, calendar_now(), timezone.localdate())

    assert reading.state == clock.State.NOT_STARTED
    assert (task.reply_due_on, task.due_on, task.next_on, task.accepted_on) == (None, None, None, None)
    tasks = list(case.tasks.all())
    assert timing.forecast_case(tasks, calendar_now(), timezone.localdate()).on is None


def test_clock_of_an_office_starts_with_the_delivery_after_passing() -> None:
    case = case_of("I01")
    review = waiting(case)
    late = case.submitted_at + timedelta(days=9)
    pre_reviews.pass_on(review, staff=hub(review), at=late)

    delivery.deliver(Dispatch.objects.values_list("pk", flat=True), at=late)

    task = factories.task_of(case, "I01")
    assert task.reply_due_on == calendar_now().add(timezone.localdate(late), 5)


def test_giving_back_opens_the_form_and_tells_once() -> None:
    case = case_of("I01", "I04")
    material = case.materials.first()
    assert material is not None

    draft = given_back(case, ADDRESS, Deficit("看不清", material=material.code))

    case.refresh_from_db()
    review = case.pre_reviews.get()
    assert set(statuses(case).values()) == {S.PRE_RETURNED}
    assert case.status == ApplicationStatus.ACTION_NEEDED
    assert (draft.sent_at, review.is_returned, len(review.deficits)) == (None, True, 2)
    assert Notice.objects.filter(application=case, kind=NoticeKind.PRE_RETURNED).count() == 1
    assert case.materials.count() == 0
    assert {row.note for row in case.log.filter(action=Action.PRE_RETURN)} == {"请写到门牌号；看不清"}


def test_changed_form_is_the_same_case_and_goes_to_the_hub_again() -> None:
    case = case_of("I01", "I04")
    draft = given_back(case)
    draft = drafts.save(draft, {"contact_addr": "富民路 12 号院 3 号楼"})

    again = hand_in_again(draft)

    case.refresh_from_db()
    assert again == case
    assert case.answers["contact_addr"] == "富民路 12 号院 3 号楼"
    assert set(statuses(case).values()) == {S.PRE_REVIEW}
    assert [(review.round, review.is_returned) for review in case.pre_reviews.all()] == [(1, False), (2, False)]
    assert case.materials.count() > 0
    assert Application.objects.count() == 1


def test_form_that_comes_again_with_another_number_is_not_taken() -> None:
    draft = given_back(case := case_of("I01"))
    Draft.objects.filter(pk=draft.pk).update(owner=None)
    draft = drafts.save(Draft.objects.get(pk=draft.pk), {"id_no": factories.person("钱多多").id_no, "name": "赵明媛"})

    with pytest.raises(Invalid) as refused:
        hand_in_again(draft)

    assert refused.value.errors == {"id_no": submission.OTHER_PERSON}
    draft = drafts.save(draft, {"id_no": case.subject_id_no})
    hand_in_again(draft)
    case.refresh_from_db()
    assert case.subject_name == "赵明媛"


def test_changed_file_goes_to_the_office_and_the_old_one_does_not() -> None:
    case = case_of("I01")
    old = case.materials.first()
    assert old is not None
    draft = given_back(case, Deficit("看不清", material=old.code))
    materials.remove(draft.materials.get(pk=old.pk))
    content = picture("again")
    materials.add(draft=draft, code=old.code, name="重拍.jpg", size=len(content), stream=io.BytesIO(content),
                  user=draft.entered_by)  # fmt: skip

    hand_in_again(draft)
    pre_reviews.pass_on(waiting(case), staff=hub(waiting(case)))

    payload = Dispatch.objects.get(task__application=case).payload
    sent = {file["id"] for material in payload["materials"] for file in material["files"]}
    assert str(old.pk) not in sent
    assert len(sent) == case.materials.count() > 0


def test_items_can_be_changed_in_a_form_given_back() -> None:
    case = case_of("I01", "I04")
    draft = given_back(case)
    draft = drafts.choose_items(draft, ["I01", "I07"])
    factories.give_materials(draft)

    hand_in_again(draft)

    case.refresh_from_db()
    assert statuses(case) == {"I01": S.PRE_REVIEW, "I04": S.WITHDRAWN, "I07": S.PRE_REVIEW}
    assert sorted(case.ticked) == ["I01", "I07"]
    assert "I04" not in {item.code for item in Draft.objects.get(pk=draft.pk).offered()}


def test_form_given_back_and_withdrawn_cannot_be_handed_in_again() -> None:
    case = case_of("I01", "I04")
    draft = given_back(case)
    stale = Draft.objects.get(pk=draft.pk)

    withdrawal.withdraw(case, user=case.entered_by)

    case.refresh_from_db()
    assert case.status == ApplicationStatus.WITHDRAWN
    assert not Draft.objects.for_person(case.entered_by).filter(pk=draft.pk).exists()
    assert hand_in_again(stale) == case
    assert set(statuses(case).values()) == {S.WITHDRAWN}


def test_one_item_withdrawn_leaves_the_form_without_it() -> None:
    case = case_of("I01", "I04")
    draft = given_back(case)

    withdrawal.withdraw(case, user=case.entered_by, tasks=[factories.task_of(case, "I04")])
    draft.refresh_from_db()
    hand_in_again(draft)

    assert statuses(case) == {"I01": S.PRE_REVIEW, "I04": S.WITHDRAWN}


def test_withdrawn_form_leaves_the_list_of_the_hub() -> None:
    case = case_of("I01")
    review = waiting(case)

    withdrawal.withdraw(case, user=case.entered_by)

    assert PreReview.objects.waiting().count() == 0
    with pytest.raises(AlreadyDone, match="撤回"):
        pre_reviews.pass_on(review, staff=hub(review))


def test_second_decision_is_told_who_was_first() -> None:
    review = waiting(case_of("I01"))
    pre_reviews.pass_on(review, staff=hub(review))

    with pytest.raises(AlreadyDone, match="由白音预审通过，没有再次登记"):
        pre_reviews.give_back(review, staff=hub(review), deficits=[ADDRESS])


@pytest.mark.parametrize(
    ("deficit", "error"),
    [
        ([], Invalid),
        ([Deficit("", field="contact_addr")], Invalid),
        ([Deficit("不对", field="licence_no")], Refused),
        ([Deficit("不对", material="X99")], Refused),
    ],
)
def test_giving_back_needs_words_about_something_of_the_form(deficit: list[Deficit], error: type[Refused]) -> None:
    case = case_of("I01")
    review = waiting(case)

    with pytest.raises(error):
        pre_reviews.give_back(review, staff=hub(review), deficits=deficit)

    assert statuses(case) == {"I01": S.PRE_REVIEW}


def test_added_items_are_pre_reviewed_and_nothing_is_added_meanwhile() -> None:
    case = case_of("I01")
    with pytest.raises(Refused, match="预审"):
        drafts.start_addition(case, user=case.entered_by)
    pre_reviews.pass_on(waiting(case), staff=hub(waiting(case)))
    draft = drafts.start_addition(case, user=case.entered_by)
    draft = drafts.choose_items(draft, ["I07"])
    answers = {code: value for code, value in draft_answers(case).items() if code not in draft.answers}
    draft = drafts.save(draft, answers)
    factories.give_materials(draft)

    hand_in_again(draft)
    after = statuses(case)
    draft = given_back(case, Deficit("请核对", field="pension_kind"))
    draft = drafts.save(draft, {"pension_kind": "employee", "mobile": "13900000000"})
    hand_in_again(draft)

    case.refresh_from_db()
    assert after == {"I01": S.PENDING, "I07": S.PRE_REVIEW}
    assert statuses(case) == {"I01": S.PENDING, "I07": S.PRE_REVIEW}
    assert case.answers["pension_kind"] == "employee"
    assert case.answers["mobile"] != "13900000000"  # another office has it already; that is what corrections are for


def draft_answers(case: Application) -> dict[str, str]:
    return {code: str(value) for code, value in answers_for(factories.as_soldier(case.entered_by)).items()}


def test_window_can_pass_a_form_of_its_place() -> None:
    case = case_of("I01")
    clerk = factories.clerk(factories.NANGANG)

    pre_reviews.pass_on(waiting(case), staff=clerk, party=Party.CLERK)

    assert statuses(case) == {"I01": S.PENDING}
    assert case.log.get(action=Action.PRE_PASS).party == Party.CLERK


def test_receipt_says_who_pre_reviews_until_when() -> None:
    case = case_of("I01")
    receipt = documents.request(case, DocumentKind.SUBMISSION_RECEIPT)

    html = paper.html_of(receipt)

    review = waiting(case)
    assert f"{full_day(review.answer_by)}前，由{review.office.name}告知预审结果" in html


def test_every_task_of_a_joint_item_goes_together() -> None:
    case = factories.submitted(region=factories.NANGANG)
    review = waiting(case)

    pre_reviews.give_back(review, staff=hub(review), deficits=[ADDRESS])

    assert not ItemTask.objects.filter(application=case).exclude(status=S.PRE_RETURNED).exists()


def test_form_typed_at_the_window_is_passed_by_somebody_else() -> None:
    clerk = factories.clerk(factories.NANGANG)
    draft = factories.typed_at_window(clerk, ticked=["I01"])
    case = submission.submit(draft, user=clerk, channel=Channel.WINDOW, promised=True, agreed=True)

    with pytest.raises(Refused, match="您录入的，预审通过要由另一个人决定"):
        pre_reviews.pass_on(waiting(case), staff=clerk, party=Party.CLERK)
    before = statuses(case)
    pre_reviews.pass_on(waiting(case), staff=factories.clerk(factories.NANGANG), party=Party.CLERK)

    assert (before, statuses(case)) == ({"I01": S.PRE_REVIEW}, {"I01": S.PENDING})


def test_clerk_who_typed_may_give_the_form_back() -> None:
    clerk = factories.clerk(factories.NANGANG)
    draft = factories.typed_at_window(clerk, ticked=["I01"])
    case = submission.submit(draft, user=clerk, channel=Channel.WINDOW, promised=True, agreed=True)

    pre_reviews.give_back(waiting(case), staff=clerk, party=Party.CLERK, deficits=[ADDRESS])

    assert statuses(case) == {"I01": S.PRE_RETURNED}


def test_typing_counts_also_when_the_person_pressed_the_button() -> None:
    clerk = factories.clerk(factories.NANGANG)
    draft = factories.draft(region=factories.NANGANG, ticked=["I01"])
    factories.give_materials(draft)
    drafts.adopt(draft, clerk=clerk)
    assert draft.owner is not None
    case = submission.submit(draft, user=draft.owner, channel=Channel.ONLINE, promised=True, agreed=True)

    with pytest.raises(Refused, match="您录入的"):
        pre_reviews.pass_on(waiting(case), staff=clerk, party=Party.CLERK)


def test_typing_counts_in_every_later_round() -> None:
    clerk = factories.clerk(factories.NANGANG)
    draft = factories.typed_at_window(clerk, ticked=["I01"])
    case = submission.submit(draft, user=clerk, channel=Channel.WINDOW, promised=True, agreed=True)
    draft = given_back(case)
    other = factories.clerk(factories.NANGANG)
    drafts.adopt(draft, clerk=other)
    submission.submit(draft, user=other, channel=Channel.WINDOW, promised=True, agreed=True)

    for one in (clerk, other):
        with pytest.raises(Refused, match="您录入的"):
            pre_reviews.pass_on(waiting(case), staff=one, party=Party.CLERK)
