"""The drill's stage: a whole portal of its own on this machine, each part a real process under var/drill.

PostgreSQL and the broker come from the wheels as in `run.py`; gunicorn, relay, a worker for each agency's queue, one for
papers and one for the rest, beat, and a made-up system behind each agency. No other database is touched.
"""

import base64
import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg2

import run as launcher
from applications.management.nursery import Nursery

CELERY = ["celery", "-A", "portal"]
SERVERS = ("database", "broker")
SOLO = ["-P", "solo", "--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "WARNING"]


# What must come to its end: the table, and the condition under which a row has not.
TABLES = {
    "办件": ("applications_application", "status <> 'completed'"),
    "事项": ("applications_itemtask", "status <> 'completed'"),
    "推送": ("applications_dispatch", "status <> 'delivered'"),
    "文书": ("applications_document", "status <> 'ready'"),
    # A message whose worker died or whose way failed has a time of its own, minutes later, and is sent then; one that is
    # more than a number's five of the day is held back for good, and is read on the site.
    "消息": (
        "applications_notice",
        "status not in ('sent', 'held_back') and not (status = 'pending' and next_attempt_at > now())",
    ),
}


class StepFailed(Exception):
    """A step on the drill's own database did not work; the last line it printed."""


class Part:
    """A part of the portal, started again whenever it is dead; its process id stands in `pids/NAME`."""

    def __init__(self, stage: "Stage", name: str, command: list[str]) -> None:
        self.stage, self.name, self.command = stage, name, command
        self.deaths = 0

    def start(self) -> "Part":
        self._know(self.stage.fork(self.name, self.command))
        return self

    def _know(self, pid: int) -> None:
        self.pid = pid
        (self.stage.home / "pids" / self.name).write_text(str(pid))

    def has_ended(self) -> bool:
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        return False

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)


class Server(Part):
    """PostgreSQL or the broker, which `run.py` started."""

    def __init__(self, stage: "Stage", name: str, child: launcher.Child) -> None:
        super().__init__(stage, name, [])
        self.child = child
        assert child.process is not None
        self._know(child.process.pid)

    def start(self) -> "Server":
        self.child.deaths.append(time.monotonic())  # goes on in the same log
        process = self.child.start().process
        assert process is not None
        self._know(process.pid)
        return self

    def has_ended(self) -> bool:
        return self.child.has_ended()


class Stage:
    def __init__(self, sabotage: str = "", *, name: str = "drill") -> None:
        self.home: Path = launcher.VAR / name
        self.children = launcher.Children()
        self.parts: dict[str, Part] = {}
        self.nursery: Nursery | None = None
        self.env: dict[str, str] = {}
        self.ports: dict[str, int] = {}
        self.sabotage = sabotage
        self.host = f"127.0.0.1:{launcher.free_port()}"

    # --- start and stop ---

    def start(self, submissions: int, items: int) -> None:
        """Servers, data, then every part; people wait at the gate."""
        self._clear()
        for name in ("DATABASE_URL", "CELERY_BROKER_URL"):
            os.environ.pop(name, None)
        launcher.VENV = Path(sys.prefix)  # the servers' wheels lie beside this very interpreter
        self.env = launcher.start_servers(self.children, self.home)
        self.env.update(
            DJANGO_SETTINGS_MODULE="portal.settings.test",
            MEDIA_ROOT=str(self.home / "media"),
            DRILL_HOME=str(self.home),
            DRILL_SABOTAGE=self.sabotage,
            SIMULATOR_SECRET="whsec_" + base64.b64encode(secrets.token_bytes(32)).decode(),
            SITE_URL=f"http://{self.host}",
            EXCHANGE_ALLOWED_HOSTS="127.0.0.1",
            EXCHANGE_TOTAL_SECONDS="3",
            EXCHANGE_LEASE_SECONDS="8",
            RELAY_STALE_SECONDS="3",
            LOG_LEVEL="WARNING",
        )
        for name, server in zip(SERVERS, self.children.servers, strict=True):
            self.parts[name] = Server(self, name, server)
        self.nursery = Nursery(self.env, "applications.management.drill_points")
        said = json.loads(self.step("prepare", f"--submissions={submissions}", f"--items={items}"))
        self.ports = said
        for agency, port in said.items():
            log = str(self.home / f"agency.{agency}.jsonl")
            self.part(f"agency.{agency}", "agency", str(port), f"http://{self.host}", log)
        for agency in said:
            self.worker(f"worker.{agency}", f"agency.{agency}")
        self.worker("papers", "papers")
        self.worker("housekeeping", "notices,exports,imports,housekeeping")
        self.part("beat", *CELERY, "beat", "-s", str(self.home / "beat"), "--pidfile=", "-l", "WARNING")
        self.part("relay", "manage.py", "relay")
        shape = ["--workers", "2", "--threads", "4", "--no-control-socket", "--log-level", "warning"]
        self.part("web", "gunicorn", "portal.wsgi", "--bind", self.host, *shape)

    def _clear(self) -> None:
        shutil.rmtree(self.home, ignore_errors=True)
        for name in ("points", "pids"):
            (self.home / name).mkdir(parents=True)

    def worker(self, name: str, queues: str) -> None:
        self.part(name, *CELERY, "worker", *SOLO, "-Q", queues, "-n", f"{name}@drill")

    def part(self, name: str, *command: str) -> None:
        self.parts[name] = Part(self, name, list(command)).start()

    def fork(self, part: str, command: list[str]) -> int:
        """A new process out of the nursery; its id."""
        assert self.nursery is not None
        return self.nursery.fork(command, str(self.home / "log" / f"{part}.log"), part=part)

    def people(self) -> subprocess.Popen[bytes]:
        """The people with their browsers; they end by themselves, and nobody kills them."""
        command = [sys.executable, "-m", "applications.management.drill_people", str(self.home), self.host]
        child = launcher.Child("people", "people", command, self.env, self.home / "log").start()
        self.children.workers.append(child)
        assert child.process is not None
        return child.process

    def stop(self) -> None:
        for name, part in self.parts.items():
            if name not in SERVERS:
                part.kill()
        if self.nursery is not None:
            self.nursery.stop()
        self.children.stop()

    # --- while it runs ---

    def mind(self, is_done: Callable[[], Any], seconds: float) -> bool:
        """Starts again whatever died until `is_done`; False when the time is over before."""
        until = time.monotonic() + seconds
        while not is_done():
            if time.monotonic() > until:
                return False
            for part in self.parts.values():
                if part.has_ended():
                    part.deaths += 1
                    part.start()
            time.sleep(0.05)
        return True

    def step(self, step: str, *options: str) -> str:
        """The last line of one step on the drill's own database, in a process of its own. Raises StepFailed."""
        done = subprocess.run(
            [sys.executable, "manage.py", "drill_step", step, *options],
            cwd=launcher.ROOT, env=self.env, capture_output=True, text=True, timeout=900,
        )  # fmt: skip
        if done.returncode:
            raise StepFailed(f"{step}：{(done.stderr.strip().splitlines() or ['没有输出'])[-1]}")
        return done.stdout.splitlines()[-1]

    def still_open(self) -> dict[str, dict[str, int]]:
        """What the portal's database says has not come to its end, counted by state. Raises OSError while it is down."""
        found: dict[str, dict[str, int]] = {}
        for name, (table, condition) in TABLES.items():
            rows = self.ask(f"select status, count(*) from {table} where {condition} group by status")  # noqa: S608
            if rows:
                found[name] = dict(rows)
        return found

    def ask(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of the drill's own database, without Django. Raises OSError while it is down."""
        try:
            with contextlib.closing(psycopg2.connect(self.env["DATABASE_URL"])) as link, link.cursor() as cursor:
                cursor.execute(query, values or None)
                return cursor.fetchall()
        except psycopg2.OperationalError as error:
            raise OSError(str(error)) from None
