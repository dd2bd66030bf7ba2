"""Lists that only grow: counted no further than they are listed, found by days through an index."""

from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from applications import review
from applications.models import Application, ItemTask
from applications.querysets import on_days
from portal.web import paging
from portal.web.paging import ShortPaginator
from tests import factories

pytestmark = pytest.mark.usefixtures("directory")

DAY = date(2026, 11, 27)


def test_long_list_is_counted_no_further_than_it_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "ROWS_LISTED", 2)
    for _ in range(3):
        factories.submitted(ticked=["I01"])

    with CaptureQueriesContext(connection) as asked:
        pages = ShortPaginator(Application.objects.all(), 1)
        found = (pages.count, pages.num_pages, pages.is_cut)

    assert found == (2, 2, True)
    assert "LIMIT 2" in asked.captured_queries[0]["sql"]


def test_cut_list_says_how_to_find_what_is_older(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "ROWS_LISTED", 1)
    task = factories.queued_task("I04")
    officer = factories.reviewer_of(task)
    review.do_not_accept(task, reviewer=officer, note="不属于本机构受理范围")
    client = Client()
    client.force_login(officer)

    page = client.get("/desk/done/").content.decode()

    assert "件以上，更早的按编号查找" in page


@pytest.mark.parametrize(
    ("moment", "is_in"),
    [
        ("2026-11-26 23:59:59", False),
        ("2026-11-27 00:00:00", True),
        ("2026-11-27 23:59:59", True),
        ("2026-11-28 00:00:00", False),
    ],
)
def test_days_begin_and_end_at_local_midnight(moment: str, is_in: bool) -> None:
    case = factories.submitted(ticked=["I01"])
    Application.objects.filter(pk=case.pk).update(submitted_at=f"{moment}+08:00")

    assert Application.objects.filter(on_days("submitted_at", DAY, DAY)).exists() is is_in


def test_trays_are_counted_among_what_is_not_decided() -> None:
    task = factories.queued_task("I04")
    review.do_not_accept(task, reviewer=factories.reviewer_of(task), note="不属于本机构受理范围")

    counts = ItemTask.objects.for_office(task.office).tray_counts()

    assert "done" not in counts
    assert counts["queued"] == 0
