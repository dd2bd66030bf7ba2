"""账号 at the counter: a person with their ID card gets an account, or a new password for the one they have.

The password is on the answer to the form alone: not in an address, a session or a log, and not there when it is loaded again.
"""

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core import signing
from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from applications import window_accounts
from applications.errors import AlreadyDone, Invalid, Refused
from portal.accounts.passwords import VALID
from portal.web import kept
from portal.web.access import SignedInRequest
from portal.web.presenters import moment_words
from portal.web.widgets import ChoiceCards
from portal.window.guard import clerk_only

_SALT = "window.account"
WHOSE = (("theirs", "是本人的，重设它的密码"), ("other", "不是本人的，另开一个账号"))


class AccountForm(forms.Form):
    """The card in the clerk's hand. `opened` is when the page was; `whose` is asked where an account claimed the number."""

    use_required_attribute = False
    name = forms.CharField(
        label="姓名", max_length=60, help_text="照身份证上的写", error_messages={"required": "请填姓名"}
    )
    id_no = forms.CharField(
        label="身份证号",
        max_length=40,
        widget=forms.TextInput(attrs={"size": 20, "spellcheck": "false"}),
        error_messages={"required": "请填身份证号"},
    )
    phone = forms.CharField(
        label="手机号",
        required=False,
        max_length=20,
        help_text="办理进度发到这里；不填就不改",
        widget=forms.TextInput(attrs={"type": "tel", "inputmode": "tel", "size": 13}),
    )
    whose = forms.ChoiceField(label="是不是本人的账号", required=False, choices=WHOSE, widget=ChoiceCards)
    seen = forms.BooleanField(label="已核对身份证原件，是本人", error_messages={"required": "请先看身份证原件，再打勾"})
    opened = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("name", "id_no", "phone"):
            self.fields[name].widget.attrs["autocomplete"] = "off"
        self.fields["whose"].required = bool(self.data.get("whose"))

    def show(self, wrong: dict[str, str]) -> None:
        """What is wrong at its field; `whose` is on the page once it was asked."""
        for name, words in wrong.items():
            self.fields[name].required |= name == "whose"
            self.add_error(name, words)

    def visitor(self) -> window_accounts.Visitor:
        return window_accounts.Visitor(*(self.cleaned_data[name] for name in ("name", "id_no", "phone")))

    def asked_at(self) -> datetime:
        """Raises BadRequest for a page that is none of ours."""
        try:
            moment: float = signing.loads(self.cleaned_data["opened"], salt=_SALT)
        except signing.BadSignature:
            raise BadRequest("not a page of ours") from None
        return datetime.fromtimestamp(moment, UTC)


@sensitive_post_parameters()
@clerk_only
@require_http_methods(["GET", "POST"])
def account(request: SignedInRequest) -> HttpResponse:
    """Opens an account or gives a new password; the answer shows it this once."""
    opened = signing.dumps(timezone.now().timestamp(), salt=_SALT)
    is_sent = "opened" in request.POST
    typed = request.POST if is_sent else kept.take_said(request) or None
    # Coming from a search at the counter the number is there already.
    form = AccountForm(typed, initial={"opened": opened, "id_no": request.POST.get("id_no", "")})
    if is_sent and form.is_valid():
        try:
            return _given(request, form)
        except AlreadyDone as already:
            messages.info(request, str(already))
            return redirect("window:account")
        except Invalid as invalid:
            form.show(invalid.errors)
        except Refused as refused:
            form.add_error("id_no", str(refused))
    return render(request, "window/account.html", {"form": form})


@sensitive_variables("given", "context")
def _given(request: SignedInRequest, form: AccountForm) -> HttpResponse:
    whose = form.cleaned_data["whose"]
    given = window_accounts.give(
        form.visitor(),
        clerk=request.user,
        has_seen_card=form.cleaned_data["seen"],
        asked_at=form.asked_at(),
        is_theirs=whose == "theirs" if whose else None,
    )
    given_at = given.user.password_given_at
    assert given_at is not None
    address = request.build_absolute_uri(reverse("home:sign_in"))
    context = {"given": given, "until": moment_words(given_at + VALID), "address": address}
    return render(request, "window/account_given.html", context)
