"""The tests' own processes: what ends by itself is told with what it said, and nothing outlives the test."""

import os

import pytest

from applications.management.nursery import Nursery
from tests.processes import Process, eventually, stop_all


def test_forked_process_that_ends_by_itself_is_a_failure_with_its_words() -> None:
    nursery = Nursery(dict(os.environ))
    process = Process(["manage.py", "no_such_command"], nursery=nursery)
    eventually(lambda: process.popen.poll() is not None)

    with pytest.raises(AssertionError, match="no_such_command ended by itself:\n(.|\n)*Unknown command"):
        stop_all([process])

    nursery.stop()


def test_forked_process_ends_with_the_nursery() -> None:
    nursery = Nursery(dict(os.environ))
    process = Process(["manage.py", "shell", "--no-imports", "-c", "import time; time.sleep(600)"], nursery=nursery)
    assert process.popen.poll() is None

    nursery.stop()

    eventually(lambda: process.popen.poll() is not None)
    process.output.close()
