"""What a password of staff must be: long, of several kinds of characters, none of the last ones, not too old (GB/T 22239).

An applicant chooses a long one and keeps it. Asked by whatever sets a password, and by every page for its age.
"""

import string
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone

from agencies.models import Posting
from portal.accounts.models import PastPassword, User


def is_staff(user: User) -> bool:
    """Whoever works in the back office, has a posting, or will have one."""
    not_over = Q(valid_until=None) | Q(valid_until__gte=timezone.localdate())
    if user.is_staff or user.is_superuser:
        return True
    return user.pk is not None and Posting.objects.filter(not_over, user=user).exists()


def hint() -> str:
    """The rules in one sentence."""
    words = f"至少 {settings.STAFF_PASSWORD_LENGTH} 位，大写字母、小写字母、数字、符号里至少 {settings.STAFF_PASSWORD_KINDS} 种"
    before = settings.STAFF_PASSWORD_REMEMBERED
    return f"{words}，不能是最近用过的 {before} 个" if before else words


def is_old(user: User, *, has_posting: bool) -> bool:
    """Whether a member of staff must set another one before anything else."""
    days = settings.STAFF_PASSWORD_DAYS
    is_asked = bool(days) and (has_posting or user.is_staff)
    return is_asked and timezone.now() - user.password_set_at > timedelta(days=days)


def _kinds(password: str) -> int:
    """How many of the four kinds of characters there are; what is none of the first three is a sign."""
    kinds = (string.ascii_uppercase, string.ascii_lowercase, string.digits)
    others = any(not any(letter in kind for kind in kinds) for letter in password)
    return sum(any(letter in kind for letter in password) for kind in kinds) + others


class Strength:
    """A validator of Django: long and mixed enough, for staff."""

    def validate(self, password: str, user: User | None = None) -> None:
        if user is None or not is_staff(user):
            return
        if len(password) < settings.STAFF_PASSWORD_LENGTH or _kinds(password) < settings.STAFF_PASSWORD_KINDS:
            raise ValidationError(f"工作人员的密码{hint()}", code="staff_password")

    def get_help_text(self) -> str:
        return f"工作人员的密码{hint()}"


class NotUsedBefore:
    """A validator of Django: neither the present one nor one of the last, for staff."""

    def validate(self, password: str, user: User | None = None) -> None:
        remembered = settings.STAFF_PASSWORD_REMEMBERED
        if not remembered or user is None or user.pk is None or not is_staff(user):
            return
        before = user.past_passwords.order_by("-pk").values_list("password", flat=True)[: remembered - 1]
        if any(check_password(password, one) for one in (user.password, *before)):
            raise ValidationError(f"最近用过的 {remembered} 个密码不能再用", code="password_used_before")

    def password_changed(self, password: str, user: User | None = None) -> None:
        """Keeps what the new one took the place of, and no more than is asked for."""
        if user is None or not user.replaced_password or not is_staff(user):
            return
        PastPassword.objects.create(user=user, password=user.replaced_password)
        kept = user.past_passwords.order_by("-pk").values("pk")[: max(settings.STAFF_PASSWORD_REMEMBERED - 1, 0)]
        user.past_passwords.exclude(pk__in=list(kept.values_list("pk", flat=True))).delete()
        user.replaced_password = ""

    def get_help_text(self) -> str:
        return ""
