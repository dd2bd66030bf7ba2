"""申请/办件: the half-filled form (Draft) and the submitted case (Application)."""

import uuid
from functools import cached_property
from typing import Any

from django.db import models

from agencies.models import Region, Scheme
from agencies.spec import ItemSpec
from applications.enums import CLOSED, ApplicationStatus, Channel, Party, TaskStatus
from applications.querysets import ApplicationQuerySet, DraftQuerySet
from applications.registration import Answers, Registration, derived_from
from portal.accounts.models import User
from portal.security.fields import BlindIndexField, SealedJSONField, SealedTextField


def _has_number(user: User, id_no: str) -> bool:
    return bool(id_no) and user.id_no.upper() == id_no


class Draft(models.Model):
    """A form being filled in. Its id is the submission's key: however often it is sent, it becomes one case.

    `version` counts saves, so that a second tab is told instead of overwriting. Drafts may be abandoned.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(User, models.CASCADE, null=True, blank=True, related_name="drafts", verbose_name="申请人")
    entered_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="录入人")
    channel = models.CharField("渠道", max_length=10, choices=Channel.choices, default=Channel.ONLINE)
    region = models.ForeignKey(Region, models.PROTECT, related_name="+", verbose_name="安置地")
    scheme = models.ForeignKey(Scheme, models.PROTECT, related_name="+", verbose_name="实施方案")
    adds_to = models.ForeignKey(
        "Application", models.CASCADE, null=True, blank=True, related_name="additions", verbose_name="追加到办件"
    )
    sent_at = models.DateTimeField("提交时间", null=True, blank=True)
    ticked = models.JSONField("办理事项", default=list)
    items_chosen = models.BooleanField("已选事项", default=False)
    answers = SealedJSONField("填写内容", default=dict)
    id_no_index = BlindIndexField("公民身份号码索引", of="answers.id_no", db_index=True)
    # The day of the earlier case whose answers this form began with.
    carried_over_from = models.DateField("带入自哪天的办件", null=True, blank=True)
    version = models.PositiveIntegerField("版本", default=1)
    created_at = models.DateTimeField("建立时间", auto_now_add=True)
    saved_at = models.DateTimeField("保存时间", auto_now=True)

    objects = DraftQuerySet.as_manager()

    class Meta:
        verbose_name = "草稿"
        verbose_name_plural = "草稿"
        ordering = ["-saved_at"]

    def __str__(self) -> str:
        return f"{self.region} {self.scheme.spec.service_name}"

    @property
    def registration(self) -> Registration:
        return Registration(self.scheme.spec, frozenset(self.ticked), self.answers)

    def is_of(self, user: User) -> bool:
        """The person's own form: by their account, or by their ID number, whoever types it."""
        return self.owner_id == user.pk or _has_number(user, str(self.answers.get("id_no") or ""))

    def given_papers(self) -> set[str]:
        """Codes of the papers that came with this form, or with the case that it adds to."""
        given = set(self.materials.values_list("code", flat=True))
        return given | self.adds_to.sent_papers() if self.adds_to is not None else given

    def offered(self) -> list[ItemSpec]:
        """The items that can be ticked: all on offer, or for an addition those that the case does not have yet.

        In a form given back by a pre-review, what was withdrawn from its case stays out.
        """
        present = set(self.adds_to.ticked) - set(self.ticked) if self.adds_to else set()
        case = (self.adds_to or getattr(self, "application", None)) if self.scheme.spec.pre_review else None
        if case is not None:
            tasks: Any = case.tasks  # the model of the tasks is defined above this one
            present |= set(tasks.filter(status=TaskStatus.WITHDRAWN).values_list("item__code", flat=True))
        return [item for item in self.scheme.spec.offered if item.code not in present]


class Application(models.Model):
    """A submitted case. `status` is derived from the tasks by the workflow alone."""

    number = models.CharField("办件编号", max_length=40, unique=True)
    draft = models.OneToOneField(
        Draft, models.SET_NULL, null=True, blank=True, related_name="application", verbose_name="草稿"
    )
    applicant = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="applications", verbose_name="申请人账户"
    )
    entered_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="录入人")
    channel = models.CharField("渠道", max_length=10, choices=Channel.choices)
    region = models.ForeignKey(Region, models.PROTECT, related_name="applications", verbose_name="安置地")
    scheme = models.ForeignKey(Scheme, models.PROTECT, related_name="applications", verbose_name="实施方案")
    subject_name = models.CharField("姓名", max_length=60)
    subject_id_no = SealedTextField("公民身份号码", max_length=18, blank=True, bound_to="number")
    subject_id_no_index = BlindIndexField("公民身份号码索引", of="subject_id_no", db_index=True)
    ticked = models.JSONField("办理事项", default=list)
    answers = SealedJSONField("登记表内容", default=dict, bound_to="number")
    status = models.CharField(
        "状态", max_length=20, choices=ApplicationStatus.choices, default=ApplicationStatus.IN_PROGRESS
    )
    submitted_at = models.DateTimeField("提交时间")
    closed_at = models.DateTimeField("办结时间", null=True, blank=True)

    objects = ApplicationQuerySet.as_manager()

    class Meta:
        verbose_name = "办件"
        verbose_name_plural = "办件"
        ordering = ["-submitted_at", "-id"]
        indexes = [
            models.Index(fields=["-submitted_at", "-id"], name="application_newest"),
            models.Index(fields=["region", "submitted_at"], name="application_of_place"),
            models.Index(
                fields=["-submitted_at", "-id"],
                condition=models.Q(channel=Channel.WINDOW),
                name="application_of_window",
            ),
            models.Index(fields=["closed_at"], condition=models.Q(closed_at__isnull=False), name="application_closed"),
            models.Index(fields=["scheme"], condition=~models.Q(status__in=sorted(CLOSED)), name="application_open"),
        ]

    def __str__(self) -> str:
        return self.number

    @cached_property
    def registration(self) -> Registration:
        return Registration(self.scheme.spec, frozenset(self.ticked), self.answers)

    def take_answers(self, answers: Answers, *, ticked: list[str] | None = None) -> None:
        """The form says this from now on, and pages and papers name the person as it does. Under the case's lock.

        The ID number stays: it says whose case it is.
        """
        self.answers = {**answers, "id_no": self.subject_id_no, **derived_from(self.subject_id_no)}
        self.ticked = self.ticked if ticked is None else ticked
        self.subject_name = str(answers.get("name") or self.subject_name)
        self.__dict__.pop("registration", None)
        self.save(update_fields=["answers", "ticked", "subject_name"])

    def sent_papers(self) -> set[str]:
        """Codes of the papers that the offices were sent."""
        return set(self.materials.filter(is_sent=True).values_list("code", flat=True))

    @property
    def is_closed(self) -> bool:
        return self.status in CLOSED

    def is_of(self, user: User) -> bool:
        """The person's own case: by their account, or by their ID number, also if no account has it yet."""
        return self.applicant_id == user.pk or _has_number(user, self.subject_id_no)

    def party_of(self, user: User) -> Party:
        """The person whose case it is, or a clerk who acts for them."""
        return Party.APPLICANT if self.applicant_id == user.pk else Party.CLERK


class NumberCounter(models.Model):
    """Last number given per series; a gap is harmless, a double is impossible."""

    series = models.CharField("系列", max_length=40, primary_key=True)
    value = models.PositiveIntegerField("最后号", default=0)

    class Meta:
        verbose_name = "编号"
        verbose_name_plural = "编号"

    def __str__(self) -> str:
        return f"{self.series} {self.value}"
