"""How long items take of late: the place's own closed cases, and nothing where there are few."""

from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from agencies.deadlines import calendar_now
from applications.enums import ApplicationStatus, Channel, Decision, TaskStatus
from applications.figures import ENOUGH, UsualWait, usual_waits
from applications.models import Application, ItemTask, Result
from tests import factories

pytestmark = pytest.mark.usefixtures("directory")

ACCEPTED = date(2026, 10, 12)  # a Monday after the holidays
TODAY = date(2026, 11, 20)


def closed(days: list[int], *, status: str = ApplicationStatus.COMPLETED) -> None:
    """One case of 退役报到 for each entry: accepted that Monday, completed so many working days later."""
    pattern = factories.task_of(factories.submitted(ticked=["I01"]), "I01")
    case, calendar = pattern.application, calendar_now()
    for number, count in enumerate(days):
        at = timezone.make_aware(datetime.combine(ACCEPTED, datetime.min.time()))
        end = timezone.make_aware(datetime.combine(calendar.add(ACCEPTED, count), datetime.min.time()))
        copy = Application.objects.create(
            number=f"{case.number}-{number}", entered_by=case.entered_by, channel=Channel.ONLINE, region=case.region,
            scheme=case.scheme, subject_name="某某", ticked=["I01"], status=status, submitted_at=at, closed_at=end,
        )  # fmt: skip
        task = ItemTask.objects.create(
            application=copy, item=pattern.item, office=pattern.office, status=TaskStatus.COMPLETED, accepted_on=ACCEPTED,
            live_key=str(number),
        )  # fmt: skip
        Result.objects.create(task=task, decision=Decision.APPROVED, decided_at=end)


def waits(today: date = TODAY) -> dict[str, UsualWait]:
    return usual_waits(factories.place(), calendar_now(), today)


def test_middle_half_of_the_closed_cases_is_told_with_their_number() -> None:
    closed([1] * 5 + [3] * 5 + [8] * 5 + [20] * 5)

    assert waits() == {"I01": UsualWait(low=1, high=8, counted=20)}


def test_few_cases_say_nothing() -> None:
    closed([3] * (ENOUGH - 1))

    assert waits() == {}


def test_open_cases_and_those_of_other_places_and_years_do_not_count() -> None:
    closed([3] * ENOUGH, status=ApplicationStatus.IN_PROGRESS)
    assert waits() == {}

    Application.objects.filter(status=ApplicationStatus.IN_PROGRESS).update(status=ApplicationStatus.COMPLETED)
    assert set(waits()) == {"I01"}
    assert usual_waits(factories.place(factories.HEPING), calendar_now(), TODAY) == {}
    assert waits(TODAY + timedelta(days=400)) == {}


@time_machine.travel("2026-11-20 10:00+08:00", tick=False)
def test_guide_says_it_beside_the_promised_limit() -> None:
    closed([3] * 10 + [8] * 10)
    client = Client()
    client.post("/place/", {"place": factories.DONGSHENG})

    rows = {row.label: row.value for row in client.get("/guide/I01/").context["rows"]}
    assert rows["本地实际"] == "受理后一般 3 至 8 个工作日（近一年办结的 20 件，含等申请人的时间）"
    assert "一般 3 至 8 个工作日" in client.get("/guide/").content.decode()
    assert "本地实际" not in {row.label for row in client.get("/guide/I02/").context["rows"]}
