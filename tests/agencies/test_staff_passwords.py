"""Passwords of staff: long and mixed, none of the last ones, another one after some time. Applicants keep theirs."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils import timezone

from agencies import staff_passwords
from portal.accounts.models import PastPassword, User
from tests import factories

pytestmark = pytest.mark.usefixtures("directory")


def wrong(password: str, user: User) -> list[str]:
    try:
        validate_password(password, user)
    except ValidationError as refused:
        return [error.code or "" for error in refused.error_list]
    return []


def set_to(user: User, password: str) -> None:
    user.set_password(password)
    user.save()


@pytest.mark.parametrize(
    ("password", "codes"),
    [
        ("Huhehaote-26", []),
        ("huhehaote-26", []),
        ("呼和浩特huhehao2", []),
        ("Huhehaote-2", ["staff_password"]),
        ("huhehaotehuhehaote", ["staff_password"]),
        ("huhehaote-huhehaote", ["staff_password"]),
    ],
)
def test_password_of_staff_is_long_and_mixed(password: str, codes: list[str]) -> None:
    assert wrong(password, factories.clerk()) == codes


def test_applicant_needs_neither_signs_nor_capitals() -> None:
    assert wrong("huhehaotehuhehaote", factories.person()) == []


def test_numbers_of_the_rule_are_the_places_own(settings: Any) -> None:
    settings.STAFF_PASSWORD_LENGTH, settings.STAFF_PASSWORD_KINDS, settings.STAFF_PASSWORD_REMEMBERED = 10, 2, 0

    assert wrong("huhehaote-", factories.clerk()) == []
    assert staff_passwords.hint() == "至少 10 位，大写字母、小写字母、数字、符号里至少 2 种"


def test_last_five_are_refused_and_no_more_are_kept() -> None:
    clerk = factories.clerk()
    words = [f"Huhehaote-2{number}" for number in range(6)]
    for word in words:
        set_to(clerk, word)

    clerk = User.objects.get(pk=clerk.pk)
    assert [bool(wrong(word, clerk)) for word in words] == [False, True, True, True, True, True]
    assert PastPassword.objects.filter(user=clerk).count() == 4


def test_of_applicants_no_past_password_is_kept() -> None:
    set_to(factories.person(), "huhehaotehuhehaote")

    assert not PastPassword.objects.exists()


def test_past_password_is_kept_as_a_hash() -> None:
    clerk = factories.clerk()
    before = clerk.password

    set_to(clerk, "Huhehaote-26")

    assert PastPassword.objects.get().password == before


@pytest.mark.parametrize(("days", "age", "is_old"), [(90, 91, True), (90, 89, False), (0, 9999, False)])
def test_password_gets_old_after_the_days_that_the_place_says(settings: Any, days: int, age: int, is_old: bool) -> None:
    settings.STAFF_PASSWORD_DAYS = days
    clerk, person = factories.clerk(), factories.person()
    clerk.password_set_at = person.password_set_at = timezone.now() - timedelta(days=age)

    assert staff_passwords.is_old(clerk, has_posting=True) is is_old
    assert not staff_passwords.is_old(person, has_posting=False)
