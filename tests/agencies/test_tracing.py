"""The thread of a trace: a caller's is gone on with, a broken one is begun anew, and nothing leaks out of it."""

import re

import pytest

from agencies import tracing

GOOD = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_trace_of_the_caller_is_gone_on_with_under_a_part_of_its_own() -> None:
    with tracing.within(GOOD, "r1") as trace:
        inside = tracing.parent_now()

    assert (trace.trace_id, trace.request_id) == ("4bf92f3577b34da6a3ce929d0e0e4736", "r1")
    assert inside == trace.parent != GOOD
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", inside)
    assert (tracing.current(), tracing.parent_now(), tracing.request_now()) == (None, "", "")


@pytest.mark.parametrize(
    "broken",
    ["", "x", GOOD.upper(), GOOD + "-1", GOOD.replace("4bf92f3577b34da6a3ce929d0e0e4736", "0" * 32), "01" + GOOD[2:]],
)
def test_what_is_no_traceparent_begins_a_new_trace(broken: str) -> None:
    first, second = tracing.begun(broken), tracing.begun(broken)

    assert first.trace_id != second.trace_id
    assert first.trace_id not in broken
