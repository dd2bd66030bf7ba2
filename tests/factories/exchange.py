"""Offices whose own system is joined, and signed calls as such a system makes them."""

import itertools
import json
import time
from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from agencies.gateways import signatures
from agencies.gateways.base import SigningKey
from agencies.models import Office
from agencies.routing import Way
from applications import operations
from applications.models import Application, ExchangeKey, ItemTask
from tests import factories

_numbers = itertools.count(1)


def joined(office: Office, endpoint: str) -> ExchangeKey:
    """The office is reached at its own system; gives the key that both sides have."""
    operations.join(office, endpoint=endpoint, operator=operations.system_operator(), note="对接")
    return ExchangeKey.issue(agency=office.agency, office=office)


def go(office: Office, way: Way | None, item: str = "", note: str = "测试") -> None:
    """The office, or one item at it, is reached this way from now on."""
    operator = operations.system_operator()
    if item:
        operations.set_way(office, item, way, operator=operator, note=note)
    elif way is not None:
        operations.set_office_way(office, way, operator=operator, note=note)


def signing_key(key: ExchangeKey) -> SigningKey:
    return SigningKey(key.kid, key.secret)


def case_of(office_agency: str = "police", item: str = "I04") -> tuple[Application, ItemTask]:
    """A case just handed in, and its task at one agency."""
    application = factories.submitted(ticked=["I01", item])
    return application, factories.task_of(application, item, office_agency)


def event(task: ItemTask, kind: str, sequence: int = 1, **data: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "type": f"yjs.task.{kind}.v1",
        "subject": str(task.pk),
        "sequence": sequence,
        "time": timezone.now().isoformat(),
        "data": {"handler": "王秀兰", **data},
    }


def post(
    key: ExchangeKey,
    value: Any,
    *,
    path: str = "/exchange/v1/events",
    message_id: str = "",
    late: timedelta = timedelta(),
    **changes: str,
) -> Any:
    """A signed POST; `late` shifts the timestamp, `changes` replaces headers after signing (webhook_id=…)."""
    body = value if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False).encode()
    message_id = message_id or f"message-{next(_numbers)}"
    stamp = int(time.time() - late.total_seconds())
    headers = signatures.headers([signing_key(key)], message_id, stamp, body)
    headers.update({name.replace("_", "-"): text for name, text in changes.items()})
    return Client().post(path, body, content_type="application/json", headers=headers)


def get(key: ExchangeKey, path: str, **extra: str) -> Any:
    content = f"GET {path}".encode()
    headers = signatures.headers([signing_key(key)], f"message-{next(_numbers)}", int(time.time()), content)
    return Client().get(path, headers={**headers, **extra})
