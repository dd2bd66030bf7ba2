"""What an agency's system answers about a case, without what the case tells of its person.

An answer may repeat anything that was sent: a name, an address, an account. It is kept for whoever looks into a failed try,
and nobody needs the person for that. What is known of the case is taken out to the letter, in parts too; figures and
addresses of mail that are not known are taken out by their shape.
"""

import re

from applications.models import Application

GAP = "…"
# Two characters can be a name; of longer values any four in a row count, so that half an address is found as well. Of
# numbers it takes six: four figures in a row stand in any receipt number.
SHORTEST = 2
RUN = 4
RUN_OF_FIGURES = 6
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_SHAPES = re.compile(
    r"(?<![\w-])(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d)"  # mobile
    r"|(?<![\w-])0\d{2,3}[ -]?\d{7,8}(?!\d)"  # telephone
    r"|(?<![\w-])\d{11,}[Xx]?(?![\w-])"  # persons, accounts
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
)


def values_of(application: Application) -> set[str]:
    """The texts of a case that say something about its person."""
    given = {str(value).strip() for value in application.answers.values() if value is not None}
    given |= {application.subject_name, application.subject_id_no}
    return {value for value in given if len(value) >= SHORTEST and not (value.isdigit() and len(value) < RUN)}


def without(text: str, application: Application) -> str:
    """The text with a gap for each value of the case, for any few characters in a row of one, and for telling shapes."""
    hidden = [False] * len(text)
    for value in values_of(application) if text else ():
        run = RUN_OF_FIGURES if sum(map(str.isdigit, value)) * 2 > len(value) else RUN
        length = len(value) if _DAY.fullmatch(value) else min(len(value), run)
        for start in range(len(value) - length + 1):
            _mark(text, value[start : start + length], hidden)
    for found in _SHAPES.finditer(text):
        hidden[found.start() : found.end()] = [True] * (found.end() - found.start())
    kept = "".join("\0" if is_hidden else letter for letter, is_hidden in zip(text, hidden, strict=True))
    return re.sub("\0+", GAP, kept)


def numbers_without(text: str, application: Application) -> str:
    """A receipt number that the receiver made of the person's own number or name; other numbers stay to the letter."""
    whole = {value for value in values_of(application) if len(value) >= 8 and not _DAY.fullmatch(value)}
    for value in sorted({*whole, application.subject_name}, key=len, reverse=True):
        text = text.replace(value, GAP) if value else text
    return text


def _mark(text: str, part: str, hidden: list[bool]) -> None:
    at = text.find(part)
    while at >= 0:
        hidden[at : at + len(part)] = [True] * len(part)
        at = text.find(part, at + 1)
