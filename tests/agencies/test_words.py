"""Days in words."""

from datetime import date

from agencies.words import full_day, plain_day


def test_full_day_names_the_weekday() -> None:
    assert full_day(date(2026, 10, 28)) == "2026年10月28日（星期三）"


def test_plain_day_has_no_leading_zeros() -> None:
    assert plain_day(date(2026, 9, 1)) == "2026年9月1日"
