"""The main job on real parts: PostgreSQL, a broker, the relay and worker processes; people act through the services."""

import pytest

from applications import corrections, delivery, review
from applications.enums import (
    Action,
    ApplicationStatus,
    DispatchStatus,
    DocumentKind,
    DocumentStatus,
    Party,
    TaskStatus,
)
from applications.models import Application, Dispatch, Document, ItemTask, StatusLog
from applications.workflow import available
from portal.accounts.models import User
from tests import factories
from tests.processes import Broker, Workers, eventually

pytestmark = [pytest.mark.flow, pytest.mark.usefixtures("directory")]

S = TaskStatus


@pytest.fixture(autouse=True)
def quick_relay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows unheard of are rung for again after two seconds instead of thirty."""
    monkeypatch.setenv("RELAY_STALE_SECONDS", "2")


def one_deed(task: ItemTask, reviewer: User) -> bool:
    """What the office does next with a task, as its pages would; False when it is not the office's turn."""
    if task.status == S.WAITING and task.open_facts:
        review.confirm_fact(task, task.open_facts[0], reviewer=reviewer)
    elif task.status == S.QUEUED:
        review.accept(task, reviewer=reviewer)
    elif task.status == S.IN_REVIEW and Action.PROPOSE in available(task, Party.REVIEWER):
        review.propose(task, reviewer=reviewer, note="材料齐全，建议办结")
    elif task.status == S.AWAITING_APPROVAL:
        review.complete(task, reviewer=reviewer, party=Party.APPROVER, summary="准予办结")
    elif task.status == S.IN_REVIEW:
        review.complete(task, reviewer=reviewer, summary="准予办结")
    else:
        return False
    return True


def work_to_the_end(applications: list[Application]) -> None:
    """Every office does its part as soon as a task is with it, until all the cases are closed."""
    reviewers: dict[int, User] = {}

    def step() -> bool:
        tasks = ItemTask.objects.filter(application__in=applications).select_related(
            "item__scheme", "application__scheme", "office__agency"
        )
        for task in tasks:
            if task.office_id not in reviewers:
                reviewers[task.office_id] = factories.reviewer_of(task)
            one_deed(task, reviewers[task.office_id])
        return not Application.objects.filter(pk__in=[case.pk for case in applications], closed_at=None).exists()

    eventually(step)


def all_delivered(application: Application) -> bool:
    return not Dispatch.objects.filter(task__application=application).exclude(status=DispatchStatus.DELIVERED).exists()


def deliveries_per_dispatch(application: Application) -> set[int]:
    """How often each dispatch of a case was put into its office's queue, by the log."""
    counts = {}
    for dispatch in Dispatch.objects.filter(task__application=application):
        counts[dispatch.pk] = StatusLog.objects.filter(
            task=dispatch.task, action=Action.DELIVER, data__version=dispatch.version
        ).count()
    return set(counts.values())


def test_case_of_each_region_travels_from_the_form_to_the_result_sheet(workers: Workers) -> None:
    workers.start()
    applications = [factories.submitted(region=region) for region in factories.PLACES.values()]
    for application in applications:
        factories.pass_pre_review(application)

    work_to_the_end(applications)

    for application in applications:
        application.refresh_from_db()
        assert application.status == ApplicationStatus.COMPLETED
        assert deliveries_per_dispatch(application) == {1}
    papers = Document.objects.filter(application__in=applications)
    eventually(lambda: set(papers.values_list("status", flat=True)) == {DocumentStatus.READY})
    sheets = papers.filter(kind=DocumentKind.RESULT_SHEET)
    assert all(sheet.file.size > 1000 and len(sheet.sha256) == 64 for sheet in sheets)
    assert sorted(sheets.values_list("application__region_id", flat=True)) == sorted(factories.PLACES.values())


def test_tasks_arrive_after_the_broker_was_away_at_submission(broker: Broker, workers: Workers) -> None:
    """PERFORMANCE row 15, A9: the broker is only a doorbell."""
    workers.start()
    broker.stop()

    application = factories.submitted()

    assert not all_delivered(application)
    broker.start()
    eventually(lambda: all_delivered(application))
    assert deliveries_per_dispatch(application) == {1}


def test_tasks_arrive_after_the_broker_lost_its_memory(broker: Broker, workers: Workers) -> None:
    """A1: everything rung for and unheard is rung for again. The relay runs, the workers come after the loss."""
    workers.start("papers")
    application = factories.submitted()
    pending = Dispatch.objects.filter(task__application=application)
    eventually(lambda: not pending.filter(published_at=None).exists())

    broker.empty()
    for agency in set(pending.values_list("task__office__agency_id", flat=True)):
        workers.start_worker(f"agency.{agency}")

    eventually(lambda: all_delivered(application))
    assert deliveries_per_dispatch(application) == {1}


def test_task_of_a_killed_relay_and_worker_arrives(workers: Workers) -> None:
    """A8, PERFORMANCE row 16: kill -9 between commit and delivery loses nothing."""
    workers.start()
    application = factories.submitted()
    workers.kill()
    workers.start()

    eventually(lambda: all_delivered(application))
    assert deliveries_per_dispatch(application) == {1}


def test_answered_correction_travels_to_its_office_alone(workers: Workers) -> None:
    workers.start()
    application = factories.submitted(ticked=["I01", "I04"])
    eventually(lambda: all_delivered(application))
    task = factories.task_of(application, "I04")
    reviewer = factories.reviewer_of(task)
    deficit = review.Deficit(field="hukou_before", reason="请写到社区或村")

    correction = review.request_correction(task, reviewer=reviewer, deficits=[deficit])
    corrections.answer(correction.task.application, user=application.entered_by, answers={"hukou_before": "富民路社区"})
    eventually(lambda: all_delivered(application))

    versions = Dispatch.objects.filter(task__application=application).order_by("task__item__code", "version")
    assert list(versions.values_list("task__item__code", "version")) == [("I01", 1), ("I04", 1), ("I04", 2)]


def test_duplicate_messages_are_no_ops(workers: Workers) -> None:
    workers.start()
    application = factories.submitted()
    eventually(lambda: all_delivered(application))
    ids = list(Dispatch.objects.filter(task__application=application).values_list("pk", flat=True))

    assert [delivery.deliver(ids) for _ in range(3)] == [0, 0, 0]
    assert deliveries_per_dispatch(application) == {1}
