"""Offline exchange for networks that are not joined: a signed export file, and a result file read row by row.

The file is JSON lines; its last line carries the number of rows and the HMAC of all lines before it, in both variants, so
that a torn or changed file is refused whole.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from agencies.gateways import signatures
from agencies.gateways.base import SigningKey


class BadFile(Exception):
    """The file as a whole is not to be believed; `str()` is a Chinese sentence."""


@dataclass(frozen=True)
class Row:
    """One line of a result file: a verdict is given for each."""

    number: int
    value: dict[str, Any] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True)
class Opened:
    """A genuine file: the id of the key that signed it, its batch's name, and its rows."""

    kid: str
    name: str
    rows: list[Row]


def seal(rows: Iterable[dict[str, Any]], key: SigningKey, *, batch: str, timestamp: int) -> bytes:
    """The signed file."""
    lines = [json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":")) for row in rows]
    body = "".join(line + "\n" for line in lines).encode()
    end = {
        "batch": batch,
        "rows": len(lines),
        "timestamp": timestamp,
        "kid": key.kid,
        "signatures": [
            signatures.sign_sha256(key.secret, batch, timestamp, body),
            signatures.sign_sm3(key.secret, batch, timestamp, body),
        ],
    }
    return body + json.dumps(end, separators=(",", ":")).encode() + b"\n"


def unseal(content: bytes, keys: dict[str, bytes]) -> Opened:
    """A file signed with one of the keys. Raises BadFile; a single row that cannot be read gets its own verdict."""
    body, _, last = content.rstrip(b"\r\n").rpartition(b"\n")
    body = body + b"\n" if body else b""
    try:
        end = json.loads(last)
        batch, number, timestamp, kid = str(end["batch"]), int(end["rows"]), int(end["timestamp"]), str(end["kid"])
        given = {str(text) for text in end["signatures"]}
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        raise BadFile("文件没有完整的结尾行，可能没有拷贝完") from None
    if not 0 < len(batch) <= 60 or not batch.isprintable():
        raise BadFile("文件的批次名不能用，请用不超过 60 个字的文字")
    secret = keys.get(kid)
    if secret is None:
        raise BadFile("文件的密钥编号不在用")
    if not given & {
        signatures.sign_sha256(secret, batch, timestamp, body),
        signatures.sign_sm3(secret, batch, timestamp, body),
    }:
        raise BadFile("文件签名不对，内容可能被改过")
    # Only a line feed ends a line: a text may hold other signs that Python takes for the end of one.
    lines = body.decode(errors="replace").split("\n")[:-1]
    if len(lines) != number:
        raise BadFile(f"文件应有 {number} 行，实有 {len(lines)} 行")
    return Opened(kid, batch, [_read(number, line) for number, line in enumerate(lines, 1)])


def _read(number: int, line: str) -> Row:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return Row(number, problem="这一行不是 JSON")
    return Row(number, value) if isinstance(value, dict) else Row(number, problem="这一行不是一件")
