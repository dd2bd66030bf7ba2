"""离线交换: exports for an office whose network is not joined, and its results brought back, with a verdict per row.

An exported task counts as on its way until the office's receipt comes back; exporting again gives the same rows with the
same keys. A result file is tried in a dry run first; a bad row stops no good one.
"""

import json
import time
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from agencies.enums import GatewayKind
from agencies.gateways import batch
from agencies.gateways.base import SigningKey
from agencies.models import Office
from applications import delivery, incoming, outgoing
from applications.enums import DispatchStatus, Outcome
from applications.errors import Refused
from applications.models import Dispatch, ExchangeKey

# What was handed over and not answered is due again after this time.
HANDED_OVER = timedelta(days=7)


@dataclass(frozen=True)
class Export:
    """The signed file, and the rows of the printed hand-over list (number, item, version; no personal data)."""

    name: str
    content: bytes
    hand_over_list: list[tuple[str, str, int]]


@dataclass(frozen=True)
class Verdict:
    """What became of one row of a result file."""

    row: int
    is_good: bool
    words: str


def export(office: Office) -> Export:
    """Everything that waits for the office. Raises Refused when the office is no offline office or has no key."""
    if office.gateway != GatewayKind.BATCH:
        raise Refused("这个机构不是离线交换")
    key = _key(office)
    now = timezone.now()
    with transaction.atomic():
        found = list(
            Dispatch.objects.select_for_update(of=("self",))
            .filter(task__office=office, status__in=[DispatchStatus.PENDING, DispatchStatus.SENDING])
            .select_related("task__application", "task__item", "task__office")
            .order_by("pk")
        )
        Dispatch.objects.filter(pk__in=[row.pk for row in found]).update(
            status=DispatchStatus.SENDING, last_outcome=Outcome.SENT, leased_until=now + HANDED_OVER
        )
    name = f"{office.agency_id}-{office.region_id}-{timezone.localtime(now):%Y%m%d%H%M%S}"
    rows = [outgoing.task_data(row) for row in found]
    for data in rows:
        for material in data["materials"]:
            for file in material["files"]:
                del file["url"]  # the files go along on the carrier; a link leads nowhere from there
    content = batch.seal(rows, key, batch=name, timestamp=int(time.time()))
    hand_over = [(row.task.application.number, row.task.item.name, row.version) for row in found]
    return Export(name, content, hand_over)


def _key(office: Office) -> SigningKey:
    keys = delivery.keys_of(office)
    if not keys:
        raise Refused("这个机构还没有密钥，请先建立")
    return keys[0]


class _DryRun(Exception):
    pass


def bring_back(office: Office, content: bytes, *, dry_run: bool) -> list[Verdict]:
    """Applies a result file row by row: `receipt` rows make a task delivered, the others are results as over the wire.

    Raises Refused when the file as a whole is not genuine. With `dry_run` everything is tried and nothing kept.
    """
    keys = {key.kid: key for key in ExchangeKey.objects.for_office(office)}
    try:
        name, rows = batch.unseal(content, {kid: key.secret for kid, key in keys.items()})
    except batch.BadFile as error:
        raise Refused(str(error)) from None
    key = next(iter(keys.values()))
    verdicts: list[Verdict] = []
    try:
        with transaction.atomic():
            for row in rows:
                verdicts.append(_verdict(key, name, row))
            if dry_run:
                raise _DryRun
    except _DryRun:
        pass
    return verdicts


def _verdict(key: ExchangeKey, name: str, row: batch.Row) -> Verdict:
    if row.problem:
        return Verdict(row.number, False, row.problem)
    try:
        with transaction.atomic():
            return Verdict(row.number, True, _apply(key, name, row))
    except incoming.Problem as error:
        return Verdict(row.number, False, error.detail)


def _apply(key: ExchangeKey, name: str, row: batch.Row) -> str:
    body = json.dumps(row.value, ensure_ascii=False, sort_keys=True).encode()
    if "receipt_number" in row.value:
        try:
            dispatch_key = str(UUID(str(row.value.get("dispatch"))))
        except ValueError:
            raise incoming.Problem(422, "invalid", "这一行没有推送标识") from None
        incoming.acknowledge(key, dispatch_key, body)
        return "已登记对方回执"
    reply = incoming.receive(key, f"{name}#{row.number}", body)
    return {"applied": "已登记", "stale": "比已登记的早，没有采用"}[reply.body["outcome"]]
