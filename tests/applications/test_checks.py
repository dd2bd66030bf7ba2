"""Start-up checks."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from django.utils import timezone

from agencies.publishing import publish
from agencies.queues import all_queues
from applications.checks import consumed, every_queue_has_a_worker, every_scheme_can_be_read
from tests import factories
from tests.agencies.conftest import layer

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


@pytest.mark.parametrize("is_old", [False, True])
def test_scheme_that_cannot_be_read_fails_the_check(is_old: bool, settings: Any) -> None:
    """In force, or no longer and still that of a case."""
    settings.IS_DEMO = False
    case = factories.submitted(ticked=["I01"])
    assert every_scheme_can_be_read(databases=["default"]) == []
    if is_old:
        publish({**layer("ordos"), "version": "2099.1"}, valid_from=timezone.localdate())
    factories.make_unreadable(case.scheme)

    (error,) = every_scheme_can_be_read(databases=["default"])

    assert (str(case.scheme) in error.msg, error.is_serious()) == (True, True)


def test_queues_are_read_in_every_way_they_are_written() -> None:
    text = "services: {a: {command: 'worker -Q a.b,c'}, b: {command: [worker, --queues, d]}, c: {image: redis}}"

    assert consumed(text, {"x"}) == {"a.b", "c", "d"}
    assert consumed(compose("python manage.py background"), {"x", "y"}) == {"x", "y"}
    assert consumed(compose("python manage.py background x"), {"x", "y"}) == {"x"}


def test_composed_services_hear_every_queue_of_the_directory() -> None:
    assert every_queue_has_a_worker(databases=["default"]) == []
