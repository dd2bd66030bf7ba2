"""Personal data at rest: sealed with SM4 or AES in GCM, found again by a keyed hash. Knows no table and no page.

What is sealed reads `v1.KEY.DATA`: the id of the key, then nonce, ciphertext and tag, in a text as base64. What it belongs to (table,
column, row) is authenticated with it, so that a value copied elsewhere does not open. A certified module takes the place of
`Software` by the setting `SEALING_PROVIDER`; values say which key they need, so keys and algorithms change without a
change of tables.
"""

import base64
import hmac
import os
import re
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

VERSION = "v1"
NONCE = 12
TAG = 16
_KID = "[A-Za-z0-9_-]{1,64}"
_HEAD = re.compile(rf"{VERSION}\.({_KID})\.".encode())


class CannotOpen(Exception):
    """The value was changed, belongs to another row, or its key is not here. Says nothing of what is in it."""


class Provider(Protocol):
    """Everything that needs a key. `context` says what a value belongs to; it is not secret."""

    def seal(self, plain: bytes, context: str) -> tuple[str, bytes]:
        """(id of the key, nonce with ciphertext and tag), by the newest key."""
        ...

    def open(self, kid: str, data: bytes, context: str) -> bytes:
        """Raises CannotOpen."""
        ...

    def index(self, value: str, purpose: str) -> str:
        """64 hexadecimal figures, equal for equal values of one purpose and telling nothing without the key."""
        ...

    @property
    def newest(self) -> str:
        """The id of the key that values are sealed with now."""
        ...


@dataclass(frozen=True)
class Algorithm:
    cipher: type[algorithms.SM4] | type[algorithms.AES]
    key_bytes: int


ALGORITHMS = {"sm4": Algorithm(algorithms.SM4, 16), "aes": Algorithm(algorithms.AES, 32)}


class Software:
    """The algorithms in this process, by the `cryptography` library: right, fast, and not a certified module.

    `SEALING_KEYS` are `id:algorithm:base64 of at least 32 bytes`, the newest first; older ones still open what they
    sealed. `INDEX_KEY` is one key, since an index of another key finds nothing.
    """

    def __init__(self) -> None:
        self._keys = dict(_key(text) for text in settings.SEALING_KEYS)
        if not self._keys:
            raise ImproperlyConfigured("SEALING_KEYS 没有密钥")
        self._index_key = _secret(settings.INDEX_KEY, "INDEX_KEY")

    @property
    def newest(self) -> str:
        return next(iter(self._keys))

    def seal(self, plain: bytes, context: str) -> tuple[str, bytes]:
        algorithm, key = self._keys[self.newest]
        nonce = os.urandom(NONCE)
        encryptor = Cipher(algorithm.cipher(key), modes.GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(context.encode())
        return self.newest, nonce + encryptor.update(plain) + encryptor.finalize() + encryptor.tag

    def open(self, kid: str, data: bytes, context: str) -> bytes:
        if kid not in self._keys or len(data) < NONCE + TAG:
            raise CannotOpen(f"没有密钥“{kid}”" if kid not in self._keys else "密文不完整")
        algorithm, key = self._keys[kid]
        decryptor = Cipher(algorithm.cipher(key), modes.GCM(data[:NONCE], data[-TAG:])).decryptor()
        decryptor.authenticate_additional_data(context.encode())
        try:
            return decryptor.update(data[NONCE:-TAG]) + decryptor.finalize()
        except InvalidTag:
            raise CannotOpen("密文被改动，或不属于这一行") from None

    def index(self, value: str, purpose: str) -> str:
        mac = HMAC(self._purpose_key(purpose), hashes.SM3())
        mac.update(value.encode())
        return mac.finalize().hex()

    @cache  # noqa: B019 - one provider lives as long as the process
    def _purpose_key(self, purpose: str) -> bytes:
        return _derived(self._index_key, f"index:{purpose}", 32)


def _key(text: str) -> tuple[str, tuple[Algorithm, bytes]]:
    kid, _, rest = text.strip().partition(":")
    name, _, secret = rest.partition(":")
    if not re.fullmatch(_KID, kid) or name not in ALGORITHMS:
        raise ImproperlyConfigured(
            "SEALING_KEYS 每一项写成“编号:sm4:base64”或“编号:aes:base64”，编号是字母、数字、- 和 _，最多 64 个"
        )
    algorithm = ALGORITHMS[name]
    return kid, (algorithm, _derived(_secret(secret, "SEALING_KEYS"), f"seal:{name}", algorithm.key_bytes))


def _secret(text: str, setting: str) -> bytes:
    try:
        secret = base64.b64decode(text, validate=True)
    except ValueError:
        secret = b""
    if len(secret) < 32:
        raise ImproperlyConfigured(f"{setting} 的密钥要是至少 32 字节的 base64")
    return secret


def _derived(secret: bytes, purpose: str, length: int) -> bytes:
    return HKDF(hashes.SM3(), length, salt=None, info=purpose.encode()).derive(secret)


@cache
def provider() -> Provider:
    made: Provider = import_string(settings.SEALING_PROVIDER)()
    return made


def _forget(*, setting: str, **_: object) -> None:
    if setting in ("SEALING_PROVIDER", "SEALING_KEYS", "INDEX_KEY"):
        provider.cache_clear()


setting_changed.connect(_forget)


def seal(plain: str, context: str) -> str:
    """The text as it is stored."""
    kid, data = provider().seal(plain.encode(), context)
    return f"{VERSION}.{kid}.{base64.b64encode(data).decode()}"


def unseal(stored: str, context: str) -> str:
    """The text behind a stored value. Raises CannotOpen."""
    kid, text = _parted(stored.encode())
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise CannotOpen("密文不完整") from None
    return provider().open(kid, data, context).decode()


def seal_bytes(plain: bytes, context: str) -> bytes:
    """A file as it is stored: the same head, and the data as they are."""
    kid, data = provider().seal(plain, context)
    return f"{VERSION}.{kid}.".encode() + data


def unseal_bytes(stored: bytes, context: str) -> bytes:
    """The content behind a stored file. Raises CannotOpen."""
    kid, data = _parted(stored)
    return provider().open(kid, data, context)


def key_of(stored: bytes) -> str:
    """The id of the key that a stored text or file needs; empty for what is not sealed."""
    head = _HEAD.match(stored)
    return head[1].decode() if head else ""


def _parted(stored: bytes) -> tuple[str, bytes]:
    head = _HEAD.match(stored)
    if head is None:
        raise CannotOpen("不是密文")
    return head[1].decode(), stored[head.end() :]


def index_of(value: str, purpose: str) -> str:
    """The keyed hash of a value by which its row is found; nothing for nothing. Letters count as capitals."""
    normal = value.strip().upper()
    return provider().index(normal, purpose) if normal else ""


def self_test() -> None:
    """The library computes what GB/T 32905 and RFC 8998 print. Raises ImproperlyConfigured if not."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(b"abc")
    key = bytes.fromhex("0123456789abcdeffedcba9876543210")
    encryptor = Cipher(algorithms.SM4(key), modes.GCM(bytes.fromhex("00001234567800000000abcd"))).encryptor()
    encryptor.authenticate_additional_data(bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2"))
    plain = b"".join(bytes([letter]) * 8 for letter in b"\xaa\xbb\xcc\xdd\xee\xff\xee\xaa")
    sealed = encryptor.update(plain) + encryptor.finalize()
    agrees = (
        digest.finalize().hex().startswith("66c7f0f462eeedd9d1f2d46bdc10e4e2")
        and sealed.hex().startswith("17f399f08c67d5ee19d0dc9969c4bb7d")
        and hmac.compare_digest(encryptor.tag.hex(), "83de3541e4c2b58177e065a9bf7b62ec")
    )
    if not agrees:
        raise ImproperlyConfigured("密码算法自检不通过：SM3 或 SM4-GCM 与标准给出的结果不一致")
