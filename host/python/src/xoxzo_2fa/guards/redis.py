"""Counters in Redis or Valkey, for many machines. Needs the extra ``redis``.

One script makes a list in one round trip. In a cluster it makes each run of one group, whose name is the hash tag of its keys: runs are
spread over the nodes.
"""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, Any

import redis
import redis.asyncio
from redis.asyncio.cluster import ClusterNode as AsyncClusterNode
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode
from redis.connection import parse_url
from redis.exceptions import RedisClusterException
from redis.retry import Retry

from xoxzo_2fa.guards._guard import U32, Charge, GuardError, GuardFull, GuardUnfit, GuardUnreachable, Scope, Total, Totals
from xoxzo_2fa.guards._process import PerProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# The script of every host: what one counts, another finds.
_SCRIPT = (resources.files("xoxzo_2fa") / "charge.lua").read_text()

# Seconds for a connection, and for an answer.
_TIMEOUT = 2.0

# Seconds that the clocks of two nodes may be apart.
_APART = 120

# It has no types of its own.
_parsed: Callable[[str], dict[str, Any]] = parse_url

# What the package raises. That of a cluster is none of its own errors.
_FAULTS = (redis.RedisError, RedisClusterException)


def name(charge: Charge) -> str:
    """Return the name of a counter in the store, with its group as hash tag."""
    return f"2fa.{{{charge.group}}}.{charge.counter}"


class _Making:
    """A list that is being made: whole on one server, run by run in a cluster."""

    def __init__(self, charges: Sequence[Charge], *, cluster: bool) -> None:
        self._rest = list(Charge.runs(charges)) if cluster else [list(charges)] if charges else []
        self._now: list[Charge] = []
        self._times: list[int] = []
        self._totals: list[Total] = []

    def next(self) -> list[str | int] | None:
        """Return keys and arguments of the script for the charges to make next, after the number of keys."""
        if not self._rest:
            return None
        self._now = self._rest.pop(0)
        arguments: list[str | int] = [len(self._now), *map(name, self._now)]
        for charge in self._now:
            arguments += charge[2:]
        return arguments

    def made(self, answer: Sequence[int]) -> None:
        """Take the script's answer."""
        formed = len(answer) % 2 == 1 and all(isinstance(number, int) and 0 <= number <= U32 for number in answer)
        if not formed or len(answer) > 2 * len(self._now) + 1:
            raise GuardUnreachable("server: no readable answer")
        now, *numbers = answer
        self._times.append(now)
        if max(self._times) - min(self._times) > _APART:
            raise GuardUnreachable("clock: the clocks of its nodes are apart")
        totals = [Total(*pair) for pair in zip(numbers[::2], numbers[1::2], strict=True)]
        self._totals += totals
        refused = [charge.amount >= 0 and made.total > charge.limit for charge, made in zip(self._now, totals, strict=False)]
        if any(refused):
            self._rest = []
        # All that were asked for, or up to the first that was refused.
        if any(refused[:-1]) or (len(totals) < len(self._now) and refused[-1:] != [True]):
            raise GuardUnreachable("server: no readable answer")

    def totals(self) -> Totals:
        """Return what was made, and the time of the last node."""
        return Totals(self._totals, self._times[-1] if self._times else None)


_READ_ONLY = "readonly: the server is read-only"

# Causes of errors, the narrowest first.
_KINDS = (
    (redis.exceptions.AuthenticationError, "auth: the server does not take the credentials"),
    (redis.exceptions.NoPermissionError, "auth: the server does not take the credentials"),
    (redis.exceptions.ReadOnlyError, _READ_ONLY),
    ((redis.exceptions.TimeoutError, TimeoutError), "timeout: no answer in time"),
    ((redis.exceptions.ConnectionError, OSError), "connect: no connection"),
)


def _lost(fault: Exception) -> GuardError:
    """Tell the kind of an error, without addresses."""
    if isinstance(fault, redis.exceptions.OutOfMemoryError) or "OOM" in str(fault):
        return GuardFull("the server is full")
    for kind, text in _KINDS:
        if isinstance(fault, kind):
            return GuardUnreachable(text)
    if "READONLY" in str(fault):
        return GuardUnreachable(_READ_ONLY)
    return GuardUnreachable(f"server: {type(fault).__name__}")


def _keeps(told: dict[str, Any]) -> None:
    policy = told.get("maxmemory_policy")
    if policy != "noeviction" and told.get("maxmemory") != 0:
        raise GuardUnfit(f"the guard is unfit: maxmemory-policy is {policy}, it must be noeviction")


def _how(urls: Sequence[str], timeout: float, *, cluster: bool) -> dict[str, Any]:
    """Return the arguments of a client."""
    if not cluster and len(urls) > 1:
        raise ValueError("more than one URL is for a cluster: cluster=True")
    parsed: list[dict[str, Any]] = [dict(_parsed(url)) for url in urls]
    at = [(each.get("host", "localhost"), each.get("port", 6379)) for each in parsed]
    rest = {name: value for name, value in parsed[0].items() if name not in {"host", "port", "db"}}
    secure = rest.pop("connection_class", None) is not None
    times = {"socket_timeout": timeout, "socket_connect_timeout": timeout}
    return {"nodes": at, "ssl": secure, **times, **rest} if cluster else {"url": urls[0], "health_check_interval": 5, **times}


def _client(module: Any, node: Any, retry: Any, **how: Any) -> Any:
    """Make a client that makes nothing again by itself: what was sent may have been done."""
    never = retry(NoBackoff(), 0)
    if "url" in how:
        return module.Redis.from_url(how.pop("url"), retry=never, **how)
    return module.RedisCluster(startup_nodes=[node(*at) for at in how.pop("nodes")], retry=never, **how)


class RedisGuard:
    """A store in Redis 6.2 or later, or Valkey.

    The server must not evict (``maxmemory-policy noeviction``): ``check`` says so otherwise, and clients call it when they are made.
    What it loses in a crash is lost: use ``appendonly yes``. A list whose answer is lost is never made again, so the client's own
    retries are off.

    url: ``redis://HOST:PORT``, or ``rediss://`` for TLS.
    nodes: more nodes of a cluster, by any of which it is found. User, password and TLS are those of ``url``.
    cluster: whether it is a cluster. Each run of one group is made on one node, and the nodes' clocks must agree.
    timeout: seconds for a connection, and for an answer.
    """

    scope: Scope = "shared"

    def __init__(self, url: str, *nodes: str, cluster: bool = False, timeout: float = _TIMEOUT) -> None:
        self._cluster = cluster
        how = _how([url, *nodes], timeout, cluster=cluster)
        self._clients = PerProcess(lambda: _client(redis, ClusterNode, Retry, **how))

    def add(self, charges: Sequence[Charge]) -> Totals:
        """Make the charges."""
        making = _Making(charges, cluster=self._cluster)
        try:
            while (arguments := making.next()) is not None:
                making.made(self._eval(arguments))
        except _FAULTS as fault:
            raise _lost(fault) from None
        return making.totals()

    def _eval(self, arguments: list[str | int]) -> Sequence[int]:
        answer: Sequence[int] = self._clients.get().eval(_SCRIPT, *arguments)
        return answer

    def check(self) -> None:
        """Raise ``GuardUnfit`` if a server may evict counters, ``GuardUnreachable`` if one is out of reach."""
        try:
            client = self._clients.get()
            for at in [{"target_nodes": node} for node in client.get_primaries()] if self._cluster else [{}]:
                _keeps(client.info("memory", **at))
        except _FAULTS as fault:
            raise _lost(fault) from None

    def close(self) -> None:
        """Close the connections."""
        self._clients.get().close()


class AsyncRedisGuard:
    """``RedisGuard`` for asyncio: the same script on the same keys, so that both can share counters."""

    scope: Scope = "shared"

    def __init__(self, url: str, *nodes: str, cluster: bool = False, timeout: float = _TIMEOUT) -> None:
        self._cluster = cluster
        how = _how([url, *nodes], timeout, cluster=cluster)
        self._clients = PerProcess(lambda: _client(redis.asyncio, AsyncClusterNode, AsyncRetry, **how))

    async def add(self, charges: Sequence[Charge]) -> Totals:
        """Make the charges."""
        making = _Making(charges, cluster=self._cluster)
        try:
            while (arguments := making.next()) is not None:
                making.made(await self._clients.get().eval(_SCRIPT, *arguments))
        except _FAULTS as fault:
            raise _lost(fault) from None
        return making.totals()

    async def check(self) -> None:
        """Raise ``GuardUnfit`` if a server may evict counters, ``GuardUnreachable`` if one is out of reach."""
        try:
            client = self._clients.get()
            if self._cluster:
                await client.initialize()
            for at in [{"target_nodes": node} for node in client.get_primaries()] if self._cluster else [{}]:
                _keeps(await client.info("memory", **at))
        except _FAULTS as fault:
            raise _lost(fault) from None

    async def aclose(self) -> None:
        """Close the connections."""
        await self._clients.get().aclose()
