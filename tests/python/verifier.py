#!/usr/bin/env python3
"""A verifier written from wit/SPEC.md alone, with Python's standard library.

It shares no code with the engine: that it reaches the same answers for every vector shows that the specification says
all there is to know. Reads tests/vectors/*.json and checks each, and that one changed character is always refused.
"""

import base64
import hmac
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import counters
import explanation
from notation import ID, PAYMENT, Refused, b64, check_clock, derive, mac, opt, text, u32, unb64, written_key
from receipt import check_receipt, hashes, receipt
from step_up import check_request as check_step_up
from wording import displayable, grouped, own_text, own_words, parts

VECTORS = Path(__file__).resolve().parent.parent / "vectors"
CALLING_CODES = {vector["callingCode"] for vector in json.loads((VECTORS / "phone.json").read_text())["tests"] if "callingCode" in vector}
NO_TRUNK_ZERO = ("31", "33", "44", "49", "60", "61", "62", "66", "81", "82", "84")


# Bindings


def kind(document: dict[str, Any]) -> bytes:
    scope = 2 if document["guard"]["scope"] == "shared" else 1
    return bytes([scope | (0x80 if document.get("test") else 0)])


def bound(audience: str, binding: dict[str, Any]) -> bytes:
    paid = binding.get("transaction")
    session = binding.get("session")
    fields = text(audience) + text(binding["recipient"]) + text(binding["subject"]) + text(binding["purpose"])
    fields += opt(None if session is None else text(session))
    return fields + opt(None if paid is None else b"".join(text(paid[part]) for part in PAYMENT))


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


def names_key(document: dict[str, Any]) -> bytes:
    """The key by which counters are named."""
    return derive(written_key(document["guard"]["key"], "x2fk1_"), "guard", kind(document), 32)


def verify(document: dict[str, Any], token: str, binding: dict[str, Any], pin: str, now: int) -> dict[str, Any]:
    """What an acceptance holds, for the first guess of a challenge."""
    check_clock(now)
    purposes = [purpose["name"] for purpose in document["purposes"]]
    check_binding(binding, purposes)
    data = unb64(token) if len(token) == 80 else None
    if data is None or data[0] != 0x11 or not 4 <= data[5] <= 10:
        raise Refused("invalid-token")
    head, digits = data[:28], data[5]
    if not re.fullmatch(rf"[0-9]{{{digits}}}", pin, re.ASCII):
        raise Refused("malformed")
    roots = {derive(root, "kid", b"", 4): root for root in (written_key(key, "x2fk1_") for key in document["keys"])}
    root, scope = roots.get(head[1:5]), kind(document)
    # Tokens of a process are derived with bytes that only it knows.
    if root is None or document["guard"]["scope"] != "shared":
        raise Refused("invalid-token")
    message = text("xoxzo-2fa challenge") + head + bound(document["audience"], binding)
    tags = [mac(derive(root, label, scope, 32), message) for label in ("token", "decoy")]
    if not any(hmac.compare_digest(tag, data[28:]) for tag in tags):
        raise Refused("invalid-token")
    issued, lifetime = int.from_bytes(head[6:10], "big"), int.from_bytes(head[10:12], "big")
    if issued > now + 60:
        raise Refused("clock")
    longest = document.get("pin", {}).get("lifetime_seconds", 300)
    if now >= issued + min(lifetime, longest):
        raise Refused("expired")
    if digits < document.get("pin", {}).get("digits", 6):
        raise Refused("expired")
    right = hmac.compare_digest(derived_pin(derive(root, "pin", scope, 32), message, digits), pin)
    if not right or tags[0] != data[28:]:
        raise Refused("wrong-pin")
    names = names_key(document)
    secret = derive(written_key(document["guard"]["key"], "x2fk1_"), "audit", kind(document), 32)
    pseudonym = {name: b64(mac(secret, text(name) + text(binding[name]))[:16]) for name in ("subject", "recipient")}
    token_info = {"key_id": head[1:5].hex(), "digits": digits, "issued_at": issued, "expires_at": issued + lifetime}
    return {
        "token_info": token_info,
        "counter": b64(mac(names, text("challenge") + text(message))[:16]),
        "receipt": receipt(root, document["audience"], message, binding, now),
        "number_index": b64(mac(secret, text("number index") + text(binding["recipient"]))[:16]),
        "audit": {
            "trail": {**pseudonym, "calling_code": next(code for code in CALLING_CODES if binding["recipient"].startswith(f"+{code}"))},
            "challenge_id": b64(mac(secret, text("challenge") + text(message))[:8]),
        },
    }


# Handles


def read_handle(document: dict[str, Any], spelling: str, now: int) -> dict[str, Any]:
    """Where the state is asked for, the counter of that, and the state; a decoy asks nowhere, and its state is drawn."""
    check_clock(now)
    data = unb64(spelling) if len(spelling) <= 256 else None
    if data is None or len(data) < 54 or data[0] != 0x13 or data[1] not in (1, 2):
        raise Refused("invalid-token")
    body, tag = data[:-32], data[-32:]
    roots = [written_key(key, "x2fk1_") for key in document["keys"]]
    root = next((root for root in roots if derive(root, "kid", b"", 4) == body[2:6]), None)
    if root is None:
        raise Refused("invalid-token")
    tags = [mac(derive(root, label, kind(document), 32), text("xoxzo-2fa handle") + body) for label in ("handle", "decoy")]
    length, name = int.from_bytes(body[18:22], "big"), body[22:]
    if not any(hmac.compare_digest(own, tag) for own in tags) or len(name) != length:
        raise Refused("invalid-token")
    issued = int.from_bytes(body[6:10], "big")
    if issued > now + 60:
        raise Refused("clock")
    if now >= issued + 86_400:
        raise Refused("expired")
    names = names_key(document)
    folder = "sms/messages" if data[1] == 1 else "voice/calls"
    base = document["xoxzo"].get("base_url", "https://api.xoxzo.com")
    sent = tags[0] == tag
    return {
        "url": f"{base}/{folder}/{name.decode()}/" if sent else None,
        # What Xoxzo answers in the vectors.
        "state": "DELIVERED" if sent else drawn(derive(root, "decoy", kind(document), 32), data[1], name, max(0, now - issued)),
        "counter": b64(mac(names, text("status") + text(name))[:16]),
        "challenge_id": b64(body[10:18]),
    }


def drawn(key: bytes, channel: int, name: bytes, age: int) -> str:
    """The state of a decoy's message."""
    data = mac(key, text("xoxzo-2fa decoy state") + bytes([channel]) + text(name))
    wait, way, rare, late, fate = (int.from_bytes(data[at : at + 4], "big") for at in range(0, 20, 4))
    if channel == 2:
        last = "NO ANSWER" if fate % 100 < 12 else "ANSWERED"
        return "IN PROGRESS" if age < 10 + late % 30 else last
    fails, queued = fate % 100 < 4, 1 + wait % 4
    moving = 60 + way % 240 if fails else 10 + late % 80 if rare % 10 == 0 else 2 + way % 8
    last = "FAILED" if fails else "DELIVERED"
    return "QUEUED" if age < queued else "DELIVERING" if age < queued + moving else last


# Messages, requests, responses


def origin_bound(message: str) -> tuple[str, str] | None:
    """Host and code, by the algorithm of wicg.github.io/sms-one-time-codes, without embedded hosts."""
    last = re.sub(r"\r\n?", "\n", message).split("\n")[-1]
    found = re.match(r"@([^\t\n\f\r ]+) #([^\t\n\f\r ]+)", last)
    return (found[1], found[2]) if found else None


def check_message(vector: dict[str, Any]) -> list[str]:
    """What is wrong with a message."""
    message, document = vector["text"], vector["document"]
    own = own_text(vector)
    if own is not None:
        return [] if message == own else ["own words"]
    settings, paid = document["message"], vector["binding"].get("transaction")
    minutes = "5"
    spoken = vector["channel"] == "voice"
    human, code = message.split("\n")[0], "1,,2,,3,,4,,5,,6" if spoken else "123456"
    shown = message.replace("{pin}", code)
    domain, mark = settings.get("webotp_domain"), settings.get("android_hash")
    before = human.split("{pin}")[0]
    rules = {
        "service": document["service"] in before,
        "code": human.count("{pin}") == (2 if spoken else 1),
        "minutes": spoken or minutes in human.split("{pin}")[1],
        "payment": paid is None or all(
            word in before for word in (paid["payee"], f"{grouped(paid['amount'], vector['locale'])} {paid['currency']}")
        ),
        "parts": vector["parts"] == (None if spoken else parts(shown)),
        "domain": origin_bound(shown) == ((domain, code) if domain else None),
        "hash": not mark or message.endswith((" " if domain else "\n") + mark),
        "end": not message.endswith("\n"),
    }
    return [name for name, holds in rules.items() if not holds]


def check_request(vector: dict[str, Any]) -> list[str]:
    """What is wrong with a request, apart from the words of its text."""
    account, recipient = vector["document"]["xoxzo"], vector["binding"]["recipient"]
    base = account.get("base_url", "https://api.xoxzo.com")
    basic = base64.b64encode(f"{account['sid']}:{account['auth_token']}".encode()).decode()
    head = {"accept": "application/json", "authorization": f"Basic {basic}"}
    options = {"recipient": recipient}
    options |= {"callbackurl": account["callback_url"]} if "callback_url" in account else {}
    options |= {"tags": ",".join(account["tags"])} if account.get("tags") else {}
    spoken, japan = vector["channel"] == "voice", account.get("japan")
    if not spoken:
        options["sender"] = account["sender"]
        if japan and recipient.startswith("+81"):
            options |= {f"jp_{japan['route']}": "true", "jp_kp_sender": japan["sender"]}
    paid = vector["binding"].get("transaction")
    templates = vector["document"].get("message", {}).get("templates", [])
    own = vector["document"].get("message", {}).get("locale", "en")
    fitting = [one for one in templates if ("amount" in one["variables"]) == (paid is not None)]
    fitting.sort(key=lambda one: [vector["locale"], own].index(one["locale"]) if one["locale"] in (vector["locale"], own) else 9)
    if fitting and not spoken:
        values = {"pin": "{pin}", "minutes": "5", "service": vector["document"]["service"]}
        if paid:
            values |= {"amount": f"{grouped(paid['amount'], fitting[0]['locale'])} {paid['currency']}", "payee": paid["payee"]}
        body = json.loads(vector["body"])
        expected = options | {"variables": {name: values[use] for use, name in fitting[0]["variables"].items()}}
        path, content = f"/sms/templates/{fitting[0]['id']}/messages/", "application/json"
    else:
        body = dict(parse_qsl(vector["body"], strict_parsing=True))
        said = body.get("tts_message" if spoken else "message", "")
        if spoken:
            language = "ja" if vector["locale"] == "ja" else "en"
            options |= {"caller": vector["document"]["voice"]["caller"], "tts_lang": language}
        expected = options | {"tts_message" if spoken else "message": said if "{pin}" in said else None}
        path, content = "/voice/simple/playbacks/" if spoken else "/sms/messages/", "application/x-www-form-urlencoded"
    timeout = account.get("timeout_milliseconds", 10_000)
    asked = "/voice/calls/m1/" if spoken else "/sms/messages/m1/"
    status = {"method": "GET", "url": base + asked, "headers": head, "timeout_milliseconds": timeout}
    request = {"method": "POST", "url": base + path, "headers": head | {"content-type": content}, "timeout_milliseconds": timeout}
    rules = {
        "body": body == expected,
        "request": vector["request"] == request,
        "status": vector["status"] == status,
        "masked": vector["masked"] == recipient[:3] + "*" * (len(recipient) - 5) + recipient[-2:],
    }
    return [name for name, holds in rules.items() if not holds]


STATES = {"queued": ["QUEUED"], "delivering": ["DELIVERING", "IN PROGRESS"]}
STATES |= {"delivered": ["DELIVERED", "OK", "ANSWERED"], "failed": ["FAILED", "FAIL", "NO ANSWER"]}


def check_response(vector: dict[str, Any]) -> list[str]:
    """What is wrong with how a response is read."""
    status, wait = vector["status"], vector["retry_after"]
    try:
        body = json.loads(vector["body"])
    except ValueError:
        body = None
    first = body[0] if isinstance(body, list) and body else body
    first = first if isinstance(first, dict) else {}

    def word(name: str, form: str) -> str | None:
        value = first.get(name)
        return value if isinstance(value, str) and re.fullmatch(form, value, re.ASCII) else None

    if 200 <= status < 300:
        name = word("msgid", r"[\w-]{1,64}") or word("callid", r"[\w-]{1,64}")
        message = {"delivery": "accepted" if name else "unknown", "message_id": name}
        told = word("status", r"[\w ]{1,32}") or ""
        delivery = next((delivery for delivery, words in STATES.items() if told in words), "unknown")
        state = {"delivery": delivery, "detail": told}
    elif 400 <= status < 500:
        seconds = None
        if status == 429:
            detail = re.search(r"[0-9]+", str(first.get("detail", "")))
            given = wait if wait and re.fullmatch(r"[0-9]+", wait) else detail and detail[0]
            seconds = int(given) if given else 30
        message = state = {"code": "provider", "retry_after": seconds}
    else:
        message, state = {"delivery": "unknown", "message_id": None}, {"code": "provider", "retry_after": None}
    rules = {
        "message": message.items() <= vector["message"].items(),
        "state": state.items() <= vector["state"].items(),
        "leak": not re.search(r"[0-9]{5}", str(vector["message"].get("detail"))),
    }
    return [name for name, holds in rules.items() if not holds]


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


PRESETS: dict[str, dict[str, Any]] = {
    "psd2": {"failures": {"soft": {"count": 5}}},
    "strict": {
        "pin": {"digits": 8, "lifetime_seconds": 120, "guesses": 3},
        "failures": {"soft": {"count": 5}, "hard": 50, "per_subject": {"count": 10}, "per_audience": {"count": 60}},
        "sends": {"per_subject": {"count": 5}, "per_number": {"count": 5}, "per_range": {"count": 20}},
    },
}


def under(document: Any, preset: dict[str, Any]) -> Any:
    """The document, with what a preset says of what it leaves out."""
    if not isinstance(document, dict):
        return document
    added = {name: value for name, value in preset.items() if name not in document}
    nested = {name: under(value, preset[name]) if isinstance(preset.get(name), dict) else value for name, value in document.items()}
    return nested | added


def check_settings(spelling: str) -> dict[str, Any]:
    """The settings in effect. Rules that no schema can say are in its descriptions and in types.wit."""
    document = json.loads(spelling)
    schema = json.loads((VECTORS.parent.parent / "wit" / "settings.schema.json").read_text())
    effective = fill(schema, under(document, PRESETS.get(str(document.get("preset")), {})))
    try:
        keys = [written_key(key, "x2fk1_") for key in document["keys"]]
        written_key(document["guard"]["key"], "x2fk1_")
    except ValueError as error:
        raise Refused("settings") from error
    account, message = effective["xoxzo"], effective["message"]
    loopback = r"http://(127\.0\.0\.1|localhost|\[::1\])(:[1-9][0-9]{0,4})?"
    origin = rf"(https://[a-z0-9.-]+(:[1-9][0-9]{{0,4}})?|{loopback})"
    test, voice, templates = effective["test"], effective.get("voice"), message["templates"]
    used = [list(one["variables"].values()) for one in templates]
    # The longest text of a login, apart from its service, has 46 characters outside of ASCII.
    room = 140 if message["locale"] in ("en", "id", "ms", "es") else 70
    rules = [
        len(set(keys)) == len(keys),
        displayable(effective["service"]),
        all(own_words(one, effective) for one in message["texts"]),
        len({(one["locale"], one.get("purpose")) for one in message["texts"]}) == len(message["texts"]),
        templates or len(effective["service"]) + 46 <= room * message["max_parts"],
        re.fullmatch(origin, account["base_url"]),
        not test or re.fullmatch(loopback, account["base_url"]),
        test or effective["sends"]["cooldown_seconds"] >= 60,
        re.fullmatch(r"[A-Za-z0-9]{1,10}|[0-9]{1,15}", account["sender"]),
        all(destination(place) for place in effective["destinations"]),
        all(re.fullmatch(r"\+[1-9][0-9]{0,14}", prefix) for prefix in effective["trust_numbers_under"]),
        re.fullmatch(r"[a-z0-9][a-z0-9.-]*", message.get("webotp_domain", "a")),
        re.fullmatch(r"[A-Za-z0-9+/]{11}", message.get("android_hash", "a" * 11)),
        all(re.fullmatch(r"\w{1,64}", name, re.ASCII) for names in used for name in names),
        all(len(set(names)) == len(names) for names in used),
        all(("amount" in one["variables"]) == ("payee" in one["variables"]) for one in templates),
        not templates or any("amount" not in one["variables"] and one["locale"] == message["locale"] for one in templates),
        voice is None or re.fullmatch(r"[0-9]{5,15}", voice["caller"]),
        re.fullmatch(rf"{origin}([/?].*)?", document["xoxzo"].get("callback_url", "https://a")),
        all(re.fullmatch(r"[A-Za-z0-9_-]{1,32}", tag) for tag in account["tags"]),
        re.fullmatch(r"[0-9]{1,15}", account.get("japan", {}).get("sender", "1")),
    ]
    if not all(rules):
        raise Refused("settings")
    return {"effective": effective}


def destination(place: Any) -> bool:
    """A country of the vectors, the preset, or a range none of whose prefixes is a trunk spelling."""
    vectors = json.loads((VECTORS / "phone.json").read_text())["tests"]
    if isinstance(place, str):
        return place == "JP-mobile" or place in {vector.get("country") for vector in vectors}
    zeros = [vector for vector in vectors if "0" in vector.get("trunk", []) and "Zero" not in vector["flags"]]
    spellings = [f"+{vector['callingCode']}0" for vector in zeros]
    prefixes = [place["prefix"], *place.get("deny", [])]
    return all(re.fullmatch(r"\+[1-9][0-9]{0,14}", one) and not one.startswith(tuple(spellings)) for one in prefixes)


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
    arguments = (vector["receipt_keys"], spelling, vector["now"], vector["expected"])
    answer = outcome(lambda: {"claims": check_receipt(*arguments)})
    if "unlike" in vector and (hashes(spelling) & hashes(vector["unlike"]) or len(hashes(spelling)) != 4):
        answer["unlike"] = "a hash in common"
    return answer


def of_settings(vector: dict[str, Any]) -> dict[str, Any]:
    answer = outcome(lambda: check_settings(vector["document"]))
    answer.pop("code", None)
    return answer


def of_handle(vector: dict[str, Any], spelling: str) -> dict[str, Any]:
    return outcome(lambda: read_handle(vector["document"], spelling, vector["now"]))


def of_step_up(vector: dict[str, Any], spelling: str) -> dict[str, Any]:
    arguments = (vector["request_keys"], spelling, vector["now"], vector["subject"], vector["session"])
    return outcome(lambda: check_step_up(names_key(vector["document"]), *arguments))


def changed(spelling: str, at: int) -> str:
    other = "B" if spelling[at] == "A" else "A"
    return spelling[:at] + other + spelling[at + 1 :]


# By file: the field that holds a signed spelling, and how it is checked; or how the whole vector is.
SIGNED = {
    "token": ("token", of_token),
    "receipt": ("receipt", of_receipt),
    "handle": ("handle", of_handle),
    "step-up": ("request", of_step_up),
}
WHOLE = {"explain": explanation.check, "guard": counters.check}
WHOLE |= {"message": check_message, "request": check_request, "response": check_response}


def differences(answer: dict[str, Any], vector: dict[str, Any]) -> list[str]:
    return [key for key, value in answer.items() if vector.get(key) != value]


def check_signed(field: str, check: Callable[[dict[str, Any], str], dict[str, Any]], vector: dict[str, Any]) -> list[str]:
    spelling = vector[field]
    wrong = differences(check(vector, spelling), vector)
    if vector["result"] == "valid":
        places = range(40, len(spelling), 7)
        checked = {at: check(vector, changed(spelling, at))["result"] for at in places}
        wrong += [f"changed at {at}" for at, result in checked.items() if result == "valid"]
    return wrong


def main() -> int:
    passed = failed = 0
    for name in (*SIGNED, *WHOLE, "settings"):
        vectors = json.loads((VECTORS / f"{name}.json").read_text())["tests"]
        for vector in vectors:
            if name in WHOLE:
                wrong = WHOLE[name](vector)
            elif name in SIGNED:
                wrong = check_signed(*SIGNED[name], vector)
            else:
                wrong = differences(of_settings(vector), vector)
            if wrong:
                failed += 1
                print(f"{name}.json {vector['tcId']} ({vector['comment']}): {', '.join(wrong)}")
            else:
                passed += 1
        print(f"{name}.json: {len(vectors)} vectors")
        failed += not vectors
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
