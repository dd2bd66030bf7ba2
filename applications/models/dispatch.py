"""推送记录: the outbox row and the record of what an agency was given. Written in the transaction that causes it."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from agencies.enums import GatewayKind
from agencies.models import Office
from applications.enums import DispatchKind, DispatchStatus, Outcome
from applications.models.item_task import ItemTask
from applications.querysets import DispatchQuerySet
from portal.security.fields import SealedJSONField


class Holder(models.Model):
    """持有方: a system outside this portal that has a task, or may have it, whatever the office's way is by now.

    It is noted before a message leaves; who has a task is told when it is withdrawn, ended, or worked on elsewhere.
    `told_at`: when that word was written; empty again when the task goes there anew.
    """

    task = models.ForeignKey(ItemTask, models.CASCADE, related_name="holders", verbose_name="事项办理")
    office = models.ForeignKey(Office, models.PROTECT, related_name="+", verbose_name="办理机构")
    gateway = models.CharField("推送方式", max_length=10, choices=GatewayKind.choices)
    endpoint = models.URLField("部门系统地址", blank=True)
    since = models.DateTimeField("起", default=timezone.now)
    told_at = models.DateTimeField("已告知不用再办", null=True, blank=True)

    class Meta:
        verbose_name = "持有方"
        verbose_name_plural = "持有方"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["task", "office", "gateway", "endpoint"], name="holder_once_per_task"),
        ]

    def __str__(self) -> str:
        return f"{self.office}：{self.get_gateway_display()}"


class Dispatch(models.Model):
    """One version of a task's payload on its way to the office, or the word that the task is no longer there.

    `holder` is the system that a task was last sent to, or that a word is for; empty for the portal's own desk.
    `key` is the same on every attempt, so a receiver can tell a repetition. `leased_until` belongs to status
    "sending": when it has passed, the sender died and the row is taken up again.
    """

    task = models.ForeignKey(ItemTask, models.CASCADE, related_name="dispatches", verbose_name="事项办理")
    kind = models.CharField("种类", max_length=12, choices=DispatchKind.choices, default=DispatchKind.TASK)
    holder = models.ForeignKey(
        Holder, models.SET_NULL, null=True, blank=True, related_name="dispatches", verbose_name="持有方"
    )
    version = models.PositiveSmallIntegerField("版本")
    key = models.UUIDField("推送标识", default=uuid.uuid4, unique=True, editable=False)
    payload = SealedJSONField("共享数据", bound_to="key")
    digest = models.CharField("摘要", max_length=64)
    status = models.CharField("状态", max_length=12, choices=DispatchStatus.choices, default=DispatchStatus.PENDING)
    attempts = models.PositiveSmallIntegerField("尝试次数", default=0)
    next_attempt_at = models.DateTimeField("下次推送", default=timezone.now)
    published_at = models.DateTimeField("交给队列", null=True, blank=True)
    leased_until = models.DateTimeField("占用至", null=True, blank=True)
    error = models.TextField("错误", blank=True)
    last_outcome = models.CharField("上次结果", max_length=20, choices=Outcome.choices, blank=True)
    receipt_number = models.CharField("对方回执号", max_length=80, blank=True)
    note = models.TextField("人工处理说明", blank=True)
    created_at = models.DateTimeField("产生时间", default=timezone.now)
    delivered_at = models.DateTimeField("送达时间", null=True, blank=True)
    # W3C traceparent and id of the request that caused it, so that one line leads from the page to the agency.
    trace = models.CharField("追踪标识", max_length=55, blank=True)
    request_id = models.CharField("请求标识", max_length=40, blank=True)

    objects = DispatchQuerySet.as_manager()

    class Meta:
        verbose_name = "推送记录"
        verbose_name_plural = "推送记录"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["task", "kind", "version"], name="dispatch_once_per_kind_and_version"),
            models.UniqueConstraint(
                fields=["task"],
                condition=Q(kind="task", status__in=["pending", "sending", "attention"]),
                name="dispatch_one_open_task",
            ),
            models.UniqueConstraint(
                fields=["holder"],
                condition=~Q(kind="task") & Q(status__in=["pending", "sending", "attention"]),
                name="dispatch_one_open_word",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at", "id"],
                condition=Q(status__in=["pending", "sending"]),
                name="dispatch_to_send",
            ),
            models.Index(fields=["created_at"], name="dispatch_of_day"),
            models.Index(
                fields=["task"], condition=Q(status__in=["pending", "sending", "attention"]), name="dispatch_unsent"
            ),
            models.Index(
                fields=["delivered_at"], condition=Q(delivered_at__isnull=False), name="dispatch_last_delivered"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task_id} v{self.version}"

    @property
    def office(self) -> Office:
        """Whom it goes to: a word may be for an office that the task has left."""
        return self.holder.office if self.kind != DispatchKind.TASK and self.holder else self.task.office


class DispatchAttempt(models.Model):
    """One try: when, what by digest, how long, what came back in the receiver's words. Never the payload itself."""

    dispatch = models.ForeignKey(Dispatch, models.CASCADE, related_name="tries", verbose_name="推送记录")
    started_at = models.DateTimeField("开始")
    milliseconds = models.PositiveIntegerField("耗时（毫秒）", default=0)
    outcome = models.CharField("结果", max_length=20, choices=Outcome.choices)
    digest = models.CharField("发出内容摘要", max_length=64, blank=True)
    status_code = models.PositiveSmallIntegerField("答复码", null=True, blank=True)
    detail = models.CharField("说明", max_length=300, blank=True)
    answer = models.CharField("对方答复", max_length=300, blank=True)

    class Meta:
        verbose_name = "推送尝试"
        verbose_name_plural = "推送尝试"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.dispatch_id} {self.outcome}"
