"""What a store must do, for each store; and what only some of them can suffer."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import shutil
import socket
import sqlite3
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from conftest import Taker, document

from xoxzo_2fa import (
    AsyncTwoFactor,
    Binding,
    Charge,
    GuardFull,
    GuardUnreachable,
    MemoryGuard,
    Settings,
    SqliteGuard,
    Total,
    TwoFactor,
    Upstream,
)
from xoxzo_2fa.guards.redis import AsyncRedisGuard, RedisGuard

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

needs_redis = pytest.mark.skipif(shutil.which("redis-server") is None, reason="there is no redis-server")


class Server:
    """A Redis server of a test's own."""

    def __init__(self, folder: Path, *arguments: str, port: int = 0) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = port or free.getsockname()[1]
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder), *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        self.url = f"redis://127.0.0.1:{self.port}"
        for _ in range(1000):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.01)
            else:
                return
        raise TimeoutError

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path)
    yield running
    running.end()


class Awaited:
    """An asynchronous store, awaited on a loop of its own."""

    scope: Any = "shared"

    def __init__(self, url: str) -> None:
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.guard = AsyncRedisGuard(url)

    def add(self, charges: Sequence[Charge]) -> list[Total]:
        return asyncio.run_coroutine_threadsafe(self.guard.add(charges), self.loop).result()


@pytest.fixture(params=["memory", "sqlite", pytest.param("redis", marks=needs_redis), pytest.param("redis, asyncio", marks=needs_redis)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    if request.param == "memory":
        return MemoryGuard()
    if request.param == "sqlite":
        return SqliteGuard(tmp_path / "guard")
    server = request.getfixturevalue("server")
    return RedisGuard(server.url) if request.param == "redis" else Awaited(server.url)


def totals(store: Any, *charges: tuple[str, int, int, int]) -> list[int]:
    return [total.total for total in store.add([Charge(*charge) for charge in charges])]


def test_totals_limits_and_ends(store: Any) -> None:
    assert store.add([]) == []
    assert store.add([Charge("2fa.a", 1, 5, 60)]) == [Total(1, 60)]
    # A charge that is refused leaves its counter, and ends the list.
    assert totals(store, ("2fa.a", 1, 5, 60), ("2fa.a", 4, 5, 60), ("2fa.b", 1, 5, 60)) == [2, 6]
    assert totals(store, ("2fa.a", 0, 5, 60), ("2fa.b", 0, 5, 60)) == [2, 0]
    # Looks at a limit, gives back, and not below nothing.
    assert totals(store, ("2fa.a", 0, 1, 60), ("2fa.b", 1, 5, 60)) == [2]
    assert totals(store, ("2fa.a", -1, 0, 60)) == [1]
    assert totals(store, ("2fa.a", -9, 0, 60)) == [0]
    # What is not positive creates nothing: the next one has a life of its own.
    assert store.add([Charge("2fa.c", -1, 5, 1000), Charge("2fa.c", 0, 5, 1000)]) == [Total(0, 1000), Total(0, 1000)]
    assert store.add([Charge("2fa.c", 1, 5, 60)]) == [Total(1, 60)]
    # The largest there can be.
    assert totals(store, ("2fa.d", 2**31 - 1, 2**32 - 1, 60), ("2fa.d", 2**31 - 1, 2**32 - 1, 60)) == [2**31 - 1, 2**32 - 2]
    assert totals(store, ("2fa.d", 9, 2**32 - 1, 60)) == [2**32 - 1]


def test_an_add_moves_no_end(store: Any) -> None:
    store.add([Charge("2fa.a", 1, 9, 4)])
    time.sleep(1.1)
    (kept,) = store.add([Charge("2fa.a", 1, 9, 60)])
    assert kept.total == 2
    assert 1 <= kept.ends_in_seconds <= 3
    time.sleep(3.1)
    assert store.add([Charge("2fa.a", 1, 9, 60)]) == [Total(1, 60)]


def test_threads_never_get_the_same_total(store: Any) -> None:
    def work(_: int) -> list[int]:
        return [totals(store, ("2fa.raced", 1, 300, 60))[0] for _ in range(50)]

    with ThreadPoolExecutor(8) as pool:
        seen = sorted(total for some in pool.map(work, range(8)) for total in some)
    assert seen == [*range(1, 301), *[301] * 100]


def test_one_winner(store: Any) -> None:
    claim = ("2fa.won", 1 << 20, (1 << 20) + 5, 60)
    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(lambda _: totals(store, claim)[0], range(64)))
    assert seen.count(1 << 20) == 1


def test_memory_forgets_nothing_that_lives() -> None:
    now = 0.0
    store = MemoryGuard(2, danger_clock=lambda: now)
    assert totals(store, ("2fa.a", 1, 9, 60), ("2fa.b", 1, 9, 100)) == [1, 1]
    with pytest.raises(GuardFull):
        store.add([Charge("2fa.c", 1, 9, 60)])
    now = 60.0
    assert totals(store, ("2fa.c", 1, 9, 60), ("2fa.b", 0, 9, 60)) == [1, 1]


def _count(path: str, pipe: Any) -> None:
    store = SqliteGuard(path)
    pipe.send([totals(store, ("2fa.shared", 1, 150, 600))[0] for _ in range(100)])


def test_processes_share_a_file(tmp_path: Path) -> None:
    path = str(tmp_path / "guard")
    spawn = multiprocessing.get_context("spawn")
    pipes = [spawn.Pipe() for _ in range(2)]
    children = [spawn.Process(target=_count, args=(path, child)) for _, child in pipes]
    for child in children:
        child.start()
    seen = sorted(total for parent, _ in pipes for total in parent.recv())
    for child in children:
        child.join()
    assert seen == [*range(1, 151), *[151] * 50]
    # And after all of them.
    assert totals(SqliteGuard(path), ("2fa.shared", 0, 150, 600)) == [150]
    assert os.stat(path).st_mode & 0o077 == 0  # noqa: PTH116


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_fork_opens_the_file_anew(tmp_path: Path) -> None:
    store = SqliteGuard(tmp_path / "guard")
    totals(store, ("2fa.a", 1, 9, 60))
    child = os.fork()
    if child == 0:
        os._exit(totals(store, ("2fa.a", 1, 9, 60))[0])
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 2
    assert totals(store, ("2fa.a", 1, 9, 60)) == [3]


def test_a_file_that_another_holds_or_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "guard"
    store = SqliteGuard(path, timeout=0.1)
    totals(store, ("2fa.a", 1, 9, 60))
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(GuardUnreachable):
        totals(store, ("2fa.a", 1, 9, 60))
    holder.execute("ROLLBACK")
    assert totals(store, ("2fa.a", 1, 9, 60)) == [2]
    (tmp_path / "page").write_text("<html>not a database" * 100)
    with pytest.raises(GuardUnreachable):
        totals(SqliteGuard(tmp_path / "page"), ("2fa.a", 1, 9, 60))


def test_a_file_does_not_grow_by_what_is_over(tmp_path: Path) -> None:
    now = 1_800_000_000.0
    store = SqliteGuard(tmp_path / "guard", danger_clock=lambda: now)
    for number in range(100):
        totals(store, (f"2fa.{number}", 1, 9, 10))
    now += 11
    for _ in range(6):
        totals(store, ("2fa.last", 1, 9, 60))
    rows = sqlite3.connect(tmp_path / "guard").execute("SELECT count(*) FROM counters").fetchone()
    assert rows == (1,)


@needs_redis
def test_a_server_that_may_evict_is_refused(tmp_path: Path) -> None:
    server = Server(tmp_path, "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru")
    try:
        settings = Settings(document())
        with pytest.raises(Upstream, match="allkeys-lru"):
            TwoFactor(settings, RedisGuard(server.url))
        with pytest.raises(Upstream, match="allkeys-lru"):
            asyncio.run(AsyncTwoFactor.create(settings, AsyncRedisGuard(server.url)))
    finally:
        server.end()


@needs_redis
def test_a_full_server_refuses(tmp_path: Path) -> None:
    server = Server(tmp_path, "--maxmemory", "3mb", "--maxmemory-policy", "noeviction")
    try:
        store = RedisGuard(server.url)
        with pytest.raises(GuardFull):
            for number in range(200_000):
                totals(store, (f"2fa.{number}", 1, 9, 600))
    finally:
        server.end()


@needs_redis
def test_a_server_that_ends_is_unreachable_and_back_again(server: Server, tmp_path: Path) -> None:
    store = RedisGuard(server.url, timeout=0.5)
    totals(store, ("2fa.a", 1, 9, 60))
    server.end()
    with pytest.raises(GuardUnreachable):
        totals(store, ("2fa.a", 1, 9, 60))
    again = Server(tmp_path, port=server.port)
    try:
        assert totals(store, ("2fa.a", 1, 9, 60)) == [1]
    finally:
        again.end()


@needs_redis
def test_a_lost_answer_is_not_asked_for_again(server: Server) -> None:
    """A relay that passes everything on, and closes instead of bringing the answer to the script."""
    relay = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            client, _ = relay.accept()
            upstream = socket.create_connection(("127.0.0.1", server.port))
            while data := client.recv(65536):
                upstream.sendall(data)
                answer = upstream.recv(65536)
                if answer.startswith(b"*2\r\n:"):
                    break
                client.sendall(answer)
            client.close()
            upstream.close()

    threading.Thread(target=serve, daemon=True).start()
    store = RedisGuard(f"redis://127.0.0.1:{relay.getsockname()[1]}", timeout=1)
    with pytest.raises(GuardUnreachable):
        totals(store, ("2fa.lost", 1, 9, 60))
    assert totals(RedisGuard(server.url), ("2fa.lost", 0, 9, 60)) == [1]


@needs_redis
def test_both_redis_stores_count_together(server: Server) -> None:
    async def story() -> None:
        store = AsyncRedisGuard(server.url)
        assert await store.add([Charge("2fa.both", 1, 9, 60)]) == [Total(2, 60)]
        await store.aclose()

    assert totals(RedisGuard(server.url), ("2fa.both", 1, 9, 60)) == [1]
    asyncio.run(story())


def test_a_store_that_lies_is_refused(settings: Settings) -> None:
    class Forgetful(MemoryGuard):
        def add(self, charges: Sequence[Charge]) -> list[Total]:
            return [Total(max(charge.amount, 0), charge.ttl_seconds) for charge in charges]

    with pytest.raises(Upstream, match="self-test"):
        TwoFactor(settings, Forgetful(), transport=Taker())
    with pytest.raises(Upstream, match="self-test"):
        asyncio.run(AsyncTwoFactor.create(settings, Forgetful(), transport=Taker()))


def test_a_file_and_a_login(tmp_path: Path, taker: Taker) -> None:
    whole, user = document(), Binding("+819012345678", "user-1", "login")
    first = TwoFactor(Settings(whole), SqliteGuard(tmp_path / "guard"), transport=taker)
    token = first.start(user).token
    # Another process with the same file and settings takes the token, once.
    second = TwoFactor(Settings(whole), SqliteGuard(tmp_path / "guard"), transport=taker)
    second.verify(token, user, taker.pin())
    with pytest.raises(Exception, match="used"):
        first.verify(token, user, taker.pin())
