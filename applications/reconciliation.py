"""对账: once a day, per joined office, what we sent against what the other side says it has, by count and by digest.

Every difference becomes one ticket with a suggested action; a day without difference is stored as such. Run twice it
adds nothing.
"""

import logging
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils import timezone

from agencies.enums import GatewayKind
from agencies.gateways.http import HttpGateway
from agencies.models import Office
from applications import delivery, tickets
from applications.enums import TERMINAL, DispatchStatus
from applications.models import Dispatch, Reconciliation

logger = logging.getLogger(__name__)

_ACTIONS = {
    "missing": ("我方记为已送达，对方没有这一件", "请重新推送；对方按推送标识判重，不会重复"),
    "unsent_but_there": ("对方已有这一件，我方还没有记为送达", "请核对对方回执号，登记为已送达"),
    "digest": ("双方内容不一致", "请以本平台内容为准，重新推送"),
    "extra": ("对方有一件本平台没有的", "请对方核对来源"),
}


def run(day: date | None = None) -> int:
    """Compares yesterday, or the given day, with every joined office; returns how many differences were found."""
    day = day or timezone.localdate() - timedelta(days=1)
    found = 0
    for office in Office.objects.filter(gateway=GatewayKind.HTTP).exclude(endpoint="").select_related("agency"):
        try:
            found += reconcile(office, day).differences
        except Exception:  # one office does not keep the others from being compared
            logger.exception("reconciliation with office %s failed", office.pk)
    return found


def reconcile(office: Office, day: date) -> Reconciliation:
    """One office, one day."""
    theirs = HttpGateway(office.endpoint).inventory(delivery.keys_of(office), day.isoformat())
    if theirs is None:
        tickets.open_ticket(
            f"reconciliation:{office.pk}:{day}",
            kind="reconciliation",
            title=f"{day} 的对账没有做成：对方没有给出清单",
            suggestion="请联系对方，恢复后补做对账",
            office=office,
        )
        return _store(office, day, note="对方没有给出清单")
    return compare(office, day, theirs)


def compare(office: Office, day: date, theirs: list[dict[str, Any]]) -> Reconciliation:
    """The difference of two sets, both ways, and of the digests of what both have."""
    begin = timezone.make_aware(datetime.combine(day, time.min))
    end = begin + timedelta(days=1)
    ours = Dispatch.objects.filter(task__office=office).exclude(status=DispatchStatus.CANCELLED).select_related("task")
    of_day = {str(row.key): row for row in ours.filter(created_at__gte=begin, created_at__lt=end)}
    there = {str(row.get("dispatch")): row for row in theirs if isinstance(row, dict)}
    known = {str(row.key): row for row in ours.filter(key__in=[key for key in there if _is_key(key)])}
    differences = 0
    for key, row in of_day.items():
        if row.status == DispatchStatus.DELIVERED and key not in there:
            differences += _differ("missing", office, key, row)
        elif row.status != DispatchStatus.DELIVERED and key in there:
            differences += _differ("unsent_but_there", office, key, row)
    for key, said in there.items():
        if key not in known:
            differences += _differ("extra", office, key, None)
        elif said.get("digest") != known[key].digest:
            differences += _differ("digest", office, key, known[key])
    answered = sum(row.task.status in TERMINAL for row in of_day.values())
    note = "" if differences else "无差异"
    sent = sum(row.status == DispatchStatus.DELIVERED for row in of_day.values())
    received = sum(key in there for key in of_day)
    return _store(
        office, day, sent=sent, received=received, answered=answered, differences=differences, note=note
    )  # fmt: skip


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


def _store(office: Office, day: date, **values: Any) -> Reconciliation:
    defaults = {
        "sent": 0,
        "received": 0,
        "answered": 0,
        "differences": 0,
        "note": "",
        "run_at": timezone.now(),
        **values,
    }
    row, _ = Reconciliation.objects.update_or_create(office=office, day=day, defaults=defaults)
    return row
