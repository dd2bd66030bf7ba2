"""Who tries the numbers of other people's cases is written down; from ten an hour a person is told, once a day."""

from typing import Any

import pytest
from django.test import Client

from applications.models import Ticket
from portal.accounts.models import AccountEvent, EventKind
from tests import factories
from tests.portal.desk.conftest import signed_in

pytestmark = pytest.mark.usefixtures("directory")


def asked() -> list[tuple[str, str]]:
    rows = AccountEvent.objects.filter(kind=EventKind.NOT_THEIRS).select_related("user")
    return [(row.user.username if row.user else "", row.words) for row in rows]


def test_case_of_somebody_else_is_written_down_with_its_number() -> None:
    case, person = factories.submitted(ticked=["I01"]), factories.person()
    client = signed_in(person)

    client.get(f"/cases/{case.number}/")
    client.get("/cases/150602-261128-99999/")
    client.get("/cases/")
    client.get("/nothing-here/")

    assert asked() == [
        (person.username, f"applicant:case {case.number}"),
        (person.username, "applicant:case 150602-261128-99999"),
    ]


def test_link_with_a_secret_is_written_down_without_it() -> None:
    person = factories.person()

    signed_in(person).get("/console/dispatches/4711/")

    assert asked() == [(person.username, "console:dispatch")]


def test_visitor_without_an_account_and_the_own_case_leave_nothing() -> None:
    case = factories.submitted(ticked=["I01"])
    Client().get(f"/console/cases/{case.number}/")
    assert case.applicant is not None
    signed_in(case.applicant).get(f"/cases/{case.number}/")

    assert asked() == []


def test_many_of_them_are_a_finding_once_a_day(settings: Any) -> None:
    settings.PROBES_PER_HOUR = 3
    task = factories.queued_task("I04")
    officer = factories.reviewer_of(task)
    client = signed_in(officer)

    found = []
    for number in range(5):
        client.get(f"/desk/cases/150602-261128-9000{number}/")
        found.append(Ticket.objects.filter(kind="asked_for_others").count())

    assert found == [0, 0, 1, 1, 1]
    ticket = Ticket.objects.get()
    assert (ticket.office, officer.username in ticket.title) == (task.office, True)
