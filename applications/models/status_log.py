"""流转记录: every deed on a task or case. Rows are appended and never changed; a database trigger sees to it."""

from django.conf import settings
from django.db import models

from applications.enums import Action, Party, TaskStatus
from applications.models.application import Application
from applications.models.item_task import ItemTask


class StatusLog(models.Model):
    """`data` holds what the clock and the papers need of the deed (days of an extension, fact, office), no form values."""

    application = models.ForeignKey(Application, models.PROTECT, related_name="log", verbose_name="办件")
    task = models.ForeignKey(
        ItemTask, models.PROTECT, null=True, blank=True, related_name="log", verbose_name="事项办理"
    )
    action = models.CharField("动作", max_length=30, choices=Action.choices)
    from_status = models.CharField("原状态", max_length=20, choices=TaskStatus.choices, blank=True)
    to_status = models.CharField("新状态", max_length=20, choices=TaskStatus.choices, blank=True)
    party = models.CharField("身份", max_length=20, choices=Party.choices)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="经办人"
    )
    note = models.TextField("说明", blank=True)
    data = models.JSONField("数据", default=dict)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "流转记录"
        verbose_name_plural = "流转记录"
        ordering = ["id"]
        indexes = [models.Index(fields=["task", "id"], name="log_of_task")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.get_action_display()}"
