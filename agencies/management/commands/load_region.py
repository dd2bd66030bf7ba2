from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from agencies.divisions import NATION, load_divisions, read_divisions
from agencies.examination import check_files
from agencies.layers import LayerError, read_layer
from agencies.linter.findings import errors_of
from agencies.models import Region
from agencies.publishing import Refused, publish

HOME = Path(settings.BASE_DIR) / "fixtures" / "regions"


class DryRun(Exception):
    """Raised to undo everything at the end of a dry run."""


class Command(BaseCommand):
    help = "导入行政区划和地区实施方案，全部成功或全部不导入。可以重复运行；已发布的版本不会改变。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("paths", nargs="*", type=Path, help="文件或文件夹；不写时用 fixtures/regions")
        parser.add_argument("--dry-run", action="store_true", help="只检查并说明会发生什么，不保存")

    def handle(self, *args: Any, **options: Any) -> None:
        paths = options["paths"] or [HOME]
        try:
            with transaction.atomic():
                self._load(paths)
                if options["dry_run"]:
                    raise DryRun
        except DryRun:
            self.stdout.write("以上是试运行，没有保存。")
        except (LayerError, Refused, ValueError) as error:
            raise CommandError(f"没有导入：{error}") from error

    def _load(self, paths: list[Path]) -> None:
        files = [file for path in paths for file in (sorted(path.glob("*.yaml")) if path.is_dir() else [path])]
        for folder in sorted({path for path in paths if path.is_dir()}):
            if (folder / "divisions.csv").exists():
                new = load_divisions(
                    read_divisions(folder / "divisions.csv", {NATION, *Region.objects.values_list("code", flat=True)})
                )
                self.stdout.write(f"行政区划：新增 {new} 个")
        if errors := errors_of(check_files(files, home=HOME)):
            raise Refused("\n".join(["方案文件有错误，请改正后再导入。", *map(str, errors)]))
        outcome = publish(*[read_layer(file) for file in files])
        for scheme in outcome.published:
            offered = sum(item.is_enabled for item in scheme.items.all())
            self.stdout.write(f"发布：{scheme.region.full_name} {scheme}，启用事项 {offered} 个")
        for code in outcome.superseded:
            self.stdout.write(f"{code}：已经发布过更新的版本，这个文件没有再发布")
        self.stdout.write(f"没有变化的方案 {len(outcome.unchanged)} 个，新增办理机构 {outcome.offices} 个")
