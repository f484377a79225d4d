"""Servers that tests start for themselves, and an asynchronous store for those that do not await."""

from __future__ import annotations

import asyncio
import contextlib
import random
import shutil
import socket
import subprocess
import threading
from typing import TYPE_CHECKING, Any

import pytest
from patience import until

from xoxzo_2fa import Charge, Totals

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from xoxzo_2fa.guards.redis import AsyncRedisGuard

needs_redis = pytest.mark.skipif(shutil.which("redis-server") is None, reason="there is no redis-server")


def free_port() -> int:
    """Return a free port below those that systems give out, so that nobody takes it between two starts of a server."""
    while True:
        port = random.randint(10_240, 32_767)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def listens(port: int) -> bool:
    """Whether something takes connections at a port of this machine."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


class Server:
    """A Redis server of a test's own."""

    def __init__(self, folder: Path, *arguments: str, port: int = 0) -> None:
        self.port = port or free_port()
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder), *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        self.url = f"redis://127.0.0.1:{self.port}"
        until("redis-server starts", lambda: listens(self.port))

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


class Awaited:
    """An asynchronous store, awaited on a loop of its own."""

    scope: Any = "shared"

    def __init__(self, guard: AsyncRedisGuard) -> None:
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.guard = guard

    def add(self, charges: Sequence[Charge]) -> Totals:
        return asyncio.run_coroutine_threadsafe(self.guard.add(charges), self.loop).result(30)

    def check(self) -> None:
        asyncio.run_coroutine_threadsafe(self.guard.check(), self.loop).result(30)


def charge(key: str, amount: int = 1, limit: int = 9, ttl: int = 60) -> Charge:
    return Charge.new(key, amount, limit, ttl)


def totals(store: Any, *charges: Charge) -> list[int]:
    return [total.total for total in store.add(list(charges)).totals]
