"""Receipts, written and checked from wit/SPEC.md alone."""

import hmac
import re
from typing import Any

from notation import ID, PAYMENT, Refused, b64, check_clock, derive, mac, opt, text, u32, unb64, written_key
from wording import displayable

# What a receipt has the hashes of, in their order.
HIDDEN = ("subject", "recipient", "session", "transaction")


def receipt(root: bytes, audience: str, message: bytes, binding: dict[str, Any], now: int) -> str:
    key = derive(root, "receipt", audience.encode(), 32)
    name = mac(key, text("xoxzo-2fa receipt id") + message)[:16]
    hashes = b"".join(mac(key, hidden(label, name, binding))[:16] for label in HIDDEN)
    body = b"\x12" + name + u32(now) + text(audience) + text(binding["purpose"]) + hashes
    return b64(body + mac(key, text("xoxzo-2fa receipt") + body))


def hidden(label: str, name: bytes, binding: dict[str, Any]) -> bytes:
    """What is hashed in the place of a field."""
    value = binding.get(label)
    if label == "transaction":
        field = opt(None if value is None else b"".join(text(value[part]) for part in PAYMENT))
    elif label == "session":
        field = opt(None if value is None else text(value))
    else:
        field = text(binding[label])
    return text(f"xoxzo-2fa receipt {label}") + name + field


def check_expected(expected: dict[str, Any]) -> None:
    ids = [expected["subject"], expected["purpose"], expected.get("session", "-")]
    formed = all(ID.match(name) for name in ids)
    formed &= bool(re.fullmatch(r"\+[1-9][0-9]{0,14}", expected.get("recipient", "+1"), re.ASCII))
    paid = expected.get("transaction")
    if not formed or (paid is not None and not payment(paid)):
        raise Refused("request")


def payment(paid: dict[str, str]) -> bool:
    """Whether it has its form, as far as the currencies of the vectors go."""
    decimals = {"JPY": 0, "KRW": 0, "EUR": 2, "USD": 2}.get(paid["currency"])
    if decimals is None or not displayable(paid["payee"]):
        return False
    fraction = rf"\.[0-9]{{{decimals}}}" if decimals else ""
    formed = re.fullmatch(rf"(0|[1-9][0-9]*){fraction}", paid["amount"], re.ASCII)
    return bool(formed) and sum(letter.isdigit() for letter in paid["amount"]) <= 15


def check_receipt(keys: list[str], spelling: str, now: int, expected: dict[str, Any]) -> dict[str, Any]:
    check_clock(now)
    secrets = [(written_key(key, "x2ft1_" if key.startswith("x2ft1_") else "x2fr1_"), key.startswith("x2ft1_")) for key in keys]
    check_expected(expected)
    data = unb64(spelling) if len(spelling) <= 512 else None
    if data is None or len(data) < 32:
        raise Refused("invalid-token")
    body, tag = data[:-32], data[-32:]
    made = [(key, test) for key, test in secrets if hmac.compare_digest(mac(key, text("xoxzo-2fa receipt") + body), tag)]
    if not made or body[:1] != (b"\x14" if made[0][1] else b"\x12"):
        raise Refused("invalid-token")
    key, name, rest = made[0][0], body[1:17], body[21:]

    def take() -> bytes:
        nonlocal rest
        length = int.from_bytes(rest[:4], "big")
        value, rest = rest[4 : 4 + length], rest[4 + length :]
        return value

    audience, purpose = take(), take()
    if len(rest) != 64:
        raise Refused("invalid-token")
    compared = [label for label in HIDDEN if label != "recipient" or label in expected]
    places = {label: rest[16 * at : 16 * at + 16] for at, label in enumerate(HIDDEN)}
    equal = [hmac.compare_digest(mac(key, hidden(label, name, expected))[:16], places[label]) for label in compared]
    if purpose != expected["purpose"].encode() or not all(equal):
        raise Refused("invalid-token")
    issued = int.from_bytes(body[17:21], "big")
    if issued > now + 60:
        raise Refused("clock")
    if now >= issued + 60:
        raise Refused("expired")
    return {
        "id": b64(name),
        "audience": audience.decode(),
        "purpose": purpose.decode(),
        "transaction": expected.get("transaction"),
        "test": made[0][1],
        "issued_at": issued,
        "expires_at": issued + 60,
    }


def hashes(spelling: str) -> set[bytes]:
    """The hashes of a receipt, which stand before its MAC."""
    data = unb64(spelling) or b""
    return {data[at : at + 16] for at in range(len(data) - 96, len(data) - 32, 16)}
