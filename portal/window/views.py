"""综合窗口: a clerk fills in for the person at the counter, on one screen. Who typed is kept with the case.

Nothing of one person stays for the next: ID numbers travel in POSTs only, no page is stored, no field is remembered.
"""

import uuid
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from applications import access, agents, drafts, submission
from applications import materials as giving
from applications.enums import Channel, Grade
from applications.errors import AlreadyDone, Invalid, Refused
from applications.models import Application, Draft, Material
from applications.numbering import case_number_in
from applications.querysets import on_days
from portal.web import amending, correcting, kept, supplying, withdrawing
from portal.web.access import SignedInRequest
from portal.web.drafting import (
    autosaved,
    keeps_typed,
    receive,
    save_typed,
    sections_of,
    ticked,
    typed_before,
    version_of,
)
from portal.web.files import private_file
from portal.web.forms import typed
from portal.web.paging import ShortPaginator
from portal.web.pre_reviewing import waiting_count
from portal.window import case_presenters, lookup_presenters, sheet_presenters
from portal.window.guard import case_of_place, clerk_only, place_of, region_of


@clerk_only
def index(request: SignedInRequest) -> HttpResponse:
    """收件录入: the ID number first; then the person's open forms and cases here, or a new form.

    The number of a case or of one of its papers, such as the receipt, opens the case.
    """
    id_no = request.POST.get("id_no", "")
    number = case_number_in(id_no)
    if number and Application.objects.for_window(place_of(request.posting)).for_number(number).exists():
        return redirect("window:case", number)
    context = lookup_presenters.index_page(request.posting, id_no, is_asked=request.method == "POST")
    context["pre_reviews"] = waiting_count(request.posting)
    return render(request, "window/index.html", context)


@clerk_only
@require_POST
def start(request: SignedInRequest) -> HttpResponse:
    """A new form for the person at the counter."""
    region = region_of(request.posting, request.POST.get("region", ""))
    prefill = {"id_no": lookup_presenters.plain_number(request.POST.get("id_no", ""))}
    try:
        draft = drafts.start(region=region, user=request.user, channel=Channel.WINDOW, prefill=prefill)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("window:index")
    return redirect("window:sheet", draft.pk)


@clerk_only
@require_POST
def adopt(request: SignedInRequest, draft_id: uuid.UUID) -> HttpResponse:
    """Goes on with a form of the person at the counter; only with the number that the person showed."""
    id_no = lookup_presenters.plain_number(request.POST.get("id_no", ""))
    draft = get_object_or_404(Draft.objects.for_window(place_of(request.posting), id_no), pk=draft_id)
    try:
        drafts.adopt(draft, clerk=request.user)
    except AlreadyDone as already:
        messages.info(request, str(already))
        return redirect("window:index")
    return redirect("window:sheet", draft.pk)


def on_sheet(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Hands over the draft that this clerk is typing; one that was handed in leads to its case."""

    @keeps_typed
    @clerk_only
    @wraps(view)
    def guarded(request: SignedInRequest, draft_id: uuid.UUID) -> HttpResponse:
        draft = Draft.objects.for_clerk(place_of(request.posting), request.user).filter(pk=draft_id).first()
        if draft is not None:
            with suppress(AlreadyDone):  # handed in meanwhile, here or by the person at home
                return view(request, draft)
        case = get_object_or_404(Application.objects.for_window(place_of(request.posting)), draft_id=draft_id)
        messages.info(request, f"这份登记表已经提交，编号 {case.number}，没有再次提交")
        return redirect("window:submitted", case.number)

    return guarded


@on_sheet
def sheet(request: SignedInRequest, draft: Draft) -> HttpResponse:
    """The whole registration on one screen. Each POST keeps everything first: text, ticks, files."""
    if request.method != "POST":
        return _show(request, _with_typed_before(request, draft))
    values = typed(request.POST, [*(e.field for state in sections_of(draft) for e in state.asked), *agents.AGENT])
    try:
        draft = save_typed(draft, values, version_of(request))
        draft = _save_items(request, draft)
    except drafts.Stale as stale:
        messages.warning(request, str(stale))
        return _show(request, stale.draft, mine=values)
    except Invalid as invalid:
        return _show(request, draft, problems=invalid.errors)
    refused = _take_files(request, draft)
    try:
        _take_deeds(request, draft)
    except Refused as late:
        messages.warning(request, str(late))
        return redirect("window:sheet", draft.pk)
    if refused:
        return _show(request, draft, refused=refused)
    deed = request.POST.get("do", "save")
    if deed == "submit":
        return _submit(request, draft)
    messages.success(request, "已保存")
    return redirect("window:index") if deed == "hold" else redirect("window:sheet", draft.pk)


def _with_typed_before(request: SignedInRequest, draft: Draft) -> Draft:
    """With what was sent after the session had ended; it is on the sheet again and is saved with the next button."""
    if before := typed_before(request):
        messages.info(request, kept.WORDS)
        draft.answers = {**draft.answers, **before}
    return draft


def _save_items(request: SignedInRequest, draft: Draft) -> Draft:
    wanted = set(request.POST.getlist("item"))
    if draft.items_chosen and wanted == set(draft.ticked):
        return draft
    return drafts.choose_items(draft, wanted)


def _take_files(request: SignedInRequest, draft: Draft) -> dict[str, list[str]]:
    """Every file that came along, each on its own; with 原件已核 ticked it counts as compared with the original."""
    refused: dict[str, list[str]] = {}
    for code in sheet_presenters.material_codes(draft):
        is_seen = f"seen-{code}" in request.POST

        def take(name: str, size: int, stream: Any, code: str = code, is_seen: bool = is_seen) -> None:
            grade = Grade.B if is_seen else Grade.C
            giving.add(
                draft=draft, code=code, name=name, size=size, stream=stream, user=request.user, grade=grade
            )  # fmt: skip

        if words := receive(request.FILES.getlist(f"file-{code}"), take):
            refused[code] = words
    return refused


def _take_deeds(request: SignedInRequest, draft: Draft) -> None:
    """Files to take back or to turn, and files compared with the original."""
    for material in Material.objects.for_draft(draft):
        if request.POST.get("remove") == str(material.pk):
            giving.remove(material)
            continue
        if request.POST.get("turn") == str(material.pk):
            giving.turn(material)
        if f"seen-{material.code}" in request.POST and material.checked_at is None:
            giving.mark_original_seen(material, clerk=request.user)


def _submit(request: SignedInRequest, draft: Draft) -> HttpResponse:
    try:
        case = submission.submit(draft, user=request.user, channel=Channel.WINDOW, **ticked(request))
    except Invalid as invalid:
        return _show(request, draft, problems=invalid.errors)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("window:sheet", draft.pk)
    return redirect("window:submitted", case.number)


def _show(
    request: SignedInRequest,
    draft: Draft,
    *,
    problems: dict[str, str] | None = None,
    refused: dict[str, list[str]] | None = None,
    mine: dict[str, str] | None = None,
) -> HttpResponse:
    given = Material.objects.for_draft(draft)
    context = sheet_presenters.sheet_page(draft, given, problems=problems, refused=refused or {}, mine=mine or {})
    context |= {"is_own": draft.is_of(request.user), "own_original": giving.OWN_ORIGINAL}
    return render(request, "window/sheet.html", context)


@on_sheet
@require_POST
def autosave(request: SignedInRequest, draft: Draft) -> HttpResponse:
    return autosaved(request, draft, also=agents.AGENT)


@clerk_only
@require_GET
def material_file(request: SignedInRequest, material_id: uuid.UUID) -> FileResponse:
    """A file of a form that this clerk is typing, or of a notice that is being answered at this window."""
    material = get_object_or_404(Material.objects.for_window(place_of(request.posting), request.user), pk=material_id)
    access.open_at_window(material, viewer=request.user, posting=request.posting)
    return private_file(material.file, name=material.original_name, extension=material.extension)


@clerk_only
@require_GET
def case_list(request: SignedInRequest) -> HttpResponse:
    """What was handed in at the window of this place, today's first."""
    cases = Application.objects.for_window(place_of(request.posting)).filter(channel=Channel.WINDOW)
    is_today = request.GET.get("day") != "all"
    if is_today:
        cases = cases.filter(on_days("submitted_at", timezone.localdate(), timezone.localdate()))
    page = ShortPaginator(cases.with_progress().select_related("entered_by"), 20).get_page(request.GET.get("page"))
    return render(request, "window/case_list.html", case_presenters.list_page(page, is_today=is_today))


@clerk_only
@require_GET
def case(request: SignedInRequest, number: str) -> HttpResponse:
    return render(request, "window/case.html", case_presenters.case_page(case_of_place(request, number)))


@clerk_only
@require_GET
def submitted(request: SignedInRequest, number: str) -> HttpResponse:
    """The number and the receipt to print; then the next person."""
    return render(request, "window/submitted.html", case_presenters.submitted_page(case_of_place(request, number)))


@clerk_only
def correction(request: SignedInRequest, number: str) -> HttpResponse:
    """Answers the offices' notices for the person at the counter, who brought the originals."""
    case = case_of_place(request, number)

    def show(page: dict[str, Any]) -> HttpResponse:
        return _filled_in(request, "window/correction.html", case, page, page["form"].fields)

    return correcting.respond(request, case, side="window", show=show)


def _filled_in(
    request: SignedInRequest, template: str, case: Application, page: dict[str, Any], codes: Iterable[str]
) -> HttpResponse:
    """A page with the form's own values in its controls; the look at full numbers among them is recorded first."""
    try:
        access.open_fields(case, codes, viewer=request.user, posting=request.posting)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("window:case", case.number)
    return render(request, template, {"case": case} | page)


@clerk_only
def supply(request: SignedInRequest, number: str) -> HttpResponse:
    """Takes the promised papers that the person brought."""
    case = case_of_place(request, number)

    def show(page: dict[str, Any]) -> HttpResponse:
        return render(request, "window/supply.html", {"case": case} | page)

    return supplying.respond(request, case, side="window", show=show)


@keeps_typed
@clerk_only
def amend(request: SignedInRequest, number: str) -> HttpResponse:
    """Puts fields of the form right for the person at the counter, who says so."""
    case = case_of_place(request, number)

    def show(page: dict[str, Any]) -> HttpResponse:
        return _filled_in(request, "window/amend.html", case, page, (code for _, code in page["chosen"]))

    return amending.respond(request, case, side="window", show=show)


@clerk_only
def withdraw(request: SignedInRequest, number: str) -> HttpResponse:
    """Takes back items for the person at the counter, who says so."""
    case = case_of_place(request, number)

    def show(page: dict[str, Any]) -> HttpResponse:
        return render(request, "window/withdraw.html", {"case": case} | page)

    return withdrawing.respond(request, case, side="window", show=show)
