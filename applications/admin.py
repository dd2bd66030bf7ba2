"""Cases in the administrators' console: to look at, never to change. Deeds are done at the desk and the window.

What a person wrote into the form and what an agency was sent are not shown here; who needs them sees them at work.
"""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from agencies.admin.rights import ReadOnly
from applications.models import (
    Application,
    Correction,
    Dispatch,
    DispatchAttempt,
    Document,
    ItemTask,
    OperatorDeed,
    Rating,
    Rectification,
    StatusLog,
)
from portal.accounts.masking import masked


class RowInline(ReadOnly, admin.TabularInline):
    """Rows below a case or task, with everything that their words need read at once."""

    related: tuple[str, ...] = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related(*self.related)


class TaskInline(RowInline):
    model = ItemTask
    related = ("application", "item", "office", "handler")
    fields = ("item", "office", "status", "handler", "accepted_on", "due_on", "next_on")
    show_change_link = True


class LogInline(RowInline):
    model = StatusLog
    related = ("application", "task__application", "task__item", "actor")
    fields = ("at", "task", "action", "from_status", "to_status", "party", "actor", "note")


class DocumentInline(RowInline):
    model = Document
    related = ("task__application", "task__item")
    fields = ("number", "kind", "task", "status", "requested_at", "rendered_at", "sha256")


class DispatchInline(RowInline):
    model = Dispatch
    fields = ("version", "status", "attempts", "created_at", "delivered_at", "receipt_number", "error", "note")
    show_change_link = True


class CorrectionInline(RowInline):
    model = Correction
    related = ("asked_by", "answered_by")
    fields = ("round", "note", "asked_by", "asked_at", "answer_by", "answered_by", "answered_at")


class AttemptInline(RowInline):
    model = DispatchAttempt
    fields = ("started_at", "milliseconds", "outcome", "detail")


@admin.register(Application)
class ApplicationAdmin(ReadOnly, admin.ModelAdmin):
    list_display = (
        "number",
        "subject_name",
        "masked_id_no",
        "region",
        "channel",
        "status",
        "submitted_at",
        "closed_at",
    )
    list_filter = ("status", "channel", ("region", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("region",)
    search_fields = ("number", "subject_name")
    date_hierarchy = "submitted_at"
    fields = (
        "number", "subject_name", "masked_id_no", "region", "scheme", "channel", "entered_by", "status", "submitted_at",
        "closed_at",
    )  # fmt: skip
    inlines = (TaskInline, LogInline, DocumentInline)

    @admin.display(description="公民身份号码")
    def masked_id_no(self, application: Application) -> str:
        return masked(application.subject_id_no)


@admin.register(ItemTask)
class ItemTaskAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("application", "item", "office", "status", "handler", "accepted_on", "due_on", "next_on")
    list_filter = ("status", "office__agency")
    list_select_related = ("application", "item", "office", "handler")
    search_fields = ("application__number", "item__name", "office__name")
    fields = (
        "application", "item", "office", "status", "handler", "received_at", "accepted_on", "reply_due_on", "due_on",
        "next_on", "is_due_provisional", "is_held", "provisional_until", "correction_until", "changed_at",
    )  # fmt: skip
    inlines = (LogInline, CorrectionInline, DispatchInline, DocumentInline)


@admin.register(Dispatch)
class DispatchAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("task", "version", "status", "attempts", "created_at", "delivered_at")
    list_filter = ("status", "task__office__agency")
    list_select_related = ("task__application", "task__item")
    search_fields = ("task__application__number",)
    fields = (
        "task", "version", "key", "digest", "status", "attempts", "next_attempt_at", "created_at", "delivered_at",
        "receipt_number", "error", "note",
    )  # fmt: skip
    inlines = (AttemptInline,)


@admin.register(Document)
class DocumentAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("number", "kind", "application", "status", "requested_at", "rendered_at")
    list_filter = ("kind", "status")
    list_select_related = ("application",)
    search_fields = ("number", "application__number")
    fields = (
        "number", "kind", "application", "task", "status", "requested_at", "rendered_at", "sha256", "attempts", "error",
    )  # fmt: skip


@admin.register(OperatorDeed)
class OperatorDeedAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("at", "operator", "deed", "note", "office")
    list_filter = ("deed",)
    list_select_related = ("operator", "office")
    search_fields = ("note", "operator__username", "operator__legal_name")
    date_hierarchy = "at"
    fields = ("at", "operator", "deed", "note", "office", "dispatch")


@admin.register(Rating)
class RatingAdmin(ReadOnly, admin.ModelAdmin):
    """Neither whose it is nor their words: those are for the person and for the supervisors."""

    list_display = ("rated_at", "grade", "channel")
    list_filter = ("grade", "channel")
    date_hierarchy = "rated_at"
    fields = ("rated_at", "grade", "channel", "reasons")


@admin.register(Rectification)
class RectificationAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("answer_by", "rating", "answered_at", "answered_by")
    list_select_related = ("rating", "answered_by")
    fields = ("answer_by", "answered_at", "answered_by")
