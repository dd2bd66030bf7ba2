"""后台管理: Chinese throughout, cases to read only, numbers masked, and no query per row."""

import re
from datetime import timedelta

import pytest
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from agencies.enums import Role
from agencies.models import Posting
from applications.models import Application, Dispatch, ItemTask, OperatorDeed, Rating, Rectification
from portal.accounts.models import User
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("directory")]
MODELS = list(admin.site._registry)


def address(model: type[models.Model], view: str = "changelist", *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{view}", args=args)


@pytest.fixture
def console(client: Client) -> Client:
    root = User.objects.create_superuser("root", password="demo-2026", legal_name="管理员")
    Posting.objects.create(user=root, role=Role.ADMINISTRATOR)
    client.force_login(root)
    return client


def test_first_account_is_let_in_to_give_out_postings(client: Client) -> None:
    client.force_login(User.objects.create_superuser("first", password="demo-2026"))

    assert client.get(address(Posting)).status_code == 200


def test_index_lists_every_table_in_chinese(console: Client) -> None:
    page = console.get(reverse("admin:index")).content.decode()

    assert [
        model._meta.verbose_name_plural for model in MODELS if str(model._meta.verbose_name_plural) not in page
    ] == []
    assert [model for model in MODELS if not re.fullmatch(r"[一-鿿/]+", str(model._meta.verbose_name_plural))] == []


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.model_name)
def test_lists_have_chinese_headings(console: Client, model: type[models.Model]) -> None:
    factories.delivered()

    answer = console.get(address(model))

    headings = re.findall(r'<div class="text">(.*?)</div>', answer.content.decode(), re.DOTALL)
    words = [re.sub(r"<.*?>", "", heading).strip() for heading in headings]
    assert answer.status_code == 200
    assert [word for word in words if re.search(r"[A-Za-z]", word.replace("SHA-256", ""))] == []


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.model_name)
def test_lists_refuse_applicants_and_staff_without_rights(client: Client, model: type[models.Model]) -> None:
    client.force_login(factories.clerk())

    assert client.get(address(model)).status_code == 302


@pytest.mark.parametrize("now", [None, Role.SUPERVISOR])
def test_administrator_whose_posting_ended_is_let_in_no_more(client: Client, now: Role | None) -> None:
    """Whatever stands in the account: rights follow from postings, and the mark of an account is easily forgotten."""
    user = factories.staff(Role.ADMINISTRATOR)
    User.objects.filter(pk=user.pk).update(is_superuser=True)
    client.force_login(user)
    assert client.get(reverse("admin:index")).status_code == 200

    user.postings.update(valid_until=timezone.localdate() - timedelta(days=1))
    if now:
        Posting.objects.create(user=user, role=now, region=factories.place())

    assert client.get(reverse("admin:index")).status_code == 302
    assert client.get(address(User)).status_code == 302


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.model_name)
def test_one_row_opens(console: Client, model: type[models.Model]) -> None:
    case, now = factories.delivered(ticked=["I07"]), timezone.now()
    officer = factories.reviewer_of(factories.task_of(case, "I07"))
    OperatorDeed.objects.create(operator=officer, deed="重设密码", note="账号")
    bad = Rating.objects.create(application=case, channel="online", grade=1, rated_by=case.entered_by, rated_at=now)
    Rectification.objects.create(rating=bad, answer_by=timezone.localdate(now))

    assert console.get(address(model, "change", model._default_manager.order_by("pk")[0].pk)).status_code == 200


@pytest.mark.parametrize("model", [m for m in MODELS if m._meta.app_label == "applications"])
def test_cases_are_never_changed_here(model: type[models.Model]) -> None:
    request = RequestFactory().get("/")
    request.user = User(is_superuser=True, is_staff=True) if model else AnonymousUser()
    shown = admin.site._registry[model]

    assert not shown.has_add_permission(request)
    assert not shown.has_change_permission(request)
    assert not shown.has_delete_permission(request)
    assert all(not inline(model, admin.site).has_change_permission(request) for inline in shown.inlines)


def test_numbers_are_masked(console: Client) -> None:
    application = factories.submitted()
    User.objects.filter(id_no=application.subject_id_no).update(username="someone")

    pages = [console.get(address(Application)), console.get(address(Application, "change", application.pk))]
    pages.append(console.get(address(User)))

    assert all(application.subject_id_no not in page.content.decode() for page in pages)
    assert all(f"{application.subject_id_no[:3]}***" in page.content.decode() for page in pages)


@pytest.mark.parametrize(("model", "expected"), [(Application, 9), (ItemTask, 7), (Dispatch, 7)])
def test_list_asks_as_often_for_one_row_as_for_three(
    console: Client, django_assert_num_queries: DjangoAssertNumQueries, model: type[models.Model], expected: int
) -> None:
    factories.delivered(ticked=["I07"])
    with django_assert_num_queries(expected):
        console.get(address(model))
    factories.delivered(ticked=["I07"])
    factories.delivered(ticked=["I07"])

    with django_assert_num_queries(expected):
        console.get(address(model))


def test_case_asks_as_often_for_one_task_as_for_three(
    console: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    small, large = factories.delivered(ticked=["I07"]), factories.delivered(ticked=["I01", "I07", "I10"])
    console.get(address(Application, "change", small.pk))  # a process asks for its content types once

    with django_assert_num_queries(10):
        console.get(address(Application, "change", small.pk))
    with django_assert_num_queries(10):
        console.get(address(Application, "change", large.pk))
