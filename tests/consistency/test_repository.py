"""Rules of the repository that no linter knows."""

import ast
import csv
import re
import subprocess
from pathlib import Path

import yaml
from django.db import connection

from applications.registration import check_digit
from portal.accounts.masking import masked

ROOT = Path(__file__).resolve().parent.parent.parent
TOP_LEVEL = {
    "manage.py", "portal", "applications", "agencies", "templates", "static", "fixtures", "tests", "docker-compose.yml",
    "pyproject.toml", "README.md", "run.py", ".ci", ".gitignore", "LICENSE", "requirements.lock", "docs",
}  # fmt: skip
PAGE_PACKAGES = ["home", "applicant", "window", "desk", "console", "exchange"]


def tracked(*patterns: str) -> list[Path]:
    """The repository's files by git's patterns; new ones that git does not ignore count too."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    return [ROOT / name for name in names if (ROOT / name).exists()]


def code() -> list[Path]:
    return tracked("portal/*.py", "applications/*.py", "agencies/*.py")


def domain() -> list[Path]:
    return tracked("applications/*.py", "agencies/*.py")


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_top_level_is_the_fixed_list() -> None:
    found = {Path(relative(path)).parts[0] for path in tracked()}

    assert found - TOP_LEVEL == set()


def test_database_driver_is_psycopg2() -> None:
    assert connection.Database.__name__ == "psycopg2"


def imported(path: Path) -> list[str]:
    tree = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    names = [
        [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
        for node in tree
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    return [name for group in names for name in group]


def test_domain_knows_no_http() -> None:
    # The back office is Django's own pages; everything else of the domain has no request.
    allowed = [path for path in domain() if path.name in ("admin.py", "back_office.py") or "/admin/" in str(path)]
    banned = ("django.http", "django.shortcuts", "django.views", "django.urls")
    found = [
        f"{relative(path)}: {name}"
        for path in domain()
        if path not in allowed
        for name in imported(path)
        if name.startswith(banned)
    ]

    assert found == []


def test_pages_fetch_through_scoped_querysets() -> None:
    pages = tracked(*[f"portal/{package}/*.py" for package in PAGE_PACKAGES])
    found = [
        f"{relative(path)}:{number}: {line.strip()}"
        for path in pages
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(r"\.objects\b(?!\.for_\w+\()", line) or "_default_manager" in line
    ]

    assert found == []


def test_pages_open_no_transaction() -> None:
    pages = tracked(*[f"portal/{package}/*.py" for package in PAGE_PACKAGES])

    assert [relative(path) for path in pages if "transaction" in path.read_text(encoding="utf-8")] == []


def region_words() -> set[str]:
    """Codes and names of all places below the nation, and the short names of the places that have a scheme."""
    with (ROOT / "fixtures/regions/divisions.csv").open(encoding="utf-8", newline="") as file:
        places = {row["code"]: row["name"] for row in csv.DictReader(file) if row["parent"]}
    schemes = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in tracked("fixtures/regions/*.yaml")]
    # A careless condition compares with the name without its suffix.
    short = {re.sub(r"(省|市|自治区)$", "", places.get(scheme["region"], "")) for scheme in schemes}
    return {word for word in {*places, *places.values(), *short} if len(word) > 1}


def test_no_region_is_named_in_code_or_templates() -> None:
    words = sorted(region_words(), key=len, reverse=True)
    any_word = "|".join(rf"(?<!\d){word}(?!\d)" if word.isdigit() else re.escape(word) for word in words)
    first = "".join(sorted({word[0] for word in words}))  # looked for before every word is tried
    pattern = re.compile(rf"(?=[{first}])(?:{any_word})")
    found = [
        f"{relative(path)}:{number}: {match.group()}"
        for path in [*code(), *tracked("templates/*.html", "templates/*.txt")]
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if (match := pattern.search(line))
    ]

    assert found == []


# Printed in GB 11643 itself.
PRINTED = {"11010519491231002X", "440524188001010014"}
_ID_NO = re.compile(r"(?<![0-9A-Za-z])[1-9][0-9]{5}(?:18|19|20)[0-9]{2}(?:0[1-9]|1[0-2])[0-9]{5}[0-9Xx](?![0-9A-Za-z])")
MADE_UP = ("996", "997", "998", "999")


def test_no_id_number_could_be_that_of_a_person() -> None:
    """S-21: numbers in the repository are those of nobody, by their reserved sequence or a wrong last character."""
    found = []
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:  # a picture or a font
            continue
        numbers = {number.upper() for number in _ID_NO.findall(text)} - PRINTED
        real = [number for number in numbers if check_digit(number[:17]) == number[17] and number[14:17] not in MADE_UP]
        found += [f"{relative(path)}: {masked(number)}" for number in real]

    assert found == []


def test_numbers_of_persons_are_recognised() -> None:
    number = "15060219980815" + "123"

    assert _ID_NO.findall(f"id: {number}{check_digit(number)},") == [number + check_digit(number)]
