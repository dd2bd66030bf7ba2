"""消息: what the person was told, with what is new; and how they want to be told."""

from typing import Any

from django import forms
from django.contrib import messages as flash
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from applications import contacts, notices
from applications.errors import Invalid
from applications.models import Notice
from portal.accounts.models import ContactBy
from portal.applicant.case_presenters import message_row
from portal.web.access import SignedInRequest, signed_in
from portal.web.presenters import masked
from portal.web.widgets import ChoiceCards

ROWS = 20


@signed_in
@require_GET
def inbox(request: SignedInRequest) -> HttpResponse:
    """The person's messages, the newest first; what is shown here is no longer new the next time."""
    page = Paginator(Notice.objects.for_person(request.user), ROWS).get_page(request.GET.get("page"))
    shown = list(page)
    context = {
        "page": page,
        "rows": [message_row(notice) for notice in shown],
        "lost": [masked(address) for address in contacts.lost(request.user)],
    }
    response = render(request, "applicant/messages.html", context)
    notices.mark_read(shown)
    return response


class ContactForm(forms.Form):
    phone = forms.CharField(
        label="手机号", max_length=20, error_messages={"required": "请填手机号"},
        widget=forms.TextInput(attrs={"type": "tel", "inputmode": "tel", "autocomplete": "tel", "size": 13}),
    )  # fmt: skip
    email = forms.CharField(
        label="邮箱", required=False, max_length=254,
        help_text="短信送不到时，改发邮件",
        widget=forms.TextInput(attrs={"type": "email", "inputmode": "email", "autocomplete": "email"}),
    )  # fmt: skip
    contact_by = forms.ChoiceField(label="先用哪种方式通知", choices=ContactBy.choices, widget=ChoiceCards(in_row=True))


@signed_in
def contact(request: SignedInRequest) -> HttpResponse:
    """Phone, mail address, and which of them first."""
    known: dict[str, Any] = {name: getattr(request.user, name) for name in ("phone", "email", "contact_by")}
    form = ContactForm(request.POST or None, initial=known)
    if request.method == "POST" and form.is_valid():
        try:
            contacts.change(request.user, **form.cleaned_data)
        except Invalid as invalid:
            for name, words in invalid.errors.items():
                form.add_error(name, words)
        else:
            flash.success(request, "已保存，以后按这里通知您")
            return redirect("applicant:messages")
    lost = [masked(address) for address in contacts.lost(request.user)]
    return render(request, "applicant/contact.html", {"form": form, "lost": lost})
