"""Start-up checks."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from agencies.queues import all_queues
from applications.checks import consumed, every_queue_has_a_worker

pytestmark = pytest.mark.usefixtures("directory")


def compose(*commands: str) -> str:
    return yaml.safe_dump({"services": {f"s{n}": {"command": command} for n, command in enumerate(commands)}})


def test_queue_without_worker_fails_the_check(tmp_path: Path, settings: Any) -> None:
    settings.BASE_DIR, settings.IS_DEMO = tmp_path, False
    heard = " ".join(queue for queue in all_queues() if queue != "agency.police")
    (tmp_path / "docker-compose.yml").write_text(compose(f"python manage.py background {heard}"))

    (error,) = every_queue_has_a_worker(databases=["default"])

    assert ("agency.police" in error.msg, error.is_serious()) == (True, True)


def test_all_queues_with_workers_pass(tmp_path: Path, settings: Any) -> None:
    settings.BASE_DIR = tmp_path
    workers = [f"celery -A portal worker -Q {queue} -n x" for queue in all_queues()]
    (tmp_path / "docker-compose.yml").write_text(compose(*workers))

    assert every_queue_has_a_worker(databases=["default"]) == []


def test_queues_are_read_in_every_way_they_are_written() -> None:
    text = "services: {a: {command: 'worker -Q a.b,c'}, b: {command: [worker, --queues, d]}, c: {image: redis}}"

    assert consumed(text, {"x"}) == {"a.b", "c", "d"}
    assert consumed(compose("python manage.py background"), {"x", "y"}) == {"x", "y"}
    assert consumed(compose("python manage.py background x"), {"x", "y"}) == {"x"}


def test_composed_services_hear_every_queue_of_the_directory() -> None:
    assert every_queue_has_a_worker(databases=["default"]) == []
