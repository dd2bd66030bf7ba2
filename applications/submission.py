"""Caller side: drafts, submission, added items, promised papers, withdrawal. Each service owns its transaction."""

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
from applications import documents, fanout, notices, workflow
from applications.enums import (
    BEFORE_OFFICES,
    Action,
    ApplicationStatus,
    Channel,
    DocumentKind,
    NoticeKind,
    Party,
    TaskStatus,
)
from applications.errors import AlreadyDone, Invalid, Refused
from applications.models import Application, Dispatch, Draft, ItemTask, PreReview, StatusLog
from applications.numbering import case_number
from applications.registration import Answers, Registration, derived_from, normalise
from portal.accounts.models import User


class Stale(Refused):
    """The draft was saved elsewhere since this page was opened. `draft` is the newer one; nothing was overwritten."""

    def __init__(self, draft: Draft) -> None:
        super().__init__("这份登记表刚才在别的页面改过，下面是最新的内容，请核对后再保存")
        self.draft = draft


def start_draft(*, region: Region, user: User, channel: Channel, prefill: Mapping[str, str] | None = None) -> Draft:
    """A form for a place: the open one this person already has there, else a new one with what is known already, from
    the account and from the person's latest case.

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
        earlier = _earlier_case(user) if is_own else None
        known = {"name": user.legal_name, "id_no": user.id_no, "mobile": user.phone} if is_own else {}
        fresh = {code: value for code, value in {**known, **(prefill or {})}.items() if value}
        answers: Answers = {**(earlier.answers if earlier else {}), **fresh}
        answers.update(derived_from(str(answers.get("id_no", ""))))
        return Draft.objects.create(
            owner=user if is_own else None,
            entered_by=user,
            channel=channel,
            region=region,
            scheme=scheme,
            ticked=[item.code for item in scheme.spec.offered if item.default_ticked and item.is_done(online=is_own)],
            answers=answers,
            carried_over_from=timezone.localdate(earlier.submitted_at) if earlier else None,
        )


def _earlier_case(user: User) -> Application | None:
    """The person's latest case, whose answers need not be typed again; another number's is another person's."""
    found = Application.objects.for_applicant(user).order_by("-submitted_at").first()
    return found if found is not None and found.subject_id_no == user.id_no else None


def start_addition(application: Application, *, user: User) -> Draft:
    """A form that adds items to an open case; all that is known and given already is taken over (RQ-09).

    The draft of an earlier click is gone on with. Raises Refused when the case is closed or has every item.
    """
    with transaction.atomic():
        locked = workflow.lock(application.pk)
        if locked.is_closed:
            raise Refused("这个办件已经办结，要办别的事请重新填一份登记表，填过的会自动带入")
        if locked.tasks.filter(status__in=BEFORE_OFFICES).exists():
            raise Refused("登记表还在预审，预审通过以后就可以加事项；要改的请等预审退回时一起改")
        found = Draft.objects.for_person(user).filter(adds_to=locked).first()
        draft = found or Draft(
            owner=locked.applicant if locked.applicant_id == user.pk else None,
            entered_by=user,
            channel=Channel.ONLINE if locked.applicant_id == user.pk else Channel.WINDOW,
            region=locked.region,
            scheme=locked.scheme,
            adds_to=locked,
            answers=locked.answers,
        )
        if not draft.offered():
            raise Refused("本地能办的事项都已经在这个办件里了")
        draft.save()
    return draft


def adopt(draft: Draft, *, clerk: User) -> Draft:
    """A clerk goes on with a person's form at the counter: the person stays its owner, the clerk is who types."""
    return _save(draft, None, entered_by=clerk)


def choose_items(draft: Draft, codes: Iterable[str], *, version: int | None = None) -> Draft:
    """Ticks 是/否 for the offered items. Raises Invalid when nothing is ticked."""
    wanted = set(codes)
    ticked = [item.code for item in draft.offered() if item.code in wanted]
    if not ticked:
        raise Invalid({"items": "请至少选一件要办的事"})
    is_online = draft.channel == Channel.ONLINE
    elsewhere = [item.title for item in draft.offered() if item.code in ticked and not item.is_done(online=is_online)]
    if elsewhere:
        place = draft.region.window or "当地综合窗口"
        how = (
            f"只能到窗口办，请在这里选“否”，到{place}办理"
            if is_online
            else "只能网上办，请在这里选“否”，请本人在网上办理"
        )
        raise Invalid({"items": f"“{'、'.join(elsewhere)}”{how}"})
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
        if current.sent_at is not None:
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
    """A sentence per material that the ticked items need and nobody has given yet. A deferrable one may come later:
    the office then accepts with a promise (容缺受理) or asks for it.
    """
    given = set(draft.materials.values_list("code", flat=True))
    if draft.adds_to is not None:
        given |= set(draft.adds_to.materials.filter(is_sent=True).values_list("code", flat=True))
    wanted = draft.scheme.spec.materials_for(frozenset(draft.ticked), draft.answers)
    return {m.code: f"请上传{m.title}" for m in wanted if not (m.optional or m.deferrable) and m.code not in given}


def problems_of(draft: Draft) -> dict[str, str]:
    """Everything that keeps the draft from being submitted: fields first, then materials."""
    found = draft.registration.problems(timezone.localdate())
    return {**_foreign_number(draft), **found, **missing_materials(draft)}


def _foreign_number(draft: Draft) -> dict[str, str]:
    """An account hands in for its own person only: under another's number it would block or see that person's case."""
    if draft.owner is None or not (typed := draft.answers.get("id_no")):
        return {}
    own = draft.owner.id_no.upper()
    if not own and User.objects.filter(id_no=typed).exists():
        return {"id_no": _HAS_ACCOUNT}
    if not own or typed == own:
        return {}
    return {"id_no": "和登录账号的身份证号不一样。网上只能办本人的事，替别人办请到综合窗口"}


_HAS_ACCOUNT = "这个身份证号已经有账号了。请用那个账号登录；不是您开的，请带身份证到综合窗口办"


def _bind_number(owner: User | None, id_no: str) -> None:
    """An account without a number gets that of its first form, and no other account can have it."""
    if owner is not None and not owner.id_no:
        owner.id_no, owner.is_identity_claimed = id_no, True
        owner.save(update_fields=["id_no", "is_identity_claimed"])


def submit(draft: Draft, *, user: User, channel: Channel, promised: bool, at: datetime | None = None) -> Application:
    """Hands the form in: one case, one task per item and office, receipt asked for, dispatches written. One transaction.

    Sent twice, also at the same moment, it is one case: the second caller gets the first one's. Raises Invalid with
    every problem at once, and Refused when the person has one of the items open elsewhere.
    """
    at = at or timezone.now()
    try:
        with transaction.atomic():
            _lock_its_case(draft)
            current = _locked(draft)
            if current.sent_at is not None:
                return current.adds_to or Application.objects.get(draft=current)
            problems = problems_of(current)
            if not promised:
                problems["promise"] = "请看过承诺后在前面打勾"
            if problems:
                raise Invalid(problems)
            current.sent_at = at
            current.save(update_fields=["sent_at"])
            if returned := _given_back(current):
                return _amend_case(returned, current, user=user, at=at)
            if current.adds_to is not None:
                return _extend_case(current, user=user, at=at)
            return _create_case(current, user=user, channel=channel, at=at)
    except IntegrityError as error:
        if "account_one_per_id_no" in str(error):  # bound by another account in the same moment
            raise Invalid({"id_no": _HAS_ACCOUNT}) from None
        if "task_one_live_per_person_and_item" not in str(error):
            raise
        raise Refused("您选的事项里有正在办理的，不用重复申请。请到“查进度”里查看") from None


def _given_back(draft: Draft) -> PreReview | None:
    """The round in which the hub gave this form back; nothing is asked where the scheme has no pre-review."""
    return draft.pre_reviews.returned().first() if draft.scheme.spec.pre_review else None


def _lock_its_case(draft: Draft) -> None:
    """The case before the form, as everywhere: an added item, or a form that a pre-review gave back, has one already."""
    case_id = draft.adds_to_id
    if case_id is None and draft.scheme.spec.pre_review is not None:
        case_id = Application.objects.filter(draft=draft).values_list("pk", flat=True).first()
    if case_id is not None:
        workflow.lock(case_id)


def _locked(draft: Draft) -> Draft:
    """The draft, locked, with everything that making a case of it reads: one query."""
    related = ("scheme", "region__parent__parent__parent", "owner", "adds_to")
    return Draft.objects.select_for_update(of=("self",)).select_related(*related).get(pk=draft.pk)


def _create_case(draft: Draft, *, user: User, channel: Channel, at: datetime) -> Application:
    registration: Registration = draft.registration
    answers = registration.disclosed()
    id_no = str(answers["id_no"])
    # What was typed at a window belongs to the account of that number, unless the number is only claimed.
    applicant = draft.owner or User.objects.filter(id_no=id_no, is_identity_claimed=False).first()
    _bind_number(draft.owner, id_no)
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
    spec = application.scheme.spec
    chosen = [item for item in spec.offered if item.code in application.ticked]
    tasks = _create_tasks(application, [*spec.automatic, *chosen], finished=set())
    _send_or_pre_review(application, draft, tasks, at)
    party = Party.CLERK if channel == Channel.WINDOW else Party.APPLICANT
    StatusLog.objects.create(application=application, action=Action.SUBMIT, party=party, actor=user, at=at)
    documents.request_first(application, at=at)
    notices.write(application, NoticeKind.SUBMITTED, at=at)
    fanout.wake_relay()
    return application


def _extend_case(draft: Draft, *, user: User, at: datetime) -> Application:
    """Adds the draft's items to its case: what was answered before stays, the new items get tasks of their own."""
    application = workflow.lock(draft.adds_to_id or 0)
    if application.is_closed:
        raise Refused("这个办件刚才已经办结，不能再加事项。请重新填一份登记表")
    application.answers = {**draft.registration.disclosed(), **application.answers}
    new = [code for code in draft.ticked if code not in application.ticked]
    application.ticked = [*application.ticked, *new]
    application.save(update_fields=["answers", "ticked"])
    _take_over_materials(draft, application)
    items = [item for item in application.scheme.spec.offered if item.code in new]
    tasks = _create_tasks(application, items, finished=_finished_items(application))
    _send_or_pre_review(application, draft, tasks, at)
    party = party_of(user, application)
    StatusLog.objects.create(
        application=application, action=Action.ADD_ITEMS, party=party, actor=user, data={"items": new}, at=at
    )
    workflow.settle(application, at)
    documents.request(application, DocumentKind.SUBMISSION_RECEIPT, at=at, again=True)
    documents.request(application, DocumentKind.REGISTRATION, at=at, again=True)
    names = "、".join(item.title for item in items)
    notices.write(application, NoticeKind.SUBMITTED, details=[f"增加了{names}"], at=at)
    fanout.wake_relay()
    return application


def _send_or_pre_review(application: Application, draft: Draft, tasks: list[ItemTask], at: datetime) -> None:
    """To the offices at once, or where the scheme asks for a pre-review (HL-16) to the hub first."""
    if application.scheme.spec.pre_review is None:
        _create_dispatches(application, tasks, at)
    else:
        _begin_pre_review(application, draft, at)


def _begin_pre_review(application: Application, draft: Draft, at: datetime) -> PreReview:
    """One more round at the hub, to be answered within the days in which a receipt of papers must be answered."""
    spec = application.scheme.spec
    assert spec.pre_review is not None
    days = spec.receiving_limit.days or 5
    return PreReview.objects.create(
        application=application,
        draft=draft,
        office=office_for(spec.pre_review.agency, application.region, offices_for(application.region)),
        round=application.pre_reviews.count() + 1,
        asked_at=at,
        answer_by=calendar_now().at(application.region_id).add(timezone.localdate(at), days),
    )


def _amend_case(returned: PreReview, draft: Draft, *, user: User, at: datetime) -> Application:
    """A form given back by the pre-review comes again: the case has the new answers, files and items, and the hub its
    next round. What offices were sent before with other items stays as it was answered then.
    """
    application = workflow.lock(returned.application_id)
    waiting = _in_state(application, TaskStatus.PRE_RETURNED)
    codes = {task.item.code for task in waiting}
    if not waiting:
        raise Refused("这个办件已经撤回，不能再改。要办的事请重新填一份登记表")
    party = party_of(user, application)
    asked_elsewhere = _asked_without(application, codes)
    fresh = {code: value for code, value in draft.registration.disclosed().items() if code not in asked_elsewhere}
    kept = {code: value for code, value in application.answers.items() if code in asked_elsewhere}
    application.answers = {**fresh, **kept}
    application.__dict__.pop("registration", None)
    dropped = [code for code in codes if code in application.ticked and code not in draft.ticked]
    added = [code for code in draft.ticked if code not in application.ticked]
    application.ticked = [code for code in application.ticked if code not in dropped] + added
    application.save(update_fields=["answers", "ticked"])
    _take_over_materials(draft, application)
    for task in waiting:
        is_dropped = task.item.code in dropped
        deed = Action.WITHDRAW if is_dropped else Action.PRE_AMEND
        note = "改登记表时不再选这一件" if is_dropped else ""
        workflow.advance(task, deed, party=party, actor=user, note=note, at=at)
    items = [item for item in application.scheme.spec.offered if item.code in added]
    _create_tasks(application, items, finished=_finished_items(application))
    returned.amended_at = at
    returned.save(update_fields=["amended_at"])
    _begin_pre_review(application, draft, at)
    workflow.settle(application, at)
    documents.request(application, DocumentKind.SUBMISSION_RECEIPT, at=at, again=True)
    documents.request(application, DocumentKind.REGISTRATION, at=at, again=True)
    return application


def _in_state(application: Application, status: TaskStatus) -> list[ItemTask]:
    tasks = list(application.tasks.filter(status=status).select_related("item__scheme", "office"))
    for task in tasks:
        task.application = application
    return tasks


def _asked_without(application: Application, codes: set[str]) -> set[str]:
    """The fields that the case's other items ask; empty when there are none, since then all may be changed."""
    others = frozenset(application.ticked) - codes
    if not others:
        return set()
    return {entry.field for entry in Registration(application.scheme.spec, others, application.answers).asked()}


def _take_over_materials(draft: Draft, application: Application) -> None:
    """The files of materials that are still called for go with the case; others stay with the draft."""
    wanted = application.scheme.spec.materials_for(frozenset(application.ticked), application.answers)
    draft.materials.filter(code__in=[m.code for m in wanted]).update(application=application)


def live_key(id_no: str, item_code: str, agency_code: str) -> str:
    """One person, one item, one agency, as a keyed hash: what may be open only once."""
    text = f"{id_no}|{item_code}|{agency_code}"
    return hmac.new(settings.SECRET_KEY.encode(), text.encode(), hashlib.sha256).hexdigest()


def _create_tasks(application: Application, wanted: list[ItemSpec], *, finished: set[str]) -> list[ItemTask]:
    offices = offices_for(application.region)
    is_pre_reviewed = application.scheme.spec.pre_review is not None
    items = {item.code: item for item in application.scheme.items.all()}
    tasks = []
    for item in wanted:
        required, open_facts = fanout.hard_requirements(application, item.requires)
        for order, agency in enumerate(item.agencies):
            open_items = [code for code in required if code not in finished]
            tasks.append(
                ItemTask(
                    application=application,
                    item=items[item.code],
                    office=office_for(agency, application.region, offices),
                    agency_order=order,
                    status=_first_status(bool(open_items or open_facts), is_pre_reviewed=is_pre_reviewed),
                    open_items=open_items,
                    open_facts=open_facts,
                    live_key=live_key(application.subject_id_no, item.code, agency),
                )
            )
    return ItemTask.objects.bulk_create(tasks)


def _first_status(waits: bool, *, is_pre_reviewed: bool) -> TaskStatus:
    if is_pre_reviewed:
        return TaskStatus.PRE_REVIEW
    return TaskStatus.WAITING if waits else TaskStatus.PENDING


def _finished_items(application: Application) -> set[str]:
    """Items of the case that are completed at every office."""
    statuses: dict[str, set[str]] = {}
    for code, status in application.tasks.values_list("item__code", "status"):
        statuses.setdefault(code, set()).add(status)
    return {code for code, found in statuses.items() if found == {TaskStatus.COMPLETED}}


def _create_dispatches(application: Application, tasks: list[ItemTask], at: datetime) -> None:
    materials = list(application.materials.all())
    Dispatch.objects.bulk_create(
        fanout.new_dispatch(task, materials, version=1, at=at) for task in tasks if task.status == TaskStatus.PENDING
    )


def party_of(user: User, application: Application) -> Party:
    return Party.APPLICANT if application.applicant_id == user.pk else Party.CLERK


def supply_all(application: Application, *, user: User, at: datetime | None = None) -> None:
    """The promised papers of every item that owes some: all are sent or none is. Raises Invalid with what is missing."""
    with transaction.atomic():
        locked = workflow.lock(application.pk)
        owing = locked.tasks.unfinished().exclude(provisional_until=None).select_related("item__scheme", "office")
        _supply(list(owing), locked, user, at)


def supply_deferred(task: ItemTask, *, user: User, at: datetime | None = None) -> ItemTask:
    """容缺: the promised papers are there; every one must be given. The office sees them, the promise is kept."""
    with transaction.atomic():
        application = workflow.lock(task.application_id)
        task.refresh_from_db(fields=["provisional_materials", "provisional_until"])
        _supply([task] if task.provisional_until else [], application, user, at)
    return task


def _supply(tasks: list[ItemTask], application: Application, user: User, at: datetime | None) -> None:
    """One paper keeps the promise of every item it was promised for. Under the case's lock."""
    if not tasks:
        raise AlreadyDone("没有要补交的材料")
    owed = {code for task in tasks for code in task.provisional_materials}
    given = application.materials.filter(code__in=owed, is_sent=False)
    spec = application.scheme.spec
    if missing := owed - set(given.values_list("code", flat=True)):
        raise Invalid({code: f"请上传{spec.material(code).title}" for code in sorted(missing)})
    party = party_of(user, application)
    for task in tasks:
        task.application = application
        data = {"materials": task.provisional_materials}
        workflow.advance(task, Action.SUPPLY, party=party, actor=user, data=data, at=at)
        task.provisional_until, task.provisional_materials = None, []
        task.save(update_fields=["provisional_until", "provisional_materials"])
    given.update(is_sent=True)


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
        _leave_pre_review(locked, withdrawn, at)
        fanout.release_ready(locked, at=at, calendar=calendar)
    return withdrawn


def _leave_pre_review(application: Application, withdrawn: list[ItemTask], at: datetime) -> None:
    """Items withdrawn while their form was given back are not on it any more; a form without any is closed."""
    review = application.pre_reviews.returned().select_related("draft").first()
    if review is None or review.draft is None:
        return
    draft, gone = review.draft, {task.item.code for task in withdrawn}
    draft.ticked = [code for code in draft.ticked if code not in gone]
    if not application.tasks.filter(status=TaskStatus.PRE_RETURNED).exists():
        draft.sent_at, review.amended_at = at, at
        review.save(update_fields=["amended_at"])
    draft.version += 1
    draft.save(update_fields=["ticked", "sent_at", "version", "saved_at"])
