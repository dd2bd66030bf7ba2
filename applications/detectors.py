"""What must never be so, looked for every hour in production, and the pulse of the queues.

Each detector gives the findings of one kind. `run` opens a ticket per new finding and closes those that are no more. None
of them mends anything by itself: each names what a person should do.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db import connection
from django.db.models import Count, Exists, F, OuterRef, Q
from django.utils import timezone

from agencies.enums import GatewayKind
from agencies.models import Office, Posting, Scheme
from agencies.queues import all_queues
from applications import auditing, reconciliation, tickets
from applications.enums import (
    CLOSED,
    ON_ITS_WAY,
    TERMINAL,
    UNSENT,
    ApplicationStatus,
    DispatchStatus,
    DocumentStatus,
    ImportStatus,
    NoticeKind,
    NoticeStatus,
    Outcome,
    TaskStatus,
)
from applications.models import (
    Application,
    Dispatch,
    Document,
    Export,
    Heartbeat,
    Import,
    ItemTask,
    Notice,
    OfficeLink,
    PreReview,
    Rectification,
    Ticket,
    Visit,
)
from portal.accounts.models import User

logger = logging.getLogger(__name__)

BEAT = "beat"
RELAY = "relay"
# How the marks of the daily steps begin: rung when one begins, heard when it is done.
STEP = "daily."
LATE = timedelta(minutes=5)
PAPER_LATE = timedelta(minutes=15)
DEAF = timedelta(minutes=5)
# A detector looks no further; so many tickets are enough to call somebody.
FOUND_AT_MOST = 500
BEAT_DEAD = timedelta(minutes=15)
# The relay rings each queue once a minute, and a deaf one every ten.
BELLS_DEAD = timedelta(minutes=11)
# A day of three logs, and then some.
SEALS_LOOKED_AT = 100
# The part of the database's connections from which a person is called.
CONNECTIONS_FULL = 0.8


@dataclass(frozen=True)
class Finding:
    """`subject` tells findings of a kind apart; `name` is what a person knows it by, where that is another."""

    subject: str
    office: Office | None = None
    task: ItemTask | None = None
    dispatch: Dispatch | None = None
    name: str = ""


@dataclass(frozen=True)
class Detector:
    kind: str
    title: str
    suggestion: str
    find: Callable[[datetime], Iterable[Finding]]


def _of_task(task: ItemTask) -> Finding:
    return Finding(str(task.pk), task.office, task, name=task.application.number)


def _of_dispatch(dispatch: Dispatch) -> Finding:
    return Finding(str(dispatch.pk), dispatch.office, dispatch.task, dispatch, dispatch.task.application.number)


_BY_HAND = Q(way=GatewayKind.BATCH)


def _dispatches(*chosen: Q, **conditions: object) -> list[Any]:
    rows = Dispatch.objects.with_way().filter(*chosen, **conditions)
    return list(
        rows.select_related("task__office", "task__application", "holder__office").order_by("pk")[:FOUND_AT_MOST]
    )


def pending_without_dispatch(now: datetime) -> Iterable[Finding]:
    unsent = Dispatch.objects.of_tasks().filter(task=OuterRef("pk"), status__in=UNSENT)
    tasks = ItemTask.objects.filter(~Exists(unsent), status=TaskStatus.PENDING)
    tasks = tasks.select_related("office", "application")
    return [_of_task(task) for task in tasks[:FOUND_AT_MOST]]


def unsent_too_long(now: datetime) -> Iterable[Finding]:
    # What goes by hand takes days; it is late when nobody exported it within one.
    forgotten = Q(status=DispatchStatus.PENDING, created_at__lt=now - timedelta(days=1))
    late = _dispatches(~_BY_HAND | forgotten, status__in=ON_ITS_WAY, created_at__lt=now - LATE, held=False)
    return [_of_dispatch(dispatch) for dispatch in late]


def receipt_late(now: datetime) -> Iterable[Finding]:
    """Taken and no receipt: the word "received" is the receiver's, so a person asks for it."""
    is_due = ~_BY_HAND | Q(leased_until__lt=now)
    late = _dispatches(is_due, status=DispatchStatus.SENDING, last_outcome=Outcome.SENT, created_at__lt=now - LATE)
    return [_of_dispatch(dispatch) for dispatch in late]


def line_switched_off(now: datetime) -> Iterable[Finding]:
    lines = OfficeLink.objects.exclude(disabled_reason="").select_related("office")
    return [Finding(str(line.pk), line.office, name=line.office.name) for line in lines[:FOUND_AT_MOST]]


def item_without_task(now: datetime) -> Iterable[Finding]:
    """What should exist by the ticked items of every open case, against what does (A22)."""
    found = []
    open_cases = Application.objects.open().only("number", "ticked").prefetch_related("tasks__item", "tasks__office")
    schemes = Scheme.objects.filter(pk__in=Application.objects.open().values("scheme"))
    for scheme in schemes:  # a scheme is big, so it is read once for all its cases
        spec = scheme.spec
        for case in open_cases.filter(scheme=scheme).order_by("pk").iterator(500):
            wanted = [*spec.automatic, *(item for item in spec.offered if item.code in case.ticked)]
            there = {(task.item.code, task.office.agency_id) for task in case.tasks.all()}
            if {(item.code, agency) for item in wanted for agency in item.agencies} - there:
                found.append(Finding(case.number))
    return found[:FOUND_AT_MOST]


def export_not_made(now: datetime) -> Iterable[Finding]:
    late = Export.objects.filter(
        Q(status=DocumentStatus.REQUESTED, requested_at__lt=now - PAPER_LATE) | Q(status=DocumentStatus.FAILED)
    ).filter(requested_at__gt=now - timedelta(days=7))
    return [Finding(str(row.pk), row.office, name=str(row)) for row in late[:FOUND_AT_MOST]]


def import_not_done(now: datetime) -> Iterable[Finding]:
    """A result file that nobody goes through, or that was broken off for good: the office's work is not registered."""
    recent = Import.objects.filter(asked_at__gt=now - timedelta(days=7)).select_related("office")
    stuck = recent.filter(
        Q(status=ImportStatus.FAILED)
        | Q(status=ImportStatus.WAITING, asked_at__lt=now - PAPER_LATE) & ~Q(published_at__gt=now - PAPER_LATE)
    )
    return [Finding(str(row.pk), row.office, name=str(row)) for row in stuck[:FOUND_AT_MOST]]


def reconciliation_not_done(now: datetime) -> Iterable[Finding]:
    """Every office that had work was compared for each day of the last week; yesterday is asked for from three on."""
    local = timezone.localtime(now)
    last = local.date() - timedelta(days=1 if local.hour >= 3 else 2)
    undone = reconciliation.undone(last)
    offices = Office.objects.in_bulk({office for office, _ in undone})
    return [
        Finding(f"{pk}:{day}", offices[pk], name=f"{offices[pk]} {day}") for pk, day in sorted(undone)[:FOUND_AT_MOST]
    ]


def held_too_long(now: datetime) -> Iterable[Finding]:
    late = _dispatches(status__in=ON_ITS_WAY, created_at__lt=now - timedelta(days=1), held=True)
    return [_of_dispatch(dispatch) for dispatch in late]


def waits_for_a_person(now: datetime) -> Iterable[Finding]:
    return [_of_dispatch(dispatch) for dispatch in _dispatches(status=DispatchStatus.ATTENTION)]


def delivered_but_not_there(now: datetime) -> Iterable[Finding]:
    newer = Dispatch.objects.of_tasks().filter(task=OuterRef("task"), version__gt=OuterRef("version"))
    rows = Dispatch.objects.of_tasks().filter(
        ~Exists(newer), status=DispatchStatus.DELIVERED, task__status=TaskStatus.PENDING
    )
    return [
        _of_dispatch(dispatch) for dispatch in rows.select_related("task__office", "task__application")[:FOUND_AT_MOST]
    ]


def still_sent_though_ended(now: datetime) -> Iterable[Finding]:
    return [
        _of_dispatch(dispatch) for dispatch in _dispatches(kind="task", status__in=UNSENT, task__status__in=TERMINAL)
    ]


def waiting_for_nothing(now: datetime) -> Iterable[Finding]:
    tasks = ItemTask.objects.filter(status=TaskStatus.WAITING, open_items=[], open_facts=[])
    tasks = tasks.select_related("office", "application")
    return [_of_task(task) for task in tasks[:FOUND_AT_MOST]]


def status_does_not_follow(now: datetime) -> Iterable[Finding]:
    unfinished = Count("tasks", filter=~Q(tasks__status__in=TERMINAL))
    cases = Application.objects.annotate(unfinished=unfinished)
    wrong = cases.filter(
        Q(unfinished=0) & ~Q(status__in=CLOSED)
        | Q(unfinished__gt=0, status__in=CLOSED)
        | Q(unfinished__gt=0) & ~Q(status__in=[ApplicationStatus.IN_PROGRESS, ApplicationStatus.ACTION_NEEDED])
    )
    return [Finding(case.number) for case in wrong[:FOUND_AT_MOST]]


def paper_without_file(now: datetime) -> Iterable[Finding]:
    missing = Document.objects.filter(
        Q(status=DocumentStatus.READY, file="")
        | Q(status=DocumentStatus.REQUESTED, requested_at__lt=now - PAPER_LATE)
        | Q(status=DocumentStatus.FAILED)
    )
    return [Finding(document.number) for document in missing[:FOUND_AT_MOST]]


def notice_not_sent(now: datetime) -> Iterable[Finding]:
    stuck = Notice.objects.filter(
        Q(status__in=[NoticeStatus.FAILED, NoticeStatus.BOUNCED], created_at__gt=now - timedelta(days=7))
        | Q(status=NoticeStatus.PENDING, created_at__lt=now - timedelta(hours=1))
    )
    return [Finding(str(notice.pk)) for notice in stuck[:FOUND_AT_MOST]]


def event_without_notice(now: datetime) -> Iterable[Finding]:
    """Of the last week: a form, a correction or an end that nobody was told of, though the case can be reached."""
    within = {"gt": now - timedelta(days=7), "lt": now - timedelta(hours=1)}
    told = Notice.objects.filter(application=OuterRef("pk"))
    events = (
        (NoticeKind.SUBMITTED, "submitted_at", Q()),
        (NoticeKind.CORRECTION, "tasks__corrections__asked_at", Q()),
        (
            NoticeKind.CLOSED,
            "closed_at",
            Q(status__in=[ApplicationStatus.COMPLETED, ApplicationStatus.PARTLY_COMPLETED]),
        ),
    )
    for kind, moment, condition in events:
        happened = {f"{moment}__{bound}": value for bound, value in within.items()}
        silent = Application.objects.filter(condition, ~Exists(told.filter(kind=kind)), **happened).distinct()
        cases = silent.iterator(chunk_size=FOUND_AT_MOST)
        reachable = (case for case in cases if case.applicant_id or case.answers.get("mobile"))
        yield from (Finding(f"{kind}:{case.number}") for case in islice(reachable, FOUND_AT_MOST))


def deaf_queue(now: datetime) -> Iterable[Finding]:
    return [Finding(pulse.queue) for pulse in pulses(now) if pulse.is_silent]


def pre_review_is_late(now: datetime) -> Iterable[Finding]:
    late = (
        PreReview.objects.waiting()
        .filter(answer_by__lt=timezone.localdate(now))
        .select_related("office", "application")
    )
    return [Finding(str(review.pk), review.office, name=review.application.number) for review in late[:FOUND_AT_MOST]]


def visit_without_outcome(now: datetime) -> Iterable[Finding]:
    """The hour agreed is a day gone, and nobody wrote down whether the person came."""
    visits = Visit.objects.filter(
        came_at=None, chosen_at__lt=now - timedelta(days=1), task__status=TaskStatus.AWAITING_VISIT
    )
    return [
        _of_task(visit.task) for visit in visits.select_related("task__office", "task__application")[:FOUND_AT_MOST]
    ]


def step_not_done(now: datetime) -> Iterable[Finding]:
    """A step of the day began and did not come to its end; it is tried again by the hour."""
    is_open = Q(heard_at=None) | Q(heard_at__lt=F("rung_at"))
    begun = Heartbeat.objects.filter(is_open, queue__startswith=STEP)
    recent = begun.filter(rung_at__gt=now - timedelta(days=2), rung_at__lt=now - LATE)
    return [Finding(mark.queue.removeprefix(STEP)) for mark in recent]


def bad_rating_is_unanswered(now: datetime) -> Iterable[Finding]:
    """Without the case's number: a ticket is read by more people than may know whose rating it is."""
    late = Rectification.objects.unanswered().filter(answer_by__lt=timezone.localdate(now))
    return [
        Finding(str(row.pk), row.rating.task and row.rating.task.office, name=f"应在{row.answer_by:%Y-%m-%d}前答复")
        for row in late.select_related("rating__task__office")[:FOUND_AT_MOST]
    ]


def connections() -> tuple[int, int]:
    """(held now, given by the server): when they run out no page opens, and there is no pool to wait in (A18)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), current_setting('max_connections')::int FROM pg_stat_activity")
        held, given = cursor.fetchone()
    return int(held), int(given)


def connections_run_out(now: datetime) -> Iterable[Finding]:
    held, given = connections()
    return [Finding(f"{held}/{given}")] if held >= given * CONNECTIONS_FULL else []


def account_not_used(now: datetime) -> Iterable[Finding]:
    """Of staff: what nobody signs in with is what nobody misses when somebody else does (GB/T 22239)."""
    if not settings.STAFF_UNUSED_DAYS:
        return []
    since = now - timedelta(days=settings.STAFF_UNUSED_DAYS)
    posted = Posting.objects.in_force().filter(user=OuterRef("pk"))
    staff = User.objects.filter(Q(is_staff=True) | Exists(posted), is_active=True)
    unused = staff.filter(Q(last_login__lt=since) | Q(last_login=None, date_joined__lt=since)).order_by("pk")
    return [Finding(str(user.pk), name=user.username) for user in unused[:FOUND_AT_MOST]]


def log_was_changed(now: datetime) -> Iterable[Finding]:
    """Of the newest seals, and of those that did not agree before: those stay so until somebody explains it."""
    known = Ticket.objects.open().filter(kind="log_was_changed").values_list("fingerprint", flat=True)
    seals = auditing.recent(SEALS_LOOKED_AT, besides=[int(found.split(":")[1]) for found in known])
    breaches = islice(auditing.compare(seals), FOUND_AT_MOST)
    return [Finding(f"{found.seal}:{found.log}:{found.row or ''}", name=str(found)) for found in breaches]


DETECTORS = [
    Detector(
        "log_was_changed",
        "流转、访问、人工处理、账号或后台的记录和封条不一致",
        "有人绕过门户改了数据库：请保留现场，核对备份，查数据库账号",
        log_was_changed,
    ),
    Detector("pending_without_dispatch", "待送达的事项没有推送记录", "请核对后补建推送", pending_without_dispatch),
    Detector(
        "unsent_too_long",
        "超过五分钟还没有送达",
        "请看失败原因，必要时重新推送或纸质移交；部门的答复期限从交齐那天算，没有送到也在走",
        unsent_too_long,
    ),
    Detector("receipt_late", "对方收下了，一直没有给回执号", "请向对方要回执号，登记为纸质移交", receipt_late),
    Detector("line_switched_off", "对接线路已停用", "请联系对方，恢复后重新推送任意一件即可启用", line_switched_off),
    Detector("item_without_task", "勾选的事项没有对应的办理记录", "请核对办件后补建", item_without_task),
    Detector("export_not_made", "导出没有生成", "请查看导出队列，重新要求一次", export_not_made),
    Detector(
        "import_not_done", "离线结果没有处理完", "请查看导入队列，重新上传；登记过的行不会登记两次", import_not_done
    ),
    Detector("reconciliation_not_done", "昨天没有对账", "请检查定时任务，补做对账", reconciliation_not_done),
    Detector("held_too_long", "机构暂停推送超过一天", "请确认是否恢复推送", held_too_long),
    Detector("waits_for_a_person", "推送多次不成功，待人工处理", "请重新推送、纸质移交或取消", waits_for_a_person),
    Detector("delivered_but_not_there", "推送已送达而事项仍是待送达", "请核对对方回执", delivered_but_not_there),
    Detector("still_sent_though_ended", "事项已结束而推送还没有取消", "请取消这条推送", still_sent_though_ended),
    Detector("waiting_for_nothing", "事项在等前置，而前置都已满足", "请重新计算前置条件", waiting_for_nothing),
    Detector("status_does_not_follow", "办件状态与各事项不一致", "请核对流转记录", status_does_not_follow),
    Detector("paper_without_file", "文书没有生成", "请查看文书队列并重新生成", paper_without_file),
    Detector("notice_not_sent", "通知没有发出", "请改用电话告知", notice_not_sent),
    Detector("event_without_notice", "该通知申请人的事没有写通知", "请电话告知，并检查通知设置", event_without_notice),
    Detector("pre_review_is_late", "预审过了期限还没有答复", "请催办预审机构或由综合窗口预审", pre_review_is_late),
    Detector(
        "visit_without_outcome",
        "约好的到场时间过了一天，没有登记结果",
        "请登记本人已到场或没有来",
        visit_without_outcome,
    ),
    Detector(
        "bad_rating_is_unanswered",
        "差评过了期限还没有答复",
        "请督办人员在“好差评”里核实并答复",
        bad_rating_is_unanswered,
    ),
    Detector(
        "deaf_queue",
        "队列没有回音",
        "请看“队列和对账”页：没有进程在听的要启动，停了或卡住的要重启",
        deaf_queue,
    ),
    Detector(
        "step_not_done",
        "每日任务没有做完",
        "请看日志里这一步的错误；每小时会再做一次，其余各步不受影响",
        step_not_done,
    ),
    Detector(
        "connections_run_out",
        "数据库连接快用完",
        "请减少网页进程的线程，或加大数据库的 max_connections",
        connections_run_out,
    ),
    Detector(
        "account_not_used",
        "工作人员的账号很久没有登录",
        "请向本人和机构了解；已离岗的填岗位的“止”，并停用账号",
        account_not_used,
    ),
]


def run(now: datetime | None = None) -> int:
    """Opens and closes tickets; returns how many are new. A detector that fails does not silence the others."""
    now = now or timezone.now()
    new = 0
    for detector in DETECTORS:
        try:
            new += _record(detector, list(detector.find(now)))
        except Exception:
            logger.exception("detector %s failed", detector.kind)
    return new


def _record(detector: Detector, findings: list[Finding]) -> int:
    new = 0
    seen = set()
    for finding in findings:
        fingerprint = f"{detector.kind}:{finding.subject}"
        seen.add(fingerprint)
        new += tickets.open_ticket(
            fingerprint,
            kind=detector.kind,
            title=f"{detector.title}（{finding.name or finding.subject}）",
            suggestion=detector.suggestion,
            office=finding.office,
            task=finding.task,
            dispatch=finding.dispatch,
        )
    if len(findings) >= FOUND_AT_MOST:  # what was not looked at is not known to be right
        return new
    for ticket in Ticket.objects.open().filter(kind=detector.kind).exclude(fingerprint__in=seen):
        tickets.close(ticket, note="再次检查时已经正常")
    return new


def digest() -> str:
    """The morning's words to named persons: every kind that needs somebody, by number; empty when there is nothing."""
    counts = dict(Ticket.objects.open().values_list("kind").annotate(number=Count("pk")))
    titles = {detector.kind: detector.title for detector in DETECTORS}
    lines = [f"{titles.get(kind, kind)}：{number} 件" for kind, number in sorted(counts.items())]
    text = "\n".join(lines)
    if text and settings.DIGEST_RECIPIENTS:
        mark = auditing.newest_mark()
        noted = f"\n\n审计封条：{mark}（请留存；manage.py audit --mark 核对）" if mark else ""
        send_mail("待核对问题", text + noted, None, settings.DIGEST_RECIPIENTS)
    return text


# --- pulse of the queues ---


class State(StrEnum):
    """What is known of whoever works at a queue, by what really answered."""

    ALIVE = "alive"
    UNKNOWN = "unknown"
    NOBODY = "nobody"
    SILENT = "silent"


@dataclass(frozen=True)
class Pulse:
    """`age`: seconds since it was last heard; None if never. `NOBODY`: rung for, and no worker ever answered."""

    queue: str
    age: float | None
    state: State

    @property
    def is_silent(self) -> bool:
        return self.state in (State.NOBODY, State.SILENT)


def rung(queue: str) -> None:
    now = timezone.now()
    Heartbeat.objects.update_or_create(queue=queue, defaults={"rung_at": now})


def heard(queue: str) -> None:
    Heartbeat.objects.update_or_create(queue=queue, defaults={"heard_at": timezone.now()})


def last_heard(queue: str) -> datetime | None:
    return Heartbeat.objects.filter(queue=queue).values_list("heard_at", flat=True).first()


def pulses(now: datetime | None = None) -> list[Pulse]:
    """Every queue with its age: alive and deaf workers are seen here (A12, A13), a beat that stopped (A6), and the relay.

    Judged by what runs, not by what a file says is started: a queue that nobody listens at has never answered.
    """
    now = now or timezone.now()
    rows = {row.queue: row for row in Heartbeat.objects.all()}
    bells = [row.rung_at for row in rows.values() if row.rung_at is not None and not row.queue.startswith(STEP)]
    last_bell = max(bells, default=None)
    found = [_pulse_of_bells(last_bell, now)]
    for queue in [*all_queues(), BEAT]:
        row = rows.get(queue)
        heard_at = row.heard_at if row else None
        age = (now - heard_at).total_seconds() if heard_at else None
        limit = BEAT_DEAD if queue == BEAT else DEAF
        was_rung = queue == BEAT or (row is not None and row.rung_at is not None)
        if not was_rung:
            state = State.UNKNOWN
        elif age is None:
            state = State.NOBODY
        else:
            state = State.ALIVE if age <= limit.total_seconds() else State.SILENT
        found.append(Pulse(queue, age, state))
    return found


def _pulse_of_bells(last_bell: datetime | None, now: datetime) -> Pulse:
    """The relay rings every queue; when it stopped, all queues fall silent and no worker is to blame."""
    if last_bell is None:
        return Pulse(RELAY, None, State.UNKNOWN)
    age = (now - last_bell).total_seconds()
    return Pulse(RELAY, age, State.ALIVE if age <= BELLS_DEAD.total_seconds() else State.SILENT)
