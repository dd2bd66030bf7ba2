from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from agencies.calendars import CalendarError, read_calendar
from applications import clock, recounting
from applications.recounting import Preview


class Command(BaseCommand):
    help = "导入工作日历（国务院办公厅节假日安排，或一个地方自己的放假日），并按新日历重算在办事项。可以重复运行。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("paths", nargs="*", type=Path, help="文件或文件夹；不写时用 fixtures/calendar")
        parser.add_argument("--dry-run", action="store_true", help="只看哪些日子、哪些在办事项会变，不导入")

    def handle(self, *args: Any, **options: Any) -> None:
        paths = options["paths"] or [Path(settings.BASE_DIR) / "fixtures" / "calendar"]
        files = [file for path in paths for file in (sorted(path.glob("*.yaml")) if path.is_dir() else [path])]
        try:
            with transaction.atomic():
                for file in files:
                    self._bring_in(file, is_dry=options["dry_run"])
        except (CalendarError, OSError) as error:
            raise CommandError(str(error)) from error

    def _bring_in(self, file: Path, *, is_dry: bool) -> None:
        year = read_calendar(file)
        seen = recounting.preview(year) if is_dry else recounting.load(year)
        place = f"{year.region} " if year.region_id else ""
        head = f"{place}{year.year}年：放假{len(year.days_off)}天，调休上班{len(year.make_up_days)}天"
        self.stdout.write(head if seen is not None and seen.is_new else f"{head}（和已导入的一样）")
        if seen is not None and seen.is_new:
            self._say(seen, is_dry=is_dry)

    def _say(self, seen: Preview, *, is_dry: bool) -> None:
        for change in seen.days if seen.former else ():
            self.stdout.write(f"  {change.words}")
        for move in seen.moved:
            before, after = (clock.say(day, 0) if day else "没有" for day in (move.before, move.after))
            self.stdout.write(f"  {move.task.application.number} {move.task.spec.title}：{before} → {after}")
        if not is_dry and not seen.is_done_at_once:
            self.stdout.write(f"  在办事项 {len(seen.moves)} 件，由后台在十分钟内重算")
