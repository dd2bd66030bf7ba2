"""一次告知: what one person has to bring, where to go and how often. Pure.

The same scheme and the same answers always give the same notice, down to its number.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from agencies.flow_chart import FlowChart, flow_chart
from agencies.notice_number import notice_number
from agencies.situation import SETTLEMENT, Question, items_by_situation, questions
from agencies.spec import ItemSpec, MaterialSpec, SchemeSpec


@dataclass(frozen=True)
class Visit:
    """One time that the person has to come, where to, and what for."""

    place: str
    items: tuple[ItemSpec, ...]
    reasons: tuple[str, ...]
    agency: str = ""


def visits(spec: SchemeSpec, items: Iterable[ItemSpec], *, window: str = "") -> list[Visit]:
    """The times to come: once to the window for all that cannot be done online, once to each agency that must see you."""
    chosen = list(items)
    found = []
    at_window = tuple(item for item in chosen if not item.online)
    if at_window:
        found.append(Visit(window or "综合窗口", at_window, ("这些事项只能到窗口办",)))
    by_agency: dict[str, list[ItemSpec]] = {}
    for item in chosen:
        if item.in_person and item.agencies:
            by_agency.setdefault(item.agencies[0], []).append(item)
    for code, seen in by_agency.items():
        reasons = tuple(item.in_person_reason or "需要本人到场" for item in seen)
        found.append(Visit(spec.agency(code).name, tuple(seen), reasons, code))
    return found


@dataclass(frozen=True)
class Notice:
    """一次告知: everything one person has to know before coming, for these items and answers."""

    number: str
    items: tuple[ItemSpec, ...]
    materials: tuple[MaterialSpec, ...]
    visits: tuple[Visit, ...]
    chart: FlowChart
    not_for: str = ""
    unanswered: tuple[Question, ...] = field(default=())
    shared: tuple[MaterialSpec, ...] = ()


def one_time_notice(
    spec: SchemeSpec,
    ticked: Iterable[str],
    answers: dict[str, Any],
    *,
    discharged: date | None = None,
    window: str = "",
    region: str = "",
    scheme_id: int = 0,
) -> Notice:
    """What to bring, where to go how often, and what waits for what. Items this 安置方式 has no right to are left out."""
    settlement, wanted = str(answers.get(SETTLEMENT, "")), set(ticked)
    allowed = [item.code for item in items_by_situation(spec, wanted, answers)]
    chart = flow_chart(spec, allowed, answers)
    items = [item for item in spec.offered if item.code in allowed]
    open_questions = [
        question for question in questions(spec) if question.concerns(allowed) and not answers.get(question.code)
    ]
    return Notice(
        number=notice_number(spec, wanted, answers, discharged=discharged, region=region, scheme_id=scheme_id),
        items=tuple(items),
        materials=spec.materials_for(frozenset(allowed), answers) if allowed else (),
        visits=tuple(visits(spec, items, window=window)),
        chart=chart,
        not_for="" if spec.is_for(settlement) else "；".join(spec.eligibility),
        unanswered=tuple(open_questions),
        shared=spec.shared_for(frozenset(allowed), answers) if allowed else (),
    )
