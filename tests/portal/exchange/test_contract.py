"""The published description against the running API: schemathesis makes calls out of it, signed as an agency would.

Bounded and seeded. Whatever is sent, the answer is one that the description names, in the form that it says; and what
the description forbids is not taken.
"""

import io
import itertools
import re
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode

from agencies.gateways import signatures
from applications.models import ExchangeKey, ItemTask
from portal.exchange.description import SIGNED
from portal.wsgi import application
from tests.factories import exchange

EXAMPLES = 40


class Agency:
    """What an agency's own system puts before every call: a good signature, where the call's headers are in form."""

    def __init__(self, key: ExchangeKey) -> None:
        self.key = exchange.signing_key(key)
        self.numbers = itertools.count(1)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        names = {name: "HTTP_" + name.upper().replace("-", "_") for name in SIGNED}
        if all(re.fullmatch(pattern, environ.get(names[name], "")) for name, pattern in SIGNED.items()):
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            environ["wsgi.input"] = io.BytesIO(body)
            query = environ.get("QUERY_STRING", "")
            asked = environ["PATH_INFO"] + (f"?{query}" if query else "")
            content = body if environ["REQUEST_METHOD"] == "POST" else f"GET {asked}".encode()
            signed = signatures.headers([self.key], f"contract-{next(self.numbers)}", int(time.time()), content)
            environ |= {names[name]: text for name, text in signed.items()}
        return application(environ, start_response)


@pytest.fixture
def description(task: ItemTask, key: ExchangeKey) -> Iterator[Any]:
    """The calls run in the test's own transaction, so they must not close its connection as a request's end does."""
    both = (request_started, request_finished)
    for moment in both:
        moment.disconnect(close_old_connections)
    yield schemathesis.openapi.from_wsgi("/exchange/openapi.json", Agency(key))
    for moment in both:
        moment.connect(close_old_connections)


OPERATIONS = [
    "POST /v1/events", "GET /v1/tasks", "POST /v1/tasks/{dispatch}/ack", "GET /v1/materials/{token}",
]  # fmt: skip


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["allowed", "forbidden"])
@pytest.mark.parametrize("name", OPERATIONS)
def test_answers_follow_the_description(name: str, mode: GenerationMode, description: Any, task: ItemTask) -> None:
    method, path = name.split()
    operation = description[path][method]
    statuses = set()

    @seed(5)
    @settings(
        max_examples=EXAMPLES, database=None, phases=[Phase.explicit, Phase.generate], deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode))
    def call(case: Any) -> None:
        if mode == GenerationMode.POSITIVE and path == "/v1/events":
            case.body["subject"] = str(task.pk)
            case.body["time"] = (timezone.now() - timedelta(seconds=1)).isoformat()
        response = case.call_and_validate()
        statuses.add(response.status_code)

    call()

    assert statuses and max(statuses) < 500
    if mode == GenerationMode.POSITIVE:
        assert 401 not in statuses


def test_every_operation_is_tried(description: Any) -> None:
    found = [f"{one.ok().method.upper()} {one.ok().path}" for one in description.get_all_operations()]

    assert sorted(found) == sorted(OPERATIONS)
