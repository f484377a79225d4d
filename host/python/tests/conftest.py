"""What tests share: the sandbox, a Xoxzo in memory, settings."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from xoxzo_2fa import Request, Response, Settings, testing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


pytest_plugins = ["customers"]


class Taker:
    """A Xoxzo in memory that takes every message."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    def send(self, request: Request) -> Response:
        self.requests.append(request)
        return Response(201, {}, b'[{"msgid":"m1"}]')

    def pin(self, digits: int = 6) -> str:
        return pin_in(urllib.parse.parse_qs(self.requests[-1].body)["message"][0], digits)


def pin_in(text: str, digits: int = 6) -> str:
    found = re.search(rf"\b\d{{{digits}}}\b", text)
    assert found, "no code in the message"
    return found.group()


def other_than(pin: str) -> str:
    return ("1" if pin[0] == "0" else "0") + pin[1:]


def document(**changes: Any) -> dict[str, Any]:
    most = {"count": 1_000_000, "seconds": 3600}
    shop = {
        "audience": "shop",
        "service": "Example Shop",
        "xoxzo": {"sid": "sid-canary", "auth_token": "auth-canary", "sender": "Example"},
        "sends": {"per_range": most, "per_audience": most},
        "failures": {"per_audience": most},
    }
    return testing.document(**(shop | changes))


@pytest.fixture
def settings() -> Settings:
    return Settings(document())


@pytest.fixture
def taker() -> Taker:
    return Taker()


class Sandbox:
    """The sandbox of the command line, for one test."""

    def __init__(self, arguments: list[str]) -> None:
        command = shlex.split(os.environ.get("XOXZO_2FA_SANDBOX", "xoxzo-2fa sandbox"))
        self.process = subprocess.Popen([*command, "--json", *arguments], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        told = json.loads(self.process.stdout.readline())
        self.url, self.sid, self.auth_token = told["url"], told["sid"], told["auth_token"]

    def settings(self, **changes: Any) -> Settings:
        account = {"sid": self.sid, "auth_token": self.auth_token, "sender": "Example", "base_url": self.url}
        account["timeout_milliseconds"] = 2_000
        return Settings(document(xoxzo=account, **changes))

    def inbox(self, recipient: str) -> list[dict[str, Any]]:
        query = urllib.parse.urlencode({"recipient": recipient})
        with urllib.request.urlopen(f"{self.url}/_sandbox/inbox?{query}") as answer:  # noqa: S310
            messages: list[dict[str, Any]] = json.load(answer)
        return messages

    def end(self) -> None:
        self.process.terminate()
        self.process.wait()


@pytest.fixture
def sandbox() -> Iterator[Callable[..., Sandbox]]:
    started: list[Sandbox] = []

    def start(*arguments: str) -> Sandbox:
        started.append(Sandbox([*arguments]))
        return started[-1]

    yield start
    for each in started:
        each.end()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Close with a line that counts. Where everything is installed, what is skipped has failed."""
    kinds = ["failed", "error"] + (["skipped"] if os.environ.get("XOXZO_2FA_NO_SKIPS") else [])
    count = {kind: len(terminalreporter.stats.get(kind, [])) for kind in ["passed", *kinds]}
    terminalreporter.write_line(f"{count.pop('passed')} passed, {sum(count.values())} failed")
