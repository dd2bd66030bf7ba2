"""Caller side of the office: take, accept, ask for correction, suspend, decide, transfer, fulfil. Each a service of its own."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from agencies.deadlines import calendar_now, fulfilled_by
from agencies.enums import LimitUnit, Role
from agencies.fields import IDENTITY
from agencies.models import Office, Posting
from applications import closing, documents, fanout, holders, notices, timing, workflow
from applications.enums import Action, Decision, DispatchKind, DocumentKind, Fulfilment, NoticeKind, Party, TaskStatus
from applications.errors import AlreadyDone, Invalid, Refused
from applications.models import Application, Correction, CorrectionLine, FactConfirmation, ItemTask, Result
from applications.registration import clean_text
from applications.transitions import TRANSITIONS
from portal.accounts.models import User


@dataclass(frozen=True)
class Deficit:
    """One line of a correction notice: a field or a material, and what is wrong with it."""

    reason: str
    field: str = ""
    material: str = ""


def party_of(posting: Posting) -> Party:
    return {Role.APPROVER: Party.APPROVER, Role.CLERK: Party.CLERK}.get(Role(posting.role), Party.REVIEWER)


def is_silent(task: ItemTask, at: datetime) -> bool:
    """Whether the answer period has ended without an answer where that counts as acceptance. Reads the task anew."""
    task.refresh_from_db(fields=["status", "reply_due_on"])
    is_waiting = task.status == TaskStatus.QUEUED and task.spec.deemed_acceptance
    return is_waiting and task.reply_due_on is not None and task.reply_due_on < timezone.localdate(at)


def _refuse_after_silence(task: ItemTask, at: datetime) -> None:
    """An answer after the answer period comes too late where silence counts as acceptance: nobody dates it back."""
    if is_silent(task, at) and task.reply_due_on is not None:
        day = f"{task.reply_due_on.month}月{task.reply_due_on.day}日"
        raise Refused(f"答复期限到{day}为止，已经过了；这一件按规定视为自收到之日起受理，不能再答复是否受理")


def _leave_to_colleague(task: ItemTask, officer: User, deed: Action) -> None:
    """What a colleague has in hand who works at the office now is left to them; in a list one does not see whose it is."""
    if task.handler is None or task.handler_id == officer.pk:
        return
    there = Posting.objects.in_force().filter(user=task.handler, office=task.office_id, role=Role.REVIEWER)
    if there.exists():
        raise Refused(f"由{task.handler}承办，没有{deed.label}。要您来办的，请进去{deed.label}")


def take(task: ItemTask, *, reviewer: User, of_many: bool = False, at: datetime | None = None) -> ItemTask:
    """认领: an officer makes a task their own. `of_many`: it is one of a list, where a colleague's is left alone."""
    with transaction.atomic():
        workflow.lock(task.application_id)
        task.refresh_from_db(fields=["handler"])
        if task.handler_id == reviewer.pk:
            raise AlreadyDone("已经由您承办，没有再次认领")
        if of_many:
            _leave_to_colleague(task, reviewer, Action.TAKE)
        _advance_as_handler(task, Action.TAKE, reviewer, Party.REVIEWER, at=at)
    return task


def accept(
    task: ItemTask,
    *,
    reviewer: User,
    party: Party = Party.REVIEWER,
    of_many: bool = False,
    at: datetime | None = None,
) -> ItemTask:
    """受理: the promised limit starts, and the acceptance notice is asked for. `of_many` as in `take`."""
    at = at or timezone.now()
    with transaction.atomic():
        workflow.lock(task.application_id)
        if of_many:
            task.refresh_from_db(fields=["handler"])
            _leave_to_colleague(task, reviewer, Action.ACCEPT)
        _refuse_after_silence(task, at)
        task.handler = reviewer
        _advance_as_handler(task, Action.ACCEPT, reviewer, party, at=at)
        documents.request(task.application, DocumentKind.ACCEPTANCE_NOTICE, task=task, at=at)
        notices.tell(task, NoticeKind.PROGRESS, "已受理", at=at)
    return task


def accept_provisionally(
    task: ItemTask, *, reviewer: User, materials: Iterable[str], until: date, note: str, at: datetime | None = None
) -> ItemTask:
    """容缺受理: accepted with a promise to bring minor papers by a day not later than the promised limit."""
    at = at or timezone.now()
    codes = list(materials)
    spec = task.application.scheme.spec
    if not codes or any(not spec.material(code).deferrable for code in codes):
        raise Refused("这些材料不能容缺，请一次性告知补正")
    if until < timezone.localdate(at):
        raise Invalid({"until": "补交日期不能早于今天"})
    with transaction.atomic():
        workflow.lock(task.application_id)
        _refuse_after_silence(task, at)
        data: dict[str, object] = {"materials": codes, "until": until.isoformat()}
        _advance_as_handler(task, Action.ACCEPT_PROVISIONALLY, reviewer, Party.REVIEWER, note=note, data=data, at=at)
        if task.due_on is not None and until > task.due_on:
            raise Invalid({"until": "补交日期不能晚于承诺办结的日期"})
        task.provisional_materials, task.provisional_until = codes, until
        task.save(update_fields=["provisional_materials", "provisional_until"])
        documents.request(task.application, DocumentKind.ACCEPTANCE_NOTICE, task=task, at=at, facts=data)
        notices.tell(task, NoticeKind.PROGRESS, f"已受理，承诺的材料请在{until.month}月{until.day}日前补交", at=at)
    return task


def _advance_as_handler(
    task: ItemTask,
    action: Action,
    reviewer: User,
    party: Party,
    *,
    note: str = "",
    data: dict[str, object] | None = None,
    at: datetime | None = None,
) -> None:
    workflow.advance(task, action, party=party, actor=reviewer, note=note, data=data, at=at)
    task.handler = reviewer
    task.save(update_fields=["handler"])


def do_not_accept(
    task: ItemTask, *, reviewer: User, note: str, remedy: str = "", at: datetime | None = None
) -> ItemTask:
    """不予受理: with the reason and where else to go; ends this item, never the others."""
    at = at or timezone.now()
    return _decide(
        task, Action.DO_NOT_ACCEPT, Decision.NOT_ACCEPTED, reviewer, Party.REVIEWER, summary=note, remedy=remedy, at=at
    )


def refuse(
    task: ItemTask,
    *,
    reviewer: User,
    note: str,
    remedy: str = "",
    party: Party = Party.REVIEWER,
    at: datetime | None = None,
) -> ItemTask:
    """不予办理: a refusal on the merits, with reason and remedy."""
    at = at or timezone.now()
    action = Action.APPROVE_REFUSAL if party == Party.APPROVER else Action.REFUSE
    return _decide(task, action, Decision.REFUSED, reviewer, party, summary=note, remedy=remedy, at=at)


def complete(
    task: ItemTask,
    *,
    reviewer: User,
    reference: str = "",
    summary: str = "",
    follows: Fulfilment = Fulfilment.NONE,
    party: Party = Party.REVIEWER,
    at: datetime | None = None,
) -> ItemTask:
    """办结: the result is written once, and the tasks that waited for it are released. Money may follow later.

    `follows`: a card or paper that is still to be made or fetched, where the scheme itself says nothing.
    """
    at = at or timezone.now()
    action = Action.APPROVE if party == Party.APPROVER else Action.COMPLETE
    return _decide(
        task, action, Decision.APPROVED, reviewer, party, reference=reference, summary=summary, follows=follows, at=at
    )


def _decide(
    task: ItemTask,
    action: Action,
    decision: Decision,
    reviewer: User | None,
    party: Party,
    *,
    reference: str = "",
    summary: str = "",
    remedy: str = "",
    follows: Fulfilment = Fulfilment.NONE,
    at: datetime,
) -> ItemTask:
    if follows not in (Fulfilment.NONE, Fulfilment.IN_PRODUCTION, Fulfilment.READY):
        raise Refused("办结时只能登记制证中或可以领取")
    with transaction.atomic():
        application = workflow.lock(task.application_id)
        if action == Action.DO_NOT_ACCEPT:
            _refuse_after_silence(task, at)
        workflow.advance(task, action, party=party, actor=reviewer, note=summary, at=at)
        fulfilment, fulfil_by = _what_follows(task, decision, follows, at)
        Result.objects.create(
            task=task,
            decision=decision,
            reference=reference.strip(),
            summary=summary.strip(),
            remedy=remedy.strip(),
            decided_by=reviewer,
            decided_at=at,
            fulfilment=fulfilment,
            fulfil_by=fulfil_by,
        )
        if fulfilment == Fulfilment.READY:
            _ask_delivery_receipt(task, at, {})
        held = _stopped_by(task, application, at)
        _papers_of_decision(task, decision, at)
        _tell_of_end(task, _ENDINGS[decision], held, at)
    return task


_ENDINGS = {Decision.APPROVED: "已办好", Decision.REFUSED: "没有办成", Decision.NOT_ACCEPTED: "没有受理"}


def _stopped_by(task: ItemTask, application: Application, at: datetime) -> list[str]:
    """Releases what waited for this task; what can no longer begin, is named: the person is told of it once."""
    before = set(application.tasks.filter(is_held=True).values_list("pk", flat=True))
    fanout.release_ready(application, at=at)
    held = application.tasks.filter(is_held=True).exclude(pk__in=before).select_related("item__scheme")
    return [other.spec.title for other in held]


def _tell_of_end(task: ItemTask, words: str, held: list[str], at: datetime) -> None:
    """One message for the end of an item and what it stops; the last one of a case is about the whole case."""
    is_lost = task.status != TaskStatus.COMPLETED
    details = [f"{task.spec.title}：{task.office}{words}"]
    if held:
        details.append(f"{task.spec.title}没有办成，{'、'.join(held)}先不能办。可以先撤回，等前一件办好后再申请")
    if not closing.close(task.application, details=details, at=at):
        kind = NoticeKind.DECISION if is_lost else NoticeKind.PROGRESS
        notices.write(task.application, kind, details=details, at=at)


def _what_follows(
    task: ItemTask, decision: Decision, follows: Fulfilment, at: datetime
) -> tuple[Fulfilment, date | None]:
    """A grant whose money comes by a fixed date of the next year stays open beside the closed case (OR-13)."""
    limit = task.spec.fulfilment
    if decision != Decision.APPROVED:
        return Fulfilment.NONE, None
    if limit is None or task.accepted_on is None:
        return follows, None
    calendar = calendar_now().at(task.office.region_id)
    by = fulfilled_by(limit, task.accepted_on, timezone.localdate(at), calendar)
    if limit.unit == LimitUnit.NEXT_YEAR_DATE:
        return Fulfilment.PAYMENT_DUE, by
    return (follows, None) if follows == Fulfilment.READY else (Fulfilment.IN_PRODUCTION, by)


def _papers_of_decision(task: ItemTask, decision: Decision, at: datetime) -> None:
    if decision == Decision.NOT_ACCEPTED:
        documents.request(task.application, DocumentKind.NON_ACCEPTANCE_NOTICE, task=task, at=at)
    elif decision == Decision.REFUSED:
        documents.request(task.application, DocumentKind.REFUSAL_NOTICE, task=task, at=at)


def request_correction(
    task: ItemTask, *, reviewer: User, deficits: Iterable[Deficit], note: str = "", at: datetime | None = None
) -> Correction:
    """一次性告知补正: one notice that names every deficit, each with its reason and a date to answer by."""
    at = at or timezone.now()
    lines = list(deficits)
    _check_deficits(task, lines)
    with transaction.atomic():
        application = workflow.lock(task.application_id)
        _refuse_after_silence(task, at)
        answer_by = (
            calendar_now()
            .at(task.office.region_id)
            .add(timezone.localdate(at), application.scheme.spec.correction_days)
        )
        words = note.strip() or "；".join(line.reason for line in lines)
        workflow.advance(
            task, Action.REQUEST_CORRECTION, party=Party.REVIEWER, actor=reviewer, note=words, at=at,
            data={"answer_by": answer_by.isoformat()},
        )  # fmt: skip
        correction = Correction.objects.create(
            task=task,
            round=task.corrections.count() + 1,
            note=note.strip(),
            asked_by=reviewer,
            asked_at=at,
            answer_by=answer_by,
        )
        CorrectionLine.objects.bulk_create(
            CorrectionLine(correction=correction, field=line.field, material=line.material, reason=line.reason.strip())
            for line in lines
        )
        task.correction_until = answer_by
        task.save(update_fields=["correction_until"])
        _ask_correction_notices(correction, task, at)
        notices.tell(task, NoticeKind.CORRECTION, f"请您补正 {len(lines)} 处", at=at)
    return correction


def _ask_correction_notices(correction: Correction, task: ItemTask, at: datetime) -> None:
    """The office's own paper says what the office asked for. Where others wait too, the case gets one more that names
    everything: for the person and the window, and for no office, since it tells what the others found.
    """
    kind, case = DocumentKind.CORRECTION_NOTICE, task.application
    documents.request(case, kind, task=task, at=at, facts={"corrections": [correction.pk]})
    still_open = Q(task__status=TaskStatus.AWAITING_CORRECTION, answered_at=None)
    waiting = Correction.objects.filter(still_open, task__application=case).order_by("asked_at", "id")
    if len(ids := list(waiting.values_list("pk", flat=True))) > 1:
        documents.request(case, kind, at=at, facts={"corrections": ids})


def _check_deficits(task: ItemTask, lines: list[Deficit]) -> None:
    if not lines:
        raise Invalid({"deficits": "请至少写明一处要补正的材料或内容"})
    seen_fields = {m.field for mappings in task.spec.field_map.values() for m in mappings}
    allowed = set(task.material_codes())
    for line in lines:
        name = line.field or line.material
        if line.field == IDENTITY:
            raise Refused(
                "身份证号不能补正，换了号码就是另一个人的办件。号码不对的，请不予受理并写明原因，由本人重新申请"
            )
        if bool(line.field) == bool(line.material):
            raise Refused("每一处补正只写一份材料或一项内容")
        if not line.reason.strip():
            raise Invalid({name: "请写明哪里不对、怎样补"})
        if (line.material and line.material not in allowed) or (line.field and line.field not in seen_fields):
            raise Refused("只能要求补正本事项用到的材料和内容")


def suspend(task: ItemTask, *, approver: User, note: str, days: int, at: datetime | None = None) -> ItemTask:
    """特别程序: needs approval, a reason and the expected length in working days, told in writing (行政许可法第45条)."""
    at = at or timezone.now()
    if days < 1:
        raise Invalid({"days": "请写明预计需要几个工作日"})
    with transaction.atomic():
        workflow.lock(task.application_id)
        data = {"expected_days": days}
        workflow.advance(task, Action.SUSPEND, party=Party.APPROVER, actor=approver, note=note, data=data, at=at)
        documents.request(
            task.application, DocumentKind.SUSPENSION_NOTICE, task=task, at=at, facts={**data, "reason": note}
        )
        notices.tell(task, NoticeKind.PROGRESS, f"进入特别程序，预计 {days} 个工作日，不计入期限", at=at)
    return task


def resume(task: ItemTask, *, staff: User, party: Party = Party.REVIEWER, at: datetime | None = None) -> ItemTask:
    workflow.advance(task, Action.RESUME, party=party, actor=staff, at=at)
    return task


def extend(task: ItemTask, *, approver: User, days: int, note: str, at: datetime | None = None) -> ItemTask:
    """延期: once, before the due day has passed, by someone else than the handler, with reason and notice."""
    at = at or timezone.now()
    if not 1 <= days <= 10:
        raise Invalid({"days": "延长 1 至 10 个工作日（行政许可法第42条）"})
    with transaction.atomic():
        workflow.lock(task.application_id)
        task.refresh_from_db(fields=["handler", "due_on"])
        if task.handler_id == approver.pk:
            raise Refused("承办人不能批准自己的延期，请由其他负责人批准")
        if task.log.filter(action=Action.EXTEND).exists():
            raise Refused("这一件已经延长过一次，不能再延")
        if task.due_on is None:
            raise Refused("这一件没有公布办结时限，不需要延期")
        if task.due_on < timezone.localdate(at):
            raise Refused("已经超过到期日，不能再延期")
        workflow.advance(
            task, Action.EXTEND, party=Party.APPROVER, actor=approver, note=note, data={"days": days}, at=at
        )
        documents.request(
            task.application, DocumentKind.EXTENSION_NOTICE, task=task, at=at, facts={"days": days, "reason": note}
        )
        notices.tell(task, NoticeKind.PROGRESS, f"延长办理期限 {days} 个工作日", at=at)
    return task


def propose(task: ItemTask, *, reviewer: User, note: str, at: datetime | None = None) -> ItemTask:
    """承办人 writes an opinion and hands the item to the approver."""
    workflow.advance(task, Action.PROPOSE, party=Party.REVIEWER, actor=reviewer, note=note, at=at)
    return task


def send_back(task: ItemTask, *, approver: User, note: str, at: datetime | None = None) -> ItemTask:
    workflow.advance(task, Action.SEND_BACK, party=Party.APPROVER, actor=approver, note=note, at=at)
    return task


def terminate(
    task: ItemTask, *, reviewer: User | None, note: str, party: Party = Party.REVIEWER, at: datetime | None = None
) -> ItemTask:
    """终止: no correction in time where the rule says so, death, or loss of capacity."""
    at = at or timezone.now()
    with transaction.atomic():
        application = workflow.lock(task.application_id)
        workflow.advance(task, Action.TERMINATE, party=party, actor=reviewer, note=note, at=at)
        holders.cancel_open(task, "事项已终止")
        held = _stopped_by(task, application, at)
        _tell_of_end(task, f"已终止：{note.strip()}", held, at)
    return task


def transfer_targets(task: ItemTask) -> list[Office]:
    """Where a task can be handed on to: offices of the same agency beside this one and above it."""
    region = task.office.region
    near = Q(region__parent=region.parent_id) | Q(region=region.parent_id)
    offices = task.office.agency.offices.filter(near, is_active=True).exclude(pk=task.office_id)
    return list(offices.select_related("region").order_by("region"))


def transfer(task: ItemTask, *, reviewer: User, to_region: str, note: str, at: datetime | None = None) -> ItemTask:
    """转办: to the office of the same agency in another place; it is sent there anew."""
    at = at or timezone.now()
    with transaction.atomic():
        application = workflow.lock(task.application_id)
        target = next(
            (office for office in task.office.agency.offices.filter(region_id=to_region, is_active=True)), None
        )
        if target is None or target.pk == task.office_id:
            raise Refused("那里没有同一部门的其他机构，请核对后再转")
        data = {"from_office": task.office.name, "from_office_id": task.office_id, "to_office": target.name}
        workflow.advance(task, Action.TRANSFER, party=Party.REVIEWER, actor=reviewer, note=note, data=data, at=at)
        task.office, task.handler = target, None
        task.save(update_fields=["office", "handler"])
        task.application = application
        holders.tell(task, DispatchKind.MOVED, f"转由{target.name}办理", at=at)
        fanout.send_again(task, at=at)
        notices.tell(task, NoticeKind.PROGRESS, "接着办理（已转办）", at=at)
    return task


def confirm_fact(task: ItemTask, fact: str, *, reviewer: User, at: datetime | None = None) -> ItemTask:
    """An external fact such as 资金到账 is there (OR-07, OR-08); the item starts by itself when nothing else is open."""
    at = at or timezone.now()
    with transaction.atomic():
        application = workflow.lock(task.application_id)
        task.refresh_from_db(fields=["open_facts", "open_items", "status"])
        if fact not in task.open_facts:
            raise Refused("这一项已经确认过，或不需要确认")
        FactConfirmation.objects.create(task=task, code=fact, confirmed_by=reviewer)
        data = {"fact": fact}
        workflow.advance(task, Action.CONFIRM_FACT, party=Party.REVIEWER, actor=reviewer, data=data, at=at)
        fanout.release_ready(application, at=at)
        task.refresh_from_db()
    return task


STAGES = {
    Fulfilment.PAID: Action.PAY,
    Fulfilment.IN_PRODUCTION: Action.PRODUCE,
    Fulfilment.READY: Action.MAKE_READY,
    Fulfilment.MAILED: Action.MAIL,
    Fulfilment.DELIVERED: Action.HAND_OVER,
}


def fulfil(
    task: ItemTask,
    stage: Fulfilment,
    *,
    staff: User,
    party: Party = Party.REVIEWER,
    courier: str = "",
    receiver: str = "",
    relation: str = "",
    at: datetime | None = None,
) -> Result:
    """Money paid, card ready, posted or handed over: written beside the decision, which itself never changes.

    What is fetched or posted gets its 送达回证: to be signed at the counter, or with the number of the parcel.
    """
    at = at or timezone.now()
    if stage not in STAGES:
        raise Refused(f"“{Fulfilment(stage).label}”随办结登记，不能另外登记")
    given = {"courier": clean_text(courier), "receiver": clean_text(receiver), "relation": clean_text(relation)}
    _check_carried(stage, given)
    with transaction.atomic():
        workflow.lock(task.application_id)
        data: dict[str, object] = {"fulfilment": stage, **{key: words for key, words in given.items() if words}}
        workflow.advance(task, STAGES[stage], party=party, actor=staff, data=data, at=at)
        if stage not in (Fulfilment.PAID, Fulfilment.IN_PRODUCTION):
            _ask_delivery_receipt(task, at, data)
        notices.tell(task, NoticeKind.PROGRESS, f"办好的结果{Fulfilment(stage).label}", at=at)
    return task.result


# What is told of a result on its way, and with which stage alone.
_CARRIED = {
    "courier": (Fulfilment.MAILED, "快递单号"),
    "receiver": (Fulfilment.DELIVERED, "签收人"),
    "relation": (Fulfilment.DELIVERED, "签收人和申请人的关系"),
}


def _check_carried(stage: Fulfilment, given: dict[str, str]) -> None:
    """A parcel's number goes with what is posted, who signed with what is handed over; every other stage has neither."""
    stage, needs = Fulfilment(stage), TRANSITIONS[STAGES[stage]].needs
    errors = {}
    for name, (own, label) in _CARRIED.items():
        if given[name] and stage != own:
            errors[name] = f"{label}只随“{own.label}”登记；这次登记“{stage.label}”，请去掉{label}"
        elif not given[name] and name in needs:
            errors[name] = f"登记“{stage.label}”请写明{label}"
    if errors:
        raise Invalid(errors)


def _ask_delivery_receipt(task: ItemTask, at: datetime, facts: dict[str, object]) -> None:
    documents.request(task.application, DocumentKind.DELIVERY_RECEIPT, task=task, at=at, facts=facts)


def deem_accepted(task: ItemTask, *, at: datetime) -> ItemTask:
    """视为受理: nobody answered in the answer period, so the item counts as accepted from the day it was received."""
    received = timing.read_clock(task, calendar_now(), timezone.localdate(at)).received_on
    data = {"accepted_on": received.isoformat()} if received else {}
    with transaction.atomic():
        workflow.advance(
            task, Action.DEEM_ACCEPTED, party=Party.SYSTEM, note="逾期未告知，视为自收到之日起受理", data=data, at=at
        )
        notices.tell(task, NoticeKind.PROGRESS, "到期没有答复，按规定视为已经受理，办理期限已开始计算", at=at)
        notices.warn_heads(task, at=at)
    return task
