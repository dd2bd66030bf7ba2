"""The four regions as they stand in fixtures/, loaded once for all tests of this folder."""

from pathlib import Path

import pytest
from django.conf import settings

from agencies.layers import Data, effective, read_layer
from agencies.spec import SchemeSpec

REGIONS = Path(settings.BASE_DIR) / "fixtures" / "regions"
NAMES = ("tianjin", "ordos", "heilongjiang", "guangdong")


def layer(name: str) -> Data:
    return read_layer(REGIONS / f"{name}.yaml")


def compiled(*layers: Data) -> SchemeSpec:
    """The scheme of layers laid over each other, from the top down."""
    return SchemeSpec.model_validate({**effective(layers), "version": "test"})


@pytest.fixture(scope="session")
def nation() -> SchemeSpec:
    return compiled(layer("nation"))


@pytest.fixture(scope="session")
def schemes() -> dict[str, SchemeSpec]:
    above = layer("nation")
    return {name: compiled(above, layer(name)) for name in NAMES}
