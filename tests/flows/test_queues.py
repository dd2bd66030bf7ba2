"""The queues as a whole: the broker's loss of a hundred, a burst, heartbeats through real workers, a hanging broker."""

import os
import signal
import time

import pytest
from django.db import connection

from agencies.enums import Role
from agencies.models import Agency
from agencies.queues import all_queues
from applications import detectors, exports, operations, submission, withdrawal
from applications.detectors import State
from applications.enums import DispatchStatus, DocumentStatus, ExportKind
from applications.models import Dispatch, Document, Export, Heartbeat
from tests import factories
from tests.processes import Broker, Workers, eventually

pytestmark = [pytest.mark.flow, pytest.mark.usefixtures("directory")]


@pytest.fixture(autouse=True)
def quick_relay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAY_STALE_SECONDS", "3")


def delivered() -> int:
    return Dispatch.objects.filter(status=DispatchStatus.DELIVERED).count()


def test_hundred_pending_survive_the_flush_of_the_broker(broker: Broker, workers: Workers) -> None:
    """A1: the relay has rung for all, the broker forgets it, and each is sent at its first try all the same."""
    factories.pending(100)
    workers.start("papers")
    unrung = Dispatch.objects.filter(published_at=None)
    eventually(lambda: not unrung.exists())
    broker.empty()

    workers.start_worker("agency.veterans")
    eventually(lambda: delivered() == 100)

    assert Dispatch.objects.filter(attempts=1).count() == 100


def test_burst_is_served_oldest_first(workers: Workers) -> None:
    """PERFORMANCE row 9: 250 that came together; the first is through while others wait, and nobody is overtaken.

    When the first and the middle one are through is measured by `manage.py drill_queues`.
    """
    factories.pending(250)
    workers.start("agency.veterans")
    first_seen = eventually(delivered)
    eventually(lambda: delivered() == 250)

    at = list(Dispatch.objects.order_by("pk").values_list("delivered_at", flat=True))
    assert at == sorted(at)
    assert first_seen < 250


def test_tests_have_a_broker_and_a_database_of_their_own(broker: Broker) -> None:
    """PERFORMANCE row 22: what a test empties it has made itself; the stores of the environment are somebody's."""
    assert broker.process is not None
    assert broker.process.popen.poll() is None
    assert f":{broker.port}/" not in os.environ.get("CELERY_BROKER_URL", "")
    assert connection.settings_dict["NAME"].startswith("test_")


def test_heartbeat_goes_through_every_queue_that_has_a_worker(workers: Workers) -> None:
    """A12, A13: heard by the worker itself; a queue without worker stays silent."""
    workers.start("papers", "agency.police")

    eventually(lambda: Heartbeat.objects.filter(heard_at__isnull=False).count() == 2)

    eventually(lambda: Heartbeat.objects.filter(rung_at__isnull=False).count() == len(all_queues()))
    nobody = {pulse.queue for pulse in detectors.pulses() if pulse.state == State.NOBODY}
    assert nobody == {*all_queues(), detectors.BEAT} - {"papers", "agency.police"}
    Heartbeat.objects.update(rung_at=None)
    heard = {pulse.queue for pulse in detectors.pulses() if pulse.age is not None}
    assert heard == {"papers", "agency.police"}


def test_hanging_broker_slows_no_person(broker: Broker, workers: Workers) -> None:
    """PERFORMANCE rows 15 and 21: a broker that takes calls and never answers; only PostgreSQL stands in the way.

    Everything below ends while the broker hangs; whoever asked it would wait for its time-out and fail.
    """
    workers.start("agency.veterans")
    draft = factories.draft(ticked=["I01"])
    factories.give_materials(draft)
    assert broker.process is not None
    os.kill(broker.process.popen.pid, signal.SIGSTOP)
    try:
        time.sleep(3)  # the relay is in the middle of ringing by now
        case = submission.submit(draft, user=draft.entered_by, channel="online", promised=True, agreed=True)
        withdrawal.withdraw(case, user=draft.entered_by)
        statuses = set(Dispatch.objects.values_list("status", flat=True))
    finally:
        os.kill(broker.process.popen.pid, signal.SIGCONT)

    assert statuses == {DispatchStatus.CANCELLED}


def test_paper_of_a_lost_message_is_made_all_the_same(broker: Broker, workers: Workers) -> None:
    """The papers' queue loses its messages: every paper is there in the end, each once."""
    case = factories.submitted(ticked=["I01"])
    workers.start("agency.veterans")
    eventually(lambda: not Document.objects.filter(published_at=None).exists())
    broker.empty()

    workers.start_worker("papers")

    eventually(lambda: set(case.documents.values_list("status", flat=True)) == {"ready"})


def test_hold_of_an_agency_stops_it_alone(workers: Workers) -> None:
    case = factories.submitted(ticked=["I01", "I04"])
    police, operator = Agency.objects.get(pk="police"), factories.staff(Role.ADMINISTRATOR)
    operations.hold_all(police.offices.all(), is_held=True, operator=operator, note="检修")
    workers.start("agency.veterans", "agency.police")
    rows = Dispatch.objects.filter(task__application=case)

    eventually(lambda: delivered() == 1)
    assert rows.get(status=DispatchStatus.PENDING).task.office.agency_id == "police"
    operations.hold_all(police.offices.all(), is_held=False, operator=operator, note="检修完毕")

    eventually(lambda: delivered() == 2)


def test_tasks_go_on_to_their_offices_while_a_long_export_is_running(workers: Workers) -> None:
    """A17: the worker of exports has one in hand that does not end; what is handed in meanwhile is delivered meanwhile."""
    admin = factories.staff(Role.ADMINISTRATOR)
    export = exports.ask(ExportKind.DISPATCHES, user=admin, posting=admin.postings.get())
    workers.start_relay()
    eventually(lambda: Export.objects.get(pk=export.pk).published_at is not None)
    other = connection.copy()
    other.set_autocommit(False)
    try:
        with other.cursor() as cursor:  # after the relay has rung, which passes by what is locked
            cursor.execute("SELECT 1 FROM applications_export WHERE id = %s FOR UPDATE", [export.pk])
        workers.start_worker("exports")
        workers.start_worker("agency.veterans")
        eventually(somebody_waits_for_a_lock)

        for _ in range(5):
            factories.submitted(ticked=["I01"])
        eventually(lambda: delivered() == 5)

        assert somebody_waits_for_a_lock()
        assert Export.objects.get(pk=export.pk).status == DocumentStatus.REQUESTED
    finally:
        other.close()
    eventually(lambda: Export.objects.get(pk=export.pk).status == DocumentStatus.READY)
    assert Export.objects.get(pk=export.pk).rows == 5


def somebody_waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone()[0])
