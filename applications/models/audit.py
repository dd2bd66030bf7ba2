"""封条: what the logs held at an hour, so that a row that is changed, removed or slipped in later is named."""

from django.db import models


class AuditSeal(models.Model):
    """A stretch of one log: rows after the log's last seal up to `last`, each with its keyed digest.

    `noted` is the newest row at that hour; the next seal goes so far, since by then whoever was writing has ended. `digest`
    covers the seal and the one before it, by a key that the database does not have.
    """

    log = models.CharField("记录", max_length=60)
    columns = models.JSONField("列")
    rows = models.JSONField("各行摘要")
    last = models.BigIntegerField("到")
    noted = models.BigIntegerField("当时最新")
    made_at = models.DateTimeField("时间")
    digest = models.CharField("摘要", max_length=64)

    class Meta:
        verbose_name = "审计封条"
        verbose_name_plural = "审计封条"
        ordering = ["id"]
        indexes = [models.Index(fields=["log", "-id"], name="seal_of_log")]

    def __str__(self) -> str:
        return f"第 {self.pk} 号"
