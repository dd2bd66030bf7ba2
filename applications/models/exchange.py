"""对接: keys of agencies' own systems, what they sent us, how their lines are, what reconciliation found.

Secrets are sealed with the server's key; messages are kept by digest, so that no personal data lies here twice.
"""

import base64
import secrets
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from agencies.models import Agency, Office, Posting
from applications.enums import DocumentStatus, ExportKind
from applications.models.dispatch import Dispatch
from applications.models.item_task import ItemTask
from applications.querysets import ExchangeKeyQuerySet, ExportQuerySet, ReconciliationQuerySet, TicketQuerySet
from portal.security.fields import SealedTextField


class ExchangeKey(models.Model):
    """One secret shared with an agency's system, both directions. Two may be active at once, so keys can be rotated.

    `office` empty: the key stands for every office of the agency.
    """

    kid = models.CharField("密钥编号", max_length=40, unique=True)
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="keys", verbose_name="部门")
    office = models.ForeignKey(
        Office, models.PROTECT, null=True, blank=True, related_name="keys", verbose_name="办理机构"
    )
    secret_base64 = SealedTextField("密钥", editable=False, bound_to="kid")
    created_at = models.DateTimeField("建立时间", default=timezone.now)
    expires_at = models.DateTimeField("到期时间", null=True, blank=True)
    revoked_at = models.DateTimeField("吊销时间", null=True, blank=True)
    last_used_at = models.DateTimeField("最近使用", null=True, blank=True)

    objects = ExchangeKeyQuerySet.as_manager()

    class Meta:
        verbose_name = "对接密钥"
        verbose_name_plural = "对接密钥"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.kid

    @property
    def secret(self) -> bytes:
        return base64.b64decode(self.secret_base64)

    @secret.setter
    def secret(self, value: bytes) -> None:
        self.secret_base64 = base64.b64encode(value).decode()

    @classmethod
    def issue(
        cls, *, agency: Agency, office: Office | None = None, secret: bytes | None = None, kid: str = ""
    ) -> "ExchangeKey":
        """A new key with 32 random bytes; show it once as `whsec_` and base64."""
        key = cls(kid=kid or f"{agency.code}-{secrets.token_hex(4)}", agency=agency, office=office)
        key.secret = secret or secrets.token_bytes(32)
        key.save()
        return key

    def covers(self, office: Office) -> bool:
        return self.agency_id == office.agency_id and self.office_id in (None, office.pk)


class OfficeLink(models.Model):
    """How a line to an office's own system is: after failures in a row it is left alone until a probe succeeds.

    A line is a system's address: items that go to another system of the office have a line of their own.
    """

    office = models.ForeignKey(Office, models.CASCADE, related_name="links", verbose_name="机构")
    endpoint = models.URLField("部门系统地址", blank=True)
    failures = models.PositiveIntegerField("连续失败", default=0)
    open_until = models.DateTimeField("暂停至", null=True, blank=True)
    disabled_reason = models.CharField("停用原因", max_length=200, blank=True)
    last_success_at = models.DateTimeField("最近成功", null=True, blank=True)
    last_failure_at = models.DateTimeField("最近失败", null=True, blank=True)

    class Meta:
        verbose_name = "对接线路"
        verbose_name_plural = "对接线路"
        constraints = [models.UniqueConstraint(fields=["office", "endpoint"], name="link_once_per_office_and_address")]

    def __str__(self) -> str:
        return str(self.office)

    def is_resting(self, now: datetime) -> bool:
        return self.open_until is not None and self.open_until > now


class InboundMessage(models.Model):
    """What an agency's system sent: stored with our answer, so that a repetition gets the first answer again."""

    key = models.ForeignKey(ExchangeKey, models.PROTECT, related_name="messages", verbose_name="密钥")
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="+", verbose_name="部门")
    message_id = models.CharField("消息标识", max_length=80)
    kind = models.CharField("类型", max_length=40, blank=True)
    task = models.ForeignKey(
        ItemTask, models.PROTECT, null=True, blank=True, related_name="messages", verbose_name="事项办理"
    )
    sequence = models.PositiveIntegerField("序号", null=True, blank=True)
    digest = models.CharField("摘要", max_length=64)
    handler = models.CharField("对方经办人", max_length=60, blank=True)
    outcome = models.CharField("处理", max_length=20, blank=True)
    status_code = models.PositiveSmallIntegerField("答复码", null=True, blank=True)
    answer = models.JSONField("答复", default=dict)
    received_at = models.DateTimeField("收到时间", default=timezone.now)

    class Meta:
        verbose_name = "部门来文"
        verbose_name_plural = "部门来文"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["agency", "message_id"], name="inbound_once_per_agency_and_id"),
        ]
        indexes = [models.Index(fields=["task", "sequence"], name="inbound_of_task")]

    def __str__(self) -> str:
        return f"{self.message_id} {self.kind}"


class Reconciliation(models.Model):
    """对账: what one day's comparison with one office gave; "无差异" is stored too."""

    office = models.ForeignKey(Office, models.PROTECT, related_name="reconciliations", verbose_name="机构")
    day = models.DateField("日期")
    sent = models.PositiveIntegerField("推送数", default=0)
    received = models.PositiveIntegerField("对方收到数", default=0)
    answered = models.PositiveIntegerField("已办结数", default=0)
    differences = models.PositiveIntegerField("差异数", default=0)
    note = models.CharField("说明", max_length=200, blank=True)
    run_at = models.DateTimeField("对账时间", default=timezone.now)

    objects = ReconciliationQuerySet.as_manager()

    class Meta:
        verbose_name = "对账记录"
        verbose_name_plural = "对账记录"
        ordering = ["-day", "office"]
        constraints = [models.UniqueConstraint(fields=["office", "day"], name="reconciliation_once_per_office_and_day")]

    def __str__(self) -> str:
        return f"{self.office} {self.day} 差异 {self.differences}"


class Ticket(models.Model):
    """待核对: something that does not agree, with a suggested action; open until a person or the facts close it."""

    fingerprint = models.CharField("标识", max_length=120)
    kind = models.CharField("种类", max_length=40)
    title = models.CharField("问题", max_length=200)
    suggestion = models.CharField("建议", max_length=200)
    office = models.ForeignKey(
        Office, models.PROTECT, null=True, blank=True, related_name="tickets", verbose_name="机构"
    )
    task = models.ForeignKey(
        ItemTask, models.PROTECT, null=True, blank=True, related_name="tickets", verbose_name="事项办理"
    )
    dispatch = models.ForeignKey(
        Dispatch, models.PROTECT, null=True, blank=True, related_name="tickets", verbose_name="推送记录"
    )
    opened_at = models.DateTimeField("发现时间", default=timezone.now)
    closed_at = models.DateTimeField("关闭时间", null=True, blank=True)
    closed_note = models.CharField("关闭说明", max_length=200, blank=True)

    objects = TicketQuerySet.as_manager()

    class Meta:
        verbose_name = "待核对问题"
        verbose_name_plural = "待核对问题"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["fingerprint"], condition=Q(closed_at__isnull=True), name="ticket_one_open_per_finding"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Heartbeat(models.Model):
    """When a queue was last rung and last heard: a worker that is alive and deaf is seen here."""

    queue = models.CharField("队列", max_length=60, primary_key=True)
    rung_at = models.DateTimeField("发出", null=True, blank=True)
    heard_at = models.DateTimeField("收到", null=True, blank=True)

    class Meta:
        verbose_name = "队列心跳"
        verbose_name_plural = "队列心跳"
        ordering = ["queue"]

    def __str__(self) -> str:
        return self.queue


class OperatorDeed(models.Model):
    """人工处理: what an operator did about the sending, or a clerk about an account, with the reason. Rows are added and never
    changed.
    """

    operator = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="经手人")
    deed = models.CharField("动作", max_length=40)
    note = models.CharField("原因", max_length=300)
    office = models.ForeignKey(Office, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="机构")
    dispatch = models.ForeignKey(
        Dispatch, models.CASCADE, null=True, blank=True, related_name="deeds", verbose_name="推送记录"
    )
    at = models.DateTimeField("时间", default=timezone.now)

    class Meta:
        verbose_name = "人工处理"
        verbose_name_plural = "人工处理"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.deed} {self.at:%Y-%m-%d %H:%M}"


class Export(models.Model):
    """导出: a file made by a worker for who asked for it, within what that person may see; thrown away after a while."""

    kind = models.CharField("种类", max_length=12, choices=ExportKind.choices)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="要求人")
    posting = models.ForeignKey(Posting, models.PROTECT, related_name="+", verbose_name="岗位")
    office = models.ForeignKey(Office, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="机构")
    options = models.JSONField("范围", default=dict, blank=True)
    status = models.CharField("状态", max_length=12, choices=DocumentStatus.choices, default=DocumentStatus.REQUESTED)
    file = models.FileField("文件", upload_to="exports/%Y/%m/", blank=True)
    name = models.CharField("文件名", max_length=120, blank=True)
    rows = models.PositiveIntegerField("行数", default=0)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)
    attempts = models.PositiveSmallIntegerField("尝试次数", default=0)
    error = models.CharField("错误", max_length=300, blank=True)
    next_attempt_at = models.DateTimeField("下次生成", default=timezone.now)
    published_at = models.DateTimeField("交给队列", null=True, blank=True)
    requested_at = models.DateTimeField("要求时间", default=timezone.now)
    made_at = models.DateTimeField("生成时间", null=True, blank=True)

    objects = ExportQuerySet.as_manager()

    class Meta:
        verbose_name = "导出"
        verbose_name_plural = "导出"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.requested_at:%Y-%m-%d %H:%M}"
