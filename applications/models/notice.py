"""通知: messages to people, written in the caller's transaction and sent later through a gateway."""

import uuid

from django.db import models
from django.utils import timezone

from applications.enums import NoticeKind, NoticeStatus
from applications.models.application import Application
from portal.accounts.models import User


class Notice(models.Model):
    """One message to one person. The text is made from the kind and the case's number alone: no name, no result."""

    key = models.UUIDField("标识", default=uuid.uuid4, unique=True, editable=False)
    application = models.ForeignKey(Application, models.CASCADE, related_name="notices", verbose_name="办件")
    recipient = models.ForeignKey(
        User, models.CASCADE, null=True, blank=True, related_name="notices", verbose_name="收件人"
    )
    kind = models.CharField("种类", max_length=30, choices=NoticeKind.choices)
    status = models.CharField("状态", max_length=12, choices=NoticeStatus.choices, default=NoticeStatus.PENDING)
    attempts = models.PositiveSmallIntegerField("尝试次数", default=0)
    next_attempt_at = models.DateTimeField("下次发送", default=timezone.now)
    published_at = models.DateTimeField("交给队列", null=True, blank=True)
    outcome = models.CharField("结果", max_length=200, blank=True)
    created_at = models.DateTimeField("产生时间", default=timezone.now)
    sent_at = models.DateTimeField("发送时间", null=True, blank=True)

    class Meta:
        verbose_name = "通知"
        verbose_name_plural = "通知"
        ordering = ["id"]
        indexes = [
            models.Index(fields=["next_attempt_at", "id"], condition=models.Q(status="pending"), name="notice_to_send"),
        ]

    def __str__(self) -> str:
        return f"{self.application_id} {self.get_kind_display()}"
