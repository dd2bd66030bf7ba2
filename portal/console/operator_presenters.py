"""What the operators' pages show: tickets, the pulse of the queues, exports, packages; in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.urls import reverse

from agencies.models import Agency
from agencies.queues import EXPORTS, HOUSEKEEPING, NOTICES, PAPERS, queue_of
from applications.detectors import BEAT, Pulse
from applications.enums import DocumentStatus, ExportKind
from applications.models import Export, Reconciliation, Ticket
from portal.console.presenters import age_words
from portal.web.presenters import Tag, short_moment

_QUEUES = {
    PAPERS: "文书",
    NOTICES: "通知",
    EXPORTS: "导出",
    HOUSEKEEPING: "日常检查和到期处理",
    BEAT: "定时任务",
}


@dataclass(frozen=True)
class TicketRow:
    pk: int
    title: str
    suggestion: str
    office: str
    number: str
    opened: str
    closed: str
    url: str
    is_paper: bool


def ticket_row(ticket: Ticket) -> TicketRow:
    closed = f"{short_moment(ticket.closed_at)} 关闭：{ticket.closed_note}" if ticket.closed_at else ""
    return TicketRow(
        pk=ticket.pk,
        title=ticket.title,
        suggestion=ticket.suggestion,
        office=ticket.office.name if ticket.office else "",
        number=ticket.task.application.number if ticket.task else "",
        opened=short_moment(ticket.opened_at),
        closed=closed,
        url=reverse("console:dispatch", args=[ticket.dispatch_id]) if ticket.dispatch_id else "",
        is_paper=ticket.kind == "paper_without_file",
    )


@dataclass(frozen=True)
class PulseRow:
    queue: str
    name: str
    words: str
    tag: Tag


def pulse_row(pulse: Pulse, agencies: dict[str, str]) -> PulseRow:
    """One queue: whose it is and how long ago its worker was heard."""
    if pulse.is_silent:
        tag = Tag("red", "exclamation-circle-fill", "没有回音")
    elif pulse.age is None:
        tag = Tag("grey", "dash-circle", "还没有问过")
    else:
        tag = Tag("done", "check-circle-fill", "正常")
    heard = "从来没有回音" if pulse.age is None else f"{age_words(timedelta(seconds=pulse.age))}前有回音"
    return PulseRow(pulse.queue, agencies.get(pulse.queue) or _QUEUES.get(pulse.queue, pulse.queue), heard, tag)


def queue_names(agencies: Iterable[Agency]) -> dict[str, str]:
    return {queue_of(agency.code): f"{agency.name}的推送" for agency in agencies}


@dataclass(frozen=True)
class ExportRow:
    kind: str
    name: str
    asked: str
    rows: str
    tag: Tag
    words: str
    url: str


_TAGS = {
    DocumentStatus.REQUESTED: Tag("blue", "hourglass-split", "生成中"),
    DocumentStatus.READY: Tag("done", "check-circle-fill", "已生成"),
    DocumentStatus.FAILED: Tag("red", "exclamation-circle-fill", "未能生成"),
}


def export_row(export: Export) -> ExportRow:
    is_ready = export.status == DocumentStatus.READY
    has_file = is_ready and bool(export.file)
    words = export.error
    if is_ready and not has_file:
        words = "文件已过保存期，请重新导出"
    kind = export.get_kind_display()
    return ExportRow(
        kind=f"{kind}　{export.office}" if export.office else kind,
        name=export.name,
        asked=short_moment(export.requested_at),
        rows=f"{export.rows} 行" if is_ready else "",
        tag=_TAGS[DocumentStatus(export.status)],
        words=words,
        url=reverse("console:export_file", args=[export.pk]) if has_file else "",
    )


KINDS = [(kind.value, kind.label) for kind in ExportKind if kind != ExportKind.BATCH]


@dataclass(frozen=True)
class ReconciliationRow:
    day: str
    office: str
    sent: int
    received: int
    answered: int
    words: str
    is_clean: bool


def reconciliation_row(row: Reconciliation) -> ReconciliationRow:
    words = row.note or f"{row.differences} 处差异"
    return ReconciliationRow(
        f"{row.day.month}月{row.day.day}日", row.office.name, row.sent, row.received, row.answered, words,
        row.differences == 0 and row.note == "无差异",
    )  # fmt: skip


@dataclass(frozen=True)
class OfflineRow:
    pk: int
    name: str
    place: str
    waiting: int
    handed: str


def offline_row(office: Any) -> OfflineRow:
    return OfflineRow(
        office.pk,
        office.name,
        office.region.full_name,
        office.waiting,
        f"{office.handed} 件已移交，等对方回执" if office.handed else "",
    )
