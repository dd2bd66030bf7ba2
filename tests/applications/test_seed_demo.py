"""The demo: people and cases in every state, made through the services alone."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from agencies.deadlines import calendar_now
from agencies.enums import Role
from agencies.models import Posting
from applications.enums import Action, ApplicationStatus, DispatchStatus, DocumentKind, Fulfilment, Party, TaskStatus
from applications.models import (
    Application,
    Correction,
    Dispatch,
    Document,
    ItemTask,
    Material,
    PreReview,
    Rating,
    Rectification,
    Result,
    StatusLog,
    Visit,
)
from applications.transitions import TRANSITIONS
from portal.accounts.demo import ACCOUNTS, DEMO_PASSWORD
from portal.accounts.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def seeded(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Seeded once for this file, and rolled back."""
    with django_db_blocker.unblock(), transaction.atomic():
        call_command("seed_demo", "--seed", "1", stdout=io.StringIO())
        yield
        transaction.set_rollback(True)


def test_demo_shows_every_state_of_a_task() -> None:
    assert set(ItemTask.objects.values_list("status", flat=True)) == set(TaskStatus.values)


def test_demo_shows_every_deed_of_the_table() -> None:
    """Recomputing is the calendar's deed: nothing of the demo was counted with another calendar."""
    done = set(StatusLog.objects.values_list("action", flat=True))

    assert {action for action in TRANSITIONS if action not in done} <= {Action.RECOMPUTE}


def test_demo_goes_through_the_services() -> None:
    """Each state is where the log says it led, each sent task has a dispatch, and no case is without its submission."""
    tasks = ItemTask.objects.prefetch_related("log", "dispatches")
    logged = {task.pk: [row.to_status for row in task.log.all()] for task in tasks}
    changed = [task for task in tasks if logged[task.pk]]

    assert [task.status for task in changed] == [logged[task.pk][-1] for task in changed]
    untouched = {TaskStatus.PRE_REVIEW, TaskStatus.PENDING, TaskStatus.WAITING}
    assert {task.status for task in tasks if not logged[task.pk]} == untouched
    unsent = {TaskStatus.PRE_REVIEW, TaskStatus.PRE_RETURNED, TaskStatus.WAITING}
    assert all(bool(task.dispatches.all()) == (task.status not in unsent) for task in tasks)
    assert not Application.objects.exclude(log__action=Action.SUBMIT).exists()


def test_demo_shows_ratings_one_bad_answered_and_one_not() -> None:
    assert Rating.objects.count() == 4
    assert Rectification.objects.unanswered().get().rating.grade == 1
    assert Rating.objects.in_tray("answered").get().grade == 2


def test_demo_shows_what_follows_and_what_is_owed() -> None:
    assert set(Result.objects.values_list("fulfilment", flat=True)) == set(Fulfilment)
    assert Correction.objects.filter(task__status=TaskStatus.AWAITING_CORRECTION, answered_at=None).count() == 2
    assert ItemTask.objects.in_tray("facts").exists()
    assert ItemTask.objects.filter(status=TaskStatus.WAITING, is_held=True).exists()
    assert ItemTask.objects.exclude(provisional_until=None).count() == 1
    assert ItemTask.objects.open().overdue().exists()
    assert PreReview.objects.waiting().count() == PreReview.objects.returned().count() == 1
    assert Visit.objects.exclude(came_at=None).exists()
    assert Document.objects.filter(kind=DocumentKind.DELIVERY_RECEIPT).count() == 6


def test_demo_has_an_open_and_a_closed_case_in_each_place() -> None:
    per_place: dict[str, set[bool]] = {}
    for application in Application.objects.all():
        per_place.setdefault(application.region_id, set()).add(application.is_closed)

    assert set(map(frozenset, per_place.values())) == {frozenset({True, False})}
    assert len(per_place) == 5


def test_demo_has_something_for_the_operators() -> None:
    stuck = Dispatch.objects.filter(status=DispatchStatus.ATTENTION)
    held = Dispatch.objects.filter(status=DispatchStatus.PENDING, task__office__is_held=True)

    assert (stuck.count(), held.count()) == (1, 1)


def test_closed_case_asks_for_its_result_sheet() -> None:
    closed = Application.objects.filter(status=ApplicationStatus.COMPLETED)

    sheets = closed.filter(documents__kind=DocumentKind.RESULT_SHEET).count()

    assert sheets == closed.count() > 5


def test_listed_accounts_can_sign_in_and_the_first_has_no_case() -> None:
    users = {user.username: user for user in User.objects.all()}

    assert {account.username for account in ACCOUNTS} <= set(users)
    assert all(users[account.username].check_password(DEMO_PASSWORD) for account in ACCOUNTS)
    assert users["soldier"].applications.count() == 0
    assert users["soldier1"].applications.count() == 1


def test_each_place_has_people_at_the_window_and_at_each_office() -> None:
    roles = dict(Posting.objects.values_list("role").annotate(Count("id")))

    assert roles == {
        Role.CLERK: 5,
        Role.REVIEWER: 25,
        Role.APPROVER: 25,
        Role.SUPERVISOR: 1,
        Role.ADMINISTRATOR: 1,
        Role.AUDITOR: 1,
    }


def test_second_run_adds_nothing() -> None:
    counted = [User, Posting, Application, ItemTask, Dispatch, StatusLog, Material]
    before = [model.objects.count() for model in counted]

    call_command("seed_demo", stdout=io.StringIO())

    assert [model.objects.count() for model in counted] == before


def test_seed_demo_refuses_outside_a_demo(settings: Any) -> None:
    settings.IS_DEMO = False

    with pytest.raises(CommandError, match="不是演示环境"):
        call_command("seed_demo")


def test_offices_do_nothing_on_a_day_off() -> None:
    calendar = calendar_now()
    staff = StatusLog.objects.filter(party__in=[Party.REVIEWER, Party.APPROVER, Party.CLERK])
    days = {timezone.localdate(row.at) for row in staff}

    assert {day for day in days if not calendar.is_working(day)} == set()
