"""通知: written in the caller's transaction, sent by a worker through a gateway; a text names neither person nor result.

`write` is the caller's side and belongs into the services' transactions. `send` and `bounced` are the worker's. A
person is told the way they chose; when that way fails for good, the other one is taken, and both outcomes are kept.
"""

import logging
import time
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.module_loading import import_string

from agencies.enums import Role
from agencies.fields import FIELDS
from agencies.gateways.base import Answer, Ending
from agencies.models import Office, Posting
from applications import confirming, watchdog
from applications.enums import FOR_STAFF, TO_ADDRESS_BEFORE, NoticeKind, NoticeStatus
from applications.models import Application, ItemTask, LostAddress, Notice
from applications.registration import Answers
from applications.senders import Sender, Text
from portal.accounts.masking import masked
from portal.accounts.models import ContactBy, User

logger = logging.getLogger(__name__)

# Texts of news per address and day. What a person must act on or can contest is always sent.
DAILY_LIMIT = 5
_NEWS = frozenset({NoticeKind.SUBMITTED, NoticeKind.PROGRESS})
MAX_ATTEMPTS = 6
# News of one case within this time is one text: five offices that accept in a minute are one 有新进展.
GATHERING = timedelta(minutes=3)
# A mail as a whole may take EMAIL_TOTAL_SECONDS; what takes longer hangs.
SEND_SECONDS = 60
# A way on which one message was waited for so long, in vain, is left alone for a while.
STALLED_SECONDS = 8.0
STALLED_PAUSE = timedelta(minutes=1)

_REMINDERS = uuid.UUID("6f3c9a52-2f0e-4b7c-9f57-1f6c5c0d2b11")

# The one mail that carries a link; all others are told by a number.
CONFIRM_TEXT = (
    "有人在本平台登记用这个邮箱收通知。是您登记的，请在 3 天内打开下面的链接，登录后确认：{link}\n"
    "不是您登记的，不用理会，不会再给您发信。"
)
TEXTS = {
    NoticeKind.FORM_CHANGED: "您的办件{number}登记表里的银行账号或联系电话改了。不是您改的，请马上联系综合窗口。",
    NoticeKind.CONTACT_CHANGED: "您在本平台的联系方式改了，以后的消息不再发到这里。不是您改的，请马上登录改密码，或带身份证到综合窗口。",
    NoticeKind.SUBMITTED: "您的登记表已提交，办件编号{number}。办理进度请登录平台查看。",
    NoticeKind.CORRECTION: "您的办件{number}需要补正，请登录平台查看并在期限内补交。",
    NoticeKind.IN_PERSON: "您的办件{number}有一件事需要您本人到场，时间和地点请登录平台查看。",
    NoticeKind.PRE_RETURNED: "您的登记表{number}预审时发现要改的地方，请登录平台修改后再提交。",
    NoticeKind.VISIT_REMINDER: "您的办件{number}约好明天到场，时间、地点和要带的材料请登录平台查看。",
    NoticeKind.PROGRESS: "您的办件{number}有新进展，请登录平台查看。",
    NoticeKind.DECISION: "您的办件{number}有一件事作出了决定，理由和您可以怎么做，请登录平台查看。",
    NoticeKind.CLOSED: "您的办件{number}已全部办结，请登录平台查看结果。",
    NoticeKind.OFFICE_SILENT: "办件{number}有一件事到期没有答复，按规定视为受理，请登录平台尽快办理。",
    NoticeKind.ANSWERED: "您在窗口反映的问题（编号{number}）有了答复，请带编号到综合窗口看答复。",
    NoticeKind.REPORTING: "您的办件{number}有一件事要在期限内办，最后一天和它的出处请登录平台查看。",
    NoticeKind.FORM_ENDS: "您有一份登记表一直没有提交，一周以后会删掉。要办请登录平台接着填。",
    NoticeKind.REPORT_MISSED: "办件{number}有一件事过了本人要办的期限，请登录平台查看并联系本人。",
    NoticeKind.DUE_SOON: "办件{number}快到期，请登录平台查看并按时办理。",
    NoticeKind.OVERDUE: "办件{number}已超期，请登录平台查看并督促办理。",
}
# Of a case that was typed at a window, to a person who cannot sign in.
TEXTS_WITHOUT_ACCOUNT = {
    NoticeKind.SUBMITTED: "您的登记表已提交，办件编号{number}。进度请凭申请回执上的校验码在平台“查进度”看。",
    NoticeKind.CORRECTION: "您的办件{number}需要补正，请凭申请回执上的校验码在平台“查进度”看，按期到窗口补。",
    NoticeKind.IN_PERSON: "您的办件{number}有一件事要您本人到场，请凭申请回执上的校验码在平台“查进度”看。",
    NoticeKind.PRE_RETURNED: "您的登记表{number}预审时发现要改的地方，请带身份证到综合窗口改好再交。",
    NoticeKind.VISIT_REMINDER: "您的办件{number}约好明天到场，请凭申请回执上的校验码在平台“查进度”看。",
    NoticeKind.PROGRESS: "您的办件{number}有新进展，请凭申请回执上的校验码在平台“查进度”看。",
    NoticeKind.DECISION: "您的办件{number}有一件事作出了决定，理由和您可以怎么做，请带身份证到窗口看。",
    NoticeKind.CLOSED: "您的办件{number}已全部办结，请凭申请回执上的校验码在平台“查进度”看。",
    NoticeKind.REPORTING: "您的办件{number}有一件事要在期限内办，最后一天和它的出处请问综合窗口。",
}


# -- the caller's side -------------------------------------------------------------------------------------------------


def write(
    application: Application, kind: NoticeKind, *, details: Iterable[str] = (), at: datetime | None = None
) -> Notice | None:
    """One message to the case's applicant, also when it was typed at a window; None when nobody can be reached.

    News waits a little and takes up what follows; the closing message takes up the news that still waits.
    """
    at = at or timezone.now()
    if application.applicant_id is None and not application.answers.get("mobile"):
        return None
    details = list(details)
    waiting = _gathering(application, at) if kind in (NoticeKind.PROGRESS, NoticeKind.CLOSED) else None
    if waiting is not None:
        details = [*waiting.details, *details]
        if kind == NoticeKind.PROGRESS:
            waiting.details = details
            waiting.save(update_fields=["details"])
            return waiting
        waiting.delete()
    return Notice.objects.create(
        application=application,
        recipient_id=application.applicant_id,
        kind=kind,
        details=details,
        created_at=at,
        next_attempt_at=at + (GATHERING if kind == NoticeKind.PROGRESS else timedelta()),
    )


def write_to_phone(phone: str, kind: NoticeKind, *, about: str, at: datetime) -> Notice:
    """One message to a person who has neither an account nor a case, about the number that they took home."""
    return Notice.objects.create(kind=kind, sent_to=phone, details=[about], created_at=at, next_attempt_at=at)


def tell_earlier(user: User, *, phone: str, mailbox: str, at: datetime) -> None:
    """An address that is not used any more gets one last message: whoever took the account over is noticed."""
    for way, earlier, now, what in (
        (ContactBy.SMS, phone, user.phone, "手机号"),
        (ContactBy.EMAIL, mailbox, user.email, "邮箱"),
    ):
        if earlier and earlier != now:
            words = f"{what} {masked(earlier)} 不再收通知。不是您改的，请马上改密码，并告诉综合窗口"
            Notice.objects.create(
                recipient=user, kind=NoticeKind.CONTACT_CHANGED, channel=way, sent_to=earlier, details=[words],
                created_at=at, next_attempt_at=at,
            )  # fmt: skip


# Where money and messages go to: whoever changes one of these in a form that was handed in is noticed (D-16).
_WATCHED = ("account", "mobile")


def tell_phone_before(application: Application, before: Answers, *, at: datetime) -> Notice | None:
    """Another account or phone in a form that was handed in is told to the phone that stood there before."""
    changed = [code for code in _WATCHED if before.get(code) and before[code] != application.answers.get(code)]
    phone = str(before.get("mobile") or "")
    if not changed or not phone:
        return None
    words = f"登记表的{'、'.join(FIELDS[code].label for code in changed)}改了。不是您改的，请马上联系综合窗口，并改密码"
    return Notice.objects.create(
        application=application, recipient_id=application.applicant_id, kind=NoticeKind.FORM_CHANGED,
        channel=ContactBy.SMS, sent_to=phone, details=[words], created_at=at, next_attempt_at=at,
    )  # fmt: skip


def tell(task: ItemTask, kind: NoticeKind, words: str, *, at: datetime | None = None) -> Notice | None:
    """A message about one item; on the site it says what happened at which office."""
    return write(task.application, kind, details=[f"{task.spec.title}：{task.office}{words}"], at=at)


def _gathering(application: Application, at: datetime) -> Notice | None:
    """The case's news that nobody has begun to send and that still takes up more."""
    return (
        Notice.objects.select_for_update()
        .filter(
            application=application,
            recipient_id=application.applicant_id,
            kind=NoticeKind.PROGRESS,
            status=NoticeStatus.PENDING,
            attempts=0,
            created_at__lte=at,
            next_attempt_at__gt=at,
        )
        .last()
    )


def warn_heads(task: ItemTask, *, at: datetime | None = None) -> list[Notice]:
    """To those who answer for an office: its approvers, or where it has none the supervisors of its place."""
    at = at or timezone.now()
    return Notice.objects.bulk_create(
        Notice(
            application=task.application, recipient=head, kind=NoticeKind.OFFICE_SILENT,
            details=[f"{task.spec.title}：{task.office}到期没有答复，视为受理"], created_at=at, next_attempt_at=at,
        )
        for head in heads_of(task.office)
    )  # fmt: skip


def heads_of(office: Office) -> list[User]:
    postings = Posting.objects.in_force().select_related("user").order_by("user_id")
    heads = postings.filter(role=Role.APPROVER, office=office)
    if not heads:
        heads = postings.filter(role=Role.SUPERVISOR, region__in=[place.pk for place in office.region.lineage()])
    return list({posting.user_id: posting.user for posting in heads}.values())


def remind(
    kind: NoticeKind,
    *,
    occasion: str,
    recipient: User | None,
    application: Application | None = None,
    details: Iterable[str],
    at: datetime,
) -> bool:
    """A message of a job that may run twice: one per occasion, since the occasion makes the key. True if it is new."""
    key = _key_of(kind, occasion, recipient, application)
    if Notice.objects.filter(key=key).exists():
        return False
    notice = Notice(
        key=key, application=application, recipient=recipient, kind=kind, details=list(details), created_at=at,
        next_attempt_at=at,
    )  # fmt: skip
    Notice.objects.bulk_create([notice], ignore_conflicts=True)
    return True


def reminded_at(kind: NoticeKind, *, occasion: str, recipient: User | None) -> datetime | None:
    """When a person was reminded of an occasion; None if they were not."""
    rows = Notice.objects.filter(key=_key_of(kind, occasion, recipient, None))
    return rows.values_list("created_at", flat=True).first()


def _key_of(kind: NoticeKind, occasion: str, recipient: User | None, application: Application | None) -> uuid.UUID:
    who = recipient.pk if recipient else application.pk if application else ""
    return uuid.uuid5(_REMINDERS, f"{kind}:{occasion}:{who}")


def mark_read(rows: Iterable[Notice]) -> None:
    """What a person has seen on the site is no longer new."""
    fresh = [notice.pk for notice in rows if notice.read_at is None]
    if fresh:
        Notice.objects.filter(pk__in=fresh, read_at=None).update(read_at=timezone.now())


def text_of(notice: Notice) -> str:
    """What is sent."""
    if notice.kind == NoticeKind.CONFIRM_EMAIL:
        return CONFIRM_TEXT.format(link=confirming.link_of(notice))
    kind = NoticeKind(notice.kind)
    has_account = notice.recipient_id is not None or notice.application is None
    text = TEXTS[kind] if has_account else TEXTS_WITHOUT_ACCOUNT.get(kind, TEXTS[kind])
    return text.format(number=number_of(notice))


def listed_text(notice: Notice) -> str:
    """What staff see of it: a link that is good for its owner alone is not shown to anybody else."""
    if notice.kind == NoticeKind.CONFIRM_EMAIL:
        return CONFIRM_TEXT.format(link="（链接只在信里）")
    return text_of(notice)


def number_of(notice: Notice) -> str:
    """The case's number; for a form that was not sent, or for several cases, what stands in its place."""
    if notice.application is not None:
        return notice.application.number
    if notice.kind == NoticeKind.ANSWERED:
        return str(notice.details[0])
    if notice.kind == NoticeKind.CONTACT_CHANGED:
        return ""
    return f"（{len(notice.details)} 件）" if notice.kind in FOR_STAFF else "（尚未提交）"


def for_posting(posting: Posting) -> QuerySet[Notice]:
    """The messages about the cases that a member of staff may see, the newest first; what is about none is of no place."""
    cases = Application.objects.for_posting(posting)
    seen = Q(application__in=cases.values("pk"))
    if posting.role == Role.ADMINISTRATOR and posting.region is None:
        seen |= Q(application=None)
    rows = Notice.objects.filter(seen)
    return rows.select_related("application", "recipient").order_by("-id")


def undelivered(application: Application) -> Notice | None:
    """The case's last message, if it reached nobody: somebody should call instead."""
    last = Notice.objects.filter(application=application).exclude(kind__in=FOR_STAFF | TO_ADDRESS_BEFORE)
    last = last.exclude(status__in=[NoticeStatus.PENDING, NoticeStatus.HELD_BACK])
    notice = last.order_by("-id").first()
    is_lost = notice is not None and notice.status in (NoticeStatus.BOUNCED, NoticeStatus.FAILED)
    return notice if is_lost else None


# -- the worker's side -------------------------------------------------------------------------------------------------


def send(notice_ids: Iterable[int]) -> int:
    """Sends what is still pending; one failing row stops no other. Returns how many were sent.

    A way on which one message was waited for in vain is left alone until the next bell: a mail server that hangs keeps no
    text to a phone waiting.
    """
    sent = 0
    stalled: set[str] = set()
    for notice_id in notice_ids:
        try:
            sent += _send_one(notice_id, stalled)
        except Exception as error:
            logger.warning("notice %s failed: %s", notice_id, type(error).__name__)
            _again(notice_id, Answer(Ending.PASSING, type(error).__name__))
    return sent


def _send_one(notice_id: int, stalled: set[str]) -> bool:
    """Claims by pushing the next try away, so a second worker finds nothing to do; the key lets a gateway tell repeats."""
    now = timezone.now()
    claimed = Notice.objects.filter(pk=notice_id, status=NoticeStatus.PENDING, next_attempt_at__lte=now).update(
        next_attempt_at=now + timedelta(minutes=5), attempts=F("attempts") + 1
    )
    if not claimed:
        return False
    if _apply_bounce(notice_id):
        return False
    notice = Notice.objects.select_related("application", "recipient").get(pk=notice_id)
    way = next(iter(_ways(notice)), None)
    if way is None:
        return _end(notice, *_nobody_reached(notice))
    if way[0] in stalled:
        return _put_off(notice)
    notice.channel, notice.sent_to = way
    notice.save(update_fields=["channel", "sent_to", "sent_to_index"])
    if _is_over_the_limit(notice):
        return _end(notice, NoticeStatus.HELD_BACK, f"当日已发 {DAILY_LIMIT} 条，站内可看")
    text = Text(str(notice.key), notice.sent_to, settings.SERVICE_NAME, text_of(notice))
    begun = time.monotonic()
    answer = _tried(_gateway(notice.channel), text)
    is_taken = answer.ending in (Ending.DELIVERED, Ending.SENT)
    if not is_taken and time.monotonic() - begun > STALLED_SECONDS:
        stalled.add(notice.channel)
    if is_taken:
        return _end(notice, NoticeStatus.SENT, answer.detail) and not _apply_bounce(notice.pk)
    if answer.ending in (Ending.LASTING, Ending.CONFIGURATION):
        return _give_up_way(notice, answer)
    _again(notice.pk, answer)
    return False


def _tried(gateway: Sender, text: Text) -> Answer:
    """One try, which has been counted. A gateway of a place's own may know no time-out: then the worker ends itself."""
    try:
        with watchdog.ended_after(SEND_SECONDS):
            return gateway.send(text)
    except Exception as error:  # a gateway of a place's own may raise whatever it likes
        logger.warning("gateway failed: %s", type(error).__name__)
        return Answer(Ending.PASSING, type(error).__name__)


def _put_off(notice: Notice) -> bool:
    """Not a try: its way rests."""
    Notice.objects.filter(pk=notice.pk).update(
        attempts=F("attempts") - 1, published_at=None, next_attempt_at=timezone.now() + STALLED_PAUSE
    )
    return False


def _gateway(channel: str) -> Sender:
    gateway: Sender = import_string(settings.NOTICE_GATEWAYS[channel])()
    return gateway


def _ways(notice: Notice) -> list[tuple[str, str]]:
    """(way, address) still open for this message, the one the person chose first. An address that sent back is none."""
    person = notice.recipient
    if notice.kind == NoticeKind.CONFIRM_EMAIL:
        return _way_to_confirm(notice)
    if notice.kind in TO_ADDRESS_BEFORE or notice.kind == NoticeKind.ANSWERED:
        return _way_to_one_address(notice)
    case = None if notice.kind in FOR_STAFF else notice.application
    of_form = str(case.answers.get("mobile") or "") if case else ""
    phone = (person.phone if person else "") or of_form
    addresses = {ContactBy.SMS: phone, ContactBy.EMAIL: _mailbox(person)}
    order = sorted(ContactBy, key=lambda way: person is not None and way != person.contact_by)
    tried = {entry["channel"] for entry in notice.given_up}
    lost = LostAddress.among(addresses.values())
    return [
        (way.value, addresses[way])
        for way in order
        if addresses[way] and settings.NOTICE_GATEWAYS.get(way) and way not in tried and addresses[way] not in lost
    ]


def _way_to_one_address(notice: Notice) -> list[tuple[str, str]]:
    """The address that was named when the message was written, and no other."""
    way = notice.channel or ContactBy.SMS.value
    is_lost = notice.kind in TO_ADDRESS_BEFORE and bool(LostAddress.among([notice.sent_to]))
    is_open = settings.NOTICE_GATEWAYS.get(way) and not notice.given_up and not is_lost
    return [(way, notice.sent_to)] if is_open else []


def _mailbox(person: User | None) -> str:
    """Only an address that its owner confirmed: a slip of the pen must not send a case's number to a stranger."""
    return person.email if person is not None and person.has_confirmed_email else ""


def _way_to_confirm(notice: Notice) -> list[tuple[str, str]]:
    """The mailbox itself, while it is still to be confirmed; nothing else can stand in for it."""
    is_tried = bool(notice.given_up) or not settings.NOTICE_GATEWAYS.get(ContactBy.EMAIL)
    if is_tried or confirming.waiting_for(notice) is None:
        return []
    return [(ContactBy.EMAIL.value, notice.sent_to)]


def _nobody_reached(notice: Notice) -> tuple[NoticeStatus, str]:
    if notice.kind in TO_ADDRESS_BEFORE:
        return NoticeStatus.HELD_BACK, "原来的号码或邮箱送不到"
    if notice.given_up:
        words = "、".join(f"{ContactBy(entry['channel']).label}：{entry['detail']}" for entry in notice.given_up)
        return NoticeStatus.BOUNCED, words
    if notice.kind == NoticeKind.CONFIRM_EMAIL:
        return NoticeStatus.HELD_BACK, "邮箱已经确认或改掉，不用再发"
    person = notice.recipient
    if notice.kind in FOR_STAFF and person is not None and not person.phone and not person.has_confirmed_email:
        return NoticeStatus.HELD_BACK, "没有手机号和确认过的邮箱，站内可看"
    if person is not None and person.email and not person.has_confirmed_email:
        return NoticeStatus.BOUNCED, "没有能送到的手机号，邮箱还没有确认，请电话或当面告知"
    return NoticeStatus.BOUNCED, "没有能送到的手机号或邮箱，请电话或当面告知"


def _is_over_the_limit(notice: Notice) -> bool:
    if notice.kind not in _NEWS:
        return False
    today = Notice.objects.filter(sent_to=notice.sent_to, status=NoticeStatus.SENT, sent_at__date=timezone.localdate())
    return today.count() >= DAILY_LIMIT


def _end(notice: Notice, status: NoticeStatus, outcome: str) -> bool:
    """Ends the sending; says whether it was sent."""
    is_sent = status == NoticeStatus.SENT
    now = timezone.now() if is_sent else None
    Notice.objects.filter(pk=notice.pk).update(status=status, outcome=outcome[:200], sent_at=now)
    return is_sent


def _give_up_way(notice: Notice, answer: Answer) -> bool:
    """This way will not work; the other one is tried at once, and when there is none somebody must call."""
    with transaction.atomic():
        current = (
            Notice.objects.select_for_update(of=("self",)).select_related("application", "recipient").get(pk=notice.pk)
        )
        current.given_up = [*current.given_up, _entry(current, answer)]
        if answer.ending == Ending.LASTING:
            LostAddress.note(current.sent_to, answer.detail)
        current.outcome, current.attempts, current.published_at = answer.detail[:200], 0, None
        current.next_attempt_at, current.status, current.sent_at = timezone.now(), NoticeStatus.PENDING, None
        if not _ways(current):
            current.status, words = _nobody_reached(current)
            current.outcome = words[:200]
        current.save()
    return False


def _entry(notice: Notice, answer: Answer) -> dict[str, str]:
    return {
        "channel": notice.channel,
        "sent_to": notice.sent_to,
        "ending": answer.ending,
        "detail": answer.detail,
        "at": timezone.now().isoformat(),
    }


def _again(notice_id: int, answer: Answer) -> None:
    """A passing failure: later again, up to the cap; then the other way."""
    if _apply_bounce(notice_id):
        return
    with transaction.atomic():
        notice = (
            Notice.objects.select_for_update(of=("self",)).select_related("application", "recipient").get(pk=notice_id)
        )
        if notice.attempts >= MAX_ATTEMPTS:
            if notice.channel and len(_ways(notice)) > 1:
                _give_up_way(notice, answer)
                return
            notice.status = NoticeStatus.FAILED
        notice.outcome, notice.published_at = answer.detail[:200], None
        notice.next_attempt_at = timezone.now() + timedelta(seconds=10 * 3 ** min(notice.attempts, 6))
        notice.save(update_fields=["outcome", "published_at", "next_attempt_at", "status"])


def bounced(key: str, reason: str) -> bool:
    """A message came back: the other way is tried; False when it is unknown or was told before (A21).

    A mail server can be quicker than we are: what comes back before the sending is noted is kept until then. So it is also
    applied when the sender died in between, instead of sending to that address once more.
    """
    with transaction.atomic():
        notice = Notice.objects.select_for_update().filter(key=key).first()
        if notice is None or notice.bounce or _is_given_up(notice, ContactBy.EMAIL):
            return False
        if notice.status == NoticeStatus.SENT:
            _give_up_way(notice, Answer(Ending.LASTING, reason))
            return True
        is_on_its_way = notice.status == NoticeStatus.PENDING and notice.channel == ContactBy.EMAIL
        if is_on_its_way:
            Notice.objects.filter(pk=notice.pk).update(bounce=reason[:200])
    return is_on_its_way


def _is_given_up(notice: Notice, channel: str) -> bool:
    return channel in {entry["channel"] for entry in notice.given_up}


def _apply_bounce(notice_id: int) -> bool:
    """What came back before its sending was noted; True if there was such."""
    with transaction.atomic():
        notice = Notice.objects.select_for_update().get(pk=notice_id)
        if not notice.bounce:
            return False
        Notice.objects.filter(pk=notice_id).update(bounce="")
        _give_up_way(notice, Answer(Ending.LASTING, notice.bounce))
    return True
