"""The console of supervisors and administrators: figures, cases, calendars, the outbox, messages to people, schemes."""

from django.urls import path

from portal.console import (
    audit_views,
    calendar_views,
    case_views,
    operator_views,
    outbox_views,
    rating_views,
    views,
    way_views,
)

app_name = "console"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("audit/", audit_views.audit, name="audit"),
    path("cases/", case_views.find, name="find"),
    path("cases/<str:number>/", case_views.case, name="case"),
    path("ratings/", rating_views.rating_list, name="ratings"),
    path("ratings/<int:pk>/", rating_views.rating, name="rating"),
    path("messages/", views.messages, name="notices"),
    path("schemes/", views.schemes, name="schemes"),
    path("calendars/", calendar_views.calendars, name="calendars"),
    path("calendars/import/", calendar_views.bring_in, name="calendar_import"),
    path("dispatches/", outbox_views.dispatches, name="dispatches"),
    path("dispatches/<int:pk>/", outbox_views.dispatch, name="dispatch"),
    path("dispatches/<int:pk>/act/", outbox_views.act, name="act"),
    path("dispatches/<int:pk>/hand-over/", outbox_views.hand_over, name="hand_over"),
    path("dispatches/hold/", outbox_views.hold, name="hold"),
    path("dispatches/tickets/", operator_views.ticket_list, name="tickets"),
    path("dispatches/tickets/<int:pk>/close/", operator_views.close_ticket, name="close_ticket"),
    path("dispatches/tickets/<int:pk>/again/", operator_views.paper_again, name="paper_again"),
    path("dispatches/tickets/<int:pk>/repair/", operator_views.repair, name="repair"),
    path("dispatches/pulses/", operator_views.pulses, name="pulses"),
    path("dispatches/exports/", operator_views.export_list, name="exports"),
    path("dispatches/exports/<int:pk>/", operator_views.export_file, name="export_file"),
    path("dispatches/ways/", way_views.ways, name="ways"),
    path("dispatches/offline/", operator_views.offline, name="offline"),
    path("dispatches/offline/<int:pk>/", operator_views.import_result, name="import"),
]
