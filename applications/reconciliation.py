"""对账: once a day, per office, what we sent against what the other side says it has and has answered.

By count, by digest and by answer. Every difference becomes one ticket with a suggested action; a day without difference
is stored as such. Run twice it adds nothing. The portal's own desks are compared with their tasks.
"""

import logging
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from agencies.enums import GatewayKind
from agencies.gateways.http import HttpGateway
from agencies.models import Office
from agencies.routing import lines_of
from applications import delivery, tickets
from applications.enums import TERMINAL, DispatchStatus, TaskStatus
from applications.models import Dispatch, Reconciliation

logger = logging.getLogger(__name__)

_ACTIONS = {
    "missing": ("我方记为已送达，对方没有这一件", "请重新推送；对方按推送标识判重，不会重复"),
    "unsent_but_there": ("对方已有这一件，我方还没有记为送达", "请核对对方回执号，登记为已送达"),
    "digest": ("双方内容不一致", "请以本平台内容为准，重新推送"),
    "extra": ("对方有一件本平台没有的", "请对方核对来源"),
    "answer_lost": ("对方已办结，我方没有收到结果", "请对方重发结果；重复的结果不会登记两次"),
    "answer_unknown": ("我方已有结果，对方还记为在办", "请对方核对办理状态"),
}
# The last word in a system's own state of a task that decides it.
_DECIDED = {"approved", "refused", "not_accepted", "delivered"}
_BY_AGENCY = {TaskStatus.COMPLETED, TaskStatus.REFUSED, TaskStatus.NOT_ACCEPTED}


def run(day: date | None = None) -> int:
    """Compares yesterday, or the given day, office by office; returns how many differences were found."""
    day = day or timezone.localdate() - timedelta(days=1)
    begin, end = _bounds(day)
    busy = Dispatch.objects.filter(created_at__gte=begin, created_at__lt=end).values("task__office")
    joined = [office.pk for office in Office.objects.all().prefetch_related("routes") if lines_of(office)]
    found = 0
    for office in Office.objects.filter(pk__in=[*joined, *(row["task__office"] for row in busy)]).order_by("pk"):
        try:
            found += reconcile(office, day).differences
        except Exception:  # one office does not keep the others from being compared
            logger.exception("reconciliation with office %s failed", office.pk)
    return found


def reconcile(office: Office, day: date) -> Reconciliation:
    """One office, one day: with every system of its own, or with its desk here."""
    lines = lines_of(office)
    if not lines:
        return _compare_desk(office, day)
    theirs: list[dict[str, Any]] = []
    for line in lines:
        rows = HttpGateway(line).inventory(delivery.keys_of(office), day.isoformat())
        if rows is None:
            return _not_done(office, day)
        theirs += rows
    return compare(office, day, theirs)


def _not_done(office: Office, day: date) -> Reconciliation:
    tickets.open_ticket(
        f"reconciliation:{office.pk}:{day}",
        kind="reconciliation",
        title=f"{day} 的对账没有做成：对方没有给出清单",
        suggestion="请联系对方，恢复后补做对账",
        office=office,
    )
    return _store(office, day, note="对方没有给出清单")


def _bounds(day: date) -> tuple[datetime, datetime]:
    begin = timezone.make_aware(datetime.combine(day, time.min))
    return begin, begin + timedelta(days=1)


def _of(office: Office) -> QuerySet[Any]:
    rows = Dispatch.objects.of_tasks().filter(task__office=office).exclude(status=DispatchStatus.CANCELLED)
    return rows.with_way().select_related("task")


def compare(office: Office, day: date, theirs: list[dict[str, Any]]) -> Reconciliation:
    """The difference of two sets, both ways, and of digests and answers of what both have."""
    begin, end = _bounds(day)
    ours = _of(office).filter(way=GatewayKind.HTTP)
    of_day = {str(row.key): row for row in ours.filter(created_at__gte=begin, created_at__lt=end)}
    there = {str(row.get("dispatch")): row for row in theirs if isinstance(row, dict)}
    known = {str(row.key): row for row in _of(office).filter(key__in=[key for key in there if _is_key(key)])}
    differences = 0
    for key, row in of_day.items():
        if row.status == DispatchStatus.DELIVERED and key not in there:
            differences += _differ("missing", office, key, row)
        elif row.status != DispatchStatus.DELIVERED and key in there:
            differences += _differ("unsent_but_there", office, key, row)
    for key, said in there.items():
        if key not in known:
            differences += _differ("extra", office, key, None)
        elif kind := _difference_of(known[key], said):
            differences += _differ(kind, office, key, known[key])
    return _store(
        office, day, differences=differences, received=sum(key in there for key in of_day), **_counts(of_day.values())
    )


def _difference_of(row: Dispatch, said: dict[str, Any]) -> str:
    if said.get("digest") != row.digest:
        return "digest"
    state = str(said.get("state") or "")
    is_last = row.version == row.task.dispatches.of_tasks().count()
    if not state or not is_last:
        return ""
    if state in _DECIDED and row.task.status not in TERMINAL:
        return "answer_lost"
    return "answer_unknown" if state not in _DECIDED and row.task.status in _BY_AGENCY else ""


def _compare_desk(office: Office, day: date) -> Reconciliation:
    """The portal's own desk, or one that is brought its cases: what was delivered is there as a received task."""
    begin, end = _bounds(day)
    rows = list(_of(office).filter(created_at__gte=begin, created_at__lt=end))
    lost = [row for row in rows if row.status == DispatchStatus.DELIVERED and row.task.received_at is None]
    for row in lost:
        _differ("missing", office, str(row.key), row)
    counts = _counts(rows)
    return _store(office, day, differences=len(lost), received=counts["sent"] - len(lost), **counts)


def _counts(rows: Iterable[Dispatch]) -> dict[str, Any]:
    rows = list(rows)
    return {
        "sent": sum(row.status == DispatchStatus.DELIVERED for row in rows),
        "answered": sum(row.task.status in TERMINAL for row in rows),
    }


def _is_key(text: str) -> bool:
    return len(text) == 36 and text.count("-") == 4 and all(letter in "0123456789abcdef-" for letter in text)


def _differ(kind: str, office: Office, key: str, row: Dispatch | None) -> int:
    title, suggestion = _ACTIONS[kind]
    tickets.open_ticket(
        f"reconciliation:{kind}:{office.pk}:{key[:36]}",
        kind="reconciliation",
        title=title,
        suggestion=suggestion,
        office=office,
        task=row.task if row else None,
        dispatch=row,
    )
    return 1


def _store(office: Office, day: date, *, differences: int = 0, note: str = "", **counts: Any) -> Reconciliation:
    defaults: dict[str, Any] = {"sent": 0, "received": 0, "answered": 0, **counts}
    defaults |= {"differences": differences, "run_at": timezone.now()}
    defaults["note"] = note or ("" if differences else "无差异")
    row, _ = Reconciliation.objects.update_or_create(office=office, day=day, defaults=defaults)
    return row
