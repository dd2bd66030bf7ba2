"""通知: messages to people, written in the caller's transaction and sent later through a gateway."""

import uuid
from collections.abc import Iterable

from django.db import models
from django.utils import timezone

from applications.enums import NoticeKind, NoticeStatus
from applications.models.application import Application
from applications.querysets import NoticeQuerySet
from portal.accounts.masking import masked
from portal.accounts.models import ContactBy, User
from portal.security import crypto
from portal.security.fields import BlindIndexField, SealedJSONField, SealedTextField


class Notice(models.Model):
    """One message to one person: read on the site, and sent out as a text that names no person and no result.

    Without `application` it is about a form that was not sent yet, or about several cases of an officer. `details` are sentences for the person's own page alone. A case without an account is told on the phone of its form.
    """

    key = models.UUIDField("标识", default=uuid.uuid4, unique=True, editable=False)
    application = models.ForeignKey(
        Application, models.CASCADE, null=True, blank=True, related_name="notices", verbose_name="办件"
    )
    recipient = models.ForeignKey(
        User, models.CASCADE, null=True, blank=True, related_name="notices", verbose_name="收件人"
    )
    kind = models.CharField("种类", max_length=30, choices=NoticeKind.choices)
    details = models.JSONField("站内说明", default=list, blank=True)
    status = models.CharField("状态", max_length=12, choices=NoticeStatus.choices, default=NoticeStatus.PENDING)
    channel = models.CharField("方式", max_length=8, choices=ContactBy.choices, blank=True)
    sent_to = SealedTextField("发到", max_length=254, blank=True, bound_to="key")
    sent_to_index = BlindIndexField("发到索引", of="sent_to")
    # Every way that was tried and given up: {"channel": …, "sent_to": …, "ending": …, "detail": …, "at": …}.
    given_up = SealedJSONField("没有成功的方式", default=list, blank=True, bound_to="key")
    # What a mail server said of the message before its sending was noted here; applied as soon as that is.
    bounce = models.CharField("先到的退信", max_length=200, blank=True)
    attempts = models.PositiveSmallIntegerField("尝试次数", default=0)
    next_attempt_at = models.DateTimeField("下次发送", default=timezone.now)
    published_at = models.DateTimeField("交给队列", null=True, blank=True)
    outcome = models.CharField("结果", max_length=200, blank=True)
    created_at = models.DateTimeField("产生时间", default=timezone.now)
    sent_at = models.DateTimeField("发送时间", null=True, blank=True)
    read_at = models.DateTimeField("站内已读", null=True, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = "通知"
        verbose_name_plural = "通知"
        ordering = ["id"]
        indexes = [
            models.Index(fields=["next_attempt_at", "id"], condition=models.Q(status="pending"), name="notice_to_send"),
            models.Index(fields=["created_at"], condition=~models.Q(status="sent"), name="notice_not_sent"),
            models.Index(fields=["recipient", "-id"], name="notice_of_person"),
            models.Index(fields=["sent_to_index", "sent_at"], name="notice_to_address"),
        ]

    def __str__(self) -> str:
        return f"{self.application_id} {self.get_kind_display()}"


class LostAddress(models.Model):
    """A phone number or mail address at which nothing arrives; gone again when its owner says that it is right.

    The address itself is not kept: it is known again by its keyed hash.
    """

    address_index = models.CharField("号码或邮箱索引", max_length=64, unique=True)
    shown = models.CharField("号码或邮箱", max_length=254)
    reason = models.CharField("原因", max_length=200, blank=True)
    since = models.DateTimeField("起", default=timezone.now)

    class Meta:
        verbose_name = "送不到的联系方式"
        verbose_name_plural = "送不到的联系方式"

    def __str__(self) -> str:
        return self.shown

    @classmethod
    def note(cls, address: str, reason: str = "") -> None:
        cls.objects.get_or_create(
            address_index=lost_index(address), defaults={"shown": masked(address), "reason": reason[:200]}
        )

    @classmethod
    def among(cls, addresses: Iterable[str]) -> set[str]:
        """Those of the addresses at which nothing arrives."""
        by_index = {lost_index(address): address for address in addresses if address}
        found = cls.objects.filter(address_index__in=by_index).values_list("address_index", flat=True)
        return {by_index[index] for index in found}

    @classmethod
    def forget(cls, addresses: Iterable[str]) -> None:
        cls.objects.filter(address_index__in=[lost_index(address) for address in addresses if address]).delete()


def lost_index(address: str) -> str:
    return crypto.index_of(address, "lost_address")


class EmailConfirmation(models.Model):
    """A mail address that waits for its owner to open the link in the mail. One per person: a new link replaces the old,
    and a used one is gone.
    """

    user = models.OneToOneField(User, models.CASCADE, related_name="+", verbose_name="本人")
    key = models.UUIDField("标识", default=uuid.uuid4, unique=True, editable=False)
    address = models.EmailField("邮箱")
    asked_at = models.DateTimeField("发出时间", default=timezone.now)

    class Meta:
        verbose_name = "待确认的邮箱"
        verbose_name_plural = "待确认的邮箱"

    def __str__(self) -> str:
        return masked(self.address)
