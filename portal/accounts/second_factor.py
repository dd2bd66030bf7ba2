"""The second step of staff's sign-in: six figures of an authenticator (RFC 6238), or a spare code. Each is good once."""

import base64
import secrets

from cryptography.hazmat.primitives import constant_time
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from portal.accounts.models import SecondFactor, User
from portal.security import crypto

FIGURES, STEP = 6, 30
# A phone's clock may be off by so many steps.
DRIFT = 1
SPARE_CODES = 10
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"  # none that is taken for another
_PASSED = "second_factor"


def is_asked(user: User, *, has_posting: bool) -> bool:
    """Of whoever may see other people's data, where the place asks for it (GB/T 22239 level 3)."""
    return bool(settings.STAFF_SECOND_FACTOR) and (has_posting or user.is_staff)


def begin(user: User) -> SecondFactor:
    """The person's factor; a new one waits for its first right code, and a page that is loaded again shows the same."""
    secret = base64.b32encode(secrets.token_bytes(20)).decode()
    return SecondFactor.objects.get_or_create(user=user, defaults={"secret_base32": secret})[0]


def address(factor: SecondFactor) -> str:
    """What an authenticator reads out of the picture."""
    return _totp(factor).get_provisioning_uri(factor.user.username, settings.SERVICE_NAME)


def accept(user: User, code: str) -> bool:
    """Whether the code is right; it is used up by that."""
    plain = "".join(code.split()).replace("-", "").lower()
    with transaction.atomic():
        factor = SecondFactor.objects.select_for_update().filter(user=user).first()
        if factor is None:
            return False
        step = _step_of(factor, plain)
        spare = crypto.index_of(plain, "spare_code")
        if step is not None:
            factor.last_step = step
        elif factor.confirmed_at is not None and spare in factor.spare_codes:
            factor.spare_codes = [kept for kept in factor.spare_codes if kept != spare]
        else:
            return False
        factor.save(update_fields=["last_step", "spare_codes"])
    return True


def confirm(user: User) -> list[str]:
    """Puts the factor in force after its first right code; gives the spare codes, which nobody can read again."""
    codes = ["".join(secrets.choice(_LETTERS) for _ in range(8)) for _ in range(SPARE_CODES)]
    with transaction.atomic():
        factor = SecondFactor.objects.select_for_update().get(user=user)
        factor.confirmed_at = timezone.now()
        factor.spare_codes = [crypto.index_of(code, "spare_code") for code in codes]
        factor.save(update_fields=["confirmed_at", "spare_codes"])
    return [f"{code[:4]}-{code[4:]}" for code in codes]


def remember(request: HttpRequest, user: User) -> None:
    """This session has passed; it gets a new id, as after the password."""
    request.session.cycle_key()
    request.session[_PASSED] = SecondFactor.objects.get(user=user).key.hex


def has_passed(request: HttpRequest) -> bool:
    """Whether this session passed by the factor that is in force now."""
    passed = str(request.session.get(_PASSED, ""))
    factors = SecondFactor.objects.filter(user=request.user.pk, confirmed_at__isnull=False)
    return bool(passed) and factors.filter(key=passed).exists()


def reset(user: User) -> None:
    """The phone is lost: the next sign-in sets up another, and sessions that passed by the old one ask again."""
    SecondFactor.objects.filter(user=user).delete()


def _totp(factor: SecondFactor) -> TOTP:
    return TOTP(base64.b32decode(factor.secret_base32), FIGURES, SHA1(), STEP)  # noqa: S303 - what authenticators compute


def _step_of(factor: SecondFactor, code: str) -> int | None:
    """The half minute that the code belongs to; none for a wrong one and for one not newer than the last."""
    totp, now = _totp(factor), int(timezone.now().timestamp()) // STEP
    for step in range(now - DRIFT, now + DRIFT + 1):
        if step > factor.last_step and constant_time.bytes_eq(totp.generate(step * STEP), code.encode()):
            return step
    return None
