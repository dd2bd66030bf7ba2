"""Numbers of cases and papers: region, day, running number. Unique by the database; a gap is harmless."""

import re
import unicodedata
from datetime import date

from django.db import connection

_NEXT = """
    INSERT INTO applications_numbercounter (series, value) VALUES (%s, 1)
    ON CONFLICT (series) DO UPDATE SET value = applications_numbercounter.value + 1
    RETURNING value
"""


def next_value(series: str) -> int:
    """The next number of a series. The row stays locked until the transaction ends, so call it late in one."""
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [series])
        return int(cursor.fetchone()[0])


# Place, day, running number, and on a paper its letter with a number; an X would end an ID number.
_OF_CASE = re.compile(r"([0-9]{6})([0-9]{6})([0-9]{5})(?:[A-WYZ][0-9]*)?")


def case_number_in(text: str) -> str:
    """The number of the case in a case's or a paper's number as people type it, hyphens or not; empty if it is none."""
    found = _OF_CASE.fullmatch(re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", text)).upper())
    return "-".join(found.groups()) if found else ""


def question_number(region_code: str, day: date) -> str:
    """As a case's number with an F (反映) before the running number."""
    series = f"{region_code}-{day:%y%m%d}-F"
    return f"{series}{next_value(series):04d}"


def case_number(region_code: str, day: date) -> str:
    """Place, day and number, as in 999999-261126-00001: six-digit place, day, running number of the place's day."""
    series = f"{region_code}-{day:%y%m%d}"
    return f"{series}-{next_value(series):05d}"
