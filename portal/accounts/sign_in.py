"""Against guessing passwords: after five tries that failed, an account is closed to that address for a quarter of an hour.

After many at whatever accounts the address is closed to all of them. For both ways in, the portal's page and that of the administrators. Counted in the database, so for all processes together.
"""

import hashlib
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone

from portal.accounts import events, passwords
from portal.accounts.client_address import network_of
from portal.accounts.models import EventKind, SignInTry, User

TRIES = 5
WAIT = timedelta(minutes=15)
LOCKED = "密码连续 5 次不对，这个账号在这里暂停登录 15 分钟。请过 15 分钟再试；忘了密码，请带身份证到综合窗口。"
LOCKED_NETWORK = "从这里登录不对的次数太多，暂停登录。请过 15 分钟再试；急用请到综合窗口。"
OVER = "窗口给的密码过了 3 天，不能再用。请带身份证到综合窗口，再办一次。"


def key_of(request: HttpRequest | None, username: str) -> str:
    """Account and address as a hash: the table tells nobody who signs in from where."""
    return hashlib.sha256(f"{username}|{network_of(request)}".encode()).hexdigest()


def admit(key: str, *, tries: int = TRIES, renews: bool = True) -> bool:
    """Whether one more try is allowed; it is counted before the password is looked at, so that many at once are too.

    The quarter of an hour begins anew with each try, or is that of the first one.
    """
    now = timezone.now()
    SignInTry.objects.filter(last_at__lt=now - WAIT).delete()
    with transaction.atomic():
        row, _ = SignInTry.objects.select_for_update().get_or_create(key=key, defaults={"last_at": now})
        if row.count >= tries:
            return False
        row.count, row.last_at = row.count + 1, now if renews else row.last_at
        row.save()
    return True


def admit_network(request: HttpRequest | None) -> bool:
    """Whether the network of the request may try one more account: who tries one password at many is stopped as well."""
    tries = settings.SIGN_IN_TRIES_PER_NETWORK
    return not tries or not network_of(request) or admit(_network_key(request), tries=tries, renews=False)


def give_back_network(request: HttpRequest | None) -> None:
    """The try was right, and an office signs in from one address: only what failed stays counted."""
    row = SignInTry.objects.filter(key=_network_key(request))
    row.filter(count__gt=0).update(count=F("count") - 1)
    row.filter(count=0).delete()


def _network_key(request: HttpRequest | None) -> str:
    return key_of(request, "")


def forget(key: str) -> None:
    """After the right password the count starts anew."""
    SignInTry.objects.filter(key=key).delete()


def wrong_again(request: HttpRequest, user: User, password: str, *, purpose: str) -> str:
    """What is wrong with a password that is asked for once more; empty when it is right. Counted like a sign-in."""
    key = key_of(request, f"{purpose}:{user.username}")
    if not password:
        return "请填登录密码"
    if not admit(key):
        return "密码连续 5 次不对，请过 15 分钟再试。"
    if not user.check_password(password):
        return "密码不对。请再看一遍，注意大小写。"
    forget(key)
    return ""


class GuardedForm(AuthenticationForm):
    """A sign-in form that stops guessing; while an account is closed the right password does not open it either."""

    def clean(self) -> dict[str, Any]:
        if not (self.cleaned_data.get("username") and self.cleaned_data.get("password")):
            return super().clean()
        key = key_of(self.request, self.cleaned_data["username"])
        if not admit_network(self.request):
            raise ValidationError(LOCKED_NETWORK, code="locked")
        if not admit(key):
            events.note_named(EventKind.LOCKED, self.cleaned_data["username"], self.request)
            raise ValidationError(LOCKED, code="locked")
        cleaned = super().clean()
        forget(key)
        give_back_network(self.request)
        return cleaned

    def confirm_login_allowed(self, user: Any) -> None:
        super().confirm_login_allowed(user)
        if passwords.is_over(user):
            raise ValidationError(OVER, code="over")


class GuardedAdminForm(GuardedForm, AdminAuthenticationForm):
    pass
