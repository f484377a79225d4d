"""Keys for the settings, as `xoxzo-2fa keygen` makes them."""

from __future__ import annotations

import base64
import hashlib
import secrets

PREFIX = "x2fk1_"


def new() -> str:
    """Make a key: the prefix, and 32 random bytes with four of a checksum."""
    data = secrets.token_bytes(32)
    checksum = hashlib.sha256(PREFIX.encode() + data).digest()[:4]
    return PREFIX + base64.urlsafe_b64encode(data + checksum).decode()
