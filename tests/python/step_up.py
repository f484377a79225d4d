"""Step-up requests, checked from wit/SPEC.md alone."""

import hmac
from typing import Any

from notation import PAYMENT, Refused, b64, check_clock, mac, opt, text, unb64, written_key
from receipt import payment


def check_request(names: bytes, keys: list[str], spelling: str, now: int, subject: str, session: str | None) -> dict[str, Any]:
    """The payment of a request that this user brings in this session, and the counter that makes it good for once."""
    check_clock(now)
    secrets = [written_key(key, "x2fu1_" if key.startswith("x2fu1_") else "x2fs1_") for key in keys]
    data = unb64(spelling) if len(spelling) <= 512 else None
    if data is None or len(data) < 32:
        raise Refused("invalid-token")
    body, tag = data[:-32], data[-32:]
    message = text("xoxzo-2fa step-up request") + text(subject) + opt(None if session is None else text(session)) + body
    if not any(hmac.compare_digest(mac(key, message), tag) for key in secrets):
        raise Refused("invalid-token")
    first, issued, rest = body[0], int.from_bytes(body[17:21], "big"), body[21:]
    fields = []
    while rest:
        length = int.from_bytes(rest[:4], "big")
        fields.append(rest[4 : 4 + length].decode())
        rest = rest[4 + length :]
    if first != 0x18 or len(fields) != len(PAYMENT):
        raise Refused("invalid-token")
    if issued > now + 60:
        raise Refused("clock")
    if now >= issued + 60:
        raise Refused("expired")
    paid = dict(zip(PAYMENT, fields, strict=True))
    if not payment(paid):
        raise Refused("request")
    return {"transaction": paid, "counter": b64(mac(names, text("step-up request") + text(body[1:17]))[:16])}
