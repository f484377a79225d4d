"""The clients of the package: ``engine.py blocking|asyncio memory|sqlite|redis [FILE or URL]``."""

from __future__ import annotations

import asyncio
import re
import sys
import time
from typing import Any

from measure import answer

from xoxzo_2fa import AsyncTwoFactor, Binding, MemoryGuard, Refuse, Request, Response, Settings, SqliteGuard, TwoFactor
from xoxzo_2fa.guards.redis import AsyncRedisGuard, RedisGuard


class Xoxzo:
    """A Xoxzo in memory that takes every message."""

    blocks = False

    def __init__(self) -> None:
        self.bodies: list[str] = []

    def send(self, request: Request) -> Response:
        self.bodies.append(request.body)
        return Response(201, {}, b'[{"msgid":"m1"}]')


class Blocking:
    """The blocking client."""

    locks = True
    altered = "invalid-token"

    def __init__(self) -> None:
        self.xoxzo = Xoxzo()
        self.back = 0
        self.client: Any = None

    def open(self, settings: Settings, store: str, *place: str) -> None:
        """Open the client."""
        guard = {"memory": MemoryGuard, "sqlite": SqliteGuard, "redis": RedisGuard}[store](*place)
        self.client = TwoFactor(settings, guard, transport=self.xoxzo, danger_clock=self.now, audit=lambda _: None)

    def user(self, number: int, *, other: bool) -> Binding:
        return Binding(f"+81{80 if other else 90}{number:08}", f"user-{number}", "login")

    def start(self, user: Binding) -> str:
        try:
            return str(self.client.start(user).token)
        except Refuse as refusal:
            return refusal.code

    def verify(self, token: str, user: Binding, pin: str) -> str:
        try:
            self.client.verify(token, user, pin)
        except Refuse as refusal:
            return refusal.code
        return ""

    def now(self) -> float:
        return time.time() - self.back

    def sent(self) -> list[str]:
        bodies, self.xoxzo.bodies = self.xoxzo.bodies, []
        return [found.group() for body in bodies if (found := re.search(r"(?<![0-9])[0-9]{6}(?![0-9])", body.partition("&")[0]))]

    def set_back(self, seconds: int) -> None:
        self.back = seconds


class Awaited(Blocking):
    """The client for asyncio."""

    def open(self, settings: Settings, store: str, *place: str) -> None:
        """Open the client."""
        self.run = asyncio.new_event_loop().run_until_complete
        guard: Any = {"memory": MemoryGuard, "sqlite": SqliteGuard, "redis": AsyncRedisGuard}[store](*place)
        opened = AsyncTwoFactor.create(settings, guard, transport=self.xoxzo, danger_clock=self.now, audit=lambda _: None)
        self.client = self.run(opened)

    def start(self, user: Binding) -> str:
        try:
            return str(self.run(self.client.start(user)).token)
        except Refuse as refusal:
            return refusal.code

    def verify(self, token: str, user: Binding, pin: str) -> str:
        try:
            self.run(self.client.verify(token, user, pin))
        except Refuse as refusal:
            return refusal.code
        return ""


if __name__ == "__main__":
    own = {"blocking": Blocking, "asyncio": Awaited}[sys.argv[1]]()
    own.open(Settings(sys.stdin.readline()), *sys.argv[2:])
    answer(own)
