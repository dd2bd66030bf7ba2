"""账号记录: who signed in, from where, and who was refused; nobody changes a row, and the seal names who tried."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import InternalError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from applications import auditing
from portal.accounts import second_factor
from portal.accounts.models import AccountEvent, EventKind, User
from tests import factories

pytestmark = pytest.mark.usefixtures("directory")

SIGN_IN = "/sign-in/"


def events() -> list[tuple[str, User | None, str | None]]:
    return [(event.kind, event.user, event.address) for event in AccountEvent.objects.select_related("user")]


def sign_in(username: str, password: str = "demo-2026", address: str = "10.1.2.3") -> Client:
    client = Client(REMOTE_ADDR=address)
    client.post(SIGN_IN, {"username": username, "password": password})
    return client


def test_sign_in_and_out_are_kept_with_the_address() -> None:
    person = factories.person()

    sign_in(person.username).post("/sign-out/")

    assert events() == [(EventKind.SIGNED_IN, person, "10.1.2.3"), (EventKind.SIGNED_OUT, person, "10.1.2.3")]


def test_what_was_typed_where_no_account_is_stands_nowhere() -> None:
    person = factories.person()

    sign_in(person.username, "wrong")
    sign_in("my-password-2026", "wrong")

    assert events() == [(EventKind.REFUSED, person, "10.1.2.3"), (EventKind.REFUSED, None, "10.1.2.3")]
    assert not AccountEvent.objects.exclude(words="").exists()


def test_account_that_is_closed_for_a_while_is_kept() -> None:
    person = factories.person()
    for _ in range(6):
        sign_in(person.username, "wrong")

    assert [kind for kind, _, _ in events()] == [EventKind.REFUSED] * 5 + [EventKind.LOCKED]


def test_sign_in_of_the_back_office_is_kept_too() -> None:
    User.objects.create_superuser("root", password="demo-2026", legal_name="管理员")

    Client().post(reverse("admin:login"), {"username": "root", "password": "demo-2026"})

    assert [kind for kind, _, _ in events()] == [EventKind.SIGNED_IN]


def test_own_password_and_second_step_are_kept(settings: Any) -> None:
    settings.STAFF_SECOND_FACTOR = True
    clerk, person = factories.clerk(), factories.person()
    second_factor.begin(clerk)
    code = second_factor.confirm(clerk)[0]
    at_window = sign_in(clerk.username)
    at_window.post(reverse("home:second_step"), {"code": "000000"})
    at_window.post(reverse("home:second_step"), {"code": code})
    new = {"old_password": "demo-2026", "new_password1": "huhehaote-26", "new_password2": "huhehaote-26"}
    sign_in(person.username).post("/password/", new)

    assert [kind for kind, _, _ in events()] == [
        EventKind.SIGNED_IN,
        EventKind.CODE_REFUSED,
        EventKind.SECOND_STEP,
        EventKind.SIGNED_IN,
        EventKind.PASSWORD_SET,
    ]


@pytest.mark.parametrize("table", ["accounts_accountevent", "django_admin_log"])
@pytest.mark.parametrize("how", ["DELETE FROM {}", "UPDATE {} SET user_id = NULL"])
def test_rows_are_never_changed(table: str, how: str) -> None:
    person = factories.person()
    sign_in(person.username)
    LogEntry.objects.log_actions(person.pk, [person], 2, "x", single_object=True)

    with pytest.raises(InternalError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(how.format(table))


def test_who_changes_a_row_past_the_trigger_is_found_out() -> None:
    sign_in(factories.person().username)
    now = timezone.now()
    for _ in range(2):
        auditing.seal(now)
    factories.past_the_triggers("UPDATE accounts_accountevent SET address = '10.9.9.9'")

    (breach,) = auditing.compare()

    assert (breach.log, breach.words) == ("accountevent", "被改动了")


@pytest.mark.parametrize(
    ("addresses", "is_closed"),
    [
        (["2001:db8::1", "2001:db8::2"], True),
        (["2001:db8::1", "2001:db8:0:1::1"], False),
        (["::ffff:10.1.2.3", "10.1.2.3"], True),
        (["10.1.2.3", "10.1.2.4"], False),
    ],
)
def test_tries_are_counted_by_the_network_of_an_address(addresses: list[str], is_closed: bool) -> None:
    """A-13: whoever has a network of IPv6 addresses does not get five tries from each."""
    person = factories.person()
    first, other = addresses
    for _ in range(5):
        sign_in(person.username, "wrong", first)

    sign_in(person.username, address=other)

    last = AccountEvent.objects.last()
    assert last is not None
    assert (last.kind == EventKind.LOCKED) is is_closed


def test_administrator_gives_no_rights_to_the_own_account_and_deletes_nobody() -> None:
    root = User.objects.create_user("root", password="demo-2026", legal_name="管理员", is_staff=True, is_superuser=True)
    other = User.objects.create_user("other", password="demo-2026", legal_name="别人", is_staff=True)
    client = Client()
    client.force_login(root)

    def fields(user: User) -> set[str]:
        page = client.get(reverse("admin:accounts_user_change", args=[user.pk]))
        return set(page.context["adminform"].form.fields) & {"is_active", "is_staff", "is_superuser"}

    assert fields(root) == set()
    assert fields(other) == {"is_active", "is_staff", "is_superuser"}
    assert client.post(reverse("admin:accounts_user_delete", args=[other.pk]), {"post": "yes"}).status_code == 403
