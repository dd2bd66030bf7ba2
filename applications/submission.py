"""Caller side: drafts, submission, answers to corrections, withdrawal. Each service owns its transaction."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from agencies.catalogue import scheme_for
from agencies.deadlines import calendar_now
from agencies.fields import FIELDS
from agencies.models import Region
from agencies.routing import office_for, offices_for
from agencies.spec import ItemSpec
from applications import documents, fanout, workflow
from applications.enums import Action, ApplicationStatus, Channel, DocumentKind, Party, TaskStatus
from applications.errors import AlreadyDone, Invalid, Refused
from applications.models import Application, Correction, Dispatch, Draft, ItemTask, Material, StatusLog
from applications.numbering import case_number
from applications.registration import Answers, Registration, derived_from, normalise, problem
from portal.accounts.models import User


class Stale(Refused):
    """The draft was saved elsewhere since this page was opened. `draft` is the newer one; nothing was overwritten."""

    def __init__(self, draft: Draft) -> None:
        super().__init__("这份登记表刚才在别的页面改过，下面是最新的内容，请核对后再保存")
        self.draft = draft


def start_draft(*, region: Region, user: User, channel: Channel, prefill: Mapping[str, str] | None = None) -> Draft:
    """A form for a place: the open one this person already has there, else a new one with what the account knows.

    At the window the person is somebody else, so nothing is taken from the clerk's account and each person is new.
    """
    if not region.is_open:
        raise Refused(f"{region.full_name}还没有开通网上办理，请到当地综合窗口办")
    scheme = scheme_for(region, timezone.localdate())
    is_own = channel == Channel.ONLINE
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        if is_own:
            found = Draft.objects.for_person(user).filter(owner=user, region=region, channel=channel).first()
            if found is not None:
                return found
        known = {"name": user.legal_name, "id_no": user.id_no, "mobile": user.phone} if is_own else {}
        answers: Answers = {code: value for code, value in {**known, **(prefill or {})}.items() if value}
        answers.update(derived_from(str(answers.get("id_no", ""))))
        return Draft.objects.create(
            owner=user if is_own else None,
            entered_by=user,
            channel=channel,
            region=region,
            scheme=scheme,
            ticked=[item.code for item in scheme.spec.offered if item.default_ticked],
            answers=answers,
        )


def choose_items(draft: Draft, codes: Iterable[str], *, version: int | None = None) -> Draft:
    """Ticks 是/否 for the offered items. Raises Invalid when nothing is ticked."""
    wanted = set(codes)
    ticked = [item.code for item in draft.scheme.spec.offered if item.code in wanted]
    if not ticked:
        raise Invalid({"items": "请至少选一件要办的事"})
    return _save(draft, version, ticked=ticked, items_chosen=True)


def save_draft(draft: Draft, answers: Mapping[str, Any], *, version: int | None = None) -> Draft:
    """Keeps what was typed, right or wrong; only submitting checks it. Raises Stale when another tab saved meanwhile."""
    fresh: Answers = {
        code: normalise(FIELDS[code], value) for code, value in answers.items() if code in FIELDS and code != "sex"
    }
    if "id_no" in fresh:
        fresh.update(derived_from(fresh["id_no"]))
    return _save(draft, version, answers=fresh)


def _save(draft: Draft, version: int | None, *, answers: Answers | None = None, **changes: Any) -> Draft:
    with transaction.atomic():
        current = Draft.objects.select_for_update(of=("self",)).select_related("scheme", "region").get(pk=draft.pk)
        if Application.objects.filter(draft=current).exists():
            raise AlreadyDone("登记表已经提交，不能再改。需要改的，等部门通知补正")
        if version is not None and version != current.version:
            raise Stale(current)
        for name, value in changes.items():
            setattr(current, name, value)
        if answers is not None:
            current.answers = {**current.answers, **answers}
        current.version += 1
        current.save()
    return current


def missing_materials(draft: Draft) -> dict[str, str]:
    """A sentence per material that the ticked items need and nobody has given yet; the window may hand in papers only."""
    given = set(draft.materials.values_list("code", flat=True))
    wanted = draft.scheme.spec.materials_for(frozenset(draft.ticked), draft.answers)
    return {m.code: f"请上传{m.title}" for m in wanted if not m.optional and m.code not in given}


def problems_of(draft: Draft) -> dict[str, str]:
    """Everything that keeps the draft from being submitted: fields first, then materials."""
    found = draft.registration.problems(timezone.localdate())
    return {**found, **missing_materials(draft)}


def submit(draft: Draft, *, user: User, channel: Channel, promised: bool, at: datetime | None = None) -> Application:
    """Hands the form in: one case, one task per item and office, receipt asked for, dispatches written. One transaction.

    Sent twice, also at the same moment, it is one case: the second caller gets the first one's. Raises Invalid with
    every problem at once, and Refused when the person has one of the items open elsewhere.
    """
    at = at or timezone.now()
    try:
        with transaction.atomic():
            current = Draft.objects.select_for_update(of=("self",)).select_related("scheme", "region").get(pk=draft.pk)
            done = Application.objects.filter(draft=current).first()
            if done is not None:
                return done
            problems = problems_of(current)
            if not promised:
                problems["promise"] = "请看过承诺后在前面打勾"
            if problems:
                raise Invalid(problems)
            return _create_case(current, user=user, channel=channel, at=at)
    except IntegrityError as error:
        if "task_one_live_per_person_and_item" not in str(error):
            raise
        raise Refused("您选的事项里有正在办理的，不用重复申请。请到“查进度”里查看") from None


def _create_case(draft: Draft, *, user: User, channel: Channel, at: datetime) -> Application:
    registration: Registration = draft.registration
    answers = registration.disclosed()
    id_no = str(answers["id_no"])
    applicant = draft.owner or User.objects.filter(id_no=id_no).first()
    application = Application.objects.create(
        number=case_number(draft.region.code, timezone.localdate(at)),
        draft=draft,
        applicant=applicant,
        entered_by=user,
        channel=channel,
        region=draft.region,
        scheme=draft.scheme,
        subject_name=str(answers["name"]),
        subject_id_no=id_no,
        ticked=draft.ticked,
        answers=answers,
        status=ApplicationStatus.IN_PROGRESS,
        submitted_at=at,
    )
    _take_over_materials(draft, application)
    tasks = _create_tasks(application, at)
    _create_dispatches(application, tasks, at)
    StatusLog.objects.create(
        application=application,
        action=Action.SUBMIT,
        party=Party.CLERK if channel == Channel.WINDOW else Party.APPLICANT,
        actor=user,
        at=at,
    )
    documents.request(application, DocumentKind.SUBMISSION_RECEIPT, at=at)
    documents.request(application, DocumentKind.REGISTRATION, at=at)
    fanout.wake_relay()
    return application


def _take_over_materials(draft: Draft, application: Application) -> None:
    """The files of materials that are still called for go with the case; others stay with the draft."""
    wanted = application.scheme.spec.materials_for(frozenset(application.ticked), application.answers)
    draft.materials.filter(code__in=[m.code for m in wanted]).update(application=application)


def live_key(id_no: str, item_code: str, agency_code: str) -> str:
    """One person, one item, one agency, as a keyed hash: what may be open only once."""
    text = f"{id_no}|{item_code}|{agency_code}"
    return hmac.new(settings.SECRET_KEY.encode(), text.encode(), hashlib.sha256).hexdigest()


def _create_tasks(application: Application, at: datetime) -> list[ItemTask]:
    spec = application.scheme.spec
    offices = offices_for(application.region)
    items = {item.code: item for item in application.scheme.items.all()}
    chosen: list[ItemSpec] = [item for item in spec.offered if item.code in application.ticked]
    tasks = []
    for item in [*spec.automatic, *chosen]:
        open_items, open_facts = fanout.hard_requirements(application, item.requires)
        for order, agency in enumerate(item.agencies):
            tasks.append(
                ItemTask(
                    application=application,
                    item=items[item.code],
                    office=office_for(agency, application.region, offices),
                    agency_order=order,
                    status=TaskStatus.WAITING if open_items or open_facts else TaskStatus.PENDING,
                    open_items=open_items,
                    open_facts=open_facts,
                    live_key=live_key(application.subject_id_no, item.code, agency),
                )
            )
    return ItemTask.objects.bulk_create(tasks)


def _create_dispatches(application: Application, tasks: list[ItemTask], at: datetime) -> None:
    materials = list(application.materials.all())
    Dispatch.objects.bulk_create(
        fanout.new_dispatch(task, materials, version=1, at=at) for task in tasks if task.status == TaskStatus.PENDING
    )


def party_of(user: User, application: Application) -> Party:
    return Party.APPLICANT if application.applicant_id == user.pk else Party.CLERK


def answer_correction(
    correction: Correction, *, user: User, answers: Mapping[str, str], at: datetime | None = None
) -> Correction:
    """Sends the answer to one office's notice: every line must be answered; the task goes back to that office alone.

    Fields come in `answers`; materials are the unsent files given through `materials.answer_with`. Raises Invalid with
    every line that is still open.
    """
    at = at or timezone.now()
    with transaction.atomic():
        application = workflow.lock(correction.task.application_id)
        current = Correction.objects.select_related("task__item", "task__office").get(pk=correction.pk)
        task = current.task
        task.application = application
        if current.answered_at is not None:
            raise AlreadyDone(f"{task.office}的这次补正已经提交过，没有再次提交")
        fresh = {
            line.field: normalise(FIELDS[line.field], answers.get(line.field, ""))
            for line in current.lines.all()
            if line.field
        }
        _check_answer(current, application, fresh)
        _replace_materials(current, application)
        if fresh:
            application.answers = {**application.answers, **fresh, **derived_from(fresh.get("id_no", ""))}
            application.__dict__.pop("registration", None)
            application.save(update_fields=["answers"])
        current.answered_at, current.answered_by = at, user
        current.save(update_fields=["answered_at", "answered_by"])
        current.lines.update(answered_at=at)
        party = party_of(user, application)
        workflow.advance(task, Action.RESUBMIT, party=party, actor=user, at=at, data={"round": current.round})
        task.application = application
        fanout.send_again(task, at=at)
    return current


def _check_answer(correction: Correction, application: Application, fresh: Answers) -> None:
    problems: dict[str, str] = {}
    given = set(application.materials.filter(is_sent=False).values_list("code", flat=True))
    for line in correction.lines.all():
        if line.material and line.material not in given:
            problems[line.material] = f"请上传{application.scheme.spec.material(line.material).title}"
        if line.field:
            field = FIELDS[line.field]
            value = fresh[line.field]
            wrong = (
                problem(field, value, label=field.label, today=timezone.localdate()) if value else f"请填{field.label}"
            )
            if wrong:
                problems[line.field] = wrong
    if problems:
        raise Invalid(problems)


def _replace_materials(correction: Correction, application: Application) -> None:
    """The new files take the place of the old ones; the old stay on record."""
    for line in correction.lines.exclude(material=""):
        new = list(application.materials.filter(code=line.material, is_sent=False))
        application.materials.filter(code=line.material, is_sent=True, replaced_by=None).update(replaced_by=new[0])
        Material.objects.filter(pk__in=[m.pk for m in new]).update(is_sent=True)


def withdraw(
    application: Application,
    *,
    user: User,
    tasks: Iterable[ItemTask] | None = None,
    note: str = "",
    at: datetime | None = None,
) -> list[ItemTask]:
    """Takes back the given items (default: every one still possible). An item under review is no longer withdrawn.

    Pending dispatches are cancelled in the same transaction. Raises AlreadyDone when nothing can be taken back.
    """
    at = at or timezone.now()
    with transaction.atomic():
        locked = workflow.lock(application.pk)
        party = party_of(user, locked)
        wanted = {task.pk for task in tasks} if tasks is not None else None
        calendar = calendar_now()
        withdrawn = []
        for task in locked.tasks.select_related("item__scheme", "office"):
            task.application = locked
            if wanted is not None and task.pk not in wanted:
                continue
            if Action.WITHDRAW not in workflow.available(task, party):
                continue
            workflow.advance(task, Action.WITHDRAW, party=party, actor=user, note=note, at=at, calendar=calendar)
            fanout.cancel_open(task, "申请人撤回")
            withdrawn.append(task)
        if not withdrawn:
            raise AlreadyDone("没有可以撤回的事项：部门已经受理或已经办完")
        fanout.release_ready(locked, at=at, calendar=calendar)
    return withdrawn
