"""Forms and words of 办不成事, shared by the person who asks and the staff who answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils import timezone

from agencies.deadlines import Calendar
from applications.models import ItemTask, Question
from applications.questions import LONGEST
from portal.web.presenters import day_words, masked, moment_words
from portal.web.widgets import ChoiceCards


@dataclass(frozen=True)
class Exchange:
    """A question and its answer as a page shows them."""

    pk: int
    about: str
    number: str
    receipt: str
    person: str
    asked: str
    text: str
    owner: str
    due: str
    is_late: bool
    answer: str
    answered: str


def exchange(question: Question, calendar: Calendar) -> Exchange:
    """A question in words; fetched with for_lists(). A day in a year without its calendar is only expected."""
    owner = "督办人员" if question.escalated_at else str(question.office)
    return Exchange(
        pk=question.pk,
        about=_about(question),
        number=question.application.number if question.application else question.number,
        receipt=question.number,
        person=_person(question),
        asked=moment_words(question.asked_at),
        text=question.text,
        owner=owner,
        due=f"{'' if calendar.knows(question.answer_by) else '预计'}{day_words(question.answer_by)}",
        is_late=question.answered_at is None and question.answer_by < timezone.localdate(),
        answer=question.answer,
        answered=moment_words(question.answered_at) if question.answered_at else "",
    )


def _about(question: Question) -> str:
    if question.task is not None:
        return question.task.spec.title
    return "整个办件" if question.application is not None else "窗口反映，没有办件"


def _person(question: Question) -> str:
    """Who told it at the window; for a case the case says it."""
    return f"{question.person_name}　{masked(question.phone)}" if question.person_name else ""


class AskForm(forms.Form):
    """Which item it is about, and what is the matter."""

    about = forms.ChoiceField(
        label="哪件事没人管",
        widget=ChoiceCards,
        error_messages={"required": "请选一件事，说不清就选“整个办件”", "invalid_choice": "请从列出的事里选"},
    )
    text = forms.CharField(
        label="发生了什么",
        help_text="写清等了多久、找过谁。不用写身份证号。",
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={
            "required": "请写明发生了什么、您等了多久",
            "max_length": f"最多写 {LONGEST} 个字，现在有 %(show_value)d 个",
        },
    )

    def __init__(self, *args: Any, tasks: Sequence[ItemTask], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tasks = {str(task.pk): task for task in tasks if not task.is_terminal}
        field = self.fields["about"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            *((pk, f"{task.spec.title}（{task.office}）") for pk, task in self.tasks.items()),
            ("case", "整个办件，或者说不清是哪一件"),
        ]

    @property
    def task(self) -> ItemTask | None:
        """The item asked about; None for the whole case."""
        return self.tasks.get(self.cleaned_data["about"])


class AnswerForm(forms.Form):
    text = forms.CharField(
        label="答复",
        help_text="写明查到了什么、接下来怎么办、哪天办好。申请人在办件页看到。",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "请写明查到了什么、接下来怎么办"},
    )
