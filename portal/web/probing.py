"""Who, signed in, asks for what is not theirs or not there: written down, and from some number an hour a person is told.

Such an answer is always 404, so that it tells nobody which case exists.
"""

from datetime import timedelta
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import ResolverMatch
from django.utils import timezone

from applications import tickets
from portal.accounts import events
from portal.accounts.models import EventKind
from portal.web.middleware import Handler


class ProbingMiddleware:
    """Looks at answers only. An address without a part that names something asks for nothing of anybody's."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        match = request.resolver_match
        if response.status_code == HTTPStatus.NOT_FOUND and match is not None and match.kwargs:
            _note(request, match)
        return response


def _note(request: HttpRequest, match: ResolverMatch) -> None:
    user = request.user
    if not user.is_authenticated:
        return
    what = f"{match.view_name} {match.kwargs.get('number', '')}".strip()
    events.note(EventKind.NOT_THEIRS, user, request, what)
    since = timezone.now() - timedelta(hours=1)
    if events.count(EventKind.NOT_THEIRS, user, since) >= settings.PROBES_PER_HOUR:
        posting = getattr(request, "posting", None)
        tickets.asked_for_others(user, posting.office if posting else None, timezone.localdate())
