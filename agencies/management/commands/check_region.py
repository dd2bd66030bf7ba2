from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from agencies.examination import check_files
from agencies.publishing import altered

HOME = Path(settings.BASE_DIR) / "fixtures" / "regions"


class Command(BaseCommand):
    help = "检查地区文件，不改动任何数据。每条意见写明文件、行、位置、问题和改法；有错误时以非零状态结束。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("paths", nargs="*", type=Path, help="文件或文件夹；不写时用 fixtures/regions")
        parser.add_argument("--errors-only", action="store_true", help="只列错误，不列提示")

    def handle(self, *args: Any, **options: Any) -> None:
        paths = options["paths"] or [HOME]
        files = [file for path in paths for file in (sorted(path.glob("*.yaml")) if path.is_dir() else [path])]
        findings = check_files(files, home=HOME)
        shown = [one for one in findings if one.is_error or not options["errors_only"]]
        for finding in shown:
            self.stdout.write(str(finding))
        for scheme in altered():
            self.stdout.write(
                f"［错误］{scheme.region.full_name} {scheme}：已发布的内容被改过，和发布时的摘要不符。请发布新版本。"
            )
        errors = len(altered()) + sum(one.is_error for one in findings)
        self.stdout.write(
            f"检查了 {len(files)} 个文件：错误 {errors} 处，提示 {sum(not one.is_error for one in findings)} 处。"
        )
        if errors:
            raise CommandError("有错误，不能发布。")
