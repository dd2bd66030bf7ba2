"""The worked example of docs/regions.md: it uses every word of the format, and it is sound."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import call_command, get_commands
from pydantic import BaseModel

from agencies import spec
from agencies.layers import DIRECTIONS, read_layer
from agencies.shape import faults_of
from agencies.spec import SchemeSpec
from tests.agencies.conftest import compiled, layer

EXAMPLE = Path(settings.BASE_DIR) / "docs" / "example"
# Set by the portal, not written: what a scheme computes about itself.
COMPUTED = {"provenance"}


def words_in(value: Any) -> set[str]:
    if isinstance(value, dict):
        return {str(key).rstrip("+") for key in value}.union(*map(words_in, value.values()))
    return set().union(*map(words_in, value)) if isinstance(value, list) else set()


def specifications() -> list[type[BaseModel]]:
    return [kind for kind in vars(spec).values() if isinstance(kind, type) and issubclass(kind, spec.Spec)]


@pytest.fixture(scope="module")
def city() -> SchemeSpec:
    return compiled(layer("nation"), read_layer(EXAMPLE / "shili.yaml"))


@pytest.fixture(scope="module")
def district() -> SchemeSpec:
    return compiled(layer("nation"), read_layer(EXAMPLE / "shili.yaml"), read_layer(EXAMPLE / "donghu.yaml"))


def test_example_has_no_fault(directory: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("check_region", EXAMPLE, "--errors-only")

    assert "错误 0 处" in capsys.readouterr().out
    assert faults_of(read_layer(EXAMPLE / "shili.yaml")) == []


def test_example_uses_every_word_of_the_format() -> None:
    texts = [yaml.safe_load((EXAMPLE / name).read_text(encoding="utf-8")) for name in ("shili.yaml", "donghu.yaml")]
    used = set().union(*map(words_in, texts))
    known = {info.alias or name for kind in specifications() for name, info in kind.model_fields.items()}

    assert (known | set(DIRECTIONS)) - used - COMPUTED == set()


def test_district_adds_and_tightens(city: SchemeSpec, district: SchemeSpec) -> None:
    """TJ-07 and TJ-19: a district's own item, and an item switched off online there only."""
    assert [item.code for item in district.items if item.code not in {i.code for i in city.items}] == ["D01"]
    assert (str(city.item("I10").promised_limit), str(district.item("I10").promised_limit)) == (
        "3 个工作日",
        "2 个工作日",
    )
    assert (city.item("I04").online, district.item("I04").online) == (True, False)


def leaves(value: Any, kind: type[BaseModel]) -> list[tuple[str, Any]]:
    """(specification.field, value) of everything set in a scheme, at every depth."""
    found = []
    for name in kind.model_fields:
        part = getattr(value, name)
        found.append((f"{kind.__name__}.{name}", part))
        for inner in part.values() if isinstance(part, dict) else part if isinstance(part, tuple) else (part,):
            for one in inner if isinstance(inner, tuple) else (inner,):
                if isinstance(one, BaseModel):
                    found += leaves(one, type(one))
    return found


def test_example_differs_from_the_four_in_every_dimension(
    district: SchemeSpec, city: SchemeSpec, schemes: dict[str, SchemeSpec]
) -> None:
    """Some value of the example stands in none of the four regions, for every field that the format has."""
    known = {name: set() for name, _ in leaves(city, SchemeSpec)}
    for shipped in schemes.values():
        for name, value in leaves(shipped, SchemeSpec):
            known.setdefault(name, set()).add(str(value))

    own = {
        name for mine in (city, district) for name, value in leaves(mine, SchemeSpec) if str(value) not in known[name]
    }

    # Yes or no, and the kinds that a list names: the four show both sides already.
    both_sides = {name for name, values in known.items() if values >= {"True", "False"}}
    listed = {"ChannelSpec.kind", "Requirement.kind", "Requirement.item", "FormField.field", "FieldMapping.field"}
    listed |= {"SchemeSpec.version"}  # made by publishing
    assert sorted(set(known) - own - both_sides - listed) == []


def test_hours_follow_the_season(city: SchemeSpec) -> None:
    place = city.place("980102")

    assert place is not None
    assert place.hours_on(date(2026, 7, 1)) == "工作日 8:30-12:00，14:30-18:00"
    assert place.hours_on(date(2026, 12, 1)) == "工作日 8:30-12:00，13:30-17:30"


def test_agency_may_take_part_without_an_item(schemes: dict[str, SchemeSpec]) -> None:
    handling = {code for item in schemes["ordos"].items for code in item.agencies}

    assert {agency.code for agency in schemes["ordos"].agencies} - handling == {"armed_forces"}


def test_docs_tell_every_word_and_only_commands_there_are() -> None:
    text = (EXAMPLE.parent / "regions.md").read_text(encoding="utf-8")
    words = {word for part in re.findall(r"`([^`]+)`", text) for word in re.findall(r"[a-z_]+", part)}
    known = {info.alias or name for kind in specifications() for name, info in kind.model_fields.items()}

    assert (known | set(DIRECTIONS)) - words - COMPUTED == set()
    assert set(re.findall(r"manage\.py (\w+)", text)) <= set(get_commands())
