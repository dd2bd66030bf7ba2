from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from agencies.calendars import CalendarError, read_calendar


class Command(BaseCommand):
    help = "导入工作日历（国务院办公厅节假日安排）。可以重复运行。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("paths", nargs="*", type=Path, help="文件或文件夹；不写时用 fixtures/calendar")

    def handle(self, *args: Any, **options: Any) -> None:
        paths = options["paths"] or [Path(settings.BASE_DIR) / "fixtures" / "calendar"]
        files = [file for path in paths for file in (sorted(path.glob("*.yaml")) if path.is_dir() else [path])]
        try:
            with transaction.atomic():
                for file in files:
                    year = read_calendar(file)
                    year.save()
                    self.stdout.write(f"{year.year}年：放假{len(year.days_off)}天，调休上班{len(year.make_up_days)}天")
        except (CalendarError, OSError, KeyError) as error:
            raise CommandError(str(error)) from error
