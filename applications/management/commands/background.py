"""`manage.py background`: everything that works behind the pages, as one service.

It prepares once and forks the relay, a worker for each queue and beat, each a process of its own: an agency that hangs holds up
its own worker alone. Whatever dies is started again; an agency that comes into the data gets its worker within half a minute.
"""

import functools
import gc
import os
import signal
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection

from agencies.models import Agency
from agencies.queues import all_queues
from applications.management import nursery

CELERY = ["celery", "-A", "portal"]
RELAY, BEAT = "relay", "beat"
LOOK_SECONDS = 30  # how often the data are asked for new queues
GRACE_SECONDS = 4  # what a process gets to finish its work before it is killed; its rows are claimed again later
QUICK_SECONDS = 10  # who dies within this time waits longer and longer before the next start
LONGEST_PAUSE = 60


class Part:
    """One of the processes: its command line, its id while it runs, when it may be started next."""

    def __init__(self, name: str, label: str, command: list[str]) -> None:
        self.name, self.label, self.command = name, label, command
        self.pid = 0
        self.started = self.not_before = 0.0
        self.pause = 1

    def ended(self) -> None:
        """One that lived is started again at once; one that died young waits twice as long each time."""
        now = time.monotonic()
        is_quick = now - self.started < QUICK_SECONDS
        self.pid, self.not_before = 0, now + (self.pause if is_quick else 0)
        self.pause = min(self.pause * 2, LONGEST_PAUSE) if is_quick else 1


class Command(BaseCommand):
    help = "启动全部后台进程：推送中继、每个队列一个工作进程、定时任务；哪个退出就重新启动哪个。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("names", nargs="*", help=f"只启动这些（{RELAY}、{BEAT} 或队列名）；不写是全部")
        parser.add_argument("--logs", type=Path, help="每个进程的输出写到这个文件夹；不写就都写到这里")

    def handle(self, *args: Any, **options: Any) -> None:
        self.names, self.logs = frozenset(options["names"]), options["logs"]
        self.parts: dict[str, Part] = {}
        self.is_stopping = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        nursery.prepare()
        self._look()
        if unknown := self.names - set(self.parts):
            raise CommandError(f"没有这些进程：{'、'.join(sorted(unknown))}。队列名见 manage.py queues")
        os.environ["CELERY_SKIP_CHECKS"] = "1"  # this command made Django's checks for all of them
        gc.freeze()  # what is there now is shared, so the collector of a child does not touch it
        self._run()
        self._end()

    def _stop(self, *_: Any) -> None:
        self.is_stopping = True

    def _run(self) -> None:
        looked = time.monotonic()
        while not self.is_stopping:
            self._reap()
            now = time.monotonic()
            if now - looked > LOOK_SECONDS:
                looked = now
                self._look()
            for part in self.parts.values():
                if not part.pid and part.not_before <= now:
                    self._begin(part)
            time.sleep(0.2)

    def _begin(self, part: Part) -> None:
        connection.close()  # no two processes may have one
        log = str(self.logs / f"{part.name}.log") if self.logs else ""
        part.pid, part.started = nursery.fork(functools.partial(nursery.run, part.command), log), time.monotonic()

    def _reap(self) -> None:
        for part in self.parts.values():
            if part.pid and os.waitpid(part.pid, os.WNOHANG)[0]:
                part.ended()
                self.stdout.write(f"{part.label}意外退出，重新启动")
                self.stdout.flush()

    def _look(self) -> None:
        """Adds what is not there yet. Without the database those that are known go on."""
        if BEAT not in self.parts:
            schedule = str(settings.BASE_DIR / "var" / "beat-schedule")
            self._add(RELAY, "推送中继", ["manage.py", "relay"])
            self._add(BEAT, "定时任务", [*CELERY, "beat", "-s", schedule, "--pidfile=", "-l", "INFO"])
        try:
            queues = all_queues()
            names = dict(Agency.objects.values_list("code", "name"))
        except DatabaseError:
            return
        for queue in queues:
            options = ["-Q", queue, "-n", f"{queue}@%h", "-P", "solo", "--without-gossip", "--without-mingle"]
            label = f"{names.get(queue.removeprefix('agency.'), queue)}队列"
            self._add(queue, label, [*CELERY, "worker", *options, "-l", "INFO"])

    def _add(self, name: str, label: str, command: list[str]) -> None:
        if not self.names or name in self.names:
            self.parts.setdefault(name, Part(name, label, command))

    def _end(self) -> None:
        """Asks all to stop, waits a little, kills what is left."""
        left = [part.pid for part in self.parts.values() if part.pid]
        for pid in left:
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + GRACE_SECONDS
        while left and time.monotonic() < deadline:
            left = [pid for pid in left if not os.waitpid(pid, os.WNOHANG)[0]]
            time.sleep(0.05)
        for pid in left:
            os.killpg(pid, signal.SIGKILL)
