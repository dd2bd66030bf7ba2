"""A key for a machine that was given none."""

import base64
import hashlib


def made_key(secret_key: str) -> str:
    """A key of the length that SEALING_KEYS and INDEX_KEY ask for, out of the one secret that a machine has."""
    return base64.b64encode(hashlib.sha256(f"sealing:{secret_key}".encode()).digest()).decode()
