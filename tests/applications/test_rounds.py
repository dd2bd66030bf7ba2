"""Rounds of the beat: one row that cannot be done stops no other."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import timezone

from agencies.enums import Role
from applications import auditing, delivery, exports, notices, reminders, review, sweeps, visits
from applications.enums import DocumentStatus, ExportKind, NoticeKind, TaskStatus
from applications.management.demo_people import load_example
from applications.models import AuditSeal, Dispatch, Export, ItemTask, Notice, StatusLog
from portal.security.storage import SealedStorage
from tests import factories

pytestmark = pytest.mark.usefixtures("directory")

EXAMPLE = "990101"


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai"))


def received(at: str, region: str) -> ItemTask:
    application = factories.submitted(region=region, ticked=["I07"], at=moment(at))
    with time_machine.travel(moment(at), tick=False):
        delivery.deliver(Dispatch.objects.filter(task__application=application).values_list("pk", flat=True))
    return factories.task_of(application, "I07")


def test_silence_is_acceptance_though_another_scheme_cannot_be_read() -> None:
    load_example()
    other, silent = (received("2026-02-13T10:00", place) for place in (factories.DONGSHENG, EXAMPLE))
    factories.make_unreadable(other.item.scheme)

    with time_machine.travel(moment("2026-03-30T00:20"), tick=False):
        assert sweeps.deem_accepted() == 1

    assert ItemTask.objects.get(pk=silent.pk).status == TaskStatus.IN_REVIEW


def test_corrections_lapse_though_another_scheme_cannot_be_read(caplog: pytest.LogCaptureFixture) -> None:
    task = factories.queued_task("I01")
    deficits = [review.Deficit("看不清", material="OR-33")]
    review.request_correction(task, reviewer=factories.reviewer_of(task), deficits=deficits)
    ItemTask.objects.filter(pk=task.pk).update(correction_until=timezone.localdate() - timedelta(days=1))
    factories.make_unreadable(task.item.scheme)

    assert sweeps.lapse_corrections() == 0
    assert f"round failed on ItemTask {task.pk}" in caplog.text


def test_offices_are_told_though_one_task_cannot_be(monkeypatch: pytest.MonkeyPatch) -> None:
    tasks = [factories.queued_task(item) for item in ("I01", "I04")]
    for task in tasks:
        factories.reviewer_of(task)
    ItemTask.objects.update(next_on=date(2026, 9, 16))
    line = reminders._line

    def failing(task: ItemTask, *rest: Any) -> str:
        if task.pk == tasks[0].pk:
            raise ValueError
        return line(task, *rest)

    monkeypatch.setattr(reminders, "_line", failing)

    assert reminders.tell_offices(at=moment("2026-09-16T08:00")) >= 1
    assert [tasks[1].item.name in notice.details[0] for notice in Notice.objects.filter(kind=NoticeKind.DUE_SOON)]


def test_people_are_reminded_of_their_visit_though_one_cannot_be(monkeypatch: pytest.MonkeyPatch) -> None:
    tomorrow = moment("2026-09-16T10:00")
    with time_machine.travel(moment("2026-09-14T09:00"), tick=False):
        tasks = [factories.queued_task("I01") for _ in range(2)]
        for task in tasks:
            officer = factories.reviewer_of(task)
            visits.call_in(review.accept(task, reviewer=officer), reviewer=officer, note="签字", slots=[tomorrow])
    write = notices.write

    def failing(application: Any, *rest: Any, **facts: Any) -> Notice | None:
        if application.pk == tasks[0].application_id:
            raise ValueError
        return write(application, *rest, **facts)

    monkeypatch.setattr(notices, "write", failing)

    assert visits.remind(at=moment("2026-09-15T09:00")) == 1


def test_logs_are_sealed_though_one_cannot_be(monkeypatch: pytest.MonkeyPatch) -> None:
    factories.submitted(ticked=["I01"])
    seal_log = auditing._seal_log

    def failing(model: Any, now: datetime) -> int:
        if model is StatusLog:
            raise ValueError
        return seal_log(model, now)

    monkeypatch.setattr(auditing, "_seal_log", failing)
    auditing.seal(timezone.now())

    assert set(AuditSeal.objects.values_list("log", flat=True)) == {
        model._meta.model_name for model in auditing.LOGS if model is not StatusLog
    }


def test_old_files_go_though_one_cannot_be_deleted(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    supervisor = factories.staff(Role.SUPERVISOR, region=factories.queued_task().application.region)
    posting = supervisor.postings.get()
    made = [exports.make(exports.ask(ExportKind.TASKS, user=supervisor, posting=posting).pk) for _ in range(2)]
    assert {row.status for row in made} == {DocumentStatus.READY}
    Export.objects.update(made_at=timezone.now() - timedelta(days=settings.EXPORT_DAYS, minutes=1))
    delete = SealedStorage.delete

    def failing(storage: SealedStorage, name: str) -> None:
        if name == made[0].file.name:
            raise PermissionError
        delete(storage, name)

    monkeypatch.setattr(SealedStorage, "delete", failing)

    assert exports.throw_away() == 1
    assert Export.objects.exclude(file="").get() == made[0]
