"""What was typed when the session had ended: it waits in the new session until the same person has signed in again."""

import json
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpRequest, QueryDict

from agencies.fields import FIELDS, known
from portal.security import crypto

_KEPT, _LAST, _REPLACED = "typed", "last_person", "replaced"
CONTEXT = "session|typed"
# What a whole form may hold; anybody can send such a POST, so no more than this waits in a session.
_MOST_CHARACTERS, _LONGEST_TEXT = 8_000, 2_000
_NEVER = {"csrfmiddlewaretoken", "password", "old_password", "new_password1", "new_password2", "id_end"}
WORDS = "为了安全已退出登录。您刚才填的都在，请看一遍，再按一次按钮"


def remember_person(request: HttpRequest, pk: Any, *, is_replaced: bool = False) -> None:
    """Whose session ended, so that what is typed now is handed to nobody else; and whether a newer one ended it."""
    request.session[_LAST], request.session[_REPLACED] = pk, is_replaced


def was_signed_out(request: HttpRequest) -> bool:
    """The session before this one ended by itself, and nobody has signed in since."""
    return _LAST in request.session and not request.user.is_authenticated


def was_replaced(request: HttpRequest) -> bool:
    """The session before this one ended because its account was signed in elsewhere."""
    return bool(was_signed_out(request) and request.session.get(_REPLACED))


def keep(request: HttpRequest, *, person: Any = None) -> None:
    """Lays aside what an ended session posted, but nothing longer than our forms take. Files are not kept."""
    posted = {
        name: [text[: FIELDS[name].max_length] if known(name) else text for text in texts]
        for name, texts in request.POST.lists()
        if name not in _NEVER and (known(name) or max(map(len, texts), default=0) <= _LONGEST_TEXT)
    }
    if sum(len(name) + sum(map(len, texts)) for name, texts in posted.items()) <= _MOST_CHARACTERS:
        whose = person if person is not None else request.session.get(_LAST)
        kept = {"path": request.path, "person": whose, "posted": posted}
        request.session[_KEPT] = crypto.seal(
            json.dumps(kept, ensure_ascii=False), CONTEXT
        )  # a session is a row like any other


def page_of(request: HttpRequest) -> str:
    """Where to go after signing in: the page whose form was posted, if the browser says which, else the address itself."""
    came_from = urlsplit(request.headers.get("Referer", ""))
    if request.method == "POST" and came_from.netloc == request.get_host() and came_from.path.startswith("/"):
        return f"{came_from.path}?{came_from.query}" if came_from.query else came_from.path
    return request.get_full_path()


def take(request: HttpRequest, path: str = "", *, is_own: bool = False) -> QueryDict:
    """What was posted to this address (or to `path`) before the session ended; given once, and empty when nothing was.

    `is_own`: the page has made sure whose it is, so a session of which nothing is known any more will do.
    """
    found = QueryDict(mutable=True)
    if _KEPT not in request.session:
        return found
    kept = json.loads(crypto.unseal(request.session[_KEPT], CONTEXT))
    if kept["path"] != (path or request.path):
        return found
    del request.session[_KEPT]
    is_same = kept["person"] == request.user.pk or (kept["person"] is None and is_own)
    if is_same:
        for name, texts in kept["posted"].items():
            found.setlist(name, texts)
    return found


def take_said(request: HttpRequest, path: str = "", *, is_own: bool = False) -> QueryDict:
    """`take`, and the person is told why the form is there again."""
    found = take(request, path, is_own=is_own)
    if found:
        messages.info(request, WORDS)
    return found
