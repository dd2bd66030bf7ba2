"""What the operators' pages show: tickets, the pulse of the queues, exports, packages; in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.urls import reverse

from agencies.enums import GatewayKind
from agencies.models import Agency, Office, OfficeRoute
from agencies.queues import EXPORTS, HOUSEKEEPING, IMPORTS, NOTICES, PAPERS, queue_of
from applications.detectors import BEAT, RELAY, Pulse, State
from applications.enums import DocumentStatus, ExportKind, ImportStatus
from applications.models import Export, Import, OperatorDeed, Reconciliation, Ticket
from applications.operations import REPAIRS
from portal.console.outbox_presenters import age_words
from portal.web.presenters import Tag, short_moment

_QUEUES = {
    PAPERS: "文书",
    NOTICES: "通知",
    EXPORTS: "导出",
    IMPORTS: "离线结果的导入",
    HOUSEKEEPING: "日常检查和到期处理",
    BEAT: "定时任务",
    RELAY: "分发程序",
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
    can_repair: bool


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
        can_repair=ticket.kind in REPAIRS,
    )


@dataclass(frozen=True)
class PulseRow:
    queue: str
    name: str
    words: str
    tag: Tag


_PULSE_TAGS = {
    State.ALIVE: Tag("done", "check-circle-fill", "正常"),
    State.UNKNOWN: Tag("grey", "dash-circle", "还没有问过"),
    State.NOBODY: Tag("red", "exclamation-circle-fill", "没有进程在听"),
    State.SILENT: Tag("red", "exclamation-circle-fill", "没有回音"),
}


def pulse_row(pulse: Pulse, agencies: dict[str, str]) -> PulseRow:
    """One queue: whose it is, how long ago its worker was heard, and what to do where none is."""
    heard = "从来没有回音" if pulse.age is None else f"{age_words(timedelta(seconds=pulse.age))}前有回音"
    advice = {
        State.NOBODY: "问过，从来没有进程答应：请启动它的工作进程，否则送到这里的一直等着",
        State.SILENT: f"{heard}：工作进程停了或卡住了，请重启",
        State.UNKNOWN: "还没有问过：分发程序（relay）没有在运行，或这个队列刚刚有",
    }
    if pulse.queue == RELAY and pulse.age is not None:
        heard = f"{age_words(timedelta(seconds=pulse.age))}前问过各队列"
        advice[State.SILENT] = f"{heard}：分发程序停了，所有队列都会没有回音，请先重启它"
    name = agencies.get(pulse.queue) or _QUEUES.get(pulse.queue, pulse.queue)
    return PulseRow(pulse.queue, name, advice.get(pulse.state, heard), _PULSE_TAGS[pulse.state])


def pulse_summary(found: Iterable[Pulse], agencies: dict[str, str]) -> str:
    """One sentence about all queues, by what answered; empty when all is well."""
    found = list(found)
    names = {kind: [pulse_row(p, agencies).name for p in found if p.state == kind] for kind in State}
    parts = [
        ("没有进程在听", names[State.NOBODY]),
        ("没有回音", names[State.SILENT]),
        ("还没有问过", names[State.UNKNOWN]),
    ]
    return "；".join(f"{words}：{'、'.join(found)}" for words, found in parts if found)


def connection_words(held: int, given: int) -> str:
    return f"数据库连接用了 {held} 个，共 {given} 个"


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


_IMPORT_TAGS = {
    ImportStatus.WAITING: Tag("blue", "hourglass-split", "正在处理"),
    ImportStatus.DONE: Tag("done", "check-circle-fill", "已处理完"),
    ImportStatus.REFUSED: Tag("red", "x-circle-fill", "文件不能采用"),
    ImportStatus.FAILED: Tag("red", "exclamation-circle-fill", "没有处理完"),
}


@dataclass(frozen=True)
class ImportRow:
    """`words`: how far it is, or how it ended; `can_register`: a dry run whose file is still there."""

    pk: int
    office: str
    place: str
    asked: str
    who: str
    kind: str
    tag: Tag
    words: str
    bad: int
    is_waiting: bool
    can_register: bool
    url: str


def import_row(row: Any) -> ImportRow:
    """Of an Import as `for_posting` gives it."""
    return ImportRow(
        pk=row.pk,
        office=row.office.name,
        place=row.office.region.full_name,
        asked=short_moment(row.asked_at),
        who=str(row.asked_by),
        kind="试运行，没有登记" if row.is_dry_run else "登记结果",
        tag=_IMPORT_TAGS[ImportStatus(row.status)],
        words=_import_words(row, row.done, row.bad),
        bad=row.bad,
        is_waiting=row.status == ImportStatus.WAITING,
        can_register=row.is_dry_run and row.status == ImportStatus.DONE and bool(row.file),
        url=reverse("console:import", args=[row.pk]),
    )


def _import_words(row: Import, done: int, bad: int) -> str:
    if row.status == ImportStatus.WAITING:
        return "已经收下，排队处理" if row.rows is None else f"处理了 {done} 行，共 {row.rows} 行"
    if row.status == ImportStatus.DONE:
        return f"共 {done} 行，{bad} 行不行" if bad else f"共 {done} 行，都可以"
    if row.status == ImportStatus.REFUSED:
        return row.error
    kept = "处理过的行已经登记" if not row.is_dry_run else "什么也没有登记"
    return f"处理了 {done} 行以后中断；{kept}，请重新上传同一个文件，不会登记两次"


# As in the command `join_office`.
WAYS = [
    ("desk", "本平台工作台"),
    ("push", "推送到部门系统"),
    ("poll", "部门系统自己来取"),
    ("hand", "离线交换"),
    ("same", "和机构一样（取消事项的另定）"),
]


@dataclass(frozen=True)
class WayRow:
    pk: int
    name: str
    place: str
    way: str
    items: str


def way_row(office: Office) -> WayRow:
    items = "；".join(f"{rule.item_code} {_way_words(rule)}" for rule in office.routes.all())
    return WayRow(office.pk, office.name, office.region.full_name, _way_words(office), items)


def _way_words(rule: Office | OfficeRoute) -> str:
    """How it goes, and of an address the host alone."""
    if rule.gateway == GatewayKind.HTTP and not rule.endpoint:
        return "部门系统自己来取"
    return f"{rule.get_gateway_display()} {urlsplit(rule.endpoint).netloc}".strip()


@dataclass(frozen=True)
class ChangeRow:
    when: str
    office: str
    words: str
    who: str


def change_row(deed: OperatorDeed) -> ChangeRow:
    return ChangeRow(short_moment(deed.at), deed.office.name if deed.office else "", deed.note, str(deed.operator))
