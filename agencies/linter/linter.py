"""The linter of region files: every message names where, what is wrong and what to do.

An error stops publishing. A notice tells what people will read as 未公布, or what is probably a slip.
"""

from collections.abc import Iterable, Sequence

from pydantic import ValidationError

from agencies.layers import Data, LayerError, effective, merge
from agencies.lines import Lines, line_for
from agencies.linter.as_written import check_as_written
from agencies.linter.elements import check_elements
from agencies.linter.faults import explained, path_in
from agencies.linter.findings import Finding, Findings
from agencies.linter.form import check_conditions, check_form
from agencies.linter.items import check_cycles, check_field_maps, check_items, check_materials
from agencies.linter.limits import check_against_above, check_dates, check_limits
from agencies.linter.offering import check_channels, check_offices
from agencies.linter.sources import check_documents
from agencies.shape import faults_of
from agencies.spec import SchemeSpec


def check_layer(
    layer: Data, above: Sequence[Data] = (), *, lines: Lines | None = None, file: str = "", regions: Iterable[str] = ()
) -> list[Finding]:
    """All findings about a layer under the layers above it, top down. `regions` are the known division codes."""
    found = Findings()
    for loc, fault in faults_of(layer):
        found.error(path_in(layer, loc), *explained(fault))
    if not found:
        _check_content(layer, above, set(regions), found)
    placed = [
        Finding(one.path, one.problem, one.advice, one.is_error, line_for(lines or {}, one.path), file)
        for one in dict.fromkeys(found)
    ]
    return sorted(placed, key=lambda one: (not one.is_error, one.line or 0))


def _check_content(layer: Data, above: Sequence[Data], regions: set[str], found: Findings) -> None:
    higher: Data = {}
    for data in above:
        higher = merge(higher, data)
    check_as_written(layer, higher, regions, found)
    spec = _compile([*above, layer], found)
    if spec is not None:
        for check in _CHECKS:
            check(spec, layer, found)
        check_against_above(spec, higher, found)


def _compile(layers: Sequence[Data], found: Findings) -> SchemeSpec | None:
    try:
        content = effective(layers)
    except LayerError as error:
        found.error("offers", str(error).partition("：")[2].partition("，")[0], "在 items 中写出，或改正代码")
        return None
    try:
        return SchemeSpec.model_validate(content)
    except ValidationError as error:
        for fault in error.errors():
            found.error(path_in(content, fault["loc"]), *explained(fault))
    return None


_CHECKS = (
    check_items,
    check_materials,
    check_field_maps,
    check_cycles,
    check_conditions,
    check_limits,
    check_form,
    check_offices,
    check_channels,
    check_documents,
    check_dates,
    check_elements,
)
