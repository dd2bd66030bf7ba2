"""Pages that need no account: the landing page, the guide, signing in and out, larger type, and the two health answers."""

from typing import Any

from django.conf import settings
from django.contrib.auth import views as auth_views
from django.contrib.auth.forms import AuthenticationForm
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from agencies import routing
from agencies.deadlines import calendar_now, missing_year
from agencies.flow_chart import flow_chart
from agencies.guide import pre_review_text, reporting_text
from agencies.item_search import search
from agencies.models import Region
from applications import figures, privacy
from portal.accounts.demo import ACCOUNTS, DEMO_PASSWORD
from portal.home import guide as presenting
from portal.home.forms import PlaceForm, SignInForm
from portal.home.presenters import place_page
from portal.home.shown import shown
from portal.web import health, kept, navigation, place, sessions
from portal.web.access import SignedInRequest, signed_in
from portal.web.context import LARGE_COOKIE

YEAR = 365 * 24 * 3600


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    return _index(request, PlaceForm())


@require_http_methods(["GET", "POST"])
def choose_place(request: HttpRequest) -> HttpResponse:
    """Remembers the place and shows its items; works without an account. Opened by its address it is the home page."""
    if request.method == "GET":
        return redirect("home:index")
    form = PlaceForm(request.POST)
    region = place.open_place(form.cleaned_data["place"]) if form.is_valid() else None
    if region is None:
        return _index(request, form)
    place.choose(request, region)
    return redirect(_back(request))


def _index(request: HttpRequest, form: PlaceForm) -> HttpResponse:
    region = place.chosen_region(request)
    scheme = place.scheme_of(region) if region else None
    if region:
        form.initial["place"] = region.code
    context = {"form": form, "page": place_page(scheme.spec) if scheme else None}
    return render(request, "home/index.html", context)


@signed_in
def landing(request: SignedInRequest) -> HttpResponse:
    """Sends a person to where their work is."""
    return redirect(navigation.own_entry(request))


class SignIn(auth_views.LoginView):
    authentication_form = SignInForm
    template_name = "home/sign_in.html"
    redirect_authenticated_user = True

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        answer = super().form_valid(form)
        place.remember_of(self.request, form.get_user())
        return answer

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        demo = {"accounts": ACCOUNTS, "demo_password": DEMO_PASSWORD} if settings.IS_DEMO else {}
        ended = {"was_signed_out": kept.was_signed_out(self.request), "was_replaced": kept.was_replaced(self.request)}
        return super().get_context_data(**kwargs) | demo | ended


@require_http_methods(["GET", "POST"])
def session(request: HttpRequest) -> HttpResponse:
    """How many seconds until the person is signed out; asking keeps nothing, POST does. For the script that warns."""
    if not request.user.is_authenticated:
        return JsonResponse({"left": 0})
    if request.method == "POST":
        sessions.renew(request)
    return JsonResponse({"left": sessions.seconds_left(request)})


session.is_passive = True  # type: ignore[attr-defined]


@require_POST
def large_text(request: HttpRequest) -> HttpResponse:
    """Switches 长辈模式 on or off and goes back to the page."""
    response = redirect(_back(request))
    if request.POST.get("large") == "1":
        response.set_cookie(
            LARGE_COOKIE, "1", max_age=YEAR, samesite="Lax", httponly=True, secure=settings.SESSION_COOKIE_SECURE
        )
    else:
        response.delete_cookie(LARGE_COOKIE, samesite="Lax")
    return response


def _back(request: HttpRequest) -> str:
    """The page the person came from, if it is one of ours; only a path, since redirect() takes a bare word for a view."""
    target = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if ours and target.startswith("/") else "/"


@require_GET
def alive(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


@require_GET
def ready(request: HttpRequest) -> HttpResponse:
    """The process can serve: only the database stands in the way of a page."""
    answers = health.database_answers()
    return JsonResponse({"database": "ok" if answers else "no answer"}, status=200 if answers else 503)


@require_GET
def calendar_health(request: HttpRequest) -> HttpResponse:
    """Whether next year's working days are known. Apart from readiness: a missing notice must call people, not stop pages."""
    missing = missing_year(calendar_now(), timezone.localdate())
    if missing is None:
        return JsonResponse({"calendar": "ok"})
    return JsonResponse({"calendar": "missing", "year": missing.year}, status=503 if missing.is_overdue else 200)


@require_GET
def guide(request: HttpRequest) -> HttpResponse:
    """办事指南 of the chosen place: items found by everyday words, materials, the flow chart."""
    found = shown(request)
    if found is None:
        return render(request, "home/guide_place.html", {"form": PlaceForm(), "next": request.path})
    spec, words = found.spec, request.GET.get("q", "").strip()[:60]
    items = search(spec, words) if words else list(spec.offered)
    context = {
        **found.context,
        "words": words,
        "rows": presenting.item_rows(spec, items, _waits(found.region)),
        "automatic": spec.automatic,
        "materials": presenting.material_rows(spec, spec.materials, timezone.localdate()),
        "order": presenting.order_of_items(flow_chart(spec)),
        "pre_review": pre_review_text(spec),
        "page": place_page(spec),
        "channels": presenting.channels(spec),
        "reporting": reporting_text(spec, timezone.localdate()),
        "sources": presenting.sources(spec, timezone.localdate()),
        "claims": presenting.claim_rows(spec),
        "claim_source": presenting.claim_source(spec),
    }
    return render(request, "home/guide.html", context)


def _waits(region: Region) -> dict[str, figures.UsualWait]:
    return figures.usual_waits(region, calendar_now().at(region.code), timezone.localdate())


@require_GET
def guide_item(request: HttpRequest, code: str) -> HttpResponse:
    """One item of the guide of the chosen place."""
    found = shown(request)
    if found is None:
        return redirect("home:guide")
    spec = found.spec
    item = next((item for item in spec.items if item.code == code and item.enabled), None)
    if item is None:
        raise Http404
    context = {
        **found.context,
        "item": item,
        "rows": presenting.folded(
            presenting.item_page(
                spec,
                item,
                routing.offices_for(found.region),
                timezone.localdate(),
                phone=found.region.phone,
                wait=_waits(found.region).get(code),
            )
        ),
        "materials": presenting.material_rows(spec, presenting.materials_of(spec, item), timezone.localdate()),
        "sources": presenting.sources(spec, timezone.localdate()),
    }
    return render(request, "home/guide_item.html", context)


@require_GET
def privacy_notice(request: HttpRequest, version: str = privacy.CURRENT) -> HttpResponse:
    """个人信息处理告知 as it is now, or as it was when somebody was shown it."""
    if version not in privacy.VERSIONS:
        raise Http404
    context = {
        "text": privacy.template_of(version),
        "version": version,
        "is_current": version == privacy.CURRENT,
    }
    return render(request, "home/privacy.html", context)
