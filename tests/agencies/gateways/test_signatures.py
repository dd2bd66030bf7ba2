"""Signatures of the exchange, in both variants."""

import base64
import hashlib
import hmac

import pytest

from agencies.gateways import signatures
from agencies.gateways.base import SigningKey
from agencies.gateways.signatures import BadSignature

SECRET = bytes(range(32))
KEY = SigningKey("k1", SECRET)
NOW = 1_700_000_000


def verify(headers: dict[str, str], body: bytes = b"{}", *, secret: bytes = SECRET, now: float = NOW) -> str:
    return signatures.verify(secret, headers, body, now=now)


def test_published_example_of_standard_webhooks() -> None:
    """The test vector of the specification's libraries."""
    secret = signatures.parse_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")

    made = signatures.sign_sha256(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')

    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_sm3_variant_is_hmac_over_the_same_content() -> None:
    """HMAC written out (RFC 2104) over hashlib's SM3, where this machine's OpenSSL has it."""
    if "sm3" not in hashlib.algorithms_available:
        pytest.skip("OpenSSL 没有 SM3")
    mac = hmac.new(SECRET, b"m.1700000000.{}", lambda data=b"": hashlib.new("sm3", data)).digest()

    assert signatures.sign_sm3(SECRET, "m", NOW, b"{}") == "v1sm," + base64.b64encode(mac).decode()


def test_each_variant_alone_is_enough() -> None:
    headers = signatures.headers([KEY], "m", NOW, b"{}")

    for signature in headers["webhook-signature"].split(" "):
        assert verify({**headers, "webhook-signature": signature}) == "m"


def test_message_signed_with_old_and_new_key_is_genuine_for_both() -> None:
    other = SigningKey("k2", b"n" * 32)
    headers = signatures.headers([other, KEY], "m", NOW, b"{}")

    assert [verify(headers, secret=key.secret) for key in (KEY, other)] == ["m", "m"]
    with pytest.raises(BadSignature):
        verify(headers, secret=b"z" * 32)


@pytest.mark.parametrize("shift", [-301, 301])
def test_timestamp_outside_five_minutes_is_refused(shift: int) -> None:
    headers = signatures.headers([KEY], "m", NOW, b"{}")

    with pytest.raises(BadSignature):
        verify(headers, now=NOW + shift)
    assert verify(headers, now=NOW + shift * 0.99) == "m"


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_each_header_is_part_of_what_is_signed(name: str) -> None:
    headers = signatures.headers([KEY], "m", NOW, b"{}")

    for value in ("", "1", headers[name].replace(",", ",A") + "1"):
        with pytest.raises(BadSignature):
            verify({**headers, name: value})


@pytest.mark.parametrize(
    "text", ["", "secret", "whsec_", "whsec_!!!!", "whsec_" + base64.b64encode(b"x" * 23).decode()]
)
def test_secret_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        signatures.parse_secret(text)


def test_secret_is_not_shown_by_a_message() -> None:
    from agencies.gateways.base import Message

    assert "k1" not in repr(Message("key", b"", "", (KEY,)))
