"""One process that has everything imported and forks the portal's processes: they share that memory and start at once.

`manage.py background` forks the workers this way. `Nursery` is the same for the drill and the tests, where processes die by the
dozen. Each one is a process and a session of its own, as if started from the shell; they end with the one that forked them.
"""

import contextlib
import functools
import gc
import importlib
import json
import os
import random
import runpy
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable
from typing import Any

import setproctitle

import run as launcher

_MODULES = (
    "celery.bin.celery", "celery.bin.worker", "celery.bin.beat", "celery.apps.worker", "celery.apps.beat",
    "celery.concurrency.solo", "celery.worker.autoscale", "celery.worker.components", "celery.worker.consumer",
    "kombu.transport.redis", "applications.tasks", "gunicorn.app.wsgiapp", "gunicorn.workers.gthread", "portal.urls",
)  # fmt: skip


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
        pids.append(fork(functools.partial(begin, asked), asked["log"]))
        sys.stdout.write(f"{pids[-1]}\n")
        sys.stdout.flush()
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)


def fork(begin: Callable[[], object], log: str = "") -> int:
    """A new process that calls `begin` and ends, its output in the file `log` or where the parent's is; its id."""
    pid = os.fork()
    if pid:
        return pid
    code: object = 1
    try:
        _detach(log)
        begin()
        code = 0
    except SystemExit as end:
        code = end.code or 0
        if isinstance(code, str):
            sys.stderr.write(f"{code}\n")
    except BaseException:
        traceback.print_exc()
    finally:  # nothing of the parent's own end is for the child
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 1)


def prepare() -> None:
    """Everything that a part of the portal imports."""
    import django

    django.setup()
    for module in _MODULES:
        importlib.import_module(module)


def run(command: list[str]) -> None:
    """A command line of the portal, as if it had been started with it."""
    sys.argv = command
    setproctitle.setproctitle(" ".join(command))
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
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    if log:
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(output, 1)
        os.dup2(output, 2)
    random.seed()


if __name__ == "__main__":
    prepare()
    serve(lambda asked: run(asked["command"]))
