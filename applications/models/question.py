"""办不成事反映: a question or complaint of a person about a case. It has a clock and an owner like a case."""

from django.conf import settings
from django.db import models

from agencies.models import Office, Region
from applications.models.application import Application
from applications.models.item_task import ItemTask
from applications.querysets import QuestionQuerySet


class Question(models.Model):
    """`office` owns it at first; when its day passes in silence it goes to the supervisors of `region`."""

    application = models.ForeignKey(Application, models.PROTECT, related_name="questions", verbose_name="办件")
    task = models.ForeignKey(
        ItemTask, models.PROTECT, null=True, blank=True, related_name="questions", verbose_name="事项办理"
    )
    region = models.ForeignKey(Region, models.PROTECT, related_name="+", verbose_name="区划")
    office = models.ForeignKey(
        Office, models.PROTECT, null=True, blank=True, related_name="questions", verbose_name="答复机构"
    )
    text = models.TextField("反映的内容", max_length=1000)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="反映人")
    asked_at = models.DateTimeField("反映时间")
    answer_by = models.DateField("答复期限")
    escalated_at = models.DateTimeField("转督办时间", null=True, blank=True)
    answer = models.TextField("答复", max_length=2000, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="答复人"
    )
    answered_at = models.DateTimeField("答复时间", null=True, blank=True)

    objects = QuestionQuerySet.as_manager()

    class Meta:
        verbose_name = "办不成事反映"
        verbose_name_plural = "办不成事反映"
        ordering = ["answer_by", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["application", "task"],
                condition=models.Q(answered_at__isnull=True),
                nulls_distinct=False,
                name="question_one_open_per_task",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.application.number} {self.asked_at:%Y-%m-%d}"
