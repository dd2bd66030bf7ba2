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


@pytest.mark.django_db
def test_nobody_waits_for_ever_for_a_lock_and_nobody_who_hangs_keeps_one() -> None:
    """A machine that was cut off held a case for two hours, as long as the kernel takes for a dead line by itself."""
    wanted = {"lock_timeout": "30s", "idle_in_transaction_session_timeout": "5min"}
    if not str(connection.settings_dict["HOST"]).startswith("/"):  # a socket of this machine has no line that can die
        wanted |= {"tcp_keepalives_idle": "60", "tcp_keepalives_interval": "10", "tcp_keepalives_count": "6"}

    with connection.cursor() as cursor:
        found = {}
        for name in wanted:
            cursor.execute(f"SHOW {name}")
            found[name] = cursor.fetchone()[0]

    assert found == wanted
