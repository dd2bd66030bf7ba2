"""How a person is told: phone, mail address, and which of them first."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from agencies.fields import FIELDS
from applications.errors import Invalid
from applications.models import LostAddress
from applications.registration import clean_text, normalise, problem
from portal.accounts.models import ContactBy, User


def change(user: User, *, phone: str, email: str, contact_by: str) -> User:
    """Keeps a person's own contact data. An address they confirm is tried again though something came back from it."""
    phone, email = str(normalise(FIELDS["mobile"], phone)), clean_text(email)
    if errors := _problems(phone, email, contact_by):
        raise Invalid(errors)
    with transaction.atomic():
        current = User.objects.select_for_update().get(pk=user.pk)
        current.phone, current.email, current.contact_by = phone, email, contact_by
        current.save(update_fields=["phone", "email", "contact_by"])
        LostAddress.objects.filter(address__in=filter(None, [phone, email])).delete()
    return current


def lost(user: User) -> list[str]:
    """The person's addresses at which nothing arrives."""
    own = [address for address in (user.phone, user.email) if address]
    return list(LostAddress.objects.filter(address__in=own).values_list("address", flat=True))


def _problems(phone: str, email: str, contact_by: str) -> dict[str, str]:
    errors: dict[str, str] = {}
    if phone and (wrong := problem(FIELDS["mobile"], phone, label="手机号", today=timezone.localdate())):
        errors["phone"] = wrong
    if email:
        try:
            validate_email(email)
        except ValidationError:
            errors["email"] = "邮箱写得不完整，应像 name@example.com"
    if contact_by not in ContactBy.values:
        errors["contact_by"] = "请选一种方式"
    elif contact_by == ContactBy.EMAIL and not email:
        errors.setdefault("email", "选了用邮件通知，请填邮箱")
    elif contact_by == ContactBy.SMS and not phone:
        errors.setdefault("phone", "选了用短信通知，请填手机号")
    return errors
