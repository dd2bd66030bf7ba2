"""访问记录 and 材料审核: who of an office looked at which personal value or file, when and why, and what was found.

AccessLog rows are appended and never changed; a database trigger sees to it. They never hold the values themselves.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q

from agencies.models import Posting
from applications.enums import Verdict
from applications.models.item_task import ItemTask
from applications.models.material import Material


class AccessLog(models.Model):
    """One look: either at full numbers of the payload (`fields`, with a reason) or at a file (`material`)."""

    task = models.ForeignKey(ItemTask, models.PROTECT, related_name="accesses", verbose_name="事项办理")
    viewer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="查看人")
    posting = models.ForeignKey(Posting, models.PROTECT, related_name="+", verbose_name="岗位")
    fields = models.JSONField("字段", default=list, blank=True)
    material = models.ForeignKey(
        Material, models.PROTECT, null=True, blank=True, related_name="accesses", verbose_name="材料"
    )
    reason = models.CharField("用途", max_length=100, blank=True)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "访问记录"
        verbose_name_plural = "访问记录"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=(Q(fields=[]) & Q(material__isnull=False))
                | (~Q(fields=[]) & Q(material__isnull=True) & ~Q(reason="")),
                name="access_names_fields_with_reason_or_material",
            ),
        ]
        indexes = [
            models.Index(fields=["task", "id"], name="access_of_task"),
            models.Index(fields=["viewer", "at"], condition=Q(material=None), name="access_to_full_numbers"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.task_id}"


class MaterialCheck(models.Model):
    """What an office found about one file of its task; the last word counts."""

    task = models.ForeignKey(ItemTask, models.PROTECT, related_name="checks", verbose_name="事项办理")
    material = models.ForeignKey(Material, models.PROTECT, related_name="checks", verbose_name="材料")
    verdict = models.CharField("结论", max_length=10, choices=Verdict.choices)
    note = models.CharField("说明", max_length=200, blank=True)
    checked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="审核人")
    checked_at = models.DateTimeField("审核时间")

    class Meta:
        verbose_name = "材料审核"
        verbose_name_plural = "材料审核"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["task", "material"], name="material_check_once_per_task"),
        ]

    def __str__(self) -> str:
        return f"{self.task_id} {self.get_verdict_display()}"
