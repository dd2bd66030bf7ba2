"""导出: lists as files, made by a worker, opened by a spreadsheet program without running anything."""

import csv
import io
import zipfile
from xml.etree import ElementTree

import pytest

from agencies.enums import Role
from agencies.models import Office
from applications import exports, review
from applications.enums import DocumentStatus, ExportKind
from applications.errors import Refused
from applications.models import Export
from tests import factories

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

    monkeypatch.setattr(exports, "_write", broken)
    row = tasks_as("csv")

    assert (row.status, row.attempts) == (DocumentStatus.REQUESTED, 1)
    exports.make(row.pk)
    row = exports.make(row.pk)
    assert (row.status, row.error) == (DocumentStatus.FAILED, "OSError")


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
