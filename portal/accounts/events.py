"""账号记录 are written here: who signed in or was refused, changed a password, or read the logs; when and from where.

Django's own signals are the one place that both sign-ins pass, the portal's and that of the back office.
"""

from datetime import datetime
from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from portal.accounts.client_address import address_of
from portal.accounts.models import AccountEvent, EventKind, User


def note(kind: EventKind, user: User | None, request: HttpRequest | None, words: str = "") -> AccountEvent:
    """One more row. Of a name that no account has nothing is kept: people type passwords there."""
    return AccountEvent.objects.create(kind=kind, user=user, address=address_of(request), words=words[:200])


def count(kind: EventKind, user: User, since: datetime) -> int:
    return AccountEvent.objects.filter(kind=kind, user=user, at__gt=since).count()


def note_named(kind: EventKind, username: str, request: HttpRequest | None) -> AccountEvent:
    """For a try that was refused: of the account with the name, if there is one."""
    return note(kind, User.objects.filter(username=username).first(), request)


@receiver(user_logged_in)
def _signed_in(request: HttpRequest, user: User, **_: Any) -> None:
    note(EventKind.SIGNED_IN, user, request)


@receiver(user_login_failed)
def _refused(credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    note_named(EventKind.REFUSED, str(credentials.get("username", "")), request)


@receiver(user_logged_out)
def _signed_out(request: HttpRequest, user: User | None, **_: Any) -> None:
    if user is not None:
        note(EventKind.SIGNED_OUT, user, request)
