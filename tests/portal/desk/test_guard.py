"""Who may come in: each page for each role, and another office's task is not there."""

import uuid

import pytest
from django.test import Client
from django.urls import reverse

from agencies.enums import Role
from portal.accounts.models import User
from tests import factories
from tests.portal.desk.conftest import signed_in, url

GET_PAGES = ["queue", "done", "norms", "task", "material", "case"]
POST_PAGES = ["batch", "act", "reveal", "verdict"]


def address(name: str, task: object, file: object = "") -> str:
    if name in ("queue", "done", "norms", "batch"):
        return reverse(f"desk:{name}")
    if name == "case":
        return reverse("desk:case", args=[task.application.number])  # type: ignore[attr-defined]
    more = [file or uuid.uuid4()] if name in ("material", "verdict") else []
    return url(name, task, *more)  # type: ignore[arg-type]


def person(role: str, task: object) -> User:
    region = factories.place()
    return {
        "applicant": lambda: factories.person("路人"),
        "clerk": lambda: factories.clerk(),
        "supervisor": lambda: factories.staff(Role.SUPERVISOR, region=region),
        "administrator": lambda: factories.staff(Role.ADMINISTRATOR),
        "reviewer": lambda: factories.reviewer_of(task),  # type: ignore[arg-type]
        "approver": lambda: factories.approver_of(task),  # type: ignore[arg-type]
    }[role]()


@pytest.mark.parametrize("role", ["applicant", "clerk", "supervisor", "administrator"])
def test_every_page_is_hidden_from_other_roles(role: str) -> None:
    task = factories.queued_task("I04")
    client = signed_in(person(role, task))

    found = {name: client.get(address(name, task)).status_code for name in GET_PAGES}
    found |= {name: client.post(address(name, task)).status_code for name in POST_PAGES}

    assert found == dict.fromkeys([*GET_PAGES, *POST_PAGES], 404)


def test_every_page_sends_strangers_to_sign_in() -> None:
    task = factories.queued_task("I04")

    found = {Client().get(address(name, task)).status_code for name in GET_PAGES}
    found |= {Client().post(address(name, task)).status_code for name in POST_PAGES}

    assert found == {302}


@pytest.mark.parametrize("role", ["reviewer", "approver"])
def test_pages_open_for_the_office(role: str) -> None:
    task = factories.queued_task("I04")
    client = signed_in(person(role, task))
    file = str(task.application.materials.filter(code__in=task.material_codes()).first().pk)

    found = {name: client.get(address(name, task, file)).status_code for name in GET_PAGES}

    assert found == dict.fromkeys(GET_PAGES, 200)


@pytest.mark.parametrize("method", ["get", "post"])
def test_task_of_another_office_is_not_there(method: str) -> None:
    task = factories.queued_task("I04")
    other = factories.task_of(task.application, "I10")
    client = signed_in(factories.reviewer_of(other))
    file = task.application.materials.filter(code__in=task.material_codes()).first().pk
    names = ["task", "material"] if method == "get" else ["act", "reveal", "verdict"]

    found = {name: getattr(client, method)(address(name, task, file)).status_code for name in names}

    assert found == dict.fromkeys(names, 404)


def test_case_without_a_task_of_the_office_is_not_there() -> None:
    application = factories.delivered(ticked=["I04"])
    stranger = factories.queued_task("I10")

    response = signed_in(factories.reviewer_of(stranger)).get(reverse("desk:case", args=[application.number]))

    assert response.status_code == 404


def test_task_of_the_same_agency_elsewhere_is_not_there() -> None:
    task = factories.queued_task("I04")
    elsewhere = task.office.agency.offices.exclude(pk=task.office_id).first()

    response = signed_in(factories.staff(Role.REVIEWER, office=elsewhere)).get(url("task", task))

    assert response.status_code == 404


@pytest.mark.parametrize("name", GET_PAGES)
def test_reading_pages_refuse_post(name: str) -> None:
    task = factories.queued_task("I04")

    assert signed_in(factories.reviewer_of(task)).post(address(name, task)).status_code == 405
