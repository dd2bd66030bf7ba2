"""`manage.py bench`: how the pages and the background work bear a hundred times as many cases.

On a PostgreSQL of its own (var/bench). Both sizes are measured in one run; what counts is the ratio, the number of
statements, the pages of the database that were touched, and that no large table is read from end to end.
"""

import io
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

import run as launcher
from applications import detectors, drafts, materials, relay, reminders, submission, sweeps
from applications.demo import answers_for, picture, soldier
from applications.enums import AT_OFFICE, Channel
from applications.management import bench_scale
from applications.models import Application, ItemTask
from portal.accounts.demo import DEMO_PASSWORD
from portal.accounts.models import User

HOME = launcher.VAR / "bench"
TURNS = 5


class Command(BaseCommand):
    help = "测量：办件多一百倍时，页面和后台工作慢不慢，有没有整表扫描。"
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--small", type=int, default=2_000, help="先量多少件")
        parser.add_argument("--large", type=int, default=200_000, help="再量多少件")

    def handle(self, *args: Any, **options: Any) -> None:
        if "BENCH_HOME" not in os.environ:  # or it would be somebody's real database
            return _on_own_servers(options)
        before = self._prepare(options["small"])
        small = self._measure()
        bench_scale.grow(options["large"], first_copy=before, open_copies=options["large"] // 2_000)
        self.stdout.write(f"办件 {Application.objects.count()} 件，事项 {ItemTask.objects.count()} 条")
        large = self._measure()
        faults = self._report(small, large)
        if faults:
            raise CommandError("；".join(faults))
        return None

    def _prepare(self, cases: int) -> int:
        """The demo, and its copies up to the small size; the number of the next copy."""
        for name in ("migrate", "load_region", "load_calendar", "seed_demo"):
            call_command(name, verbosity=0, stdout=io.StringIO())
        copies = bench_scale.grow(cases, first_copy=1, open_copies=max(1, cases // 2_000))
        self.stdout.write(f"办件 {Application.objects.count()} 件，事项 {ItemTask.objects.count()} 条")
        return copies

    def _measure(self) -> dict[str, "Look"]:
        return {name: look(work) for name, work in looks()}

    def _report(self, small: dict[str, "Look"], large: dict[str, "Look"]) -> list[str]:
        self.stdout.write(f"{'':<34}语句    毫秒（少）  毫秒（多）    比   数据页（少）  数据页（多）")
        faults = []
        for name, one in large.items():
            first = small[name]
            self.stdout.write(
                f"{name:<34}{one.statements:>4} {first.ms:>10.1f} {one.ms:>10.1f} {one.ms / first.ms:>7.2f}"
                f" {first.pages:>10} {one.pages:>10}  {'整表扫描：' + '、'.join(sorted(one.scans)) if one.scans else ''}"
            )
            if one.scans:
                faults.append(f"{name}整表扫描")
            is_job = name.startswith("每")  # its statements follow what it finds to do
            if one.statements > first.statements and not is_job:
                faults.append(f"{name}语句由 {first.statements} 条增加到 {one.statements} 条")
        return faults


def _on_own_servers(options: dict[str, Any]) -> None:
    """The same command once more, in a process that knows no other database."""
    children = launcher.Children()
    for name in ("DATABASE_URL", "CELERY_BROKER_URL"):
        os.environ.pop(name, None)
    launcher.VENV = Path(sys.prefix)
    shutil.rmtree(HOME, ignore_errors=True)
    try:
        env = launcher.start_servers(children, HOME)
        env.update(BENCH_HOME=str(HOME), MEDIA_ROOT=str(HOME / "media"), LOG_LEVEL="ERROR",
                   DJANGO_SETTINGS_MODULE="portal.settings.test",
                   SEALING_PROVIDER="applications.management.bench_scale.Unbound")  # fmt: skip
        command = [sys.executable, "manage.py", "bench", f"--small={options['small']}", f"--large={options['large']}"]
        if subprocess.run(command, cwd=launcher.ROOT, env=env).returncode:
            raise CommandError("有不合要求的，见上")
    except launcher.Trouble as trouble:
        raise CommandError(str(trouble)) from None
    finally:
        children.stop()


class Look:
    """What one page or job costs: the median of some turns, its statements, and what the database did for them."""

    def __init__(self, ms: float, statements: int, pages: int, scans: set[str]) -> None:
        self.ms, self.statements, self.pages, self.scans = ms, statements, pages, scans


def look(work: Callable[[], object]) -> Look:
    with undone(), heard() as queries:
        work()
    times = []
    for _ in range(TURNS):
        with undone():
            begun = time.perf_counter()
            work()
            times.append(time.perf_counter() - begun)
    pages, scans = 0, set()
    with undone():
        for query, values in queries:
            if query.startswith("SELECT"):
                plan = explain(query, values)
                pages += plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
                scans |= scanned(plan)
    return Look(statistics.median(times) * 1000, len(queries), pages, scans)


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@contextmanager
def heard() -> Iterator[list[tuple[str, Any]]]:
    queries: list[tuple[str, Any]] = []

    def listen(execute: Any, query: str, values: Any, many: bool, context: Any) -> Any:
        if not query.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
            queries.append((query, values))
        return execute(query, values, many, context)

    with connection.execute_wrapper(listen):
        yield queries


def explain(query: str, values: Any) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {query}", values)
        found = cursor.fetchone()[0]
    plan: dict[str, Any] = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    return plan


def scanned(plan: dict[str, Any]) -> set[str]:
    """Large tables that the plan reads from end to end."""
    found = set().union(*(scanned(part) for part in plan.get("Plans", ())))
    if (
        plan["Node Type"] == "Seq Scan"
        and plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0) >= bench_scale.LARGE
    ):
        found.add(plan["Relation Name"])
    return found


# --- what is looked at ---


def looks() -> list[tuple[str, Callable[[], object]]]:
    own = Application.objects.filter(pk__lt=bench_scale.STRIDE)
    case = own.filter(applicant__username="soldier1").order_by("pk")[0]
    task = ItemTask.objects.filter(application__in=own, status__in=AT_OFFICE, office__agency="police").order_by("pk")[0]
    officer = f"reviewer_{task.office.agency_id}"
    return [
        ("申请人：我的办件", page("soldier1", "/cases/")),
        ("申请人：办件进度", page("soldier1", f"/cases/{case.number}/")),
        ("申请人：消息", page("soldier1", "/messages/")),
        ("审核：待办队列", page(officer, "/desk/")),
        ("审核：已办", page(officer, "/desk/done/")),
        ("审核：一件", page(officer, f"/desk/tasks/{task.application.number}/{task.item.code}/")),
        ("审核：统计", page(officer, "/desk/norms/")),
        ("窗口：首页", page("clerk", "/window/")),
        ("窗口：全部办件", page("clerk", "/window/cases/?day=all")),
        ("督办：总览", page("supervisor", "/console/")),
        ("督办：一个办件", page("supervisor", f"/console/cases/{case.number}/")),
        ("督办：推送", page("supervisor", "/console/dispatches/")),
        ("督办：待核对", page("supervisor", "/console/dispatches/tickets/")),
        ("后台：办件列表", page("admin", "/admin/applications/application/")),
        ("提交一份", hand_in()),
        ("中继：领取", lambda: relay._claim(timezone.now())),
        ("每小时：自查", detectors.run),
        ("每日：视为受理", sweeps.deem_accepted),
        ("每日：补正到期", sweeps.lapse_corrections),
        ("每日：容缺到期", sweeps.lapse_promises),
        ("每日：报到提醒", reminders.warn_of_reporting),
        ("每日：到期提醒", reminders.tell_offices),
    ]


def page(username: str, address: str) -> Callable[[], object]:
    client = Client()
    client.login(username=username, password=DEMO_PASSWORD)

    def fetch() -> None:
        answer = client.get(address)
        if answer.status_code != 200:
            raise CommandError(f"{username} {address}：{answer.status_code}")

    return fetch


def hand_in() -> Callable[[], object]:
    """The service call for a form that is filled in; the form itself stays as it is."""
    one = soldier("基准人", 7, "370202")
    user, _ = User.objects.get_or_create(
        username="bench", defaults={"legal_name": one.name, "id_no": one.id_no, "phone": one.phone}
    )
    region = Application.objects.filter(pk__lt=bench_scale.STRIDE, applicant__username="soldier1")[0].region
    draft = drafts.start(region=region, user=user, channel=Channel.ONLINE)
    draft = drafts.save(drafts.choose_items(draft, [item.code for item in draft.scheme.spec.offered]), answers_for(one))
    content = picture("bench")
    for wanted in draft.scheme.spec.materials_for(frozenset(draft.ticked), draft.answers):
        stream = io.BytesIO(content)
        materials.add(draft=draft, code=wanted.code, name="bench.jpg", size=len(content), stream=stream, user=user)
    return lambda: submission.submit(draft, user=user, channel=Channel.ONLINE, promised=True, agreed=True)
