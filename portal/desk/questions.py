"""What people ask because nothing moves: an office answers its own, supervisors what was left in silence."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from agencies.deadlines import calendar_now
from agencies.enums import Role
from agencies.models import Posting
from applications import questions
from applications.errors import Refused
from applications.models import Question
from portal.web import kept
from portal.web.access import SignedInRequest, posting_required
from portal.web.questions import AnswerForm, exchange

answering = posting_required(Role.REVIEWER, Role.APPROVER, Role.SUPERVISOR, Role.ADMINISTRATOR)


@answering
def question_list(request: SignedInRequest) -> HttpResponse:
    """The open ones, the earliest day first."""
    waiting = Question.objects.for_posting(request.posting).unanswered().for_lists()
    calendar = calendar_now()
    return render(request, "desk/question_list.html", {"questions": [exchange(found, calendar) for found in waiting]})


@answering
def question(request: SignedInRequest, question_id: int) -> HttpResponse:
    """One question and its answer."""
    found = get_object_or_404(Question.objects.for_posting(request.posting).for_lists(), pk=question_id)
    form = AnswerForm(request.POST or kept.take_said(request) or None)
    if request.method == "POST" and form.is_valid():
        try:
            questions.answer(found, staff=request.user, text=form.cleaned_data["text"])
        except Refused as refused:
            messages.info(request, str(refused))
        else:
            messages.success(request, _answered_words(found))
        return redirect("desk:question_list")
    context = {"question": exchange(found, calendar_now()), "form": form, "case_url": _case_url(found, request.posting)}
    return render(request, "desk/question.html", context)


def _case_url(question: Question, posting: Posting) -> str:
    """The case that the question is about, as this member of staff sees it; empty where there is none."""
    if question.application is None:
        return ""
    page = "console:case" if posting.role in (Role.SUPERVISOR, Role.ADMINISTRATOR) else "desk:case"
    return reverse(page, args=[question.application.number])


def _answered_words(question: Question) -> str:
    if question.application is not None:
        return f"已答复 {question.application.number}，申请人在办件页看到"
    return f"已答复 {question.number}，短信已通知本人到窗口看"
