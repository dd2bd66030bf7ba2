"""Passwords by PBKDF2 with HMAC-SM3: as the standard computes it, and older ones go on opening."""

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SM3
from cryptography.hazmat.primitives.hmac import HMAC
from django.contrib.auth.hashers import check_password, make_password
from django.test import Client

from portal.accounts.models import User
from portal.security.hashers import SM3PasswordHasher
from portal.settings import base
from tests import factories


@pytest.fixture
def hashers(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.PASSWORD_HASHERS = base.PASSWORD_HASHERS
    monkeypatch.setattr(SM3PasswordHasher, "iterations", 3)


def mac(key: bytes, data: bytes) -> bytes:
    made = HMAC(key, SM3())
    made.update(data)
    return made.finalize()


def test_hash_is_what_rfc_8018_computes_with_hmac_sm3() -> None:
    first = mac("密码".encode(), b"salt" + (1).to_bytes(4, "big"))
    second = mac("密码".encode(), first)
    wanted = bytes(one ^ other for one, other in zip(first, second, strict=True))

    encoded = SM3PasswordHasher().encode("密码", "salt", 2)

    assert encoded == f"pbkdf2_sm3$2$salt${base64.b64encode(wanted).decode()}"


@pytest.mark.usefixtures("hashers")
def test_right_password_opens_and_another_does_not() -> None:
    encoded = make_password("huhehaote-26")

    assert encoded.startswith("pbkdf2_sm3$3$")
    assert [check_password(word, encoded) for word in ("huhehaote-26", "huhehaote-27")] == [True, False]


@pytest.mark.usefixtures("hashers", "directory")
def test_password_of_before_is_made_anew_at_the_next_sign_in() -> None:
    person = factories.person()
    earlier = make_password("demo-2026", hasher="pbkdf2_sha256")
    User.objects.filter(pk=person.pk).update(password=earlier)
    set_at = User.objects.get(pk=person.pk).password_set_at
    client = Client()

    answer = client.post("/sign-in/", {"username": person.username, "password": "demo-2026"})

    person = User.objects.get(pk=person.pk)
    assert answer.status_code == 302
    assert client.get("/cases/").status_code == 200
    assert (person.password[:10], person.password_set_at) == ("pbkdf2_sm3", set_at)
