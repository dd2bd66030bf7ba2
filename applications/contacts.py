"""How a person is told: phone, mail address, and which of them first. A mail address counts once its owner confirmed it."""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from agencies.fields import FIELDS
from applications import confirming, notices
from applications.enums import NoticeKind
from applications.errors import AlreadyDone, Invalid, Refused
from applications.models import EmailConfirmation, LostAddress, Notice
from applications.registration import clean_text, normalise, problem
from portal.accounts.models import ContactBy, User

# Mails with a link per person or address and day, and the time between two: nobody's mailbox is filled from here.
DAILY_LINKS = 5
# Each change sends a text to the address before it: nobody gets texts to strangers out of an account of their own.
DAILY_CHANGES = 5
PAUSE = timedelta(minutes=1)


def change(user: User, *, phone: str, email: str, contact_by: str) -> User:
    """Keeps a person's own contact data. An address they name again is tried again though something came back from it.

    A new mail address gets a link to confirm it, and no other message before that; the one before is told.
    """
    if errors := problems(phone, email, contact_by):
        raise Invalid(errors)
    phone, email = _plain(phone, email)
    with transaction.atomic():
        current = User.objects.select_for_update().get(pk=user.pk)
        earlier, mailbox = current.phone, current.email if current.has_confirmed_email else ""
        if differs(current, phone=phone, email=email):
            _may_change(current)
        current.phone, current.email, current.contact_by = phone, email, contact_by
        current.save(update_fields=["phone", "email", "contact_by"])
        notices.tell_earlier(current, phone=earlier, mailbox=mailbox, at=timezone.now())
        LostAddress.forget([phone, email])
        if email and not current.has_confirmed_email and not _is_asked(current):
            send_link(current)
    return current


def differs(user: User, *, phone: str, email: str) -> bool:
    """Whether messages would go elsewhere from now on."""
    return (user.phone, user.email) != _plain(phone, email)


def _plain(phone: str, email: str) -> tuple[str, str]:
    return str(normalise(FIELDS["mobile"], phone)), clean_text(email)


def _may_change(user: User) -> None:
    told = Notice.objects.filter(recipient=user, kind=NoticeKind.CONTACT_CHANGED, created_at__gt=timezone.now() - _DAY)
    if told.count() >= DAILY_CHANGES:
        raise Invalid({"phone": f"联系方式一天最多改 {DAILY_CHANGES} 次，请明天再改"})


def _is_asked(user: User) -> bool:
    return EmailConfirmation.objects.filter(
        user=user, address=user.email, asked_at__gt=timezone.now() - confirming.VALID
    ).exists()


def send_link(user: User, *, again: bool = False) -> None:
    """Sends a fresh link to the person's mail address; earlier ones are no good from then on.

    Raises AlreadyDone for an address that is confirmed, Refused when it is asked for too often.
    """
    now = timezone.now()
    with transaction.atomic():
        current = User.objects.select_for_update().get(pk=user.pk)
        if not current.email:
            raise Refused("还没有填邮箱")
        if current.has_confirmed_email:
            raise AlreadyDone("这个邮箱已经确认过，没有再发")
        sent = Notice.objects.filter(
            Q(recipient=current) | Q(sent_to=current.email), kind=NoticeKind.CONFIRM_EMAIL, created_at__gt=now - _DAY
        )
        if sent.count() >= DAILY_LINKS:
            raise Refused(f"确认邮件一天最多发 {DAILY_LINKS} 封，请明天再试；通知照样发短信，站内也能看")
        if again and sent.filter(created_at__gt=now - PAUSE).exists():
            raise AlreadyDone("确认邮件刚刚发过，请先到邮箱里找找，也看看垃圾邮件")
        EmailConfirmation.objects.filter(user=current).delete()
        EmailConfirmation.objects.create(user=current, address=current.email, asked_at=now)
        Notice.objects.create(
            recipient=current, kind=NoticeKind.CONFIRM_EMAIL, sent_to=current.email, created_at=now, next_attempt_at=now
        )


_DAY = timedelta(days=1)
BAD_LINK = "这个链接已经用过，或者过了时间。需要的话，请在“联系方式”里再发一封"


def asked_by(token: str, *, user: User) -> str:
    """The address that a link asks this person to confirm. Raises Refused for a link that is no good for them."""
    waiting = confirming.found(token)
    if waiting is None or waiting.user_id != user.pk or waiting.address != user.email:
        raise Refused(BAD_LINK)
    return waiting.address


def confirm(token: str, *, user: User) -> User:
    """The owner of the mailbox is who named it: from now on messages may go there. A link is good once.

    Raises Refused for a link that is no good, also when it was sent for somebody else's account.
    """
    with transaction.atomic():
        current = User.objects.select_for_update().get(pk=user.pk)
        asked_by(token, user=current)
        EmailConfirmation.objects.filter(user=current).delete()
        current.confirmed_email = current.email
        current.save(update_fields=["confirmed_email"])
    return current


def lost(user: User) -> list[str]:
    """The person's addresses at which nothing arrives."""
    return sorted(LostAddress.among([user.phone, user.email]))


def demo_link(user: User) -> str:
    """The page that the link in the mail leads to, where the demo sends no mail; empty when nothing waits."""
    waiting = EmailConfirmation.objects.filter(user=user, address=user.email).first()
    return f"{confirming.PAGE}{confirming.token_of(waiting)}/" if waiting is not None else ""


def problems(phone: str, email: str, contact_by: str) -> dict[str, str]:
    """What is wrong with them, by field."""
    phone, email = _plain(phone, email)
    errors: dict[str, str] = {}
    if phone and (wrong := problem(FIELDS["mobile"], phone, label="手机号", today=timezone.localdate())):
        errors["phone"] = wrong
    if email:
        try:
            validate_email(email)
        except ValidationError:
            errors["email"] = "邮箱写得不完整，应像 name@example.com"
    if contact_by not in ContactBy.values:
        errors["contact_by"] = "请选一种方式"
    elif contact_by == ContactBy.EMAIL and not email:
        errors.setdefault("email", "选了用邮件通知，请填邮箱")
    elif contact_by == ContactBy.SMS and not phone:
        errors.setdefault("phone", "选了用短信通知，请填手机号")
    return errors
