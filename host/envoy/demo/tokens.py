"""Sessions of the demo's shop: JSON Web Tokens, signed with HMAC-SHA-256 (RFC 7515, RFC 7519)."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def encode(data: bytes) -> str:
    """Give base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Give what base64url without padding holds; `ValueError` if it holds nothing."""
    try:
        return base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except binascii.Error as error:
        raise ValueError("not base64url") from error


def sign(claims: Mapping[str, Any], key: bytes, header: Mapping[str, Any] | None = None) -> str:
    """Make a token of `claims`. Tests of what is refused give another `header`."""
    parts = [{"alg": "HS256", "typ": "JWT"} if header is None else header, claims]
    text = ".".join(encode(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
    return f"{text}.{encode(hmac.digest(key, text.encode(), 'sha256'))}"


def verify(token: str, key: bytes, issuer: str, audience: str) -> dict[str, Any] | None:
    """Give the claims of a token of `issuer` for `audience` that is not over, else `None`."""
    text, _, signature = token.rpartition(".")
    try:
        if not hmac.compare_digest(decode(signature), hmac.digest(key, text.encode(), "sha256")):
            return None
        header, claims = (json.loads(decode(part)) for part in text.split("."))
    except ValueError:
        return None
    right = header.get("alg") == "HS256" and claims.get("iss") == issuer and claims.get("aud") == audience
    return claims if right and isinstance(claims.get("exp"), int) and time.time() < claims["exp"] else None


def key_set(key: bytes) -> str:
    """Give the JSON Web Key Set (RFC 7517) by which Envoy checks the tokens of `key`."""
    return json.dumps({"keys": [{"kty": "oct", "alg": "HS256", "use": "sig", "k": encode(key)}]})
