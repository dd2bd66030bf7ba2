"""Schemes in the administrators' console: read, compared, checked and brought in as files."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from agencies.admin.readable import readable
from agencies.admin.rights import ReadOnly
from agencies.comparison import compare
from agencies.examination import examine
from agencies.file_or_text import FileOrTextForm
from agencies.layers import parse_layer
from agencies.models import Item, Scheme
from agencies.publishing import Refused, publish


class RegionFileForm(FileOrTextForm):
    kind, limit, limit_words = "地区文件", 1024 * 1024, "1 MB"

    file = forms.FileField(label="选择文件", required=False, help_text="地区文件（YAML），最大 1 MB")
    text = forms.CharField(
        label="或者粘贴内容", required=False, strip=False, widget=forms.Textarea(attrs={"rows": 24, "cols": 90})
    )
    valid_from = forms.DateField(
        label="施行日期",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="不填就用文件里写的日期。已经开始的办件不受影响，仍按原来的版本办。",
    )


@admin.register(Scheme)
class SchemeAdmin(ReadOnly, admin.ModelAdmin):
    """Schemes are read here and brought in as files; a published one never changes."""

    list_display = ["region", "title", "version", "valid_from", "published_at"]
    list_select_related = ["region"]
    search_fields = ["title", "region__full_name", "region__code", "version"]
    change_form_template = "admin/agencies/scheme/detail.html"
    change_list_template = "admin/agencies/scheme/list.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("import/", view(self.import_view), name="agencies_scheme_import"),
            path("<int:pk>/compare/", view(self.compare_view), name="agencies_scheme_compare"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {"title": self.opts.verbose_name_plural, "may_publish": self._may_publish(request)}
        return super().changelist_view(request, {**(extra_context or {}), **context})

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        if object_id is None:
            raise PermissionDenied
        scheme = get_object_or_404(Scheme.objects.select_related("region"), pk=object_id)
        others = Scheme.objects.filter(region=scheme.region).exclude(pk=scheme.pk)
        context = {**readable(scheme.spec), "scheme": scheme, "others": others, "title": scheme.title}
        return super().changeform_view(request, object_id, form_url, {**(extra_context or {}), **context})

    def compare_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What changed from another version to this one."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        scheme = get_object_or_404(Scheme.objects.select_related("region"), pk=pk)
        other = get_object_or_404(Scheme, pk=request.GET.get("with", ""), region=scheme.region)
        changes = compare(other.spec, scheme.spec)
        context = {"scheme": scheme, "other": other, "changes": changes, "title": "两个版本的不同"}
        return TemplateResponse(request, "admin/agencies/scheme/compare.html", self._context(request, context))

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Check a file, see what it changes and what people will see, then publish it."""
        if not self._may_publish(request):
            raise PermissionDenied
        form = RegionFileForm(request.POST or None, request.FILES or None)
        context: dict[str, Any] = {"form": form, "title": "导入地区文件"}
        if request.method == "POST" and form.is_valid():
            text = form.cleaned_data["text"]
            seen = examine(text, "文件")
            if "publish" in request.POST and seen.can_publish:
                try:
                    return self._publish(request, text, form.cleaned_data["valid_from"])
                except Refused as error:
                    form.add_error(None, str(error))
            values = {"text": text, "valid_from": form.cleaned_data["valid_from"]}
            if not form.errors:
                context["form"] = RegionFileForm(initial=values)
            context["seen"] = seen
            if seen.spec is not None:
                context |= readable(seen.spec)
        return TemplateResponse(request, "admin/agencies/scheme/import.html", self._context(request, context))

    def _publish(self, request: HttpRequest, text: str, valid_from: Any) -> HttpResponse:
        outcome = publish(parse_layer(text, "文件"), valid_from=valid_from)
        for scheme in outcome.published:
            self.log_addition(request, scheme, "从文件发布")
        names = "、".join(f"{scheme.region.name} {scheme.version}" for scheme in outcome.published)
        said = f"已发布：{names}。" if names else "内容和已发布的版本一样，没有新的发布。"
        self.message_user(request, said, messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:agencies_scheme_changelist"))

    def _may_publish(self, request: HttpRequest) -> bool:
        return request.user.has_perm("agencies.add_scheme")

    def _context(self, request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
        return {**self.admin_site.each_context(request), "opts": self.opts, "today": timezone.localdate(), **context}


@admin.register(Item)
class ItemAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["name", "code", "scheme", "order", "agency_codes", "is_enabled"]
    list_filter = ["is_enabled", "code"]
    search_fields = ["name", "code", "scheme__region__full_name"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Item]:
        return super().get_queryset(request).select_related("scheme")
