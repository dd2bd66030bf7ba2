"""The operators' further pages: tickets, pulses, exports, offline exchange."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agencies.enums import GatewayKind, Role
from agencies.gateways import batch
from agencies.models import Office, Posting
from agencies.queues import all_queues
from applications import detectors, documents, exports, imports, reconciliation
from applications.enums import DispatchStatus, DocumentStatus, ExportKind, ImportStatus
from applications.models import Dispatch, Document, ExchangeKey, Export, Import, OperatorDeed, Ticket
from tests import factories
from tests.factories import exchange

pytestmark = pytest.mark.usefixtures("directory")


@pytest.fixture
def operator() -> Client:
    return signed_in(Role.ADMINISTRATOR)


def signed_in(role: Role, region: str = "") -> Client:
    client = Client()
    client.force_login(factories.staff(role, region=factories.place(region) if region else None))
    return client


def found_ticket() -> Ticket:
    factories.submitted(ticked=["I01"])
    Dispatch.objects.update(status=DispatchStatus.ATTENTION)
    detectors.run()
    return Ticket.objects.get(kind="waits_for_a_person")


def test_ticket_is_shown_with_what_to_do_and_closed_with_a_note(operator: Client) -> None:
    ticket = found_ticket()
    page = operator.get("/console/dispatches/tickets/").content.decode()
    assert ticket.title in page and ticket.suggestion in page

    operator.post(f"/console/dispatches/tickets/{ticket.pk}/close/", {"note": " "})
    assert Ticket.objects.open().filter(pk=ticket.pk).exists()
    operator.post(f"/console/dispatches/tickets/{ticket.pk}/close/", {"note": "电话核对过"})

    assert not Ticket.objects.open().filter(pk=ticket.pk).exists()
    assert "电话核对过" in operator.get("/console/dispatches/tickets/?show=closed").content.decode()


def test_ticket_is_found_by_the_end_of_its_number(operator: Client) -> None:
    ticket = found_ticket()
    assert ticket.task is not None
    number = ticket.task.application.number

    pages = [
        operator.get(f"/console/dispatches/tickets/?number={text}").context["page"] for text in (number[-5:], "99999x")
    ]

    assert [len(page.object_list) for page in pages] == [1, 0]


def test_supervisor_sees_tickets_of_the_own_area_and_closes_none() -> None:
    ticket = found_ticket()
    near, far = signed_in(Role.SUPERVISOR, factories.DONGSHENG), signed_in(Role.SUPERVISOR, factories.HEPING)

    assert [len(client.get("/console/dispatches/tickets/").context["rows"]) for client in (near, far)] == [1, 0]
    assert near.post(f"/console/dispatches/tickets/{ticket.pk}/close/", {"note": "x"}).status_code == 404


def test_every_queue_has_its_line_in_words(operator: Client) -> None:
    for queue in all_queues():
        detectors.rung(queue)
    detectors.heard("papers")

    answer = operator.get("/console/dispatches/pulses/")
    rows = {row.queue: row for row in answer.context["rows"]}

    assert set(rows) == {*all_queues(), detectors.BEAT, detectors.RELAY}
    assert (rows["papers"].name, rows["papers"].tag.words) == ("文书", "正常")
    assert (rows["relay"].name, rows["relay"].tag.words) == ("分发程序", "正常")
    assert rows["exports"].tag.words == "没有进程在听"
    assert "请启动它的工作进程" in rows["exports"].words
    assert "没有进程在听：" in answer.context["problem"] and "导出" in answer.context["problem"]
    assert "数据库连接用了" in answer.content.decode()
    assert all(row.name != row.queue for row in rows.values())


def test_reconciliations_are_shown_in_words(operator: Client) -> None:
    factories.delivered(ticked=["I01"])
    reconciliation.run(timezone.localdate())

    (row,) = operator.get("/console/dispatches/pulses/").context["days"]

    assert (row.sent, row.received, row.words, row.is_clean) == (1, 1, "无差异", True)


def test_export_is_asked_for_made_and_downloaded(operator: Client, settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    case = factories.delivered(ticked=["I01"])
    assert operator.post("/console/dispatches/exports/", {"kind": "tasks", "format": "csv"}).status_code == 302
    exports.make(Export.objects.get().pk)

    (row,) = operator.get("/console/dispatches/exports/").context["rows"]
    answer = operator.get(row.url)

    assert case.number in b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert answer["Content-Disposition"].startswith("attachment")


def test_export_of_somebody_else_is_not_there(operator: Client, settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    other = factories.staff(Role.ADMINISTRATOR)
    export = exports.make(exports.ask(ExportKind.TASKS, user=other, posting=other.postings.get()).pk)

    assert operator.get(f"/console/dispatches/exports/{export.pk}/").status_code == 404


def test_package_stays_with_the_posting_that_it_was_asked_for_in(operator: Client, offline: Any) -> None:
    """Who is a supervisor now does not take away what was packed for an administrator."""
    office, _, _ = offline
    operator.post("/console/dispatches/offline/", {"office": office.pk, "deed": "export"})
    made = exports.make(Export.objects.get().pk)
    posting, page = made.posting, f"/console/dispatches/exports/{made.pk}/"
    assert operator.get(page).status_code == 200

    posting.valid_until = timezone.localdate() - timedelta(days=1)
    posting.save()
    Posting.objects.create(user=posting.user, role=Role.SUPERVISOR, region=office.region)

    assert operator.get(page).status_code == 404
    assert operator.get("/console/dispatches/exports/").context["rows"] == []


@pytest.mark.parametrize("change", [{"role": Role.SUPERVISOR}, {}])
def test_package_is_not_there_once_the_posting_itself_is_another(
    operator: Client, offline: Any, change: dict[str, str]
) -> None:
    office, _, _ = offline
    operator.post("/console/dispatches/offline/", {"office": office.pk, "deed": "export"})
    made = exports.make(Export.objects.get().pk)

    Posting.objects.filter(pk=made.posting_id).update(region=factories.place(factories.HEPING), **change)

    assert operator.get(f"/console/dispatches/exports/{made.pk}/").status_code == 404


def test_administrator_of_a_region_brings_nothing_to_offices_of_another(offline: Any) -> None:
    office, _, _ = offline
    near, far = (signed_in(Role.ADMINISTRATOR, place) for place in (office.region_id, factories.HEPING))

    pages = [client.get("/console/dispatches/offline/").context["rows"] for client in (near, far)]
    posted = {"office": office.pk, "deed": "export"}
    answers = [client.post("/console/dispatches/offline/", posted).status_code for client in (far, near)]

    assert [[row.name for row in rows] for rows in pages] == [[office.name], []]
    assert answers == [404, 302]


@pytest.mark.parametrize("posted", [{"kind": "batch"}, {"kind": "x"}, {}])
def test_export_of_no_kind_is_not_there(operator: Client, posted: dict[str, str]) -> None:
    assert operator.post("/console/dispatches/exports/", posted).status_code == 404


@pytest.fixture
def offline() -> tuple[Office, ExchangeKey, Dispatch]:
    _, task = exchange.case_of()
    Office.objects.filter(pk=task.office_id).update(gateway=GatewayKind.BATCH)
    office = Office.objects.get(pk=task.office_id)
    return office, ExchangeKey.issue(agency=office.agency, office=office), task.dispatches.get()


def test_result_file_is_tried_and_then_brought_in(operator: Client, offline: Any) -> None:
    office, key, dispatch = offline
    row = {"dispatch": str(dispatch.key), "receipt_number": "收1", "digest": dispatch.digest}
    content = batch.seal([row, {"x": 1}], exchange.signing_key(key), batch="b", timestamp=int(time.time()))

    def post(deed: str) -> Any:
        file = SimpleUploadedFile("back.jsonl", content)
        return operator.post("/console/dispatches/offline/", {"office": office.pk, "deed": deed, "file": file})

    tried = imports.carry_on(pk_of(post("try")))
    dispatch.refresh_from_db()
    assert dispatch.status == DispatchStatus.PENDING
    page = operator.get(f"/console/dispatches/offline/{tried.pk}/").content.decode()
    assert ("试运行，没有登记" in page, "共 2 行，1 行不行" in page, "登记这个文件的结果" in page) == (True, True, True)

    done = imports.carry_on(pk_of(operator.post(f"/console/dispatches/offline/{tried.pk}/")))
    dispatch.refresh_from_db()

    for made in (tried, done):
        assert [verdict.is_good for verdict in made.verdicts.all()] == [True, False]
    assert dispatch.status == DispatchStatus.DELIVERED
    shown = operator.get(f"/console/dispatches/offline/{done.pk}/?show=bad")
    assert [verdict.row for verdict in shown.context["page"]] == [2]
    assert list(OperatorDeed.objects.values_list("deed", "office")) == [
        ("试运行离线结果", office.pk), ("登记离线结果", office.pk),
    ]  # fmt: skip


def pk_of(answer: Any) -> int:
    """Of the import whose page the answer leads to."""
    assert answer.status_code == 302
    return int(answer.url.rstrip("/").rpartition("/")[2])


def test_page_says_how_far_a_result_file_is(operator: Client, offline: Any) -> None:
    office, _, _ = offline
    made = imports.ask(office, b"x", user=factories.staff(Role.ADMINISTRATOR), is_dry_run=False)
    pages = [f"/console/dispatches/offline/{made.pk}/", "/console/dispatches/offline/"]
    assert all("已经收下，排队处理" in operator.get(page).content.decode() for page in pages)

    made.verdicts.create(row=1, is_good=True, words="已登记")
    Import.objects.filter(pk=made.pk).update(rows=3)
    assert all("处理了 1 行，共 3 行" in operator.get(page).content.decode() for page in pages)

    Import.objects.filter(pk=made.pk).update(status=ImportStatus.FAILED)
    assert all("处理过的行已经登记" in operator.get(page).content.decode() for page in pages)


def test_list_of_result_files_asks_the_same_however_many_there_are(operator: Client, offline: Any) -> None:
    office, _, _ = offline
    admin = factories.staff(Role.ADMINISTRATOR)
    counts = []
    for more in (1, 2):
        for _ in range(more):
            imports.ask(office, b"x", user=admin, is_dry_run=True).verdicts.create(row=1, is_good=False, words="x")
        with CaptureQueriesContext(connection) as seen:
            operator.get("/console/dispatches/offline/")
        counts.append(len(seen))

    assert counts[0] == counts[1]


def test_package_is_asked_for_and_what_waits_is_counted(operator: Client, offline: Any) -> None:
    office, _, _ = offline

    (row,) = operator.get("/console/dispatches/offline/").context["rows"]
    operator.post("/console/dispatches/offline/", {"office": office.pk, "deed": "export"})

    assert (row.name, row.waiting) == (office.name, 1)
    assert Export.objects.get().office == office


def test_package_that_is_taken_away_is_recorded(operator: Client, offline: Any) -> None:
    office, _, _ = offline
    operator.post("/console/dispatches/offline/", {"office": office.pk, "deed": "export"})
    made = exports.make(Export.objects.get().pk)

    answer = operator.get(f"/console/dispatches/exports/{made.pk}/")
    assert b"".join(answer.streaming_content)

    (deed,) = OperatorDeed.objects.all()
    assert (deed.deed, deed.note, deed.office) == ("下载离线交换包", made.name, office)


def test_file_that_is_not_genuine_or_missing_is_told(operator: Client, offline: Any) -> None:
    office, _, _ = offline
    torn = {"office": office.pk, "deed": "try", "file": SimpleUploadedFile("x", b"nothing")}

    made = imports.carry_on(pk_of(operator.post("/console/dispatches/offline/", torn)))
    missing = operator.post("/console/dispatches/offline/", {"office": office.pk, "deed": "try"})

    assert missing.status_code == 422
    assert "没有完整的结尾行" in operator.get(f"/console/dispatches/offline/{made.pk}/").content.decode()


def test_every_deed_leaves_a_row_with_who_and_why(operator: Client) -> None:
    factories.submitted(ticked=["I01"])
    dispatch = Dispatch.objects.get()
    operator.post(f"/console/dispatches/{dispatch.pk}/act/", {"deed": "resend", "note": "对方恢复了"})
    hold = {"deed": "hold", "office": dispatch.task.office_id, "note": "对方检修"}
    operator.post("/console/dispatches/hold/", hold)

    assert list(OperatorDeed.objects.values_list("deed", "note")) == [
        ("重新推送", "对方恢复了"),
        ("暂停推送", "对方检修"),
    ]


def test_paper_that_was_given_up_is_made_again(operator: Client) -> None:
    factories.submitted(ticked=["I01"])
    document = Document.objects.all()[0]
    Document.objects.filter(pk=document.pk).update(status=DocumentStatus.FAILED, attempts=5, error="OSError")
    detectors.run()
    ticket = Ticket.objects.get(fingerprint=f"paper_without_file:{document.number}")

    operator.post(f"/console/dispatches/tickets/{ticket.pk}/again/")
    documents.render(document.pk)
    detectors.run()

    document.refresh_from_db()
    assert document.status == DocumentStatus.READY
    assert not Ticket.objects.open().filter(pk=ticket.pk).exists()
    assert OperatorDeed.objects.get().deed == "重新生成文书"


def test_tickets_are_called_by_the_number_of_the_case(operator: Client) -> None:
    ticket = found_ticket()
    assert ticket.task is not None

    assert ticket.title.endswith(f"（{ticket.task.application.number}）")


@pytest.mark.parametrize("office", ["9" * 30, "9" * 5000, "²", "-1"])
@pytest.mark.parametrize("page", ["offline", "hold"])
def test_office_that_can_be_none_is_not_there(operator: Client, page: str, office: str) -> None:
    answer = operator.post(f"/console/dispatches/{page}/", {"deed": "hold", "office": office, "note": "检修"})

    assert answer.status_code == 404
