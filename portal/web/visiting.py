"""到场: where and when, what to bring, and taking a time or asking for another; for the person and for a window alike.

`side` is the namespace of the page package. A window may also write down that the person came, or did not.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from applications import visits
from applications.enums import Party, TaskStatus
from applications.errors import AlreadyDone, Invalid, Refused
from applications.models import Application, ItemTask, Visit
from portal.web import kept
from portal.web.access import SignedInRequest
from portal.web.presenters import moment_words
from portal.web.widgets import ChoiceCards

Show = Callable[[dict[str, Any]], HttpResponse]


@dataclass(frozen=True)
class Appointment:
    """What a page says of a call to come."""

    when: str
    place: str
    hours: str
    bring: str
    reason: str
    note: str
    is_agreed: bool
    must_choose: bool
    has_passed: bool


def appointment(task: ItemTask, visit: Visit | None) -> Appointment:
    """A call in words; for one made before appointments were kept, the office and its hours."""
    now = timezone.now()
    agreed = visit.chosen_at if visit is not None else None
    times = visit.times if visit is not None else []
    free = visits.free_times(task, visit, now) if visit is not None and agreed is None else []
    must_choose = bool(free)
    if agreed is not None:
        when = moment_words(agreed)
    elif must_choose:
        when = "请在可选的时间里选一个"
    elif visit is not None and (visit.wish or visit.missed_at or times):
        when = "等办理机构另约时间"
    else:
        when = "办公时间随时可来"
    note = ""
    if visit is not None and visit.wish:
        note = f"您请求另约：{visit.wish}"
    elif visit is not None and visit.missed_at and agreed is None:
        note = f"{moment_words(visit.missed_at)} 没有到场"
    elif not must_choose and agreed is None and any(slot > now for slot in times):
        note = "给的时间都已约满，请在下面写明您什么时间方便"
    return Appointment(
        when=when,
        place=visit.place if visit is not None else task.office.where,
        hours=visits.hours_of(task, timezone.localdate(agreed or now)),
        bring=visit.bring if visit is not None else "",
        reason=(visit.reason if visit is not None else "") or task.spec.in_person_reason,
        note=note,
        is_agreed=agreed is not None,
        must_choose=must_choose,
        has_passed=agreed is not None and agreed <= now,
    )


class BookingForm(forms.Form):
    """One of the times offered."""

    use_required_attribute = False
    slot = forms.ChoiceField(
        label="到场时间",
        widget=ChoiceCards(),
        error_messages={"required": "请选一个时间", "invalid_choice": "这个时间已经约满或已过，请在列出的时间里选一个"},
    )

    def __init__(self, data: Any, task: ItemTask, visit: Visit) -> None:
        super().__init__(data)
        times = visits.free_times(task, visit, timezone.now())
        field = self.fields["slot"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(slot.isoformat(), moment_words(slot)) for slot in times]
        if visit.chosen_at is not None:
            field.initial = next((slot.isoformat() for slot in times if slot == visit.chosen_at), None)


class WishForm(forms.Form):
    """When it would suit instead."""

    use_required_attribute = False
    wish = forms.CharField(
        label="什么时间方便",
        help_text="写两三个时间，如“下周一到周三上午”。约好以前，这一件先等着。",
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "请写明什么时间方便", "max_length": "最多写 200 个字"},
    )


def called_task(case: Application, pk: int) -> ItemTask:
    """An item of the case that the person was called for. Raises Http404 for every other."""
    found = next((task for task in case.tasks.all() if task.pk == pk and task.visits.all()), None)
    if found is None:
        raise Http404
    return found


def respond(request: SignedInRequest, case: Application, task: ItemTask, *, side: str, show: Show) -> HttpResponse:
    """Shows the appointment, or does what the person or the clerk asks for."""
    visit = visits.open_visit(task)
    if task.status != TaskStatus.AWAITING_VISIT or visit is None:
        messages.info(request, f"{task.spec.title}现在不用到场")
        return redirect(f"{side}:case", case.number)
    posted = request.POST or kept.take_said(request)
    deed = posted.get("do", "")
    booking = BookingForm(posted if deed == "book" else None, task, visit)
    wishing = WishForm(posted if deed == "wish" else None)
    page = {
        "task": task,
        "visit": appointment(task, visit),
        "booking": booking,
        "wishing": wishing,
        "errors": booking if booking.is_bound else wishing,
    }
    form = {"book": booking, "wish": wishing}.get(deed)
    if form is not None and not form.is_valid():
        return show(page)
    if request.method != "POST":
        return show(page)
    try:
        messages.success(request, _do(request, deed, task, form, side))
    except Invalid as invalid:
        booking.add_error(None, str(invalid)) if form is booking else messages.error(request, str(invalid))
        return show(page)
    except AlreadyDone as already:
        messages.info(request, str(already))
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect(f"{side}:case", case.number)


def _do(request: SignedInRequest, deed: str, task: ItemTask, form: forms.Form | None, side: str) -> str:
    party = Party.CLERK if side == "window" else Party.APPLICANT
    if deed == "book" and form is not None:
        slot = datetime.fromisoformat(form.cleaned_data["slot"])
        visits.book(task, slot, user=request.user, party=party)
        return f"已选 {moment_words(slot)}"
    if deed == "wish" and form is not None:
        visits.ask_other_time(task, user=request.user, party=party, wish=form.cleaned_data["wish"])
        return f"已告诉{task.office}，另约好时间会通知"
    if deed == "came" and side == "window":
        visits.record_visit(task, staff=request.user, party=Party.CLERK)
        return f"已登记本人到场，{task.spec.title}继续办理"
    if deed == "missed" and side == "window":
        visits.record_no_show(task, staff=request.user, party=Party.CLERK)
        return "已登记没有按时到场"
    raise Refused("请先选要做的事，再按按钮")
