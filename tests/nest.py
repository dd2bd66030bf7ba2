"""Forks the portal's processes from one that has imported everything: none of them spends two seconds on imports.

A line on its input is a command and the file for its output; the process id is the answer. It ends with its input,
and whatever of its processes still runs ends with it.
"""

import json
import os
import signal
import sys

import celery.apps.worker
import celery.bin.celery  # noqa: F401 - this and the above: what `become` would import
from django.core.management import execute_from_command_line
from django.db import connections

from portal.celery import app


def main() -> None:
    os.setsid()
    app.loader.import_default_modules()  # as every worker does at its start: models, tasks and Django's checks
    connections.close_all()  # a connection must not be shared by two processes
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead are not waited for here
    for line in sys.stdin:
        command, output = json.loads(line)
        pid = os.fork()
        if not pid:
            return become(command, output)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()
    os.killpg(0, signal.SIGKILL)
    return None


def become(command: list[str], output: str) -> None:
    """The new process runs `manage.py …` or `celery …` as if it had been started with it."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for stream, path in ((0, os.devnull), (1, output), (2, output)):
        file = os.open(path, os.O_RDWR | os.O_APPEND)
        os.dup2(file, stream)
        os.close(file)
    program, *arguments = sys.argv[:] = command
    if program == "celery":
        app.start(arguments)
    else:
        execute_from_command_line(command)


if __name__ == "__main__":
    main()
