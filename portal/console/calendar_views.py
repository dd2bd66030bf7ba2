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
from applications import recounting
from portal.console import calendar_presenters as presenters
from portal.console.guard import operators_only, overseers_only
from portal.web.access import SignedInRequest

FILE_BYTES = 100 * 1024


class CalendarForm(forms.Form):
    """A calendar file, chosen or typed. What is typed wins, so that one can mend and check again."""

    file = forms.FileField(label="选择文件", required=False, help_text="照 fixtures/calendar 里的文件写（YAML）")
    text = forms.CharField(
        label="或者粘贴内容",
        required=False,
        strip=False,
        max_length=FILE_BYTES,
        widget=forms.Textarea(attrs={"rows": 14}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        file = cleaned.get("file")
        if file is not None and not cleaned.get("text", "").strip():
            if file.size > FILE_BYTES:
                raise forms.ValidationError("文件超过 100 KB，日历文件没有这么大，请检查是不是选错了。")
            try:
                cleaned["text"] = file.read().decode("utf-8-sig")
            except UnicodeDecodeError:
                raise forms.ValidationError("文件不是 UTF-8 编码，请另存为 UTF-8 再上传。") from None
        if not cleaned.get("text", "").strip():
            raise forms.ValidationError("请选择一个文件，或者粘贴文件内容。")
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


def _page(request: SignedInRequest, form: CalendarForm) -> HttpResponse:
    context = {
        "form": form,
        "rows": presenters.rows(notices_of_days.history()),
        "may_import": request.posting.role == Role.ADMINISTRATOR,
    }
    return TemplateResponse(request, "console/calendars.html", context)
