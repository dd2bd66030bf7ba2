"""Which item comes after which, for a scheme or for one person's items and answers. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from agencies.spec import ItemSpec, Requirement, SchemeSpec


@dataclass(frozen=True)
class Step:
    """One box of the flow chart: an item, the column it stands in, and the boxes it waits for."""

    item: ItemSpec
    level: int
    hard: tuple[ItemSpec, ...] = ()
    soft: tuple[ItemSpec, ...] = ()
    facts: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The box in words, for those who do not see the drawing."""
        waits = [f"“{item.title}”办结" for item in self.hard] + list(self.facts)
        text = f"{self.item.title}：等{'、'.join(waits)}后开始" if waits else f"{self.item.title}：提交后就开始"
        if self.soft:
            text += f"；建议先办{'、'.join(item.title for item in self.soft)}"
        return text + "。"


@dataclass(frozen=True)
class FlowChart:
    prerequisites: tuple[str, ...]
    columns: tuple[tuple[Step, ...], ...]

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(step for column in self.columns for step in column)


def flow_chart(
    spec: SchemeSpec, ticked: Iterable[str] | None = None, answers: dict[str, Any] | None = None
) -> FlowChart:
    """The items in columns by how many others must be done before; all items of the scheme when nothing is ticked.

    Without answers every condition counts as possible, so that the general chart shows what may have to be awaited.
    """
    items = in_case(spec, ticked)
    chosen = frozenset(item.code for item in items)
    levels = _levels(items, chosen, answers)
    columns: dict[int, list[Step]] = {}
    for item in items:
        edges = [edge for edge in item.requires if _applies(edge, answers, chosen)]
        steps = {
            kind: tuple(spec.item(edge.item) for edge in edges if edge.item in chosen and edge.kind == kind)
            for kind in ("hard", "soft")
        }
        facts = tuple(spec.fact(edge.fact).name for edge in edges if edge.fact)
        step = Step(item, levels[item.code], steps["hard"], steps["soft"], facts)
        columns.setdefault(step.level, []).append(step)
    return FlowChart(spec.prerequisites, tuple(tuple(columns[level]) for level in sorted(columns)))


def in_case(spec: SchemeSpec, ticked: Iterable[str] | None) -> list[ItemSpec]:
    """The items of a case in the scheme's order: the ticked ones (all offered for None) and the automatic ones."""
    wanted = {item.code for item in spec.offered} if ticked is None else set(ticked)
    return [item for item in spec.items if item.enabled and (item.code in wanted or item.automatic)]


def _applies(edge: Requirement, answers: dict[str, Any] | None, ticked: frozenset[str]) -> bool:
    return edge.when is None or answers is None or edge.when.holds(answers, ticked)


def _levels(items: list[ItemSpec], chosen: frozenset[str], answers: dict[str, Any] | None) -> dict[str, int]:
    """How many hard requirements lie before each item on the longest way; the scheme is known to be free of cycles."""
    by_code = {item.code: item for item in items}
    known: dict[str, int] = {}

    def level(code: str) -> int:
        if code not in known:
            before = [
                edge.item
                for edge in by_code[code].requires
                if edge.kind == "hard" and edge.item in by_code and _applies(edge, answers, chosen)
            ]
            known[code] = max((level(other) + 1 for other in before if other), default=0)
        return known[code]

    return {code: level(code) for code in by_code}
