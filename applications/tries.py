"""What strangers type from a paper: read as it stands there, and counted, so that nobody tries codes until one fits.

Used by 核对文书 (`verification`) and by the query without an account (`receipt_query`).
"""

import hashlib
import re
import secrets
import unicodedata
from datetime import datetime

from django.db import transaction
from django.db.models import F

from applications.errors import Refused
from applications.models import NumberCounter
from applications.numbering import next_value

TRIES_PER_HOUR = 5


def plain(text: str) -> str:
    """As it stands on the paper, however it was typed: no blanks, capital letters, half width, any dash."""
    typed = re.sub(r"\s", "", unicodedata.normalize("NFKC", text))
    return re.sub(r"[‐-―−－]", "-", typed).upper()[:60]


def plain_code(text: str) -> str:
    """A check code without its dash, which nobody has to type."""
    return plain(text).replace("-", "")


def is_same(expected: str, typed: str) -> bool:
    """Compared in a time that does not tell where they differ."""
    return secrets.compare_digest(expected.encode(), typed.encode())


def count(purpose: str, number: str, now: datetime) -> str:
    """One try for a number, whether it exists or not; refused after five in an hour. Returns what `forgive` takes.

    One row per number and hour, shared by all workers, and kept whatever becomes of the request. Rows of earlier hours are
    dropped on the way.
    """
    hour = f"{purpose}/{int(now.timestamp()) // 3600}/"
    NumberCounter.objects.filter(series__startswith=f"{purpose}/").exclude(series__startswith=hour).delete()
    series = hour + hashlib.sha256(number.encode()).hexdigest()[:20]
    with transaction.atomic(durable=True):
        tried = next_value(series)
    if tried > TRIES_PER_HOUR:
        raise Refused("这个编号一小时内已经试错 5 次，请一小时后再试，或打电话问办理机构")
    return series


def forgive(series: str) -> None:
    """What fitted was no guess: who holds the paper may look as often as they like."""
    NumberCounter.objects.filter(series=series, value__gt=0).update(value=F("value") - 1)
