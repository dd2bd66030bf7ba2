"""办理结果: the decision, written once; what follows it (money, card, paper) stands apart and comes later."""

from django.conf import settings
from django.db import models

from applications.enums import NOT_HANDED_OVER, Decision, Fulfilment
from applications.models.item_task import ItemTask


class Result(models.Model):
    task = models.OneToOneField(ItemTask, models.PROTECT, related_name="result", verbose_name="事项办理")
    decision = models.CharField("决定", max_length=20, choices=Decision.choices)
    reference = models.CharField("结果文号", max_length=80, blank=True)
    summary = models.CharField("结果说明", max_length=300, blank=True)
    remedy = models.CharField("救济途径", max_length=300, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="决定人"
    )
    decided_at = models.DateTimeField("决定时间")
    fulfilment = models.CharField("后续", max_length=20, choices=Fulfilment.choices, default=Fulfilment.NONE)
    fulfil_by = models.DateField("最迟日期", null=True, blank=True)
    courier = models.CharField("快递单号", max_length=60, blank=True)
    receiver = models.CharField("签收人", max_length=60, blank=True)
    fulfilled_at = models.DateTimeField("完成时间", null=True, blank=True)

    class Meta:
        verbose_name = "办理结果"
        verbose_name_plural = "办理结果"
        indexes = [
            models.Index(
                fields=["task", "fulfil_by"],
                condition=models.Q(fulfilment__in=sorted(NOT_HANDED_OVER)),
                name="result_not_handed_over",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task_id} {self.get_decision_display()}"

    @property
    def is_handed_over(self) -> bool:
        """Nothing follows the decision, or the person has it."""
        return self.fulfilment not in NOT_HANDED_OVER
