"""`manage.py drill`: kill -9 of every part while submissions run, then an independent count.

It starts servers of its own (PostgreSQL, broker) and everything else as real processes under var/drill, and touches no
other database. Two kinds of blows: numbered crash points, where a process dies at an exact step, and kill -9 from outside
of each part in turn. At the end the agency system's own log is counted against what persons were told.
"""

import base64
import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

import run as launcher
from applications.management.drill_points import POINTS

PARTS = ["web", "relay", "worker", "housekeeping", "beat", "agency", "broker", "database"]


class Command(BaseCommand):
    help = "演练：提交进行时逐个杀掉每一部分，最后核对一件不丢、一件不重。"
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--submissions", type=int, default=20, help="提交多少件（最多 2400）")
        parser.add_argument("--seconds", type=int, default=240, help="最长用时")

    def handle(self, *args: Any, **options: Any) -> None:
        count = min(options["submissions"], 2400)
        drill = Drill(self, count, time.monotonic() + options["seconds"])
        try:
            drill.start()
            drill.strike_all()
            drill.wait()
            problems = drill.count()
        except launcher.Trouble as trouble:
            raise CommandError(str(trouble)) from None
        finally:
            drill.children.stop()
        if problems:
            raise CommandError("；".join(problems))


class Drill:
    def __init__(self, command: BaseCommand, submissions: int, deadline: float) -> None:
        self.say = command.stdout.write
        self.submissions, self.deadline = submissions, deadline
        self.home: Path = launcher.VAR / "drill"
        self.children = launcher.Children()
        self.parts: dict[str, launcher.Child] = {}
        self.blows: Counter[str] = Counter()
        self.env: dict[str, str] = {}

    @property
    def acknowledged(self) -> Path:
        return self.home / "acknowledged"

    @property
    def log(self) -> Path:
        return self.home / "agency.jsonl"

    def start(self) -> None:
        shutil.rmtree(self.home, ignore_errors=True)
        points = self.home / "points"
        points.mkdir(parents=True)
        for name in ("DATABASE_URL", "CELERY_BROKER_URL"):
            os.environ.pop(name, None)
        launcher.VENV = Path(sys.prefix)  # the servers' wheels lie beside this very interpreter
        port = launcher.free_port()
        self.env = launcher.start_servers(self.children, self.home)
        self.env.update(
            DJANGO_SETTINGS_MODULE="portal.settings.test",
            MEDIA_ROOT=str(self.home / "media"),
            DRILL_POINTS=str(points),
            SIMULATOR_SECRET="whsec_" + base64.b64encode(secrets.token_bytes(32)).decode(),
            EXCHANGE_ALLOWED_HOSTS="127.0.0.1",
            EXCHANGE_TOTAL_SECONDS="3",
            RELAY_STALE_SECONDS="2",
        )
        endpoint = f"http://127.0.0.1:{port}"
        self._call("prepare", f"--submissions={self.submissions}", f"--endpoint={endpoint}")
        database, broker = self.children.servers
        self.parts = {"database": database, "broker": broker}
        points_of = ["-m", "applications.management.drill_points"]
        agency = ["manage.py", "simulate_agency", f"--port={port}", f"--log={self.log}", "--mode=silent"]
        self._part("agency", *points_of, *agency)
        self._part("relay", *points_of, "manage.py", "relay")
        celery = [*points_of, "celery", "-A", "portal"]
        worker = [*celery, "worker", "-P", "solo", "--without-gossip", "--without-mingle", "--without-heartbeat"]
        queues = subprocess.run(
            [sys.executable, "manage.py", "queues"], cwd=launcher.ROOT, env=self.env, capture_output=True, text=True
        ).stdout.split()
        agencies = ",".join(queue for queue in queues if queue.startswith("agency."))
        self._part("worker", *worker, "-Q", agencies, "-n", "drill@worker")
        self._part("housekeeping", *worker, "-Q", "housekeeping,notices", "-n", "drill@housekeeping")
        self._part("beat", *celery, "beat", "-s", str(self.home / "beat"), "--pidfile=")
        self._part("web", "manage.py", "drill_step", "submit", f"--acknowledged={self.acknowledged}")

    def _part(self, name: str, *command: str) -> None:
        child = launcher.Child(name, name, [sys.executable, *command], self.env, self.home / "log")
        self.children.workers.append(child.start())
        self.parts[name] = child

    def _call(self, step: str, *options: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", "drill_step", step, *options],
            cwd=launcher.ROOT, env=self.env, capture_output=True, text=True, timeout=600,
        )  # fmt: skip
        if done.returncode:
            raise CommandError(f"{step}：{done.stderr.strip().splitlines()[-1]}")
        return done.stdout

    # --- blows ---

    def strike_all(self) -> None:
        """Arms every crash point, then kills each part from outside; whatever is dead is started again."""
        for point in POINTS:
            (Path(self.env["DRILL_POINTS"]) / str(point)).touch()
        for part in PARTS:
            self._mind(1.5)
            child = self.parts[part]
            if child.process is not None and child.process.poll() is None:
                child.process.kill()
                child.process.wait()
                self.blows[part] += 1
            self._mind(0.2)

    def _mind(self, seconds: float) -> None:
        """Starts again what died; the web ends by itself when every form was acknowledged."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for name, child in self.parts.items():
                if child.has_ended() and not (name == "web" and child.process and child.process.returncode == 0):
                    child.deaths.append(time.monotonic())
                    child.start()
            time.sleep(0.1)

    def wait(self) -> None:
        """Until everybody has an answer and nothing is on its way, or the time is over."""
        while time.monotonic() < self.deadline:
            self._mind(2)
            told = self.acknowledged.read_text().splitlines() if self.acknowledged.exists() else []
            if len(told) < self.submissions:
                continue
            try:
                found = json.loads(self._call("audit"))
            except CommandError:  # the database is just coming up again
                continue
            if all(status == "delivered" for _, status, _, _ in found["dispatches"]):
                return

    # --- count ---

    def count(self) -> list[str]:
        """The agency system's own log against what persons were told and what the database says."""
        told = [line.split()[1] for line in self.acknowledged.read_text().splitlines()]
        lines = [json.loads(line) for line in self.log.read_text().splitlines() if line.endswith("}")]
        taken = Counter(line["dispatch"] for line in lines if line["what"] == "taken")
        again = sum(line["what"] == "again" for line in lines)
        found = json.loads(self._call("audit"))
        joined = {key for key, _, _, gateway in found["dispatches"] if gateway == "http"}
        undelivered = [key for key, status, _, _ in found["dispatches"] if status != "delivered"]
        left = sorted(int(path.name) for path in Path(self.env["DRILL_POINTS"]).iterdir())
        self.say(f"提交 {self.submissions} 件，得到答复 {len(told)} 件，库中办件 {len(found['cases'])} 件")
        self.say(f"推送 {len(found['dispatches'])} 条，其中送部门系统 {len(joined)} 条，部门系统收到 {len(taken)} 条")
        self.say(f"部门系统认出的重复 {again} 次；未送达 {len(undelivered)} 条")
        for point, (part, words) in POINTS.items():
            self.say(f"  {point} {part:<8}{words:<24}{'未走到' if point in left else '已杀'}")
        for part in PARTS:
            self.say(f"  kill -9 {part:<14}{self.blows[part]} 次，重新启动 {len(self.parts[part].deaths)} 次")
        problems = []
        if len(told) < self.submissions:
            problems.append(f"有 {self.submissions - len(told)} 件没有得到答复")
        if len(set(told)) != len(told) or sorted(told) != sorted(found["cases"]):
            problems.append("答复的编号与库中的办件不一致")
        if set(taken) != joined:
            problems.append(f"部门系统少收 {len(joined - set(taken))} 条，多收 {len(set(taken) - joined)} 条")
        if any(number > 1 for number in taken.values()):
            problems.append("部门系统有重复收件")
        if undelivered:
            problems.append(f"还有 {len(undelivered)} 条没有送达")
        if left:
            problems.append(f"这些位置没有走到：{left}")
        self.say("结论：一件不丢，一件不重。" if not problems else "结论：不通过。")
        return problems
