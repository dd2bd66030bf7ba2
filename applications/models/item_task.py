"""事项办理: one item of one case at one office. The applicant sees its state, the office sees it in its queue."""

from datetime import date
from functools import cached_property

from django.conf import settings
from django.db import models
from django.db.models import Q

from agencies.models import Item, Office
from agencies.spec import ItemSpec
from applications.enums import AT_OFFICE, DECIDED, TERMINAL, TaskStatus
from applications.models.application import Application
from applications.querysets import ItemTaskQuerySet


class ItemTask(models.Model):
    """`status` has one writer, workflow.advance().

    `next_on` is the day the office must act by in the present state (answer, then decision); None while the clock
    stands still. `open_items` and `open_facts` say what a waiting task still waits for; `is_held` that a required item
    ended without success. `live_key` keeps one person from having the same item open twice.
    """

    application = models.ForeignKey(Application, models.CASCADE, related_name="tasks", verbose_name="办件")
    item = models.ForeignKey(Item, models.PROTECT, related_name="tasks", verbose_name="事项")
    office = models.ForeignKey(Office, models.PROTECT, related_name="tasks", verbose_name="办理机构")
    agency_order = models.PositiveSmallIntegerField("部门次序", default=0)
    status = models.CharField("状态", max_length=20, choices=TaskStatus.choices)
    open_items = models.JSONField("未满足的前置事项", default=list)
    open_facts = models.JSONField("未满足的前置条件", default=list)
    is_held = models.BooleanField("前置未办成", default=False)
    live_key = models.CharField("在办标识", max_length=64)
    received_at = models.DateTimeField("送达时间", null=True, blank=True)
    accepted_on = models.DateField("受理日期", null=True, blank=True)
    handler = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="承办人"
    )
    reply_due_on = models.DateField("答复期限", null=True, blank=True)
    due_on = models.DateField("到期日", null=True, blank=True)
    next_on = models.DateField("应处理日", null=True, blank=True)
    is_due_provisional = models.BooleanField("到期日为预计", default=False)
    provisional_until = models.DateField("容缺补交期限", null=True, blank=True)
    provisional_materials = models.JSONField("容缺材料", default=list)
    correction_until = models.DateField("补正期限", null=True, blank=True)
    changed_at = models.DateTimeField("最近变动", auto_now=True)

    objects = ItemTaskQuerySet.as_manager()

    class Meta:
        verbose_name = "事项办理"
        verbose_name_plural = "事项办理"
        ordering = ["application", "item__order", "agency_order"]
        constraints = [
            models.UniqueConstraint(fields=["application", "item", "office"], name="task_once_per_item_and_office"),
            models.UniqueConstraint(
                fields=["live_key"],
                condition=~Q(status__in=sorted(TERMINAL)),
                name="task_one_live_per_person_and_item",
            ),
        ]
        indexes = [
            models.Index(
                fields=["office", "next_on", "id"], condition=Q(status__in=sorted(AT_OFFICE)), name="task_office_queue"
            ),
            models.Index(
                fields=["office", "status"], condition=~Q(status__in=sorted(TERMINAL)), name="task_unfinished"
            ),
            models.Index(
                fields=["office", "-changed_at", "-id"],
                condition=Q(status__in=sorted(DECIDED)),
                name="task_decided_of_office",
            ),
            models.Index(fields=["office", "item"], name="task_items_of_office"),
        ]

    def __str__(self) -> str:
        return f"{self.application.number} {self.item.name}"

    @cached_property
    def spec(self) -> ItemSpec:
        return self.application.scheme.spec.item(self.item.code)

    @property
    def is_terminal(self) -> bool:
        return self.status in TERMINAL

    @property
    def is_to_hand_over(self) -> bool:
        """Granted, and the money, card or paper is not with the person yet. Reads the result."""
        return self.status == TaskStatus.COMPLETED and not self.result.is_handed_over

    @property
    def act_by(self) -> date | None:
        """The day the office must act by: in the present state, or for handing over what it granted. Reads the result."""
        return self.result.fulfil_by if self.is_to_hand_over else self.next_on

    def material_codes(self) -> list[str]:
        """The materials of the case that serve this item."""
        application = self.application
        wanted = application.scheme.spec.materials_for(frozenset(application.ticked), application.answers)
        return [material.code for material in wanted if material.is_for(self.item.code)]


class FactConfirmation(models.Model):
    """An external fact ticked off by staff: who, when."""

    task = models.ForeignKey(ItemTask, models.CASCADE, related_name="facts", verbose_name="事项办理")
    code = models.CharField("事实", max_length=40)
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="确认人")
    confirmed_at = models.DateTimeField("确认时间", auto_now_add=True)

    class Meta:
        verbose_name = "前置条件确认"
        verbose_name_plural = "前置条件确认"
        constraints = [models.UniqueConstraint(fields=["task", "code"], name="fact_once_per_task")]

    def __str__(self) -> str:
        return f"{self.task_id} {self.code}"
