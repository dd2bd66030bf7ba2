"""An officer at work: a signed-in browser of the office that has the task."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from applications import access
from applications.models import ItemTask, Material
from portal.accounts.models import User
from tests import factories


@pytest.fixture(autouse=True)
def _directory(directory: None) -> None:
    """Every test of the desk needs regions, schemes and offices."""


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def reviewer(task: ItemTask) -> Client:
    return signed_in(factories.reviewer_of(task))


def approver(task: ItemTask) -> Client:
    return signed_in(factories.approver_of(task))


def url(name: str, task: ItemTask, *more: Any) -> str:
    return reverse(f"desk:{name}", args=[task.application.number, task.item.code, *more])


def see_all(task: ItemTask) -> None:
    """Somebody of the office has opened every file of the task."""
    user = factories.reviewer_of(task)
    for material in access.visible_materials(task):
        access.open_material(task, material, viewer=user, posting=user.postings.get())


def said(response: Any) -> list[str]:
    """The messages of the page that a redirect led to."""
    return [str(message) for message in response.context["messages"]]


def change_item(task: ItemTask, **values: Any) -> None:
    """The task's item with other rules, as another region might write them."""
    factories.put_under_other_rules(task, lambda content: _change(content["items"], task.item.code, values))


def change_material(task: ItemTask, code: str, **values: Any) -> None:
    factories.put_under_other_rules(task, lambda content: _change(content["materials"], code, values))


def _change(entries: list[dict[str, Any]], code: str, values: dict[str, Any]) -> None:
    next(entry for entry in entries if entry["code"] == code).update(values)


def file_of(task: ItemTask) -> Material:
    return access.visible_materials(task)[0]
