"""A process that hangs in one row is ended; one that does not goes on."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
# The second hangs outside Python, where no signal handler and no other thread of Python gets a word in.
HANGS = {"in Python": "while True: pass", "outside Python": "import re; re.match('(a*)*b', 'a' * 60)"}


@pytest.mark.parametrize("how", HANGS)
def test_process_that_hangs_is_ended_and_says_where(how: str) -> None:
    code = f"from applications import watchdog\nwith watchdog.ended_after(0.3):\n    {HANGS[how]}"

    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, timeout=60, check=False)

    assert run.returncode == 1
    assert b'File "<string>", line 3' in run.stderr


def test_process_that_is_done_in_time_goes_on() -> None:
    code = "import time\nfrom applications import watchdog\nwith watchdog.ended_after(0.3): pass\ntime.sleep(1)"

    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60, check=False).returncode == 0


def test_watch_ends_with_an_exception_too() -> None:
    code = (
        "import contextlib, time\nfrom applications import watchdog\n"
        "with contextlib.suppress(OSError), watchdog.ended_after(0.3): raise OSError\ntime.sleep(1)"
    )

    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60, check=False).returncode == 0
