"""好差评: the supervisors read what people say, look into bad grades and answer in time. Who rated is not shown."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from agencies.deadlines import Calendar, calendar_now
from applications import ratings
from applications.errors import Invalid, Refused
from applications.models import Rating
from portal.console.guard import overseers_only
from portal.web import kept
from portal.web.access import SignedInRequest
from portal.web.paging import ShortPaginator
from portal.web.presenters import Tag, moment_words, short_day
from portal.web.rating import RectifyForm, grade_tag, rated_words

ROWS = 30


@dataclass(frozen=True)
class Tray:
    """One of the three lists: its name, what its first column says, the button of a row, words for an empty one."""

    label: str
    first: str
    deed: str
    nothing: str
    later: str


TRAYS = {
    "waiting": Tray("待答复", "答复期限", "核实和答复", "没有待答复的差评", "有人评“不满意”以后会出现在这里。"),
    "answered": Tray("答复过", "答复", "看", "还没有答复过的差评", "答复以后会出现在这里。"),
    "good": Tray("其他评价", "时间", "看", "还没有其他评价", "有人评“满意”以后会出现在这里。"),
}


@dataclass(frozen=True)
class Row:
    """One rating: what it is about and, for a bad one, until when it must be answered; nothing of its person.

    `first` is what its list is ordered by. The case's number is there where somebody must look into the case.
    """

    pk: int
    about: str
    office: str
    place: str
    number: str
    tag: Tag
    reasons: str
    text: str
    rated: str
    due: str
    is_late: bool
    answer: str
    answered: str
    first: str


def _row(found: Rating, calendar: Calendar) -> Row:
    """Fetched with for_lists()."""
    owed = found.answered
    due = owed.answer_by if owed is not None else None
    is_answered = owed is not None and owed.answered_at is not None
    due_words = f"{'' if calendar.knows(due) else '预计'}{short_day(due)}" if due else ""
    return Row(
        pk=found.pk,
        about=found.task.item.name if found.task else "整个办件",
        office=found.task.office.name if found.task else "",
        place=str(found.application.region),
        number=found.application.number if due else "",
        tag=grade_tag(found.grade),
        reasons="、".join(ratings.reason_words(found)),
        text=found.text,
        rated=rated_words(found),
        due=due_words,
        is_late=due is not None and not is_answered and due < timezone.localdate(),
        answer=owed.answer if is_answered else "",
        answered=f"{owed.answered_by}　{moment_words(owed.answered_at)}" if is_answered else "",
        first=moment_words(owed.answered_at) if is_answered else due_words or moment_words(found.rated_at),
    )


@require_GET
@overseers_only
def rating_list(request: SignedInRequest) -> HttpResponse:
    """One of the three lists: what waits for an answer, the earliest day first, what has one, all other ratings."""
    show = request.GET.get("show", "")
    chosen = show if show in TRAYS else "waiting"
    found = Rating.objects.for_posting(request.posting).in_tray(chosen).for_lists()
    page = ShortPaginator(found, ROWS).get_page(request.GET.get("page"))
    calendar = calendar_now()
    context = {
        "page": page,
        "rows": [_row(rating, calendar) for rating in page],
        "tray": TRAYS[chosen],
        "tabs": [(name, tray.label, name == chosen) for name, tray in TRAYS.items()],
    }
    return TemplateResponse(request, "console/rating_list.html", context)


@require_http_methods(["GET", "POST"])
@overseers_only
def rating(request: SignedInRequest, pk: int) -> HttpResponse:
    """One rating, and for a bad one the answer, which the person who rated reads."""
    found = get_object_or_404(Rating.objects.for_posting(request.posting).for_lists(), pk=pk)
    form = RectifyForm(request.POST or kept.take_said(request) or None)
    is_owed = found.answered is not None
    if request.method == "POST" and is_owed and form.is_valid():
        try:
            ratings.answer(found.answered, staff=request.user, text=form.cleaned_data["text"])
        except Invalid as invalid:
            form.add_error("text", str(invalid))
        except Refused as refused:
            messages.info(request, str(refused))
            return redirect("console:ratings")
        else:
            messages.success(request, f"已答复，{_reader(found)}")
            return redirect("console:ratings")
    context = {"row": _row(found, calendar_now()), "form": form, "nav": "console:ratings"}
    return TemplateResponse(request, "console/rating.html", context)


def _reader(found: Rating) -> str:
    """How the person comes to read the answer."""
    if found.application.applicant_id is not None:
        return "评价的人在办件页看到"
    return "评价的人还没有账号，在窗口开通以后看得到"
