"""An office with its own system: the simulator as a real process, the portal's real web server, relay and workers."""

import json
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agencies.gateways import signatures
from agencies.gateways.simulator import Mode
from applications import corrections
from applications.enums import ApplicationStatus, DispatchStatus, TaskStatus
from applications.models import Application, Dispatch, ExchangeKey, ItemTask, Result
from tests import factories
from tests.factories import exchange
from tests.flows.test_main_job import one_deed
from tests.processes import Process, Workers, eventually, free_port

pytestmark = [pytest.mark.flow, pytest.mark.usefixtures("directory")]


class AgencySystem:
    """The simulator's process; its log survives what kills it."""

    def __init__(self, portal: str, log: Path) -> None:
        self.port, self.portal, self.log = free_port(), portal, log
        self.key: ExchangeKey | None = None
        self.process: Process | None = None

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, mode: Mode = Mode.ACCEPT, *, slow: float = 30) -> None:
        assert self.key is not None
        secret = signatures.format_secret(self.key.secret)
        options = ["--port", str(self.port), "--portal", self.portal, "--kid", self.key.kid, "--log", str(self.log)]
        command = [sys.executable, "manage.py", "simulate_agency", *options, "--mode", mode, "--delay", "0.05"]
        env = dict(os.environ, SIMULATOR_SECRET=secret, DJANGO_SETTINGS_MODULE="portal.settings.test")
        self.process = Process([*command, "--slow", str(slow)], env)
        eventually(self._answers)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self) -> None:
        if self.process is not None:
            self.process.popen.kill()
            self.process.popen.wait()
            self.process.output.close()
        self.process = None

    def taken(self) -> list[str]:
        """The dispatch keys in the system's own log, one per receipt it gave."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []
        return [line["dispatch"] for line in lines if line["what"] == "taken"]


@pytest.fixture
def system(
    workers: Workers, live_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[AgencySystem]:
    """The relay and the workers may call this machine; rows come again after two seconds."""
    monkeypatch.setenv("EXCHANGE_ALLOWED_HOSTS", "127.0.0.1")
    monkeypatch.setenv("EXCHANGE_TOTAL_SECONDS", "2")
    monkeypatch.setenv("RELAY_STALE_SECONDS", "2")
    system = AgencySystem(live_server.url, tmp_path / "simulator.jsonl")
    yield system
    system.kill()


@pytest.fixture
def joined(system: AgencySystem, settings: Any) -> AgencySystem:
    """The police of the place have their own system."""
    settings.EXCHANGE_ALLOWED_HOSTS = ["127.0.0.1"]
    _, task = exchange.case_of()
    system.key = exchange.joined(task.office, system.endpoint)
    return system


def police_tasks() -> Any:
    return ItemTask.objects.filter(office__agency="police")


def test_case_with_a_joined_office_travels_to_its_end(joined: AgencySystem, workers: Workers) -> None:
    """The system takes its items, accepts and approves them by itself; people do the rest; the case closes."""
    joined.start()
    workers.start("agency.police", "agency.veterans")
    application = Application.objects.get()
    reviewer = factories.reviewer_of(factories.task_of(application, "I01"))

    def step() -> bool:
        for task in application.tasks.filter(office__agency="veterans").select_related("item__scheme", "office"):
            one_deed(task, reviewer)
        return Application.objects.get(pk=application.pk).is_closed

    eventually(step)

    application.refresh_from_db()
    assert application.status == ApplicationStatus.COMPLETED
    dispatch = Dispatch.objects.get(task__office__agency="police")
    assert joined.taken() == [str(dispatch.key)]
    assert dispatch.receipt_number.startswith("SIM-")
    assert str(Result.objects.get(task=dispatch.task).decided_by).endswith("业务系统")


def test_system_killed_and_started_again_gets_each_task_once(joined: AgencySystem, workers: Workers) -> None:
    """kill -9 of the agency's system while tasks come in: what it took it knows again, nothing is doubled or lost."""
    joined.start(Mode.LOSE_REPLY)
    workers.start("agency.police", "agency.veterans")
    for _ in range(2):
        exchange.case_of()
    eventually(lambda: len(joined.taken()) == 3)

    joined.kill()
    joined.start()
    eventually(lambda: not police_tasks().filter(status=TaskStatus.PENDING).exists())

    assert sorted(joined.taken()) == sorted(
        str(key) for key in Dispatch.objects.filter(task__office__agency="police").values_list("key", flat=True)
    )


def test_hanging_agency_delays_no_other(joined: AgencySystem, workers: Workers) -> None:
    """A2: one system hangs on every call; the other agency's tasks arrive, and the hanging one's stay and are known."""
    joined.start(Mode.HANG, slow=5)
    workers.start("agency.police", "agency.veterans")
    applications = [Application.objects.get(), *[exchange.case_of()[0] for _ in range(4)]]
    others = Dispatch.objects.filter(task__application__in=applications).exclude(task__office__agency="police")

    eventually(lambda: set(others.values_list("status", flat=True)) == {DispatchStatus.DELIVERED})

    assert set(others.values_list("attempts", flat=True)) == {1}
    hanging = Dispatch.objects.filter(task__office__agency="police")
    assert DispatchStatus.DELIVERED not in set(hanging.values_list("status", flat=True))
    eventually(lambda: hanging.filter(last_outcome="unknown").exists())


def test_correction_of_a_joined_office_is_answered_and_goes_back_to_it(joined: AgencySystem, workers: Workers) -> None:
    joined.start(Mode.CORRECT)
    workers.start("agency.police", "agency.veterans")
    application = Application.objects.get()
    task = police_tasks().get()
    eventually(lambda: ItemTask.objects.get(pk=task.pk).status == TaskStatus.AWAITING_CORRECTION)
    correction = task.corrections.get()
    (line,) = correction.lines.all()

    answer = {line.field: application.answers[line.field]}
    corrections.answer(correction.task.application, user=application.entered_by, answers=answer)
    eventually(lambda: ItemTask.objects.get(pk=task.pk).status == TaskStatus.COMPLETED)

    assert len(joined.taken()) == 2
