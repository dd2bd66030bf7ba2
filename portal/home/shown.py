"""Which scheme the guide shows: the one in force at the chosen place, or a region file that an administrator previews.

A preview lies in the administrator's own session and is worked out anew for each page: nothing of it is published or
saved, and nobody else sees it.
"""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from agencies.enums import Role
from agencies.examination import examine
from agencies.models import Region
from agencies.spec import SchemeSpec
from portal.web import place
from portal.web.access import SignedInRequest, posting_required

SESSION_KEY = "previewed_file"
MAX_LETTERS = 1024 * 1024


@dataclass(frozen=True)
class Shown:
    region: Region
    spec: SchemeSpec
    is_preview: bool = False

    @property
    def context(self) -> dict[str, Any]:
        """What every page of the guide gets: the place of a previewed file is not the one that was chosen."""
        of_preview = {"place": place.facts(self.region), "is_preview": True} if self.is_preview else {}
        return {"spec": self.spec, **of_preview}


def shown(request: HttpRequest) -> Shown | None:
    """What is previewed or else in force at the chosen place; None without a place or where nothing is published."""
    text = request.session.get(SESSION_KEY)
    if text:
        seen = examine(text, "文件")
        if seen.region is not None and seen.spec is not None:
            return Shown(seen.region, seen.spec, is_preview=True)
    if (chosen := place.chosen_scheme(request)) is None:
        return None
    region, scheme = chosen
    return Shown(region, scheme.spec)


@require_POST
@posting_required(Role.ADMINISTRATOR)
def preview(request: SignedInRequest) -> HttpResponse:
    """Begins the preview of the file's text, or ends it. A file that could not be published is not shown."""
    text = request.POST.get("text", "")
    if not text:
        request.session.pop(SESSION_KEY, None)
        return redirect("admin:agencies_scheme_import")
    if len(text) > MAX_LETTERS or not examine(text, "文件").can_publish:
        messages.error(request, "文件还有错误，改好后才能预览。")
        return redirect("admin:agencies_scheme_import")
    request.session[SESSION_KEY] = text
    return redirect("home:guide")
