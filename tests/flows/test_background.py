"""`manage.py background`: one process that forks all the others, starts again what dies, and leaves none behind."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from agencies.models import Agency
from agencies.queues import all_queues
from applications.management.commands import background
from tests.processes import Process, database_url, eventually

pytestmark = [pytest.mark.flow, pytest.mark.usefixtures("directory")]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Process]:
    process = Process(
        ["python", "manage.py", "background", "relay", "papers", "--logs", str(tmp_path)],
        dict(os.environ, DATABASE_URL=database_url(), DJANGO_SETTINGS_MODULE="portal.settings.test"),
    )
    yield process
    process.popen.kill()
    process.popen.wait()
    process.output.close()


def children(process: Process) -> dict[str, int]:
    """Name and id of each child that lives."""
    found = {}
    for pid in Path(f"/proc/{process.popen.pid}/task/{process.popen.pid}/children").read_text().split():
        title = Path(f"/proc/{pid}/cmdline").read_bytes().decode().replace("\0", " ")
        found |= {name: int(pid) for name in ("manage.py relay", "-Q papers") if name in title}
    return found


@pytest.mark.django_db(transaction=True)
def test_what_dies_is_started_again_and_all_stop_together(running: Process, tmp_path: Path) -> None:
    eventually(lambda: set(children(running)) == {"manage.py relay", "-Q papers"})
    eventually(lambda: "papers@" in (tmp_path / "papers.log").read_text())
    first = children(running)

    os.kill(first["-Q papers"], signal.SIGKILL)

    eventually(lambda: children(running).get("-Q papers", first["-Q papers"]) != first["-Q papers"])
    assert children(running)["manage.py relay"] == first["manage.py relay"]
    assert "papers队列意外退出，重新启动" in running.text()
    last = list(children(running).values())
    running.popen.terminate()
    assert running.popen.wait(60) == 0
    assert [pid for pid in last if Path(f"/proc/{pid}").exists()] == []


@pytest.mark.django_db(transaction=True)
def test_killed_one_leaves_nobody_behind(running: Process) -> None:
    eventually(lambda: set(children(running)) == {"manage.py relay", "-Q papers"})
    left = list(children(running).values())

    running.popen.kill()
    running.popen.wait()

    eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in left))


@pytest.fixture
def command() -> background.Command:
    command = background.Command()
    command.names, command.logs, command.parts = frozenset(), None, {}
    return command


@pytest.mark.django_db
def test_every_queue_has_its_worker_also_of_an_agency_that_comes_later(command: background.Command) -> None:
    command._look()
    assert set(command.parts) == {"relay", "beat", *all_queues()}

    Agency.objects.create(code="sixth", name="第六个部门")
    command._look()

    assert command.parts["agency.sixth"].label == "第六个部门队列"
    assert "-Q agency.sixth " in " ".join(command.parts["agency.sixth"].command)


@pytest.mark.django_db
def test_without_the_database_those_that_are_known_go_on(
    command: background.Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    command._look()
    known = set(command.parts)

    def away() -> list[str]:
        raise OperationalError

    monkeypatch.setattr(background, "all_queues", away)
    command._look()

    assert set(command.parts) == known


def test_who_dies_young_waits_longer_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(background.time, "monotonic", lambda: now)
    part = background.Part("papers", "papers队列", [])
    waits = []
    for _ in range(8):
        part.started = now
        part.ended()
        waits.append(part.not_before - now)
    part.started = now - background.QUICK_SECONDS
    part.ended()

    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    assert part.not_before == now


@pytest.mark.django_db
def test_unknown_name_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background.signal, "signal", lambda *_: None)

    with pytest.raises(CommandError, match="没有这些进程：paperz"):
        call_command("background", "paperz")
