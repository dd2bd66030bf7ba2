"""Offline exchange: the signed file out, results back with a verdict per row, nothing believed that was changed."""

import json
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from agencies.enums import GatewayKind
from agencies.gateways import batch
from agencies.models import Office
from applications import batches
from applications.enums import DispatchStatus, TaskStatus
from applications.errors import Refused
from applications.models import Dispatch, ExchangeKey, ItemTask
from tests.factories import exchange

pytestmark = pytest.mark.usefixtures("directory")


@pytest.fixture
def offline() -> tuple[Office, ExchangeKey, list[Dispatch]]:
    """Two tasks of an office that is not joined to the network."""
    tasks = [exchange.case_of()[1] for _ in range(2)]
    Office.objects.filter(pk=tasks[0].office_id).update(gateway=GatewayKind.BATCH)
    office = Office.objects.get(pk=tasks[0].office_id)
    key = ExchangeKey.issue(agency=office.agency, office=office)
    return office, key, list(Dispatch.objects.filter(task__in=tasks).order_by("pk"))


def results(key: ExchangeKey, *rows: Any) -> bytes:
    return batch.seal(rows, exchange.signing_key(key), batch="back-1", timestamp=int(time.time()))


def receipt(dispatch: Dispatch, number: str = "收1") -> dict[str, str]:
    return {"dispatch": str(dispatch.key), "receipt_number": number, "digest": dispatch.digest}


def test_export_is_signed_and_lists_what_is_handed_over(offline: Any) -> None:
    office, key, dispatches = offline

    made = batches.export(office)

    _, rows = batch.unseal(made.content, {key.kid: key.secret})
    assert [row.value["dispatch"] for row in rows] == [str(dispatch.key) for dispatch in dispatches]
    assert [line.number for line in made.lines] == [d.task.application.number for d in dispatches]
    assert "url" not in made.content.decode()
    assert set(Dispatch.objects.filter(task__office=office).values_list("status", flat=True)) == {"sending"}
    assert set(ItemTask.objects.filter(office=office).values_list("status", flat=True)) == {TaskStatus.PENDING}


def test_exported_twice_is_the_same_rows(offline: Any) -> None:
    office, key, _ = offline

    first, second = (batches.export(office).content.splitlines()[:-1] for _ in range(2))

    assert first == second


@pytest.mark.parametrize(
    "change", [lambda c: c.replace(b"\\u", b"u", 1)[:-20], lambda c: c[1:], lambda c: b"", lambda c: c + c]
)
def test_changed_or_torn_file_is_refused_whole(offline: Any, change: Any) -> None:
    office, key, dispatches = offline

    with pytest.raises(Refused):
        batches.bring_back(office, change(results(key, receipt(dispatches[0]))), dry_run=False)


def test_each_row_gets_a_verdict_and_a_bad_one_stops_no_good_one(offline: Any) -> None:
    """B14."""
    office, key, (first, second) = offline
    batches.export(office)
    content = results(
        key,
        receipt(first),
        {"dispatch": "none", "receipt_number": "收2"},
        {**receipt(second), "digest": "0" * 64},
        exchange.event(first.task, "accepted", 1),
        exchange.event(second.task, "approved", 1),
    )

    verdicts = batches.bring_back(office, content, dry_run=False)

    assert [verdict.is_good for verdict in verdicts] == [True, False, False, True, False]
    first.refresh_from_db()
    assert (first.status, first.receipt_number) == (DispatchStatus.DELIVERED, "收1")
    assert ItemTask.objects.get(pk=first.task_id).status == TaskStatus.IN_REVIEW


def test_dry_run_says_the_same_and_keeps_nothing(offline: Any) -> None:
    office, key, (first, _) = offline
    content = results(key, receipt(first), exchange.event(first.task, "accepted", 1))

    tried = batches.bring_back(office, content, dry_run=True)
    assert ItemTask.objects.get(pk=first.task_id).status == TaskStatus.PENDING

    assert batches.bring_back(office, content, dry_run=False) == tried


def test_file_brought_back_twice_changes_nothing_more(offline: Any) -> None:
    office, key, (first, _) = offline
    content = results(key, receipt(first), exchange.event(first.task, "accepted", 1))

    answers = [batches.bring_back(office, content, dry_run=False) for _ in range(2)]

    assert answers[0] == answers[1]
    assert first.task.log.filter(action="accept").count() == 1


def test_office_of_another_kind_has_no_export(offline: Any) -> None:
    office, _, _ = offline
    office.gateway = GatewayKind.INBOX

    with pytest.raises(Refused):
        batches.export(office)


def test_command_exports_and_imports(offline: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    office, key, (first, _) = offline
    call_command("batch", "export", str(office.pk), str(tmp_path))
    (made,) = tmp_path.glob("*.zip")
    with zipfile.ZipFile(made) as bundle:
        assert json.loads(bundle.read("rows.jsonl").splitlines()[-1])["rows"] == 2
    back = tmp_path / "back"
    back.write_bytes(results(key, receipt(first)))

    call_command("batch", "import", str(office.pk), str(back), "--dry-run")

    assert "1 行可以，0 行不行" in capsys.readouterr().out
