"""`manage.py drill`: kill -9 of every part at every step while people submit, then an independent count.

It starts a portal of its own (applications/management/drill_stage.py). People submit over HTTP; at each numbered crash
point (drill_points.py) one part after the other is killed; at the end the agency systems' own logs are counted against
what people were told (drill_count.py).
"""

import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from applications.management import drill_count
from applications.management.drill_people import BROWSERS
from applications.management.drill_points import POINTS, SABOTAGE, VICTIMS
from applications.management.drill_stage import Stage, StepFailed
from run import Trouble

Blow = tuple[int, str]
BLOW_SECONDS = 60  # so long a crash point may wait for somebody to come by


class Command(BaseCommand):
    help = "演练：提交进行时在每一步逐个杀掉每一部分，最后按部门系统自己的记录核对一件不丢、一件不重。"
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--submissions", type=int, default=30, help="多少人提交，每人一件")
        parser.add_argument("--items", type=int, default=3, help="每人选几个事项，轮流选到每个部门")
        parser.add_argument("--seconds", type=int, default=3600, help="最长用时")
        parser.add_argument("--papers", action="store_true", help="也等所有文书做完（每件五六份，是最慢的一步）")
        parser.add_argument("--full", action="store_true", help="在每个位置把每一部分都杀一遍；不写时每个位置杀两次")
        parser.add_argument("--sabotage", choices=SABOTAGE, default="", help="故意弄坏，证明演练查得出来")

    def handle(self, *args: Any, **options: Any) -> None:
        stage = Stage(options["sabotage"])
        drill = Drill(self, stage, options["submissions"], time.monotonic() + options["seconds"], options["papers"])
        try:
            stage.start(options["submissions"], options["items"])
            drill.run(list(full() if options["full"] else short()))
            problems = drill.report()
        except (Trouble, StepFailed) as trouble:
            raise CommandError(str(trouble)) from None
        finally:
            stage.stop()
        if problems:
            raise CommandError("；".join(problems))


def full() -> Iterator[Blow]:
    """Every part at every point."""
    for point in POINTS:
        for victim in VICTIMS:
            yield point, victim


def short() -> Iterator[Blow]:
    """Whoever comes to a point at every point, and every other part once, each at another point."""
    others = [victim for victim in VICTIMS if victim != "self"]
    for turn, point in enumerate(sorted(POINTS, key=lambda point: POINTS[point][0] != "worker")):
        yield point, "self"
        if turn % 2 and others:
            yield point, others.pop(0)


class Drill:
    def __init__(self, command: BaseCommand, stage: Stage, submissions: int, deadline: float, waits: bool) -> None:
        self.say = command.stdout.write
        self.stage, self.submissions, self.deadline = stage, submissions, deadline
        self.waits_for_papers, self.papers = waits, 0
        self.missed: list[str] = []
        self.began = self.answered_after = self.done_after = 0.0
        self.open: dict[str, dict[str, int]] = {"办件": {}}
        self._told, self._read = 0, 0

    def run(self, blows: list[Blow]) -> None:
        """Spreads the blows evenly over the submissions; then waits until everything has come to its end."""
        stage, home = self.stage, self.stage.home
        (home / "gate").write_text("0")
        stage.people()
        self.began = time.monotonic()
        for number, (point, victim) in enumerate(blows):
            share = self.submissions / len(blows)
            self._open_gate(int(share * (number + 1)) + BROWSERS)
            self._wait_for(int(share * number))
            self._strike(home / "points" / f"{point}-{victim}")
        self._open_gate(self.submissions)
        self._wait_for(self.submissions)
        self.answered_after = time.monotonic() - self.began
        stage.mind(self._is_quiet, self._left())
        self.done_after = time.monotonic() - self.began

    def _wait_for(self, people: int) -> None:
        self.stage.mind(lambda: self.told() >= people, self._left())

    def _strike(self, armed: Path) -> None:
        """Arms a point and waits until somebody has come by."""
        armed.touch()
        if not self.stage.mind(lambda: not armed.exists(), min(BLOW_SECONDS, self._left())):
            armed.unlink(missing_ok=True)
            self.missed.append(armed.name)

    def _open_gate(self, people: int) -> None:
        fresh = self.stage.home / "gate.new"
        fresh.write_text(str(people))
        fresh.replace(self.stage.home / "gate")

    def _left(self) -> float:
        return max(0.0, self.deadline - time.monotonic())

    def told(self) -> int:
        """How many people have been told a number; reads on where it stopped."""
        path = self.stage.home / "acknowledged.jsonl"
        if path.exists() and path.stat().st_size > self._read:
            with path.open("rb") as file:
                file.seek(self._read)
                fresh = file.read()
            self._read += len(fresh)
            self._told += fresh.count(b"\n")
        return self._told

    def _is_quiet(self) -> bool:
        """Whether nothing is open any more; asked every second."""
        self.stage.mind(lambda: False, 1)
        try:
            self.open = self.stage.still_open()
            self._leave_papers()
        except OSError:  # the database is just coming up again
            return False
        with (self.stage.home / "open.jsonl").open("a") as file:
            after = round(time.monotonic() - self.began)
            file.write(json.dumps({"after": after, **self.open}, ensure_ascii=False) + "\n")
        return not self.open

    def _leave_papers(self) -> None:
        """A paper that waits for its worker is open with a reason: they are made one after the other."""
        self.papers = 0
        if not self.waits_for_papers:
            self.papers = self.open.get("文书", {}).pop("requested", 0)
            if not self.open.get("文书"):
                self.open.pop("文书", None)

    # --- what came of it ---

    def report(self) -> list[str]:
        home = self.stage.home
        told = drill_count.lines_of(home / "acknowledged.jsonl")
        logs = {agency: drill_count.lines_of(home / f"agency.{agency}.jsonl") for agency in self.stage.ports}
        result = drill_count.count(told, logs, self.submissions)
        problems = result.problems
        self._blows(problems)
        if self.open:
            problems.append(f"还有没有结束的：{json.dumps(self.open, ensure_ascii=False)}")
        if (cases := self.stage.ask("select count(*) from applications_application")[0][0]) != self.submissions:
            problems.append(f"库中办件 {cases} 件")
        again = sum(line["tries"] > 1 for line in told)
        self.say(
            f"提交 {self.submissions} 人，得到编号 {result.acknowledged} 人，其中 {again} 人中途遇到中断、接着办成"
        )
        self.say(
            f"应送部门系统 {result.expected} 条，部门系统收到 {result.received} 条，认出重复 {result.recognised} 次"
        )
        for agency, lines in logs.items():
            self.say(f"  {agency:<14}收到 {sum(line['what'] == 'taken' for line in lines)} 条")
        self.say(f"全部得到答复用时 {self.answered_after:.0f} 秒，全部办结用时 {self.done_after:.0f} 秒，"
                 f"每秒办结 {self.submissions / max(self.done_after, 1):.1f} 件")  # fmt: skip
        (later,) = self.stage.ask("select count(*) from applications_notice where status = 'pending'")[0]
        self.say(f"文书还有 {self.papers} 份排队等文书队列做；消息还有 {later} 条排到以后几分钟再发")
        self.say("结论：一件不丢，一件不重。" if not problems else "结论：不通过。")
        return problems

    def _blows(self, problems: list[str]) -> None:
        """The table: what was killed at which point, and how often each part was started again."""
        struck = Counter(
            (line["point"], line["victim"]) for line in drill_count.lines_of(self.stage.home / "blows.jsonl")
        )
        for point, (part, words) in POINTS.items():
            victims = "、".join(victim for victim in VICTIMS if struck[point, victim])
            self.say(f"  {point:>2} {part:<8}{words}：kill -9 {victims or '没有'}")
        restarts = {name: part.deaths for name, part in self.stage.parts.items()}
        self.say("重新启动：" + "，".join(f"{name} {times} 次" for name, times in restarts.items()))
        if self.missed:
            problems.append(f"这些位置没有人走到：{'、'.join(self.missed)}")
