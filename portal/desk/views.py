"""Pages of the desk: fetch by the officer's office, call one service, say what happened, redirect."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from agencies.deadlines import calendar_now
from agencies.enums import Role
from applications import access
from applications.enums import Action, Verdict
from applications.errors import AlreadyDone, Invalid, Refused
from applications.models import Application, ItemTask, Question
from applications.transitions import TRANSITIONS
from portal.desk import batches, case_presenters, forms, queue_presenters, task_presenters
from portal.desk import norms as rules
from portal.desk.addresses import neighbours, queue_url, task_url
from portal.desk.deeds import panel
from portal.desk.deeds.base import Deed
from portal.desk.guard import OfficerRequest, officers_only
from portal.desk.sight import Sight, look_at
from portal.web import kept
from portal.web.files import inline_file
from portal.web.forms import row_key
from portal.web.paging import ShortPaginator
from portal.web.pre_reviewing import waiting_count

PAGE_SIZE = 20
BATCH_SIZE = 200


@require_GET
@officers_only
def queue(request: OfficerRequest) -> HttpResponse:
    """The trays of the officer's office; approvers start at what waits for their approval."""
    first = "approval" if request.posting.role == Role.APPROVER else "queued"
    tray = request.GET.get("tray", first)
    return _list(request, tray if tray in queue_presenters.TRAY_LABELS else first)


@require_GET
@officers_only
def done(request: OfficerRequest) -> HttpResponse:
    return _list(request, "done")


def _list(request: OfficerRequest, tray: str) -> HttpResponse:
    office = request.office
    tasks = ItemTask.objects.for_office(office)
    items = tasks.item_names()
    filters = forms.FilterForm(request.GET, items)
    chosen: dict[str, Any] = filters.cleaned_data if filters.is_valid() else {"item": "", "number": "", "mine": False}
    mine = request.user if chosen["mine"] else None
    found = ItemTask.objects.for_desk(office).in_tray(tray).matching(chosen["item"], chosen["number"]).of_handler(mine)
    page = ShortPaginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    today, calendar = timezone.localdate(), calendar_now().at(office.region_id)
    is_reviewer = request.posting.role == Role.REVIEWER
    context = {
        "tray": tray,
        "tray_label": queue_presenters.TRAY_LABELS.get(tray, "已办"),
        "tabs": queue_presenters.tabs(tasks.of_handler(mine).tray_counts(), tray, is_mine=mine is not None),
        "filters": filters,
        "chips": queue_presenters.chips(request.GET, chosen, items),
        "page": page,
        "rows": [queue_presenters.queue_row(task, today, calendar, tray) for task in page],
        "total": page.paginator.count,
        "batch": queue_presenters.BATCHES.get(tray) if is_reviewer else None,
        "can_have_own": is_reviewer,
        "query": _query(request, tray),
        "empty": queue_presenters.EMPTY[tray],
        "legend": queue_presenters.LEGEND,
        "here": f"{request.path}?tray={tray}" if tray in queue_presenters.TRAY_LABELS else request.path,
        "outcomes": request.session.pop("desk_outcomes", None),
        "today": today,
        "is_working_day": calendar.is_working(today),
        "now": timezone.now(),
        "pre_reviews": waiting_count(request.posting),
        "open_questions": Question.objects.for_posting(request.posting).unanswered().count(),
    }
    return TemplateResponse(request, "desk/queue.html", context)


def _query(request: OfficerRequest, tray: str) -> str:
    """Tray, filters and page, so that one comes back to them after a batch."""
    query = request.GET.copy()
    query["tray"] = tray
    return query.urlencode()


@require_POST
@officers_only
def batch(request: OfficerRequest) -> HttpResponse:
    """Does one deed with the chosen rows; the outcome of each is shown above the queue, which stays as it was filtered."""
    deed, back = request.POST.get("deed", ""), f"{queue_url()}?{request.GET.urlencode()}"
    chosen = [pk for text in request.POST.getlist("task") if (pk := row_key(text))][:BATCH_SIZE]
    posting = request.posting
    if posting.role != Role.REVIEWER or deed not in batches.DEEDS:
        raise PermissionDenied
    if not chosen:
        messages.warning(request, "还没有选办件。请在左边勾选，再按按钮")
        return redirect(back)
    tasks = ItemTask.objects.for_desk(request.office).filter(pk__in=chosen).by_due_day()
    outcomes = batches.DEEDS[deed](tasks, reviewer=request.user, posting=posting)
    request.session["desk_outcomes"] = [outcome.as_data() for outcome in outcomes]
    return redirect(back)


@require_GET
@officers_only
def task(request: OfficerRequest, number: str, item: str) -> HttpResponse:
    sight = _sight(request, number, item)
    return _page(request, sight, _typed_before(request, sight), wanted_file=request.GET.get("file", ""))


def _typed_before(request: OfficerRequest, sight: Sight) -> Deed | None:
    """The decision that was sent after the session had ended: shown again with its words, not done."""
    number, item = sight.task.application.number, sight.task.item.code
    posted = kept.take_said(request, reverse("desk:act", args=[number, item]))
    action = str(posted.get("action", ""))
    deed_class = panel.BY_ACTION.get(Action(action)) if action in Action.values else None
    return deed_class(posted, sight=sight) if deed_class is not None else None


def _sight(request: OfficerRequest, number: str, item: str) -> Sight:
    return look_at(request.posting, request.user, number, item)


def _page(
    request: OfficerRequest, sight: Sight, bound: Deed | None = None, reveal: Any = None, **how: Any
) -> HttpResponse:
    deeds = panel.deeds(sight, bound)
    tray = ItemTask.objects.for_office(request.office).beside(sight.task)
    before, after = neighbours(tray, sight.task.application.number, sight.task.item.code)
    context = {
        "task": task_presenters.task_page(sight, **how),
        "deeds": [deed for deed in deeds if not deed.is_rare],
        "rare_deeds": [deed for deed in deeds if deed.is_rare],
        "bound": bound,
        "reveal_form": reveal or forms.RevealForm(),
        "item": sight.task.item.code,
        "before": before,
        "after": after,
    }
    return TemplateResponse(request, "desk/task.html", context)


@require_POST
@officers_only
def act(request: OfficerRequest, number: str, item: str) -> HttpResponse:
    """One decision. Whatever was done before by somebody else is a message, never an error page."""
    if moved := access.moved_on(request.office, number, item):
        messages.warning(request, moved)
        return redirect("desk:queue")
    sight = _sight(request, number, item)
    deed_class = panel.BY_ACTION.get(Action(request.POST["action"])) if _is_action(request) else None
    if deed_class is None:
        messages.warning(request, "请先选一个决定，再按按钮")
        return redirect("desk:task", number, item)
    if sight.party not in TRANSITIONS[deed_class.action].parties:
        raise PermissionDenied
    deed = deed_class(request.POST, sight=sight)
    if not deed.is_valid() or "back" in request.POST:
        return _page(request, sight, bound=deed)
    if deed.asks_again and "sure" not in request.POST:
        return TemplateResponse(
            request, "desk/confirm.html", {"deed": deed, "task": task_presenters.task_page(sight), "item": item}
        )
    return _do(request, sight, deed)


def _is_action(request: OfficerRequest) -> bool:
    return request.POST.get("action") in Action.values


def _do(request: OfficerRequest, sight: Sight, deed: Deed) -> HttpResponse:
    try:
        messages.success(request, deed.apply())
    except AlreadyDone as already:
        messages.warning(request, str(already))
    except Invalid as invalid:
        deed.take_errors(invalid.errors)
        return _page(request, sight, bound=deed)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        if deed.leaves_office:
            return redirect("desk:queue")
    return redirect("desk:task", sight.task.application.number, sight.task.item.code)


@require_POST
@officers_only
def reveal(request: OfficerRequest, number: str, item: str) -> HttpResponse:
    """Full numbers, once and in this answer only, after the look was written down."""
    sight, form = _sight(request, number, item), forms.RevealForm(request.POST)
    if not form.is_valid():
        return _page(request, sight, reveal=form)
    try:
        access.reveal(
            sight.task,
            fields=task_presenters.hidden_fields(sight),
            reason=form.cleaned_data["reason"],
            viewer=sight.viewer,
            posting=sight.posting,
        )
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("desk:task", number, item)
    return _page(request, sight, is_revealed=True)


@require_GET
@officers_only
def material(request: OfficerRequest, number: str, item: str, material: str) -> HttpResponse:
    """One file of the task, to be looked at in the page; the look is recorded."""
    sight = _sight(request, number, item)
    found = sight.file(material)
    access.open_material(sight.task, found, viewer=sight.viewer, posting=sight.posting)
    return inline_file(found.file, name=str(found.pk), extension=found.extension)


@require_POST
@officers_only
def verdict(request: OfficerRequest, number: str, item: str, material: str) -> HttpResponse:
    """What was found about one file; then on to the next one that nobody has seen."""
    sight, form = _sight(request, number, item), forms.VerdictForm(request.POST)
    found = sight.file(material)
    if not form.is_valid():
        messages.warning(request, "请选一个结论")
        return redirect(f"{task_url(sight.task)}?file={found.pk}#materials")
    try:
        given = form.cleaned_data
        access.judge(sight.task, found, Verdict(given["verdict"]), reviewer=sight.viewer, note=given["note"])
    except Refused as refused:
        messages.warning(request, str(refused))
        return redirect(f"{task_url(sight.task)}?file={found.pk}#materials")
    return redirect(f"{task_url(sight.task)}#materials")


@require_GET
@officers_only
def norms(request: OfficerRequest) -> HttpResponse:
    """业务规范: what holds for each item of the office, by the scheme in force today."""
    today = timezone.localdate()
    scheme = rules.scheme_in_force(request.office, today)
    context = {"scheme": scheme, "norms": rules.norms_of(request.office, scheme, today) if scheme else []}
    return TemplateResponse(request, "desk/norms.html", context)


@require_GET
@officers_only
def case(request: OfficerRequest, number: str) -> HttpResponse:
    """How the whole case stands, for an office that has a task in it."""
    posting = request.posting
    cases = Application.objects.for_posting(posting).for_number(number).with_progress()
    found = get_object_or_404(cases.prefetch_related("tasks__log"))
    context = {
        "number": found.number,
        "status": found.get_status_display(),
        "rows": case_presenters.case_rows(found, found.tasks.all(), request.office.pk),
        "submitted_at": found.submitted_at,
        "expected": case_presenters.expected_words(found),
        "region": found.region.full_name,
        "service": found.scheme.title,
    }
    return TemplateResponse(request, "desk/case.html", context)
