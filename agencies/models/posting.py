"""岗位: who works where in which role, from when to when."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q, Subquery
from django.utils import timezone

from agencies.enums import Role
from agencies.models.calendar import CalendarYear
from agencies.models.office import Office
from agencies.models.region import Region
from portal.accounts.models import User


class PostingQuerySet(models.QuerySet["Posting"]):
    def in_force(self) -> "PostingQuerySet":
        today = timezone.localdate()
        return self.filter(Q(valid_until__isnull=True) | Q(valid_until__gte=today), valid_from__lte=today)

    def for_user(self, user: object) -> "PostingQuerySet":
        return self.filter(user=user).in_force().select_related("office__agency", "office__region", "region")

    def with_last_calendar(self) -> "PostingQuerySet":
        """`last_calendar`: the newest year of the nation's working calendar, so that pages can tell when one is missing."""
        years = CalendarYear.objects.filter(region=None).order_by("-year").values("year")[:1]
        return self.annotate(last_calendar=Subquery(years))


class Posting(models.Model):
    """A reviewer belongs to an office; a clerk to a window of a region; a supervisor to a region; an administrator and an
    auditor to none."""

    user = models.ForeignKey(User, models.CASCADE, related_name="postings", verbose_name="人员")
    role = models.CharField("角色", max_length=20, choices=Role.choices)
    office = models.ForeignKey(
        Office, models.PROTECT, null=True, blank=True, related_name="postings", verbose_name="办理机构"
    )
    region = models.ForeignKey(
        Region, models.PROTECT, null=True, blank=True, related_name="postings", verbose_name="区划"
    )
    valid_from = models.DateField("起", default=timezone.localdate)
    valid_until = models.DateField("止", null=True, blank=True)

    objects = PostingQuerySet.as_manager()

    class Meta:
        verbose_name = "岗位"
        verbose_name_plural = "岗位"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(role__in=[Role.REVIEWER, Role.APPROVER]) | Q(office__isnull=False),
                name="posting_reviewer_has_office",
            ),
            models.CheckConstraint(
                condition=~Q(role__in=[Role.CLERK, Role.SUPERVISOR]) | Q(region__isnull=False),
                name="posting_clerk_has_region",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.place} {self.get_role_display()}".strip()

    def clean(self) -> None:
        """A posting has the place of its role alone, since its place says what it sees. Who reads the logs does nothing
        else that stands in them (GB/T 22239: 审计 apart from 系统 and 安全).
        """
        if self.office is not None and self.role not in (Role.REVIEWER, Role.APPROVER):
            raise ValidationError({"office": "这个角色不属于办理机构，请只选区划"})
        if self.region is not None and self.role in (Role.REVIEWER, Role.APPROVER, Role.AUDITOR):
            raise ValidationError({"region": "这个角色没有区划，审核、批准人员请只选办理机构"})
        if self.user_id is None:
            return
        others = Posting.objects.filter(
            Q(valid_until=None) | Q(valid_until__gte=timezone.localdate()), user=self.user_id
        )
        others = others.exclude(pk=self.pk)
        if self.role == Role.AUDITOR and (self.user.is_staff or others.exclude(role=Role.AUDITOR).exists()):
            raise ValidationError({"role": "审计人员不能有别的岗位，也不能进后台"})
        if self.role != Role.AUDITOR and others.filter(role=Role.AUDITOR).exists():
            raise ValidationError({"role": "这个人是审计人员，不能再有别的岗位"})

    @property
    def place(self) -> str:
        if self.office is not None:
            return self.office.name
        return f"{self.region.full_name}" if self.region is not None else ""
