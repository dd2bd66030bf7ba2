"""A made-up agency system on a real socket, for tests of delivery."""

from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from agencies.gateways.base import SigningKey
from agencies.gateways.simulator import Behaviour, Mode, Server, Simulator


@pytest.fixture
def agency_system(tmp_path: Path, settings: Any) -> Iterator[Server]:
    """Takes tasks and stays silent; a test gives it the key and the mode."""
    settings.EXCHANGE_ALLOWED_HOSTS = ["127.0.0.1"]
    settings.EXCHANGE_TOTAL_SECONDS = 1
    yield from _system(tmp_path / "log")


@pytest.fixture
def second_system(tmp_path: Path) -> Iterator[Server]:
    """Another one beside `agency_system`."""
    yield from _system(tmp_path / "second-log")


def _system(log: Path) -> Iterator[Server]:
    simulator = Simulator(SigningKey("?", b"?" * 32), "http://127.0.0.1:9", log, Behaviour(Mode.SILENT))
    server = Server(0, simulator)
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
