"""Counters in Redis: servers that evict, are full, go away or lose answers, and clusters."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from conftest import document
from patience import until
from stores import Awaited, Server, charge, free_port, needs_redis, totals

from xoxzo_2fa import AsyncTwoFactor, GuardFull, GuardUnreachable, Settings, TwoFactor, Upstream
from xoxzo_2fa.guards import suite
from xoxzo_2fa.guards.redis import AsyncRedisGuard, RedisGuard, _Making, name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = needs_redis


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path)
    yield running
    running.end()


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


def test_a_full_server_refuses(tmp_path: Path) -> None:
    server = Server(tmp_path, "--maxmemory", "3mb", "--maxmemory-policy", "noeviction")
    try:
        store = RedisGuard(server.url)
        with pytest.raises(GuardFull):
            for number in range(10_000):
                store.add([charge(f"{number}.{each}") for each in range(20)])
    finally:
        server.end()


def test_a_server_that_ends_is_unreachable_and_back_again(server: Server, tmp_path: Path) -> None:
    store = RedisGuard(server.url, timeout=0.5)
    totals(store, charge("a"))
    server.end()
    with pytest.raises(GuardUnreachable):
        totals(store, charge("a"))
    again = Server(tmp_path, port=server.port)
    try:
        assert totals(store, charge("a")) == [1]
    finally:
        again.end()


class Relay:
    """Passes everything on to a server, and closes instead of bringing the answer to the script."""

    def __init__(self, port: int = 0) -> None:
        self.to = port
        self.listens = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listens.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        while True:
            client, _ = self.listens.accept()
            threading.Thread(target=self.relay, args=[client], daemon=True).start()

    def relay(self, client: socket.socket) -> None:
        upstream = socket.create_connection(("127.0.0.1", self.to))
        asked = threading.Event()

        def answers() -> None:
            with suppress(OSError):
                while (data := upstream.recv(65536)) and not asked.is_set():
                    client.sendall(data)
                client.shutdown(socket.SHUT_RDWR)

        threading.Thread(target=answers, daemon=True).start()
        with suppress(OSError), upstream:
            while data := client.recv(65536):
                if b"EVAL" in data:
                    asked.set()
                upstream.sendall(data)


def test_a_lost_answer_is_not_asked_for_again(server: Server) -> None:
    relay = Relay(server.port)
    store = RedisGuard(f"redis://127.0.0.1:{relay.port}", timeout=1)
    with pytest.raises(GuardUnreachable):
        totals(store, charge("lost"))
    assert totals(RedisGuard(server.url), charge("lost", 0)) == [1]


def test_both_redis_stores_count_together_with_the_servers_time(server: Server) -> None:
    async def story() -> None:
        store = AsyncRedisGuard(server.url)
        made = await store.add([charge("both")])
        assert (made.totals[0].total, abs((made.now or 0) - time.time()) < 5) == (2, True)
        assert (await store.add([])).totals == []
        await store.aclose()

    assert totals(RedisGuard(server.url), charge("both")) == [1]
    asyncio.run(story())


def test_names_are_those_of_every_host(server: Server) -> None:
    store = RedisGuard(server.url)
    assert name(charge("abc").in_group("xyz")) == "2fa.{xyz}.abc"
    totals(store, charge("abc").in_group("xyz"), charge("back"), charge("back", -1))
    assert store._clients.get().keys() == [b"2fa.{xyz}.abc"], "what comes to 0 is deleted"
    with pytest.raises(ValueError, match="cluster=True"):
        RedisGuard(server.url, server.url)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Server]]:
    """Two nodes with half of the slots each."""
    nodes = []
    for node in range(2):
        folder = tmp_path_factory.mktemp(f"node-{node}")
        nodes.append(Server(folder, "--cluster-enabled", "yes", "--cluster-port", str(free_port()), "--appendonly", "no"))
        tell(nodes[-1], "CLUSTER", "ADDSLOTSRANGE", str(node * 8192), str(node * 8192 + 8191))
        tell(nodes[-1], "CLUSTER", "SET-CONFIG-EPOCH", str(node + 1))
    tell(nodes[1], "CLUSTER", "MEET", "127.0.0.1", str(nodes[0].port), tell(nodes[0], "CONFIG", "GET", "cluster-port").split()[-1])
    until(
        "the nodes agree",
        lambda: all({"cluster_state:ok", "cluster_known_nodes:2"} <= set(tell(each, "CLUSTER", "INFO").split()) for each in nodes),
    )
    yield nodes
    for each in nodes:
        each.end()


def tell(server: Server, *command: str) -> str:
    done = subprocess.run(["redis-cli", "-p", str(server.port), *command], capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.parametrize("kind", ["blocking", "asyncio"])
def test_a_cluster(cluster: list[Server], kind: str) -> None:
    urls = [node.url for node in cluster]
    store: Any = RedisGuard(*urls, cluster=True) if kind == "blocking" else Awaited(AsyncRedisGuard(*urls, cluster=True))
    store.check()
    print(f"cluster: {suite.vectors(lambda: store)}")
    suite.races(store)
    suite.groups(store)
    # Groups of both nodes in one list.
    made = store.add([charge(f"{kind}.{number}") for number in range(20)])
    assert ([total.total for total in made.totals], abs(made.now - time.time()) < 5) == ([1] * 20, True)
    sizes = [int(tell(node, "DBSIZE").split()[-1]) for node in cluster]
    assert min(sizes) > 0


def test_a_node_that_may_evict_is_refused(cluster: list[Server]) -> None:
    tell(cluster[1], "CONFIG", "SET", "maxmemory", "100mb")
    tell(cluster[1], "CONFIG", "SET", "maxmemory-policy", "volatile-lru")
    try:
        for store in (RedisGuard(cluster[0].url, cluster=True), Awaited(AsyncRedisGuard(cluster[0].url, cluster=True))):
            with pytest.raises(Exception, match="volatile-lru"):
                store.check()
    finally:
        tell(cluster[1], "CONFIG", "SET", "maxmemory", "0")


@pytest.mark.parametrize("kind", ["blocking", "asyncio"])
def test_a_lost_answer_of_a_cluster_is_not_asked_for_again(tmp_path: Path, kind: str) -> None:
    # A node that tells a relay's port as its own.
    relay = Relay()
    node = Server(tmp_path, "--cluster-enabled", "yes", "--cluster-port", str(free_port()), "--cluster-announce-port", str(relay.port))
    relay.to = node.port
    try:
        tell(node, "CLUSTER", "ADDSLOTSRANGE", "0", "16383")
        until("the node has all slots", lambda: "cluster_state:ok" in tell(node, "CLUSTER", "INFO"))
        url = f"redis://127.0.0.1:{relay.port}"
        store: Any = (
            RedisGuard(url, cluster=True, timeout=1) if kind == "blocking" else Awaited(AsyncRedisGuard(url, cluster=True, timeout=1))
        )
        with pytest.raises(GuardUnreachable):
            totals(store, charge("lost"))
        assert tell(node, "GET", name(charge("lost"))).strip() == "1"
    finally:
        node.end()


def test_nodes_whose_clocks_are_apart_are_refused() -> None:
    making = _Making([charge("a"), charge("b")], cluster=True)
    assert making.next() == [1, "2fa.{a}.a", 1, 9, 60]
    making.made([1_800_000_000, 1, 60])
    assert making.next() == [1, "2fa.{b}.b", 1, 9, 60]
    with pytest.raises(GuardUnreachable, match="clocks"):
        making.made([1_800_000_121, 1, 60])


def test_a_run_that_is_refused_is_the_last() -> None:
    making = _Making([charge("a", 5, 1), charge("b")], cluster=True)
    making.next()
    making.made([1_800_000_000, 5, 60])
    assert making.next() is None
    assert making.totals().now == 1_800_000_000


@pytest.mark.parametrize(
    "told", [[], [1], [1, 1], [1, 1, 60], [1, 9, 60, 1, 60], [1, 1, 60, 1, 60, 1, 60], [1, -1, 60, 1, 60], [b"1"] * 5, [1, 2**32, 60]]
)
def test_an_answer_that_the_script_cannot_give_is_none(told: list[Any]) -> None:
    making = _Making([charge("a", 1, 5), charge("b")], cluster=False)
    making.next()
    with pytest.raises(GuardUnreachable, match="no readable answer"):
        making.made(told)
