"""Forms that are being filled in: started, typed, gone on with, and what still keeps one from being submitted."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from agencies.catalogue import NoScheme, scheme_for
from agencies.fields import FIELDS
from agencies.models import Region
from applications import agents, workflow
from applications.enums import BEFORE_OFFICES, Channel
from applications.errors import AlreadyDone, Invalid, Refused
from applications.models import Application, Draft
from applications.registration import Answers, derived_from, normalise
from portal.accounts.models import User


class Stale(Refused):
    """The draft was saved elsewhere since this page was opened. `draft` is the newer one; nothing was overwritten."""

    def __init__(self, draft: Draft) -> None:
        super().__init__("这份登记表刚才在别的页面改过，下面是最新的内容，请核对后再保存")
        self.draft = draft


def start(*, region: Region, user: User, channel: Channel, prefill: Mapping[str, str] | None = None) -> Draft:
    """A form for a place: the open one this person already has there, else a new one with what is known already, from
    the account and from the person's latest case.

    At the window the person is somebody else, so nothing is taken from the clerk's account and each person is new.
    """
    if not region.is_open:
        raise Refused(f"{region.full_name}还没有开通网上办理，请到当地综合窗口办")
    try:
        scheme = scheme_for(region, timezone.localdate())
    except NoScheme:
        raise Refused(f"{region.full_name}现在没有已发布的实施方案，请到当地综合窗口办") from None
    is_own = channel == Channel.ONLINE
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        if is_own:
            mine = Draft.objects.for_person(user).filter(region=region, adds_to=None)
            found = mine.first()
            if found is not None:
                return found
        earlier = _earlier_case(user) if is_own else None
        known = {"name": user.legal_name, "id_no": user.id_no, "mobile": user.phone} if is_own else {}
        fresh = {code: value for code, value in {**known, **(prefill or {})}.items() if value}
        answers: Answers = {**(agents.without(earlier.answers) if earlier else {}), **fresh}
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

    The draft of an earlier click is gone on with. Raises Refused when the case takes no more items or has every one.
    """
    with transaction.atomic():
        locked = workflow.lock(application.pk)
        check_addition(locked)
        found = Draft.objects.filter(Q(owner=user) | Q(entered_by=user), adds_to=locked, sent_at=None).first()
        draft = found or Draft(
            owner=locked.applicant if locked.applicant_id == user.pk else None,
            entered_by=user,
            channel=Channel.ONLINE if locked.applicant_id == user.pk else Channel.WINDOW,
            region=locked.region,
            scheme=locked.scheme,
            adds_to=locked,
            answers=agents.without(locked.answers),
        )
        if not draft.offered():
            raise Refused("本地能办的事项都已经在这个办件里了")
        if found is None:
            draft.save()
    return draft


def check_addition(application: Application) -> None:
    """A case takes more items until it is closed, and not while the hub has one of its forms. Raises Refused.

    Asked when an addition is begun and again when it is handed in; the caller holds the application's lock.
    """
    if application.is_closed:
        raise Refused("这个办件已经办结，要办别的事请重新填一份登记表，填过的会自动带入")
    if application.tasks.filter(status__in=BEFORE_OFFICES).exists():
        raise Refused("登记表还在预审，预审通过以后就可以加事项；要改的请等预审退回时一起改")


def adopt(draft: Draft, *, clerk: User) -> Draft:
    """A clerk goes on with a person's form at the counter: the person stays its owner, the clerk is who types."""
    return _save(draft, None, entered_by=clerk, channel=Channel.WINDOW)


def take_home(draft: Draft) -> None:
    """The person goes on with the own form at home: the clerk who typed in it reads no further."""
    if draft.channel != Channel.ONLINE:
        Draft.objects.filter(pk=draft.pk, sent_at=None).update(channel=Channel.ONLINE)
        draft.channel = Channel.ONLINE


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


def save(draft: Draft, answers: Mapping[str, Any], *, version: int | None = None) -> Draft:
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
    given = draft.given_papers()
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
        return {"id_no": HAS_ACCOUNT}
    if not own or typed == own:
        return {}
    return {"id_no": "和登录账号的身份证号不一样。网上只能办本人的事，替别人办请到综合窗口"}


HAS_ACCOUNT = "这个身份证号已经有账号了。请用那个账号登录；不是您开的，请带身份证到综合窗口办"
