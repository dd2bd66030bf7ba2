"""节假日: one row per place, year and version, from the State Council's yearly notice or from a place's own."""

from django.db import models
from django.db.models import F

from agencies.models.region import Region


class CalendarQuerySet(models.QuerySet["CalendarYear"]):
    def in_force(self) -> "CalendarQuerySet":
        """The newest version of each place and year; older ones stay to be read."""
        return self.order_by(F("region").asc(nulls_first=True), "year", "-version").distinct("region", "year")


class CalendarYear(models.Model):
    """`days_off` and `make_up_days` are lists of ISO dates; weekends are days off unless made up for.

    Without `region` it is the nation's; with one it is a layer that holds for that place and everything below it. A row
    is never changed: a new notice is a new version.
    """

    region = models.ForeignKey(
        Region, models.PROTECT, null=True, blank=True, related_name="calendars", verbose_name="地方（空为全国）"
    )
    year = models.PositiveSmallIntegerField("年份")
    version = models.PositiveSmallIntegerField("版本", default=1)
    notice = models.CharField("依据", max_length=200)
    days_off = models.JSONField("放假日", default=list)
    make_up_days = models.JSONField("调休上班日", default=list)
    names = models.JSONField("节日名称", default=dict)
    loaded_at = models.DateTimeField("导入时间", auto_now_add=True)

    objects = CalendarQuerySet.as_manager()

    class Meta:
        verbose_name = "工作日历"
        verbose_name_plural = "工作日历"
        ordering = ["region", "year", "version"]
        constraints = [
            models.UniqueConstraint(
                fields=["region", "year", "version"], nulls_distinct=False, name="calendar_once_per_place_and_version"
            ),
        ]

    def __str__(self) -> str:
        place = f"{self.region}" if self.region_id else "全国"
        return f"{place}{self.year}年第{self.version}版"

    @property
    def place_code(self) -> str:
        return str(self.region_id or "")
