"""Who may come in: reviewers and approvers of an office, signed in."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from agencies.enums import Role
from agencies.models import Office, Posting
from portal.accounts.models import User


class OfficerRequest(HttpRequest):
    """A request that has passed the guard: signed in, with a posting at an office."""

    posting: Posting
    office: Office
    user: User


View = Callable[..., HttpResponseBase]


def officers_only(view: View) -> View:
    """Signs in who is not, and refuses everybody without a posting at an office's desk."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        posting = getattr(request, "posting", None)
        if posting is None or posting.role not in (Role.REVIEWER, Role.APPROVER):
            raise PermissionDenied
        request.office = posting.office  # type: ignore[attr-defined]
        return view(request, *args, **kwargs)

    return login_required(guarded)
