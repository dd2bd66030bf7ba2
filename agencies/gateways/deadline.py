"""One deadline for everything a call waits for.

A time-out counts each read anew, so another side that sends a byte now and then would hold a worker for ever.
"""

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def cut_at(deadline: float) -> Iterator[Callable[[socket.socket], None]]:
    """Gives a function that takes the connections of a call; they are cut at the deadline of the monotonic clock."""
    with contextlib.ExitStack() as at_end:

        def watch(line: socket.socket) -> None:
            # Encryption takes over the socket itself; its twin ends the same connection.
            twin = at_end.enter_context(socket.socket(fileno=os.dup(line.fileno())))
            timer = threading.Timer(max(deadline - time.monotonic(), 0), _cut, [twin])
            at_end.callback(timer.join)
            at_end.callback(timer.cancel)
            timer.start()

        yield watch


def _cut(line: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the other side was quicker
        line.shutdown(socket.SHUT_RDWR)
