"""到场: the appointment of a person who must come, offered by the office and taken by the person."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q

from applications.models.item_task import ItemTask


class Visit(models.Model):
    """One call to come. `slots` are the times offered, as ISO moments; none offered means any opening hour.

    What was agreed, asked for and missed before stands in the log of the task.
    """

    task = models.ForeignKey(ItemTask, models.PROTECT, related_name="visits", verbose_name="事项办理")
    place = models.CharField("地点", max_length=200)
    bring = models.CharField("要带的", max_length=300, blank=True)
    reason = models.TextField("到场的原因", blank=True)
    slots = models.JSONField("可选时间", default=list)
    chosen_at = models.DateTimeField("约定时间", null=True, blank=True)
    wish = models.CharField("想要的时间", max_length=200, blank=True)
    missed_at = models.DateTimeField("未到的时间", null=True, blank=True)
    reminded_on = models.DateField("已提醒的日期", null=True, blank=True)
    called_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="通知人"
    )
    called_at = models.DateTimeField("通知时间")
    came_at = models.DateTimeField("到场时间", null=True, blank=True)

    class Meta:
        verbose_name = "到场预约"
        verbose_name_plural = "到场预约"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["task"], condition=Q(came_at__isnull=True), name="visit_one_open_per_task"),
        ]
        indexes = [models.Index(fields=["chosen_at"], condition=Q(came_at__isnull=True), name="visit_to_come")]

    def __str__(self) -> str:
        return f"{self.task_id} {self.place}"

    @property
    def times(self) -> list[datetime]:
        """The times offered, the earliest first."""
        return sorted(datetime.fromisoformat(slot) for slot in self.slots)
