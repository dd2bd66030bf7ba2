"""The elements of the guide that somebody has to publish for an item (GD-09)."""

from collections.abc import Callable, Iterable
from datetime import date

from agencies.layers import Data
from agencies.linter.findings import Findings
from agencies.spec import Basis, ItemSpec, SchemeSpec

ELEMENTS: tuple[tuple[str, str, Callable[[SchemeSpec, ItemSpec], object]], ...] = (
    ("basis", "设定依据", lambda spec, item: in_force(item.basis, spec.valid_from)),
    ("conditions", "办理条件", lambda spec, item: item.conditions or spec.eligibility),
    ("materials", "申请材料", lambda spec, item: [m for m in spec.materials if not m.serves or item.code in m.serves]),
    ("limit", "办结时限", lambda spec, item: item.promised_limit or item.legal_limit or spec.overall_limit),
    ("result", "办理结果", lambda spec, item: item.result.name),
)


def in_force(basis: Iterable[Basis], day: date) -> list[Basis]:
    """The grounds that hold on a day."""
    return [
        b for b in basis if not (b.valid_until and b.valid_until < day) and not (b.valid_from and b.valid_from > day)
    ]


def unpublished(spec: SchemeSpec, item: ItemSpec) -> list[str]:
    """The elements of the guide (GD-09) that nobody has published for this item; pages show them as 未公布."""
    return [label for _, label, value in ELEMENTS if not value(spec, item)]


def check_elements(spec: SchemeSpec, layer: Data, found: Findings) -> None:
    for item in spec.offered:
        if missing := unpublished(spec, item):
            found.notice(
                f"items.{item.code}",
                f"“{item.title}”没有{'、'.join(missing)}，页面会显示“未公布”",
                "出处里有就补上，没有就不补",
            )
