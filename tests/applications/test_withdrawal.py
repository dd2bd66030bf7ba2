"""What a person takes back, and what can no longer be taken back."""

import pytest

from applications import review, withdrawal
from applications.enums import ApplicationStatus, DocumentKind, NoticeKind, TaskStatus
from applications.errors import AlreadyDone
from applications.models import Application, Dispatch, ItemTask, Notice
from tests import factories

pytestmark = pytest.mark.usefixtures("directory")


def test_withdrawal_cancels_what_was_not_sent() -> None:
    application = factories.submitted(ticked=["I07"])

    withdrawal.withdraw(application, user=application.entered_by)

    assert list(Dispatch.objects.filter(task__application=application).values_list("status", flat=True)) == [
        "cancelled"
    ]
    application.refresh_from_db()
    assert application.status == ApplicationStatus.WITHDRAWN


def test_item_under_review_is_not_withdrawn() -> None:
    application = factories.delivered(ticked=["I07"])
    ItemTask.objects.filter(application=application).update(status=TaskStatus.IN_REVIEW)

    with pytest.raises(AlreadyDone):
        withdrawal.withdraw(application, user=application.entered_by)


def told_at_the_end(application: Application) -> tuple[int, int]:
    """How many result sheets were asked for, and how many closing messages written."""
    sheets = application.documents.filter(kind=DocumentKind.RESULT_SHEET)
    return sheets.count(), Notice.objects.filter(application=application, kind=NoticeKind.CLOSED).count()


def test_withdrawal_that_closes_a_case_asks_for_the_result_sheet_and_says_so() -> None:
    application = factories.delivered(ticked=["I07", "I10"])
    done = factories.task_of(application, "I07")
    reviewer = factories.reviewer_of(done)
    review.accept(done, reviewer=reviewer)
    review.complete(done, reviewer=reviewer)
    before = told_at_the_end(application)

    withdrawal.withdraw(application, user=application.entered_by)

    application.refresh_from_db()
    assert (before, application.status) == ((0, 0), ApplicationStatus.COMPLETED)
    assert told_at_the_end(application) == (1, 1)


def test_withdrawal_that_leaves_an_item_open_closes_nothing() -> None:
    application = factories.delivered(ticked=["I07", "I10"])

    withdrawal.withdraw(application, user=application.entered_by, tasks=[factories.task_of(application, "I10")])

    assert told_at_the_end(application) == (0, 0)


def test_case_withdrawn_as_a_whole_has_no_result_to_tell() -> None:
    application = factories.delivered(ticked=["I07", "I10"])

    withdrawal.withdraw(application, user=application.entered_by)

    application.refresh_from_db()
    assert application.status == ApplicationStatus.WITHDRAWN
    assert told_at_the_end(application) == (0, 0)
