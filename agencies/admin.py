"""The directory in the administrators' console: offices, postings and open places are kept here; schemes are only read.

A scheme changes by publishing a new version of its region's file, never by editing a row.
"""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from agencies.models import Agency, CalendarYear, Item, Office, Posting, Region, Scheme


class ReadOnly:
    """What is only looked at: made by services, or by publishing."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False


class NeverDeleted:
    """Rows that cases point to: switched off or ended, never deleted."""

    def has_delete_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False


@admin.register(Agency)
class AgencyAdmin(NeverDeleted, admin.ModelAdmin):
    list_display = ("name", "code", "icon", "order")
    readonly_fields = ("code",)

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False


@admin.register(Region)
class RegionAdmin(NeverDeleted, admin.ModelAdmin):
    list_display = ("full_name", "code", "level", "is_open", "phone", "window")
    list_filter = ("is_open", "level")
    search_fields = ("code", "full_name")
    fields = ("code", "full_name", "parent", "level", "is_open", "phone", "window", "valid_until", "successor")
    readonly_fields = ("code", "full_name", "parent", "level", "valid_until", "successor")

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False


@admin.register(Office)
class OfficeAdmin(NeverDeleted, admin.ModelAdmin):
    list_display = ("name", "agency", "region", "phone", "gateway", "is_held", "is_active")
    list_filter = ("agency", "gateway", "is_held", "is_active")
    list_select_related = ("agency", "region")
    search_fields = ("name", "region__full_name")
    autocomplete_fields = ("region",)
    # Where and whether a case is sent is an operator's deed with a reason, done on the page of the dispatches.
    readonly_fields = ("gateway", "endpoint", "is_held")


@admin.register(Posting)
class PostingAdmin(NeverDeleted, admin.ModelAdmin):
    list_display = ("user", "role", "office", "region", "valid_from", "valid_until")
    list_filter = ("role",)
    list_select_related = ("user", "office", "region")
    search_fields = ("user__username", "user__legal_name", "office__name", "region__full_name")
    autocomplete_fields = ("user", "office", "region")


class ItemInline(ReadOnly, admin.TabularInline):
    model = Item
    fields = ("order", "code", "name", "is_enabled", "agency_codes")


@admin.register(Scheme)
class SchemeAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("title", "region", "version", "valid_from", "valid_until", "published_at")
    list_select_related = ("region",)
    search_fields = ("title", "region__full_name")
    fields = ("region", "title", "version", "valid_from", "valid_until", "published_at", "digest")
    inlines = (ItemInline,)


@admin.register(Item)
class ItemAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("name", "code", "scheme", "agency_codes", "is_enabled")
    list_filter = ("is_enabled",)
    search_fields = ("name", "code", "scheme__title")
    fields = ("scheme", "code", "name", "order", "is_enabled", "agency_codes")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Item]:
        return super().get_queryset(request).select_related("scheme").defer("scheme__content", "scheme__layer")


@admin.register(CalendarYear)
class CalendarYearAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("year", "notice", "loaded_at")
    fields = ("year", "notice", "days_off", "make_up_days", "names", "loaded_at")
