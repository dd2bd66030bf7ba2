"""What every template may use beside its view's own context. Whatever costs a query is read only when it is shown."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from agencies.deadlines import Calendar, MissingYear, missing_year
from applications.models import Notice
from portal.web import navigation, place, site

LARGE_COOKIE = "large"


def _missing_year(request: HttpRequest) -> MissingYear | None:
    """For staff: the calendar that should be loaded by now; read with the posting, so it costs no query."""
    posting = getattr(request, "posting", None)
    if posting is None or not hasattr(posting, "last_calendar"):
        return None
    known = frozenset(range(2024, (posting.last_calendar or 0) + 1))
    return missing_year(Calendar(years=known), timezone.localdate())


def service(request: HttpRequest) -> dict[str, Any]:
    """Name of the service, the strip for everything that is not production, the person's posting, the links, the place."""
    return {
        "service_name": settings.SERVICE_NAME,
        "site": site.site(),
        "environment_notice": settings.ENVIRONMENT_NOTICE,
        "is_demo": settings.IS_DEMO,
        "posting": getattr(request, "posting", None),
        "missing_year": _missing_year(request),
        "session_left": getattr(request, "session_left", None),
        "session_warn": settings.SESSION_WARN_SECONDS,
        "idle_minutes": settings.SESSION_IDLE_SECONDS // 60,
        "staff_idle_minutes": settings.STAFF_SESSION_IDLE_SECONDS // 60,
        "is_mourning": settings.MOURNING,
        "is_large": request.COOKIES.get(LARGE_COOKIE) == "1",
        "public_links": SimpleLazyObject(lambda: navigation.public(request)),
        "staff_links": SimpleLazyObject(lambda: navigation.staff(request)),
        "place": SimpleLazyObject(lambda: place.chosen(request)),
        "unread": SimpleLazyObject(lambda: _unread(request)),
    }


def _unread(request: HttpRequest) -> int:
    """How many of the person's messages are new."""
    user = request.user
    return Notice.objects.for_person(user).unread().count() if user.is_authenticated else 0
