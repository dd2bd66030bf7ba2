"""Who may enter a page: somebody signed in, or a member of staff in one of the named roles.

What a person then sees is decided by the scoped querysets, never here.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest

from agencies.enums import Role
from agencies.models import Posting
from portal.accounts.models import User
from portal.web import kept


class SignedInRequest(HttpRequest):
    """A request behind one of these guards: somebody is signed in; behind `posting_required` the posting is there too."""

    user: User
    posting: Posting


# Views may stream files too, so the answer's class is left open.
View = Callable[..., Any]


def signed_in(view: View) -> View:
    """For everybody else the way leads over the sign-in; what a form posted meanwhile is there again afterwards."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        if request.method == "POST":
            kept.keep(request)
        return redirect_to_login(kept.page_of(request))

    return guarded


def posting_required(*roles: Role) -> Callable[[View], View]:
    """Signed in and posted in one of the roles now; for everybody else the page is not there."""

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            posting = getattr(request, "posting", None)
            if posting is None or posting.role not in roles:
                raise Http404
            return view(request, *args, **kwargs)

        return signed_in(guarded)

    return guard
