"""更正 on the pages: which fields, their new values, the password once more."""

import pytest
from django.test import Client

from applications.enums import Action, Party
from applications.models import Application
from portal.accounts.models import User
from tests import factories

PHONE = "13900001111"


@pytest.fixture
def case(person: User) -> Application:
    return factories.delivered(person, ticked=["I01", "I02"])


def address(case: Application, side: str = "") -> str:
    return f"{side}/cases/{case.number}/amend/"


def mobile(case: Application) -> str:
    return str(Application.objects.get(pk=case.pk).answers["mobile"])


def test_person_chooses_what_is_wrong_and_puts_it_right(applicant: Client, case: Application) -> None:
    assert "登记表填错了，更正" in applicant.get(f"/cases/{case.number}/").content.decode()
    assert 'value="contact_addr"' in applicant.get(address(case)).content.decode()
    page = applicant.get(address(case), {"field": "mobile"})
    assert [code for _, code in page.context["chosen"]] == ["mobile"]

    data = {"field": "mobile", "mobile": PHONE, "password": "demo-2026"}
    response = applicant.post(address(case), data, follow=True)

    assert mobile(case) == PHONE
    assert "您更正了登记表" in response.content.decode()


@pytest.mark.parametrize("password", ["", "wrong"])
def test_whoever_finds_the_page_open_changes_nothing(applicant: Client, case: Application, password: str) -> None:
    before = mobile(case)

    page = applicant.post(address(case), {"field": "mobile", "mobile": PHONE, "password": password})

    assert mobile(case) == before
    assert [url for _, url in page.context["errors"]] == ["#id_password"]
    assert f'value="{PHONE}"' in page.content.decode()


def test_wrong_value_stands_at_its_field(applicant: Client, case: Application) -> None:
    page = applicant.post(address(case), {"field": "mobile", "mobile": "139", "password": "demo-2026"})

    assert [url for _, url in page.context["errors"]] == ["#id_mobile"]


def test_field_that_may_not_be_changed_is_not_taken(applicant: Client, case: Application) -> None:
    page = applicant.post(address(case), {"field": "name", "name": "别人", "password": "demo-2026"})

    assert page.context["chosen"] == []
    assert Application.objects.get(pk=case.pk).subject_name != "别人"


def test_case_of_somebody_else_is_not_there(client: Client, case: Application) -> None:
    client.force_login(factories.person())

    assert client.get(address(case)).status_code == 404


def test_clerk_puts_right_what_the_person_at_the_counter_says(client: Client, case: Application) -> None:
    client.force_login(factories.clerk())

    client.post(address(case, "/window"), {"field": "mobile", "mobile": PHONE})

    assert mobile(case) == PHONE
    assert {row.party for row in case.log.filter(action=Action.AMEND)} == {Party.CLERK}
