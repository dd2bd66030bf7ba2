"""A person's situation: what to ask about it, and which items it calls for. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from agencies.fields import FIELDS
from agencies.spec import Condition, ItemSpec, SchemeSpec

SETTLEMENT = "settlement"


@dataclass(frozen=True)
class Question:
    """A question about the person's situation whose answer changes what the notice says."""

    code: str
    label: str
    hint: str
    choices: tuple[tuple[str, str], ...]
    items: tuple[str, ...] = ()

    def concerns(self, ticked: Iterable[str]) -> bool:
        """Whether it needs asking for these items; a question without items concerns everybody."""
        return not self.items or bool(set(self.items) & set(ticked))


def questions(spec: SchemeSpec) -> list[Question]:
    """What to ask before telling somebody what to bring: every choice that a condition of this scheme looks at.

    A question that decides about an item (持军警驾驶证) concerns everybody.
    """
    asked: dict[str, set[str]] = {}
    for material in spec.materials:
        for code in _fields_of(material.when):
            asked.setdefault(code, set()).update(material.serves)
    for item in spec.offered:
        for edge in item.requires:
            for code in _fields_of(edge.when):
                asked.setdefault(code, set()).add(item.code)
        for code in _fields_of(item.concerns):
            asked.setdefault(code, set())
    found = [_question(spec, code, items) for code, items in asked.items() if FIELDS[code].choices]
    order = list(FIELDS)
    found.sort(key=lambda question: order.index(question.code))
    if SETTLEMENT not in asked and (spec.applies_to or any(item.applies_to for item in spec.offered)):
        found.insert(0, _question(spec, SETTLEMENT, set()))
    return found


def deciding_fields(spec: SchemeSpec) -> set[str]:
    """The fields that decide who may have an item, which papers it takes, what else is asked and what is waited for."""
    conditions = [
        *(material.when for material in spec.materials),
        *(edge.when for item in spec.items for edge in item.requires),
        *(item.concerns for item in spec.items),
        *(line.when for section in spec.form.sections for line in section.fields),
    ]
    return {SETTLEMENT}.union(*map(_fields_of, conditions))


def _question(spec: SchemeSpec, code: str, items: set[str]) -> Question:
    known = FIELDS[code]
    order = [item.code for item in spec.items if item.code in items]
    return Question(code, known.label, known.hint, known.choices, tuple(order))


def _fields_of(condition: Condition | None) -> set[str]:
    if condition is None:
        return set()
    inner = set().union(*(_fields_of(part) for part in condition.all_of)) if condition.all_of else set()
    return inner | ({condition.field} if condition.field else set())


def items_for(spec: SchemeSpec, settlement: str) -> list[ItemSpec]:
    """The items that a person of this 安置方式 may tick; every offered item while it is not known."""
    return [item for item in spec.offered if item.is_for(settlement)] if spec.is_for(settlement) else []


def items_by_situation(spec: SchemeSpec, ticked: Iterable[str], answers: dict[str, Any]) -> list[ItemSpec]:
    """This person's items: those ticked that are for them, and those their situation calls for, without what it rules out."""
    wanted, settlement = set(ticked), str(answers.get(SETTLEMENT, ""))
    if not wanted:
        return []
    by_situation = {item.code: item.is_wanted(answers) for item in spec.offered}
    return [
        item
        for item in items_for(spec, settlement)
        if by_situation[item.code] or (by_situation[item.code] is None and item.code in wanted)
    ]
