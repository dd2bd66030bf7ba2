from django.contrib.auth.views import LogoutView
from django.urls import path
from django.views.generic import TemplateView

from portal.home import flow, notice, password, query, second_step, shown, views

app_name = "home"

urlpatterns = [
    path("", views.index, name="index"),
    path("place/", views.choose_place, name="choose_place"),
    path("guide/", views.guide, name="guide"),
    path("guide/preview/", shown.preview, name="preview"),
    path("guide/flow/", flow.flow, name="flow"),
    path("notice/", notice.notice, name="notice"),
    path("notice/<slug:number>.pdf", notice.paper, name="notice_paper"),
    path("guide/<slug:code>/", views.guide_item, name="guide_item"),
    path("query/", query.query, name="query"),
    path("start/", views.landing, name="landing"),
    path("sign-in/", views.SignIn.as_view(), name="sign_in"),
    path("second-step/", second_step.second_step, name="second_step"),
    path("password/", password.OwnPassword.as_view(), name="password"),
    path("sign-out/", LogoutView.as_view(), name="sign_out"),
    path("session/", views.session, name="session"),
    path("large-text/", views.large_text, name="large_text"),
    path("accessibility/", TemplateView.as_view(template_name="home/accessibility.html"), name="accessibility"),
    path("site-map/", TemplateView.as_view(template_name="home/site_map.html"), name="site_map"),
    path("privacy/", views.privacy_notice, name="privacy"),
    path("privacy/<str:version>/", views.privacy_notice, name="privacy_version"),
    path("healthz", views.alive, name="alive"),
    path("healthz/calendar", views.calendar_health, name="calendar_health"),
    path("readyz", views.ready, name="ready"),
]
