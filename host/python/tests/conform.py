"""Answers the questions of ``tests/python/hosts.py`` through this package: ``conform.py blocking|asyncio [httpx]``.

``conform.py blocking ask COMMAND ...`` asks a program that runs the module in another way, by the form of ``tests/ask/main.c``.
"""

from __future__ import annotations

import asyncio
import json
import struct
import subprocess
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import xoxzo_2fa
from xoxzo_2fa import (
    AsyncOperator,
    AsyncTwoFactor,
    Binding,
    Charge,
    Expected,
    GuardFull,
    GuardUnreachable,
    MemoryGuard,
    NotSent,
    Operator,
    Request,
    Response,
    Sending,
    Settings,
    Transaction,
    TwoFactor,
    TwoFactorError,
    Unknown,
    Upstream,
)
from xoxzo_2fa._engine import shared
from xoxzo_2fa.guards.redis import AsyncRedisGuard, RedisGuard
from xoxzo_2fa.transports.httpx import AsyncHttpxTransport, HttpxTransport

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from xoxzo_2fa import Totals

TAKEN = {"status": 201, "body": '[{"msgid":"m1"}]'}


class World:
    """What answers the client: a clock, a Xoxzo and a guard that do as they are told."""

    blocks = False

    def __init__(self, document: str, now: float) -> None:
        self.now = now
        self.ahead = 0
        self.xoxzo: dict[str, Any] = TAKEN
        self.guard: Any = "memory"
        self.requests: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        try:
            scope = json.loads(document)["guard"]["scope"]
        except (ValueError, LookupError, TypeError):
            scope = "process"
        self.scope: Any = scope
        self.memory = MemoryGuard(danger_clock=lambda: float(self.now))

    def add(self, charges: Sequence[Charge]) -> Totals:
        """Count, or do not."""
        if self.guard != "memory":
            kind = GuardFull if self.guard["no_answer"] == "guard-full" else GuardUnreachable
            raise kind(self.guard["cause"])
        return self.memory.add(charges)

    def send(self, request: Request) -> Response:
        """Answer as told."""
        self.requests.append(
            {
                "method": request.method,
                "url": request.url,
                "headers": dict(request.headers),
                "body": request.body,
                "timeout_milliseconds": round(request.timeout * 1000),
            }
        )
        no_answer = self.xoxzo.get("no_answer")
        if no_answer:
            raise (NotSent if no_answer == "not-sent" else Unknown)(self.xoxzo["cause"])
        wait = self.xoxzo.get("retry_after")
        headers = {} if wait is None else {"retry-after": wait}
        return Response(self.xoxzo["status"], headers, self.xoxzo["body"].encode())


class AsyncWorld(World):
    """The same, awaited."""

    blocks = True

    async def add(self, charges: Sequence[Charge]) -> Totals:  # type: ignore[override]
        """Count, or do not."""
        await asyncio.sleep(0)
        return super().add(charges)

    async def send(self, request: Request) -> Response:  # type: ignore[override]
        """Answer as told."""
        await asyncio.sleep(0)
        return super().send(request)


def binding(given: dict[str, Any]) -> Binding:
    """Give the binding of a question."""
    return Binding(**{**given, "transaction": transaction(given)})


def expected(given: dict[str, Any]) -> Expected:
    """Give what a receipt is expected to be for."""
    return Expected(**{**given, "transaction": transaction(given)})


def transaction(given: dict[str, Any]) -> Transaction | None:
    """Give the payment of a question."""
    paid = given.get("transaction")
    return Transaction(**paid) if paid else None


def names(record: Any) -> dict[str, Any]:
    """Give a record with the names of the contract."""
    return dict(named(asdict(record)))


def named(fields: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Give the fields that are there, each with its unit."""
    suffixed = {"expires_in", "resend_after", "issued_at", "expires_at", "ends_in"}
    for name, value in fields.items():
        if value is not None:
            nested = [dict(named(each)) for each in value] if name == "limits" else value
            yield f"{name}_seconds" if name in suffixed else name, nested


def failure(fault: TwoFactorError) -> dict[str, Any]:
    """Give a failure with the names of the contract."""
    fields = {
        "blame": fault.blame,
        "code": fault.code,
        "detail": fault.detail,
        "guesses_left": fault.guesses_left,
        "retry_after_seconds": fault.retry_after,
        "expires_in_seconds": fault.expires_in,
        "audit": None if fault.audit is None else asdict(fault.audit),
    }
    return {name: value for name, value in fields.items() if value is not None}


OPERATORS = ("unlock", "limits", "credits")
KINDS = {
    "start": "challenged",
    "resend": "challenged",
    "verify": "accepted",
    "status": "reported",
    "unlock": "unlocked",
    "limits": "limits",
    "credits": "credits",
}


class Adaptor:
    """One client at a time."""

    def __init__(self, run: Callable[[Any], Any], world: type[World]) -> None:
        self.run = run
        self.make = world
        self.world = world("{}", 0)
        self.client: Any = None

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        """Do what is asked."""
        ((kind, content),) = question.items()
        self.world.requests, self.world.events = [], []
        try:
            answer = self.do(kind, content)
        except TwoFactorError as fault:
            answer = {"failure": failure(fault)}
        return {**answer, "requests": self.world.requests, "events": self.world.events}

    def do(self, kind: str, content: Any) -> dict[str, Any]:
        """Do what is asked, or raise."""
        if kind == "open":
            return self.open(content)
        if kind in ("now", "ahead", "xoxzo", "guard"):
            setattr(self.world, kind, content)
            return {"done": {}}
        if kind == "add":
            made = self.run(self.world.add([Charge(**it) for it in content["charges"]]))
            return {"counted": {"totals": [total._asdict() for total in made.totals], "now_seconds": made.now}}
        if kind == "ready":
            self.run(self.client.ready())
            return {"ready": {}}
        if kind in ("check_receipt", "index_of", "explain", "inspect"):
            return self.look(kind, content)
        if "binding" in content:
            content["binding"] = binding(content["binding"])
        if "sending" in content:
            content["sending"] = Sending(**content["sending"])
        client = self.client
        if kind in OPERATORS:
            client = AsyncOperator(client, "ann") if isinstance(client, AsyncTwoFactor) else Operator(client, "ann")
        return {KINDS[kind]: names(self.run(getattr(client, kind)(**content)))}

    def look(self, kind: str, content: Any) -> dict[str, Any]:
        """Do what needs neither guard nor network."""
        if kind == "check_receipt":
            content["expected"] = expected(content["expected"])
            return {"claims": names(xoxzo_2fa.check_receipt(**content, now=self.world.now))}
        if kind == "explain":
            left, wait = content.get("guesses_left"), content.get("retry_after_seconds")
            kept = TwoFactorError(content["code"], "", guesses_left=left, retry_after=wait)
            return {"explanation": names(xoxzo_2fa.explain(kept, content["locale"]))}
        if kind == "index_of":
            return {"number_index": {"index": self.client.number_index(**content)}}
        return {"token_info": names(xoxzo_2fa.inspect(**content))}

    def open(self, content: dict[str, Any]) -> dict[str, Any]:
        """Open a client as it is asked for."""
        if "own" in content:
            self.client = self.own(Settings(content["document"]), content["own"].get("redis"))
            return {"prepared": {"effective": self.client.effective_settings, "warnings": self.client.warnings}}
        self.world = world = self.make(content["document"], content["now"])
        settings = Settings(content["document"])
        arguments: Any = {
            "transport": world,
            "danger_clock": lambda: float(world.now + world.ahead),
            "audit": lambda event: world.events.append(event.fields()),
        }
        if isinstance(world, AsyncWorld):
            self.client = self.run(AsyncTwoFactor.create(settings, world, **arguments))
        else:
            self.client = TwoFactor(settings, world, **arguments)
        world.requests = []
        return {"prepared": {"effective": self.client.effective_settings, "warnings": self.client.warnings}}

    def own(self, settings: Settings, url: str | None) -> Any:
        """Give a client with the package's own transport and store."""
        httpx = sys.argv[2:] == ["httpx"]
        own: dict[str, Any] = {"audit": lambda _: None}
        if self.make is AsyncWorld:
            store: Any = MemoryGuard() if url is None else AsyncRedisGuard(url)
            return self.run(AsyncTwoFactor.create(settings, store, transport=AsyncHttpxTransport() if httpx else None, **own))
        return TwoFactor(settings, MemoryGuard() if url is None else RedisGuard(url), transport=HttpxTransport() if httpx else None, **own)


class Elsewhere:
    """The function of the module, in a program."""

    def __init__(self, command: list[str]) -> None:
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __call__(self, _: Any, settings: bytes, question: bytes, now: int) -> bytes:
        """Pass a question on."""
        to, come = self._process.stdin, self._process.stdout
        assert to
        assert come
        to.write(struct.pack(">III", len(settings), len(question), now) + settings + question)
        to.flush()
        (length,) = struct.unpack(">I", come.read(4))
        if length == 0:
            raise Upstream("plugin", "the module trapped elsewhere")
        return come.read(length)


def main() -> None:
    """Answer until the questions end."""
    if sys.argv[2:3] == ["ask"]:
        shared()._loaded.ask = Elsewhere(sys.argv[3:])  # type: ignore[method-assign,assignment]
    if sys.argv[1] == "asyncio":
        loop = asyncio.new_event_loop()

        def run(waited: Awaitable[Any]) -> Any:
            return loop.run_until_complete(waited)

        adaptor = Adaptor(run, AsyncWorld)
    else:
        adaptor = Adaptor(lambda result: result, World)
    for line in sys.stdin:
        print(json.dumps(adaptor.answer(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
