"""When a person is signed out: after a while without doing anything, and at the latest some hours after signing in.

The store is Django's own in the database; it also says when the session was last written, so that asking costs no query.
"""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from portal.accounts.models import User

_SINCE = "signed_in_at"
# Written again at most so often, not with each click: a tenth of the idle time.
RENEWALS = 10


class SessionStore(DatabaseStore):
    """`written_at` is the moment of the last writing, known once the session was read; None for a new one."""

    written_at: datetime | None = None

    def _get_session_from_db(self) -> Any:
        found = super()._get_session_from_db()  # type: ignore[misc]
        self.written_at = found.expire_date - timedelta(seconds=self.get_session_cookie_age()) if found else None
        return found


def is_staff(request: HttpRequest) -> bool:
    return getattr(request, "posting", None) is not None or bool(getattr(request.user, "is_staff", False))


def idle_seconds(request: HttpRequest) -> int:
    """How long a person may do nothing; staff, who have other people's data open, not so long."""
    return settings.STAFF_SESSION_IDLE_SECONDS if is_staff(request) else settings.SESSION_IDLE_SECONDS


def seconds_left(request: HttpRequest) -> int:
    """Seconds until the signed-in person is signed out if they do nothing; 0 or less when it is time."""
    user: Any = request.user
    now = timezone.now()
    idle_since = getattr(request.session, "written_at", None) or now
    left = idle_seconds(request) - (now - idle_since).total_seconds()
    if user.last_login is not None:
        left = min(left, settings.SESSION_COOKIE_AGE - (now - user.last_login).total_seconds())
    return int(left)


def renew(request: HttpRequest) -> None:
    """The person did something: the idle time begins anew."""
    session: Any = request.session
    written_at = getattr(session, "written_at", None)
    step = timedelta(seconds=idle_seconds(request) / RENEWALS)
    if written_at is not None and timezone.now() - written_at > step:
        session.modified = True
        session.written_at = timezone.now()


@receiver(user_logged_in)
def _begin(request: HttpRequest, user: User, **_: Any) -> None:
    """Django has just written down when; the session knows by that whether it is still the newest of its account."""
    request.session[_SINCE] = _moment(user)


def is_replaced(request: HttpRequest) -> bool:
    """Whether a member of staff has signed in elsewhere since; where the place asks for one session each."""
    is_asked = settings.STAFF_ONE_SESSION and is_staff(request)
    return is_asked and request.session.get(_SINCE) != _moment(request.user)


def _moment(user: Any) -> str:
    return user.last_login.isoformat() if user.last_login is not None else ""
