"""The drill's own count and its plan of blows: it must find what is lost and doubled, or its verdict is worth nothing."""

from typing import Any

import pytest

from applications.management.commands.drill import full, short
from applications.management.drill_count import count
from applications.management.drill_points import POINTS, VICTIMS

TOLD = [
    {"number": "A-1", "expected": [["I01", "veterans"], ["I04", "police"]]},
    {"number": "A-2", "expected": [["I01", "veterans"]]},
]


def taken(number: str, item: str) -> dict[str, Any]:
    return {"what": "taken", "case_number": number, "item": item}


def logs() -> dict[str, list[dict[str, Any]]]:
    return {"veterans": [taken("A-1", "I01"), taken("A-2", "I01")], "police": [taken("A-1", "I04")]}


def problems(told: list[dict[str, Any]], found: dict[str, list[dict[str, Any]]], submissions: int = 2) -> str:
    return "；".join(count(told, found, submissions).problems)


def test_count_passes_when_each_has_its_own_once() -> None:
    result = count(TOLD, logs(), 2)

    assert (result.problems, result.expected, result.received) == ([], 3, 3)


def test_count_finds_a_lost_item() -> None:
    found = logs()
    found["police"] = []

    assert "丢失 1 条（如 A-1、I04、police）" in problems(TOLD, found)


def test_count_finds_an_item_taken_twice() -> None:
    found = logs()
    found["police"] *= 2

    assert "重复 1 条" in problems(TOLD, found)


def test_count_finds_what_nobody_was_told_of() -> None:
    found = logs()
    found["veterans"].append(taken("A-3", "I01"))

    assert "多出 1 条" in problems(TOLD, found)


def test_count_takes_a_recognised_repetition_for_no_second_one() -> None:
    found = logs()
    found["police"].append({"what": "again", "dispatch": "x"})

    assert problems(TOLD, found) == ""


@pytest.mark.parametrize(
    "told", [TOLD[:1], [TOLD[0], {**TOLD[1], "number": "A-1"}], [TOLD[0], {**TOLD[1], "number": ""}]]
)
def test_count_finds_people_without_a_number_of_their_own(told: list[dict[str, Any]]) -> None:
    assert problems(told, logs())


def test_full_drill_kills_every_part_at_every_point_and_the_short_one_each_once() -> None:
    assert sorted(full()) == sorted((point, victim) for point in POINTS for victim in VICTIMS)
    blows = list(short())
    assert {point for point, victim in blows if victim == "self"} == set(POINTS)
    assert {victim for _, victim in blows} == set(VICTIMS)
