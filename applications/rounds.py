"""Rounds of the beat: a deed for each of many rows, where one that fails stops no other."""

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

from django.db.models import Model

from applications.errors import Refused

logger = logging.getLogger(__name__)

Row = TypeVar("Row", bound=Model)


def over(rows: Iterable[Row], deed: Callable[[Row], int]) -> int:
    """The sum of what the deeds did. A row that moved on meanwhile is passed over; a failure is logged with its key."""
    done = 0
    for row in rows:
        try:
            done += deed(row)
        except Refused:
            logger.info("%s %s moved on meanwhile", type(row).__name__, row.pk)
        except Exception:  # the others go on
            logger.exception("round failed on %s %s", type(row).__name__, row.pk)
    return done
