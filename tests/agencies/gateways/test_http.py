"""Where the portal may call, and what an answer of an agency's system means."""

import json
import socket
import time
from email.utils import formatdate
from typing import Any

import pytest

from agencies.gateways import egress
from agencies.gateways.base import Answer, Ending, Message, SigningKey
from agencies.gateways.http import HttpGateway, classify
from tests.dribbler import dribbling

DIGEST = "d" * 64


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://169.254.169.254/latest",
        "http://[::1]/",
        "http://10.0.0.1/",
        "https://169.254.169.254/",
        "http://system.example/",
        "https://user:pass@system.example/",
        "https://system.example:8443/",
        "https://other.example/",
        "ftp://system.example/",
        "file:///etc/passwd",
        "//system.example/",
        "https://",
        "https://system.example:99999999/",
        "",
    ],
)
def test_address_that_may_not_be_called_is_refused(endpoint: str, settings: Any, monkeypatch: Any) -> None:
    settings.EXCHANGE_ALLOWED_HOSTS = ["system.example:443", "169.254.169.254", "10.0.0.1"]
    monkeypatch.setattr(socket, "getaddrinfo", resolve_to("203.0.113.7"))

    with pytest.raises(egress.NotAllowed):
        egress.check(endpoint)


def resolve_to(address: str) -> Any:
    def getaddrinfo(name: str, port: int, **_: Any) -> Any:
        shown = name if name.replace(".", "").isdigit() or ":" in name else address
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (shown, port))]

    return getaddrinfo


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "0.0.0.0", "::1", "::ffff:127.0.0.1", "224.0.0.1"])
def test_name_that_resolves_to_a_trap_is_refused(address: str, settings: Any, monkeypatch: Any) -> None:
    """DNS rebinding: asked again before every call, and the call goes to the address that was checked."""
    settings.EXCHANGE_ALLOWED_HOSTS = ["system.example"]
    monkeypatch.setattr(socket, "getaddrinfo", resolve_to(address))

    with pytest.raises(egress.NotAllowed):
        egress.check("https://system.example/agency")


def test_call_goes_to_the_checked_address_under_its_name(settings: Any, monkeypatch: Any) -> None:
    settings.EXCHANGE_ALLOWED_HOSTS = ["system.example:8443"]
    monkeypatch.setattr(socket, "getaddrinfo", resolve_to("10.20.30.40"))

    target = egress.check("https://system.example:8443/agency?x=1")

    assert target == egress.Target("https://10.20.30.40:8443/agency?x=1", "system.example:8443", "system.example")


def answer(status: int, body: Any = None, **headers: str) -> Answer:
    content = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
    return classify(status, {name.replace("_", "-"): text for name, text in headers.items()}, content, digest=DIGEST)


@pytest.mark.parametrize("status", [200, 201, 202, 409])
def test_receipt_number_is_what_makes_it_delivered(status: int) -> None:
    found = answer(status, {"receipt_number": "A-1", "digest": DIGEST})

    assert (found.ending, found.receipt_number) == (Ending.DELIVERED, "A-1")


@pytest.mark.parametrize(
    ("status", "body", "ending"),
    [
        (200, {}, Ending.SENT),
        (200, b"<html>ok</html>", Ending.SENT),
        (201, {"receipt_number": "A-1", "digest": "0" * 64}, Ending.LASTING),
        (301, {"receipt_number": "A-1"}, Ending.CONFIGURATION),
        (307, {}, Ending.CONFIGURATION),
        (400, {"receipt_number": "A-1"}, Ending.LASTING),
        (401, {}, Ending.CONFIGURATION),
        (404, {}, Ending.CONFIGURATION),
        (408, {}, Ending.PASSING),
        (409, {}, Ending.UNKNOWN),
        (422, {}, Ending.LASTING),
        (429, {}, Ending.PASSING),
        (500, {"receipt_number": "A-1"}, Ending.PASSING),
        (503, {}, Ending.PASSING),
    ],
)
def test_answer_is_told_by_its_class(status: int, body: Any, ending: Ending) -> None:
    assert answer(status, body).ending == ending


def test_retry_after_may_be_a_date() -> None:
    seconds = answer(503, {}, retry_after=formatdate(time.time() + 90, usegmt=True)).retry_after

    assert seconds is not None and 88 <= seconds <= 90
    assert answer(503, {}, retry_after="Wed, 21 Oct 2015 07:28:00 GMT").retry_after == 0


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"title": "太忙", "detail": "请稍后"}, "太忙：请稍后"),
        ({"receipt_number": "A-1"}, "A-1"),
        ({"title": "身份证 150602199803150017 重复"}, "身份证 … 重复"),
        ([], ""),
        (b"[" * 60_000, ""),
    ],
)
def test_answer_is_kept_in_short_and_without_numbers_of_persons(body: Any, said: str) -> None:
    assert answer(400, body).said == said


@pytest.mark.parametrize(("text", "seconds"), [("120", 120.0), ("999999", 86400.0), ("soon", None), ("-1", None)])
def test_retry_after_is_read_and_bounded(text: str, seconds: float | None) -> None:
    assert answer(503, {}, retry_after=text).retry_after == seconds


@pytest.mark.parametrize(
    ("scheme", "begin", "drop", "ending"),
    [
        ("http", b"HTTP/1.1 200 OK\r\nX-Header: ", b"x", Ending.UNKNOWN),
        ("http", b"HTTP/1.1 ", b"102 Processing\r\n\r\nHTTP/1.1 ", Ending.UNKNOWN),
        ("http", b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n", b"x", Ending.UNKNOWN),
        ("http", b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", b"x", Ending.UNKNOWN),
        ("https", b"\x16\x03\x03\x40\x00", b"x", Ending.PASSING),
    ],
    ids=["header", "progress", "body", "body without a length", "handshake"],
)
def test_call_has_one_deadline_however_the_receiver_dribbles(
    scheme: str, begin: bytes, drop: bytes, ending: Ending, settings: Any
) -> None:
    settings.EXCHANGE_ALLOWED_HOSTS, settings.EXCHANGE_TOTAL_SECONDS = ["127.0.0.1"], 1
    message = Message("k-1", b"{}", DIGEST, (SigningKey("k", b"s" * 32),))

    with dribbling(begin, drop) as receiver:
        found = HttpGateway(f"{scheme}://127.0.0.1:{receiver.port}").send(message)

    assert found.ending == ending
    assert 0 < receiver.sent < 50
