"""An officer at work: a signed-in browser of the office that has the task."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from agencies.models import Scheme
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
    scheme = task.application.scheme
    for item in scheme.content["items"]:
        if item["code"] == task.item.code:
            item.update(values)
    Scheme.objects.filter(pk=scheme.pk).update(content=scheme.content)


def change_material(task: ItemTask, code: str, **values: Any) -> None:
    scheme = task.application.scheme
    for material in scheme.content["materials"]:
        if material["code"] == code:
            material.update(values)
    Scheme.objects.filter(pk=scheme.pk).update(content=scheme.content)


def file_of(task: ItemTask) -> Material:
    return access.visible_materials(task)[0]
