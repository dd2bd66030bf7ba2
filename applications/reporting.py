"""退役后报到: how far a person is from the day by which to report, and the words for it. Pure.

Warned ten and five days before the end and on the last day (day 20, 25 and 30 of 30, STANDARDS.md T-02). A late report is
never refused, and the words never threaten; where the number comes from a repealed document, they say so.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from agencies.enums import LimitUnit
from agencies.spec import Limit, SchemeSpec
from agencies.words import plain_day
from applications.enums import TaskStatus
from applications.models import Application, ItemTask
from applications.registration import parse_date

DAYS_BEFORE_THE_END = (10, 5, 0)
FIELD = "discharge_date"
PERSONS_TURN = frozenset({TaskStatus.PRE_RETURNED, TaskStatus.AWAITING_CORRECTION})


@dataclass(frozen=True)
class Reporting:
    """`passed`: days since the discharge; `until`: the last of the `days`; `basis`: where the number comes from."""

    discharged: date
    days: int
    until: date
    passed: int
    basis: str

    @property
    def left(self) -> int:
        return self.days - self.passed

    @property
    def is_missed(self) -> bool:
        return self.left < 0

    @property
    def stage(self) -> int | None:
        """The day whose warning is due now (20, 25, 30; 31 once the days are over); None before the first."""
        if self.is_missed:
            return self.days + 1
        reached = [before for before in DAYS_BEFORE_THE_END if self.left <= before]
        return self.days - min(reached) if reached else None

    @property
    def title(self) -> str:
        if self.is_missed:
            return f"退役后 {self.days} 天的报到期限已经过了"
        return "今天是报到期限的最后一天" if self.left == 0 else f"离报到期限还有 {self.left} 天"

    @property
    def words(self) -> str:
        last = plain_day(self.until)
        if self.is_missed:
            return f"最后一天是{last}。现在仍然可以报到，不会因此不受理；请尽快办，有原因的告诉办理机构。{self.basis}"
        return f"退役后 {self.days} 天内报到，您的最后一天是{last}。{self.basis}"


def reporting_of(
    spec: SchemeSpec, answers: Mapping[str, Any], ticked: Collection[str], today: date
) -> Reporting | None:
    """None where no limit is published, the item is not asked for, or the form does not know the day of discharge."""
    limit, written = spec.reporting_limit, parse_date(str(answers.get(FIELD, "") or ""))
    if limit is None or limit.unit != LimitUnit.CALENDAR_DAY or not limit.days or not written:
        return None
    discharged = date.fromisoformat(written)
    if spec.reporting_item not in ticked or discharged > today:
        return None
    until = discharged + timedelta(days=limit.days)
    return Reporting(discharged, limit.days, until, (today - discharged).days, _basis(spec, limit, today))


def reporting_waits_for_person(task: ItemTask) -> bool:
    """Whether this is the item by which a person reports, sent back and not yet accepted: handed in, nothing is late."""
    is_it = task.item.code == task.application.scheme.spec.reporting_item
    return is_it and task.accepted_on is None and task.status in PERSONS_TURN


def reporting_now(case: Application, today: date) -> Reporting | None:
    """The day to report by, while the reporting item is back with the person and no office has accepted it."""
    found = reporting_of(case.scheme.spec, case.answers, case.ticked, today)
    waits = any(reporting_waits_for_person(task) for task in case.tasks.all())
    return found if found and waits and found.stage is not None else None


def _basis(spec: SchemeSpec, limit: Limit, today: date) -> str:
    """Where the number of days comes from, and whether that is still in force."""
    document = spec.document_of(limit.source)
    name = f"《{document.title}》" if document else limit.source
    if spec.repealed(limit.source, today) and document and document.valid_until:
        ended = document.valid_until + timedelta(days=1)
        return (
            f"{limit.days} 天出自{name}，它从{plain_day(ended)}起已经废止，现行的天数没有公布；请以安置地的通知为准。"
        )
    return f"依据：{name}。" if name else ""
