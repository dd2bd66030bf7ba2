"""凭回执查进度: where a case stands, for who has the 申请回执 and no account.

What is asked comes by POST and is kept nowhere. No name is shown, no answer of the form, no file, no paper, of what is
decided only that it is, and of what offices wrote only where to come and what to bring.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from crispy_forms.layout import Field
from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from agencies.deadlines import Calendar, calendar_now
from agencies.words import full_day
from applications import receipt_query, visits
from applications.enums import TERMINAL, Fulfilment, TaskStatus
from applications.errors import Refused
from applications.models import Application, ItemTask
from applications.reporting import reporting_now
from applications.review import Deficit
from portal.web import layout, place, progress, visiting
from portal.web.correcting import line_name, open_corrections, open_lines
from portal.web.place import Place
from portal.web.presenters import SummaryRow, TaskRow, day_words, moment_words

WRONG = "办件编号、校验码和身份证号后四位对不上，请对照申请回执再看一遍"


class QueryForm(forms.Form):
    """All three stand on the receipt."""

    number = forms.CharField(
        label="办件编号", max_length=60, help_text="印在申请回执上", error_messages={"required": "请填办件编号"}
    )
    code = forms.CharField(
        label="校验码",
        max_length=20,
        help_text="印在申请回执下方，8 位字母和数字，大小写都可以",
        error_messages={"required": "请填校验码"},
    )
    id_end = forms.RegexField(
        r"^\d{3}[\dXxＸｘ]$",
        label="身份证号后四位",
        help_text="申请人的公民身份号码最后四位，最后一位是 X 的填 X",
        error_messages={"required": "请填身份证号后四位", "invalid": "身份证号后四位是 4 个数字，最后一个可以是 X"},
    )
    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = layout.bare(
            Field("number", autocomplete="off"),
            Field("code", autocomplete="off"),
            Field("id_end", autocomplete="off"),
        )


@require_http_methods(["GET", "HEAD", "POST"])
def query(request: HttpRequest) -> HttpResponse:
    """Anyone with a receipt may ask. A POST with the number alone comes from another page and only fills it in."""
    if request.method != "POST" or "code" not in request.POST:
        form = QueryForm(initial={"number": request.POST.get("number", "")})
        return render(request, "home/query.html", {"form": form})
    form = QueryForm(request.POST)
    case = _asked(form) if form.is_valid() else None
    if case is None:
        return render(request, "home/query.html", {"form": form})
    return render(request, "home/query_answer.html", answer_page(case))


def _asked(form: QueryForm) -> Application | None:
    """The case, or None with the reason at the form; whichever of the three is wrong, it is the same one."""
    try:
        case = receipt_query.find(**form.cleaned_data)
    except Refused as refused:
        form.add_error(None, str(refused))
        return None
    if case is None:
        form.add_error(None, WRONG)
    return case


# -- what is shown -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Todo:
    """One thing the person must do now: what, and a line for each of how, until when and where."""

    title: str
    lines: tuple[str, ...]


def answer_page(case: Application) -> dict[str, Any]:
    tasks, calendar, here = list(case.tasks.all()), calendar_now(), place.facts(case.region)
    today, window = timezone.localdate(), here.window or "综合窗口"
    reporting = reporting_now(case, today)
    return {
        "number": case.number,
        "title": progress.count_words(tasks),
        "submitted": f"{day_words(timezone.localdate(case.submitted_at))}提交",
        "tag": progress.case_tag(case),
        "reporting": reporting.title if reporting else "",
        "todos": [*_returned(case, window), *(todo for task in tasks for todo in _todos(task, window))],
        "is_closed": case.is_closed,
        "rows": [_row(task, calendar, window) for task in tasks],
        "today": full_day(today),
        "place": here,
        "where": _where_rows(here),
    }


def _row(task: ItemTask, calendar: Calendar, window: str) -> TaskRow:
    """As on the applicant's page, without what was decided and without the counting behind the day."""
    row = progress.task_row(task, calendar, timezone.localdate())
    return replace(row, phone=_phone(task), next_step=_next_words(task, window), why=None)


def _phone(task: ItemTask) -> str:
    return task.office.phone or task.application.region.phone


_DECIDED = "理由和您可以怎么做写在决定里，请带居民身份证到{window}看"
_OVER = {
    TaskStatus.COMPLETED: "已经办好。要看结果，请带居民身份证到{window}",
    TaskStatus.NOT_ACCEPTED: _DECIDED,
    TaskStatus.REFUSED: _DECIDED,
    TaskStatus.WITHDRAWN: "已经撤回，不再办理",
    TaskStatus.TERMINATED: "已经终止。为什么、以后怎么办，请带居民身份证到{window}问",
}
_ON_THE_WAY = {Fulfilment.MAILED: "已经寄出，请留意查收", Fulfilment.DELIVERED: "已经办好，已送达"}


def _next_words(task: ItemTask, window: str) -> str:
    """What happens next; of what is decided neither the result nor its reasons, which the office wrote about the person."""
    status = TaskStatus(task.status)
    if status not in TERMINAL:
        return progress.next_step(task)
    follow = Fulfilment(task.result.fulfilment) if status == TaskStatus.COMPLETED else Fulfilment.NONE
    if follow in (Fulfilment.IN_PRODUCTION, Fulfilment.READY):
        return progress.next_step(task)
    return _ON_THE_WAY.get(follow, _OVER[status].format(window=window))


def _returned(case: Application, window: str) -> Iterator[Todo]:
    """预审退回: the whole form once, with the names of what is to be changed."""
    review = progress.open_pre_review(case)
    if case.is_closed or review is None or not review.is_returned:
        return
    names = _names(case, (Deficit(**line) for line in review.deficits))
    how = f"请带居民身份证到{window}，由窗口代您改好再交；有账号的，登录后自己改。"
    yield Todo("改登记表，再交一次", (f"{review.office}预审时发现要改的：{names}。", how))


def _todos(task: ItemTask, window: str) -> Iterator[Todo]:
    """Everything about one item that waits for the person."""
    name, status = task.spec.title, TaskStatus(task.status)
    if status == TaskStatus.AWAITING_CORRECTION:
        yield Todo(f"{name}要补正", tuple(_correction_lines(task, window)))
    if status == TaskStatus.AWAITING_VISIT:
        yield Todo(f"{name}要您本人到场", tuple(_visit_lines(task, window)))
    if task.provisional_until and not task.is_terminal:
        yield Todo(f"补交{name}的材料", (_owed_words(task, task.provisional_until, window),))
    if status == TaskStatus.WAITING and task.is_held:
        leave = f"不等了要撤回的，请带居民身份证到{window}。"
        yield Todo(f"{name}先不能办", (f"{progress.next_step(task)} {_phone(task)}".rstrip() + "。", leave))
    if status == TaskStatus.COMPLETED and task.result.fulfilment == Fulfilment.READY:
        yield Todo(f"领取{name}的办理结果", (f"{progress.next_step(task)}。", progress.where_words(task)))


def _names(case: Application, lines: Iterable[Any]) -> str:
    """What a notice asks for, by name; what is wrong with it the office wrote for the person alone."""
    return "、".join(dict.fromkeys(line_name(case, line) for line in lines))


def _correction_lines(task: ItemTask, window: str) -> Iterator[str]:
    until = f"请在{day_words(task.correction_until)}前补上。" if task.correction_until else ""
    yield f"要补的：{_names(task.application, open_lines(open_corrections(task)))}。{until}"
    yield f"请带居民身份证和要补的材料到{window}，由窗口代您补；有账号的，登录后自己补。"
    yield f"哪里不对、怎么补，窗口会告诉您，也可以打电话问{task.office}：{_phone(task) or '电话未公布'}。"


def _visit_lines(task: ItemTask, window: str) -> Iterator[str]:
    """When, where, what to bring, and how to agree on a time without an account."""
    visit = visits.open_visit(task)
    call = visiting.appointment(task, visit)
    times = visits.free_times(task, visit, timezone.now()) if visit is not None and call.must_choose else []
    when = f"{'、'.join(map(moment_words, times))}，选一个" if times else call.when
    yield f"时间：{when}。地点：{call.place}。"
    yield progress.where_words(task)
    if call.bring:
        yield f"要带的：{call.bring.rstrip('。')}。"
    yield f"{_about_time(call)}，打电话给{task.office}，或者到{window}。"


def _about_time(call: visiting.Appointment) -> str:
    if call.must_choose:
        return "选时间"
    if call.has_passed:
        return "没有去成要另约的"
    return "要换时间的" if call.is_agreed else "有不清楚的"


def _owed_words(task: ItemTask, until: date, window: str) -> str:
    spec = task.application.scheme.spec
    names = "、".join(f"“{spec.material(code).title}”" for code in task.provisional_materials)
    return (
        f"{task.office}先受理了，您承诺以后补交{names}。请在{day_words(until)}前交到{window}；"
        "到期没有补齐，这一件按规定终止，以后可以重新申请。"
    )


def _where_rows(here: Place) -> list[SummaryRow]:
    """Where to go and whom to ring."""
    rows = (
        ("综合窗口", here.window),
        ("地址", here.address),
        ("开放时间", here.hours),
        ("咨询电话", here.phone),
        ("监督电话", here.supervision_phone),
    )
    return [SummaryRow(label, value or "未公布") for label, value in rows]
