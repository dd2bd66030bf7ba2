"""Administrative divisions: the tree of places from `divisions.csv`. A row is never deleted, only ended."""

import csv
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from agencies.enums import Level
from agencies.models import Region

NATION = "100000"


@dataclass(frozen=True)
class Division:
    code: str
    name: str
    parent: str
    valid_until: date | None
    successor: str
    valid_from: date | None = None


def level_of(code: str) -> Level:
    """The level a code says: two zeros for a city, four for a province; nine digits for a township, twelve for a village."""
    if code == NATION:
        return Level.NATION
    if len(code) == 12:
        return Level.VILLAGE
    if len(code) == 9:
        return Level.TOWNSHIP
    if code.endswith("0000"):
        return Level.PROVINCE
    return Level.CITY if code.endswith("00") else Level.COUNTY


def read_divisions(path: Path, known: Collection[str] = (NATION,)) -> list[Division]:
    """The rows of the file, parents before children. `known` are codes that stand elsewhere. Raises ValueError."""
    divisions: dict[str, Division] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for line, row in enumerate(csv.DictReader(file), 2):
            code = row["code"].strip()
            if not code.isdigit() or len(code) not in (6, 9, 12) or code in divisions:
                raise ValueError(f"{path} 第{line}行：代码“{code}”不是 6、9 或 12 位数字，或者重复，请改正。")
            since, until = (
                date.fromisoformat(row[key]) if row.get(key) else None for key in ("valid_from", "valid_until")
            )
            divisions[code] = Division(
                code, row["name"].strip(), row["parent"].strip(), until, row["successor"].strip(), since
            )
    for division in divisions.values():
        for other in (division.parent, division.successor):
            if other and other not in divisions and other not in known:
                raise ValueError(f"{path}：“{division.name}”（{division.code}）指向不存在的代码“{other}”，请改正。")
    return sorted(divisions.values(), key=lambda division: (level_of(division.code), division.code))


def load_divisions(divisions: list[Division]) -> int:
    """Store the tree; what an administrator switched on, and phones, stay as they are. Returns how many rows are new."""
    known = dict(Region.objects.values_list("code", "full_name"))
    names = {division.code: division for division in divisions}
    rows = [
        Region(
            code=division.code,
            name=division.name,
            parent_id=division.parent or None,
            level=level_of(division.code),
            full_name=_full_name(division, names, known),
            valid_from=division.valid_from,
            valid_until=division.valid_until,
            successor_id=division.successor or None,
        )
        for division in divisions
    ]
    Region.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=["name", "parent", "level", "full_name", "valid_from", "valid_until", "successor"],
    )
    return len({row.code for row in rows} - set(known))


def _full_name(division: Division, names: dict[str, Division], known: dict[str, str]) -> str:
    """The name with the places above it, leaving out the nation."""
    if division.parent in ("", NATION):
        return division.name
    parent = names.get(division.parent)
    above = _full_name(parent, names, known) if parent else known[division.parent]
    return above + division.name
