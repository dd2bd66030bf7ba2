"""What an operator does about the sending: send again, cancel, hand over on paper, hold an office, set how it is reached.

Every deed needs a reason and leaves a row with it. The statutory clocks go on meanwhile.
"""

from datetime import datetime
from typing import IO, Any
from urllib.parse import urlsplit

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from agencies.deadlines import calendar_now
from agencies.enums import GatewayKind
from agencies.gateways.egress import NotAllowed, check
from agencies.models import Item, Office, OfficeRoute, Posting
from agencies.routing import NoOffice, Way, way_to
from applications import batches, delivery, documents, fanout, holders, outbox, printing, submission, tickets, workflow
from applications.enums import UNSENT, DispatchKind, DispatchStatus, ExportKind, Outcome, TaskStatus
from applications.errors import AlreadyDone, Refused
from applications.models import (
    AccessLog,
    Application,
    Dispatch,
    DispatchAttempt,
    Document,
    Export,
    Holder,
    OfficeLink,
    OperatorDeed,
    Ticket,
)
from portal.accounts.models import User


def resend(dispatch: Dispatch, *, operator: User, note: str) -> Dispatch:
    """重新推送: works from any unsent state and after the cap; the tries are counted anew, the key stays the same."""
    _need(note)
    with transaction.atomic():
        current = _lock(dispatch, operator)
        current.status, current.attempts = DispatchStatus.PENDING, 0
        current.next_attempt_at, current.published_at, current.leased_until = timezone.now(), None, None
        current.note = _line(current.note, operator, "重新推送", note)
        current.save()
        _record(operator, "重新推送", note, dispatch=current)
        OfficeLink.objects.filter(office=current.office).update(disabled_reason="", open_until=None, failures=0)
        fanout.wake_relay()
    return current


def cancel(dispatch: Dispatch, *, operator: User, note: str) -> Dispatch:
    """取消推送: this version is not sent any more; the task itself stays and can be sent again or handed over."""
    _need(note)
    with transaction.atomic():
        current = _lock(dispatch, operator)
        current.status, current.leased_until = DispatchStatus.CANCELLED, None
        current.note = _line(current.note, operator, "取消推送", note)
        current.save()
        _record(operator, "取消推送", note, dispatch=current)
    return current


def hand_over_on_paper(
    dispatch: Dispatch, *, operator: User, receipt_number: str, note: str, at: datetime | None = None
) -> Dispatch:
    """纸质移交: given on paper against the receiver's signature or number, which is what makes it delivered."""
    _need(note)
    if not receipt_number.strip():
        raise Refused("请填写对方签收的编号或签收人")
    at = at or timezone.now()
    with transaction.atomic():
        current = _lock(dispatch, operator)
        holders.note(current, holders.way_of(current))
        delivery.confirm_receipt(current, receipt_number.strip()[:80], at=at, calendar=calendar_now())
        Dispatch.objects.filter(pk=current.pk).update(note=_line(current.note, operator, "纸质移交", note))
        DispatchAttempt.objects.create(
            dispatch=current, started_at=at, outcome=Outcome.DELIVERED, digest=current.digest, detail="纸质移交"
        )
        _record(operator, "纸质移交", note, dispatch=current)
    current.refresh_from_db()
    return current


def print_hand_over(dispatch: Dispatch, *, operator: User, posting: Posting, note: str, target: IO[bytes]) -> None:
    """The papers for a hand-over: what would have been sent, and the files. Who took them and why is in the access log.

    Raises Refused without a reason, for one's own case, for what is not to be sent any more or carries no data, and on a machine that cannot print.
    """
    _need(note)
    workflow.check_not_own(dispatch.task.application, operator)
    _check_unsent(dispatch)
    if dispatch.kind != DispatchKind.TASK:
        raise Refused("这一条只是告知，没有要移交的材料")
    at, task = timezone.now(), dispatch.task
    try:
        files = batches.sheet(dispatch, target)
    except printing.Unavailable as error:
        raise Refused(str(error)) from None
    seen = [line.get("field") or line["target"] for line in dispatch.payload["fields"]] or ["–"]
    who: dict[str, Any] = {"task": task, "viewer": operator, "posting": posting, "reason": note.strip()[:100], "at": at}
    with transaction.atomic():
        AccessLog.objects.create(fields=seen, **who)
        AccessLog.objects.bulk_create(AccessLog(material=file, **who) for file in files)
        _record(operator, "打印移交材料", note, dispatch=dispatch)


def take_file(export: Export, *, operator: User) -> Export:
    """A made file is taken away; that a package with people's data and materials was taken, and by whom, is recorded."""
    if export.kind == ExportKind.BATCH:
        _record(operator, "下载离线交换包", export.name, office=export.office)
    return export


def hold(office: Office, *, is_held: bool, operator: User, note: str) -> Office:
    """暂停或恢复推送 for one office, with the reason; what is held waits and nothing is lost."""
    _hold([office], is_held, operator, note)
    office.is_held = is_held
    return office


def hold_all(offices: QuerySet[Office], *, is_held: bool, operator: User, note: str) -> int:
    """The same for each of these offices that is not so already; returns for how many."""
    return _hold(list(offices.filter(is_held=not is_held)), is_held, operator, note)


def _hold(offices: list[Office], is_held: bool, operator: User, note: str) -> int:
    _need(note)
    with transaction.atomic():
        Office.objects.filter(pk__in=[office.pk for office in offices]).update(is_held=is_held)
        for office in offices:
            _record(operator, outbox.HOLD if is_held else "恢复推送", note, office=office)
        if not is_held:
            fanout.wake_relay()
    return len(offices)


def join(office: Office, *, endpoint: str, operator: User, note: str) -> Office:
    """The office is reached at its own system from now on. Raises Refused for an address that may not be called."""
    return set_office_way(office, Way(GatewayKind.HTTP, endpoint), operator=operator, note=note)


def set_office_way(office: Office, way: Way, *, operator: User, note: str, is_renamed: bool = False) -> Office:
    """The office is reached this way from now on, but for items with a way of their own.

    What is not sent yet goes the new way; what a system has stays there. With `is_renamed` it is the same system under
    another address, so that it also gets the words about what it has. Raises Refused without a reason, and as `join`.
    """
    _may_go(way, note)
    with transaction.atomic():
        before = Way(GatewayKind(office.gateway), office.endpoint)
        Office.objects.filter(pk=office.pk).update(gateway=way.gateway, endpoint=way.endpoint)
        ruled = office.routes.values("item_code")
        if is_renamed:
            _rename(Holder.objects.filter(office=office).exclude(task__item__code__in=ruled), before, way)
        _record(operator, outbox.WAY, f"{_words(way)}：{note.strip()}", office=office)
        fanout.wake_relay()
    office.refresh_from_db()
    return office


def set_way(
    office: Office, item_code: str, way: Way | None, *, operator: User, note: str, is_renamed: bool = False
) -> None:
    """One item goes to the office another way than the rest, or with None as the rest does again.

    Raises Refused for an item that the office's agency does not handle; else as `set_office_way`.
    """
    if not Item.objects.filter(code=item_code, agency_codes__contains=[office.agency_id]).exists():
        raise Refused("这个部门没有这个代码的事项")
    _may_go(way, note)
    with transaction.atomic():
        before = way_to(office, item_code)
        if way is None:
            OfficeRoute.objects.filter(office=office, item_code=item_code).delete()
        else:
            values = {"gateway": way.gateway, "endpoint": way.endpoint}
            OfficeRoute.objects.update_or_create(office=office, item_code=item_code, defaults=values)
        if is_renamed:
            _rename(Holder.objects.filter(office=office, task__item__code=item_code), before, way_to(office, item_code))
        _record(operator, outbox.WAY, f"{item_code} {_words(way)}：{note.strip()}", office=office)
        fanout.wake_relay()


def _words(way: Way | None) -> str:
    """For the log; of an address only where it leads, since a path may hold a secret."""
    if way is None:
        return "和机构一样"
    if way.gateway == GatewayKind.HTTP and not way.endpoint:
        return "对方自己来取"
    return f"{way.gateway.label} {urlsplit(way.endpoint).netloc}".strip()


def _rename(held: QuerySet[Holder], before: Way, after: Way) -> None:
    if before.gateway != after.gateway:
        raise Refused("只换网址时，推送方式要和原来一样")
    there = Holder.objects.filter(task=OuterRef("task"), gateway=after.gateway, endpoint=after.endpoint)
    held = held.filter(~Exists(there), gateway=before.gateway, endpoint=before.endpoint)
    held.update(endpoint=after.endpoint)


def _may_go(way: Way | None, note: str) -> None:
    _need(note)
    if way is not None and way.endpoint:
        _may_be_called(way.endpoint)


def system_operator() -> User:
    """The account of what the demo and drills do."""
    return User.of_no_person("system-operator", "系统")


def _may_be_called(endpoint: str) -> None:
    try:
        check(endpoint)
    except NotAllowed as error:
        raise Refused(str(error)) from None
    except ConnectionError:
        raise Refused("这个地址的域名查不到，请核对") from None


def _record(
    operator: User, deed: str, note: str, *, office: Office | None = None, dispatch: Dispatch | None = None
) -> None:
    OperatorDeed.objects.create(operator=operator, deed=deed, note=note.strip()[:300], office=office, dispatch=dispatch)


REPAIRS = ("item_without_task", "pending_without_dispatch")


def repair(ticket: Ticket, *, operator: User, note: str) -> int:
    """补建: what should exist and does not is made, with the reason (A22); returns how many rows. The ticket is closed.

    Raises Refused without a reason, for one's own case, for what cannot be made up for, and when there is nothing left to mend.
    """
    _need(note)
    if ticket.closed_at is not None:
        raise AlreadyDone("这个问题已经关闭")
    now = timezone.now()
    try:
        with transaction.atomic():
            made = _make_up_for(ticket, operator, now)
            _record(operator, "补建", note, office=ticket.office, dispatch=ticket.dispatch)
            tickets.close(ticket, note=f"{operator} 补建：{note.strip()}"[:200])
    except (IntegrityError, NoOffice):
        raise Refused("本人已有同样的事项在办，或当地没有登记办理机构，请先核对") from None
    return made


def _make_up_for(ticket: Ticket, operator: User, at: datetime) -> int:
    if ticket.kind == "item_without_task":
        application = Application.objects.get(number=ticket.fingerprint.removeprefix("item_without_task:"))
        workflow.check_not_own(application, operator)
        return len(submission.create_missing(application, at=at))
    if ticket.kind != "pending_without_dispatch" or ticket.task is None:
        raise Refused("这个问题不能补建，请按建议处理")
    task = ticket.task
    task.application = workflow.lock(task.application_id)
    workflow.check_not_own(task.application, operator)
    task.refresh_from_db(fields=["status"])
    if task.status != TaskStatus.PENDING or task.dispatches.of_tasks().filter(status__in=UNSENT).exists():
        raise AlreadyDone("这一件已经在推送或已送达，没有再推")
    fanout.send_again(task, at=at)
    return 1


def make_paper_again(ticket: Ticket, *, operator: User) -> Document:
    """重新生成: a paper that was given up is asked for anew, once its cause is mended. Raises Refused if there is none."""
    number = ticket.fingerprint.removeprefix("paper_without_file:")
    document = Document.objects.filter(number=number).first()
    if document is None:
        raise Refused("没有这份文书")
    with transaction.atomic():
        current = documents.try_again(document)
        _record(operator, "重新生成文书", number)
        fanout.wake_relay()
    return current


def _lock(dispatch: Dispatch, operator: User) -> Dispatch:
    workflow.check_not_own(workflow.lock(dispatch.task.application_id), operator)
    current = Dispatch.objects.select_related("task__office", "task__item", "holder__office").get(pk=dispatch.pk)
    _check_unsent(current)
    return current


def _check_unsent(dispatch: Dispatch) -> None:
    if dispatch.status not in UNSENT:
        raise AlreadyDone(f"这一条推送现在是“{dispatch.get_status_display()}”，没有再做")


def _need(note: str) -> None:
    if not note.strip():
        raise Refused("请写明原因")


def _line(before: str, operator: User, deed: str, note: str) -> str:
    stamp = timezone.localtime().strftime("%Y-%m-%d %H:%M")
    return f"{before}\n{stamp} {operator} {deed}：{note.strip()}".strip()
