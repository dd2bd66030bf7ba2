"""总览: figures out of real cases, each scoped to the area of who asks."""

from collections import Counter
from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from agencies.deadlines import calendar_now
from agencies.enums import Role
from agencies.models import CalendarYear, Region
from applications import corrections, figures, review, withdrawal
from applications.enums import ApplicationStatus
from applications.figures import AgencyLoad, Period
from applications.models import Application
from portal.console import presenters
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("directory")]
PAGE = "/console/"


def at(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T10:00").replace(tzinfo=timezone.get_current_timezone())


def supervisor(client: Client, region: str = "150600") -> Client:
    client.force_login(factories.staff(Role.SUPERVISOR, region=Region.objects.get(pk=region)))
    return client


def administrator(client: Client) -> Client:
    client.force_login(factories.staff(Role.ADMINISTRATOR))
    return client


def closed(submitted: str, done: str) -> Application:
    application = factories.delivered(ticked=["I07"], at=at(submitted))
    task = factories.task_of(application, "I07")
    reviewer = factories.reviewer_of(task)
    review.accept(task, reviewer=reviewer, at=at(submitted))
    review.complete(task, reviewer=reviewer, at=at(done))
    return application


@pytest.mark.parametrize("role", [Role.CLERK, Role.REVIEWER, Role.APPROVER])
def test_overview_is_not_there_for_other_staff(client: Client, role: Role) -> None:
    task = factories.queued_task()
    user = factories.clerk() if role == Role.CLERK else factories.staff(role, office=task.office)
    client.force_login(user)

    assert client.get(PAGE).status_code == 404


def test_overview_sends_strangers_to_sign_in_and_applicants_away(client: Client) -> None:
    assert client.get(PAGE).status_code == 302
    client.force_login(factories.person())
    assert client.get(PAGE).status_code == 404


def test_supervisor_sees_the_own_area_alone(client: Client) -> None:
    factories.submitted()
    factories.submitted(region=factories.HEPING)

    seen = supervisor(client).get(PAGE).context

    assert [line.code for line in seen["lines"]] == [factories.DONGSHENG]
    assert seen["figures"][0].value == "1"


def test_administrator_narrows_to_a_place(client: Client) -> None:
    factories.submitted()
    factories.submitted(region=factories.HEPING)

    everything = administrator(client).get(PAGE).context
    narrowed = client.get(PAGE, {"place": factories.HEPING}).context

    assert everything["figures"][0].value == "2"
    assert narrowed["figures"][0].value == "1"
    assert len(narrowed["lines"]) == 2


def test_place_outside_the_area_is_ignored(client: Client) -> None:
    factories.submitted(region=factories.HEPING)

    assert supervisor(client).get(PAGE, {"place": factories.HEPING}).context["chosen"] is None


@time_machine.travel("2026-09-30 12:00+08:00")
def test_totals_count_working_days_from_submission_to_the_last_decision() -> None:
    """28 September to 30 September are two working days; 20 September 2026 is worked for the holiday."""
    closed("2026-09-28", "2026-09-30")
    closed("2026-09-14", "2026-09-21")

    totals = figures.totals(Application.objects.all(), Period.last(30, date(2026, 9, 30)), calendar_now())

    assert (totals.received, totals.closed, totals.median) == (2, 2, 2)


@time_machine.travel("2026-09-30 12:00+08:00")
def test_totals_leave_out_what_lies_outside_the_period() -> None:
    closed("2026-08-03", "2026-09-01")
    factories.submitted(at=at("2026-08-31"))

    totals = figures.totals(Application.objects.all(), Period.last(30, date(2026, 9, 30)), calendar_now())

    assert (totals.received, totals.closed) == (0, 1)


def test_totals_tell_who_answered_in_one_go() -> None:
    for is_answered in (True, False):
        application = factories.delivered(ticked=["I07"])
        task = factories.task_of(application, "I07")
        correction = review.request_correction(
            task, reviewer=factories.reviewer_of(task), deficits=[review.Deficit("停机", field="mobile")]
        )
        if is_answered:
            answer = {"mobile": "13800001111"}
            corrections.answer(correction.task.application, user=application.entered_by, answers=answer)

    totals = figures.totals(Application.objects.all(), Period.last(30, timezone.localdate()), calendar_now())

    assert (totals.corrected, totals.corrected_once) == (2, 1)


def test_withdrawn_case_is_no_closing() -> None:
    application = factories.submitted(ticked=["I07"])
    withdrawal.withdraw(application, user=application.entered_by)

    totals = figures.totals(Application.objects.all(), Period.last(30, timezone.localdate()), calendar_now())

    assert Application.objects.get().status == ApplicationStatus.WITHDRAWN
    assert (totals.closed, totals.median) == (0, None)


@time_machine.travel("2026-09-30 12:00+08:00")
def test_loads_split_open_tasks_by_their_clock() -> None:
    """Sent eleven days ago and unanswered is late; sent today is in time; due in two working days is soon."""
    late = factories.delivered(ticked=["I07"])
    task = factories.task_of(late, "I07")
    today = timezone.localdate()
    calendar = calendar_now()
    factories.delivered(ticked=["I07"])
    task.next_on = today - timedelta(days=1)
    task.save(update_fields=["next_on"])
    soon = factories.task_of(factories.delivered(ticked=["I07"]), "I07")
    soon.next_on = calendar.add(today, 2)
    soon.save(update_fields=["next_on"])

    assert figures.agency_loads(Application.objects.all(), calendar, today) == [
        AgencyLoad("hrss", task.office.agency.name, in_time=1, soon=1, overdue=1)
    ]
    assert [row.pk for row in figures.overdue_tasks(Application.objects.all(), today)] == [task.pk]


@pytest.mark.parametrize(
    ("spans", "expected"), [({}, None), ({5: 1}, 5), ({1: 1, 9: 1}, 1), ({1: 1, 9: 2}, 9), ({0: 3, 7: 3}, 0)]
)
def test_median_takes_the_lower_middle(spans: dict[int, int], expected: int | None) -> None:
    assert figures.median(Counter(spans)) == expected


def test_no_duration_is_no_zero() -> None:
    nothing = figures.Totals(0, 0, None, 0, 0)

    told = presenters.figures(nothing, nothing, [], Period.last(30, date(2026, 9, 30)))

    assert [figure.value for figure in told] == ["0", "0", None, "0", "0"]
    assert told[4].tone == ""


def test_bars_share_one_scale_and_show_the_smallest_part() -> None:
    loads = [AgencyLoad("a", "甲", 99, 0, 1), AgencyLoad("b", "乙", 50, 0, 0)]

    bars = presenters.agency_bars(loads).bars

    assert [(bar.in_time, bar.soon, bar.overdue) for bar in bars] == [(238, 0, 4), (120, 0, 0)]
    assert bars[0].words == "共 100，1 件超期"


@pytest.mark.parametrize("most", [0, 1, 3, 7, 41, 999, 25_000])
def test_daily_chart_keeps_within_its_field(most: int) -> None:
    chart = presenters.daily_chart([(date(2026, 9, day), most, most // 2) for day in range(1, 16)])

    assert all(20 <= day.y <= 170 and 20 <= day.point <= 170 for day in chart.days)
    assert len(chart.grid) <= 6


@pytest.mark.parametrize(("day", "is_warned"), [("2026-10-31", False), ("2026-11-01", True)])
def test_missing_calendar_is_told_from_november(client: Client, day: str, is_warned: bool) -> None:
    """T-05."""
    CalendarYear.objects.filter(year=2027).delete()
    with time_machine.travel(f"{day} 12:00+08:00"):
        page = administrator(client).get(PAGE).content.decode()

    assert ("没有2027年的工作日历" in page) == is_warned


def test_overview_asks_as_often_for_one_case_as_for_three(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    administrator(client)
    factories.delivered(at=timezone.now() - timedelta(days=20))
    with django_assert_num_queries(24):
        client.get(PAGE)
    factories.delivered(region=factories.HEPING, at=timezone.now() - timedelta(days=20))
    factories.delivered(region=factories.NANGANG)

    with django_assert_num_queries(24):
        client.get(PAGE)


def test_schemes_are_listed_once_per_region_and_shown_as_applicants_see_them(client: Client) -> None:
    page = administrator(client).get("/console/schemes/")

    rows = page.context["rows"]
    assert len({row.region for row in rows}) == len(rows) == 5
    assert sum(bool(row.preview) for row in rows) == 4
    supervisor(client)
    assert "后台查看" not in client.get("/console/schemes/").content.decode()
