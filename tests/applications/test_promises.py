"""容缺: what may come after the form is promised with it, by the day that the region's scheme says."""

from datetime import date, timedelta
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.core.management import call_command
from django.test import Client

from applications import promises, review, submission, supplies
from applications.enums import Action, Channel, DocumentKind, TaskStatus
from applications.errors import Invalid
from applications.models import Application, Draft, Material
from applications.papers.paper import html_of
from portal.accounts.models import User
from tests import factories

TODAY, LAST = date(2026, 11, 2), date(2026, 12, 2)  # 30 days later, a Wednesday

pytestmark = pytest.mark.usefixtures("example")


@pytest.fixture
def example(directory: None):
    call_command("load_region", Path(settings.BASE_DIR) / "docs" / "example", verbosity=0)
    with time_machine.travel("2026-11-02 10:00+08:00", tick=False):
        yield


def form(person: User | None = None) -> Draft:
    """A form of the example's district without the paper that may come later."""
    made = factories.draft(person, region="980102", ticked=["I01"])
    factories.give_materials(made)
    Material.objects.filter(draft=made, code="M1").delete()
    return made


def handed_in(person: User | None = None) -> Application:
    made = form(person)
    return submission.submit(made, user=made.entered_by, channel=Channel.ONLINE, promised=True, agreed=True)


def with_office(person: User | None = None) -> Application:
    case = handed_in(person)
    factories.pass_pre_review(case)
    factories.deliver_all()
    return case


def owed(case: Application) -> list[tuple[str, date | None]]:
    return [(promise.code, promise.until) for promise in promises.still_open(case)]


def test_form_says_what_is_promised_and_by_which_day() -> None:
    made = form()

    assert [(promise.title, promise.until) for promise in promises.of_form(made, TODAY)] == [("退役证件", LAST)]
    factories.give_file(made, "M1")
    assert promises.of_form(made, TODAY) == []


def test_page_and_receipt_say_the_promise(client: Client) -> None:
    person = factories.person()
    made = form(person)
    client.force_login(person)

    page = client.get(f"/apply/{made.pk}/check/").content.decode()
    data = {"version": made.version, "promise": "on", "agree": "on"}
    told = client.post(f"/apply/{made.pk}/submit/", data, follow=True).content.decode()

    case = Application.objects.get(draft=made)
    for text in (page, told):
        assert "退役证件：2026年12月2日（星期三）前补交" in text
    assert "承诺按期补交" in page
    assert "承诺2026年12月2日前补交" in html_of(case.documents.get(kind=DocumentKind.SUBMISSION_RECEIPT))


def test_person_is_reminded_and_brings_it_before_the_office_accepts(client: Client) -> None:
    person = factories.person()
    case = with_office(person)
    assert owed(case) == [("M1", LAST)]
    client.force_login(person)
    assert "补交“退役证件”" in client.get(f"/cases/{case.number}/").content.decode()
    assert "退役证件" in client.get(f"/cases/{case.number}/supply/").content.decode()

    factories.answer_file(case, "M1")
    client.post(f"/cases/{case.number}/supply/", {"send": "1"})
    factories.deliver_all()

    task = factories.task_of(case, "I01")
    assert task.status == TaskStatus.QUEUED
    assert task.log.filter(action=Action.SUPPLY).count() == 1
    given = {line["code"]: len(line["files"]) for line in task.dispatches.get(version=2).payload["materials"]}
    assert given["M1"] == 1
    assert owed(case) == []


def test_nothing_brought_is_said() -> None:
    case = with_office()

    with pytest.raises(Invalid) as caught:
        supplies.supply_all(case, user=case.entered_by)

    assert caught.value.errors == {"M1": "请上传退役证件"}


def test_promise_ends_with_the_acceptance() -> None:
    """From then on the office's own day holds, if it set one."""
    case = with_office()
    task = factories.task_of(case, "I01")

    review.accept_provisionally(
        task, reviewer=factories.reviewer_of(task), materials=["M1"], until=TODAY + timedelta(days=0), note="证件未发"
    )

    assert owed(case) == []


def test_office_is_told_of_the_promise_and_offered_its_day(client: Client) -> None:
    case = with_office()
    task = factories.task_of(case, "I01")
    client.force_login(factories.reviewer_of(task))

    page = client.get(f"/desk/tasks/{case.number}/I01/").content.decode()

    assert "申请人承诺后补" in page
    assert "退役证件，12月2日" in page
    assert "2026-12-02" in page
