#!/usr/bin/env python3
"""The same vectors and scenarios on every host: hosts.py NAME=COMMAND ...

Each host is a program that reads one JSON object a line from its standard input, does it through the public interface of its language,
and answers one a line:

- `{"open": {"document": text, "now": seconds}}`: a client with that document, a new guard in memory whose scope is the document's
  (`process` if it names none), and a clock that stands at `now` for both. `{"prepared": {"effective", "warnings"}}` or a failure. With `own`
  in it: the host's own transport and clock, and its own store in Redis at `redis` of that; `{"absent": {}}` if it has none.
- `{"add": {"charges": [...]}}`: what the guard in memory answers to a list, `{"counted": {"totals": [...], "now_seconds"}}`.
- `{"now": seconds}`, which may have a fraction, `{"xoxzo": {"status", "body", "retry_after"}}` or `{"xoxzo": {"no_answer", "cause"}}`, `{"guard": "memory"}` or
  `{"guard": {"no_answer", "cause"}}`: the clock, and what Xoxzo and the guard answer from now on. `{"done": {}}`.
- `{"ahead": seconds}`: how far the client's clock is ahead of the guard's. `{"done": {}}`.
- `{"ready": {}}`: `{"ready": {}}` for a client whose guard passes its test, or a failure; `{"absent": {}}` from a server, which has a path for it.
- `{"start": {...}}`, `resend`, `verify`, `status`, `unlock`, `limits`, `credits`, `check_receipt`, `inspect`, `explain`: as in wit/ASK.md, and answered so; beside the answer
  `requests`, what went to Xoxzo meanwhile: `{"method", "url", "headers": {name: value}, "body", "timeout_milliseconds"}`, and `events`, what the host told of
  it as wit/SPEC.md says. A host whose events go nowhere has no `events`.

Reads tests/vectors/*.json; prints what differs, a table, and a closing line.
"""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from causes import told_apart

VECTORS = Path(__file__).resolve().parent.parent / "vectors"
TAKEN = {"status": 201, "body": '[{"msgid":"m1"}]'}
DELIVERED = {"status": 200, "body": '{"msgid":"m1","status":"DELIVERED"}'}


class Host:
    """A host's program, and the requests of its last answer."""

    def __init__(self, command: str, environment: dict[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            shlex.split(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, **(environment or {})},
        )
        self.requests: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] | None = None
        # How many events there were.
        self.told = 0

    def ask(self, question: dict[str, Any]) -> tuple[str, Any]:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"the host ended at {next(iter(question))}")
        answer = json.loads(line)
        self.requests = answer.pop("requests", [])
        self.events = answer.pop("events", None)
        self.told += len(self.events or [])
        ((kind, content),) = answer.items()
        return kind, content

    def open(self, document: Any, now: int = 1_800_000_000, own: dict[str, str] | None = None) -> tuple[str, Any]:
        text = document if isinstance(document, str) else json.dumps(document)
        question = {"document": text, "now": now}
        return self.ask({"open": question if own is None else {**question, "own": own}})

    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        code = self.process.wait(timeout=60)
        assert code == 0, f"the host ended with {code}"


def same(given: Any, expected: Any, what: str = "") -> None:
    """Whether the answer has all that is expected; null stands for what must be absent."""
    if isinstance(expected, dict) and isinstance(given, dict):
        for name, value in expected.items():
            same(given.get(name), value, f"{what}.{name}")
    elif given != expected:
        raise AssertionError(f"{what or 'answer'}: {given!r}, not {expected!r}")


def guard(host: Host, vector: dict[str, Any]) -> None:
    now = 1_800_000_000
    same(host.open(read("scenario.json")["document"], now)[0], "prepared")
    for number, step in enumerate(vector["steps"], 1):
        host.ask({"now": now + step["at_milliseconds"] / 1_000})
        charges = [{"group": charge["counter"], **charge} for charge in step["charges"]]
        kind, answer = host.ask({"add": {"charges": charges}})
        same((kind, answer["now_seconds"]), ("counted", None))
        # Of a counter that comes to 0 nobody asks for the end.
        totals = [it if right["ends_in_seconds"] else {**it, "ends_in_seconds": None} for it, right in zip(answer["totals"], step["totals"])]
        same((len(answer["totals"]), totals), (len(step["totals"]), step["totals"]), f"step {number}")


def spoken(body: str) -> str:
    """The text of a message, and of a template what there is instead."""
    if body.startswith("{"):
        return body
    fields = dict(parse_qsl(body, keep_blank_values=True))
    return fields.get("message") or fields["tts_message"]


def pin_in(text: str, digits: int = 6) -> str:
    """The PIN: digits in a row, or one by one as a call says them."""
    plain = re.search(rf"(?<![0-9.+]){'[0-9]' * digits}(?![0-9])", text)
    if plain:
        return plain.group()
    single = re.search(r"(?:[0-9](?:,,|\u3001\u3001)){%d}[0-9]" % (digits - 1), text)
    assert single, "no pin in the message"
    return single.group()


def without_pin(text: str) -> str:
    return text.replace(pin_in(text.split('"recipient"')[0]), "{pin}")


def failed(answer: tuple[str, Any]) -> dict[str, Any]:
    kind, failure = answer
    if kind != "failure":
        raise AssertionError(f"{kind}, not a failure")
    return failure


def settings(host: Host, vector: dict[str, Any]) -> None:
    kind, answer = host.open(vector["document"])
    if vector["result"] == "valid":
        same((kind, json.loads(answer["effective"])), ("prepared", vector["effective"]))
    elif vector["comment"] == "a reference that nobody resolved":
        # A host that resolves them says what is missing instead.
        same(failed((kind, answer))["code"], "settings")
    else:
        same(failed((kind, answer)), {"blame": "misuse", "code": "settings", "detail": vector["detail"]})


def token(host: Host, vector: dict[str, Any]) -> None:
    host.open(vector["document"], vector["now"])
    guess = {"token": vector["token"], "binding": vector["binding"], "pin": vector["pin"]}
    answer = host.ask({"verify": guess})
    if vector["result"] == "invalid":
        same(failed(answer)["code"], vector["code"])
        return
    same(answer, ("accepted", answer[1]))
    same(answer[1], {"receipt": vector["receipt"], "audit": vector["audit"]})
    same(host.ask({"index_of": {"recipient": vector["binding"]["recipient"]}}), ("number_index", {"index": vector["number_index"]}))
    kind, token_info = host.ask({"inspect": {"token": vector["token"]}})
    same(kind, "token_info")
    same({name.removesuffix("_seconds"): value for name, value in token_info.items()}, vector["token_info"])


def receipt(host: Host, vector: dict[str, Any]) -> None:
    host.ask({"now": vector["now"]})
    question = {"receipt_keys": vector["receipt_keys"], "receipt": vector["receipt"], "expected": vector["expected"]}
    kind, answer = host.ask({"check_receipt": question})
    if vector["result"] == "invalid":
        same(failed((kind, answer))["code"], vector["code"])
    else:
        same(kind, "claims")
        same({name.removesuffix("_seconds"): value for name, value in answer.items()}, vector["claims"])


def explain(host: Host, vector: dict[str, Any]) -> None:
    question = {"code": vector["code"], "locale": vector["locale"]}
    for name, value in (("guesses_left", vector["guesses_left"]), ("retry_after_seconds", vector["retry_after"])):
        if value is not None:
            question[name] = value
    answer = host.ask({"explain": question})
    if vector["result"] == "invalid":
        same(failed(answer), {"blame": "misuse", "code": vector["failure"]})
    else:
        same(answer, ("explanation", {"text": vector["text"], "offers": vector["offers"]}))


def handle(host: Host, vector: dict[str, Any]) -> None:
    host.open(vector["document"], vector["now"])
    host.ask({"xoxzo": DELIVERED})
    answer = host.ask({"status": {"handle": vector["handle"]}})
    if vector["result"] == "invalid":
        same(failed(answer)["code"], vector["code"])
    else:
        same(answer[0], "reported")
        same(answer[1], {"detail": vector["state"], "audit": {"challenge_id": vector["challenge_id"], "trail": None}})
        same([request["url"] for request in host.requests], [vector["url"]] if vector["url"] else [])


def sent(host: Host, vector: dict[str, Any]) -> dict[str, Any]:
    """The challenge of a vector's message: of a start or, for a call, of the resend a minute later."""
    same(host.open(vector["document"])[0], "prepared")
    sending = {"locale": vector["locale"]} if vector["locale"] else {}
    start = {"binding": vector["binding"], "sending": sending}
    kind, challenge = host.ask({"start": start})
    same(kind, "challenged")
    if vector["channel"] == "voice":
        host.ask({"now": 1_800_000_060})
        start["sending"] = {**sending, "channel": "voice"}
        kind, challenge = host.ask({"resend": {"token": challenge["token"], **start}})
        same(kind, "challenged")
    return challenge


def message(host: Host, vector: dict[str, Any]) -> None:
    challenge = sent(host, vector)
    same(without_pin(spoken(host.requests[0]["body"])), vector["text"])
    same(challenge.get("parts"), vector["parts"])


def request(host: Host, vector: dict[str, Any]) -> None:
    challenge = sent(host, vector)
    body = host.requests[0].pop("body")
    pin = pin_in(spoken(body).split('"recipient"')[0])
    same(host.requests[0], vector["request"])
    encoded = pin.replace(",,", "%2C%2C").replace("\u3001\u3001", "%E3%80%81%E3%80%81")
    same(body.replace(encoded, "{pin}"), vector["body"])
    same({name: challenge.get(name) for name in ("parts", "masked")}, {name: vector[name] for name in ("parts", "masked")})
    same(host.ask({"status": {"handle": challenge["handle"]}})[0], "reported")
    same(host.requests[0], vector["status"])


def response(host: Host, vector: dict[str, Any]) -> None:
    document = read("scenario.json")["document"]
    host.open(document)
    login = {"binding": {"recipient": "+819012345678", "subject": "user-1", "purpose": "login"}}
    host.ask({"xoxzo": TAKEN})
    _, first = host.ask({"start": login})
    host.ask({"now": 1_800_000_060})
    answer = {"status": vector["status"], "body": vector["body"]}
    if vector["retry_after"] is not None:
        answer["retry_after"] = vector["retry_after"]
    host.ask({"xoxzo": answer})
    questions = {"message": {"start": login}, "state": {"status": {"handle": first["handle"]}}}
    for name, question in questions.items():
        kind, given = host.ask(question)
        if kind == "failure":
            given["retry_after"] = given.get("retry_after_seconds")
        elif name == "message":
            given["message_id"] = given["audit"].get("message_id")
        same(given, vector[name], name)


OPERATIONS = ("start", "resend", "verify", "status")
OPERATORS = ("unlock", "limits", "credits")
TRAIL = {"subject": 22, "recipient": 22, "calling_code": 0}


def event(asked: dict[str, Any], kind: str, answer: dict[str, Any]) -> dict[str, Any]:
    """The event of an operation, by wit/SPEC.md, "Events": all but its operator's name and how long it took."""
    ((operation, arguments),) = asked.items()
    code = answer["code"] if kind == "failure" else None
    sends, delivery = operation in ("start", "resend"), answer.get("delivery")
    channel = (arguments.get("sending") or {}).get("channel") or "sms"
    audit = answer.get("audit") or {}
    cost, parts = "nothing", 0
    if sends and code is None and not audit["decoy"]:
        cost, parts = ("call", 1) if channel == "voice" else ("sms", answer["parts"]) if "parts" in answer else ("template", 1)
    fields = {
        "operation": operation,
        "outcome": answer["blame"] if code else "unknown" if sends and delivery == "unknown" else "ok",
        "code": code,
        "purpose": None if code == "request" else arguments.get("binding", {}).get("purpose"),
        "channel": channel if sends else None,
        "delivery": delivery,
        "cost": cost,
        "parts": parts,
        **(audit.get("trail") or {}),
        **{name: audit.get(name) for name in ("challenge_id", "message_id", "cause", "alarm")},
        "decoy": audit.get("decoy", False),
    }
    return {name: value for name, value in fields.items() if value is not None}


def audited(events: list[dict[str, Any]], asked: dict[str, Any], kind: str, answer: dict[str, Any], step: str) -> None:
    """Each operation has one event, with the fields of the contract and no other, and nothing that names its user."""
    (operation,) = asked
    if operation not in (*OPERATIONS, *OPERATORS):
        same(events, [], f"{step}: events")
        return
    same(len(events), 1, f"{step}: number of events")
    given, expected = dict(events[0]), event(asked, kind, answer)
    took, operator = given.pop("took_us", None), given.pop("operator", None)
    assert isinstance(took, int) and took >= 0, f"{step}: took_us: {took!r}"
    assert bool(operator) == (operation in OPERATORS), f"{step}: operator: {operator!r}"
    if not (answer.get("audit") or {}).get("trail"):
        # The engine was not asked, or did not come so far: a host may know the pseudonyms all the same.
        for name, length in TRAIL.items():
            own = given.pop(name, None)
            assert own is None or not length or len(own) == length, f"{step}: {name}: {own!r}"
    assert given == expected, f"{step}: event: {given!r}, not {expected!r}"


def scenario(host: Host, vector: dict[str, Any]) -> None:
    whole = read("scenario.json")
    now = whole["now"]
    same(host.open({**whole["document"], **vector["settings"]}, now)[0], "prepared")
    known = {"token": "E" * 80, "handle": ""}
    for at, (action, expected) in enumerate(vector["steps"]):
        step = f"step {at + 1}"
        if "after" in action:
            now += action["after"]
            action = {"now": now}
        text = json.dumps(action)
        for name, value in known.items():
            text = text.replace(f"{{{name}}}", value)
        asked = json.loads(text)
        kind, given = host.ask(asked)
        if host.events is not None:
            audited(host.events, asked, kind, given, step)
        expected = dict(expected)
        if "requests" in expected:
            same(len(host.requests), expected.pop("requests"), f"{step}: requests")
        for part in expected.pop("text", []):
            assert part in spoken(host.requests[0]["body"]), f"{step}: the message lacks what it must say"
        ((name, content),) = expected.items()
        same(kind, name, step)
        if kind == name == "limits":
            given["limits"] = {f"{'open ' * limit['open']}{limit['setting']}": limit for limit in given["limits"]}
        same(given, json.loads(json.dumps(content).replace("{token}", known["token"])), f"{step}: {name}")
        if kind == "challenged":
            known.update(token=given["token"], handle=given.get("handle") or "")
            if host.requests:
                said = pin_in(spoken(host.requests[0]["body"]), 8 if vector["settings"].get("preset") == "strict" else 6)
                known["pin"] = re.sub("[^0-9]", "", said)
                known.setdefault("first", known["pin"])
                known["wrong"] = ("0" if known["pin"][0] != "0" else "1") + known["pin"][1:]


# A host whose program tells no events: a server writes them into its log.
SILENT = ("REST",)

CHECKS = {
    "guard.json": guard,
    "settings.json": settings,
    "token.json": token,
    "receipt.json": receipt,
    "handle.json": handle,
    "explain.json": explain,
    "message.json": message,
    "request.json": request,
    "response.json": response,
    "scenario.json": scenario,
}


def read(name: str) -> Any:
    return json.loads((VECTORS / name).read_text("utf-8"))


def main() -> int:
    # A guard in memory measures by a clock that nobody can set back.
    files = {name: [vector for vector in read(name)["tests"] if "Clock" not in vector["flags"]] for name in CHECKS}
    table, failures, faults = [], 0, []
    for host_name, command in (argument.split("=", 1) for argument in sys.argv[1:]):
        host, passed = Host(command), {}
        for file, vectors in files.items():
            passed[file] = 0
            for vector in vectors:
                try:
                    CHECKS[file](host, vector)
                    passed[file] += 1
                except AssertionError as fault:
                    failures += 1
                    print(f"{host_name}: {file} {vector['tcId']} ({vector['comment']}): {fault}")
                except BrokenPipeError:
                    failures += 1
        try:
            faults.append(told_apart(host_name, host))
        except AssertionError as fault:
            failures += 1
            print(f"causes: {fault}")
        if host.told == 0 and host_name not in SILENT:
            failures += 1
            print(f"{host_name}: it told no event")
        host.close()
        table.append((host_name, passed, host.told))
    names = [file.removesuffix(".json") for file in files]
    width = max((len(name) for name, _, _ in table), default=0)
    print(f"{'':{width}} " + " ".join(f"{name:>10}" for name in [*names, "events"]))
    for host_name, passed, told in table:
        counts = [*(f"{passed[file]}/{len(files[file])}" for file in files), told]
        print(f"{host_name:{width}} " + " ".join(f"{count:>10}" for count in counts))
    for apart in sorted({" ".join(sorted(each)) for each in faults}):
        print(f"causes: {apart} told apart on {sum(' '.join(sorted(each)) == apart for each in faults)} hosts")
    every = sum(len(vectors) for vectors in files.values())
    left_out = len(read("guard.json")["tests"]) - len(files["guard.json"])
    print(f"guard: {left_out} vectors left out, which set a clock back")
    print(f"{every * len(table) - failures} passed, {failures} failed")
    print(f"hosts: {len(table)} hosts, {every} vectors, {failures} failed")
    return 1 if failures or not table else 0


if __name__ == "__main__":
    sys.exit(main())
