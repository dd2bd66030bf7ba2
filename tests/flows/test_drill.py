"""The drill, small: kill -9 at every step from the form to the agency's answer, and nothing is lost or doubled."""

import os
import subprocess
import sys

import pytest

from applications.management.drill_points import POINTS
from tests.processes import ROOT

pytestmark = pytest.mark.flow


def test_drill_loses_and_doubles_nothing() -> None:
    """Real POSTs to gunicorn, a worker per agency, a system behind each; A8, A10, PERFORMANCE row 16."""
    env = dict(os.environ, DJANGO_SETTINGS_MODULE="portal.settings.test")
    command = [sys.executable, "manage.py", "drill", "--submissions", "20", "--seconds", "400"]

    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=600)

    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert "一件不丢，一件不重" in done.stdout
    assert done.stdout.count("kill -9 self") == len(POINTS)
