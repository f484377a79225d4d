#!/usr/bin/env python3
"""The REST service as its README and its description have it: rest.py SERVER SANDBOX

SERVER is the command of `xoxzo-2fa-serve`, SANDBOX that of the sandbox. The server has the settings of the README, and the sandbox in place of Xoxzo.

- The README's examples answer as it is printed there.
- The description is valid OpenAPI 3.1.
- Each of its paths answers, and each answer has the schema of its status; so have the answers to callers without a key and to bodies that are wrong.
- SIGHUP changes the callers' keys. The log holds no secret.

Needs PyPI's openapi-spec-validator, and curl, jq and sh. The closing line counts answers.
"""

import hashlib
import json
import os
import re
import secrets
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "host/serve/README.md").read_text("utf-8").partition("## REST")[2]
USER = {"recipient": "+819012345679", "subject": "user-2"}
BINDING = {**USER, "purpose": "login"}


def block(kind: str, number: int = 0) -> str:
    """A block of code of the README's section."""
    return re.findall(rf"^ *```{kind}\n(.*?)^ *```$", README, re.MULTILINE | re.DOTALL)[number]


@contextmanager
def running(command: list[str], lines: int, **environment: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A program, and the first lines that it prints."""
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env={**os.environ, **environment}) as process:
        assert process.stdout
        try:
            yield process, "".join(process.stdout.readline() for _ in range(lines))
        finally:
            process.terminate()


class Service:
    """A server, what it says of itself, and the answers that were looked at."""

    def __init__(self, url: str, keys: list[str]) -> None:
        self.url = url
        self.keys = keys
        self.looked_at = 0
        with urlopen(f"{url}/v1/openapi.json") as answer:
            self.text = answer.read().decode()
        self.described = json.loads(self.text)

    def post(self, path: str, body: bytes, key: str | None) -> tuple[int, Any]:
        headers = {"Content-Type": "application/json"}
        if key is not None:
            headers["Authorization"] = f"Bearer {key}"
        try:
            with urlopen(Request(f"{self.url}{path}", body, headers)) as answer:
                return answer.status, json.load(answer)
        except HTTPError as refused:
            return refused.code, json.load(refused)

    def ask(self, path: str, body: bytes, key: str | None) -> tuple[int, Any]:
        """Posts, and holds the answer against the schema of its path and status."""
        status, answer = self.post(path, body, key)
        response = self.described["paths"][path]["post"]["responses"][str(status)]
        if "$ref" in response:
            response = self.described["components"]["responses"][response["$ref"].rpartition("/")[2]]
        schema = {**response["content"]["application/json"]["schema"], "components": self.described["components"]}
        Draft202012Validator(schema).validate(answer)
        self.looked_at += 1
        return status, answer

    def do(self, path: str, arguments: dict[str, Any], expected: int = 200) -> Any:
        """Asks what has its form, with the key that may."""
        schema = self.described["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
        Draft202012Validator(schema).validate(arguments)
        tried = [self.ask(path, json.dumps(arguments).encode(), key) for key in self.keys]
        status, answer = max(tried, key=lambda one: one[0] != 403)
        assert status == expected, f"{path}: {status} {answer}"
        assert sum(one[0] == 403 for one in tried) == len(self.keys) - 1, f"{path}: {tried}"
        return next(iter(answer.values()))


def example(service: Service) -> None:
    """Runs the README's examples."""
    script = block("sh").replace("http://127.0.0.1:9120", service.url)
    told = subprocess.run(["sh", "-euc", script], capture_output=True, text=True, check=True, env={**os.environ, "SHOP_KEY": service.keys[0]})
    printed = json.loads(block("json", 1))
    given = json.loads(told.stdout)
    # Some of the five minutes have passed.
    assert 0 < given["failure"].pop("expires_in_seconds") <= printed["failure"].pop("expires_in_seconds")
    assert given == printed, told.stdout
    listed = re.search(r"The answer is `({.*?})`,", README)
    assert listed
    counted = service.do("/v1/guard", json.loads(block("json", 2)))
    assert counted["totals"] == json.loads(listed[1])["counted"]["totals"], counted


def valid(service: Service) -> None:
    assert service.text == (ROOT / "host/serve/openapi.json").read_text("utf-8")
    OpenAPIV31SpecValidator(service.described).validate()


def every_path(service: Service) -> None:
    """Asks each function for what it can do, and then each one wrongly."""
    challenge = service.do("/v1/start", {"binding": BINDING})
    paid = {"amount": "1250", "currency": "JPY", "payee": "Example"}
    expected = {"subject": "user-2", "purpose": "login", "transaction": paid}
    name, other = (f"{secrets.token_urlsafe(16)[:21]}A" for _ in range(2))
    charge = {"counter": name, "group": name, "amount": -1, "limit": 9, "ttl_seconds": 60}
    asked = [
        ("/v1/resend", {"token": challenge["token"], "binding": BINDING, "sending": {"locale": "ja"}}, 429),
        ("/v1/status", {"handle": challenge["handle"]}, 200),
        ("/v1/verify", {"token": challenge["token"], "binding": BINDING, "pin": "none", "client": "192.0.2.1"}, 422),
        ("/v1/explain", {"code": "cooldown", "locale": "vi", "retry_after_seconds": 60}, 200),
        ("/v1/check_receipt", {"receipt_keys": [], "receipt": "none", "expected": expected}, 422),
        ("/v1/inspect", {"token": challenge["token"]}, 200),
        ("/v1/preview", {"purpose": "login"}, 200),
        ("/v1/trail_of", USER, 200),
        ("/v1/index_of", {"recipient": USER["recipient"]}, 200),
        ("/v1/limits", {**USER, "audit": True}, 200),
        ("/v1/unlock", {**USER, "audit": True}, 200),
        ("/v1/credits", {"audit": True}, 200),
        ("/v1/guard", {"id": name, "charges": [charge]}, 200),
        ("/v1/guard", {"id": name, "charges": [charge]}, 409),
        ("/v1/revoke", {"id": other, "charge": {**charge, "amount": 7}}, 200),
        ("/v1/revocations", {"since": 0}, 200),
    ]
    answers = [service.do(path, arguments, status) for path, arguments, status in asked]
    counter, total, life = answers[-1]["entries"][0].split(".")
    assert (counter, int(total)) == (name, 7) and 0 < int(life) <= 60, answers[-1]
    assert {path for path, *_ in asked} | {"/v1/start"} == set(service.described["paths"])
    statuses = {service.ask(path, b"{}", None)[0] for path in service.described["paths"]}
    assert statuses == {401}, statuses
    for path in service.described["paths"]:
        tried = {service.ask(path, b'{"unknown": 1}', key)[0] for key in service.keys}
        assert tried == {400, 403}, f"{path}: {tried}"
    status, _ = service.ask("/v1/start", b" " * 70_000, service.keys[0])
    assert status == 413, status


def other_keys(service: Service, process: subprocess.Popen[str], file: Path) -> None:
    """Gives one caller another key by its digest, and another one by its file. Until then the log tells no secret."""
    settings, key, other = json.loads(file.read_text("utf-8")), secrets.token_hex(32), secrets.token_hex(32)
    Path(settings["rest"]["keys"][1]["key"]["file"]).write_text(other, "utf-8")
    digest = hashlib.sha256(key.encode()).hexdigest()
    settings["rest"]["keys"][0] = {"name": "shop", "rights": ["send"], "sha256": digest}
    file.write_text(json.dumps(settings), "utf-8")
    process.send_signal(signal.SIGHUP)
    assert process.stderr
    log = list(takewhile(lambda line: "the keys were read again" not in line, process.stderr))
    assert any('"operation":"verify","outcome":"refuse","code":"wrong-pin"' in line for line in log), log
    for secret in (*service.keys, USER["recipient"][1:], "user-1"):
        assert not any(secret in line for line in log)
    assert service.post("/v1/start", b"{}", service.keys[0])[0] == 401
    assert service.post("/v1/start", b"{}", key)[0] == 400
    assert service.post("/v1/verify", b"{}", key)[0] == 403
    assert service.post("/v1/limits", b"{}", service.keys[1])[0] == 401
    assert service.post("/v1/limits", b"{}", other)[0] == 400
    # A log that nobody takes any more is lost, and no answer with it.
    process.stderr.close()
    assert [service.post("/v1/start", b"{}", service.keys[0])[0] for _ in range(2)] == [401, 401]


def main() -> int:
    server, sandbox = (shlex.split(command) for command in sys.argv[1:])
    keys = [secrets.token_hex(32) for _ in range(3)]
    made = [subprocess.run([*sandbox[:-1], "keygen"], capture_output=True, text=True, check=True).stdout.strip() for _ in range(2)]
    with running([*sandbox, "--pace", "0"], 3) as (_, account), tempfile.TemporaryDirectory() as folder:
        told = dict(re.findall(r"^export (\w+)='(.*)'$", account, re.MULTILINE))
        settings = json.loads(block("json"))
        settings["two_factor"]["xoxzo"]["base_url"] = told["XOXZO_BASE_URL"]
        settings["rest"]["guard"]["sqlite"] = f"{folder}/store/counters"
        for caller, key in zip(settings["rest"]["keys"], keys, strict=True):
            stored = Path(folder, Path(caller["key"]["file"]).name)
            stored.write_text(f"{key}\n", "utf-8")
            caller["key"]["file"] = str(stored)
        file = Path(folder, "rest.json")
        file.write_text(json.dumps(settings), "utf-8")
        secret = dict(zip(("XOXZO_2FA_KEY", "XOXZO_2FA_GUARD_KEY"), made)) | told
        with running([*server, "rest", "--settings", str(file), "--listen", "127.0.0.1:0"], 1, **secret) as (process, url):
            service = Service(url.strip(), keys)
            valid(service)
            example(service)
            every_path(service)
            other_keys(service, process, file)
    print(f"rest: {len(service.described['paths'])} paths")
    print(f"{service.looked_at} passed, 0 failed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
