"""The notation and the keys of wit/SPEC.md, as the verifier reads them."""

import base64
import hashlib
import hmac
import re

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
ID = re.compile(r"[\x21-\x7e]{1,128}\Z")
PAYMENT = ("amount", "currency", "payee")


class Refused(Exception):
    """The code with which something is refused."""


def check_clock(now: int) -> None:
    """No checker has a clock from before 2026-11-24T00:00:00Z."""
    if now < 1_795_478_400:
        raise Refused("clock")


def u32(number: int) -> bytes:
    return number.to_bytes(4, "big")


def text(value: str | bytes) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return u32(len(data)) + data


def opt(field: bytes | None) -> bytes:
    return b"\0" if field is None else b"\1" + field


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(spelling: str) -> bytes | None:
    """The bytes, if this is their one spelling."""
    if any(letter not in ALPHABET for letter in spelling) or len(spelling) % 4 == 1:
        return None
    data = base64.urlsafe_b64decode(spelling + "=" * (-len(spelling) % 4))
    return data if b64(data) == spelling else None


def mac(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()


# Keys


def written_key(spelling: str, prefix: str) -> bytes:
    data = unb64(spelling.removeprefix(prefix)) if spelling.startswith(prefix) else None
    if data is None or len(data) != 36:
        raise ValueError("not a written key")
    if hashlib.sha256(prefix.encode() + data[:32]).digest()[:4] != data[32:]:
        raise ValueError("wrong checksum")
    return data[:32]


def derive(root: bytes, label: str, context: bytes, length: int) -> bytes:
    """HKDF-SHA-256; 32 bytes at most, so one block of output."""
    extracted = mac(b"xoxzo-2fa/1", root)
    return mac(extracted, text(label) + text(context) + b"\1")[:length]
