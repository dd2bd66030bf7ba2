"""The drill's numbered crash points: each process of the drill kills itself with SIGKILL where it is told to, once.

Nothing of the portal knows of them: the drill starts its processes through this module, which wraps the functions at
whose beginning or end the process dies. A point is armed by a file in the folder DRILL_POINTS; dying uses it up.
"""

import os
import runpy
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

POINTS = {
    1: ("web", "写入办件之后、提交事务之前"),
    2: ("web", "提交事务之后、回答申请人之前"),
    3: ("relay", "领取之后、交给队列之前"),
    4: ("relay", "交给队列之后"),
    5: ("worker", "收到消息之后、占用之前"),
    6: ("worker", "占用之后、发出之前"),
    7: ("worker", "对方收下之后、记录之前"),
    8: ("worker", "记录之中、提交事务之前"),
    9: ("agency", "部门系统记下之后、答复之前"),
}


def strike(point: int) -> None:
    try:
        (Path(os.environ["DRILL_POINTS"]) / str(point)).unlink()
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


def wrap(owner: Any, name: str, *, before: int | None = None, after: int | None = None) -> None:
    original: Callable[..., Any] = getattr(owner, name)

    def wrapped(*args: Any, **options: Any) -> Any:
        if before:
            strike(before)
        result = original(*args, **options)
        if after:
            strike(after)
        return result

    setattr(owner, name, wrapped)


def arm() -> None:
    from agencies.gateways.http import HttpGateway
    from agencies.gateways.simulator import Simulator
    from applications import delivery, fanout, relay, submission

    wrap(fanout, "wake_relay", after=1)
    wrap(submission, "submit", after=2)
    wrap(relay, "_ring", before=3, after=4)
    wrap(delivery, "_lease", before=5)
    wrap(HttpGateway, "send", before=6, after=7)
    wrap(delivery, "_arrive", after=8)
    wrap(Simulator, "take", after=9)


def main() -> None:
    """`python -m applications.management.drill_points manage.py relay`, or `celery …`: the command, with its points."""
    import django

    django.setup()
    arm()
    sys.argv = sys.argv[1:]
    if sys.argv[0] == "celery":
        from celery.__main__ import main as celery

        celery()
    else:
        runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main()
