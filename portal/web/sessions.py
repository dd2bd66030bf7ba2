"""When a person is signed out: after a while without doing anything, and at the latest some hours after signing in.

The store is Django's own in the database; it also says when the session was last written, so that asking costs no query.
"""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils import timezone

from portal.accounts.models import User

# Written again at most so often, not with each click: a tenth of the idle time.
RENEWALS = 10


class SessionStore(DatabaseStore):
    """`written_at` is the moment of the last writing, known once the session was read; None for a new one."""

    written_at: datetime | None = None

    def _get_session_from_db(self) -> Any:
        found = super()._get_session_from_db()  # type: ignore[misc]
        self.written_at = found.expire_date - timedelta(seconds=self.get_session_cookie_age()) if found else None
        return found


def seconds_left(session: Any, user: User) -> int:
    """Seconds until this person is signed out if they do nothing; 0 or less when it is time."""
    now = timezone.now()
    idle_since = getattr(session, "written_at", None) or now
    left = settings.SESSION_IDLE_SECONDS - (now - idle_since).total_seconds()
    if user.last_login is not None:
        left = min(left, settings.SESSION_COOKIE_AGE - (now - user.last_login).total_seconds())
    return int(left)


def renew(session: Any) -> None:
    """The person did something: the idle time begins anew."""
    written_at = getattr(session, "written_at", None)
    step = timedelta(seconds=settings.SESSION_IDLE_SECONDS / RENEWALS)
    if written_at is not None and timezone.now() - written_at > step:
        session.modified = True
        session.written_at = timezone.now()
