"""Many cases out of the demo's few: every row of a case is copied inside the database, with keys of its own.

The demo has a case in every state, made through the services; the copies have the same spread of states, offices and days.
Open cases are multiplied as often as the last argument says, the rest of the growth is closed ones, months back.
"""

from typing import Any

from django.core.management.color import no_style
from django.db import connection, models
from django.db.models import Model

from applications import models as rows
from portal.accounts.models import User
from portal.security.crypto import Software
from portal.security.fields import BlindIndexField

# No id of the demo reaches this, so id + copy * STRIDE is free.
STRIDE = 100_000
SPREAD_DAYS = 700

# In the order of their foreign keys. Files and drafts are not copied: no page lists them by the thousand.
TABLES: tuple[type[Model], ...] = (
    User, rows.Application, rows.ItemTask, rows.StatusLog, rows.FactConfirmation, rows.Dispatch, rows.DispatchAttempt,
    rows.Result, rows.Correction, rows.CorrectionLine, rows.Visit, rows.PreReview, rows.Question, rows.Document, rows.Notice,
)  # fmt: skip
LARGE = 20_000  # rows from which on a table must not be read from end to end

_CASES = {
    User: "id IN (SELECT applicant_id FROM applications_application a WHERE {which})",
    rows.Application: "id IN (SELECT a.id FROM applications_application a WHERE {which})",
    rows.CorrectionLine: "correction_id IN (SELECT c.id FROM applications_correction c"
    " JOIN applications_itemtask t ON t.id = c.task_id JOIN applications_application a ON a.id = t.application_id"
    " WHERE {which})",
    rows.DispatchAttempt: "dispatch_id IN (SELECT d.id FROM applications_dispatch d"
    " JOIN applications_itemtask t ON t.id = d.task_id JOIN applications_application a ON a.id = t.application_id"
    " WHERE {which})",
}
_OF_CASE = "application_id IN (SELECT a.id FROM applications_application a WHERE {which})"
_OF_TASK = (
    "task_id IN (SELECT t.id FROM applications_itemtask t"
    " JOIN applications_application a ON a.id = t.application_id WHERE {which})"
)


class Unbound(Software):
    """Values that open in a copy of their row as well: the copies are made inside the database, which has no key."""

    def seal(self, plain: bytes, context: str) -> tuple[str, bytes]:
        return super().seal(plain, "")

    def open(self, kid: str, data: bytes, context: str) -> bytes:
        return super().open(kid, data, "")


def grow(cases: int, *, first_copy: int, open_copies: int) -> int:
    """Copies until there are about so many cases; returns the number of the next free copy."""
    own = f"a.id < {STRIDE}"
    closed = rows.Application.objects.filter(pk__lt=STRIDE, closed_at__isnull=False).count()
    every = rows.Application.objects.filter(pk__lt=STRIDE).count()
    last_open = first_copy + open_copies
    last = last_open + max(0, (cases - every - open_copies * every) // closed)
    with connection.cursor() as cursor:
        for model in TABLES:
            _copy(cursor, model, first_copy, last_open, own, days=0)
            _copy(cursor, model, last_open, last, f"{own} AND a.closed_at IS NOT NULL", days=SPREAD_DAYS)
        for statement in connection.ops.sequence_reset_sql(no_style(), list(TABLES)):
            cursor.execute(statement)
        cursor.execute("VACUUM ANALYZE")
    return last


def _copy(cursor: Any, model: type[Model], first: int, end: int, which: str, *, days: int) -> None:
    if end <= first:
        return
    table, fields = model._meta.db_table, model._meta.local_concrete_fields
    names = ", ".join(f'"{field.column}"' for field in fields)
    values = ", ".join(_value(field, days) for field in fields)
    chosen = _CASES.get(model) or (_OF_CASE if _has(model, "application") else _OF_TASK)
    cursor.execute(
        f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} x, generate_series({first}, {end - 1}) k"  # noqa: S608
        f" WHERE x.{model._meta.pk.column} < {STRIDE} AND x.{chosen.format(which=which)}"
    )


def _has(model: type[Model], name: str) -> bool:
    return any(field.name == name for field in model._meta.local_concrete_fields)


def _value(field: Any, days: int) -> str:
    """The copy's value of a column, as SQL over the row `x` and the number of the copy `k`."""
    column = f'x."{field.column}"'
    if isinstance(field, models.ForeignKey):
        return _key(field, column)
    if field.primary_key:
        return f"{column} + k * {STRIDE}"
    if isinstance(field, models.UUIDField):
        return "gen_random_uuid()"
    if isinstance(field, BlindIndexField) or field.name == "live_key":
        return f"CASE WHEN {column} = '' THEN '' ELSE md5({column} || k) END"
    if field.unique:
        return f"{column} || '-' || k"
    if days and isinstance(field, models.DateField):  # a moment is a DateField, too
        return f"{column} - (k % {days}) * interval '1 day'"
    return column


def _key(field: Any, column: str) -> str:
    """Staff are the same people in every copy; whose case it is is not."""
    if field.related_model is User:
        copied = f"{column} IN (SELECT applicant_id FROM applications_application)"  # noqa: S608
        return f"CASE WHEN {copied} THEN {column} + k * {STRIDE} ELSE {column} END"
    if field.related_model in TABLES:
        return f"{column} + k * {STRIDE}"
    return "NULL" if field.name in ("draft", "material") else column
