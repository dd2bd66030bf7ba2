"""好差评: what a person said about an item or a whole case, and what the supervisors answered to a bad grade."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models

from applications.enums import Channel, Satisfaction
from applications.models.application import Application
from applications.models.item_task import ItemTask
from applications.querysets import RatingQuerySet, RectificationQuerySet
from portal.security.fields import SealedTextField


class Rating(models.Model):
    """Never changed or deleted, which a database trigger sees to; what is said later (追评) is a row that follows it.

    `rated_by` is the person, or the clerk who typed for them. No page shows it to those who are rated.
    """

    key = models.UUIDField("键", default=uuid.uuid4, unique=True, editable=False)
    application = models.ForeignKey(Application, models.PROTECT, related_name="ratings", verbose_name="办件")
    task = models.ForeignKey(
        ItemTask, models.PROTECT, null=True, blank=True, related_name="ratings", verbose_name="事项办理"
    )
    follows = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="addition", verbose_name="追评的评价"
    )
    channel = models.CharField("渠道", max_length=10, choices=Channel.choices)
    grade = models.PositiveSmallIntegerField("评价", choices=Satisfaction.choices)
    reasons = models.JSONField("原因", default=list, blank=True)
    text = SealedTextField("想说的话", max_length=500, blank=True, bound_to="key")
    rated_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="录入人")
    rated_at = models.DateTimeField("评价时间", db_index=True)

    objects = RatingQuerySet.as_manager()

    class Meta:
        verbose_name = "好差评"
        verbose_name_plural = "好差评"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["application", "task"],
                condition=models.Q(follows__isnull=True),
                nulls_distinct=False,
                name="rating_once_per_case_or_task",
            ),
            models.CheckConstraint(condition=models.Q(grade__range=(1, 5)), name="rating_has_one_of_five_grades"),
        ]

    def __str__(self) -> str:
        return f"{self.get_grade_display()} {self.rated_at:%Y-%m-%d}"

    @property
    def answered(self) -> Any:
        """What became of a bad grade; None for every other."""
        return getattr(self, "rectification", None)


class Rectification(models.Model):
    """差评整改: the supervisors of the place look into a bad grade and answer by a day."""

    rating = models.OneToOneField(Rating, models.PROTECT, related_name="rectification", verbose_name="好差评")
    answer_by = models.DateField("答复期限")
    answer = SealedTextField("核实和整改", max_length=2000, blank=True, bound_to="rating_id")
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="答复人"
    )
    answered_at = models.DateTimeField("答复时间", null=True, blank=True)

    objects = RectificationQuerySet.as_manager()

    class Meta:
        verbose_name = "差评整改"
        verbose_name_plural = "差评整改"
        ordering = ["answer_by", "id"]

    def __str__(self) -> str:
        return f"{self.answer_by:%Y-%m-%d}"
