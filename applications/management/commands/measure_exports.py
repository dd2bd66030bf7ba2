"""`manage.py measure_exports`: time and memory of an export per row, at two sizes; nothing that it makes is kept."""

import tempfile
import time
import tracemalloc
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from agencies.enums import Role
from agencies.models import Item, Office, Posting
from applications import exports
from applications.enums import DispatchStatus, ExportKind, TaskStatus
from applications.models import Application, Dispatch, Export, ItemTask
from portal.accounts.models import User

BATCH = 5000


class Command(BaseCommand):
    help = "量一次导出：每行用时和内存，看行数多十倍时是否还是一样。只在演示环境，做完全部撤销。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("rows", type=int, nargs="*", default=[10_000, 100_000])

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.IS_DEMO:
            raise CommandError("这里不是演示环境，没有量。")
        self.stdout.write("清单　格式　行数　秒　每行微秒　内存峰值 MB　文件 MB")
        with transaction.atomic():
            made, posting = 0, _posting()
            for rows in sorted(options["rows"]):
                add_rows(rows - made)
                made = rows
                for kind in (ExportKind.DISPATCHES, ExportKind.TASKS):
                    for form in exports.FORMATS:
                        self.stdout.write(_measure(kind, form, posting))
            transaction.set_rollback(True)


def _posting() -> Posting:
    """Of somebody who sees everything."""
    user = User.objects.create(username=f"measure-{time.time_ns()}", is_active=False)
    return Posting(user=user, role=Role.ADMINISTRATOR)


def add_rows(rows: int) -> None:
    """So many cases with one task and one dispatch each, all with the same office."""
    item = Item.objects.filter(scheme__published_at__isnull=False).select_related("scheme__region").order_by("pk")[0]
    office, user, now = Office.objects.filter(is_active=True)[0], User.objects.order_by("pk")[0], timezone.now()
    stamp = time.time_ns()
    for first in range(0, rows, BATCH):
        numbers = range(first, min(first + BATCH, rows))
        cases = Application.objects.bulk_create(
            Application(
                number=f"M{stamp}-{number}", entered_by=user, channel="online", region=item.scheme.region,
                scheme=item.scheme, subject_name="量", subject_id_no="", submitted_at=now,
            )
            for number in numbers
        )  # fmt: skip
        tasks = ItemTask.objects.bulk_create(
            ItemTask(
                application=case, item=item, office=office, status=TaskStatus.QUEUED, live_key=f"{case.number}",
                next_on=timezone.localdate(now), received_at=now,
            )
            for case in cases
        )  # fmt: skip
        Dispatch.objects.bulk_create(
            Dispatch(
                task=task, version=1, payload={"fields": [{"value": "量" * 40}] * 30}, digest="0" * 64,
                status=DispatchStatus.DELIVERED, created_at=now, delivered_at=now,
            )
            for task in tasks
        )  # fmt: skip


def _measure(kind: ExportKind, form: str, posting: Posting) -> str:
    row = Export(kind=kind, options={"format": form, "days": 30}, asked_by=posting.user, posting=posting)
    with tempfile.TemporaryFile() as file:
        begun = time.monotonic()
        rows = exports.write(row, file)
        seconds = time.monotonic() - begun
        size = file.tell()
    tracemalloc.start()
    with tempfile.TemporaryFile() as file:
        exports.write(row, file)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    cells = (kind.label, form, rows, f"{seconds:.1f}", f"{seconds / max(rows, 1) * 1e6:.0f}")
    return "　".join(map(str, (*cells, f"{peak / 2**20:.1f}", f"{size / 2**20:.1f}")))
