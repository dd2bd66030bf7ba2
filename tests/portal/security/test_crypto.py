"""Sealing and index: standard vectors, keys in turn, and nothing that opens where it does not belong."""

import base64
import os
import subprocess
import sys
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from django.core.exceptions import ImproperlyConfigured

from portal.security import crypto

OLD = "old:sm4:" + base64.b64encode(b"o" * 32).decode()
NEW = "new:aes:" + base64.b64encode(b"n" * 32).decode()


@pytest.mark.parametrize("key", [OLD, NEW])
def test_what_is_sealed_opens_again_and_never_looks_the_same(key: str, settings: Any) -> None:
    settings.SEALING_KEYS = [key]

    first, second = (crypto.seal("15062819990101001X 东胜区", "a|b|1") for _ in range(2))

    assert first != second
    assert "1506" not in first
    assert {crypto.unseal(stored, "a|b|1") for stored in (first, second)} == {"15062819990101001X 东胜区"}


def test_value_opens_only_where_it_belongs() -> None:
    stored = crypto.seal("6217", "table|account|1")

    for other in ("table|account|2", "table|mobile|1", "elsewhere|account|1"):
        with pytest.raises(crypto.CannotOpen):
            crypto.unseal(stored, other)


def test_changed_value_does_not_open() -> None:
    stored = crypto.seal("6217", "x")
    data = bytearray(base64.b64decode(stored.rpartition(".")[2]))
    data[14] ^= 1

    for broken in (f"v1.test.{base64.b64encode(bytes(data)).decode()}", "v1.test.AAAA", "v1.test.?", "6217", ""):
        with pytest.raises(crypto.CannotOpen) as caught:
            crypto.unseal(broken, "x")
        assert "6217" not in str(caught.value)


def test_older_key_opens_what_it_sealed_until_it_is_taken_away(settings: Any) -> None:
    settings.SEALING_KEYS = [OLD]
    stored = crypto.seal("6217", "x")

    settings.SEALING_KEYS = [NEW, OLD]
    assert (crypto.unseal(stored, "x"), crypto.key_of(stored.encode())) == ("6217", "old")
    assert crypto.key_of(crypto.seal("6217", "x").encode()) == "new"

    settings.SEALING_KEYS = [NEW]
    with pytest.raises(crypto.CannotOpen, match="没有密钥“old”"):
        crypto.unseal(stored, "x")


def test_index_is_equal_for_equal_values_of_one_purpose_and_needs_the_key(settings: Any) -> None:
    index = crypto.index_of("15062819990101001x ", "id_no")

    assert index == crypto.index_of("15062819990101001X", "id_no")
    assert len(index) == 64
    assert index != crypto.index_of("15062819990101001X", "phone")
    assert crypto.index_of(" ", "id_no") == ""
    settings.INDEX_KEY = base64.b64encode(b"i" * 32).decode()
    assert index != crypto.index_of("15062819990101001X", "id_no")


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ([], "没有密钥"),
        (["a:sm4:c2hvcnQ="], "32 字节"),
        (["a:sm4:不是"], "32 字节"),
        (["a:des:" + "A" * 44], "sm4"),
        (["a.b:sm4:" + "A" * 44], "字母、数字"),
    ],
)
def test_wrong_keys_are_refused_in_words(keys: list[str], words: str, settings: Any) -> None:
    settings.SEALING_KEYS = keys

    with pytest.raises(ImproperlyConfigured, match=words):
        crypto.Software()


def test_nothing_starts_with_an_algorithm_that_computes_wrongly(monkeypatch: pytest.MonkeyPatch) -> None:
    crypto.self_test()

    monkeypatch.setattr(hashes, "SM3", hashes.SHA256)

    with pytest.raises(ImproperlyConfigured, match="自检"):
        crypto.self_test()


@pytest.mark.parametrize("missing", ["SEALING_KEYS", "INDEX_KEY"])
def test_production_does_not_start_without_its_keys(missing: str) -> None:
    given = {"SECRET_KEY": "s" * 50, "SEALING_KEYS": OLD, "INDEX_KEY": "A" * 44}
    env = {"PATH": os.environ["PATH"], **{name: text for name, text in given.items() if name != missing}}

    done = subprocess.run(
        [sys.executable, "-c", "import portal.settings.production"], env=env, capture_output=True, text=True
    )

    assert done.returncode != 0
    assert "SEALING_KEYS and INDEX_KEY" in done.stderr
