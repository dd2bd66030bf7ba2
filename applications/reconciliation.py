"""对账: once a day, per office, what we sent against what the other side says it has and has answered.

By count, by digest and by answer. Every difference becomes one ticket with a suggested action; a day without difference
is stored as such. Run twice it adds nothing. The portal's own desks are compared with their tasks.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from functools import partial
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone

from agencies.enums import GatewayKind
from agencies.gateways.http import HttpGateway
from agencies.models import Office
from agencies.routing import lines_of
from applications import delivery, rounds, tickets
from applications.enums import TERMINAL, DispatchStatus, TaskStatus
from applications.models import Dispatch, Holder, Reconciliation, Ticket
from applications.querysets import on_days

NO_LIST = "对方没有给出清单"
_ACTIONS = {
    "missing": ("我方记为已送达，对方没有这一件", "请重新推送；对方按推送标识判重，不会重复"),
    "unsent_but_there": ("对方已有这一件，我方还没有记为送达", "请核对对方回执号，登记为已送达"),
    "digest": ("双方内容不一致", "请以本平台内容为准，重新推送"),
    "extra": ("对方有一件本平台没有的", "请对方核对来源"),
    "answer_lost": ("对方已办结，我方没有收到结果", "请对方重发结果；重复的结果不会登记两次"),
    "answer_unknown": ("我方已有结果，对方还记为在办", "请对方核对办理状态"),
}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
# The last word in a system's own state of a task that decides it.
_DECIDED = {"approved", "refused", "not_accepted", "delivered"}
_BY_AGENCY = {TaskStatus.COMPLETED, TaskStatus.REFUSED, TaskStatus.NOT_ACCEPTED}


def run(day: date | None = None) -> int:
    """Compares yesterday, or the given day, office by office; returns how many differences were found.

    Days of the week before that were never compared, days with an open difference and days that could not be compared
    are gone through with it: a night without a beat loses nothing, and what was mended closes its ticket by itself (A22).
    """
    day = day or timezone.localdate() - timedelta(days=1)
    busy = Dispatch.objects.filter(on_days("created_at", day, day)).values("task__office")
    joined = [office.pk for office in Office.objects.all().prefetch_related("routes") if lines_of(office)]
    earlier = _days_to_do_again()
    for office_pk, missed in undone(day - timedelta(days=1)):
        earlier[office_pk].add(missed)
    offices = Office.objects.filter(pk__in={*joined, *(row["task__office"] for row in busy), *earlier}).order_by("pk")
    silent: set[int] = set()
    found = 0
    for each in sorted({day}.union(*earlier.values())):
        of_day = offices if each == day else offices.filter(pk__in=[pk for pk, days in earlier.items() if each in days])
        found += rounds.over(of_day, partial(_differences, day=each, silent=silent))
    return found


def _differences(office: Office, *, day: date, silent: set[int]) -> int:
    """A system that does not answer for one day is not asked for its others in the same round: each would wait as long."""
    if office.pk in silent:
        return _not_done(office, day).differences
    row = reconcile(office, day)
    if row.note == NO_LIST:
        silent.add(office.pk)
    return row.differences


def undone(last: date) -> set[tuple[int, date]]:
    """(office, day) of the week that ends with `last`: something was sent, and it was never compared."""
    first = last - timedelta(days=6)
    sent = Dispatch.objects.filter(on_days("created_at", first, last))
    worked = sent.annotate(day=TruncDate("created_at")).values_list("task__office", "day").distinct()
    done = Reconciliation.objects.filter(day__range=(first, last)).values_list("office", "day")
    return set(worked) - set(done)


def _days_to_do_again() -> defaultdict[int, set[date]]:
    """By office the days of the last month that have an open ticket."""
    days: defaultdict[int, set[date]] = defaultdict(set)
    month_ago = timezone.now() - timedelta(days=30)
    rows = Ticket.objects.open().filter(kind="reconciliation", office__isnull=False, opened_at__gt=month_ago)
    for office, fingerprint, sent in rows.values_list("office", "fingerprint", "dispatch__created_at"):
        last = fingerprint.rpartition(":")[2]
        if sent is not None:
            days[office].add(timezone.localdate(sent))
        elif _DAY.fullmatch(last):
            days[office].add(date.fromisoformat(last))
    return days


def reconcile(office: Office, day: date) -> Reconciliation:
    """One office, one day: with every system of its own, or with its desk here."""
    row = _reconcile(office, day)
    if row.note != NO_LIST:
        _close([_not_done_mark(office, day)], "补做了对账")
    return row


def _reconcile(office: Office, day: date) -> Reconciliation:
    lines = _lines(office, day)
    if not lines:
        return _compare_desk(office, day)
    theirs: list[dict[str, Any]] = []
    for line in lines:
        rows = HttpGateway(line).inventory(delivery.keys_of(office), day.isoformat())
        if rows is None:
            return _not_done(office, day)
        theirs += rows
    return compare(office, day, theirs)


def _lines(office: Office, day: date) -> list[str]:
    """The addresses of its systems, those included that it left since they got something on that day."""
    handed = Holder.objects.filter(on_days("dispatches__created_at", day, day), office=office, gateway=GatewayKind.HTTP)
    left = {endpoint for endpoint in handed.values_list("endpoint", flat=True) if endpoint}
    return sorted({*lines_of(office), *left})


def _not_done(office: Office, day: date) -> Reconciliation:
    tickets.open_ticket(
        _not_done_mark(office, day),
        kind="reconciliation",
        title=f"{day} 的对账没有做成：对方没有给出清单",
        suggestion="请联系对方，恢复后补做对账",
        office=office,
    )
    return _store(office, day, note=NO_LIST)


def _not_done_mark(office: Office, day: date) -> str:
    return f"reconciliation:{office.pk}:{day}"


def _of(office: Office) -> QuerySet[Any]:
    """What went to the office, or is to go; a task that it handed on since is still one that it was sent."""
    its_own = Q(holder__office=office) | Q(holder=None, task__office=office)
    rows = Dispatch.objects.of_tasks().filter(its_own).exclude(status=DispatchStatus.CANCELLED)
    return rows.with_way().select_related("task", "holder")


def compare(office: Office, day: date, theirs: list[dict[str, Any]]) -> Reconciliation:
    """The difference of two sets, both ways, and of digests and answers of what both have."""
    # What was delivered is where it was delivered; what is not yet, where it will be.
    delivered = Q(status=DispatchStatus.DELIVERED)
    ours = _of(office).filter(delivered & Q(holder__gateway=GatewayKind.HTTP) | ~delivered & Q(way=GatewayKind.HTTP))
    of_day = {str(row.key): row for row in ours.filter(on_days("created_at", day, day))}
    there = {str(row.get("dispatch")): row for row in theirs if isinstance(row, dict)}
    known = {str(row.key): row for row in _of(office).filter(key__in=[key for key in there if _is_key(key)])}
    found = []
    for key, row in of_day.items():
        if row.status == DispatchStatus.DELIVERED and key not in there:
            found.append(_differ("missing", office, key, row))
        elif row.status != DispatchStatus.DELIVERED and key in there:
            found.append(_differ("unsent_but_there", office, key, row))
    for key, said in there.items():
        if key not in known:
            found.append(_differ("extra", office, key, None))
        elif kind := _difference_of(known[key], said):
            found.append(_differ(kind, office, key, known[key]))
    _close_mended(office, {*of_day, *there}, found)
    return _store(
        office, day, differences=len(found), received=sum(key in there for key in of_day), **_counts(of_day.values())
    )


def _difference_of(row: Dispatch, said: dict[str, Any]) -> str:
    if said.get("digest") != row.digest:
        return "digest"
    state = str(said.get("state") or "")
    is_last = not row.task.dispatches.of_tasks().filter(version__gt=row.version).exists()
    if not state or not is_last:
        return ""
    if state in _DECIDED and row.task.status not in TERMINAL:
        return "answer_lost"
    return "answer_unknown" if state not in _DECIDED and row.task.status in _BY_AGENCY else ""


def _compare_desk(office: Office, day: date) -> Reconciliation:
    """The portal's own desk, or one that is brought its cases: what was delivered is there as a received task."""
    rows = list(_of(office).filter(on_days("created_at", day, day)))
    lost = [row for row in rows if row.status == DispatchStatus.DELIVERED and row.task.received_at is None]
    found = [_differ("missing", office, str(row.key), row) for row in lost]
    _close_mended(office, {str(row.key) for row in rows}, found)
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


def _mark(kind: str, office: Office, key: str) -> str:
    return f"reconciliation:{kind}:{office.pk}:{key[:36]}"


def _close_mended(office: Office, compared: set[str], found: list[str]) -> None:
    """What was compared and agrees now needs nobody any more."""
    marks = {_mark(kind, office, key) for kind in _ACTIONS for key in compared}
    _close(marks.difference(found), "再次对账时已经一致")


def _close(marks: Iterable[str], note: str) -> None:
    for ticket in Ticket.objects.open().filter(kind="reconciliation", fingerprint__in=list(marks)):
        tickets.close(ticket, note=note)


def _differ(kind: str, office: Office, key: str, row: Dispatch | None) -> str:
    """The mark of the difference, which has its ticket."""
    title, suggestion = _ACTIONS[kind]
    mark = _mark(kind, office, key)
    tickets.open_ticket(
        mark,
        kind="reconciliation",
        title=title,
        suggestion=suggestion,
        office=office,
        task=row.task if row else None,
        dispatch=row,
    )
    return mark


def _store(office: Office, day: date, *, differences: int = 0, note: str = "", **counts: Any) -> Reconciliation:
    defaults: dict[str, Any] = {"sent": 0, "received": 0, "answered": 0, **counts}
    defaults |= {"differences": differences, "run_at": timezone.now()}
    defaults["note"] = note or ("" if differences else "无差异")
    row, _ = Reconciliation.objects.update_or_create(office=office, day=day, defaults=defaults)
    return row
