"""What the pages of deliveries show: the lines of the agencies, each dispatch and its tries, in words."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse

from applications import outbox
from applications.enums import DispatchStatus, Outcome
from applications.models import Dispatch, DispatchAttempt
from applications.outbox import AgencyLine
from portal.web.presenters import Tag, short_moment


@dataclass(frozen=True)
class LineRow:
    """One agency's line in words."""

    code: str
    name: str
    waiting: int
    failing: int
    attention: int
    oldest: str
    is_late: bool
    last_delivered: str
    heard: str
    held: str
    is_held: bool
    held_offices: int


def line_row(line: AgencyLine, now: datetime) -> LineRow:
    age = now - line.oldest if line.oldest else timedelta()
    if not line.held_offices:
        held = ""
    elif line.held_offices == line.offices:
        held = "全部暂停推送"
    else:
        held = f"{line.held_offices} 个机构暂停推送"
    return LineRow(
        code=line.code,
        name=line.name,
        waiting=line.waiting,
        failing=line.failing,
        attention=line.attention,
        oldest=f"{age_words(age)}前" if line.oldest else "没有等待的",
        is_late=age > timedelta(minutes=5),
        last_delivered=short_moment(line.last_delivered)
        if line.last_delivered
        else f"{outbox.LOOKS_BACK.days} 天内没有",
        heard=f"{age_words(now - line.heard_at)}前有回应" if line.heard_at else "还没有心跳记录",
        held=held,
        is_held=bool(line.held_offices),
        held_offices=line.held_offices,
    )


@dataclass(frozen=True)
class HeldRow:
    pk: int
    name: str
    place: str
    why: str


def held_row(office: Any) -> HeldRow:
    """An office that nothing is sent to: who stopped it, when and why."""
    why = f"{short_moment(office.held_at)} {office.held_by}暂停：{office.held_note}" if office.held_at else ""
    return HeldRow(office.pk, office.name, office.region.full_name, why)


def age_words(age: timedelta) -> str:
    """Roughly how long: 不到 1 分钟, 12 分钟, 3 小时, 2 天."""
    seconds = max(0, int(age.total_seconds()))
    if seconds < 60:
        return "不到 1 分钟"
    if seconds < 3600:
        return f"{seconds // 60} 分钟"
    return f"{seconds // 3600} 小时" if seconds < 86_400 else f"{seconds // 86_400} 天"


@dataclass(frozen=True)
class DispatchRow:
    pk: int
    number: str
    item: str
    office: str
    tag: Tag
    words: str
    attempts: int
    waits_since: str
    url: str


_TAGS = {
    DispatchStatus.PENDING: Tag("blue", "hourglass-split", "等待推送"),
    DispatchStatus.SENDING: Tag("blue", "arrow-repeat", "正在推送"),
    DispatchStatus.DELIVERED: Tag("done", "check-circle-fill", "已送达"),
    DispatchStatus.ATTENTION: Tag("red", "exclamation-circle-fill", "待人工处理"),
    DispatchStatus.CANCELLED: Tag("grey", "dash-circle", "已取消"),
}


def dispatch_row(dispatch: Dispatch, now: datetime) -> DispatchRow:
    return DispatchRow(
        pk=dispatch.pk,
        number=dispatch.task.application.number,
        item=dispatch.task.item.name,
        office=dispatch.office.name,
        tag=_TAGS[DispatchStatus(dispatch.status)],
        words=dispatch_words(dispatch, now),
        attempts=dispatch.attempts,
        waits_since=short_moment(dispatch.created_at),
        url=reverse("console:dispatch", args=[dispatch.pk]),
    )


def dispatch_words(dispatch: Dispatch, now: datetime) -> str:
    """Where one dispatch stands and what happens next, as an operator reads it."""
    if dispatch.status == DispatchStatus.DELIVERED:
        return f"{short_moment(dispatch.delivered_at)} 送达" if dispatch.delivered_at else "已送达"
    if dispatch.status == DispatchStatus.CANCELLED:
        return "不再推送"
    if dispatch.status == DispatchStatus.ATTENTION:
        return "不再自动重试，要人处理：重新推送、取消，或纸质移交"
    if dispatch.office.is_held:
        return "这个机构暂停推送，恢复后自动送出"
    if dispatch.next_attempt_at > now:
        return f"最迟 {short_moment(dispatch.next_attempt_at)} 自动再试"
    return "马上推送" if not dispatch.attempts else "马上再试"


@dataclass(frozen=True)
class AttemptRow:
    started: str
    took: str
    outcome: str
    detail: str
    answer: str


def attempt_row(attempt: DispatchAttempt) -> AttemptRow:
    known = dict(Outcome.choices)
    return AttemptRow(
        short_moment(attempt.started_at),
        f"{attempt.milliseconds} 毫秒",
        known.get(attempt.outcome, attempt.outcome),
        attempt.detail,
        f"{attempt.status_code or ''} {attempt.answer}".strip(),
    )
