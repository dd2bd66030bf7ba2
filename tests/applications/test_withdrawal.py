"""What a person takes back, and what can no longer be taken back."""

import pytest

from applications import withdrawal
from applications.enums import ApplicationStatus, TaskStatus
from applications.errors import AlreadyDone
from applications.models import Dispatch, ItemTask
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
