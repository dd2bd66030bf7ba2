"""One thread from the page to the agency: the W3C trace context and the request's id, for log lines and messages.

A page begins a trace or goes on with its caller's; a dispatch keeps it; the worker goes on with it and tells it to the
agency's system. Nothing personal is in it.
"""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

_PARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}")


@dataclass(frozen=True)
class Trace:
    """Where this process is in a trace: `span_id` is its own part."""

    trace_id: str
    span_id: str
    request_id: str = ""

    @property
    def parent(self) -> str:
        """The `traceparent` that is told on."""
        return f"00-{self.trace_id}-{self.span_id}-01"


_current: ContextVar[Trace | None] = ContextVar("trace", default=None)


def current() -> Trace | None:
    return _current.get()


def begun(parent: str = "", request_id: str = "") -> Trace:
    """A part of the caller's trace, or the first part of a new one if the caller told none that can be read."""
    found = _PARENT.fullmatch(parent)
    return Trace(found[1] if found else secrets.token_hex(16), secrets.token_hex(8), request_id)


@contextmanager
def within(parent: str = "", request_id: str = "") -> Iterator[Trace]:
    """Everything inside belongs to this part of the trace."""
    trace = begun(parent, request_id)
    token = _current.set(trace)
    try:
        yield trace
    finally:
        _current.reset(token)


def parent_now() -> str:
    trace = current()
    return trace.parent if trace else ""


def request_now() -> str:
    trace = current()
    return trace.request_id if trace else ""
