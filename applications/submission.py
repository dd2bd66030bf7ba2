"""From the form to the case: a new one, one with added items, one that a pre-review gave back. One transaction."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from agencies.deadlines import calendar_now
from agencies.routing import office_for, offices_for
from agencies.spec import ItemSpec
from applications import agents, documents, fanout, notices, privacy, workflow
from applications.drafts import HAS_ACCOUNT, check_addition, problems_of
from applications.enums import Action, ApplicationStatus, Channel, DocumentKind, Grade, NoticeKind, Party, TaskStatus
from applications.errors import AlreadyDone, Invalid, Refused
from applications.models import Application, Dispatch, Draft, ItemTask, PreReview, StatusLog
from applications.numbering import case_number
from applications.querysets import PLACE
from applications.registration import Registration
from portal.accounts.models import User
from portal.security import crypto


def submit(
    draft: Draft,
    *,
    user: User,
    channel: Channel,
    promised: bool,
    agreed: bool,
    notice: str = "",
    at: datetime | None = None,
) -> Application:
    """Hands the form in: one case, one task per item and office, receipt asked for, dispatches written. One transaction.

    Sent twice, also at the same moment, it is one case: the second caller gets the first one's. Raises Invalid with
    every problem at once, and Refused when the person has one of the items open elsewhere. `notice` is the version of
    the 个人信息处理告知 that the person was shown, `agreed` that the sensitive part may be given; both go into the log.
    """
    at = at or timezone.now()
    try:
        with transaction.atomic():
            _lock_its_case(draft)
            current = _locked(draft)
            _lock_owner(current)
            if current.sent_at is not None:
                return current.adds_to or Application.objects.get(draft=current)
            problems = problems_of(current)
            if channel == Channel.WINDOW:
                problems |= agents.problems(current.answers, timezone.localdate(at))
            if not promised:
                problems["promise"] = "请看过承诺后在前面打勾"
            uses = privacy.sensitive_uses(current.registration)
            if not agreed and (uses or channel == Channel.WINDOW):
                problems["agree"] = privacy.refused_words(uses)
            if problems:
                raise Invalid(problems)
            current.sent_at = at
            current.save(update_fields=["sent_at"])
            told = privacy.note(notice, channel, uses)
            if returned := _given_back(current):
                return _amend_case(returned, current, user=user, told=told, at=at)
            if current.adds_to is not None:
                return _extend_case(current, user=user, told=told, at=at)
            return _create_case(current, user=user, channel=channel, told=told, at=at)
    except IntegrityError as error:
        if "account_one_per_id_no" in str(error):  # bound by another account in the same moment
            raise Invalid({"id_no": HAS_ACCOUNT}) from None
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
    related = ("scheme", PLACE, "owner", "adds_to")
    return Draft.objects.select_for_update(of=("self",)).select_related(*related).get(pk=draft.pk)


def _lock_owner(draft: Draft) -> None:
    """Two forms of an account without a number, sent at once under two numbers, must not both become its cases."""
    if draft.owner is not None and not draft.owner.id_no:
        draft.owner = User.objects.select_for_update(no_key=True).get(pk=draft.owner.pk)


def _create_case(draft: Draft, *, user: User, channel: Channel, told: dict[str, Any], at: datetime) -> Application:
    registration: Registration = draft.registration
    party = Party.CLERK if channel == Channel.WINDOW else Party.APPLICANT
    agent = _agent(draft, party)
    answers = {**registration.disclosed(), **agent}
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
    note = agents.short(agent)
    StatusLog.objects.create(
        application=application, action=Action.SUBMIT, party=party, actor=user, note=note, data=told, at=at
    )
    documents.request_first(application, at=at)
    notices.write(application, NoticeKind.SUBMITTED, at=at)
    fanout.wake_relay()
    return application


def _agent(draft: Draft, party: Party) -> dict[str, Any]:
    """Who hands this form in for the person: at the window alone, since an account hands in for its own number only."""
    return agents.of(draft.answers) if party == Party.CLERK else {}


def _bind_number(owner: User | None, id_no: str) -> None:
    """An account without a number gets that of its first form, and no other account can have it."""
    if owner is not None and not owner.id_no:
        owner.id_no, owner.is_identity_claimed = id_no, True
        owner.save(update_fields=["id_no", "id_no_index", "is_identity_claimed"])


def _extend_case(draft: Draft, *, user: User, told: dict[str, Any], at: datetime) -> Application:
    """Adds the draft's items to its case: what was answered before stays, the new items get tasks of their own.

    A clerk and the person may each hold an addition: the second one brings what is still new, or is refused. An added
    item that needs one which came to nothing is held from the start.
    """
    application = workflow.lock(draft.adds_to_id or 0)
    check_addition(application)
    new = [code for code in draft.ticked if code not in application.ticked]
    if not new:
        raise Refused("您选的事项已经在这个办件里了，不用再加")
    party = application.party_of(user)
    agent = _agent(draft, party)
    answers = {**draft.registration.disclosed(), **agents.without(application.answers), **agent}
    application.take_answers(answers, ticked=[*application.ticked, *new])
    _take_over_materials(draft, application)
    items = [item for item in application.scheme.spec.offered if item.code in new]
    tasks = _create_tasks(application, items, finished=_finished_items(application))
    _send_or_pre_review(application, draft, tasks, at)
    StatusLog.objects.create(
        application=application,
        action=Action.ADD_ITEMS,
        party=party,
        actor=user,
        note=agents.short(agent),
        data={"items": new, **told},
        at=at,
    )
    fanout.release_ready(application, at=at)
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
    """One more round at the hub, to be answered within the days in which a receipt of papers must be answered.

    A round that nobody decided, since all its items were withdrawn, is taken up for this form.
    """
    spec = application.scheme.spec
    assert spec.pre_review is not None
    days = spec.receiving_limit.days or 5
    asked = {
        "draft": draft,
        "office": office_for(spec.pre_review.agency, application.region, offices_for(application.region)),
        "asked_at": at,
        "answer_by": calendar_now().at(application.region_id).add(timezone.localdate(at), days),
    }
    first = {**asked, "round": application.pre_reviews.count() + 1}
    review, _ = application.pre_reviews.update_or_create(decided_at=None, defaults=asked, create_defaults=first)
    return review


OTHER_PERSON = "和收下时的身份证号不一样，换了号码就是另一个人的办件。号码填错了的，请撤回这个办件，再重新填一份"


def _amend_case(returned: PreReview, draft: Draft, *, user: User, told: dict[str, Any], at: datetime) -> Application:
    """A form given back by the pre-review comes again: the case has the new answers, files and items, and the hub its
    next round. What offices were sent before with other items stays as it was answered then.
    """
    application = workflow.lock(returned.application_id)
    waiting = _in_state(application, TaskStatus.PRE_RETURNED)
    codes = {task.item.code for task in waiting}
    if not waiting:
        raise Refused("这个办件已经撤回，不能再改。要办的事请重新填一份登记表")
    if draft.answers.get("id_no") != application.subject_id_no:
        raise Invalid({"id_no": OTHER_PERSON})
    party = application.party_of(user)
    asked_elsewhere = _asked_without(application, codes)
    fresh = {code: value for code, value in draft.registration.disclosed().items() if code not in asked_elsewhere}
    kept = {code: value for code, value in application.answers.items() if code in asked_elsewhere}
    dropped = [code for code in codes if code in application.ticked and code not in draft.ticked]
    added = [code for code in draft.ticked if code not in application.ticked]
    ticked = [code for code in application.ticked if code not in dropped] + added
    application.take_answers({**fresh, **kept, **_agent(draft, party)}, ticked=ticked)
    _take_over_materials(draft, application)
    for task in waiting:
        is_dropped = task.item.code in dropped
        deed = Action.WITHDRAW if is_dropped else Action.PRE_AMEND
        note = "改登记表时不再选这一件" if is_dropped else ""
        workflow.advance(task, deed, party=party, actor=user, note=note, data=told, at=at)
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
    if draft.owner_id is None:  # such a form may have got the clerk's own number after the clerk certified its files
        own = Q(checked_by=application.applicant_id) | Q(checked_by__id_no=application.subject_id_no)
        draft.materials.filter(own, grade=Grade.B).update(grade=Grade.C, checked_by=None, checked_at=None)


def live_key(id_no: str, item_code: str, agency_code: str) -> str:
    """One person, one item, one agency, as a keyed hash: what may be open only once.

    The key is that of the indexes, which outlives a new SECRET_KEY.
    """
    return crypto.index_of(f"{id_no}|{item_code}|{agency_code}", "applications_itemtask.live_key")


def create_missing(application: Application, *, at: datetime) -> list[ItemTask]:
    """What should be there by the ticked items and is not: its tasks, and their way to the offices (A22).

    What is there stays as it is. Raises AlreadyDone when nothing is missing.
    """
    with transaction.atomic():
        locked = workflow.lock(application.pk)
        spec = locked.scheme.spec
        wanted = [*spec.automatic, *(item for item in spec.offered if item.code in locked.ticked)]
        there = frozenset(locked.tasks.values_list("item__code", "office__agency"))
        waits = locked.pre_reviews.filter(decided_at=None).exists() or locked.pre_reviews.returned().exists()
        tasks = _create_tasks(locked, wanted, finished=_finished_items(locked), there=there, is_pre_reviewed=waits)
        if not tasks:
            raise AlreadyDone("要办的事项都有办理记录，没有要补建的")
        _create_dispatches(locked, tasks, at)
        fanout.release_ready(locked, at=at)
        workflow.settle(locked, at)
        fanout.wake_relay()
    return tasks


def _create_tasks(
    application: Application,
    wanted: list[ItemSpec],
    *,
    finished: set[str],
    is_pre_reviewed: bool | None = None,
    there: frozenset[tuple[str, str]] = frozenset(),
) -> list[ItemTask]:
    """A task for each item and agency that is not `there`. By itself a scheme says whether a pre-review comes first."""
    if is_pre_reviewed is None:
        is_pre_reviewed = application.scheme.spec.pre_review is not None
    offices = offices_for(application.region)
    items = {item.code: item for item in application.scheme.items.all()}
    tasks = []
    for item in wanted:
        required, open_facts = fanout.hard_requirements(application, item.requires)
        for order, agency in enumerate(item.agencies):
            if (item.code, agency) in there:
                continue
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
