"""The four regions as they stand in fixtures/, loaded once for all tests of this folder."""

from pathlib import Path

import pytest
from django.conf import settings

from agencies.layers import Data, merge, read_layer
from agencies.spec import SchemeSpec

REGIONS = Path(settings.BASE_DIR) / "fixtures" / "regions"
NAMES = ("tianjin", "ordos", "heilongjiang", "guangdong")


def layer(name: str) -> Data:
    return read_layer(REGIONS / f"{name}.yaml")


def effective(*layers: Data) -> SchemeSpec:
    """The scheme of layers laid over each other, from the top down."""
    content: Data | None = None
    for data in layers:
        content = merge(content, data)
    return SchemeSpec.model_validate({**(content or {}), "version": "test"})


@pytest.fixture(scope="session")
def nation() -> SchemeSpec:
    return effective(layer("nation"))


@pytest.fixture(scope="session")
def schemes() -> dict[str, SchemeSpec]:
    above = layer("nation")
    return {name: effective(above, layer(name)) for name in NAMES}
