"""退信: what a mail server reports about a message that it could not deliver after all (RFC 3464)."""

import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import Message

_KEY = re.compile(r"<([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})@")


@dataclass(frozen=True)
class Bounce:
    """`key` of the notice; `is_lasting` when the address will not take mail later either."""

    key: str
    status: str
    is_lasting: bool


def parse(raw: bytes) -> Bounce | None:
    """The bounce in a delivery status notification, or None when it is none or names no message of ours."""
    message = message_from_bytes(raw, policy=policy.default)
    parts = list(message.walk())
    reports = [
        block for part in parts if part.get_content_type() == "message/delivery-status" for block in _blocks(part)
    ]
    failed = next((block for block in reports if str(block.get("Action", "")).strip().lower() == "failed"), None)
    key = next((found for part in parts if (found := _key_of(part))), "")
    if failed is None or not key:
        return None
    status = str(failed.get("Status", "")).strip()[:10]
    return Bounce(key, status, is_lasting=status.startswith("5"))


def _blocks(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [block for block in payload if isinstance(block, Message)] if isinstance(payload, list) else []


def _key_of(part: Message) -> str:
    """Of the message that came back, whose headers are enclosed."""
    if part.get_content_type() == "text/rfc822-headers":
        found = re.search(r"(?im)^message-id:\s*(<[^>]+>)", str(part.get_payload()))
        text = found.group(1) if found else ""
    else:
        text = str(part.get("Message-ID", ""))
    key = _KEY.search(text)
    return key.group(1) if key else ""
