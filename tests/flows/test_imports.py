"""A result file and a worker that is killed in the middle of it."""

import time
from typing import Any

import pytest
from django.db import transaction

from agencies.gateways import batch
from agencies.models import Office
from applications import imports, workflow
from applications.enums import Action, DispatchStatus, ImportStatus
from applications.models import Dispatch, ExchangeKey, Import, StatusLog
from tests import factories
from tests.factories import exchange
from tests.processes import Workers, eventually

pytestmark = [pytest.mark.flow, pytest.mark.usefixtures("directory")]

ROWS = 12
HELD = 5


def test_killed_worker_loses_no_row_and_the_next_one_repeats_none(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A15: kill -9 while the fifth of twelve rows is being written; each is registered exactly once."""
    monkeypatch.setenv("RELAY_STALE_SECONDS", "3")
    dispatches = [exchange.case_of()[1].dispatches.get() for _ in range(ROWS)]
    office = dispatches[0].task.office
    Office.objects.filter(pk=office.pk).update(gateway="batch")
    key = ExchangeKey.issue(agency=office.agency, office=office)
    rows: list[Any] = [
        {"dispatch": str(one.key), "receipt_number": f"收{one.pk}", "digest": one.digest} for one in dispatches
    ]
    content = batch.seal(rows, exchange.signing_key(key), batch="b", timestamp=int(time.time()))
    made = imports.ask(office, content, user=factories.staff("administrator"), is_dry_run=False)

    with transaction.atomic():
        workflow.lock(dispatches[HELD - 1].task.application_id)  # the worker comes as far as this row, and waits
        workers.start("imports")
        eventually(lambda: made.verdicts.count() == HELD - 1)
        time.sleep(1)
        workers.kill()
    assert Dispatch.objects.filter(status=DispatchStatus.DELIVERED).count() == HELD - 1

    workers.start("imports")
    eventually(lambda: Import.objects.get(pk=made.pk).status == ImportStatus.DONE)

    assert list(made.verdicts.values_list("row", "is_good")) == [(number, True) for number in range(1, ROWS + 1)]
    assert Dispatch.objects.filter(status=DispatchStatus.DELIVERED).count() == ROWS
    assert StatusLog.objects.filter(action=Action.DELIVER).count() == ROWS
