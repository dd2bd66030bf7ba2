"""The web at its peak: many at once, and never more connections to the database than it has threads."""

import os
import sys
import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

import run as launcher
from tests.processes import Process, database_url, eventually, free_port

pytestmark = [pytest.mark.flow, pytest.mark.usefixtures("directory"), pytest.mark.django_db(transaction=True)]

VISITORS = 40
PAGES = 160


def test_peak_is_served_by_as_many_connections_as_there_are_threads() -> None:
    """A18: forty at once; each is answered, none is turned away, and no thread takes a second connection."""
    port = free_port()
    command = [str(part) for part in launcher.web({}, port).command]
    threads = int(command[command.index("--workers") + 1]) * int(command[command.index("--threads") + 1])
    env = dict(os.environ, DATABASE_URL=database_url(), DJANGO_SETTINGS_MODULE="portal.settings.test")
    before = connections()
    web = Process([command[0].replace(str(launcher.PYTHON), sys.executable), *command[1:]], env)
    page = f"http://127.0.0.1:{port}/guide/"
    most, is_over = 0, threading.Event()

    def watch() -> None:
        nonlocal most
        while not is_over.wait(0.02):
            most = max(most, connections() - before)
        connection.close()

    try:
        eventually(lambda: status_of(page) == 200)
        watcher = threading.Thread(target=watch)
        watcher.start()
        with ThreadPoolExecutor(VISITORS) as pool:
            answers = list(pool.map(status_of, [page] * PAGES))
        is_over.set()
        watcher.join()
    finally:
        web.stop()

    assert answers == [200] * PAGES
    assert 1 < most <= threads + 1  # the watcher's own


def status_of(page: str) -> int:
    """0 while nobody answers."""
    try:
        with urllib.request.urlopen(page, timeout=120) as answer:  # noqa: S310 - our own server
            return int(answer.status)
    except OSError:
        return 0


def connections() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND backend_type = 'client backend'"
        )
        return int(cursor.fetchone()[0])
