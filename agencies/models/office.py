"""办理机构: an agency's office in a region, and how it is reached."""

from django.db import models

from agencies.enums import GatewayKind
from agencies.models.region import Region


class Agency(models.Model):
    """部门. Five are usual; a region may bring more. The code names its Celery queue."""

    code = models.SlugField("代码", max_length=30, primary_key=True)
    name = models.CharField("名称", max_length=60)
    icon = models.CharField("图标", max_length=40, blank=True)
    order = models.PositiveSmallIntegerField("次序", default=0)

    class Meta:
        verbose_name = "部门"
        verbose_name_plural = "部门"
        ordering = ["order", "code"]

    def __str__(self) -> str:
        return self.name


class Office(models.Model):
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="offices", verbose_name="部门")
    region = models.ForeignKey(Region, models.PROTECT, related_name="offices", verbose_name="区划")
    name = models.CharField("名称", max_length=100)
    address = models.CharField("地址", max_length=200, blank=True)
    hours = models.CharField("办公时间", max_length=200, blank=True)
    phone = models.CharField("电话", max_length=40, blank=True)
    # No source publishes how many people an office can see at a time: it says so itself, or nothing is limited.
    visit_places = models.PositiveSmallIntegerField(
        "每个时段最多约几人", null=True, blank=True, help_text="空着就是不限制"
    )
    visit_minutes = models.PositiveSmallIntegerField("一个时段几分钟", default=30)
    gateway = models.CharField("推送方式", max_length=10, choices=GatewayKind.choices, default=GatewayKind.INBOX)
    endpoint = models.URLField("部门系统地址", blank=True)
    is_held = models.BooleanField("暂停推送", default=False)
    is_active = models.BooleanField("在用", default=True)

    class Meta:
        verbose_name = "办理机构"
        verbose_name_plural = "办理机构"
        ordering = ["region", "agency__order"]
        constraints = [
            models.UniqueConstraint(fields=["agency", "region"], name="office_once_per_agency_and_region"),
            models.CheckConstraint(
                condition=models.Q(visit_places=None) | models.Q(visit_places__gte=1),
                name="office_sees_at_least_one",
                violation_error_message="每个时段至少约 1 人；不限制就空着",
            ),
            models.CheckConstraint(
                condition=models.Q(visit_minutes__gte=5, visit_minutes__lte=480),
                name="office_visit_minutes_are_sane",
                violation_error_message="一个时段 5 至 480 分钟",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def where(self) -> str:
        """The office and, where it is published, its address."""
        return f"{self.name}　{self.address}" if self.address else self.name


class OfficeRoute(models.Model):
    """对接方式: one item goes to an office another way than the office's own; an item may have a system of its own."""

    office = models.ForeignKey(Office, models.CASCADE, related_name="routes", verbose_name="办理机构")
    item_code = models.CharField("事项代码", max_length=20)
    gateway = models.CharField("推送方式", max_length=10, choices=GatewayKind.choices)
    endpoint = models.URLField("部门系统地址", blank=True)

    class Meta:
        verbose_name = "事项的推送方式"
        verbose_name_plural = "事项的推送方式"
        ordering = ["office", "item_code"]
        constraints = [
            models.UniqueConstraint(fields=["office", "item_code"], name="route_once_per_office_and_item"),
        ]

    def __str__(self) -> str:
        return f"{self.office} {self.item_code}：{self.get_gateway_display()}"
