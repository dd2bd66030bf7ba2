"""更正: what a person puts right before an office has accepted the item."""

from datetime import timedelta

import pytest
from django.utils import timezone

from applications import amendments, delivery, notices, review
from applications.enums import Action, DispatchStatus, DocumentKind, NoticeKind, NoticeStatus, TaskStatus
from applications.errors import AlreadyDone, Invalid, Refused
from applications.models import Application, Dispatch, ItemTask, LostAddress, Notice
from tests import factories

pytestmark = pytest.mark.usefixtures("directory")

PHONE = "13900001111"


def amend(case: Application, **answers: str) -> list[ItemTask]:
    return amendments.amend(case, user=case.entered_by, answers=answers)


def sent_phone(task: ItemTask) -> str:
    payload = task.dispatches.order_by("version").last().payload
    return next(line["value"] for line in payload["fields"] if line["field"] == "mobile")


def test_office_that_has_the_item_gets_it_as_it_is_now_and_its_days_go_on() -> None:
    case = factories.delivered(ticked=["I01"], at=timezone.now() - timedelta(days=3))
    task = factories.task_of(case, "I01")

    amend(case, mobile=PHONE)
    factories.deliver_all()

    after = factories.task_of(case, "I01")
    assert (after.status, after.reply_due_on) == (TaskStatus.QUEUED, task.reply_due_on)
    assert sent_phone(after) == PHONE
    assert set(after.dispatches.values_list("status", flat=True)) == {DispatchStatus.DELIVERED}
    assert after.log.get(action=Action.AMEND).note == "更正了联系电话"


def test_what_is_on_its_way_goes_as_it_is_now() -> None:
    case = factories.submitted(ticked=["I01"])

    amend(case, mobile=PHONE)

    assert list(Dispatch.objects.order_by("version").values_list("status", flat=True)) == [
        DispatchStatus.CANCELLED, DispatchStatus.PENDING,
    ]  # fmt: skip
    assert delivery.deliver(Dispatch.objects.values_list("pk", flat=True)) == 1
    assert sent_phone(factories.task_of(case, "I01")) == PHONE


def test_accepted_item_stays_as_it_was_accepted() -> None:
    case = factories.delivered(ticked=["I01", "I07"])
    accepted = factories.task_of(case, "I01")
    review.accept(accepted, reviewer=factories.reviewer_of(accepted))

    getting = amend(case, mobile=PHONE)

    assert [task.item.code for task in getting] == ["I07"]
    assert accepted.dispatches.count() == 1


def test_item_whose_turn_has_not_come_gets_it_then() -> None:
    case = factories.delivered(ticked=["I08"])
    task = factories.task_of(case, "I08")
    assert task.status == TaskStatus.WAITING

    amend(case, mobile=PHONE)
    review.confirm_fact(task, "pension_funds_arrived", reviewer=factories.reviewer_of(task))

    assert task.dispatches.count() == 1
    assert sent_phone(task) == PHONE


def test_who_one_is_and_what_decides_the_papers_is_not_put_right_so() -> None:
    case = factories.delivered(ticked=["I01", "I04", "I11"])
    codes = set(amendments.open_fields(case))

    assert codes & {"name", "id_no", "sex", "birth", "settlement", "hukou_mode", "move_balance"} == set()
    assert {"mobile", "contact_addr"} <= codes
    with pytest.raises(Refused):
        amend(case, name="别人")


def test_nothing_is_put_right_once_every_item_that_needs_it_is_accepted() -> None:
    case = factories.delivered(ticked=["I01"])
    task = factories.task_of(case, "I01")
    review.accept(task, reviewer=factories.reviewer_of(task))

    assert amendments.open_fields(case) == {}
    with pytest.raises(Refused, match="联系电话不能在这里改"):
        amend(case, mobile=PHONE)


def test_wrong_value_changes_nothing() -> None:
    case = factories.delivered(ticked=["I01"])

    with pytest.raises(Invalid) as caught:
        amend(case, mobile="139")

    assert list(caught.value.errors) == ["mobile"]
    with pytest.raises(AlreadyDone):
        amend(case, mobile=str(case.answers["mobile"]))
    assert factories.task_of(case, "I01").dispatches.count() == 1


def test_form_is_printed_anew_and_the_person_is_told() -> None:
    case = factories.delivered(ticked=["I01"])
    before = case.documents.filter(kind=DocumentKind.REGISTRATION).count()

    amend(case, mobile=PHONE)

    assert case.documents.filter(kind=DocumentKind.REGISTRATION).count() == before + 1
    assert Notice.objects.filter(application=case, details__contains=["登记表更正了联系电话"]).exists()


def test_phone_before_is_told_of_another_account_or_phone() -> None:
    """D-16: whoever leads money or messages elsewhere is noticed."""
    case = factories.delivered(ticked=["I01", "I04"])
    earlier = str(case.answers["mobile"])

    amend(case, mobile=PHONE)
    amend(Application.objects.get(pk=case.pk), contact_addr="内蒙古自治区东胜区新地址八号院")

    (notice,) = Notice.objects.filter(kind=NoticeKind.FORM_CHANGED)
    assert (notice.recipient, notice.sent_to, notice.channel) == (case.applicant, earlier, "sms")
    assert notice.details == ["登记表的联系电话改了。不是您改的，请马上联系综合窗口，并改密码"]
    assert PHONE not in str(notice.details)


def test_account_number_that_is_put_right_is_told_to_the_phone() -> None:
    case = factories.delivered(region=factories.HEPING)

    amend(case, account="6228480000000000026")

    notice = Notice.objects.get(kind=NoticeKind.FORM_CHANGED)
    assert notice.sent_to == case.answers["mobile"]
    assert "银行账号" in notice.details[0]


def test_phone_that_nothing_arrives_at_calls_nobody() -> None:
    case = factories.delivered(ticked=["I01"])
    LostAddress.note(str(case.answers["mobile"]))

    amend(case, mobile=PHONE)
    notice = Notice.objects.get(kind=NoticeKind.FORM_CHANGED)
    notices.send([notice.pk])

    notice.refresh_from_db()
    assert (notice.status, notices.undelivered(case)) == (NoticeStatus.HELD_BACK, None)
