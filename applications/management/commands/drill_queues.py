"""`manage.py drill_queues`: a burst, one agency that hangs, and long exports, measured on a portal of its own.

All figures are ratios within one run, since a machine's speed is nobody's merit: the burst's middle against its drain, and
the 95th percentile while another agency hangs, or while lists are exported, against the time before and after.
"""

import json
import subprocess
import sys
import time
import urllib.request
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

import run as launcher
from applications.management.drill_stage import Stage, StepFailed

ITEMS = 4


class Command(BaseCommand):
    help = "测量：一批同时到达的办件怎样送完；一个部门的系统挂住时，别的部门慢不慢。"
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--burst", type=int, default=250, help="同时到达多少件；0 表示不测")
        parser.add_argument(
            "--hang-minutes", type=float, default=10, help="挂住几分钟，前后各测四分之一的时间；0 表示不测"
        )
        parser.add_argument(
            "--export-minutes", type=float, default=0, help="不停导出几分钟，前后各测同样的时间；0 表示不测"
        )
        parser.add_argument("--export-rows", type=int, default=24_000, help="每次导出多少行")
        parser.add_argument("--every", type=float, default=2.0, help="每几秒提交一件")

    def handle(self, *args: Any, **options: Any) -> None:
        trial = Trial(self, Stage(name="drill-queues"))
        try:
            trial.stage.start(1, ITEMS)
            trial.tell_all("silent")
            if options["burst"]:
                trial.burst(options["burst"])
            if options["hang_minutes"]:
                trial.hang(options["hang_minutes"] * 60, options["every"])
            if options["export_minutes"]:
                trial.export(options["export_rows"], options["export_minutes"] * 60, options["every"])
        except (launcher.Trouble, StepFailed) as trouble:
            raise CommandError(str(trouble)) from None
        finally:
            trial.stage.stop()


class Trial:
    def __init__(self, command: BaseCommand, stage: Stage) -> None:
        self.say = command.stdout.write
        self.stage = stage
        self.first = 1000

    def tell_all(self, mode: str) -> None:
        for agency in self.stage.ports:
            self.tell(agency, mode)

    def tell(self, agency: str, mode: str) -> None:
        """Changes how an agency's system behaves."""
        body = json.dumps({"mode": mode}).encode()
        address = f"http://127.0.0.1:{self.stage.ports[agency]}/mode"
        self.stage.mind(lambda: self._is_told(address, body), 30)

    def _is_told(self, address: str, body: bytes) -> bool:
        try:
            urllib.request.urlopen(urllib.request.Request(address, body), timeout=5).close()  # noqa: S310 - own machine
        except OSError:  # it is just starting
            return False
        return True

    def _numbers(self, count: int, items: int = ITEMS) -> list[str]:
        self.first += count
        return [f"--submissions={count}", f"--items={items}", f"--first={self.first - count}"]

    # --- a burst ---

    def burst(self, count: int) -> None:
        """So many forms wait together; when they are let go, each agency's queue serves them oldest first."""
        self.stage.step("hold")
        self.stage.step("feed", *self._numbers(count, items=1))
        begun = float(self.stage.step("release"))
        self._until_delivered(600)
        rows = self.stage.ask(
            "select t.application_id, max(extract(epoch from d.delivered_at)) from applications_dispatch d"
            " join applications_itemtask t on t.id = d.task_id where d.delivered_at is not null group by 1"
        )
        through = sorted(float(at) - begun for _, at in rows)
        drain = through[-1]
        self.say(f"{len(through)} 件同时到达，全部送完 {drain:.1f} 秒；第一件 {through[0]:.2f} 秒送完，是全程的 "
                 f"{through[0] / drain:.1%}；中间一件 {through[len(through) // 2]:.1f} 秒，是全程的 "
                 f"{through[len(through) // 2] / drain:.1%}")  # fmt: skip
        self.say(f"不按先后送的：{self._out_of_order()} 条")

    def _out_of_order(self) -> int:
        """Dispatches that were delivered before an older one of the same agency."""
        found = self.stage.ask(
            "select count(*) from (select d.delivered_at, lag(d.delivered_at) over"
            " (partition by o.agency_id order by d.id) as before from applications_dispatch d"
            " join applications_itemtask t on t.id = d.task_id join agencies_office o on o.id = t.office_id) as x"
            " where delivered_at < before"
        )
        return int(found[0][0])

    def _until_delivered(self, seconds: float) -> None:
        pending = "select count(*) from applications_dispatch where status in ('pending', 'sending')"
        self.stage.mind(lambda: self.stage.ask(pending)[0][0] == 0, seconds)

    # --- one agency hangs ---

    def hang(self, seconds: float, every: float) -> None:
        """Quiet, then the agency with the most work hangs, then quiet again; forms come at the same pace all the while."""
        periods, hanging = [], ""
        for words, length in (("之前", seconds / 4), ("挂住", seconds), ("之后", seconds / 4)):
            if hanging:
                self.tell(hanging, "hang" if words == "挂住" else "silent")
            begun = time.time()
            self._feed(int(length / every), every)
            hanging = hanging or self._busiest()
            periods.append(self._percentiles(hanging, begun))
            self.say(f"{words} {length / 60:.1f} 分钟：别的部门 {periods[-1][0]} 条，"
                     f"中位 {periods[-1][1]:.3f} 秒，p95 {periods[-1][2]:.3f} 秒")  # fmt: skip
        quiet = (periods[0][2] + periods[2][2]) / 2
        self.say(f"{hanging} 挂住时别的部门的 p95 是平时的 {periods[1][2] / quiet:.1%}")
        self._until_delivered(300)
        self.say(f"恢复以后还没有送达的：{json.dumps(self.stage.still_open().get('推送', {}), ensure_ascii=False)}")

    # --- a long export ---

    def export(self, rows: int, seconds: float, every: float) -> None:
        """Quiet, then lists are exported one after the other, then quiet again; forms come at the same pace (A17)."""
        self.stage.step("fill", f"--submissions={rows}")
        periods = []
        for words in ("之前", "导出", "之后"):
            exporting = self._start_exports(seconds) if words == "导出" else None
            begun = time.time()
            self._feed(int(seconds / every), every)
            periods.append(self._percentiles("", begun))
            self.say(f"{words} {seconds / 60:.1f} 分钟：{periods[-1][0]} 条，"
                     f"中位 {periods[-1][1]:.3f} 秒，p95 {periods[-1][2]:.3f} 秒")  # fmt: skip
            if exporting is not None:
                self.say(f"其间导出 {rows} 行的清单 {(exporting.communicate()[0] or '0').strip()} 次")
        quiet = (periods[0][2] + periods[2][2]) / 2
        self.say(f"导出时各部门的 p95 是平时的 {periods[1][2] / quiet:.1%}")

    def _start_exports(self, seconds: float) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "manage.py", "drill_step", "export", f"--every={seconds}"],
            cwd=launcher.ROOT, env=self.stage.env, text=True, stdout=subprocess.PIPE,
        )  # fmt: skip

    def _busiest(self) -> str:
        found = self.stage.ask(
            "select o.agency_id, count(*) from applications_itemtask t join agencies_office o on o.id = t.office_id"
            " group by 1 order by 2 desc limit 1"
        )
        return str(found[0][0])

    def _feed(self, count: int, every: float) -> None:
        feeding = subprocess.Popen(
            [sys.executable, "manage.py", "drill_step", "feed", *self._numbers(count), f"--every={every}"],
            cwd=launcher.ROOT, env=self.stage.env, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        self.stage.mind(lambda: feeding.poll() is not None, count * every + 300)
        time.sleep(3)

    def _percentiles(self, hanging: str, begun: float) -> tuple[int, float, float]:
        (row,) = self.stage.ask(
            "select count(*), percentile_cont(0.5) within group (order by s), percentile_cont(0.95) within group"
            " (order by s) from (select extract(epoch from d.delivered_at - d.created_at) as s"
            " from applications_dispatch d join applications_itemtask t on t.id = d.task_id"
            " join agencies_office o on o.id = t.office_id where o.agency_id <> %s"
            " and d.created_at >= to_timestamp(%s) and d.delivered_at is not null) as x",
            hanging,
            begun,
        )
        return int(row[0]), float(row[1]), float(row[2])
