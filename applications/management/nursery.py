"""One process that has everything imported and forks the portal's processes: none spends a second or two on that again.

For the drill and the tests, where processes die by the dozen. Each one is a process and a session of its own, with its output in
a file, as if started from the shell; when the nursery ends they are killed.
"""

import contextlib
import gc
import importlib
import json
import os
import random
import runpy
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import run as launcher

_MODULES = ("celery.bin.celery", "celery.bin.worker", "celery.bin.beat", "gunicorn.app.wsgiapp", "portal.urls",
            "kombu.transport.redis", "applications.tasks", "gunicorn.workers.gthread")  # fmt: skip


class Nursery:
    """The nursery as its parent sees it; all its processes have its environment."""

    def __init__(self, env: dict[str, str], module: str = "applications.management.nursery") -> None:
        self.popen = subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=launcher.ROOT, env=env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def fork(self, command: list[str], log: str, **facts: str) -> int:
        """A new process that runs the command line; its id. `facts` are for the module that serves."""
        assert self.popen.stdin is not None and self.popen.stdout is not None
        self.popen.stdin.write(json.dumps({"command": command, "log": log, **facts}) + "\n")
        self.popen.stdin.flush()
        return int(self.popen.stdout.readline())

    def stop(self) -> None:
        """Ends it and whatever of its processes still runs."""
        self.popen.communicate()


def serve(begin: Callable[[dict[str, Any]], object]) -> None:
    """Forks a process for each line that asks for one, in which `begin` is called; ends with its input."""
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # whoever was killed is gone at once
    pids = []
    for line in sys.stdin:
        asked = json.loads(line)
        pid = os.fork()
        if not pid:
            _detach(asked["log"])
            begin(asked)
            os._exit(0)
        pids.append(pid)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)


def prepare() -> None:
    """Everything that a part of the portal imports."""
    import django

    django.setup()
    for module in _MODULES:
        importlib.import_module(module)


def run(command: list[str]) -> None:
    """A command line of the portal, as if it had been started with it."""
    sys.argv = command
    if command[0] == "celery":
        from celery.__main__ import main as celery

        celery()
    elif command[0] == "gunicorn":
        from gunicorn.app.wsgiapp import run as gunicorn

        gunicorn()
    else:
        runpy.run_path(command[0], run_name="__main__")


def _detach(log: str) -> None:
    """What a shell would do for a new process."""
    os.setsid()
    if with_parent := launcher.die_with_parent(signal.SIGKILL):
        with_parent()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    null = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((null, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    random.seed()


if __name__ == "__main__":
    prepare()
    serve(lambda asked: run(asked["command"]))
