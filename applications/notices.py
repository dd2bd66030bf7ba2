"""通知: written in the caller's transaction, sent by a worker through a gateway; a text names neither person nor result.

`write` is the caller's side and belongs into the services' transactions. `send` is the worker's.
"""

import logging
from collections.abc import Iterable
from datetime import timedelta
from typing import Protocol

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.module_loading import import_string

from agencies.models import Posting
from applications.enums import NoticeKind, NoticeStatus
from applications.models import Application, Notice

logger = logging.getLogger(__name__)

DAILY_LIMIT = 5
MAX_ATTEMPTS = 6

TEXTS = {
    NoticeKind.SUBMITTED: "您的登记表已提交，办件编号{number}。办理进度请登录平台查看。",
    NoticeKind.CORRECTION: "您的办件{number}需要补正，请登录平台查看并在期限内补交。",
    NoticeKind.PROGRESS: "您的办件{number}有新进展，请登录平台查看。",
    NoticeKind.CLOSED: "您的办件{number}已全部办结，请登录平台查看结果。",
}


class Sender(Protocol):
    def __call__(self, phone: str, text: str, key: str) -> str: ...


def in_site(phone: str, text: str, key: str) -> str:
    """The demo's gateway: nothing leaves the machine; the console shows what would have been sent."""
    return "演示：未真正发出，可在控制台查看"


def write(application: Application, kind: NoticeKind) -> Notice | None:
    """One message to the case's applicant; None when the case has no account to write to."""
    if application.applicant_id is None:
        return None
    return Notice.objects.create(application=application, recipient_id=application.applicant_id, kind=kind)


def text_of(notice: Notice) -> str:
    return TEXTS[NoticeKind(notice.kind)].format(number=notice.application.number)


def for_posting(posting: Posting) -> QuerySet[Notice]:
    """The messages about the cases that a member of staff may see, the newest first."""
    cases = Application.objects.for_posting(posting)
    rows = Notice.objects.filter(application__in=cases.values("pk"))
    return rows.select_related("application", "recipient").order_by("-id")


def send(notice_ids: Iterable[int]) -> int:
    """Sends what is still pending; one failing row stops no other. Returns how many were sent."""
    sender: Sender = import_string(settings.NOTICE_SENDER)
    sent = 0
    for notice_id in notice_ids:
        try:
            sent += _send_one(notice_id, sender)
        except Exception as error:
            logger.warning("notice %s failed: %s", notice_id, type(error).__name__)
            _fail(notice_id, type(error).__name__)
    return sent


def _send_one(notice_id: int, sender: Sender) -> bool:
    """Claims by pushing the next try away, so a second worker finds nothing to do; the key lets a gateway tell repeats."""
    now = timezone.now()
    claimed = Notice.objects.filter(pk=notice_id, status=NoticeStatus.PENDING, next_attempt_at__lte=now).update(
        next_attempt_at=now + timedelta(minutes=5), attempts=F("attempts") + 1
    )
    if not claimed:
        return False
    notice = Notice.objects.select_related("application", "recipient").get(pk=notice_id)
    if notice.recipient is None or _is_over_the_limit(notice):
        return bool(_end(notice, NoticeStatus.HELD_BACK, "当日短信已达上限，站内可看"))
    outcome = sender(notice.recipient.phone, text_of(notice), str(notice.key))
    _end(notice, NoticeStatus.SENT, outcome)
    return True


def _is_over_the_limit(notice: Notice) -> bool:
    today = Notice.objects.filter(
        recipient=notice.recipient, status=NoticeStatus.SENT, sent_at__date=timezone.localdate()
    )
    return today.count() >= DAILY_LIMIT


def _end(notice: Notice, status: NoticeStatus, outcome: str) -> int:
    now = timezone.now() if status == NoticeStatus.SENT else None
    Notice.objects.filter(pk=notice.pk).update(status=status, outcome=outcome[:200], sent_at=now)
    return 0


def _fail(notice_id: int, reason: str) -> None:
    with transaction.atomic():
        notice = Notice.objects.select_for_update().get(pk=notice_id)
        notice.outcome, notice.published_at = reason, None
        notice.next_attempt_at = timezone.now() + timedelta(seconds=10 * 3 ** min(notice.attempts, 6))
        if notice.attempts >= MAX_ATTEMPTS:
            notice.status = NoticeStatus.FAILED
        notice.save(update_fields=["outcome", "published_at", "next_attempt_at", "status"])
