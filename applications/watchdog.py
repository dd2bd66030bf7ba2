"""Ends a process that hangs in one row. Workers do one task at a time in their own thread, where no time limit of Celery holds.

The row has counted its try before (`documents`, `exports`, `imports`, `notices`), so it comes back only so often; whoever
started the worker starts it again.
"""

import faulthandler
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def ended_after(seconds: float) -> Iterator[None]:
    """The process is ended when what is inside takes longer; where it was stands on its error output, without values."""
    faulthandler.dump_traceback_later(seconds, exit=True, file=sys.__stderr__ or sys.stderr)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
