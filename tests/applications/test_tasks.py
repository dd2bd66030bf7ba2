"""What is done once a day: each step by itself, once, and made up for where it was missed."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from agencies import publishing
from applications import abandoned, detectors, reminders, sweeps, tasks
from applications.models import Ticket
from tests import factories

pytestmark = pytest.mark.usefixtures("directory")

MORNING = datetime(2026, 9, 16, 0, 0, tzinfo=UTC)  # 8 o'clock here


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The morning's steps, which only say that they were done."""
    seen: list[str] = []

    def step(name: str) -> Callable[[], None]:
        return lambda: seen.append(name)

    monkeypatch.setattr(detectors, "digest", step("digest"))
    monkeypatch.setattr(reminders, "warn_of_reporting", step("reporting"))
    monkeypatch.setattr(reminders, "tell_offices", step("offices"))
    monkeypatch.setattr(abandoned, "warn", step("forms"))
    with time_machine.travel(MORNING):
        yield seen


def fail() -> None:
    raise OSError("the mail server does not answer")


def test_morning_is_once_a_day_however_often_it_rings(done: list[str]) -> None:
    for hours in (0, 1, 10, 24):
        with time_machine.travel(MORNING + timedelta(hours=hours)):
            tasks.morning_digest()

    assert done == ["digest", "reporting", "offices", "forms"] * 2


def test_morning_that_nobody_rang_for_is_made_up_for_on_the_day(done: list[str]) -> None:
    tasks.morning_digest()
    with time_machine.travel(MORNING + timedelta(days=1, hours=9)):
        tasks.morning_digest()

    assert len(done) == 8


def test_step_that_fails_stops_no_other_and_is_done_by_the_next_ring(
    done: list[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A mail server that was down left everybody without a reminder."""
    with monkeypatch.context() as broken:
        broken.setattr(detectors, "digest", fail)
        tasks.morning_digest()
    first = done.copy()

    with time_machine.travel(MORNING + timedelta(hours=1)):
        tasks.morning_digest()

    assert first == ["reporting", "offices", "forms"]
    assert done == [*first, "digest"]
    assert [record.getMessage() for record in caplog.records] == ["step digest failed"]


@pytest.mark.django_db(transaction=True)
def test_lost_database_connection_costs_one_step(done: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def lose() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    monkeypatch.setattr(detectors, "digest", lose)

    tasks.morning_digest()

    assert done == ["reporting", "offices", "forms"]


def test_step_that_is_not_done_has_a_ticket_until_it_is(done: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(reminders, "tell_offices", fail)
        tasks.morning_digest()
        detectors.run(timezone.now() + timedelta(minutes=7))
    ticket = Ticket.objects.get(kind="step_not_done")
    assert (ticket.title, ticket.closed_at) == ("每日任务没有做完（tell_offices）", None)

    tasks.morning_digest()
    detectors.run(timezone.now() + timedelta(minutes=7))

    ticket.refresh_from_db()
    assert ticket.closed_at is not None


def test_steps_of_the_day_say_nothing_of_the_relay(done: list[str]) -> None:
    tasks.morning_digest()

    assert {pulse.queue: pulse.state for pulse in detectors.pulses()}[detectors.RELAY] == detectors.State.UNKNOWN


def test_sweeps_go_on_after_a_step_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    task = factories.queued_task()
    seen = []
    monkeypatch.setattr(publishing, "take_effect", lambda today, since: fail())
    monkeypatch.setattr(sweeps, "deem_accepted", lambda: seen.append(task))

    tasks.daily_sweeps()

    assert seen == [task]


def test_schemes_that_began_while_nothing_ran_take_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(publishing, "take_effect", lambda today, since: asked.append((str(today), str(since))))

    for day in (16, 20):
        with time_machine.travel(datetime(2026, 9, day, 1, tzinfo=UTC)):
            tasks.daily_sweeps()

    assert asked == [("2026-09-16", "None"), ("2026-09-20", "2026-09-16")]
