"""节假日: one row per year, from the State Council's yearly notice."""

from django.db import models


class CalendarYear(models.Model):
    """`days_off` and `make_up_days` are lists of ISO dates; weekends are days off unless made up for."""

    year = models.PositiveSmallIntegerField("年份", primary_key=True)
    notice = models.CharField("依据", max_length=200)
    days_off = models.JSONField("放假日", default=list)
    make_up_days = models.JSONField("调休上班日", default=list)
    names = models.JSONField("节日名称", default=dict)
    loaded_at = models.DateTimeField("导入时间", auto_now=True)

    class Meta:
        verbose_name = "工作日历"
        verbose_name_plural = "工作日历"
        ordering = ["year"]

    def __str__(self) -> str:
        return f"{self.year}年"
