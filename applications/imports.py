"""导入: result files of offices that are not joined to the network, gone through by a worker.

`ask` is the page's side. `carry_on` is the worker's, on a queue of its own and a slice at a time, so that a long file keeps
nobody waiting. The verdict on a row is written in the transaction that applies the row: whatever dies in the middle, the
next worker goes on behind the last verdict and no row is applied twice.
"""

import hashlib
import logging
import time
from datetime import timedelta

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from agencies.gateways.batch import Row
from agencies.models import Office
from applications import batches, fanout, locks
from applications.enums import ImportStatus
from applications.errors import Refused
from applications.models import Import, ImportRow, OperatorDeed
from portal.accounts.models import User

logger = logging.getLogger(__name__)

RESULT_BYTES = 8 * 1024 * 1024
# Starts in a row without a single new verdict; then a person is called.
MAX_ATTEMPTS = 5
RETRY = timedelta(minutes=1)
# One slice; well below the time limit of its Celery task.
SLICE_SECONDS = 120.0
CANNOT = "本平台出错，这一行没有处理。请查明原因后单独登记"


def ask(office: Office, content: bytes, *, user: User, is_dry_run: bool) -> Import:
    """Takes a result file; a worker goes through it. Raises Refused for an empty one and one that is too big."""
    if not content:
        raise Refused("请选择结果文件")
    if len(content) > RESULT_BYTES:
        raise Refused("结果文件太大，请分批导入")
    made = Import(office=office, asked_by=user, is_dry_run=is_dry_run, sha256=hashlib.sha256(content).hexdigest())
    made.file.save(f"{made.sha256[:12]}.jsonl", ContentFile(content), save=False)
    deed = "试运行离线结果" if is_dry_run else "登记离线结果"
    with transaction.atomic():
        made.save()
        OperatorDeed.objects.create(operator=user, deed=deed, note=f"文件 {made.sha256[:12]}", office=office)
        fanout.wake_relay()
    return made


def register(tried: Import, *, user: User) -> Import:
    """The file of a dry run, now in earnest. Raises Refused when its time to be kept is over."""
    if not tried.is_dry_run or tried.status != ImportStatus.DONE:
        raise Refused("只有试运行完的文件可以登记")
    if not tried.file:
        raise Refused("文件已过保存期，请重新上传")
    with tried.file.open("rb") as file:
        return ask(tried.office, file.read(), user=user, is_dry_run=False)


def carry_on(import_id: int) -> Import:
    """Goes on with a file where it was left. Safe to ring for twice: one worker at a time works on it."""
    with locks.alone(f"import:{import_id}") as is_alone:
        current = Import.objects.select_related("office").get(pk=import_id)
        if is_alone and current.status == ImportStatus.WAITING:
            _start(current)
            current.refresh_from_db()
    return current


def _start(current: Import) -> None:
    if current.attempts >= MAX_ATTEMPTS:
        _end(current, ImportStatus.FAILED, current.error or "处理时中断")
        return
    Import.objects.filter(pk=current.pk).update(attempts=F("attempts") + 1)
    try:
        is_whole = _go_through(current, time.monotonic() + SLICE_SECONDS)
    except Refused as refused:
        _end(current, ImportStatus.REFUSED, str(refused))
    except Exception as error:  # the worker goes on; the file says what happened
        logger.exception("import %s was broken off", current.pk)
        Import.objects.filter(pk=current.pk).update(
            error=type(error).__name__, published_at=None, next_attempt_at=timezone.now() + RETRY
        )
    else:
        if is_whole:
            undone = current.verdicts.filter(words=CANNOT).count()
            _end(current, *((ImportStatus.FAILED, f"{undone} 行没有处理") if undone else (ImportStatus.DONE, "")))
        else:
            Import.objects.filter(pk=current.pk).update(published_at=None, next_attempt_at=timezone.now())
            fanout.wake_relay()


def _go_through(current: Import, until: float) -> bool:
    """Rows without a verdict get one, as long as there is time; True when all have."""
    with current.file.open("rb") as file:
        found = batches.open_results(current.office, file.read())
    Import.objects.filter(pk=current.pk).update(name=found.name, rows=len(found.rows))
    done = set(current.verdicts.values_list("row", flat=True))
    left = [row for row in found.rows if row.number not in done]
    steps = batches.by_case(left) if current.is_dry_run else [[row] for row in left]
    for step in steps:
        if time.monotonic() > until:
            return False
        _step(current, found, step)
    return True


def _step(current: Import, found: batches.Results, rows: list[Row]) -> None:
    """At the last of several starts a row that breaks them off gets its verdict too, and those behind it their turn.

    The file counts as failed then, so that a person is called.
    """
    try:
        with transaction.atomic():
            verdicts = batches.tried(found, rows) if current.is_dry_run else [batches.apply(found, row) for row in rows]
            _write(current, verdicts)
    except Exception:
        if current.attempts < MAX_ATTEMPTS - 1:
            raise
        logger.exception("rows %s of import %s cannot be done", [row.number for row in rows], current.pk)
        _write(current, [batches.Verdict(row.number, False, CANNOT) for row in rows])


def _write(current: Import, verdicts: list[batches.Verdict]) -> None:
    with transaction.atomic():
        ImportRow.objects.bulk_create(
            ImportRow(of=current, row=verdict.row, is_good=verdict.is_good, words=verdict.words[:300])
            for verdict in verdicts
        )
        Import.objects.filter(pk=current.pk).update(attempts=0)


def _end(current: Import, status: ImportStatus, error: str) -> None:
    Import.objects.filter(pk=current.pk).update(status=status, error=error[:300], ended_at=timezone.now())


def throw_away() -> int:
    """Files that were gone through some days ago go; the verdicts stay. Returns how many went."""
    return Import.objects.filter(ended_at__lt=timezone.now() - timedelta(days=settings.EXPORT_DAYS)).drop_files()
