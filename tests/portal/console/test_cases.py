"""One case for those who watch over the limits: every day with its counting, and nothing of the form."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agencies.enums import Role
from applications import review
from applications.models import Application, ItemTask
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("directory")]


def address(case: Application) -> str:
    return f"/console/cases/{case.number}/"


@pytest.fixture
def supervisor(client: Client) -> Client:
    client.force_login(factories.staff(Role.SUPERVISOR, region=factories.place("150600")))
    return client


def test_supervisor_opens_the_counting_line_by_line(supervisor: Client) -> None:
    case = factories.delivered(ticked=["I07"])
    task = factories.task_of(case, "I07")
    review.accept(task, reviewer=factories.reviewer_of(task))

    page = supervisor.get(address(case))

    why = page.context["rows"][0].why
    assert why.lines[1] == "承诺 27 个工作日，从第二天数起。"
    assert all(line in page.content.decode() for line in why.lines)


def test_page_shows_nothing_of_the_form(supervisor: Client) -> None:
    case = factories.delivered()

    text = supervisor.get(address(case)).content.decode()

    for secret in (case.subject_id_no, str(case.answers["mobile"])):
        assert secret not in text


def test_case_of_another_area_is_not_there(supervisor: Client) -> None:
    case = factories.delivered(region=factories.HEPING, ticked=["I01"])

    assert supervisor.get(address(case)).status_code == 404
    assert supervisor.get("/console/cases/", {"number": case.number}).headers["Location"] == "/console/"


def test_number_leads_to_its_case(supervisor: Client) -> None:
    case = factories.delivered(ticked=["I07"])

    assert supervisor.get("/console/cases/", {"number": f" {case.number} "}).headers["Location"] == address(case)
    assert "请填办件编号" in supervisor.get("/console/cases/", follow=True).content.decode()


def test_overdue_item_of_the_overview_leads_to_its_case(supervisor: Client) -> None:
    task = factories.queued_task("I07")
    ItemTask.objects.filter(pk=task.pk).update(next_on=timezone.localdate() - timedelta(days=9))

    assert f'href="{address(task.application)}"' in supervisor.get("/console/").content.decode()


def test_page_asks_as_often_for_one_item_as_for_all(supervisor: Client) -> None:
    counts = []
    for case in (factories.delivered(ticked=["I07"]), factories.delivered()):
        with CaptureQueriesContext(connection) as seen:
            supervisor.get(address(case))
        counts.append(len(seen))

    assert counts[0] == counts[1]
