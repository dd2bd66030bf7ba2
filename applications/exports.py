"""导出: operators' lists and figures as files, and the packages for offices that are not joined to the network.

`ask` is the page's side. `make` is the worker's, on a queue of its own, so that a long list keeps nobody waiting (A17). A
file holds only what who asked may see, no name and no ID number, and is thrown away after some days.
"""

import csv
import hashlib
import io
import logging
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from typing import IO

import xlsxwriter
from django.conf import settings
from django.core.files import File
from django.db import transaction
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce, NullIf
from django.utils import timezone

from agencies.deadlines import calendar_now
from agencies.models import Office, Posting
from applications import batches, fanout, figures
from applications.enums import (
    AT_OFFICE,
    DispatchKind,
    DispatchStatus,
    DocumentStatus,
    ExportKind,
    Outcome,
    TaskStatus,
)
from applications.errors import Refused
from applications.models import Application, Dispatch, Export, ItemTask
from portal.accounts.models import User

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
RETRY = timedelta(minutes=1)
FORMATS = {"csv": "CSV", "xlsx": "Excel"}
_PERIODS = (30, 90, 365)
# Rows fetched at a time; the database holds the rest.
CHUNK = 2000

Cells = list[str | int]


def ask(
    kind: ExportKind, *, user: User, posting: Posting, format: str = "csv", days: int = 30, office: Office | None = None
) -> Export:
    """Asks for a file; a worker makes it. Raises Refused for what cannot be exported."""
    if kind == ExportKind.BATCH:
        if office is None:
            raise Refused("请选择要导出的机构")
    elif format not in FORMATS:
        raise Refused("请选择文件格式")
    options = {"format": format, "days": days if days in _PERIODS else 30}
    with transaction.atomic():
        made = Export.objects.create(kind=kind, asked_by=user, posting=posting, office=office, options=options)
        fanout.wake_relay()
    return made


def make(export_id: int) -> Export:
    """Makes the file if it is not there yet. Safe to run twice: the row is locked meanwhile.

    A failure is noted and tried again; what a rule forbids, and the third failure, are told to who asked.
    """
    try:
        _count(export_id)
        with transaction.atomic():
            row = (
                Export.objects.select_for_update(of=("self",))
                .select_related("office__region", "posting")
                .get(pk=export_id)
            )
            if row.status == DocumentStatus.REQUESTED:
                _make(row)
            return row
    except Refused as refused:
        return _note(export_id, str(refused), is_last=True)
    except Exception as error:  # the worker goes on; the row says what happened
        logger.exception("export %s could not be made", export_id)
        return _note(export_id, type(error).__name__, is_last=False)


def _count(export_id: int) -> None:
    """A try counts before it is made: an export that kills its worker is given up as one that fails."""
    asked = Export.objects.filter(pk=export_id, status=DocumentStatus.REQUESTED)
    if not asked.filter(attempts__gte=MAX_ATTEMPTS).update(status=DocumentStatus.FAILED, error="制作时中断"):
        asked.update(attempts=F("attempts") + 1, next_attempt_at=timezone.now() + RETRY)


def _make(row: Export) -> None:
    with tempfile.TemporaryFile() as file:
        if row.kind == ExportKind.BATCH and row.office is not None:
            package = batches.gather(row.office)
            batches.package(package, file)
            batches.hand_over(package)
            row.rows, row.name = len(package.lines), f"{package.name}.zip"
        else:
            stamp = timezone.localtime(row.requested_at).strftime("%Y%m%d-%H%M")
            row.name = f"{row.get_kind_display()}-{stamp}.{row.options['format']}"
            row.rows = write(row, file)
        file.seek(0)
        row.sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        place = f"exports/{timezone.localdate():%Y/%m}/{row.pk}-{row.sha256[:12]}"
        storage = row.file.storage
        storage.delete(place)  # left behind by a worker that died before its row was committed
        row.file.name = storage.save(place, File(file))
    row.status, row.made_at, row.error = DocumentStatus.READY, timezone.now(), ""
    row.save()


def write(row: Export, file: IO[bytes]) -> int:
    """Writes row by row, so that a hundred thousand rows need no more memory than ten thousand (`manage.py
    measure_exports`); returns how many there were."""
    cases = Application.objects.for_posting(row.posting)
    lines = {
        ExportKind.DISPATCHES: _dispatches,
        ExportKind.TASKS: _tasks,
    }.get(ExportKind(row.kind))
    cells = lines(row.posting) if lines else _figures(cases, int(row.options["days"]))
    return _xlsx(cells, file) if row.options["format"] == "xlsx" else _csv(cells, file)


def harmless(cell: str | int) -> str | int:
    """A text that a spreadsheet program would run as a formula gets an apostrophe before it."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def _csv(rows: Iterator[Cells], file: IO[bytes]) -> int:
    """UTF-8 with a mark, so that office programs read the Chinese; returns the rows below the names of the columns."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(next(rows))
    count = 0
    for cells in rows:
        writer.writerow([harmless(cell) for cell in cells])
        count += 1
    text.detach()
    return count


def _xlsx(rows: Iterator[Cells], file: IO[bytes]) -> int:
    """Every text stays a text, a number of a case as well as what looks like a formula; returns as `_csv` does."""
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, next(rows))
        count = 0
        for count, cells in enumerate(rows, start=1):
            sheet.write_row(count, 0, cells)
    return count


def _dispatches(posting: Posting) -> Iterator[Cells]:
    yield [
        "办件编号",
        "事项",
        "部门",
        "机构",
        "种类",
        "第几次",
        "状态",
        "试过",
        "上次结果",
        "产生时间",
        "送达时间",
        "对方回执号",
    ]
    kinds, statuses, outcomes = (dict(choices.choices) for choices in (DispatchKind, DispatchStatus, Outcome))
    is_word = ~Q(kind=DispatchKind.TASK) & Q(holder__isnull=False)
    goes_to = Case(When(is_word, then="holder__office__name"), default="task__office__name")
    rows = Dispatch.objects.for_posting(posting).annotate(goes_to=goes_to).order_by("pk")
    columns = (
        "task__application__number", "task__item__name", "task__office__agency__name", "goes_to", "kind", "version",
        "status", "attempts", "last_outcome", "created_at", "delivered_at", "receipt_number",
    )  # fmt: skip
    for number, item, agency, office, kind, version, status, tries, last, made, arrived, receipt in rows.values_list(
        *columns
    ).iterator(CHUNK):
        yield [
            number, item, agency, office, str(kinds[kind]), version, str(statuses[status]), tries,
            str(outcomes.get(last, "")), _moment(made), _moment(arrived), receipt,
        ]  # fmt: skip


def _tasks(posting: Posting) -> Iterator[Cells]:
    yield ["办件编号", "事项", "部门", "机构", "状态", "送达时间", "受理日期", "应处理日", "到期日", "承办人"]
    cases, statuses = Application.objects.for_posting(posting), dict(TaskStatus.choices)
    rows = ItemTask.objects.filter(application__in=cases.values("pk"), status__in=AT_OFFICE).order_by("next_on", "pk")
    handler = Coalesce(NullIf("handler__legal_name", Value("")), "handler__username", Value(""))
    columns = (
        "application__number", "item__name", "office__agency__name", "office__name", "status", "received_at",
        "accepted_on", "next_on", "due_on", "who",
    )  # fmt: skip
    for number, item, agency, office, status, received, accepted, next_on, due, who in (
        rows.annotate(who=handler).values_list(*columns).iterator(CHUNK)
    ):
        yield [
            number, item, agency, office, str(statuses[status]), _moment(received), _day(accepted), _day(next_on),
            _day(due), who,
        ]  # fmt: skip


def _figures(cases: figures.Cases, days: int) -> Iterator[Cells]:
    today = timezone.localdate()
    period = figures.Period.last(days, today)
    yield [
        "地方",
        "代码",
        f"收件（{period.start} 至 {period.end}）",
        "全部办结",
        "办理用时中位数（工作日）",
        "需要补正",
        "现在超期",
    ]
    for line in figures.places(cases, period, calendar_now(), today):
        median = "" if line.median is None else line.median
        yield [line.name, line.code, line.received, line.closed, median, line.corrected, line.overdue]


def _moment(at: object) -> str:
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M") if at else ""  # type: ignore[arg-type]


def _day(day: object) -> str:
    return str(day or "")


def _note(export_id: int, error: str, *, is_last: bool) -> Export:
    with transaction.atomic():
        row = Export.objects.select_for_update(of=("self",)).get(pk=export_id)
        row.error, row.published_at, row.next_attempt_at = error[:300], None, timezone.now() + RETRY
        if is_last or row.attempts >= MAX_ATTEMPTS:
            row.status = DocumentStatus.FAILED
        row.save()
    return row


def throw_away() -> int:
    """Files older than some days go; that and when they were made stays. Returns how many went."""
    return Export.objects.filter(made_at__lt=timezone.now() - timedelta(days=settings.EXPORT_DAYS)).drop_files()
