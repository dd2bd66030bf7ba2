"""The account of a person: applicant or staff. Every package may see it; it sees none of them.

What a person may do as staff stands in agencies.Posting, not here.
"""

import uuid

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils import timezone

from portal.security.fields import BlindIndexField, SealedTextField


class ContactBy(models.TextChoices):
    """How a person wants to be told; the other way is taken when this one fails."""

    SMS = "sms", "短信"
    EMAIL = "email", "邮件"


class User(AbstractUser):
    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]

    legal_name = models.CharField("姓名", max_length=60, blank=True)
    # Which row it is, for what is sealed; a user name may change.
    key = models.UUIDField("标识", default=uuid.uuid4, unique=True, editable=False)
    id_no = SealedTextField("公民身份号码", max_length=18, blank=True, bound_to="key")
    id_no_index = BlindIndexField("公民身份号码索引", of="id_no")
    # The number was first named on the person's own form and nobody has compared it with a card yet.
    is_identity_claimed = models.BooleanField("身份证号为自己申报，未核对", default=False)
    # Somebody else knows the password; nothing opens before the person has set an own one.
    must_change_password = models.BooleanField("登录后要改密码", default=False)
    password_given_at = models.DateTimeField("窗口给密码的时间", null=True, blank=True, editable=False)
    password_set_at = models.DateTimeField("设密码的时间", default=timezone.now, editable=False)
    phone = SealedTextField("联系电话", max_length=20, blank=True, bound_to="key")
    # The address whose owner opened the link sent to it. Another `email` than this one gets no message.
    confirmed_email = models.EmailField("确认过的邮箱", blank=True)
    contact_by = models.CharField("先用哪种方式通知", max_length=8, choices=ContactBy.choices, default=ContactBy.SMS)

    REQUIRED_FIELDS = ["legal_name"]

    # The hash that a new password took the place of, until both are saved.
    replaced_password = ""

    class Meta:
        verbose_name = "用户"
        verbose_name_plural = "用户"
        constraints = [
            models.UniqueConstraint(
                fields=["id_no_index"], condition=~models.Q(id_no_index=""), name="account_one_per_id_no"
            ),
        ]

    def __str__(self) -> str:
        return self.legal_name or self.username

    @classmethod
    def of_no_person(cls, username: str, name: str) -> "User":
        """The account that deeds are logged under which no person did here; nobody can sign in with it."""
        defaults = {"legal_name": name, "is_active": False, "password": make_password(None)}
        return cls.objects.get_or_create(username=username, defaults=defaults)[0]

    def set_password(self, raw_password: str | None) -> None:
        self.replaced_password, self.password_set_at = self.password, timezone.now()
        super().set_password(raw_password)

    @property
    def has_confirmed_email(self) -> bool:
        return bool(self.email) and self.email == self.confirmed_email

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return str(self)


class EventKind(models.TextChoices):
    """What happened to an account, or by it beside the casework."""

    SIGNED_IN = "signed_in", "登录"
    REFUSED = "refused", "登录失败"
    LOCKED = "locked", "暂停登录"
    SECOND_STEP = "second_step", "通过第二步"
    CODE_REFUSED = "code_refused", "口令不对"
    SIGNED_OUT = "signed_out", "退出"
    PASSWORD_SET = "password_set", "改密码"  # noqa: S105
    LOG_READ = "log_read", "查看审计记录"
    NOT_THEIRS = "not_theirs", "要看没有权限或不存在的"


class AccountEvent(models.Model):
    """账号记录. Rows are added and never changed; a database trigger sees to it. Without `user`: no account has the name."""

    user = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="events", verbose_name="账号")
    kind = models.CharField("动作", max_length=20, choices=EventKind.choices)
    address = models.GenericIPAddressField("来自", null=True, blank=True)
    words = models.CharField("说明", max_length=200, blank=True)
    at = models.DateTimeField("时间", default=timezone.now)

    class Meta:
        verbose_name = "账号记录"
        verbose_name_plural = "账号记录"
        ordering = ["id"]
        indexes = [models.Index(fields=["user", "-id"], name="event_of_account")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.get_kind_display()}"


class SignInTry(models.Model):
    """How often a password was tried for an account from an address since the last right one."""

    key = models.CharField("账号和地址的散列值", max_length=64, unique=True)
    count = models.PositiveSmallIntegerField("次数", default=0)
    last_at = models.DateTimeField("最近一次", db_index=True)

    class Meta:
        verbose_name = "登录尝试"
        verbose_name_plural = "登录尝试"

    def __str__(self) -> str:
        return f"{self.key[:8]}：{self.count} 次"


class PastPassword(models.Model):
    """A password that a member of staff had before, as its hash: it is not taken again."""

    user = models.ForeignKey(User, models.CASCADE, related_name="past_passwords", verbose_name="工作人员")
    password = models.CharField("密码的散列值", max_length=128, editable=False)
    replaced_at = models.DateTimeField("换掉的时间", default=timezone.now)

    class Meta:
        verbose_name = "用过的密码"
        verbose_name_plural = "用过的密码"

    def __str__(self) -> str:
        return f"{self.user}：{self.replaced_at:%Y-%m-%d}"


class SecondFactor(models.Model):
    """What an authenticator of a member of staff computes with, and spare codes for the day the phone is lost.

    `last_step` is the half minute of the last code that was taken; `spare_codes` are keyed hashes. Unconfirmed until its
    first right code.
    """

    user = models.OneToOneField(User, models.CASCADE, related_name="second_factor", verbose_name="工作人员")
    key = models.UUIDField("标识", default=uuid.uuid4, unique=True, editable=False)
    secret_base32 = SealedTextField("密钥", editable=False, bound_to="key")
    spare_codes = models.JSONField("备用码", default=list, editable=False)
    last_step = models.BigIntegerField("上次口令的时段", default=0)
    confirmed_at = models.DateTimeField("启用时间", null=True, blank=True)

    class Meta:
        verbose_name = "动态口令"
        verbose_name_plural = "动态口令"

    def __str__(self) -> str:
        return str(self.user)
