"""地区实施方案: a published version never changes (a database trigger sees to it); a case keeps the version it was started on."""

from datetime import date
from functools import cached_property
from typing import Any

from django.db import models
from django.db.models import Q

from agencies.models.region import Region
from agencies.spec import ItemSpec, SchemeSpec

# Every case asks its scheme; read and checked anew each time, that was a sixth of the web's work. Some 0.5 MB each.
SPECS_KEPT = 200
_specs: dict[str, SchemeSpec] = {}


class SchemeQuerySet(models.QuerySet["Scheme"]):
    def published(self) -> "SchemeQuerySet":
        return self.filter(published_at__isnull=False)

    def for_day(self, day: date) -> "SchemeQuerySet":
        """Published and in force on the day, the newest of each region first."""
        in_force = Q(valid_until__isnull=True) | Q(valid_until__gte=day)
        return self.published().filter(in_force, valid_from__lte=day).select_related("region")


class Scheme(models.Model):
    """The effective scheme of a region (all layers above merged) in one version; `digest` is the SHA-256 of its content."""

    region = models.ForeignKey(Region, models.PROTECT, related_name="schemes", verbose_name="区划")
    version = models.CharField("版本", max_length=60)
    title = models.CharField("名称", max_length=200)
    valid_from = models.DateField("施行日期")
    valid_until = models.DateField("失效日期", null=True, blank=True)
    digest = models.CharField("摘要", max_length=64)
    published_at = models.DateTimeField("发布时间", null=True, blank=True)

    objects = SchemeQuerySet.as_manager()

    class Meta:
        verbose_name = "地区实施方案"
        verbose_name_plural = "地区实施方案"
        ordering = ["region", "-valid_from", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["region", "version"], name="scheme_once_per_region_and_version"),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=models.F("valid_from")),
                name="scheme_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title}（{self.version}）"

    @property
    def layer(self) -> dict[str, Any]:
        return self.text.layer

    @property
    def content(self) -> dict[str, Any]:
        return self.text.content

    @cached_property
    def spec(self) -> SchemeSpec:
        """The content, parsed once in each process: equal digests are equal contents, and nothing changes a spec."""
        spec = _specs.get(self.digest)
        if spec is None:
            if len(_specs) >= SPECS_KEPT:
                _specs.clear()
            spec = _specs[self.digest] = SchemeSpec.model_validate(self.content)
        return spec


def forget_specs() -> None:
    """As in a new process."""
    _specs.clear()


class SchemeText(models.Model):
    """The two long texts of a scheme, apart from it since every case joins its scheme and few read them.

    `layer` is what the region's own file said, `content` the merged `SchemeSpec`.
    """

    scheme = models.OneToOneField(Scheme, models.CASCADE, primary_key=True, related_name="text", verbose_name="方案")
    layer = models.JSONField("本级规定", default=dict)
    content = models.JSONField("生效内容")

    class Meta:
        verbose_name = "方案内容"
        verbose_name_plural = "方案内容"

    def __str__(self) -> str:
        return str(self.scheme)


class Item(models.Model):
    """联办事项: one matter of a scheme, as a row that item tasks and the console can point to."""

    scheme = models.ForeignKey(Scheme, models.CASCADE, related_name="items", verbose_name="方案")
    code = models.CharField("代码", max_length=20)
    name = models.CharField("名称", max_length=120)
    order = models.PositiveSmallIntegerField("次序")
    is_enabled = models.BooleanField("启用", default=True)
    agency_codes = models.JSONField("办理部门", default=list)

    class Meta:
        verbose_name = "联办事项"
        verbose_name_plural = "联办事项"
        ordering = ["scheme", "order"]
        constraints = [
            models.UniqueConstraint(fields=["scheme", "code"], name="item_once_per_scheme"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def spec(self) -> ItemSpec:
        return self.scheme.spec.item(self.code)
