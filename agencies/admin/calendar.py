"""Calendars in the administrators' console: every version, to be read."""

from datetime import date
from itertools import groupby

from django.contrib import admin
from django.utils.html import format_html_join

from agencies.admin.rights import ReadOnly
from agencies.models import CalendarYear


@admin.register(CalendarYear)
class CalendarYearAdmin(ReadOnly, admin.ModelAdmin):
    """Every version of every calendar, to be read; a new one is brought in where its effect on cases is shown first."""

    list_display = ["year", "place", "version", "notice", "off_count", "make_up_count", "loaded_at"]
    list_filter = ["year"]
    list_select_related = ["region"]
    ordering = ["-year", "region", "-version"]
    fields = ["year", "place", "version", "notice", "holidays", "make_up", "loaded_at"]
    readonly_fields = ["year", "place", "version", "notice", "holidays", "make_up", "loaded_at"]

    @admin.display(description="地方")
    def place(self, year: CalendarYear) -> str:
        return str(year.region) if year.region_id else "全国"

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
