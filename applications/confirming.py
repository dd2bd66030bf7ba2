"""The link by which a person confirms a mail address: signed, good once and for a few days, and without a word about them.

`notices` writes the link into the mail, `contacts` takes it back.
"""

import uuid
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.utils import timezone

from applications.models import EmailConfirmation, Notice

VALID = timedelta(days=3)
PAGE = "/messages/confirm/"

_SIGNER = signing.Signer(salt="applications.confirming")


def link_of(notice: Notice) -> str:
    """The address in the mail; empty when the person has confirmed, or has named another address since."""
    waiting = waiting_for(notice)
    return f"{settings.SITE_URL}{PAGE}{token_of(waiting)}/" if waiting is not None else ""


def waiting_for(notice: Notice) -> EmailConfirmation | None:
    """What the mail asks to confirm, while it is still asked."""
    return EmailConfirmation.objects.filter(user=notice.recipient_id, address=notice.sent_to).first()


def token_of(waiting: EmailConfirmation) -> str:
    return _SIGNER.sign(waiting.key.hex)


def found(token: str) -> EmailConfirmation | None:
    """What a link stands for; None for one that is forged, used, replaced or too old."""
    try:
        key = uuid.UUID(_SIGNER.unsign(token))
    except (signing.BadSignature, ValueError):
        return None
    return EmailConfirmation.objects.filter(key=key, asked_at__gt=timezone.now() - VALID).first()
