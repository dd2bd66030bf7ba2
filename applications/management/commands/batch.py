"""`manage.py batch`: offline exchange with an office: export a signed file and its hand-over list, import results."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agencies.models import Office
from applications import batches
from applications.errors import Refused


class Command(BaseCommand):
    help = "离线交换：导出待办的签名文件和移交清单，导入对方的结果（先试运行）。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("step", choices=["export", "import"])
        parser.add_argument("office", type=int, help="机构编号")
        parser.add_argument("path", type=Path, help="导出到的文件夹，或要导入的文件")
        parser.add_argument("--dry-run", action="store_true", help="只检查每一行会怎样，不登记")

    def handle(self, *args: Any, **options: Any) -> None:
        office = Office.objects.select_related("agency").get(pk=options["office"])
        try:
            if options["step"] == "export":
                self._export(office, options["path"])
            else:
                self._import(office, options["path"], dry_run=options["dry_run"])
        except Refused as refused:
            raise CommandError(str(refused)) from None

    def _export(self, office: Office, folder: Path) -> None:
        made = batches.export(office)
        path = folder / f"{made.name}.zip"
        path.touch(mode=0o600)
        with path.open("wb") as file:
            batches.package(made, file)
        self.stdout.write(f"{path.name}　{office}　共 {len(made.lines)} 件，里面有移交清单")
        for number, line in enumerate(made.lines, 1):
            self.stdout.write(f"{number:>4}  {line.number}  {line.item}  {line.words}  材料 {line.files} 个")

    def _import(self, office: Office, path: Path, *, dry_run: bool) -> None:
        verdicts = batches.bring_back(office, path.read_bytes(), dry_run=dry_run)
        for verdict in verdicts:
            self.stdout.write(f"第 {verdict.row} 行　{'可以' if verdict.is_good else '不行'}　{verdict.words}")
        good = sum(verdict.is_good for verdict in verdicts)
        self.stdout.write(f"{'试运行，没有登记。' if dry_run else ''}{good} 行可以，{len(verdicts) - good} 行不行")
