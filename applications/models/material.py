"""材料: one uploaded or scanned file. Given once, used by every task whose item it serves."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from applications.enums import Grade
from applications.models.application import Application, Draft
from applications.querysets import MaterialQuerySet


def private_path(material: "Material", filename: str) -> str:
    """A generated name; what the person called the file is data, never a path."""
    return f"materials/{material.id.hex[:2]}/{material.id.hex}.{material.extension}"


class Material(models.Model):
    """Belongs to a draft, then to the case it became. `code` is the scheme's material code.

    A file given in answer to a correction is unsent until the answer is; a replaced file stays for the record.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    draft = models.ForeignKey(
        Draft, models.SET_NULL, null=True, blank=True, related_name="materials", verbose_name="草稿"
    )
    application = models.ForeignKey(
        Application, models.PROTECT, null=True, blank=True, related_name="materials", verbose_name="办件"
    )
    code = models.CharField("材料", max_length=40)
    file = models.FileField("文件", upload_to=private_path)
    extension = models.CharField("类型", max_length=5)
    original_name = models.CharField("文件名", max_length=200)
    size = models.PositiveIntegerField("字节数")
    pages = models.PositiveSmallIntegerField("页数", default=1)
    sha256 = models.CharField("SHA-256", max_length=64)
    grade = models.CharField("可信等级", max_length=1, choices=Grade.choices, default=Grade.C)
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="核对人"
    )
    checked_at = models.DateTimeField("核对时间", null=True, blank=True)
    is_sent = models.BooleanField("已提交", default=True)
    replaced_by = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="已换成"
    )
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="上传人")
    uploaded_at = models.DateTimeField("上传时间", auto_now_add=True)

    objects = MaterialQuerySet.as_manager()

    class Meta:
        verbose_name = "材料"
        verbose_name_plural = "材料"
        ordering = ["uploaded_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(draft__isnull=False) | Q(application__isnull=False), name="material_belongs_somewhere"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.original_name}"
