"""待核对: one open ticket per finding, however often it is found; closed by the facts or by a person with a note."""

from datetime import date

from django.utils import timezone

from agencies.models import Office, Posting
from applications.errors import AlreadyDone, Refused
from applications.models import Dispatch, ItemTask, Ticket
from portal.accounts.models import User


def open_ticket(
    fingerprint: str,
    *,
    kind: str,
    title: str,
    suggestion: str,
    office: Office | None = None,
    task: ItemTask | None = None,
    dispatch: Dispatch | None = None,
) -> bool:
    """True if the finding is new."""
    if Ticket.objects.open().filter(fingerprint=fingerprint).exists():
        return False
    ticket = Ticket(
        fingerprint=fingerprint,
        kind=kind,
        title=title,
        suggestion=suggestion,
        office=office,
        task=task,
        dispatch=dispatch,
    )
    Ticket.objects.bulk_create([ticket], ignore_conflicts=True)  # two finders at once: one ticket
    return True


def close(ticket: Ticket, *, note: str) -> Ticket:
    ticket.closed_at, ticket.closed_note = timezone.now(), note
    ticket.save(update_fields=["closed_at", "closed_note"])
    return ticket


def close_by_hand(ticket: Ticket, *, operator: User, note: str) -> Ticket:
    """A person looked into it: who and what was found stay with the ticket. Raises Refused without words."""
    if not note.strip():
        raise Refused("请写明怎样处理的")
    if ticket.closed_at is not None:
        raise AlreadyDone("这个问题已经关闭")
    return close(ticket, note=f"{operator}：{note.strip()}"[:200])


def looked_too_often(viewer: User, posting: Posting, task: ItemTask, day: date) -> None:
    """Somebody reached the number of full numbers that may be looked at in an hour: once a day, until a person explains it.

    A window is no office: there the case that was asked for last says whose supervisors are told.
    """
    open_ticket(
        f"looked_too_often:{viewer.pk}:{day}",
        kind="looked_too_often",
        title=f"一小时内看完整号码到了上限（{viewer}）",
        suggestion="请向本人了解用途，对照访问记录；正常的写明原因后关闭",
        office=posting.office,
        task=None if posting.office else task,
    )


def asked_for_others(user: User, office: Office | None, day: date) -> bool:
    """Somebody signed in asked many times for what is not theirs or not there: once a day, until a person explains it."""
    return open_ticket(
        f"asked_for_others:{user.pk}:{day}",
        kind="asked_for_others",
        title=f"一小时内多次要看没有权限或不存在的办件（账号 {user.username}）",
        suggestion="请对照账号记录向本人了解，必要时停用账号；正常的写明原因后关闭",
        office=office,
    )


def withdrawn_on_the_way(dispatch: Dispatch) -> None:
    """The applicant withdrew while the message was on its way: the office has what it should not work on."""
    open_ticket(
        f"withdrawn:{dispatch.pk}",
        kind="withdrawn_on_the_way",
        title="发出途中已撤回或终止，对方可能已收到",
        suggestion="正在告知对方；对方没有答复的，请电话告知不再办理",
        office=dispatch.holder.office if dispatch.holder else dispatch.task.office,
        task=dispatch.task,
        dispatch=dispatch,
    )


def close_withdrawn(word: Dispatch, *, note: str) -> None:
    """The system was told that the task is no longer its own, so nobody needs to call."""
    found = Ticket.objects.open().filter(task=word.task, kind="withdrawn_on_the_way")
    for ticket in found.filter(dispatch__holder=word.holder) if word.holder else found:
        close(ticket, note=note)
