"""Who may enter a page: somebody signed in, or a member of staff in one of the named roles.

What a person then sees is decided by the scoped querysets, never here.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest

from agencies.enums import Role
from agencies.models import Posting
from portal.accounts.models import User


class SignedInRequest(HttpRequest):
    """A request behind one of these guards: somebody is signed in; behind `posting_required` the posting is there too."""

    user: User
    posting: Posting


# Views may stream files too, so the answer's class is left open.
View = Callable[..., Any]

signed_in = login_required


def posting_required(*roles: Role) -> Callable[[View], View]:
    """Signed in and posted in one of the roles now; for everybody else the page is not there."""

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            posting = getattr(request, "posting", None)
            if posting is None or posting.role not in roles:
                raise Http404
            return view(request, *args, **kwargs)

        return login_required(guarded)

    return guard
