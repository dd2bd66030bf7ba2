"""What follows a decision: money, a card, a paper, and the 送达回证 that says who got it (DOMAIN.md 3.1, 3.3)."""

from datetime import date

import pytest

from applications import documents, review
from applications.enums import Action, ApplicationStatus, DocumentKind, Fulfilment, Party
from applications.errors import AlreadyDone, Invalid, Refused
from applications.models import Document, ItemTask, Result
from applications.papers import paper
from tests import factories

pytestmark = pytest.mark.usefixtures("directory")

F = Fulfilment


def decided(item: str = "I04", follows: Fulfilment = F.NONE) -> ItemTask:
    task = factories.queued_task(item) if item != "I05" else factories.task_of(factories.delivered(), item)
    review.accept(task, reviewer=factories.reviewer_of(task))
    review.complete(task, reviewer=factories.reviewer_of(task), reference="户字1号", follows=follows)
    return ItemTask.objects.select_related("application__scheme", "item", "office").get(pk=task.pk)


def receipts(task: ItemTask) -> list[str]:
    papers = Document.objects.filter(task=task, kind=DocumentKind.DELIVERY_RECEIPT).order_by("id")
    return [paper.html_of(document) for document in papers]


def test_money_stays_open_beside_the_closed_case() -> None:
    """OR-13: the case closes with the decision; the payment keeps its fixed date until it is made."""
    case = factories.delivered(ticked=["I02"])
    task = factories.task_of(case, "I02")
    reviewer = factories.reviewer_of(task)
    review.accept(task, reviewer=reviewer)
    review.complete(task, reviewer=reviewer)

    case.refresh_from_db()
    due = Result.objects.get(task=task)
    review.fulfil(task, F.PAID, staff=reviewer)

    paid = Result.objects.get(task=task)
    year = task.accepted_on.year + 1 if task.accepted_on else 0
    assert (case.status, due.fulfilment, due.fulfil_by) == (
        ApplicationStatus.COMPLETED, F.PAYMENT_DUE, date(year, 7, 31),
    )  # fmt: skip
    assert (paid.fulfilment, paid.fulfilled_at is None, paid.decided_at) == (F.PAID, False, due.decided_at)
    with pytest.raises(AlreadyDone):
        review.fulfil(task, F.PAID, staff=reviewer)
    assert receipts(task) == []


def test_card_is_made_fetched_and_signed_for() -> None:
    task = decided(follows=F.IN_PRODUCTION)
    reviewer = factories.reviewer_of(task)

    review.fulfil(task, F.READY, staff=reviewer)
    review.fulfil(task, F.DELIVERED, staff=factories.clerk(), party=Party.CLERK, receiver="赵建国", relation="父亲")

    result = Result.objects.get(task=task)
    to_sign, signed = receipts(task)
    assert (result.fulfilment, result.receiver) == (F.DELIVERED, "赵建国")
    assert result.fulfilled_at is not None
    assert [row.action for row in task.log.all()][-2:] == [Action.MAKE_READY, Action.HAND_OVER]
    assert "居民户口簿" in to_sign
    assert "户字1号" in to_sign
    assert "赵建国" not in to_sign
    assert "登记的签收人：赵建国" in signed
    assert "父亲" in signed
    assert '<span class="box">√</span> 直接送达' in signed
    assert "√" not in to_sign


def test_posted_card_names_the_parcel_on_its_receipt() -> None:
    task = decided(follows=F.IN_PRODUCTION)

    review.fulfil(task, F.MAILED, staff=factories.reviewer_of(task), courier="邮政快递 1178")

    (posted,) = receipts(task)
    assert Result.objects.get(task=task).courier == "邮政快递 1178"
    assert '<span class="box">√</span> 邮寄送达' in posted
    assert "快递单号：邮政快递 1178" in posted
    assert "以回执上注明的收件日期为送达日期" in posted


def test_parcel_and_signature_belong_to_their_stage_alone() -> None:
    task = decided(follows=F.IN_PRODUCTION)

    with pytest.raises(Invalid) as refused:
        review.fulfil(task, F.READY, staff=factories.reviewer_of(task), courier="邮政快递 1178", receiver="赵建国")

    assert sorted(refused.value.errors) == ["courier", "receiver"]
    assert (Result.objects.get(task=task).fulfilment, receipts(task)) == (F.IN_PRODUCTION, [])


def test_ready_with_the_decision_has_its_receipt_at_once() -> None:
    task = decided(follows=F.READY)

    assert len(receipts(task)) == 1
    assert task.application.is_closed is False


def test_refusal_has_nothing_to_hand_over() -> None:
    task = factories.queued_task("I04")
    review.accept(task, reviewer=factories.reviewer_of(task))
    review.refuse(task, reviewer=factories.reviewer_of(task), note="不在辖区")

    with pytest.raises(Refused):
        review.fulfil(task, F.DELIVERED, staff=factories.reviewer_of(task), receiver="本人")

    assert Result.objects.get(task=task).fulfilment == F.NONE


@pytest.mark.parametrize("follows", [F.PAID, F.PAYMENT_DUE, F.MAILED, F.DELIVERED])
def test_decision_itself_cannot_skip_the_way(follows: Fulfilment) -> None:
    task = factories.queued_task("I04")
    review.accept(task, reviewer=factories.reviewer_of(task))

    with pytest.raises(Refused, match="制证中或可以领取"):
        review.complete(task, reviewer=factories.reviewer_of(task), follows=follows)


def test_receipt_is_printed() -> None:
    task = decided(follows=F.READY)

    document = documents.render(Document.objects.get(task=task, kind=DocumentKind.DELIVERY_RECEIPT).pk)

    assert (document.status, document.warning) == ("ready", "")
