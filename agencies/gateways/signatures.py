"""Standard Webhooks signatures: HMAC over `id.timestamp.body`, as `v1` (SHA-256) and `v1sm` (SM3) side by side.

Used in both directions. A message may carry several signatures, one per key and variant, so keys can be rotated.
"""

import base64
import binascii
import hmac
from collections.abc import Iterable, Mapping

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import hmac as national

from agencies.gateways.base import SigningKey

TOLERANCE_SECONDS = 300
ID, TIMESTAMP, SIGNATURE, KEY_ID = "webhook-id", "webhook-timestamp", "webhook-signature", "webhook-key-id"


class BadSignature(Exception):
    """The message is not to be believed; `str()` says why, for the log alone."""


def parse_secret(text: str) -> bytes:
    """The bytes of a `whsec_…` secret. Raises ValueError if it is none or not 24 to 64 bytes long."""
    if not text.startswith("whsec_"):
        raise ValueError("a secret begins with whsec_")
    try:
        secret = base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        raise ValueError("a secret is base64") from None
    if not 24 <= len(secret) <= 64:
        raise ValueError("a secret has 24 to 64 bytes")
    return secret


def format_secret(secret: bytes) -> str:
    return "whsec_" + base64.b64encode(secret).decode()


def _content(message_id: str, timestamp: int, body: bytes) -> bytes:
    return f"{message_id}.{timestamp}.".encode() + body


def sign_sha256(secret: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    mac = hmac.digest(secret, _content(message_id, timestamp, body), "sha256")
    return "v1," + base64.b64encode(mac).decode()


def sign_sm3(secret: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    mac = national.HMAC(secret, hashes.SM3())
    mac.update(_content(message_id, timestamp, body))
    return "v1sm," + base64.b64encode(mac.finalize()).decode()


_VARIANTS = {"v1": sign_sha256, "v1sm": sign_sm3}


def headers(keys: Iterable[SigningKey], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers of a signed message: each key signs in both variants, the first key is named."""
    keys = list(keys)
    signatures = [sign(key.secret, message_id, timestamp, body) for key in keys for sign in _VARIANTS.values()]
    return {
        ID: message_id,
        TIMESTAMP: str(timestamp),
        SIGNATURE: " ".join(signatures),
        KEY_ID: keys[0].kid,
    }


def verify(secret: bytes, given: Mapping[str, str], body: bytes, *, now: float) -> str:
    """The id of a genuine message. One valid signature out of the list is enough. Raises BadSignature."""
    message_id, stamp, signatures = (given.get(name, "") for name in (ID, TIMESTAMP, SIGNATURE))
    if not message_id or len(message_id) > 80 or not message_id.isascii():
        raise BadSignature("no usable id")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        raise BadSignature("no usable timestamp")
    if abs(now - int(stamp)) > TOLERANCE_SECONDS:
        raise BadSignature("timestamp outside the tolerance")
    for signature in signatures.split(" ")[:10]:
        sign = _VARIANTS.get(signature.partition(",")[0])
        if sign is not None and hmac.compare_digest(
            sign(secret, message_id, int(stamp), body).encode(), signature.encode()
        ):
            return message_id
    raise BadSignature("no valid signature")
