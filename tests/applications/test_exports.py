"""导出: lists as files, made by a worker, opened by a spreadsheet program without running anything."""

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any
from xml.etree import ElementTree

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agencies.enums import GatewayKind, Role
from agencies.models import Office
from agencies.queues import EXPORTS
from applications import exports, relay, review, tasks
from applications.enums import DocumentStatus, ExportKind
from applications.errors import Refused
from applications.models import Application, Dispatch, ExchangeKey, Export
from tests import factories
from tests.factories import exchange

pytestmark = [pytest.mark.usefixtures("directory"), pytest.mark.django_db]

FORMULA = '=HYPERLINK("x")'


def tasks_as(format: str) -> Export:
    """The list of running tasks, one of them handled by somebody whose name looks like a formula."""
    task = factories.queued_task("I01")
    handler = factories.staff(Role.REVIEWER, office=task.office, name=FORMULA)
    review.accept(task, reviewer=handler)
    supervisor = factories.staff(Role.SUPERVISOR, region=task.application.region)
    row = exports.ask(ExportKind.TASKS, user=supervisor, posting=supervisor.postings.get(), format=format)
    return exports.make(row.pk)


def test_csv_has_a_mark_and_no_formula() -> None:
    made = tasks_as("csv")

    with made.file:
        content = made.file.read()
    lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert content.startswith(b"\xef\xbb\xbf")
    assert len(lines) == made.rows + 1
    assert [line[-1] for line in lines[1:]].count(f"'{FORMULA}") == 1


def test_xlsx_has_the_texts_as_texts() -> None:
    made = tasks_as("xlsx")

    with made.file, zipfile.ZipFile(made.file) as book:
        sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    texts = [element.text for element in sheet.iter() if element.tag.endswith("}t")]
    assert FORMULA in texts
    assert not [element for element in sheet.iter() if element.tag.endswith("}f")]
    assert len([element for element in sheet.iter() if element.tag.endswith("}row")]) == made.rows + 1


def test_export_that_fails_three_times_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(exports, "write", broken)
    row = tasks_as("csv")

    assert (row.status, row.attempts) == (DocumentStatus.REQUESTED, 1)
    exports.make(row.pk)
    row = exports.make(row.pk)
    assert (row.status, row.error) == (DocumentStatus.FAILED, "OSError")


def test_export_that_kills_its_worker_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    def kill(*_: object) -> None:
        raise Killed

    monkeypatch.setattr(exports, "write", kill)
    with pytest.raises(Killed):
        tasks_as("csv")
    row = Export.objects.get()
    for _ in range(exports.MAX_ATTEMPTS - 1):
        with pytest.raises(Killed):
            exports.make(row.pk)

    row = exports.make(row.pk)

    assert (row.status, row.attempts, row.error) == (DocumentStatus.FAILED, 3, "制作时中断")


def test_export_made_twice_is_one_file() -> None:
    made = tasks_as("csv")

    again = exports.make(made.pk)

    assert (again.file.name, again.made_at) == (made.file.name, made.made_at)


def test_unknown_format_and_package_without_office_are_refused() -> None:
    supervisor = factories.staff(Role.SUPERVISOR, region=Office.objects.first().region)
    posting = supervisor.postings.get()

    with pytest.raises(Refused, match="请选择文件格式"):
        exports.ask(ExportKind.TASKS, user=supervisor, posting=posting, format="exe")
    with pytest.raises(Refused, match="请选择要导出的机构"):
        exports.ask(ExportKind.BATCH, user=supervisor, posting=posting)


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def asked(kind: ExportKind, role: Role = Role.ADMINISTRATOR, region: str = "", **how: Any) -> Export:
    user = factories.staff(role, region=factories.place(region) if region else None)
    return exports.ask(kind, user=user, posting=user.postings.get(), **how)


def table(export: Export) -> list[list[str]]:
    made = exports.make(export.pk)
    assert made.status == DocumentStatus.READY, made.error
    with made.file.open("rb") as file:
        return list(csv.reader(io.StringIO(file.read().decode("utf-8-sig"))))


def test_list_of_dispatches_names_each_and_no_person() -> None:
    application = factories.submitted(ticked=["I01", "I04"])

    head, *rows = table(asked(ExportKind.DISPATCHES))

    assert sorted(row[0] for row in rows) == [application.number] * Dispatch.objects.count()
    text = str(rows)
    assert application.subject_name not in text and application.subject_id_no not in text
    assert len({len(row) for row in [head, *rows]}) == 1


def test_supervisor_gets_the_own_area_alone() -> None:
    mine = factories.delivered(region=factories.DONGSHENG, ticked=["I01"])
    factories.delivered(region=factories.HEPING, ticked=["I01"])

    _, *rows = table(asked(ExportKind.TASKS, Role.SUPERVISOR, factories.DONGSHENG))

    assert [row[0] for row in rows] == [mine.number]


def test_figures_count_the_places_of_the_period() -> None:
    factories.delivered(ticked=["I01"])

    _, *rows = table(asked(ExportKind.FIGURES, days=90))

    assert [(row[1], row[2]) for row in rows] == [(factories.DONGSHENG, "1")]


def test_relay_rings_the_queue_of_exports_once(monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[tuple[str, list[int]]] = []
    monkeypatch.setattr(tasks.make_exports, "apply_async", lambda args, queue: rung.append((queue, args[0])))
    monkeypatch.setattr(relay, "waiting_in", lambda queue: 0)
    export = asked(ExportKind.TASKS)

    relay.publish_exports()
    relay.publish_exports()

    assert rung == [(EXPORTS, [export.pk])]


def test_package_for_an_offline_office_is_made_here_too() -> None:
    _, task = exchange.case_of()
    Office.objects.filter(pk=task.office_id).update(gateway=GatewayKind.BATCH)
    ExchangeKey.issue(agency=task.office.agency, office=task.office)

    made = exports.make(asked(ExportKind.BATCH, office=Office.objects.get(pk=task.office_id)).pk)

    with made.file.open("rb") as file, zipfile.ZipFile(file) as bundle:
        assert {"rows.jsonl", "manifest.jsonl", "移交清单.pdf"} < set(bundle.namelist())
    assert (made.status, made.rows) == (DocumentStatus.READY, 1)


def test_what_a_rule_forbids_is_told_at_once_and_keeps_the_dispatches() -> None:
    _, task = exchange.case_of()
    Office.objects.filter(pk=task.office_id).update(gateway=GatewayKind.BATCH)

    made = exports.make(asked(ExportKind.BATCH, office=Office.objects.get(pk=task.office_id)).pk)

    assert (made.status, made.error) == (DocumentStatus.FAILED, "这个机构还没有密钥，请先建立")
    assert task.dispatches.get().status == "pending"
    with pytest.raises(Refused):
        asked(ExportKind.BATCH)


def test_old_files_are_thrown_away_and_their_rows_stay(settings: Any) -> None:
    made = exports.make(asked(ExportKind.TASKS).pk)
    place = made.file.path
    assert exports.throw_away() == 0
    Export.objects.update(made_at=timezone.now() - timedelta(days=settings.EXPORT_DAYS, minutes=1))

    assert exports.throw_away() == 1

    made.refresh_from_db()
    assert (bool(made.file), made.status) == (False, DocumentStatus.READY)
    assert not Path(place).exists()


@pytest.mark.parametrize("kind", [ExportKind.DISPATCHES, ExportKind.TASKS])
def test_list_is_one_statement_however_long_it_is(kind: ExportKind, monkeypatch: pytest.MonkeyPatch) -> None:
    """F3: rows come in chunks through one cursor; no row asks for anything more, and no person's data is fetched."""
    monkeypatch.setattr(exports, "CHUNK", 2)
    counts = []
    for more in (1, 4):
        for _ in range(more):
            factories.delivered(ticked=["I01", "I04"])
        row = asked(kind)
        with CaptureQueriesContext(connection) as seen, TemporaryFile() as file:
            rows = exports.write(row, file)
        counts.append((len(seen), rows > more))
        fetched = " ".join(query["sql"] for query in seen)
        assert not [column for column in ("subject_name", "subject_id_no", "answers", "payload") if column in fetched]

    assert counts == [(1, True), (1, True)]


def test_rows_are_written_as_they_come_and_not_gathered(monkeypatch: pytest.MonkeyPatch) -> None:
    """F3: what was read is on its way to the file before the next row is read."""
    asked_for = []

    def rows(posting: Any) -> Iterator[list[str]]:
        yield ["a"]
        for number in range(50_000):
            asked_for.append(file.tell() if number % 10_000 == 0 else 0)
            yield ["x" * 40]

    monkeypatch.setattr(exports, "_dispatches", rows)
    with TemporaryFile() as file:
        exports.write(asked(ExportKind.DISPATCHES), file)

    written = [place for number, place in enumerate(asked_for) if number and number % 10_000 == 0]
    assert written == [3 + 3 + 42 * number for number in range(10_000, 50_000, 10_000)]


def test_measuring_leaves_nothing_behind(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("measure_exports", "3", "6")

    assert (Application.objects.count(), Export.objects.count()) == (0, 0)
    lines = capsys.readouterr().out.splitlines()[1:]
    assert [line.split("　")[2] for line in lines] == ["3"] * 4 + ["6"] * 4


def test_long_list_may_take_minutes_and_never_runs_twice(settings: Any) -> None:
    """F3, A14."""
    limits = (tasks.make_exports.soft_time_limit, tasks.make_exports.time_limit)

    assert settings.CELERY_TASK_TIME_LIMIT < limits[0] < limits[1]
    assert limits[1] < settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"]
