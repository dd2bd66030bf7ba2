"""What a broken or hostile system of an agency sends with a good signature: a problem, never an error."""

import json

import pytest

from applications.models import ExchangeKey, ItemTask
from tests.factories import exchange


@pytest.mark.parametrize("opinion", ["\ud800", "x\udfffy", "\x00"])
def test_text_that_is_no_text_is_refused(opinion: str, key: ExchangeKey, task: ItemTask) -> None:
    said = exchange.event(task, "not_accepted", opinion=opinion)
    response = exchange.post(key, json.dumps(said).encode())

    assert response.status_code in (400, 422)


@pytest.mark.parametrize("depth", [200, 900, 990, 1500, 30_000])
def test_deep_nesting_is_refused(depth: int, key: ExchangeKey) -> None:
    response = exchange.post(key, b"[" * depth + b"]" * depth)

    assert response.status_code in (400, 422)


@pytest.mark.parametrize("limit", ["000050" + "9" * 20, "000050" + "9" * 5000, "-1", "0", "1e3", ""])
def test_limit_out_of_range_is_refused(limit: str, key: ExchangeKey) -> None:
    response = exchange.get(key, f"/exchange/v1/tasks?limit={limit}")

    assert response.status_code == 422


@pytest.mark.parametrize("subject", ["9" * 18, "0", "9" * 19, "²", "1\n"])
def test_subject_of_no_task_is_refused(subject: str, key: ExchangeKey, task: ItemTask) -> None:
    response = exchange.post(key, exchange.event(task, "accepted") | {"subject": subject})

    assert response.status_code in (404, 422)
