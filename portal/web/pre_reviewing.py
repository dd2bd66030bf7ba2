"""预审: the list and the page of a form that waits at the hub, for an office and for a window alike.

The hub sees the whole form with numbers masked, since it looks whether the form is complete. `side` is the namespace of the
page package.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from agencies.deadlines import calendar_now
from agencies.enums import Role
from agencies.fields import FIELDS, IDENTITY
from agencies.models import Posting
from applications import access, pre_reviews
from applications.enums import Party
from applications.errors import AlreadyDone, Refused
from applications.models import Application, Draft, Material, PreReview
from applications.registration import display, display_hidden
from portal.web import kept
from portal.web.access import SignedInRequest
from portal.web.deficits import DeficitForm
from portal.web.forms import label_of
from portal.web.presenters import SummaryRow, day_words, masked, moment_words, short_day, short_moment


@dataclass(frozen=True)
class Waiting:
    """One line of the list."""

    number: str
    url: str
    person: str
    title: str
    asked: str
    round: str
    day: str
    is_late: bool


def waiting_rows(posting: Posting, side: str) -> list[Waiting]:
    """The forms that wait for this office or window, the earliest day first."""
    today, calendar = timezone.localdate(), calendar_now()
    found = PreReview.objects.for_posting(posting).waiting().for_lists()
    return [
        Waiting(
            number=waiting.application.number,
            url=reverse(f"{side}:pre_review", args=[waiting.application.number]),
            person=f"{waiting.application.subject_name}　{masked(waiting.application.subject_id_no)}",
            title=f"{len(waiting.application.ticked)} 件事　{waiting.application.region}",
            asked=f"{short_moment(waiting.asked_at)}　{waiting.application.get_channel_display()}",
            round="" if waiting.round == 1 else f"第 {waiting.round} 次",
            day=f"{'' if calendar.knows(waiting.answer_by) else '预计 '}{short_day(waiting.answer_by)}",
            is_late=waiting.answer_by < today,
        )
        for waiting in found
    ]


def waiting_count(posting: Posting) -> int:
    return PreReview.objects.for_posting(posting).waiting().count()


# -- one form ------------------------------------------------------------------------------------------------------------


class DecisionForm(DeficitForm):
    """Passes, or says everything that is to be changed."""

    use_required_attribute = False
    materials_title, fields_title = "要改的材料", "要改的填写内容"
    deed = forms.ChoiceField(
        label="决定",
        choices=[("pass", "预审通过"), ("return", "退回修改")],
        error_messages={"required": "请先选一个决定", "invalid_choice": "请先选一个决定"},
    )

    def __init__(self, data: Any, case: Application, given: Iterable[Material]) -> None:
        super().__init__(data)
        spec = case.scheme.spec
        codes = {material.code for material in given}
        self.materials = spec.materials_for(frozenset(case.ticked), case.answers)
        self.material_rows = [
            self.material_row(m.code, m.title, is_missing=m.code not in codes and not m.optional)
            for m in self.materials
        ]
        self.field_rows = [
            self.field_row(entry.field, label_of(entry))
            for entry in case.registration.asked()
            if entry.field != IDENTITY and not FIELDS[entry.field].derived
        ]

    def clean(self) -> dict[str, Any]:
        super().clean()
        if not self.errors and self.cleaned_data["deed"] == "return" and not self.deficits():
            self.add_error(None, "退回时请至少写明一处要改的内容或材料")
        return self.cleaned_data


def respond(request: SignedInRequest, waiting: PreReview, *, side: str) -> HttpResponse:
    """Shows the form, or does what was decided about it; whoever comes late is told who was first."""
    if words := pre_reviews.over(waiting):
        messages.warning(request, words)
        return redirect(f"{side}:pre_review_list")
    case = waiting.application
    given = list(case.materials.filter(is_sent=True, replaced_by=None))
    posted = request.POST if request.method == "POST" else kept.take_said(request)
    form = DecisionForm(posted if request.method == "POST" or posted else None, case, given)

    def show(form: DecisionForm, *, shows_all: bool = False) -> HttpResponse:
        page = _page(request, waiting, form, given, side, shows_all=shows_all)
        return render(request, "web/pre_review.html", page)

    if request.POST.get("round", str(waiting.round)) != str(waiting.round):
        messages.warning(request, "没有登记：这份登记表已经退回，本人改好又交来了。下面是新的内容，请重新看过再决定")
        return show(form)
    if "reveal" in request.POST:
        return show(DecisionForm(None, case, given), shows_all=_reveal(request, case))
    if request.method == "POST" and form.is_valid():
        try:
            messages.success(request, _decide(request, waiting, form))
        except AlreadyDone as already:
            messages.warning(request, str(already))
        except Refused as refused:
            messages.error(request, str(refused))
            return show(form)
        return redirect(f"{side}:pre_review_list")
    return show(form)


def _reveal(request: SignedInRequest, case: Application) -> bool:
    """Whether full numbers may be shown in this answer: with a purpose, and after the look was written down."""
    try:
        access.reveal_form(
            case,
            fields=access.hidden_fields(case),
            reason=request.POST.get("reason", ""),
            viewer=request.user,
            posting=request.posting,
        )
    except Refused as refused:
        messages.error(request, str(refused))
        return False
    return True


def _decide(request: SignedInRequest, waiting: PreReview, form: DecisionForm) -> str:
    party = Party.CLERK if request.posting.role == Role.CLERK else Party.REVIEWER
    number = waiting.application.number
    if form.cleaned_data["deed"] == "pass":
        pre_reviews.pass_on(waiting, staff=request.user, party=party)
        return f"{number} 预审通过，正在分送各部门"
    made = pre_reviews.give_back(waiting, staff=request.user, party=party, deficits=form.deficits())
    return f"{number} 已退回修改，共 {len(made.deficits)} 处，已通知申请人"


def _page(
    request: SignedInRequest,
    waiting: PreReview,
    form: DecisionForm,
    given: list[Material],
    side: str,
    *,
    shows_all: bool,
) -> dict[str, Any]:
    case = waiting.application
    words = display if shows_all else display_hidden
    sections = [
        (
            section.title,
            [
                SummaryRow(label_of(entry), words(FIELDS[entry.field], str(case.answers.get(entry.field) or "")))
                for entry in asked
            ],
        )
        for section, asked in case.registration.sections()
    ]
    return {
        "number": case.number,
        # What a page decides about is what it shows: the form may have come again since.
        "round": waiting.round,
        "name": case.subject_name,
        "id_no": masked(case.subject_id_no),
        "asked": f"{moment_words(waiting.asked_at)}　{case.get_channel_display()}提交",
        "day": f"{'' if calendar_now().knows(waiting.answer_by) else '预计'}{day_words(waiting.answer_by)}",
        "is_late": waiting.answer_by < timezone.localdate(),
        "items": [item.title for item in case.scheme.spec.offered if item.code in case.ticked],
        "sections": sections,
        "files": _files(case, form, given, side),
        "before": _before(waiting),
        "shows_all": shows_all,
        "has_hidden": not shows_all and bool(access.hidden_fields(case)),
        "barred": pre_reviews.barred(waiting, request.user),
        "form": form,
        "list_url": reverse(f"{side}:pre_review_list"),
    }


def _files(case: Application, form: DecisionForm, given: list[Material], side: str) -> list[tuple[str, list[Any]]]:
    def link(material: Material) -> tuple[str, str]:
        args = [material.pk] if side == "window" else [case.number, material.pk]
        name = "material_file" if side == "window" else "pre_review_file"
        return material.original_name, reverse(f"{side}:{name}", args=args)

    return [(m.title, [link(material) for material in given if material.code == m.code]) for m in form.materials]


def _before(waiting: PreReview) -> list[str]:
    """What was asked for in the round before, so that one sees whether it was done."""
    earlier = waiting.application.pre_reviews.filter(round=waiting.round - 1).first()
    return deficit_lines(earlier) if earlier is not None else []


def deficit_lines(returned: PreReview) -> list[str]:
    """What is to be changed, a line each."""
    spec = returned.application.scheme.spec
    return [
        f"{spec.material(line['material']).title if line['material'] else FIELDS[line['field']].label}：{line['reason']}"
        for line in returned.deficits
    ]


def returned_lines(draft: Draft) -> list[str]:
    """What the hub asked to be changed in this form; empty for a form that was never given back."""
    if draft.scheme.spec.pre_review is None:
        return []
    returned = draft.pre_reviews.returned().select_related("application__scheme").first()
    return deficit_lines(returned) if returned is not None else []
