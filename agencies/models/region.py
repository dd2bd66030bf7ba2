"""行政区划: the tree of places, GB/T 2260 codes down to the county, longer codes below."""

from django.db import models

from agencies.enums import Level

ABOVE = "parent__parent__parent__parent"  # from a village up to the nation, for select_related


class RegionQuerySet(models.QuerySet["Region"]):
    def open(self) -> "RegionQuerySet":
        """Places where an application can be handed in."""
        return self.filter(is_open=True)

    def with_above(self) -> "RegionQuerySet":
        """With everything above each place, in the same query."""
        return self.select_related(ABOVE)

    def at(self, level: Level) -> "RegionQuerySet":
        return self.filter(level=level)


class Region(models.Model):
    code = models.CharField("代码", max_length=12, primary_key=True)
    name = models.CharField("名称", max_length=60)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name="上级"
    )
    level = models.PositiveSmallIntegerField("级别", choices=Level.choices)
    full_name = models.CharField("全称", max_length=200)
    is_open = models.BooleanField("已开通", default=False)
    phone = models.CharField("咨询电话", max_length=40, blank=True)
    window = models.CharField("综合窗口", max_length=200, blank=True)
    valid_from = models.DateField("启用日期", null=True, blank=True)
    valid_until = models.DateField("撤销日期", null=True, blank=True)
    successor = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="承继区划"
    )

    objects = RegionQuerySet.as_manager()

    class Meta:
        verbose_name = "行政区划"
        verbose_name_plural = "行政区划"
        ordering = ["code"]

    def __str__(self) -> str:
        return self.full_name

    @property
    def own_level_name(self) -> str:
        """（市）本级: the city itself, where its districts can be chosen as well."""
        return f"{self.name}本级"

    def lineage(self) -> list["Region"]:
        """This place and everything above it, from here up to the nation."""
        places: list[Region] = []
        place: Region | None = self
        while place is not None:
            places.append(place)
            place = place.parent
        return places
