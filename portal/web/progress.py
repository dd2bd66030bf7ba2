"""The states of items and cases as people read them: tag, next step, day, light, and why that day (DESIGN.md 5).

One table for applicants, whose words are plain, and one for staff, who read the words of the state machine. Used by
the pages of applicants, windows, desks and the console.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils import timezone

from agencies.deadlines import Calendar
from applications import clock, timing
from applications.enums import BEFORE_OFFICES, TERMINAL, ApplicationStatus, Fulfilment, TaskStatus
from applications.forecast import Forecast
from applications.models import Application, ItemTask, PreReview
from portal.web.presenters import Action, Clock, Tag, TaskRow, Why, day_words, moment_words, month_tables

S = TaskStatus

# -- tags --------------------------------------------------------------------------------------------------------------

_PERSON: dict[str, Tag] = {
    S.PRE_REVIEW: Tag("blue", "arrow-repeat", "预审中"),
    S.PRE_RETURNED: Tag("amber", "exclamation-circle-fill", "需要您修改"),
    S.WAITING: Tag("grey", "hourglass-split", "等待前一件"),
    S.PENDING: Tag("blue", "arrow-repeat", "正在送达"),
    S.QUEUED: Tag("blue", "arrow-repeat", "已送达部门"),
    S.IN_REVIEW: Tag("blue", "arrow-repeat", "办理中"),
    S.AWAITING_APPROVAL: Tag("blue", "arrow-repeat", "办理中"),
    S.AWAITING_CORRECTION: Tag("amber", "exclamation-circle-fill", "需要您补正"),
    S.AWAITING_VISIT: Tag("amber", "person-walking", "需要您到场"),
    S.SUSPENDED: Tag("grey", "pause-circle", "特别程序"),
    S.COMPLETED: Tag("done", "check-circle-fill", "已办结"),
    S.NOT_ACCEPTED: Tag("red", "x-circle-fill", "不予受理"),
    S.REFUSED: Tag("red", "x-circle-fill", "不予办理"),
    S.WITHDRAWN: Tag("plain", "dash-circle", "已撤回"),
    S.TERMINATED: Tag("plain", "dash-circle", "已终止"),
}
_CASE: dict[str, Tag] = {
    ApplicationStatus.IN_PROGRESS: Tag("blue", "arrow-repeat", "办理中"),
    ApplicationStatus.ACTION_NEEDED: Tag("amber", "exclamation-circle-fill", "需要您处理"),
    ApplicationStatus.COMPLETED: Tag("done", "check-circle-fill", "全部办结"),
    ApplicationStatus.PARTLY_COMPLETED: Tag("done", "check-circle-fill", "部分办结"),
    ApplicationStatus.REFUSED: Tag("red", "x-circle-fill", "未予办理"),
    ApplicationStatus.WITHDRAWN: Tag("plain", "dash-circle", "已撤回"),
}
_AFTERWARDS: dict[str, Tag] = {
    Fulfilment.PAYMENT_DUE: Tag("blue", "calendar-event", "待发放"),
    Fulfilment.IN_PRODUCTION: Tag("blue", "calendar-event", "制证中"),
    Fulfilment.READY: Tag("blue", "calendar-event", "待领取"),
    Fulfilment.MAILED: Tag("blue", "calendar-event", "已寄出"),
}


def person_tag(task: ItemTask) -> Tag:
    """The state of an item in an applicant's words. What still follows a decision (money, a card) shows instead of it."""
    if task.status == S.WAITING and task.open_facts and not task.open_items:
        return Tag("grey", "hourglass-split", "等待资金到账")
    if task.status == S.COMPLETED:
        return _AFTERWARDS.get(task.result.fulfilment, _PERSON[S.COMPLETED])
    return _PERSON[task.status]


def staff_tag(task: ItemTask) -> Tag:
    """The state of an item in the words of the state machine; money or a card that is still to come says so."""
    result = getattr(task, "result", None)
    if result is not None and result.fulfilment in _AFTERWARDS:
        return Tag("blue", "calendar-event", result.get_fulfilment_display())
    shown = _PERSON[task.status]
    return Tag(shown.tone, shown.icon, task.get_status_display())


def case_tag(application: Application, *, for_staff: bool = False) -> Tag:
    tag = _CASE[application.status]
    return Tag(tag.tone, tag.icon, application.get_status_display()) if for_staff else tag


# -- lights ------------------------------------------------------------------------------------------------------------


def light(task: ItemTask, calendar: Calendar, today: date) -> Clock:
    """Time left until the office must act, out of the stored day alone; for lists, where no log is read.

    Counted in working days, which the words say.
    """
    day = task.act_by
    if day is None:
        return Clock("grey", "已结束" if task.is_terminal and not task.is_to_hand_over else "未计时")
    left = calendar.at(task.office.region_id).between(today, day)
    if day < today:
        return Clock("red", f"超期 {-left} 个工作日" if left else "超期")
    words = "今天到期" if day == today else f"还剩 {left} 个工作日"
    return Clock("amber" if left <= clock.SOON_DAYS else "done", words)


# -- days --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Day:
    words: str
    note: str = ""
    is_late: bool = False


def _unit(task: ItemTask) -> str:
    limit = task.application.scheme.spec.limit_of(task.spec)
    return "个工作日" if limit is None or limit.is_in_working_days else "天"


def day_of(task: ItemTask, reading: clock.Reading) -> Day:
    """The day of an item: until when, or why no day is counting."""
    if task.status in BEFORE_OFFICES:
        return _day_before_offices(task)
    if task.status == S.WAITING:
        names = _names_of_open_items(task)
        starts = f"{names}办好后自动开始" if names else "到账后自动开始"
        return Day("还没开始计时", "" if task.is_held else starts)
    if task.status == S.PENDING:
        return Day("正在送往部门", "答复期限从交齐那天算，不因送得晚而延后")
    if task.status in TERMINAL:
        return _last_day(task)
    if reading.state == clock.State.PAUSED:
        words = {S.AWAITING_CORRECTION: "补上后继续计时", S.AWAITING_VISIT: "到场后继续计时"}.get(
            S(task.status), "暂停计时"
        )
        return Day(words, "暂停中" if reading.left is None else f"暂停中，还剩 {reading.left} {_unit(task)}")
    if task.status == S.AWAITING_CORRECTION:
        return Day("补上后开始计时", f"请在{day_words(task.correction_until)}前补上" if task.correction_until else "")
    if reading.next_on is None:
        return Day("办结时限未公布")
    return _running(task, reading, reading.next_on)


def _day_before_offices(task: ItemTask) -> Day:
    """预审: the hub's own day; no office counts any yet."""
    review = open_pre_review(task.application)
    if task.status == S.PRE_RETURNED or review is None:
        return Day("还没开始计时", "改好再交后重新预审")
    is_late = review.answer_by < timezone.localdate()
    words = f"{day_words(review.answer_by)}前"
    return Day(words, f"应在{words}预审，已超期" if is_late else "告诉您预审结果", is_late=is_late)


def open_pre_review(application: Application) -> PreReview | None:
    """The round that waits for the hub or for the person; for a case fetched `with_progress` no further query."""
    rounds = [review for review in application.pre_reviews.all() if review.decided_at is None or review.is_returned]
    return rounds[-1] if rounds else None


def pre_review_words(application: Application) -> str:
    """The hub that looks through the form, as the page names it."""
    review = open_pre_review(application)
    return str(review.office) if review else "综合窗口"


def _running(task: ItemTask, reading: clock.Reading, due: date) -> Day:
    left = reading.left or 0
    unit = "个工作日" if task.status == S.QUEUED else _unit(task)
    if reading.is_late:
        return Day(day_words(due), f"已超期 {-left} {unit}" if left else "已超期", is_late=True)
    rest = "今天到期" if left == 0 else f"还剩 {left} {unit}"
    words = f"{'预计' if reading.is_provisional else ''}{day_words(due)}前"
    return Day(words, f"答复是否受理，{rest}" if task.status == S.QUEUED else rest)


def _last_day(task: ItemTask) -> Day:
    if not hasattr(task, "result"):
        return Day(f"{day_words(timezone.localdate(task.changed_at))}结束")
    result = task.result
    decided = day_words(timezone.localdate(result.decided_at))
    if task.status != S.COMPLETED:
        return Day(f"{decided}决定")
    if result.fulfilment == Fulfilment.PAYMENT_DUE and result.fulfil_by:
        return Day(f"{day_words(result.fulfil_by)}前", f"{decided}办好，等发放")
    if result.fulfilment == Fulfilment.IN_PRODUCTION:
        return Day(f"{decided}办好", f"{day_words(result.fulfil_by)}前制好" if result.fulfil_by else "制好的日期未公布")
    if result.fulfilled_at:
        done = day_words(timezone.localdate(result.fulfilled_at))
        return Day(f"{decided}办好", f"{done}{result.get_fulfilment_display()}")
    return Day(f"{decided}办好", result.get_fulfilment_display() if result.fulfilment != Fulfilment.NONE else "")


def _names_of_open_items(task: ItemTask) -> str:
    spec = task.application.scheme.spec
    return "、".join(spec.item(code).title for code in task.open_items)


def next_step(task: ItemTask) -> str:
    """What happens next on an item, for the person."""
    status = S(task.status)
    if status == S.PRE_REVIEW:
        hub = pre_review_words(task.application)
        return f"{hub}先看登记表和材料齐不齐；通过后自动送往{task.office}，您不用再申请"
    if status == S.PRE_RETURNED:
        return "改好登记表再交一次，重新预审；部门都还没有开始计时"
    if status == S.WAITING:
        return _waiting_words(task)
    if status == S.COMPLETED and (words := _follow_words(task)):
        return words
    if status == S.COMPLETED:
        return task.result.summary or task.spec.next_step or _result_words(task)
    if status in TERMINAL:
        return "。".join(words.rstrip("。") for words in _refusal_words(task) if words)
    if status == S.AWAITING_CORRECTION:
        return f"{task.office}请您补正，补上就接着办"
    if status == S.AWAITING_VISIT:
        return _visit_words(task)
    return {
        S.PENDING: _on_its_way(task),
        S.QUEUED: f"等{task.office}答复是否受理",
        S.SUSPENDED: "需要鉴定、听证等特别程序，这段时间不计入期限",
        S.AWAITING_APPROVAL: "经办人已审完，等负责人批准",
    }.get(status, _in_review_words(task))


# Sending takes seconds; after this something is wrong with the line, and the person must not think it is their doing.
SLOW_SENDING = timedelta(minutes=30)


def _on_its_way(task: ItemTask) -> str:
    if timezone.now() - task.changed_at < SLOW_SENDING:
        return f"正在送往{task.office}"
    return f"还没有送到{task.office}，系统在继续送，工作人员会跟进。办件已经收下，您不用再提交"


def _visit_words(task: ItemTask) -> str:
    """When and where to come, as far as it is agreed."""
    visit = next((visit for visit in task.visits.all() if visit.came_at is None), None)
    reason = task.spec.in_person_reason or "需要您本人到场"
    if visit is None or visit.chosen_at is None:
        return reason
    return f"{moment_words(visit.chosen_at)}到{visit.place}。{reason}"


def where_words(task: ItemTask) -> str:
    """Where the office is, when it is open and how to ask; 未公布 where nobody has said."""
    office = task.office
    rows = (
        ("地址", office.address),
        ("办公时间", office.hours),
        ("电话", office.phone or task.application.region.phone),
    )
    return "，".join(f"{label}：{value or '未公布'}" for label, value in rows)


def _follow_words(task: ItemTask) -> str:
    """What the person does about a card or paper: wait, fetch it, expect the parcel."""
    what, result = task.spec.result.name or "办理结果", task.result
    return {
        Fulfilment.IN_PRODUCTION: f"{what}正在制作，制好后通知您",
        Fulfilment.READY: f"{what}可以领了。请带居民身份证到{task.office.where}领取，领取时在送达回证上签字",
        Fulfilment.MAILED: f"{what}已寄出，快递单号 {result.courier}",
        Fulfilment.DELIVERED: f"{what}已送达" + (f"，签收人 {result.receiver}" if result.receiver else ""),
    }.get(Fulfilment(result.fulfilment), "")


def _in_review_words(task: ItemTask) -> str:
    return "正在审查" + (f"。{task.spec.in_person_reason.rstrip('。')}" if task.spec.in_person else "")


def _waiting_words(task: ItemTask) -> str:
    names = _names_of_open_items(task)
    if task.is_held:
        return f"{names}没有办成，这一件暂时不能开始。请打电话问{task.office}"
    if names:
        extra = f"；{task.spec.in_person_reason.rstrip('。')}" if task.spec.in_person else ""
        return f"{names}办好后自动开始，您不用再申请{extra}"
    spec = task.application.scheme.spec
    return "".join(spec.fact(code).waiting_text for code in task.open_facts)


def _result_words(task: ItemTask) -> str:
    return f"{task.spec.result.name}已办好" if task.spec.result.name else ""


def _refusal_words(task: ItemTask) -> tuple[str, str]:
    return (task.result.summary, task.result.remedy) if hasattr(task, "result") else ("", "")


def why(task: ItemTask, reading: clock.Reading, calendar: Calendar) -> Why | None:
    """The counting behind the day; None where nothing was counted yet."""
    due = reading.next_on or reading.due_on
    is_unstarted = task.status in (*BEFORE_OFFICES, S.WAITING, S.PENDING) or (
        task.status == S.AWAITING_CORRECTION and reading.accepted_on is None
    )
    if not reading.lines or is_unstarted or task.status in TERMINAL:
        return None
    if due is None:
        return Why("为什么还没有到期日", reading.lines)
    title = f"{'预计' if reading.is_provisional else '为什么是'}{due.month}月{due.day}日"
    title = f"{title}，怎么算的" if reading.is_provisional else title
    note = "到那天 24 时还没办好，这里会写“已超期”。"
    if reading.is_late:
        note = "那天 24 时已经过了，所以写“已超期”；管这件事的负责人和督办人员都会收到提醒。"
    elif reading.is_provisional:
        note = "那一年的放假安排公布后，这一天可能会变。"
    is_reply = reading.accepted_on is None
    start = reading.received_on if is_reply else reading.accepted_on
    calendar = calendar.at(task.office.region_id)
    if start is None or (due - start).days > 120:
        return Why(title, reading.lines, note=note)
    counted = _counted(task, start, due, reading, calendar)
    months = month_tables(
        start, due, calendar, counted=counted, paused=reading.paused_days, start_mark="收到" if is_reply else "受理"
    )
    return Why(title, reading.lines, months, note)


def _counted(task: ItemTask, start: date, due: date, reading: clock.Reading, calendar: Calendar) -> set[date]:
    """The days after `start` that count towards `due`."""
    in_working_days = reading.accepted_on is None or _unit(task) != "天"
    days = (start + timedelta(days=n) for n in range(1, (due - start).days + 1))
    return {day for day in days if day not in reading.paused_days and (not in_working_days or calendar.is_working(day))}


def task_row(
    task: ItemTask,
    calendar: Calendar,
    today: date,
    *,
    for_staff: bool = False,
    links: Sequence[Action] = (),
) -> TaskRow:
    """One item of a case as a row. The task's log, result and office must be fetched already."""
    reading = timing.read_clock(task, calendar, today)
    day = day_of(task, reading)
    tag = staff_tag(task) if for_staff else person_tag(task)
    if day.is_late:
        tag = Tag("red", "exclamation-octagon-fill", day.note)
    return TaskRow(
        name=task.spec.title,
        tag=tag,
        agency=str(task.office),
        agency_icon=task.office.agency.icon,
        phone="" if for_staff else task.office.phone,
        next_step=next_step(task),
        day=day.words,
        day_note="" if day.is_late else day.note,
        is_late=day.is_late,
        links=tuple(links),
        why=why(task, reading, calendar),
    )


# -- the whole case ----------------------------------------------------------------------------------------------------


def count_words(tasks: Iterable[ItemTask]) -> str:
    """8 件事，已办好 2 件. An item of two offices counts once, and as done when both are. Of what is over nothing is “在办”."""
    by_item: dict[int, list[str]] = {}
    for task in tasks:
        by_item.setdefault(task.item_id, []).append(task.status)
    found = {status for statuses in by_item.values() for status in statuses}
    if S.PRE_RETURNED in found:
        return f"{len(by_item)} 件事，等您修改登记表"
    if S.PRE_REVIEW in found and found <= {S.PRE_REVIEW, S.WITHDRAWN}:
        return f"{len(by_item)} 件事，正在预审"
    done = sum(all(status == S.COMPLETED for status in statuses) for statuses in by_item.values())
    total = len(by_item)
    if done == total:
        return f"{total} 件事，全部办好"
    if done:
        return f"{total} 件事，已办好 {done} 件"
    if found <= TERMINAL:
        return f"{total} 件事，{'全部撤回' if found == {S.WITHDRAWN} else '没有办成'}"
    return f"{total} 件事，正在办理"


def without_day(expected: Forecast) -> str:
    """Which items keep the whole case without a day; a guess is never shown as one."""
    return f"{'、'.join(expected.unknown)}还算不出日子" if expected.unknown else ""


def last_day(tasks: Iterable[ItemTask], expected: Forecast) -> tuple[str, date] | None:
    """(words, day) for the head of a case: the day for everything, else the last one of what is counting already."""
    if expected.on is not None:
        return ("全部预计办好（明年放假安排未公布）" if expected.is_provisional else "全部预计办好", expected.on)
    running = [task for task in tasks if task.status not in TERMINAL and task.due_on]
    if not running:
        return None
    latest = max(running, key=lambda task: task.due_on or date.min)
    words = (
        "已开始计时的事最晚预计办好（明年放假安排未公布）" if latest.is_due_provisional else "已开始计时的事最晚办好"
    )
    return (words, latest.due_on) if latest.due_on else None
