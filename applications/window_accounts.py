"""An account at the counter, for a person who showed their ID card: a first one, or a new password. Called by the window.

The card decides whose a number is: another account that only claimed it loses it. What was handed in at a window before
joins the account. Every deed leaves a row that nobody can change.
"""

from dataclasses import dataclass, field
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from agencies import staff_passwords
from agencies.fields import FIELDS
from applications import notices, workflow
from applications.errors import AlreadyDone, Invalid, Refused
from applications.models import Application, LostAddress, OperatorDeed
from applications.registration import clean_text, normalise, problem
from portal.accounts import passwords
from portal.accounts.models import User

OPENED, RENEWED, TAKEN, LINKED = "开账号", "重设密码", "收回自报的身份证号", "办件归入账号"


@dataclass(frozen=True)
class Visitor:
    """What stands on the card, and the phone that the person says."""

    name: str
    id_no: str
    phone: str = ""


@dataclass(frozen=True)
class Given:
    """What the person takes home; the password stands nowhere else."""

    user: User
    password: str = field(repr=False)
    is_new: bool
    linked: int


def give(
    visitor: Visitor, *, clerk: User, has_seen_card: bool, asked_at: datetime, is_theirs: bool | None = None
) -> Given:
    """Who shows the card gets into the account of its number: a new one, or the own one with a new password.

    `is_theirs` says whether an account that only claimed the number is the person's. `asked_at` is when the page was
    opened: what was done since is not done again. Raises Invalid by field, Refused for accounts of staff, AlreadyDone.
    """
    visitor = _checked(visitor, has_seen_card)
    try:
        with transaction.atomic():
            cases = _lock_cases(visitor.id_no)
            user = User.objects.select_for_update(no_key=True).filter(id_no=visitor.id_no).first()
            if user is not None:
                _may_touch(user, visitor, asked_at)
            if user is not None and user.is_identity_claimed:
                user = _sort_out_claim(user, clerk, is_theirs)
            is_new = user is None
            user = user or User(username=passwords.free_user_name())
            password = _settle(user, visitor, cases)
            _note(clerk, OPENED if is_new else RENEWED, f"账号 {user.username}，已核对身份证原件")
            _link(cases, user, clerk)
    except IntegrityError as error:
        if "account_one_per_id_no" not in str(error):
            raise
        raise AlreadyDone("这个身份证号刚刚在别的窗口开了账号，请再办一次") from None
    return Given(user, password, is_new, len(cases))


def _checked(visitor: Visitor, has_seen_card: bool) -> Visitor:
    plain = Visitor(
        clean_text(visitor.name),
        normalise(FIELDS["id_no"], visitor.id_no),
        normalise(FIELDS["mobile"], visitor.phone),
    )
    today, errors = timezone.localdate(), {}
    for code, name, label in (("name", "name", "姓名"), ("id_no", "id_no", "身份证号"), ("mobile", "phone", "手机号")):
        value = getattr(plain, name)
        wrong = problem(FIELDS[code], value, label=label, today=today) if value else None
        if wrong or (not value and name != "phone"):
            errors[name] = wrong or f"请填{label}"
    if not has_seen_card:
        errors["seen"] = "请先看身份证原件，再打勾"
    if errors:
        raise Invalid(errors)
    return plain


def _lock_cases(id_no: str) -> list[Application]:
    """The cases of the number that belong to no account, open and closed, each locked and asked once more."""
    without = Application.objects.filter(subject_id_no=id_no, applicant=None).order_by("pk")
    locked = [workflow.lock(pk) for pk in without.values_list("pk", flat=True)]
    return [case for case in locked if case.applicant_id is None]


def _may_touch(user: User, visitor: Visitor, asked_at: datetime) -> None:
    """Nobody of the staff is let in this way, the clerk least of all; and one page is one deed."""
    if staff_passwords.is_staff(user):
        raise Refused("这个身份证号是工作人员的账号，窗口不能办。请管理员在后台办")
    if not user.is_active:
        raise Refused("这个身份证号的账号已经停用，窗口不能办。请管理员在后台办")
    if user.password_given_at is not None and user.password_given_at >= asked_at:
        raise AlreadyDone("刚才已经给过密码，没有再给一次。密码只显示一次，没有记下的请重新办")
    if not user.is_identity_claimed and user.legal_name not in ("", visitor.name):
        raise Invalid({"name": "和这个号码的账号上的姓名不一样，请再核对姓名和号码。改过姓名的请管理员办"})


def _sort_out_claim(user: User, clerk: User, is_theirs: bool | None) -> User | None:
    """The account that named the number itself, if it is the person's; else none, and it has no number any more."""
    if is_theirs is None:
        raise Invalid({"whose": f"账号 {user.username}（{user}）在网上自己填了这个身份证号。请问清是不是本人的账号"})
    if is_theirs:
        return user
    user.id_no, user.is_identity_claimed = "", False
    user.save(update_fields=["id_no", "id_no_index", "is_identity_claimed"])
    _note(clerk, TAKEN, f"账号 {user.username}，号码经核对身份证原件是别人的")
    return None


def _settle(user: User, visitor: Visitor, cases: list[Application]) -> str:
    """The account as the card says, with a one-time password. A phone of a case goes on being told."""
    of_cases = next((str(case.answers["mobile"]) for case in reversed(cases) if case.answers.get("mobile")), "")
    user.legal_name, user.id_no, user.is_identity_claimed = visitor.name, visitor.id_no, False
    earlier, user.phone = user.phone, visitor.phone or user.phone or of_cases
    LostAddress.forget([visitor.phone])
    password = passwords.give(user)
    user.save()
    notices.tell_earlier(user, phone=earlier, mailbox="", at=timezone.now())
    return password


def _link(cases: list[Application], user: User, clerk: User) -> None:
    for case in cases:
        case.applicant = user
        case.save(update_fields=["applicant"])
        _note(clerk, LINKED, f"办件 {case.number}，账号 {user.username}")


def _note(clerk: User, deed: str, words: str) -> None:
    OperatorDeed.objects.create(operator=clerk, deed=deed, note=words)
