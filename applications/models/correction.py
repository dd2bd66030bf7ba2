"""补正: a notice of an office that names every deficit at once; each line a field or a material with its reason."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from applications.models.item_task import ItemTask
from portal.security.fields import SealedJSONField


class Correction(models.Model):
    """One round for one task; at most one is open at a time."""

    task = models.ForeignKey(ItemTask, models.PROTECT, related_name="corrections", verbose_name="事项办理")
    round = models.PositiveSmallIntegerField("第几次")
    note = models.TextField("说明", blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="告知人"
    )
    asked_at = models.DateTimeField("告知时间")
    answer_by = models.DateField("补正期限")
    # Typed and not yet sent, by field: nobody but the person (or the clerk beside them) sees it.
    kept = SealedJSONField("已填未交", default=dict, blank=True, bound_to="task_id")
    answered_at = models.DateTimeField("补正时间", null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="补正人"
    )

    class Meta:
        verbose_name = "补正"
        verbose_name_plural = "补正"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["task", "round"], name="correction_once_per_round"),
            models.UniqueConstraint(
                fields=["task"], condition=Q(answered_at__isnull=True), name="correction_one_open_per_task"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task_id} 第{self.round}次"


class CorrectionLine(models.Model):
    """One thing that is missing or wrong. `follows` is empty for what the office named; else it is what the person changed
    in answering, which calls for this as well.
    """

    correction = models.ForeignKey(Correction, models.PROTECT, related_name="lines", verbose_name="补正")
    field = models.CharField("字段", max_length=40, blank=True)
    material = models.CharField("材料", max_length=40, blank=True)
    reason = models.CharField("原因", max_length=300)
    follows = models.CharField("因改了", max_length=200, blank=True)
    answered_at = models.DateTimeField("补正时间", null=True, blank=True)

    class Meta:
        verbose_name = "补正项"
        verbose_name_plural = "补正项"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=(Q(field="") & ~Q(material="")) | (~Q(field="") & Q(material="")),
                name="correction_line_names_one_thing",
            ),
        ]

    def __str__(self) -> str:
        return self.field or self.material
