"""Counters in Redis or Valkey, for many machines. Needs the package ``redis`` (``pip install xoxzo-2fa[redis]``)."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, Any

import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.retry import Retry

from xoxzo_2fa.guards._guard import Charge, GuardError, GuardFull, GuardUnreachable, Scope, Total

if TYPE_CHECKING:
    from collections.abc import Sequence

# The script of every host: what one counts, another finds.
_SCRIPT = (resources.files("xoxzo_2fa") / "charge.lua").read_text()

# Seconds for a connection, and for an answer.
_TIMEOUT = 2.0


def _arguments(charges: Sequence[Charge]) -> list[str | int]:
    # One hash tag: a list is in one slot of a cluster.
    keys: list[str | int] = [f"{{2fa}}{charge.key.removeprefix('2fa')}" for charge in charges]
    for charge in charges:
        keys += charge[1:]
    return keys


def _totals(numbers: list[int]) -> list[Total]:
    return [Total(*pair) for pair in zip(numbers[::2], numbers[1::2], strict=True)]


def _lost(fault: redis.RedisError) -> GuardError:
    """Tell the kind of an error, without addresses."""
    if isinstance(fault, redis.exceptions.OutOfMemoryError) or "OOM" in str(fault):
        return GuardFull("the server is full")
    return GuardUnreachable(f"the server: {type(fault).__name__}")


def _keeps(told: dict[str, Any]) -> None:
    policy = told.get("maxmemory_policy")
    if policy != "noeviction" and told.get("maxmemory") != 0:
        raise GuardUnreachable(f"the guard is unfit: maxmemory-policy is {policy}, it must be noeviction")


class RedisGuard:
    """A store in Redis 6.2 or later, or Valkey.

    The server must not evict (``maxmemory-policy noeviction``): ``check`` says so otherwise, and clients call it when they are made.
    What it loses in a crash is lost: use ``appendonly yes``. A list whose answer is lost is never made again, so the client's own
    retries are off.

    url: ``redis://HOST:PORT``, or ``rediss://`` for TLS.
    """

    scope: Scope = "shared"

    def __init__(self, url: str, *, timeout: float = _TIMEOUT) -> None:
        self._client = redis.Redis.from_url(
            url,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            health_check_interval=5,
            retry=Retry(NoBackoff(), 0),
        )

    def add(self, charges: Sequence[Charge]) -> list[Total]:
        """Make the charges."""
        if not charges:
            return []
        try:
            return _totals(self._eval(charges))
        except redis.RedisError as fault:
            raise _lost(fault) from None

    def _eval(self, charges: Sequence[Charge]) -> list[int]:
        answer: Any = self._client.eval(_SCRIPT, len(charges), *_arguments(charges))
        return list(answer)

    def check(self) -> None:
        """Raise ``GuardUnreachable`` if the server may evict counters, or is out of reach."""
        try:
            told: Any = self._client.info("memory")
        except redis.RedisError as fault:
            raise _lost(fault) from None
        _keeps(told)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


class AsyncRedisGuard:
    """``RedisGuard`` for asyncio: the same script on the same keys, so that both can share counters."""

    scope: Scope = "shared"

    def __init__(self, url: str, *, timeout: float = _TIMEOUT) -> None:
        self._client = redis.asyncio.Redis.from_url(
            url,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            health_check_interval=5,
            retry=AsyncRetry(NoBackoff(), 0),
        )

    async def add(self, charges: Sequence[Charge]) -> list[Total]:
        """Make the charges."""
        if not charges:
            return []
        try:
            answer: Any = await self._client.eval(_SCRIPT, len(charges), *_arguments(charges))
        except redis.RedisError as fault:
            raise _lost(fault) from None
        return _totals(list(answer))

    async def check(self) -> None:
        """Raise ``GuardUnreachable`` if the server may evict counters, or is out of reach."""
        try:
            told: Any = await self._client.info("memory")
        except redis.RedisError as fault:
            raise _lost(fault) from None
        _keeps(told)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()
