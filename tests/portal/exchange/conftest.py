"""A task at an office whose own system is joined, already received there."""

from typing import Any

import pytest

from agencies.enums import GatewayKind
from agencies.routing import Way
from applications import holders
from applications.models import Dispatch, ExchangeKey, ItemTask
from tests import factories
from tests.factories import exchange


@pytest.fixture
def task(directory: None, settings: Any) -> ItemTask:
    settings.EXCHANGE_ALLOWED_HOSTS = ["127.0.0.1"]
    _, made = exchange.case_of()
    factories.deliver_all()
    exchange.joined(made.office, "http://127.0.0.1:9/agency")
    holders.note(made.dispatches.get(), Way(GatewayKind.HTTP, "http://127.0.0.1:9/agency"))
    made.refresh_from_db()
    return made


@pytest.fixture
def key(task: ItemTask) -> ExchangeKey:
    return ExchangeKey.objects.get()


@pytest.fixture
def dispatch(task: ItemTask) -> Dispatch:
    return Dispatch.objects.get(task=task)
