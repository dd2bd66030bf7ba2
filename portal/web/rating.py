"""好差评 as a page: the form with the five grades, and what was said with its answer. Shared by applicant and window."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from agencies.deadlines import Calendar, calendar_now
from applications import ratings
from applications.enums import BAD, Channel, Satisfaction
from applications.errors import Invalid, Refused
from applications.models import Application, ItemTask, Rating
from portal.web import kept
from portal.web.access import SignedInRequest
from portal.web.presenters import Tag, day_words, moment_words
from portal.web.widgets import CheckCards, ChoiceCards

Show = Callable[[dict[str, Any]], HttpResponse]


class RateForm(forms.Form):
    """One of five grades, what it is about, free words."""

    use_required_attribute = False
    grade = forms.TypedChoiceField(
        label="您觉得",
        choices=Satisfaction.choices,
        coerce=int,
        widget=ChoiceCards(in_row=True),
        error_messages={"required": "请选一档", "invalid_choice": "请从五档里选"},
    )
    reasons = forms.MultipleChoiceField(
        label="说的是哪方面",
        required=False,
        help_text="选“不满意”或“非常不满意”的，请至少选一个方面，好让人去查。",
        widget=CheckCards,
        error_messages={"invalid_choice": "请从列出的方面里选"},
    )
    text = forms.CharField(
        label="还想说的",
        required=False,
        help_text=f"最多 {ratings.LONGEST} 个字，只有督办人员看得到。不用写姓名、电话和身份证号。",
        max_length=ratings.LONGEST,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"max_length": f"最多写 {ratings.LONGEST} 个字，现在有 %(show_value)d 个"},
    )

    def __init__(self, data: Any, *, channel: Channel) -> None:
        super().__init__(data)
        field = self.fields["reasons"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = list(ratings.REASONS[channel].items())


class RectifyForm(forms.Form):
    text = forms.CharField(
        label="核实和整改",
        help_text="写明核实到什么、改了什么。评价的人看得到，不要写姓名和证件号。",
        max_length=ratings.LONGEST_ANSWER,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": "请写明核实到什么、改了什么"},
    )


@dataclass(frozen=True)
class Said:
    """One rating, or its addition, in words."""

    title: str
    tag: Tag
    about: str
    text: str
    when: str
    answer: str
    answered: str
    due: str


def grade_tag(grade: int) -> Tag:
    tone, icon = ("amber", "exclamation-circle-fill") if grade in BAD else ("done", "check-circle-fill")
    return Tag(tone, icon, Satisfaction(grade).label)


def rated_words(rating: Rating) -> str:
    """When and where it was said: what a window took down in the person's name, they can tell from their own."""
    return f"{moment_words(rating.rated_at)}，{rating.get_channel_display()}"


def said(rating: Rating, calendar: Calendar) -> Said:
    """Fetched with its answer. A day in a year without its calendar is only expected."""
    answer = rating.answered
    due = answer.answer_by if answer is not None else None
    return Said(
        title="追加的评价" if rating.follows_id else "您的评价",
        tag=grade_tag(rating.grade),
        about="、".join(ratings.reason_words(rating)),
        text=rating.text,
        when=rated_words(rating),
        answer=answer.answer if answer is not None else "",
        answered=moment_words(answer.answered_at) if answer is not None and answer.answered_at else "",
        due=f"{'' if calendar.knows(due) else '预计'}{day_words(due)}" if due else "",
    )


@dataclass(frozen=True)
class RatingCard:
    """On the page of a closed case: the one question, or what was said to it."""

    url: str
    tag: Tag | None
    words: str


def card(case: Application) -> RatingCard | None:
    """None while the case is open, and when nothing was said in time."""
    url = reverse("applicant:rate", args=[case.number])
    if found := ratings.said_of(case):
        answers = [rating.answered for rating in found if rating.answered is not None]
        waits = any(answer.answered_at is None for answer in answers)
        words = "督办人员在核实" if waits else "已经有了答复" if answers else "谢谢您说一声"
        return RatingCard(url, grade_tag(found[-1].grade), words)
    return RatingCard(url, None, "") if ratings.is_open(case) else None


def task_of_case(case: Application, pk: int) -> ItemTask:
    """An item of the case. Raises Http404 for every other."""
    found = next((task for task in case.tasks.all() if task.pk == pk), None)
    if found is None:
        raise Http404
    return found


def respond(
    request: SignedInRequest, case: Application, task: ItemTask | None, *, channel: Channel, back: str, show: Show
) -> HttpResponse:
    """Shows what was said and, where something may be said, the form; takes it. At a window nothing said is shown."""
    found = ratings.said_of(case, task)
    can_say = ratings.is_open(case, task)
    is_late = not can_say and (not found or request.method == "POST")
    if is_late or (found and channel == Channel.WINDOW):
        messages.info(request, "已经评价过" if found else "现在不能评价")
        return redirect(back)
    form = RateForm(request.POST or kept.take_said(request) or None, channel=channel)
    if request.method == "POST" and form.is_valid():
        try:
            ratings.rate(
                case,
                user=request.user,
                task=task,
                channel=channel,
                is_addition="add" in request.POST,
                **form.cleaned_data,
            )
        except Invalid as invalid:
            for name, words in invalid.errors.items():
                form.add_error(name, words)
        except Refused as refused:
            messages.info(request, str(refused))
            return redirect(back)
        else:
            messages.success(request, "已经记下，谢谢您")
            return redirect(back if channel == Channel.WINDOW else request.path)
    calendar = calendar_now().at(case.region_id)
    return show(
        {
            "form": form,
            "said": [said(rating, calendar) for rating in found],
            "can_say": can_say,
            "about": task.spec.title if task else "整个办件",
        }
    )
