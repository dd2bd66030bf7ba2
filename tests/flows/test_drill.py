"""The drill, small: every crash point and kill -9 of every part, and nothing lost or doubled."""

import os
import subprocess
import sys

import pytest

from tests.processes import ROOT

pytestmark = pytest.mark.flow


def test_drill_loses_and_doubles_nothing() -> None:
    env = dict(os.environ, DJANGO_SETTINGS_MODULE="portal.settings.test")
    command = [sys.executable, "manage.py", "drill", "--submissions", "40", "--seconds", "240"]

    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=400)

    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert "一件不丢，一件不重" in done.stdout
