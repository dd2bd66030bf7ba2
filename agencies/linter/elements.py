"""The elements of the guide that somebody has to publish for an item (GD-09)."""

from collections.abc import Callable

from agencies.layers import Data
from agencies.linter.findings import Findings
from agencies.spec import ItemSpec, SchemeSpec

ELEMENTS: tuple[tuple[str, str, Callable[[SchemeSpec, ItemSpec], object]], ...] = (
    ("basis", "设定依据", lambda spec, item: [basis for basis in item.basis if basis.holds_on(spec.valid_from)]),
    ("conditions", "办理条件", lambda spec, item: item.conditions or spec.eligibility),
    ("materials", "申请材料", lambda spec, item: [m for m in spec.materials if m.is_for(item.code)]),
    ("limit", "办结时限", lambda spec, item: item.promised_limit or item.legal_limit or spec.overall_limit),
    ("result", "办理结果", lambda spec, item: item.result.name),
)


def unpublished(spec: SchemeSpec, item: ItemSpec) -> list[str]:
    """The elements of the guide (GD-09) that nobody has published for this item; pages show them as 未公布."""
    return [label for _, label, value in ELEMENTS if not value(spec, item)]


def check_elements(spec: SchemeSpec, layer: Data, found: Findings) -> None:
    """What the guide owes its readers and nobody has published is told, not invented."""
    for item in spec.offered:
        if missing := unpublished(spec, item):
            found.notice(
                f"items.{item.code}",
                f"“{item.title}”没有{'、'.join(missing)}，页面会显示“未公布”",
                "出处里有就补上，没有就不补",
            )
