"""Passwords that a window gives: good for a few days, and only for setting an own one. Nobody can read them again."""

import secrets
from datetime import timedelta

from django.utils import timezone

from portal.accounts.models import User

VALID = timedelta(days=3)
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"  # none that is taken for another
_FIGURES = "0123456789"


def free_user_name() -> str:
    """Eight figures that no account has; they say nothing about the person."""
    name = secrets.choice("123456789") + "".join(secrets.choice(_FIGURES) for _ in range(7))
    return free_user_name() if User.objects.filter(username=name).exists() else name


def give(user: User) -> str:
    """A new one-time password for the account, to be saved with it; every session of the account ends by that."""
    word = "".join(secrets.choice(_LETTERS) for _ in range(10))
    password = f"{word[:5]}-{word[5:]}"
    user.set_password(password)
    user.must_change_password, user.password_given_at = True, timezone.now()
    return password


def is_over(user: User) -> bool:
    """Whether the password was given so long ago that it opens nothing any more."""
    given_at = user.password_given_at
    return user.must_change_password and given_at is not None and timezone.now() - given_at > VALID
