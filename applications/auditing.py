"""The logs of who did and who looked, and the ratings, are sealed every hour, and compared with their seals.

A trigger keeps the portal itself from changing them; who owns the database can drop a trigger, and this names the row. Each
seal's digest covers the one before, so that none can be exchanged alone; that the newest were not cut off is seen by a
digest noted elsewhere (`manage.py audit` prints it, the morning's list carries it).
"""

import json
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.contrib.admin.models import LogEntry
from django.db import models, transaction
from django.db.models import Max

from applications import locks
from applications.models import AccessLog, AuditSeal, OperatorDeed, Rating, StatusLog
from portal.accounts.models import AccountEvent
from portal.security import crypto
from portal.security.fields import SealedTextField

logger = logging.getLogger(__name__)

LOGS: tuple[type[models.Model], ...] = (StatusLog, AccessLog, OperatorDeed, Rating, AccountEvent, LogEntry)
ROWS = 1000
_ROW, _SEAL = "audit.row", "audit.seal"


@dataclass(frozen=True)
class Breach:
    """What does not agree: `row` is empty when it is the seal itself."""

    seal: int
    log: str
    row: int | None
    words: str

    def __str__(self) -> str:
        where = f"{self.log} 第 {self.row} 行" if self.row is not None else "封条"
        return f"第 {self.seal} 号封条，{where}：{self.words}"


def seal(now: datetime) -> int:
    """Seals what was there an hour ago already; returns how many rows. One process at a time."""
    with locks.alone("audit.seal") as is_alone:
        return sum(_seal_if_possible(model, now) for model in LOGS) if is_alone else 0


def _seal_if_possible(model: type[models.Model], now: datetime) -> int:
    try:
        return _seal_log(model, now)
    except Exception:  # the other logs are sealed
        logger.exception("log %s could not be sealed", _name(model))
        return 0


def _seal_log(model: type[models.Model], now: datetime) -> int:
    previous = AuditSeal.objects.filter(log=_name(model)).last()
    newest = model._default_manager.aggregate(newest=Max("pk"))["newest"] or 0
    begin, end = (previous.last, previous.noted) if previous else (0, 0)
    if previous is not None and begin == end == newest:
        return 0
    count, columns = 0, _columns(model)
    while True:
        rows = digests(model, columns, begin, end, at_most=ROWS)
        begin = max(rows) if len(rows) == ROWS else end
        _put(model, columns, rows, begin, newest, now)
        count += len(rows)
        if begin == end:
            return count


def _columns(model: type[models.Model]) -> list[str]:
    """All but what lies sealed: that is encrypted anew with each new key, and who has none cannot write it."""
    fields = model._meta.local_concrete_fields
    return [field.attname for field in fields if not isinstance(field, SealedTextField)]


def _put(
    model: type[models.Model], columns: list[str], rows: dict[int, str], last: int, noted: int, now: datetime
) -> None:
    with transaction.atomic():
        made = AuditSeal(log=_name(model), columns=columns, last=last, noted=noted, made_at=now)
        made.rows = {str(pk): digest for pk, digest in rows.items()}
        made.digest = _digest(made, _digest_before(AuditSeal.objects.all()))
        made.save(force_insert=True)


def _name(model: type[models.Model]) -> str:
    return model._meta.model_name or ""


def _digest_before(seals: models.QuerySet[AuditSeal]) -> str:
    return seals.order_by("-pk").values_list("digest", flat=True).first() or ""


def _digest(made: AuditSeal, before: str) -> str:
    facts = [before, made.log, made.columns, made.rows, made.last, made.noted, _plain(made.made_at)]
    return crypto.provider().index(json.dumps(facts, sort_keys=True), _SEAL)


def digests(
    model: type[models.Model], columns: list[str], after: int, last: int, *, at_most: int | None = None
) -> dict[int, str]:
    """The keyed digest of each row, by its key; of rows after one key, up to another."""
    rows = model._default_manager.filter(pk__gt=after, pk__lte=last).order_by("pk").values_list("pk", *columns)
    return {
        pk: crypto.provider().index(json.dumps([_plain(value) for value in values], sort_keys=True), _ROW)[:32]
        for pk, *values in rows[:at_most]
    }


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value if isinstance(value, (str, int, bool, list, dict, type(None))) else str(value)


def compare(seals: Iterable[AuditSeal] | None = None) -> Iterator[Breach]:
    """Goes through the seals in their order, all of them unless some are given, and names what does not agree."""
    models_by_name = {_name(model): model for model in LOGS}
    for made in AuditSeal.objects.order_by("pk").iterator(chunk_size=50) if seals is None else seals:
        earlier = AuditSeal.objects.filter(pk__lt=made.pk)
        if made.digest != _digest(made, _digest_before(earlier)):
            yield Breach(made.pk, made.log, None, "被改动，或前一号不见了")
            continue
        begin = earlier.filter(log=made.log).order_by("-pk").values_list("last", flat=True).first() or 0
        found = digests(models_by_name[made.log], made.columns, begin, made.last)
        sealed = {int(pk): digest for pk, digest in made.rows.items()}
        for pk in sorted(sealed.keys() | found.keys()):
            if sealed.get(pk) != found.get(pk):
                words = "后来塞进来的" if pk not in sealed else "被删掉了" if pk not in found else "被改动了"
                yield Breach(made.pk, made.log, pk, words)


def recent(count: int, *, besides: Iterable[int] = ()) -> list[AuditSeal]:
    """The newest seals, and those with the numbers in `besides`."""
    newest = AuditSeal.objects.order_by("-pk").values("pk")[:count]
    return list(AuditSeal.objects.filter(models.Q(pk__in=newest) | models.Q(pk__in=besides)).order_by("pk"))


def newest_mark() -> str:
    """Number and digest of the newest seal, to be noted outside the database; empty before the first."""
    made = AuditSeal.objects.last()
    return f"{made.pk}:{made.digest}" if made else ""


def holds(mark: str) -> bool:
    """Whether a seal noted elsewhere is still there as it was."""
    number, _, digest = mark.partition(":")
    return number.isdigit() and AuditSeal.objects.filter(pk=int(number), digest=digest).exists()
