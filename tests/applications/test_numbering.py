"""Numbers as people type them: a case's number is known in any of its papers' numbers, and no ID number is taken for one."""

import pytest

from applications.numbering import case_number_in


@pytest.mark.parametrize(
    "typed",
    ["150602-261126-00007", "150602-261126-00007-S", "15060226112600007", "150602 261126 00007 a12", "１５０６０２－261126－00007"],
)  # fmt: skip
def test_number_of_a_case_is_known_however_it_is_typed(typed: str) -> None:
    assert case_number_in(typed) == "150602-261126-00007"


@pytest.mark.parametrize(
    "typed",
    ["", "00007", "110105199702169991", "11010519970216999X", "150602-261126-F0001", "150602-261126-000071", "巴特尔"],
)
def test_other_numbers_are_not_taken_for_one(typed: str) -> None:
    assert case_number_in(typed) == ""
