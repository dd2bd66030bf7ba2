"""Every case A1 to A22 and B1 to B13 of LESSONS.md, and rows 15 to 22 of PERFORMANCE.md 12, is named by a test."""

import ast
import re

import pytest

from tests.consistency.test_repository import relative, tracked

CASES = [f"A{number}" for number in range(1, 23)] + [f"B{number}" for number in range(1, 14)]
ROWS = range(15, 23)


def docstrings() -> dict[str, str]:
    """`file::test` and what the test says of itself."""
    found = {}
    for path in tracked("tests/*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                found[f"{relative(path)}::{node.name}"] = ast.get_docstring(node) or ""
    return found


SAID = docstrings()


@pytest.mark.parametrize("case", CASES)
def test_case_of_the_lessons_is_named_by_a_test(case: str) -> None:
    assert [test for test, words in SAID.items() if re.search(rf"\b{case}\b", words)]


@pytest.mark.parametrize("row", ROWS)
def test_row_of_the_nearest_peer_is_named_by_a_test(row: int) -> None:
    rows = [re.findall(r"PERFORMANCE rows? ([\d, and]+)", words) for words in SAID.values()]

    assert any(str(row) in re.findall(r"\d+", " ".join(found)) for found in rows)
