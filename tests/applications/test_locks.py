"""Of two who would do the same round, one does it; a holder that is gone holds nothing."""

from threading import Event, Thread

import pytest
from django.db import connection

from applications import detectors, locks, tasks


@pytest.mark.django_db(transaction=True)
def test_second_passes_by_while_the_first_is_at_work() -> None:
    inside, leave = Event(), Event()

    def first() -> None:
        with locks.alone("round") as is_alone:
            assert is_alone
            inside.set()
            leave.wait(10)
        connection.close()

    thread = Thread(target=first)
    thread.start()
    inside.wait(10)
    with locks.alone("round") as is_alone, locks.alone("another") as is_another:
        seen = (is_alone, is_another)
    leave.set()
    thread.join()

    with locks.alone("round") as is_alone:
        assert (seen, is_alone) == ((False, True), True)


@pytest.mark.django_db(transaction=True)
def test_connection_that_died_holds_no_lock() -> None:
    inside, leave = Event(), Event()

    def killed() -> None:
        with locks.alone("round"):
            inside.set()
            leave.wait(10)
            connection.close()

    thread = Thread(target=killed)
    thread.start()
    inside.wait(10)
    leave.set()
    thread.join()

    with locks.alone("round") as is_alone:
        assert is_alone


@pytest.mark.django_db(transaction=True)
def test_bell_that_rings_twice_starts_one_round(monkeypatch: pytest.MonkeyPatch) -> None:
    rounds = []

    def run() -> None:
        rounds.append(1)
        thread = Thread(target=lambda: (tasks.detect(), connection.close()))
        thread.start()
        thread.join()

    monkeypatch.setattr(detectors, "run", run)
    tasks.detect()

    assert rounds == [1]
