"""Filling in: place, items, the form section by section, materials, check, submit. Everything is saved as it is typed."""

import uuid
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from applications import drafts, submission
from applications import materials as giving
from applications.enums import Channel
from applications.errors import AlreadyDone, Invalid, Refused
from applications.models import Application, Draft, Material
from portal.applicant import presenters
from portal.web import kept, place, places
from portal.web.access import SignedInRequest, signed_in
from portal.web.drafting import (
    autosaved,
    keeps_typed,
    receive,
    save_typed,
    ticked,
    typed_before,
    version_of,
    wants_json,
)
from portal.web.files import private_file
from portal.web.forms import AnswersForm, typed
from portal.web.layout import section_helper

SAVED = "已保存。以后从“我要办”接着填，填的都在"


def on_draft(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Hands the person's own open draft to the view; a draft that became a case leads to the case."""

    @keeps_typed
    @wraps(view)
    def guarded(request: SignedInRequest, draft_id: uuid.UUID, **rest: Any) -> HttpResponse:
        draft = Draft.objects.for_person(request.user).filter(pk=draft_id).first()
        if draft is not None:
            if request.method == "POST":
                drafts.take_home(draft)
            with suppress(AlreadyDone):  # handed in meanwhile from another page
                return view(request, draft, **rest)
        case = get_object_or_404(Application.objects.for_applicant(request.user), draft_id=draft_id)
        messages.info(request, f"这份登记表已经提交，编号 {case.number}，没有再次提交")
        return redirect("applicant:submitted", case.number)

    return guarded


@signed_in
def start(request: SignedInRequest) -> HttpResponse:
    """Open forms first; then the place for a new one."""
    if request.method == "POST":
        region = place.open_place(request.POST.get("region", ""))
        try:
            if region is None:
                raise Refused("请从列出的地方里选一个")
            draft = drafts.start(region=region, user=request.user, channel=Channel.ONLINE)
        except Refused as refused:
            messages.error(request, str(refused))
            return redirect("applicant:start")
        place.choose(request, region)
        return redirect(presenters.way_on(draft))
    own = Draft.objects.for_person(request.user)
    found = places.browse(request.GET.get("in", ""), request.GET.get("q", ""))
    context = {"drafts": [presenters.draft_card(draft) for draft in own], "found": found}
    return render(request, "applicant/start.html", context)


@on_draft
def items(request: SignedInRequest, draft: Draft) -> HttpResponse:
    """是/否 for each item of the place."""
    ticked = set(draft.ticked)
    errors: tuple[tuple[str, str], ...] = ()
    if before := kept.take_said(request, is_own=True):
        ticked = presenters.ticked_in(before, draft)
    if request.method == "POST":
        ticked = presenters.ticked_in(request.POST, draft)
        try:
            draft = drafts.choose_items(draft, ticked, version=version_of(request))
            return redirect(presenters.first_section(draft) if "later" not in request.POST else "applicant:start")
        except drafts.Stale as stale:
            draft = stale.draft
            messages.warning(request, f"{stale}。下面是您刚才选的，确认后再保存一次")
        except Invalid as invalid:
            errors = ((invalid.errors["items"], "#items"),)
    context = presenters.items_page(draft, ticked)
    return render(request, "applicant/items.html", context | {"errors": errors})


@on_draft
def section(request: SignedInRequest, draft: Draft, code: str) -> HttpResponse:
    """One topic of the form. What was posted is saved first, right or wrong, then checked."""
    state = presenters.section_or_404(draft, code)
    if request.method == "POST":
        values = typed(request.POST, state.asked)
        try:
            draft = save_typed(draft, values, version_of(request))
        except drafts.Stale as stale:
            messages.warning(request, str(stale))
            return _show_section(request, stale.draft, code, mine=values)
        return _after_saving(request, draft, code, {entry.field for entry in state.asked})
    before = typed_before(request)
    if before:
        messages.info(request, "为了安全已退出登录。您刚才填的都在，请再点一次“保存，下一步”")
    return _show_section(request, draft, code, before=before, with_problems="check" in request.GET)


def _after_saving(request: SignedInRequest, draft: Draft, code: str, asked_before: set[str]) -> HttpResponse:
    if "later" in request.POST:
        messages.success(request, SAVED)
        return redirect("applicant:start")
    state = presenters.section_or_404(draft, code)
    fresh = [entry for entry in state.asked if entry.field not in asked_before and entry.field in state.problems]
    if fresh and set(state.problems) <= {entry.field for entry in fresh}:
        messages.info(request, f"按您的选择，还要填 {len(fresh)} 项")
        return redirect("applicant:section", draft.pk, code)
    if state.problems:
        return _show_section(request, draft, code, with_problems=True)
    return redirect(presenters.after_section(draft, code))


def _show_section(
    request: SignedInRequest,
    draft: Draft,
    code: str,
    *,
    before: dict[str, str] | None = None,
    mine: dict[str, str] | None = None,
    with_problems: bool = False,
) -> HttpResponse:
    state = presenters.section_or_404(draft, code)
    known = presenters.known_values(draft, request.user, state, keep={*(before or {}), *request.GET.getlist("edit")})
    asked = [entry for entry in state.asked if entry.field not in known]
    form = AnswersForm(asked, {**draft.answers, **(before or {})}, state.problems if with_problems else None)
    presenters.show_mine(form, draft, mine or {})
    context = presenters.section_page(draft, state, form)
    return render(request, "applicant/section.html", context | {"helper": section_helper(state.asked, known)})


@on_draft
@require_POST
def autosave(request: SignedInRequest, draft: Draft) -> HttpResponse:
    return autosaved(request, draft)


@on_draft
def materials(request: SignedInRequest, draft: Draft) -> HttpResponse:
    """Each material once. Each file stands on its own: what is wrong with one loses nothing of the others."""
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        code, files = request.POST.get("code", ""), request.FILES.getlist("files")
        if "reuse" in request.POST:
            again = giving.reuse(draft, code, user=request.user)
            messages.success(request, f"已带入 {len(again)} 个文件，请点“查看”核对")
            return redirect(f"{request.path}#m-{code}")

        def take(name: str, size: int, stream: Any) -> None:
            giving.add(draft=draft, code=code, name=name, size=size, stream=stream, user=request.user)

        refused = receive(files, take) if files else ["请先选文件，再点“传这些文件”"]
        if wants_json(request):
            words = refused[0].removeprefix(f"{files[0].name}：") if refused and files else "".join(refused)
            return JsonResponse({"error": words}, status=422) if refused else JsonResponse({})
        if not refused:
            messages.success(request, f"已传好 {len(files)} 个文件")
            return redirect(f"{request.path}#m-{code}")
        errors[code] = refused
    before = giving.given_before(draft)
    context = presenters.materials_page(draft, Material.objects.for_draft(draft), errors, before)
    return render(request, "applicant/materials.html", context)


@on_draft
@require_POST
def remove_material(request: SignedInRequest, draft: Draft, material_id: uuid.UUID) -> HttpResponse:
    material = get_object_or_404(Material.objects.for_draft(draft), pk=material_id)
    try:
        giving.remove(material)
        messages.success(request, f"已删除 {material.original_name}")
    except Refused as refused:  # sent in the same moment from another page
        messages.error(request, str(refused))
    return redirect("applicant:materials", draft.pk)


@on_draft
@require_POST
def turn_material(request: SignedInRequest, draft: Draft, material_id: uuid.UUID) -> HttpResponse:
    """A photo that lies sideways, a quarter to the right; the page is shown where the photo stands."""
    material = get_object_or_404(Material.objects.for_draft(draft), pk=material_id)
    try:
        giving.turn(material)
        messages.success(request, f"已转 90 度：{material.original_name}")
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect(f"{reverse('applicant:materials', args=[draft.pk])}#m-{material.code}")


@signed_in
@require_GET
def material_file(request: SignedInRequest, material_id: uuid.UUID) -> FileResponse:
    """A person's own file; everybody else's is not there."""
    material = get_object_or_404(Material.objects.for_applicant(request.user), pk=material_id)
    return private_file(material.file, name=material.original_name, extension=material.extension)


@on_draft
@require_GET
def check(request: SignedInRequest, draft: Draft) -> HttpResponse:
    """Everything on one page, with what is still missing."""
    return _show_check(request, draft, drafts.problems_of(draft))


def _show_check(
    request: SignedInRequest, draft: Draft, problems: dict[str, str], *, is_after_post: bool = False
) -> HttpResponse:
    context = presenters.check_page(draft, request.user, Material.objects.for_draft(draft), problems)
    return render(request, "applicant/check.html", context | {"is_after_post": is_after_post})


@on_draft
@require_POST
def submit(request: SignedInRequest, draft: Draft) -> HttpResponse:
    """Hands in what the person saw; when it changed meanwhile it is shown again first."""
    if version_of(request) != draft.version:
        messages.warning(request, "登记表刚才在别的页面改过，下面是最新的内容，请看一遍再提交")
        return redirect("applicant:check", draft.pk)
    try:
        case = submission.submit(draft, user=request.user, channel=Channel.ONLINE, **ticked(request))
    except Invalid as invalid:
        return _show_check(request, draft, invalid.errors, is_after_post=True)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("applicant:check", draft.pk)
    return redirect("applicant:submitted", case.number)
