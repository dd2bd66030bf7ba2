"""Guessing at many accounts from one address is stopped; an office whose people sign in rightly is not."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from portal.accounts import sign_in
from portal.accounts.models import User
from tests import factories

pytestmark = pytest.mark.usefixtures("directory")


@pytest.fixture(autouse=True)
def tries(settings: Any) -> None:
    settings.SIGN_IN_TRIES_PER_NETWORK = 3


def answer(user: User, password: str = "demo-2026", address: str = "10.1.2.3") -> int:
    client = Client(REMOTE_ADDR=address)
    return client.post("/sign-in/", {"username": user.username, "password": password}).status_code


def test_one_password_tried_at_many_accounts_closes_the_address() -> None:
    people = [factories.person() for _ in range(4)]
    for person in people[:3]:
        answer(person, "spring-2026")

    page = Client(REMOTE_ADDR="10.1.2.3").post("/sign-in/", {"username": people[3].username, "password": "demo-2026"})

    assert sign_in.LOCKED_NETWORK in page.content.decode()
    assert answer(people[3], address="10.1.2.4") == 302


def test_right_passwords_of_an_office_are_not_counted() -> None:
    people = [factories.person() for _ in range(5)]

    assert [answer(person) for person in people] == [302] * 5


def test_address_opens_again_a_quarter_of_an_hour_after_its_first_try() -> None:
    person, now = factories.person(), timezone.now()
    for minutes in (0, 6, 12):
        with time_machine.travel(now + timedelta(minutes=minutes)):
            answer(factories.person(), "spring-2026")

    with time_machine.travel(now + timedelta(minutes=14)):
        closed = answer(person)
    with time_machine.travel(now + timedelta(minutes=16)):
        opened = answer(person)

    assert (closed, opened) == (200, 302)


def test_place_may_do_without(settings: Any) -> None:
    settings.SIGN_IN_TRIES_PER_NETWORK = 0
    for _ in range(4):
        answer(factories.person(), "spring-2026")

    assert answer(factories.person()) == 302
