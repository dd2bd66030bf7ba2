"""The way so far: every deed of the table has words for the person, or is kept among staff on purpose."""

from applications.enums import Action
from portal.web import history


def test_every_deed_has_words_for_the_person_or_is_kept_inside() -> None:
    assert set(history._WORDS) | set(history._INNER) == set(Action)
