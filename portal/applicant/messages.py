"""消息: what the person was told, with what is new; and how they want to be told."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages as flash
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from applications import contacts, notices
from applications.errors import AlreadyDone, Invalid, Refused
from applications.models import Notice
from portal.accounts.models import ContactBy, User
from portal.applicant.message_presenters import message_row
from portal.web import kept
from portal.web.access import SignedInRequest, signed_in
from portal.web.password_again import PasswordAgainForm
from portal.web.presenters import masked
from portal.web.widgets import ChoiceCards

ROWS = 20


@signed_in
@require_GET
def inbox(request: SignedInRequest) -> HttpResponse:
    """The person's messages, the newest first; what is shown here is no longer new the next time."""
    page = Paginator(Notice.objects.for_person(request.user).order_by("-created_at", "-id"), ROWS).get_page(
        request.GET.get("page")
    )
    shown = list(page)
    context = {
        "page": page,
        "rows": [message_row(notice) for notice in shown],
        "lost": [masked(address) for address in contacts.lost(request.user)],
        "waiting": masked(request.user.email) if _is_waiting(request.user) else "",
    }
    response = render(request, "applicant/messages.html", context)
    notices.mark_read(shown)
    return response


class ContactForm(PasswordAgainForm):
    phone = forms.CharField(
        label="手机号", max_length=20, error_messages={"required": "请填手机号"},
        widget=forms.TextInput(attrs={"type": "tel", "inputmode": "tel", "autocomplete": "tel", "size": 13}),
    )  # fmt: skip
    email = forms.CharField(
        label="邮箱", required=False, max_length=254,
        help_text="短信送不到时，改发邮件。新填的邮箱要先打开信里的链接确认",
        widget=forms.TextInput(attrs={"type": "email", "inputmode": "email", "autocomplete": "email"}),
    )  # fmt: skip
    contact_by = forms.ChoiceField(label="先用哪种方式通知", choices=ContactBy.choices, widget=ChoiceCards(in_row=True))
    field_order = ("phone", "email", "contact_by", "password")
    hint = "改了手机号或邮箱才要填；原来的会收到一条提醒"
    purpose = "contact"

    def clean(self) -> dict[str, Any]:
        """Messages go elsewhere only by whoever knows the password, not by whoever finds the page open."""
        given = super().clean() or {}
        password, user = given.pop("password", ""), self.request.user
        if self.errors:
            return given
        self.take(contacts.problems(**given))
        if not self.errors and contacts.differs(user, phone=given["phone"], email=given["email"]):
            self.check_password(password)
        return given

    def take(self, errors: dict[str, str]) -> None:
        for name, words in errors.items():
            self.add_error(name, words)


@signed_in
def contact(request: SignedInRequest) -> HttpResponse:
    """Phone, mail address, and which of them first; a mail address waits until its owner opened the link in the mail."""
    if request.POST.get("do") == "send_link":
        return _send_link(request)
    known: dict[str, Any] = {name: getattr(request.user, name) for name in ("phone", "email", "contact_by")}
    form = ContactForm(request.POST or kept.take_said(request) or None, initial=known, request=request)
    if request.method == "POST" and form.is_valid():
        try:
            changed = contacts.change(request.user, **form.cleaned_data)
        except Invalid as invalid:
            form.take(invalid.errors)
        except Refused as refused:
            form.add_error("email", str(refused))
        else:
            flash.success(request, _saved_words(changed))
            return redirect("applicant:contact" if _is_waiting(changed) else "applicant:messages")
    context = {
        "form": form,
        "lost": [masked(address) for address in contacts.lost(request.user)],
        "waiting": masked(request.user.email) if _is_waiting(request.user) else "",
        "demo_link": contacts.demo_link(request.user) if settings.IS_DEMO else "",
    }
    return render(request, "applicant/contact.html", context)


def _is_waiting(user: User) -> bool:
    return bool(user.email) and not user.has_confirmed_email


def _saved_words(user: User) -> str:
    if _is_waiting(user):
        return f"已保存。还差一步：请到 {masked(user.email)} 收信，打开信里的链接确认。确认以前发短信通知您"
    return "已保存，以后按这里通知您"


def _send_link(request: SignedInRequest) -> HttpResponse:
    try:
        contacts.send_link(request.user, again=True)
        flash.success(request, f"确认邮件已再发到 {masked(request.user.email)}，以前的链接不能再用")
    except AlreadyDone as already:
        flash.info(request, str(already))
    except Refused as refused:
        flash.error(request, str(refused))
    return redirect("applicant:contact")


@signed_in
def confirm_email(request: SignedInRequest, token: str) -> HttpResponse:
    """The link out of the mail. Opening it changes nothing, since mail programs open links by themselves; the button does."""
    try:
        if request.method == "POST":
            contacts.confirm(token, user=request.user)
            flash.success(request, f"已确认 {masked(request.user.email)}，以后可以往这里发通知")
            return redirect("applicant:messages")
        address = contacts.asked_by(token, user=request.user)
    except Refused as refused:
        flash.warning(request, str(refused))
        return redirect("applicant:contact")
    return render(request, "applicant/confirm_email.html", {"address": masked(address)})
