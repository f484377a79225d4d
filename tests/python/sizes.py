#!/usr/bin/env python3
"""The room that counters take: bytes of each store after so many logins, on this machine.

    sizes.py [LOGINS]

Needs the package for Python with its extra `redis`, and Debian's redis-server. Nothing is sent.
"""

import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path
from typing import Any

import redis

from xoxzo_2fa import Binding, MemoryGuard, Refuse, Settings, SqliteGuard, TwoFactor
from xoxzo_2fa.guards.redis import RedisGuard
from xoxzo_2fa.testing import FakeXoxzo, document

MOST = {"count": 1_000_000, "seconds": 3600}


def logins(guard: Any, count: int) -> None:
    """Each by a user of their own, who mistypes once."""
    xoxzo = FakeXoxzo()
    limits = {"sends": {"per_range": MOST, "per_audience": MOST}, "failures": {"per_audience": MOST}}
    two_factor = TwoFactor(Settings(document(**limits)), guard, transport=xoxzo, audit=lambda _: None)
    for number in range(count):
        user = Binding(f"+8190{number:08}", f"user-{number}", "login")
        token = two_factor.start(user).token
        pin = xoxzo.pin()
        try:
            two_factor.verify(token, user, ("1" if pin[0] == "0" else "0") + pin[1:])
        except Refuse as refused:
            assert refused.code == "wrong-pin", refused
        two_factor.verify(token, user, pin)


def told(store: str, counters: int, size: int, count: int) -> None:
    print(f"{store}: {counters / count:.1f} counters a login, {size / counters:.0f} bytes a counter, {size / count:.0f} bytes a login")


def in_memory(count: int) -> None:
    tracemalloc.start()
    guard = MemoryGuard()
    logins(guard, count)
    before, _ = tracemalloc.get_traced_memory()
    counters = len(guard)
    del guard
    told("memory of Python", counters, before - tracemalloc.get_traced_memory()[0], count)
    tracemalloc.stop()


def in_file(folder: Path, count: int) -> None:
    path = folder / "counters.sqlite"
    guard = SqliteGuard(path)
    logins(guard, count)
    counters = rows(path)
    guard.close()
    told("SQLite", counters, sum(file.stat().st_size for file in folder.glob("counters.sqlite*")), count)


def rows(path: Path) -> int:
    with sqlite3.connect(path) as reader:
        return int(reader.execute("SELECT count(*) FROM counters").fetchone()[0])


def in_redis(folder: Path, count: int) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder), "--save", "", "--appendonly", "yes"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        client = ready(redis.Redis(port=port))
        before = client.info("memory")["used_memory"]
        logins(RedisGuard(f"redis://127.0.0.1:{port}"), count)
        told("Redis", client.dbsize(), client.info("memory")["used_memory"] - before, count)
    finally:
        server.terminate()
        server.wait()


def ready(client: Any) -> Any:
    for _ in range(1_200):
        try:
            client.ping()
        except redis.ConnectionError:
            time.sleep(0.05)
        else:
            return client
    raise AssertionError("redis-server is not ready")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    with tempfile.TemporaryDirectory() as folder:
        in_memory(count)
        in_file(Path(folder), count)
        in_redis(Path(folder), count)


if __name__ == "__main__":
    main()
