"""预审: the hub looks through a form before any office gets its part of it. Nothing of an office runs meanwhile."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from agencies.models import Office
from applications.models.application import Application, Draft
from applications.querysets import PreReviewQuerySet


class PreReview(models.Model):
    """One round for one case. `deficits` names fields and materials with what is wrong, never a value.

    A form given back is open again for its person; handing it in once more sets `amended_at` and begins the next round.
    """

    application = models.ForeignKey(Application, models.PROTECT, related_name="pre_reviews", verbose_name="办件")
    draft = models.ForeignKey(
        Draft, models.SET_NULL, null=True, blank=True, related_name="pre_reviews", verbose_name="登记表"
    )
    office = models.ForeignKey(Office, models.PROTECT, related_name="pre_reviews", verbose_name="预审机构")
    round = models.PositiveSmallIntegerField("第几次")
    asked_at = models.DateTimeField("提交时间")
    answer_by = models.DateField("预审期限")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="预审人"
    )
    decided_at = models.DateTimeField("预审时间", null=True, blank=True)
    is_passed = models.BooleanField("通过", null=True, blank=True)
    note = models.TextField("说明", blank=True)
    deficits = models.JSONField("要改的内容", default=list)
    amended_at = models.DateTimeField("改后提交时间", null=True, blank=True)

    objects = PreReviewQuerySet.as_manager()

    class Meta:
        verbose_name = "预审"
        verbose_name_plural = "预审"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["application", "round"], name="pre_review_once_per_round"),
            models.UniqueConstraint(
                fields=["application"], condition=Q(decided_at__isnull=True), name="pre_review_one_open_per_case"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.application.number} 第{self.round}次"

    @property
    def is_returned(self) -> bool:
        """Given back, and the person has not handed it in again."""
        return self.is_passed is False and self.amended_at is None
