"""One include per audience."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("portal.home.urls")),
    path("", include("portal.applicant.urls")),
    path("", include("portal.web.paper_views")),
    path("exchange/", include("portal.exchange.urls")),
    path("window/", include("portal.window.urls")),
    path("admin/", admin.site.urls),
    path("desk/", include("portal.desk.urls")),
    path("console/", include("portal.console.urls")),
]

handler400 = "portal.web.errors.bad_request"
handler403 = "portal.web.errors.forbidden"
handler404 = "portal.web.errors.not_found"
handler500 = "portal.web.errors.server_error"
