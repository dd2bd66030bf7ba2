"""办不成事 at the counter: the clerk writes down what a person without an account tells, and gives them the number."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET

from agencies.deadlines import calendar_now
from applications import questions
from applications.enums import Channel
from applications.errors import AlreadyDone, Invalid, Refused
from applications.models import Question
from portal.web import kept
from portal.web.access import SignedInRequest
from portal.web.questions import AskForm, exchange
from portal.window.guard import case_of_place, clerk_only, place_of

ROWS = 20


class TellForm(forms.Form):
    """Who tells it and what is the matter, for a person without a case."""

    use_required_attribute = False
    name = forms.CharField(label="姓名", max_length=60, error_messages={"required": "请写姓名"})
    phone = forms.CharField(
        label="联系电话",
        max_length=20,
        help_text="有了答复，发短信请本人来看",
        widget=forms.TextInput(attrs={"type": "tel", "inputmode": "tel", "autocomplete": "off", "size": 13}),
        error_messages={"required": "请写联系电话"},
    )
    text = forms.CharField(
        label="发生了什么",
        help_text="写清要办什么、在哪里没办成、等了多久。不用写身份证号。",
        max_length=questions.LONGEST,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": "请写明发生了什么", "max_length": f"最多写 {questions.LONGEST} 个字"},
    )


@clerk_only
@require_GET
def question_list(request: SignedInRequest) -> HttpResponse:
    """What was written down at the windows of the place, with the answers to tell."""
    found = Question.objects.for_window(place_of(request.posting)).for_lists()
    page, calendar = Paginator(found, ROWS).get_page(request.GET.get("page")), calendar_now()
    rows = [exchange(question, calendar) for question in page]
    return render(request, "window/question_list.html", {"page": page, "rows": rows})


@clerk_only
@require_GET
def question(request: SignedInRequest, number: str) -> HttpResponse:
    """The number to take home, and the answer once it is there."""
    found = Question.objects.for_window(place_of(request.posting)).for_lists()
    told = exchange(get_object_or_404(found, number=number), calendar_now())
    return render(request, "window/question.html", {"question": told})


@clerk_only
def tell(request: SignedInRequest) -> HttpResponse:
    """Something that did not work out, told by a person without a case here."""
    form = TellForm(request.POST or kept.take_said(request) or None)
    if request.method == "POST" and form.is_valid():
        place = place_of(request.posting)
        try:
            asked = questions.ask_at_window(region=place, clerk=request.user, **form.cleaned_data)
        except (Invalid, AlreadyDone) as refused:
            _show(form, refused)
        else:
            return _given(request, asked)
    return render(request, "window/question_new.html", {"form": form})


@clerk_only
def ask(request: SignedInRequest, number: str) -> HttpResponse:
    """The same about a case of the place."""
    case = case_of_place(request, number)
    form = AskForm(request.POST or kept.take_said(request) or None, tasks=list(case.tasks.all()))
    if request.method == "POST" and form.is_valid():
        words: dict[str, Any] = {"text": form.cleaned_data["text"], "task": form.task}
        try:
            asked = questions.ask(case, user=request.user, channel=Channel.WINDOW, **words)
        except (Invalid, Refused) as refused:
            form.add_error("text", str(refused))
        else:
            return _given(request, asked)
    return render(request, "window/question_new.html", {"form": form, "case": case})


def _show(form: forms.Form, refused: Refused) -> None:
    found = refused.errors if isinstance(refused, Invalid) else {"text": str(refused)}
    for name, words in found.items():
        form.add_error(name, words)


def _given(request: SignedInRequest, asked: Question) -> HttpResponse:
    messages.success(request, f"已记下，编号 {asked.number}，请把编号给本人")
    return redirect("window:question", asked.number)
