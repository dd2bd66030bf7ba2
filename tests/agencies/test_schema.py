import json
from typing import Any

import jsonschema
import pytest
import yaml
from django.core.management import call_command

from agencies.schema import layer_schema
from tests.agencies.conftest import NAMES, REGIONS

EXAMPLES = REGIONS.parent.parent / "docs" / "example"


def written(name: str) -> Any:
    """A region file as an editor sees it: dates are text."""
    folder = EXAMPLES if name in ("shili", "donghu") else REGIONS
    text = (folder / f"{name}.yaml").read_text(encoding="utf-8")
    return json.loads(json.dumps(yaml.safe_load(text), default=str))


def faults(data: Any) -> list[str]:
    validator = jsonschema.Draft202012Validator(layer_schema())
    return sorted(error.json_path for error in validator.iter_errors(data))


@pytest.mark.parametrize("name", ["nation", *NAMES, "shili", "donghu"])
def test_shipped_file_fits_the_schema(name: str) -> None:
    assert faults(written(name)) == []


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"slogan": ["错"]}, "$"),
        ({"overall_limit": {"unit": "week", "days": 1}}, "$.overall_limit"),
        ({"items": [{"name": "没有代码"}]}, "$.items[0]"),
        ({"items": [{"code": "A", "field_map": {"police": ["nmae"]}}]}, "$.items[0].field_map.police[0]"),
    ],
)
def test_slip_does_not_fit_the_schema(change: Any, path: str) -> None:
    assert faults({**written("ordos"), **change}) == [path]


def test_command_prints_the_schema(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("region_schema")

    assert json.loads(capsys.readouterr().out) == layer_schema()
