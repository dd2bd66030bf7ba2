"""办不成事反映: a question or complaint of a person about a case. It has a clock and an owner like a case."""

from django.conf import settings
from django.db import models

from agencies.models import Office, Region
from applications.enums import Channel
from applications.models.application import Application
from applications.models.item_task import ItemTask
from applications.querysets import QuestionQuerySet
from portal.security.fields import SealedTextField


class Question(models.Model):
    """`office` owns it at first; when its day passes in silence it goes to the supervisors of `region`.

    Written down at a window it is told by a person who need not have a case: then `person_name` and `phone` say whose it
    is. `number` is what they take home.
    """

    number = models.CharField("编号", max_length=40, blank=True)
    channel = models.CharField("渠道", max_length=8, choices=Channel.choices, default=Channel.ONLINE)
    application = models.ForeignKey(
        Application, models.PROTECT, null=True, blank=True, related_name="questions", verbose_name="办件"
    )
    person_name = models.CharField("姓名", max_length=60, blank=True)
    phone = SealedTextField("联系电话", max_length=20, blank=True, bound_to="number")
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
                condition=models.Q(answered_at__isnull=True, application__isnull=False),
                nulls_distinct=False,
                name="question_one_open_per_task",
            ),
            models.UniqueConstraint(fields=["number"], condition=~models.Q(number=""), name="question_number_unique"),
        ]

    def __str__(self) -> str:
        return self.number or f"{self.asked_at:%Y-%m-%d}"
