"""导入: results that an office which is not joined to the network sent back, as a file, and what became of each row."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from agencies.models import Office
from applications.enums import ImportStatus
from applications.querysets import ImportQuerySet


class Import(models.Model):
    """One uploaded result file, gone through by a worker. A dry run tries everything and keeps nothing but the verdicts.

    `attempts` counts starts without a single new verdict.
    """

    office = models.ForeignKey(Office, models.PROTECT, related_name="+", verbose_name="机构")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="经手人")
    is_dry_run = models.BooleanField("试运行", default=True)
    status = models.CharField("状态", max_length=12, choices=ImportStatus.choices, default=ImportStatus.WAITING)
    file = models.FileField("文件", upload_to="imports/%Y/%m/", blank=True)
    sha256 = models.CharField("SHA-256", max_length=64)
    name = models.CharField("批次", max_length=60, blank=True)
    rows = models.PositiveIntegerField("行数", null=True, blank=True)
    attempts = models.PositiveSmallIntegerField("尝试次数", default=0)
    error = models.CharField("错误", max_length=300, blank=True)
    next_attempt_at = models.DateTimeField("下次处理", default=timezone.now)
    published_at = models.DateTimeField("交给队列", null=True, blank=True)
    asked_at = models.DateTimeField("上传时间", default=timezone.now)
    ended_at = models.DateTimeField("结束时间", null=True, blank=True)

    objects = ImportQuerySet.as_manager()

    class Meta:
        verbose_name = "离线结果导入"
        verbose_name_plural = "离线结果导入"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.office} {self.asked_at:%Y-%m-%d %H:%M}"


class ImportRow(models.Model):
    """The verdict on one row, written in the transaction that applied it: what has one is never applied again."""

    of = models.ForeignKey(Import, models.CASCADE, related_name="verdicts", verbose_name="导入")
    row = models.PositiveIntegerField("行")
    is_good = models.BooleanField("可以")
    words = models.CharField("说明", max_length=300)

    class Meta:
        verbose_name = "导入的一行"
        verbose_name_plural = "导入的各行"
        ordering = ["row"]
        constraints = [models.UniqueConstraint(fields=["of", "row"], name="import_row_once")]

    def __str__(self) -> str:
        return f"{self.row} {self.words}"
