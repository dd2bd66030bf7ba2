from datetime import date
from itertools import groupby
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html_join

from agencies.admin.rights import NeverDeleted
from agencies.calendars import CalendarError, parse_calendar
from agencies.models import CalendarYear


class CalendarForm(forms.ModelForm):
    """A year is brought in as the text of a file, so that it is checked as the command does."""

    text = forms.CharField(
        label="文件内容",
        widget=forms.Textarea(attrs={"rows": 20, "cols": 80}),
        help_text="照 fixtures/calendar 里的文件写：year、notice（国务院办公厅通知）、holidays、make_up_days。同一年会覆盖。",
    )

    class Meta:
        model = CalendarYear
        fields: list[str] = []

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        try:
            self.instance = parse_calendar(text, "文件")
        except CalendarError as error:
            raise forms.ValidationError(str(error)) from None
        return text


@admin.register(CalendarYear)
class CalendarYearAdmin(NeverDeleted, admin.ModelAdmin):
    list_display = ["year", "notice", "off_count", "make_up_count", "loaded_at"]
    form = CalendarForm

    def get_fields(self, request: HttpRequest, obj: CalendarYear | None = None) -> Any:
        return ["year", "notice", "holidays", "make_up", "loaded_at"] if obj else ["text"]

    def get_readonly_fields(self, request: HttpRequest, obj: CalendarYear | None = None) -> Any:
        return self.get_fields(request, obj) if obj else []

    def has_change_permission(self, request: HttpRequest, obj: CalendarYear | None = None) -> bool:
        return False

    @admin.display(description="放假天数")
    def off_count(self, year: CalendarYear) -> int:
        return len(year.days_off)

    @admin.display(description="调休上班天数")
    def make_up_count(self, year: CalendarYear) -> int:
        return len(year.make_up_days)

    @admin.display(description="放假安排")
    def holidays(self, year: CalendarYear) -> str:
        rows = []
        for name, group in groupby(year.days_off, key=lambda day: year.names.get(day, "")):
            days = [date.fromisoformat(day) for day in group]
            rows.append((name, f"{days[0]:%m月%d日}至{days[-1]:%m月%d日}，{len(days)}天"))
        return format_html_join("\n", "<div>{}：{}</div>", rows)

    @admin.display(description="调休上班日")
    def make_up(self, year: CalendarYear) -> str:
        return "、".join(f"{date.fromisoformat(day):%m月%d日}" for day in year.make_up_days)
