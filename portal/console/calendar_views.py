"""工作日历: which notices the counting of days rests on, and bringing in a new one after seeing what it moves."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET, require_POST

from agencies import calendars as notices_of_days
from agencies.calendars import CalendarError, parse_calendar
from agencies.enums import Role
from agencies.file_or_text import FileOrTextForm
from agencies.models import CalendarYear, Posting
from applications import recounting
from portal.console import calendar_presenters as presenters
from portal.console.guard import operators_only, overseers_only
from portal.web.access import SignedInRequest


class CalendarForm(FileOrTextForm):
    kind, limit, limit_words = "日历文件", 100 * 1024, "100 KB"

    file = forms.FileField(label="选择文件", required=False, help_text="写法见上面的例子")
    text = forms.CharField(
        label="或者粘贴内容",
        required=False,
        strip=False,
        max_length=limit,
        widget=forms.Textarea(attrs={"rows": 14}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        try:
            cleaned["year"] = parse_calendar(cleaned["text"], "文件")
            notices_of_days.check_place(cleaned["year"])
        except CalendarError as error:
            raise forms.ValidationError(str(error)) from None
        return cleaned


@require_GET
@overseers_only
def calendars(request: SignedInRequest) -> HttpResponse:
    """Every calendar with its notice, versions that were replaced too."""
    return _page(request, CalendarForm())


@require_POST
@operators_only
def bring_in(request: SignedInRequest) -> HttpResponse:
    """Shows what the file would change; a second post of the same file, with what was seen, brings it in."""
    form = CalendarForm(request.POST, request.FILES)
    if form.is_valid() and not _covers(request.posting, form.cleaned_data["year"]):
        form.add_error(None, f"您的岗位在{request.posting.region}，只能导入{request.posting.region}和下级地方的日历")
    if not form.is_valid():
        return _page(request, form)
    year, text = form.cleaned_data["year"], form.cleaned_data["text"]
    seen = recounting.preview(year)
    if "confirm" in request.POST and request.POST.get("seen") == presenters.mark(seen):
        done = recounting.load(year)
        messages.success(request, presenters.done_words(year, done))
        return redirect("console:calendars")
    context = presenters.preview(seen) | {
        "text": text,
        "is_stale": "confirm" in request.POST,
        "nav": "console:calendars",
    }
    return TemplateResponse(request, "console/calendar_import.html", context)


def _covers(posting: Posting, year: CalendarYear) -> bool:
    """Days hold for a place and everything below it: an administrator of a region has none to give to others."""
    if posting.region is None:
        return True
    return year.region is not None and posting.region in year.region.lineage()


def _page(request: SignedInRequest, form: CalendarForm) -> HttpResponse:
    context = {
        "form": form,
        "rows": presenters.rows(notices_of_days.history()),
        "may_import": request.posting.role == Role.ADMINISTRATOR,
    }
    context |= presenters.example()
    return TemplateResponse(request, "console/calendars.html", context)
