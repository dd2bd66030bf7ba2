"""Start-up checks."""

from pathlib import Path
from typing import Any

import pytest

from agencies.queues import all_queues
from applications.checks import consumed, every_queue_has_a_worker

pytestmark = pytest.mark.usefixtures("directory")


def compose(queues: list[str]) -> str:
    return "\n".join(f"    command: celery -A portal worker -Q {queue} -n x" for queue in queues)


def test_queue_without_worker_fails_the_check(tmp_path: Path, settings: Any) -> None:
    settings.BASE_DIR, settings.IS_DEMO = tmp_path, False
    (tmp_path / "docker-compose.yml").write_text(compose([q for q in all_queues() if q != "agency.police"]))

    (error,) = every_queue_has_a_worker(databases=["default"])

    assert ("agency.police" in error.msg, error.is_serious()) == (True, True)


def test_all_queues_with_workers_pass(tmp_path: Path, settings: Any) -> None:
    settings.BASE_DIR = tmp_path
    (tmp_path / "docker-compose.yml").write_text(compose(all_queues()))

    assert every_queue_has_a_worker(databases=["default"]) == []


def test_queues_are_read_in_every_way_they_are_written() -> None:
    text = 'worker -Q a.b,c\n--queues=d\n["worker", "-Q", "e"]'

    assert consumed(text) == {"a.b", "c", "d", "e"}


def test_composed_services_hear_every_queue_of_the_directory() -> None:
    assert every_queue_has_a_worker(databases=["default"]) == []
