"""登录的第二步: staff type the figures of their authenticator; the first time they set it up."""

from typing import Any

import segno
from crispy_forms.layout import Field
from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods

from portal.accounts import events, second_factor, sign_in
from portal.accounts.models import EventKind, SecondFactor
from portal.web import layout, navigation
from portal.web.access import SignedInRequest, signed_in

LOCKED = "口令连续 5 次不对，请过 15 分钟再试。手机丢了，请用备用码，或请管理员重置。"
WRONG = "口令不对，或者已经用过。请等手机上换出下一个再输。"


class CodeForm(forms.Form):
    code = forms.CharField(label="动态口令", max_length=20, error_messages={"required": "请输入口令"})
    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs.update(inputmode="text", autocomplete="one-time-code")
        self.helper = layout.bare(Field("code"))


@signed_in
@require_http_methods(["GET", "POST"])
def second_step(request: SignedInRequest) -> HttpResponse:
    """Asks for the code; without a factor in force shows what to set up. Right once, the session goes on."""
    if not second_factor.is_asked(request.user, has_posting=request.posting is not None):
        return redirect("home:landing")
    factor = second_factor.begin(request.user)
    form = CodeForm(request.POST or None)
    if form.is_valid():
        if words := _tried(request, form.cleaned_data["code"]):
            form.add_error("code", words)
        else:
            return _passed(request, factor)
    return render(request, "home/second_step.html", _context(request, factor, form))


def _tried(request: SignedInRequest, code: str) -> str:
    """What is wrong with the code; empty when it is right. Counted like passwords."""
    key = sign_in.key_of(request, f"second:{request.user.username}")
    if not sign_in.admit(key):
        return LOCKED
    if not second_factor.accept(request.user, code):
        events.note(EventKind.CODE_REFUSED, request.user, request)
        return WRONG
    sign_in.forget(key)
    events.note(EventKind.SECOND_STEP, request.user, request)
    return ""


def _passed(request: SignedInRequest, factor: SecondFactor) -> HttpResponse:
    codes = second_factor.confirm(request.user) if factor.confirmed_at is None else []
    second_factor.remember(request, request.user)
    next_page = _next(request) or navigation.own_entry(request)
    if codes:
        return render(request, "home/spare_codes.html", {"codes": codes, "next": next_page})
    return redirect(next_page)


def _context(request: SignedInRequest, factor: SecondFactor, form: CodeForm) -> dict[str, Any]:
    context: dict[str, Any] = {"form": form, "next": _next(request), "button": "登录"}
    if factor.confirmed_at is None:
        context["button"] = "启用"
        secret = factor.secret_base32
        context["picture"] = segno.make(second_factor.address(factor), error="m").svg_data_uri(border=2, scale=5)
        context["secret"] = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    return context


def _next(request: SignedInRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    is_own = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if is_own else ""
