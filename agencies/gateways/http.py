"""Signed push to an agency's own system: one POST, no redirects, no proxies of the environment, bounded in time and size.

The class of what went wrong decides what happens next: a refused connection never reached the other side, a time-out
after sending may have.
"""

import json
import re
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import replace
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any

import httpx2
from django.conf import settings

from agencies.gateways import egress, signatures
from agencies.gateways.base import Answer, Ending, Message, SigningKey
from agencies.gateways.deadline import cut_at

ANSWER_BYTES = 64 * 1024
_PASSING = {408, 425, 429}
# Numbers of persons and accounts that an answer may repeat; a receipt number has letters or is shorter.
_FIGURES = re.compile(r"(?<![\w-])\d{11,}[Xx]?(?![\w-])")
_CONFIGURATION = {401, 403, 404, 405, 410}


@cache
def trusted() -> ssl.SSLContext:
    """Whom we believe over TLS; reading the list of authorities takes longer than a call, so it is done once."""
    return httpx2.create_ssl_context(trust_env=False)


class HttpGateway:
    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint

    def send(self, message: Message) -> Answer:
        """Posts a task to `…/tasks`, a word about one to `…/events`.

        A task is "delivered" only by the receiver's own receipt number.
        """
        if not message.keys:
            return Answer(Ending.CONFIGURATION, "没有在用的对接密钥")
        signed = signatures.headers(message.keys, message.key, int(time.time()), message.body)
        extra = {"idempotency-key": message.key, "content-type": "application/json; charset=utf-8", **_thread(message)}
        try:
            response = self._call("POST", "/events" if message.is_word else "/tasks", {**signed, **extra}, message.body)
        except egress.NotAllowed as error:
            return Answer(Ending.CONFIGURATION, str(error))
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, ConnectionError):
            return Answer(Ending.PASSING, "连不上部门系统")
        except (httpx2.TransportError, TimeoutError):
            return Answer(Ending.UNKNOWN, "已发出，没有等到完整的答复")
        return classify(*response, digest=message.digest, is_word=message.is_word)

    def ask(self, message: Message) -> Answer | None:
        """Asks after the receipt of a message that was taken without one; None where the system cannot tell."""
        try:
            signed = signatures.headers(message.keys, f"ask-{message.key}", int(time.time()), b"")
            response = self._call("GET", f"/tasks/{message.key}", {**signed, **_thread(message)}, b"")
        except (httpx2.TransportError, egress.NotAllowed, OSError):
            return None
        answer = classify(*response, digest=message.digest)
        return answer if answer.ending in (Ending.DELIVERED, Ending.SENT) else None

    def probe(self, keys: tuple[SigningKey, ...]) -> bool:
        """Whether the system answers its health question; carries no data."""
        try:
            signed = signatures.headers(keys, "probe", int(time.time()), b"") if keys else {}
            status, _, _ = self._call("GET", "/health", signed, b"")
        except (httpx2.TransportError, egress.NotAllowed, OSError):
            return False
        return 200 <= status < 300

    def inventory(self, keys: tuple[SigningKey, ...], day: str) -> list[dict[str, Any]] | None:
        """What the system says it received on a day: key, digest, state per task. None for no answer or a torn one."""
        try:
            signed = signatures.headers(keys, f"inventory-{day}", int(time.time()), b"") if keys else {}
            status, _, body = self._call("GET", f"/inventory?day={day}", signed, b"", limit=8 * 1024 * 1024)
            said = json.loads(body) if status == 200 else {}
            rows = said["tasks"]
            if said.get("count", len(rows)) != len(rows):
                return None
        except (httpx2.TransportError, egress.NotAllowed, OSError, ValueError, KeyError, TypeError, RecursionError):
            return None
        return rows if isinstance(rows, list) else None

    def _call(
        self, method: str, path: str, headers: dict[str, str], body: bytes, *, limit: int = ANSWER_BYTES
    ) -> tuple[int, dict[str, str], bytes]:
        total = settings.EXCHANGE_TOTAL_SECONDS
        deadline = time.monotonic() + total
        target = egress.check(self.endpoint.rstrip("/") + path)
        limits = httpx2.Timeout(total, connect=min(settings.EXCHANGE_CONNECT_SECONDS, total))
        with (
            cut_at(deadline) as watch,
            httpx2.Client(trust_env=False, follow_redirects=False, timeout=limits, verify=trusted()) as client,
            client.stream(
                method,
                target.url,
                content=body,
                headers={**headers, "host": target.host, "accept": "application/json"},
                extensions={"sni_hostname": target.name, "trace": _seen_by(watch)},
            ) as response,
        ):
            content = b""
            for part in response.iter_raw():
                content += part
                if len(content) > limit:
                    raise TimeoutError("the answer is too long")
            if time.monotonic() > deadline:  # an answer without a length ends where the connection was cut
                raise TimeoutError("the answer is too slow")
            return response.status_code, dict(response.headers), content


def _seen_by(watch: Callable[[socket.socket], None]) -> Callable[[str, dict[str, Any]], None]:
    """The trace of a call that shows its connection as soon as there is one."""

    def trace(event: str, info: dict[str, Any]) -> None:
        if event == "connection.connect_tcp.complete":
            watch(info["return_value"].get_extra_info("socket"))

    return trace


def _thread(message: Message) -> dict[str, str]:
    """The headers by which both sides' logs are laid side by side."""
    told = {"traceparent": message.trace, "x-request-id": message.request_id}
    return {name: value for name, value in told.items() if value}


def classify(status: int, headers: dict[str, str], body: bytes, *, digest: str, is_word: bool = False) -> Answer:
    """What an answer means, with what was said. A repetition that the receiver knows (409 with receipt) is a success."""
    said = _said(body)
    return replace(_meaning(status, headers, said, digest, is_word), said=_in_short(said))


def _meaning(status: int, headers: dict[str, str], said: dict[str, Any], digest: str, is_word: bool) -> Answer:
    receipt = _text(said.get("receipt_number"))[:80]
    if is_word and 200 <= status < 300:
        return Answer(Ending.DELIVERED, receipt_number=receipt, status_code=status)
    if receipt and (200 <= status < 300 or status == 409):
        if said.get("digest") not in (None, digest):
            return Answer(Ending.LASTING, "对方收到的内容与发出的不一致", status_code=status)
        words = "对方先前已收到" if status == 409 else ""
        return Answer(Ending.DELIVERED, words, receipt_number=receipt, status_code=status)
    if 200 <= status < 300:
        return Answer(Ending.SENT, "对方已接收，还没有给回执号", status_code=status)
    if 300 <= status < 400:
        return Answer(Ending.CONFIGURATION, "部门系统要求转到别的地址，不予跟随", status_code=status)
    if status in _CONFIGURATION:
        return Answer(
            Ending.CONFIGURATION, f"部门系统不认这个地址或密钥（{status}）", status_code=status, is_gone=status == 410
        )
    if status in _PASSING or status >= 500:
        retry = _retry_after(headers.get("retry-after", ""))
        return Answer(Ending.PASSING, f"部门系统暂时不能接收（{status}）", status_code=status, retry_after=retry)
    if status == 409:
        return Answer(Ending.UNKNOWN, "对方正在处理同一件", status_code=status)
    return Answer(Ending.LASTING, f"部门系统不接收（{status}）", status_code=status)


def _text(value: object) -> str:
    """A text without what PostgreSQL cannot store."""
    return "" if value is None else str(value).encode(errors="ignore").decode().replace("\x00", "").strip()


def _in_short(said: dict[str, Any]) -> str:
    """The receiver's number, or title and detail of its problem (RFC 9457); long figures are left out."""
    parts = [_text(said.get(name)) for name in ("receipt_number", "title", "detail")]
    return _FIGURES.sub("…", "：".join(part for part in parts if part))[:300]


def _said(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _retry_after(value: str) -> float | None:
    """Seconds from now, given as such or as a date (RFC 9110), not more than a day; None if it is neither."""
    if value.isascii() and value.isdigit():
        return min(float(value), 86_400.0)
    try:
        seconds = parsedate_to_datetime(value).timestamp() - time.time()
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), 86_400.0)
