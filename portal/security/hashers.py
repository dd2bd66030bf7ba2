"""Passwords are kept by PBKDF2 with HMAC-SM3 (GB/T 32905); those from before are made anew at the next sign-in."""

import base64

from cryptography.hazmat.primitives.hashes import SM3
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from django.contrib.auth.hashers import PBKDF2PasswordHasher


class SM3PasswordHasher(PBKDF2PasswordHasher):
    """As many rounds as cost what Django's own with SHA-256 costs."""

    algorithm = "pbkdf2_sm3"
    iterations = 500_000

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        self._check_encode_args(password, salt)  # type: ignore[attr-defined]
        rounds = iterations or self.iterations
        derived = PBKDF2HMAC(SM3(), 32, salt.encode(), rounds).derive(password.encode())
        return f"{self.algorithm}${rounds}${salt}${base64.b64encode(derived).decode()}"
