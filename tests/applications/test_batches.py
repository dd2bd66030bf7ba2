"""Offline exchange: the signed file out, results back with a verdict per row, nothing believed that was changed."""

import hashlib
import io
import json
import time
import zipfile
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command

from agencies.enums import GatewayKind
from agencies.gateways import batch, signatures
from agencies.models import Office
from applications import batches, review, withdrawal
from applications.enums import DispatchKind, DispatchStatus, TaskStatus
from applications.errors import Refused
from applications.models import Dispatch, ExchangeKey, ItemTask
from tests import factories
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

    rows = batch.unseal(made.content, {key.kid: key.secret}).rows
    assert [row.value["dispatch"] for row in rows] == [str(dispatch.key) for dispatch in dispatches]
    assert [line.number for line in made.lines] == [d.task.application.number for d in dispatches]
    assert "url" not in made.content.decode()
    assert set(Dispatch.objects.filter(task__office=office).values_list("status", flat=True)) == {"sending"}
    assert set(ItemTask.objects.filter(office=office).values_list("status", flat=True)) == {TaskStatus.PENDING}


def test_row_that_cannot_be_read_keeps_no_other_back_and_calls_a_person(offline: Any) -> None:
    office, key, (bad, good) = offline
    factories.damage(bad)

    made = batches.export(office)

    rows = batch.unseal(made.content, {key.kid: key.secret}).rows
    assert [row.value["dispatch"] for row in rows] == [str(good.key)]
    rows = Dispatch.objects.filter(pk=bad.pk).values_list("status", "error")
    assert list(rows) == [(DispatchStatus.ATTENTION, "内容读不出来")]


def test_exported_twice_is_the_same_rows(offline: Any) -> None:
    office, key, _ = offline

    first, second = (batches.export(office).content.splitlines()[:-1] for _ in range(2))

    assert first == second


def test_task_that_comes_back_does_not_come_with_the_word_that_it_left(offline: Any) -> None:
    office, key, (first, second) = offline
    batches.export(office)
    batches.bring_back(office, results(key, receipt(first), receipt(second)), dry_run=False)
    task = ItemTask.objects.get(pk=first.task_id)
    for to in (review.transfer_targets(task)[0], office):
        review.transfer(task, reviewer=factories.reviewer_of(task), to_region=to.region_id, note="转办")
        if to != office:
            factories.deliver_all()

    made = batches.export(office)

    (back,) = task.dispatches.of_tasks().filter(status=DispatchStatus.SENDING)
    assert made.dispatches == (back.pk,)
    word = task.dispatches.get(kind=DispatchKind.MOVED, holder__office=office)
    assert word.status == DispatchStatus.CANCELLED


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
    Office.objects.filter(pk=office.pk).update(gateway=GatewayKind.INBOX)
    office.refresh_from_db()

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


def bundle_of(office: Office) -> zipfile.ZipFile:
    target = io.BytesIO()
    batches.package(batches.export(office), target)
    return zipfile.ZipFile(target)


def test_package_holds_rows_files_and_a_signed_manifest_of_digests(offline: Any) -> None:
    office, key, dispatches = offline

    bundle = bundle_of(office)

    parts = batch.unseal(bundle.read("manifest.jsonl"), {key.kid: key.secret}).rows
    told = {part.value["path"]: part.value["sha256"] for part in parts}
    assert {name: hashlib.sha256(bundle.read(name)).hexdigest() for name in told} == told
    assert {*told, "manifest.jsonl"} == set(bundle.namelist())
    rows = batch.unseal(bundle.read("rows.jsonl"), {key.kid: key.secret}).rows
    files = [file for row in rows for material in row.value["materials"] for file in material["files"]]
    assert files and all(told[file["path"]] == file["sha256"] for file in files)


def test_list_is_a_paper_with_a_line_for_each_case_and_no_person(offline: Any) -> None:
    office, _, dispatches = offline
    application = dispatches[0].task.application

    pdf = pdfium.PdfDocument(bundle_of(office).read("移交清单.pdf"))

    text = "".join(page.get_textpage().get_text_range() for page in pdf)
    assert all(dispatch.task.application.number in text for dispatch in dispatches)
    assert office.name in text and "移交人" in text and "接收人" in text
    assert application.subject_name not in text and application.subject_id_no not in text


def test_file_that_is_not_what_was_registered_does_not_leave(offline: Any) -> None:
    """A19: a torn file, or an error page in its place, is found before it goes out."""
    office, _, dispatches = offline
    material = dispatches[0].task.application.materials.first()
    assert material is not None
    material.file.storage.delete(material.file.name)
    material.file.storage.save(material.file.name, ContentFile(b"<html>not available</html>"))

    with pytest.raises(Refused):
        bundle_of(office)


def test_row_of_the_same_batch_with_another_content_is_refused(offline: Any) -> None:
    """B14: same number, changed content: the first one counts and the row says so; the next row goes on."""
    office, key, (first, second) = offline
    batches.export(office)
    said = [exchange.event(one.task, "accepted", 1) for one in (first, second)]
    batches.bring_back(office, results(key, receipt(first), said[0]), dry_run=False)

    verdicts = batches.bring_back(office, results(key, receipt(second), {**said[0], "sequence": 2}), dry_run=False)

    assert [(verdict.is_good, verdict.words) for verdict in verdicts] == [
        (True, "已登记对方回执"),
        (False, "这个 webhook-id 已用于另一份内容，请换新的标识"),
    ]


def test_row_for_another_office_is_an_unknown_task(offline: Any) -> None:
    office, key, (first, _) = offline
    foreign = factories.task_of(first.task.application, "I01")

    (verdict,) = batches.bring_back(office, results(key, exchange.event(foreign, "accepted", 1)), dry_run=False)

    assert (verdict.is_good, verdict.words) == (False, "没有这一件")


def test_key_of_one_office_opens_no_other_office_of_the_agency(offline: Any) -> None:
    """Whatever other key the agency got meanwhile: the key that signed the file says whose tasks its rows are about."""
    office, key, (first, _) = offline
    elsewhere = Office.objects.filter(agency=office.agency).exclude(pk=office.pk)[0]
    foreign = factories.task_of(exchange.case_of()[0], "I04", "police")
    ItemTask.objects.filter(pk=foreign.pk).update(office=elsewhere)
    ExchangeKey.issue(agency=office.agency)

    found = batches.open_results(office, results(key, exchange.event(foreign, "accepted", 1), receipt(first)))

    assert found.key == key
    assert [batches.apply(found, row).words for row in found.rows] == ["没有这一件", "已登记对方回执"]


def test_signs_that_end_a_line_elsewhere_stand_in_a_text(offline: Any) -> None:
    """A text pasted from a word processor may hold U+2028 or U+0085."""
    office, key, (first, second) = offline
    said = exchange.event(first.task, "not_accepted", 1, opinion="不属本局\u2028请到\u0085派出所")

    verdicts = batches.bring_back(office, results(key, said, receipt(second)), dry_run=False)

    assert [verdict.is_good for verdict in verdicts] == [True, True]


@pytest.mark.parametrize("line", [b'{"subject":"\\ud800"}', b"[" * 100_000, b'{"a":' * 100_000])
def test_row_that_no_text_can_hold_stops_no_other(offline: Any, line: bytes) -> None:
    office, key, (first, _) = offline
    body = line + b"\n" + json.dumps(receipt(first)).encode() + b"\n"

    verdicts = batches.bring_back(office, signed(key, body, 2), dry_run=False)

    assert [verdict.is_good for verdict in verdicts] == [False, True]


def signed(key: ExchangeKey, body: bytes, rows: int, name: str = "back-2") -> bytes:
    """A file as another program may write it."""
    sign = signatures.sign_sha256(key.secret, name, 1, body)
    end = {"batch": name, "rows": rows, "timestamp": 1, "kid": key.kid, "signatures": [sign]}
    return body + json.dumps(end).encode() + b"\n"


@pytest.mark.parametrize("name", ["", "批" * 61, "a\x00b"])
def test_name_of_a_batch_that_cannot_be_kept_is_refused(offline: Any, name: str) -> None:
    office, key, (first, _) = offline
    body = json.dumps(exchange.event(first.task, "accepted")).encode() + b"\n"

    with pytest.raises(Refused, match="批次名"):
        batches.bring_back(office, signed(key, body, 1, name), dry_run=False)


@pytest.mark.parametrize("last", [b'{"batch":"\\ud800","rows":0,"timestamp":1e999}', b"[" * 100_000])
def test_last_line_that_is_none_is_refused(offline: Any, last: bytes) -> None:
    office, _, _ = offline

    with pytest.raises(Refused):
        batches.bring_back(office, last, dry_run=False)


def test_package_with_a_case_withdrawn_meanwhile_is_made_anew(offline: Any) -> None:
    office, _, (first, second) = offline
    made = batches.gather(office)
    withdrawal.withdraw(first.task.application, user=first.task.application.entered_by)

    with pytest.raises(batches.Changed):
        batches.hand_over(made)

    second.refresh_from_db()
    assert second.status == DispatchStatus.PENDING
    assert [line.number for line in batches.export(office).lines] == [second.task.application.number]
