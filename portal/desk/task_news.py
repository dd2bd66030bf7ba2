"""What an officer must know before deciding: lateness, opinions, promises, a person who has to come."""

from django.utils import timezone

from applications import promises, visits
from applications.enums import Action, TaskStatus
from applications.reporting import FIELD, reporting_of
from portal.desk.sight import Sight
from portal.web.presenters import short_day
from portal.web.visiting import appointment

News = tuple[str, str, str] | None


def news(sight: Sight) -> list[tuple[str, str, str]]:
    """(tone, bold words, sentence) of everything that an officer must know before deciding."""
    found = [
        _lateness(sight),
        _late_report(sight),
        _opinion(sight),
        _amended(sight),
        _deemed(sight),
        _promised(sight),
        _provisional(sight),
        _in_person(sight),
    ]
    return [entry for entry in found if entry is not None]


def _lateness(sight: Sight) -> News:
    task = sight.task
    if task.next_on is None or task.next_on >= sight.today:
        return None
    if task.status == TaskStatus.QUEUED:
        legal = "，按规定视为自收到之日起受理" if sight.item.deemed_acceptance else ""
        return "red", "已过答复期限", f"应在{short_day(task.next_on)}以前答复{legal}。请现在处理。"
    return "red", "已超期", f"应在{short_day(task.next_on)}以前办结。请现在处理，并向申请人说明。"


def _late_report(sight: Sight) -> News:
    """T-02: a report after the days is taken like any other; the reason is asked for and written down."""
    task, application = sight.task, sight.task.application
    if task.is_terminal or task.item.code != sight.scheme.reporting_item or not sight.value(FIELD):
        return None
    handed_in = timezone.localdate(application.submitted_at)
    found = reporting_of(sight.scheme, application.answers, application.ticked, handed_in)
    if found is None or not found.is_missed:
        return None
    words = (
        f"退役后第 {found.passed} 天提交（{found.days} 天内报到）。照常受理；请问明原因，写进办理意见。{found.basis}"
    )
    return "amber", "超过报到期限", words


def _opinion(sight: Sight) -> News:
    """What the other of the two officers wrote last; applicants never see it."""
    last = next((row for row in reversed(sight.log) if row.action != Action.TAKE), None)
    if last is not None and last.action == Action.PROPOSE:
        return "info", "拟办意见", f"{last.actor}：{last.note}"
    if last is not None and last.action == Action.SEND_BACK:
        return "amber", "退回承办", f"{last.actor}：{last.note}"
    return None


def _amended(sight: Sight) -> News:
    """What the person put right since the office got the item; its part of the form marks it as changed."""
    last = next((row for row in reversed(sight.log) if row.action != Action.RECOMPUTE), None)
    if last is None or last.action != Action.AMEND:
        return None
    return "info", "申请人更正", f"{short_day(timezone.localdate(last.at))}{last.note}，请按现在的内容办理。"


def _deemed(sight: Sight) -> News:
    if sight.task.is_terminal or not any(row.action == Action.DEEM_ACCEPTED for row in sight.log):
        return None
    start = sight.task.accepted_on or sight.today
    return "amber", "视为受理", f"在答复期限内没有告知，自{short_day(start)}起计算办理期限。"


def deferred(sight: Sight) -> list[promises.Promise]:
    """The papers that the office lacks and that were promised with the form."""
    owed = promises.still_open(sight.task.application)
    return [promise for promise in owed if promise.code in sight.missing]


def _promised(sight: Sight) -> News:
    """What the person promised with the form; the office may accept without it."""
    if sight.task.status != TaskStatus.QUEUED or not (owed := deferred(sight)):
        return None
    days = "；".join(f"{promise.title}{f'，{short_day(promise.until)}前' if promise.until else ''}" for promise in owed)
    return "info", "申请人承诺后补", f"{days}。可以容缺受理，补交日期由您定。"


def _provisional(sight: Sight) -> News:
    task = sight.task
    if task.is_terminal or not task.provisional_until:
        return None
    names = "、".join(sight.scheme.material(code).title for code in task.provisional_materials)
    return "amber", "容缺受理", f"申请人承诺在{short_day(task.provisional_until)}以前补交：{names}。"


def _in_person(sight: Sight) -> News:
    """A person who has to come: not called yet, or called and how the appointment stands."""
    if sight.task.status == TaskStatus.AWAITING_VISIT:
        call = appointment(sight.task, visits.open_visit(sight.task))
        note = f"　{call.note.replace('您请求另约', '申请人请求另约')}" if call.note else ""
        tone = "amber" if call.note or call.has_passed else "info"
        when = {True: "等申请人选时间"}.get(call.must_choose, call.when)
        return tone, "到场安排", f"{when}　{call.place}{note}"
    if sight.task.status != TaskStatus.IN_REVIEW or not sight.item.in_person:
        return None
    if any(row.action == Action.RECORD_VISIT for row in sight.log):
        return None
    reason = (sight.item.in_person_reason or "这一件须本人到场").rstrip("。")
    return "info", "须本人到场", f"{reason}。还没有来的，请通知本人到场；可以约时间，也可以随时来。等待期间不计时。"
