"""A made-up agency system as a real HTTP server: it takes tasks, keeps a log that survives kill -9, and sends results back.

For the demo and the tests. It listens on this machine alone and knows of the portal only what the wire brings it.
"""

import json
import os
import threading
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2

from agencies.gateways import signatures
from agencies.gateways.base import SigningKey
from agencies.gateways.http import trusted


class Mode(StrEnum):
    """How the system behaves; can be changed while it runs."""

    ACCEPT = "accept"
    CORRECT = "correct"
    REFUSE = "refuse"
    SLOW = "slow"
    ERROR = "error"
    BUSY = "busy"
    HANG = "hang"
    REPEAT = "repeat"
    REORDER = "reorder"
    WRONG_SIGNATURE = "wrong_signature"
    LOSE_REPLY = "lose_reply"
    NO_RECEIPT = "no_receipt"
    GONE = "gone"
    SILENT = "silent"


@dataclass
class Behaviour:
    """`delay`: seconds before each result; `slow`: seconds a slow or hanging answer takes; `retry_after`: when busy;
    `tries`: how often a result is sent to a portal that does not answer."""

    mode: Mode = Mode.ACCEPT
    delay: float = 0.2
    slow: float = 5
    retry_after: int = 1
    tries: int = 20


@dataclass
class Taken:
    """A task as it was first received; a repetition gets the same receipt."""

    dispatch: str
    task: str
    version: int
    digest: str
    receipt: str
    at: str
    case_number: str = ""
    item: str = ""
    state: str = "received"


@dataclass
class Simulator:
    """The system's memory: what it took, by dispatch key; every request is a line of its log."""

    key: SigningKey
    portal: str
    log: Path
    behaviour: Behaviour = field(default_factory=Behaviour)
    taken: dict[str, Taken] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    requests: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._results = ThreadPoolExecutor(4, thread_name_prefix="results")
        self._sequences: Counter[str] = Counter()
        for taken in self._read_log():
            self._results.submit(self._work, taken, [])

    def _read_log(self) -> list[Taken]:
        """Remembers what was taken before a kill -9; gives the tasks whose results were not all sent yet."""
        answered: set[str] = set()
        text = self.log.read_text(encoding="utf-8") if self.log.exists() else ""
        if text and not text.endswith("\n"):
            self.log.write_text(text + "\n", encoding="utf-8")  # or the next line would be lost with the torn one
        for line in text.splitlines():
            try:
                row = json.loads(line)
            except ValueError:  # a line torn by kill -9
                continue
            what = row.pop("what", "")
            if what == "taken":
                self.taken[row["dispatch"]] = Taken(**row)
            elif what == "word":
                self.words[row["dispatch"]] = row["status"]
            elif what == "sent" and row["status"] < 500:
                answered |= {row["dispatch"]} if row["kind"] != "accepted" else set()
        return [taken for key, taken in self.taken.items() if key not in answered]

    def write(self, what: str, **facts: Any) -> None:
        line = json.dumps({"what": what, **facts}, ensure_ascii=False)
        with self.log.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())

    # --- what comes in ---

    def is_genuine(self, headers: Any, body: bytes) -> bool:
        try:
            signatures.verify(self.key.secret, headers, body, now=time.time())
        except signatures.BadSignature:
            return False
        return True

    def take(self, headers: Any, body: bytes) -> tuple[int, dict[str, Any], dict[str, str]]:
        """The answer to a pushed task: 201 the first time, 409 with the same receipt every further time."""
        mode = self.behaviour.mode
        self.requests[mode] += 1
        if mode == Mode.ERROR:
            return 500, {"title": "内部错误"}, {}
        if mode == Mode.BUSY:
            return 429, {"title": "太忙"}, {"Retry-After": str(self.behaviour.retry_after)}
        if mode == Mode.GONE:
            return 410, {"title": "已停用"}, {}
        if not self.is_genuine(headers, body):
            return 401, {"title": "签名无效"}, {}
        envelope = json.loads(body)
        key, data = envelope["id"], envelope["data"]
        if headers.get("idempotency-key") != key:
            return 400, {"title": "没有 Idempotency-Key"}, {}
        with self._lock:
            known = self.taken.get(key)
            if known is None:
                taken = Taken(
                    dispatch=key,
                    task=data["task"],
                    version=data["version"],
                    digest=data["digest"],
                    receipt=f"SIM-{uuid.uuid4().hex[:10].upper()}",
                    at=datetime.now(UTC).isoformat(),
                    case_number=data["case_number"],
                    item=data["item"]["code"],
                )
                self.write("taken", **vars(taken))
                self.taken[key] = taken
        if known is not None:
            self.write("again", dispatch=key)
            if known.digest != data["digest"]:
                return 422, {"title": "同一标识，内容不同"}, {}
            return 409, {"receipt_number": known.receipt, "digest": known.digest}, {}
        self._results.submit(self._work, taken, [line["name"] for line in data["fields"]])
        if mode == Mode.NO_RECEIPT:
            return 202, {}, {}
        return 201, {"receipt_number": taken.receipt, "digest": taken.digest}, {}

    def hear(self, headers: Any, body: bytes) -> tuple[int, dict[str, Any], dict[str, str]]:
        """The answer to the word that a task is no more: work on it stops; a task it never had is no error."""
        mode = self.behaviour.mode
        self.requests[mode] += 1
        if mode == Mode.ERROR:
            return 500, {"title": "内部错误"}, {}
        if not self.is_genuine(headers, body):
            return 401, {"title": "签名无效"}, {}
        envelope = json.loads(body)
        data = envelope["data"]
        with self._lock:
            if envelope["id"] not in self.words:
                self.words[envelope["id"]] = data["status"]
                self.write("word", dispatch=envelope["id"], task=data["task"], status=data["status"])
            mine = [one for one in self.taken.values() if one.task == data["task"]]
            for one in mine:
                one.state = data["status"]
        return 200, {"outcome": "stopped" if mine else "unknown"}, {}

    def receipt(self, key: str) -> tuple[int, dict[str, Any]]:
        known = self.taken.get(key)
        return (200, {"receipt_number": known.receipt, "digest": known.digest}) if known else (404, {})

    def inventory(self) -> dict[str, Any]:
        rows = [{"dispatch": one.dispatch, "digest": one.digest, "state": one.state} for one in self.taken.values()]
        return {"tasks": rows, "count": len(rows)}

    # --- what goes back ---

    def _work(self, taken: Taken, names: list[str]) -> None:
        """The results of one task, each after the delay, as the mode has it."""
        mode = self.behaviour.mode
        if mode == Mode.SILENT:
            return
        plan: list[tuple[str, dict[str, Any]]] = [("accepted", {}), ("approved", {"opinion": "准予办结"})]
        if mode == Mode.CORRECT and taken.version == 1 and names:
            plan = [("correction_required", {"deficits": [{"field": names[-1], "reason": "请写得更具体"}]})]
        elif mode == Mode.REFUSE:
            plan = [("not_accepted", {"opinion": "不属于本机构受理范围"})]
        numbers = []
        for _ in plan:
            self._sequences[taken.task] += 1
            numbers.append(self._sequences[taken.task] + taken.version * 1000)
        steps = list(zip(numbers, plan, strict=True))
        if mode == Mode.REORDER:
            steps = [*steps, steps[0]]
        for number, (kind, data) in steps:
            time.sleep(self.behaviour.delay)
            if taken.state in ("withdrawn", "terminated", "moved"):
                return
            message_id = f"{taken.dispatch}-{number}"
            at = datetime.fromisoformat(taken.at)  # a repetition is the same to the letter, even after a kill -9
            for _ in range(3 if mode == Mode.REPEAT else 1):
                self.send(taken, message_id if mode != Mode.REORDER else uuid.uuid4().hex, number, kind, data, at)

    def send(
        self, taken: Taken, message_id: str, sequence: int, kind: str, data: dict[str, Any], at: datetime
    ) -> int | None:
        """Sends one result until the portal answers, at most so many times as told."""
        event = {
            "specversion": "1.0",
            "type": f"yjs.task.{kind}.v1",
            "source": "urn:agency:simulator",
            "subject": taken.task,
            "sequence": sequence,
            "time": at.isoformat(),
            "data": {"handler": "模拟经办人", **data},
        }
        body = json.dumps(event, ensure_ascii=False).encode()
        key = SigningKey(self.key.kid, b"x" * 32) if self.behaviour.mode == Mode.WRONG_SIGNATURE else self.key
        for attempt in range(self.behaviour.tries):
            headers = signatures.headers([key], message_id, int(time.time()), body)
            try:
                with httpx2.Client(trust_env=False, timeout=10, verify=trusted()) as client:
                    response = client.post(
                        f"{self.portal}/exchange/v1/events",
                        content=body,
                        headers={**headers, "content-type": "application/json"},
                    )
            except httpx2.TransportError:
                time.sleep(min(0.5 * 2 ** min(attempt, 8), 5))
                continue
            self.write("sent", dispatch=taken.dispatch, kind=kind, status=response.status_code)
            if response.status_code < 500:
                if response.status_code == 200:
                    taken.state = kind
                return response.status_code
            time.sleep(min(0.5 * 2 ** min(attempt, 8), 5))
        return None


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "Server"

    def log_message(self, format: str, *args: Any) -> None:
        """The simulator's own log is enough."""

    def do_GET(self) -> None:
        simulator = self.server.simulator
        if self.path == "/health":
            self._answer(503 if simulator.behaviour.mode in (Mode.ERROR, Mode.HANG) else 200, {})
        elif self.path.startswith("/inventory"):
            self._answer(200, simulator.inventory())
        elif self.path.startswith("/tasks/"):
            self._answer(*simulator.receipt(self.path.removeprefix("/tasks/")))
        else:
            self._answer(404, {})

    def do_POST(self) -> None:
        simulator = self.server.simulator
        body = self.rfile.read(min(int(self.headers.get("content-length") or 0), 1024 * 1024))
        if self.path == "/mode":
            simulator.behaviour.mode = Mode(json.loads(body)["mode"])
            return self._answer(200, {})
        if not self.path.endswith(("/tasks", "/events")):
            return self._answer(404, {})
        mode = simulator.behaviour.mode
        if mode == Mode.HANG:
            simulator.requests[mode] += 1
            time.sleep(simulator.behaviour.slow)
            self.close_connection = True
            return None
        heard = simulator.hear if self.path.endswith("/events") else simulator.take
        status, answer, headers = heard(self.headers, body)
        if mode == Mode.SLOW:
            time.sleep(simulator.behaviour.slow)
        if mode == Mode.LOSE_REPLY:
            self.close_connection = True
            return None
        return self._answer(status, answer, headers)

    def _answer(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        content = json.dumps(body, ensure_ascii=False).encode()
        try:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        except (BrokenPipeError, ConnectionResetError):  # the portal did not wait
            self.close_connection = True


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int, simulator: Simulator) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.simulator = simulator

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"
