"""What every request gets: an id, safe headers, and the posting a member of staff works in."""

import uuid
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from agencies import staff_passwords, tracing
from agencies.models import Posting
from portal.accounts import second_factor
from portal.accounts.models import User
from portal.web import errors, kept, sessions

Handler = Callable[[HttpRequest], HttpResponse]

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-src 'self'",
        "frame-ancestors 'self'",
        "base-uri 'none'",
        "object-src 'none'",
    ]
)


class RequestIdMiddleware:
    """Gives each request an id and a part in a trace, which its log lines, its answer and its dispatches carry."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.id = uuid.uuid4().hex[:12]  # type: ignore[attr-defined]
        with tracing.within(request.headers.get("traceparent", ""), request.id):  # type: ignore[attr-defined]
            response = self.get_response(request)
        response["X-Request-Id"] = request.id  # type: ignore[attr-defined]
        return response


class SecurityHeadersMiddleware:
    """Sends the content security policy on each answer, and no-store on everything personal."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        response.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        if not request.path.startswith(f"/{settings.STATIC_URL.strip('/')}/"):
            response.setdefault("Cache-Control", "no-store")
        return response


class BodySizeMiddleware:
    """Answers 413 before the body is read, where it says that it is larger than what its sender may send.

    Stands before CSRF, which reads the whole of it. Files are taken from whoever is signed in, or was until just now.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: dict[str, Any]) -> HttpResponse | None:
        if getattr(view, "is_machine", False):  # reads no more than its own limit
            return None
        length = request.headers.get("content-length", "")
        over = int(length if length.isascii() and length.isdigit() else 0) - settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if over <= 0:
            return None
        may_send_files = request.user.is_authenticated or kept.was_signed_out(request)
        return None if may_send_files and over <= settings.MATERIAL_CASE_BYTES else errors.too_large(request)


class NulMiddleware:
    """Answers 400 where a text holds a NUL, which no keyboard types and PostgreSQL cannot compare or store."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: dict[str, Any]) -> None:
        if getattr(view, "is_machine", False):  # answers in its own form
            return
        texts = [request.path, *_texts(request.GET), *(_texts(request.POST) if request.method == "POST" else ())]
        if any("\x00" in text for text in texts):
            raise BadRequest("a NUL in the request")


def _texts(posted: QueryDict) -> Iterator[str]:
    for name, values in posted.lists():
        yield name
        yield from values


class SessionEndMiddleware:
    """Signs a person out who did nothing for a while, or of staff who signed in elsewhere; says how many seconds are left.

    Stands after the posting is read, which says who is staff. A view marked `is_passive` looks without keeping.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            is_replaced = sessions.is_replaced(request)
            if is_replaced or sessions.seconds_left(request) <= 0:
                person = request.user.pk
                request.session.flush()
                request.user, request.posting = AnonymousUser(), None  # type: ignore[attr-defined]
                kept.remember_person(request, person, is_replaced=is_replaced)
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: dict[str, Any]) -> None:
        if not request.user.is_authenticated:
            return
        if not getattr(view, "is_passive", False):
            sessions.renew(request)
        request.session_left = sessions.seconds_left(request)  # type: ignore[attr-defined]


class SecondFactorMiddleware:
    """Leads staff to the second step of signing in before anything else of the portal or of the back office."""

    BEFORE = ("home:second_step", "home:sign_out", "home:session", "home:large_text", "admin:logout")

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        user, posting = request.user, getattr(request, "posting", None)
        if not user.is_authenticated or not second_factor.is_asked(user, has_posting=posting is not None):
            return None
        is_before = request.resolver_match is not None and request.resolver_match.view_name in self.BEFORE
        if is_before or second_factor.has_passed(request):
            return None
        wanted = kept.page_of(request)
        return redirect(f"{reverse('home:second_step')}?{urlencode({'next': wanted})}")


class OwnPasswordMiddleware:
    """Leads to setting an own password before anything else: who has one that somebody else knows, staff with an old one."""

    BEFORE = (*SecondFactorMiddleware.BEFORE, "home:password")

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        if not request.user.is_authenticated or not _needs_another(request.user, getattr(request, "posting", None)):
            return None
        is_before = request.resolver_match is not None and request.resolver_match.view_name in self.BEFORE
        return None if is_before else redirect("home:password")


def _needs_another(user: User, posting: Posting | None) -> bool:
    return user.must_change_password or staff_passwords.is_old(user, has_posting=posting is not None)


class PostingMiddleware:
    """Puts the posting in force of the signed-in person on the request, or None."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.posting = (  # type: ignore[attr-defined]
            Posting.objects.for_user(request.user).with_last_calendar().first()
            if request.user.is_authenticated
            else None
        )
        return self.get_response(request)


class FormsOnlyMiddleware:
    """Shows a page where an address that only takes forms is opened, instead of the browser's own empty one."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code != HTTPStatus.METHOD_NOT_ALLOWED or request.method != "GET" or response.content:
            return response
        page = errors.opened_by_address(request)
        page["Allow"] = response["Allow"]
        return page
