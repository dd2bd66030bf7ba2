"""The directory in the administrators' console: places, agencies, offices and the ways to them, postings."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest

from agencies.admin.rights import NeverDeleted
from agencies.models import Agency, Office, OfficeRoute, Posting, Region


@admin.register(Region)
class RegionAdmin(NeverDeleted, admin.ModelAdmin):
    """Divisions come from divisions.csv; here they are switched on and given phone and window."""

    list_display = ("code", "full_name", "level", "is_open", "phone", "window", "valid_until")
    list_display_links = ("code", "full_name")
    list_filter = ("is_open", "level")
    search_fields = ("code", "full_name")
    readonly_fields = ("code", "full_name", "level", "parent", "valid_until", "successor")
    fields = (*readonly_fields, "is_open", "phone", "window")
    actions = ("open_places", "close_places")
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.action(description="开通所选地方的网上办理", permissions=["change"])
    def open_places(self, request: HttpRequest, places: QuerySet[Region]) -> None:
        self.message_user(request, f"已开通 {places.filter(valid_until=None).update(is_open=True)} 个地方。")

    @admin.action(description="暂停所选地方的网上办理", permissions=["change"])
    def close_places(self, request: HttpRequest, places: QuerySet[Region]) -> None:
        self.message_user(request, f"已暂停 {places.update(is_open=False)} 个地方；已提交的办件照常办理。")


@admin.register(Agency)
class AgencyAdmin(NeverDeleted, admin.ModelAdmin):
    """Agencies come with region files; their queues and workers follow from the code."""

    list_display = ("name", "code", "icon", "order")
    readonly_fields = ("code",)
    search_fields = ("code", "name")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


class RouteInline(admin.TabularInline):
    """Items that go another way than the office's own; to look at, since a change needs a reason."""

    model = OfficeRoute
    extra = 0
    fields = readonly_fields = ("item_code", "gateway", "endpoint")

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False


@admin.register(Office)
class OfficeAdmin(NeverDeleted, admin.ModelAdmin):
    list_display = ("name", "agency", "region", "phone", "gateway", "is_held", "is_active")
    list_filter = ("agency", "gateway", "is_held", "is_active")
    list_select_related = ("agency", "region")
    search_fields = ("name", "region__full_name", "region__code")
    autocomplete_fields = ("region",)
    # How and whether a case is sent is an operator's deed with a reason, done on the console's pages.
    readonly_fields = ("gateway", "endpoint", "is_held")
    inlines = (RouteInline,)
    list_per_page = 50


class PostingForm(forms.ModelForm):
    """Nobody gives a posting to themselves. `giver` is set for the request at hand."""

    giver: object = None

    def clean_user(self) -> object:
        user = self.cleaned_data["user"]
        if user == self.giver:
            raise ValidationError("自己的岗位要由另一位管理员给")
        return user


@admin.register(Posting)
class PostingAdmin(NeverDeleted, admin.ModelAdmin):
    form = PostingForm
    list_display = ("user", "role", "office", "region", "valid_from", "valid_until")
    list_filter = ("role",)
    list_select_related = ("user", "office", "region")
    search_fields = ("user__username", "user__legal_name", "office__name", "region__full_name")
    autocomplete_fields = ("user", "office", "region")
    fieldsets = (
        (None, {"fields": ("user", "role")}),
        ("在哪里", {"fields": ("office", "region"), "description": "审核、批准人员选办理机构；窗口、督办人员选区划。"}),
        ("从什么时候到什么时候", {"fields": ("valid_from", "valid_until"), "description": "离岗时填“止”，不删除。"}),
    )

    def get_form(self, request: HttpRequest, obj: Posting | None = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.giver = request.user
        return form
