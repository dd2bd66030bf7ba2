"""文书: a paper that was asked for, and its file once a worker has made it."""

import secrets

from django.db import models
from django.utils import timezone

from applications.enums import DocumentKind, DocumentStatus
from applications.models.application import Application
from applications.models.item_task import ItemTask
from applications.querysets import DocumentQuerySet
from portal.security.fields import SealedJSONField

# No letter or digit that looks like another.
CHECK_ALPHABET = "23456789ACDEFGHJKMNPQRTUVWXY"


def new_check_code() -> str:
    code = "".join(secrets.choice(CHECK_ALPHABET) for _ in range(8))
    return f"{code[:4]}-{code[4:]}"


class Document(models.Model):
    """`facts` is what the paper says beyond the case itself (a notice's lines), fixed when it is asked for."""

    application = models.ForeignKey(Application, models.PROTECT, related_name="documents", verbose_name="办件")
    task = models.ForeignKey(
        ItemTask, models.PROTECT, null=True, blank=True, related_name="documents", verbose_name="事项办理"
    )
    kind = models.CharField("种类", max_length=30, choices=DocumentKind.choices)
    number = models.CharField("文书编号", max_length=60, unique=True)
    check_code = models.CharField("校验码", max_length=12, default=new_check_code)
    facts = SealedJSONField("内容", default=dict, bound_to="number")
    status = models.CharField("状态", max_length=12, choices=DocumentStatus.choices, default=DocumentStatus.REQUESTED)
    file = models.FileField("文件", upload_to="documents/%Y/%m/", blank=True)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)
    warning = models.CharField("提示", max_length=300, blank=True)
    attempts = models.PositiveSmallIntegerField("尝试次数", default=0)
    error = models.CharField("错误", max_length=300, blank=True)
    next_attempt_at = models.DateTimeField("下次生成", default=timezone.now)
    published_at = models.DateTimeField("交给队列", null=True, blank=True)
    requested_at = models.DateTimeField("要求时间")
    rendered_at = models.DateTimeField("生成时间", null=True, blank=True)

    objects = DocumentQuerySet.as_manager()

    class Meta:
        verbose_name = "文书"
        verbose_name_plural = "文书"
        ordering = ["id"]
        indexes = [
            models.Index(
                fields=["next_attempt_at", "id"],
                condition=models.Q(status=DocumentStatus.REQUESTED),
                name="document_to_make",
            ),
            models.Index(fields=["requested_at"], condition=models.Q(file=""), name="document_without_file"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number}"
