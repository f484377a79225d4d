#!/usr/bin/env python3
"""A verifier written from wit/SPEC.md alone, with Python's standard library.

It shares no code with the engine: that it reaches the same answers for every vector shows that the specification says
all there is to know. Reads tests/vectors/*.json and checks each, and that one changed character is always refused.
"""

import base64
import hashlib
import hmac
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

VECTORS = Path(__file__).resolve().parent.parent / "vectors"
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
ID = re.compile(r"[\x21-\x7e]{1,128}\Z")
NO_TRUNK_ZERO = ("31", "33", "44", "49", "60", "61", "62", "66", "81", "82", "84")


class Refused(Exception):
    """The code with which something is refused."""


# Notation


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


# Bindings


def bound(audience: str, binding: dict[str, Any]) -> bytes:
    paid = binding.get("transaction")
    session = binding.get("session")
    fields = text(audience) + text(binding["recipient"]) + text(binding["subject"]) + text(binding["purpose"])
    fields += opt(None if session is None else text(session))
    parts = ("amount", "currency", "payee")
    return fields + opt(None if paid is None else b"".join(text(paid[part]) for part in parts))


def check_binding(binding: dict[str, Any], purposes: list[str]) -> None:
    digits = binding["recipient"].removeprefix("+")
    formed = binding["recipient"].startswith("+") and re.fullmatch(r"[1-9][0-9]{7,14}", digits, re.ASCII)
    if not formed or (digits[:2] in NO_TRUNK_ZERO and digits[2] == "0"):
        raise Refused("request")
    session = binding.get("session")
    ids = [binding["subject"], binding["purpose"]] + ([] if session is None else [session])
    if not all(ID.match(name) for name in ids) or binding["purpose"] not in purposes:
        raise Refused("request")


# Tokens and PINs


def derived_pin(key: bytes, message: bytes, digits: int) -> str:
    bound_, counter = 10**digits, 0
    while True:
        draw = int.from_bytes(mac(key, message + u32(counter))[:8], "big")
        if draw <= 2**64 - 1 - 2**64 % bound_:
            return str(draw % bound_).zfill(digits)
        counter += 1


def verify(document: dict[str, Any], token: str, binding: dict[str, Any], pin: str, now: int) -> dict[str, Any]:
    """What an acceptance holds, for the first guess of a challenge."""
    purposes = [purpose["name"] for purpose in document["purposes"]]
    check_binding(binding, purposes)
    data = unb64(token) if len(token) == 80 else None
    if data is None or data[0] != 0x11 or not 4 <= data[5] <= 10:
        raise Refused("invalid-token")
    head, digits = data[:28], data[5]
    if not re.fullmatch(rf"[0-9]{{{digits}}}", pin, re.ASCII):
        raise Refused("malformed")
    roots = {derive(root, "kid", b"", 4): root for root in (written_key(key, "x2fk1_") for key in document["keys"])}
    root = roots.get(head[1:5])
    # Tokens of a process are derived with bytes that only it knows.
    if root is None or document["guard"]["scope"] != "shared":
        raise Refused("invalid-token")
    message = text("xoxzo-2fa challenge") + head + bound(document["audience"], binding)
    if not hmac.compare_digest(mac(derive(root, "token", b"\2", 32), message), data[28:]):
        raise Refused("invalid-token")
    issued, lifetime = int.from_bytes(head[6:10], "big"), int.from_bytes(head[10:12], "big")
    if issued > now + 60:
        raise Refused("clock")
    longest = document.get("pin", {}).get("lifetime_seconds", 300)
    if now >= issued + min(lifetime, longest):
        raise Refused("expired")
    if not hmac.compare_digest(derived_pin(derive(root, "pin", b"\2", 32), message, digits), pin):
        raise Refused("wrong-pin")
    names = derive(written_key(document["guard"]["key"], "x2fk1_"), "guard", b"\2", 32)
    outline = {"key_id": head[1:5].hex(), "digits": digits, "issued_at": issued, "expires_at": issued + lifetime}
    return {
        "outline": outline,
        "counter": "2fa." + b64(mac(names, text("challenge") + text(message))[:16]),
        "receipt": receipt(root, document["audience"], message, binding, now),
    }


# Receipts


def receipt(root: bytes, audience: str, message: bytes, binding: dict[str, Any], now: int) -> str:
    key = derive(root, "receipt", audience.encode(), 32)
    name = mac(key, text("xoxzo-2fa receipt id") + message)[:16]
    body = b"\x12" + name + u32(now) + bound(audience, binding)
    return b64(body + mac(key, text("xoxzo-2fa receipt") + body))


def check_receipt(keys: list[str], spelling: str, now: int) -> dict[str, Any]:
    data = unb64(spelling) if len(spelling) <= 2048 else None
    if data is None or len(data) < 32:
        raise Refused("invalid-token")
    body, tag = data[:-32], data[-32:]
    made = (mac(written_key(key, "x2fr1_"), text("xoxzo-2fa receipt") + body) for key in keys)
    if not any([hmac.compare_digest(own, tag) for own in made]) or body[:1] != b"\x12":
        raise Refused("invalid-token")
    rest = body[21:]

    def take() -> str:
        nonlocal rest
        length = int.from_bytes(rest[:4], "big")
        value, rest = rest[4 : 4 + length], rest[4 + length :]
        return value.decode()

    def present() -> bool:
        nonlocal rest
        flag, rest = rest[0], rest[1:]
        return flag == 1

    claims: dict[str, Any] = {name: take() for name in ("audience", "recipient", "subject", "purpose")}
    claims["session"] = take() if present() else None
    claims["transaction"] = {name: take() for name in ("amount", "currency", "payee")} if present() else None
    issued = int.from_bytes(body[17:21], "big")
    claims |= {"id": b64(body[1:17]), "issued_at": issued, "expires_at": issued + 60}
    if issued > now + 60:
        raise Refused("clock")
    if now >= issued + 60:
        raise Refused("expired")
    return claims


# Settings


def fill(schema: dict[str, Any], value: Any) -> Any:
    """The value with the schema's defaults, and its secrets redacted; refused if it has not the schema's form."""
    if "oneOf" in schema:
        return fill(schema["oneOf"][0 if isinstance(value, str) else 1], value)
    if "enum" in schema:
        formed = value in schema["enum"]
    else:
        kinds = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}
        formed = type(value) is kinds[schema["type"]]
    if not formed:
        raise Refused("settings")
    if schema.get("x-secret"):
        return "[REDACTED]"
    if isinstance(value, int) and not isinstance(value, bool):
        formed = schema["minimum"] <= value <= schema["maximum"]
    if isinstance(value, list):
        formed = schema.get("minItems", 0) <= len(value) <= schema["maxItems"]
        value = [fill(schema["items"], item) for item in value]
    if isinstance(value, dict):
        properties = schema["properties"]
        formed = set(schema["required"]) <= set(value) <= set(properties)
        filled = {}
        for name, own in properties.items():
            if name in value:
                filled[name] = fill(own, value[name])
            elif "default" in own:
                filled[name] = own["default"]
            elif own.get("type") == "object" and not own["required"]:
                filled[name] = fill(own, {})
        value = filled
    if not formed:
        raise Refused("settings")
    return value


def check_settings(spelling: str) -> dict[str, Any]:
    """The settings in effect. Rules that no schema can say are in its descriptions and in types.wit."""
    document = json.loads(spelling)
    schema = json.loads((VECTORS.parent.parent / "wit" / "settings.schema.json").read_text())
    effective = fill(schema, document)
    try:
        keys = [written_key(key, "x2fk1_") for key in document["keys"]]
        written_key(document["guard"]["key"], "x2fk1_")
    except ValueError as error:
        raise Refused("settings") from error
    account, presets = effective["xoxzo"], ("JP-mobile", "US-CA")
    loopback = r"http://(127\.0\.0\.1|localhost|\[::1\])(:[1-9][0-9]{0,4})?"
    service = re.fullmatch(r"[\w .,'&()-]{1,40}", effective["service"])
    rules = [
        len(set(keys)) == len(keys),
        service and not re.search(r"[0-9]{4}|  ", effective["service"]),
        re.fullmatch(rf"https://[a-z0-9.-]+(:[1-9][0-9]{{0,4}})?|{loopback}", account["base_url"]),
        re.fullmatch(r"[A-Za-z0-9]{1,10}|[0-9]{1,15}", account["sender"]),
        all(place in presets or isinstance(place, dict) for place in effective["destinations"]),
    ]
    if not all(rules):
        raise Refused("settings")
    return {"effective": effective}


# The vectors


def outcome(check: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return {"result": "valid"} | check()
    except Refused as refused:
        return {"result": "invalid", "code": str(refused)}


def of_token(vector: dict[str, Any], token: str) -> dict[str, Any]:
    arguments = (vector["document"], token, vector["binding"], vector["pin"], vector["now"])
    return outcome(lambda: verify(*arguments))


def of_receipt(vector: dict[str, Any], spelling: str) -> dict[str, Any]:
    return outcome(lambda: {"claims": check_receipt(vector["receipt_keys"], spelling, vector["now"])})


def of_settings(vector: dict[str, Any]) -> dict[str, Any]:
    answer = outcome(lambda: check_settings(vector["document"]))
    answer.pop("code", None)
    return answer


def of_request(vector: dict[str, Any]) -> dict[str, Any]:
    """The parts of a request that follow from the settings and the binding."""
    account, recipient = vector["document"]["xoxzo"], vector["binding"]["recipient"]
    basic = base64.b64encode(f"{account['sid']}:{account['auth_token']}".encode()).decode()
    form = dict(parse_qsl(vector["body"], strict_parsing=True))
    told = "{pin}" in form["message"] and (form["recipient"], form["sender"]) == (recipient, account["sender"])
    request = vector["request"] | {
        "method": "POST",
        "url": account.get("base_url", "https://api.xoxzo.com") + "/sms/messages/",
        "headers": vector["request"]["headers"] | {"authorization": f"Basic {basic}"},
    }
    masked = recipient[:3] + "*" * (len(recipient) - 5) + recipient[-2:]
    return {"result": "valid" if told else "invalid", "request": request, "masked": masked}


def changed(spelling: str, at: int) -> str:
    other = "B" if spelling[at] == "A" else "A"
    return spelling[:at] + other + spelling[at + 1 :]


def main() -> int:
    passed = failed = 0
    files = ("token.json", "token"), ("receipt.json", "receipt"), ("request.json", None), ("settings.json", None)
    for name, field in files:
        vectors = json.loads((VECTORS / name).read_text())["tests"]
        for vector in vectors:
            check = {"token": of_token, "receipt": of_receipt}.get(field or "")
            other = of_request if name == "request.json" else of_settings
            answer = check(vector, vector[field]) if check else other(vector)
            wrong = [key for key, value in answer.items() if vector.get(key) != value]
            if check and vector["result"] == "valid":
                places = range(40, len(vector[field]), 7)
                wrong += [f"changed at {at}" for at in places if check(vector, changed(vector[field], at))["result"] == "valid"]
            if wrong:
                failed += 1
                print(f"{name} {vector['tcId']} ({vector['comment']}): {', '.join(wrong)}")
            else:
                passed += 1
        print(f"{name}: {len(vectors)} vectors")
        failed += not vectors
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
