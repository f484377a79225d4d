"""What every store must do, for each store; that the tests of stores see faults; and the store in memory."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, Any

import days
import pytest
from conftest import Taker
from stores import Awaited, Server, charge, needs_redis, totals

from xoxzo_2fa import (
    AsyncTwoFactor,
    Binding,
    Charge,
    GuardError,
    GuardFull,
    GuardUnreachable,
    MemoryGuard,
    Settings,
    SqliteGuard,
    Total,
    Totals,
    TwoFactor,
    Upstream,
)
from xoxzo_2fa.guards import suite
from xoxzo_2fa.guards.redis import AsyncRedisGuard, RedisGuard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from xoxzo_2fa import Guard


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("redis"))
    yield running
    running.end()


REDIS = [pytest.param(name, marks=needs_redis) for name in ("redis", "redis, asyncio")]


@pytest.fixture(params=["memory", "sqlite", *REDIS])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    if request.param == "memory":
        return MemoryGuard()
    if request.param == "sqlite":
        return SqliteGuard(tmp_path / "guard")
    server = request.getfixturevalue("server")
    return RedisGuard(server.url) if request.param == "redis" else Awaited(AsyncRedisGuard(server.url))


@pytest.mark.parametrize("name", REDIS)
def test_the_vectors_while_time_passes(server: Server, name: str) -> None:
    store = RedisGuard(server.url) if name == "redis" else Awaited(AsyncRedisGuard(server.url))
    print(f"{name}: {suite.vectors(lambda: store)}")


@pytest.mark.parametrize("name", ["memory", "sqlite"])
def test_the_vectors_by_a_clock_that_is_set(tmp_path: Path, name: str) -> None:
    now, files = [0.0], count()

    def opened() -> Guard:
        if name == "memory":
            return MemoryGuard(danger_clock=lambda: now[0])
        return SqliteGuard(tmp_path / f"{next(files)}", danger_clock=lambda: 1_800_000_000 + now[0])

    replayed = suite.vectors(opened, lambda seconds: now.__setitem__(0, seconds))
    print(f"{name}: {replayed}")


@pytest.mark.parametrize("test", [suite.races, suite.groups, lambda store: suite.shared(store, store)], ids=["races", "groups", "shared"])
def test_the_suite(store: Any, test: Callable[[Any], None]) -> None:
    test(store)


def test_the_time_is_told_by_stores_whose_clock_can_be_set(store: Any) -> None:
    now = store.add([charge("now")]).now
    assert now is None if isinstance(store, MemoryGuard) else abs(now - time.time()) < 10


def test_one_winner(store: Any) -> None:
    claim = charge(f"won {time.time_ns()}", 1 << 20, (1 << 20) + 5)
    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(lambda _: totals(store, claim)[0], range(64)))
    assert seen.count(1 << 20) == 1


class Faulty:
    """A store with a fault, which the tests of stores must see."""

    scope: Any = "process"

    def __init__(self, fault: str, now: list[float]) -> None:
        self.fault, self.now, self.counters = fault, now, dict[str, tuple[int, float]]()

    def add(self, charges: Sequence[Charge]) -> Totals:
        made, now = [], self.now[0]
        for each in charges:
            before, ends = self.counters.get(each.counter, (0, 0))
            if ends <= now:
                before, ends = 0, now + each.ttl_seconds
            total, refused = each.apply(before)
            if self.fault in ("races", "splits groups"):
                time.sleep(0.0001)
            if self.fault == "keeps what it refused" or not refused:
                self.counters[each.counter] = (total, ends)
                if total == 0:
                    del self.counters[each.counter]
            # Seconds rounded down are told one too early.
            made.append(Total(total, int(ends - now) if self.fault == "rounds down" else -int(-(ends - now) // 1)))
            if refused and self.fault != "goes on":
                break
        return Totals(made, 1_800_000_000 if self.fault == "tells one time" else None)


FAULTS = {
    "keeps what it refused": r"not exceed it\) Limit: step 4",
    "rounds down": "End, Waits: step",
    "goes on": "self-test",
    "tells one time": "Exact: step",
    "races": "each total once|what is refused|the counters after it",
    "splits groups": "seen at once|the counters after it",
}


def run_suite(fault: str) -> None:
    now = [0.0]
    store = Faulty(fault, now)
    if fault not in ("races", "splits groups"):
        suite.vectors(lambda: Faulty(fault, now), lambda seconds: now.__setitem__(0, seconds))
    elif fault == "races":
        suite.races(store)
    else:
        suite.groups(store)


@pytest.mark.parametrize("fault", FAULTS)
def test_the_suite_sees_faults(fault: str) -> None:
    with pytest.raises((AssertionError, GuardError), match=FAULTS[fault]):
        run_suite(fault)


def test_the_suite_sees_no_fault_where_there_is_none() -> None:
    run_suite("none")


def test_memory_forgets_nothing_that_lives() -> None:
    now = 0.0
    store = MemoryGuard(2, danger_clock=lambda: now)
    assert totals(store, charge("a"), charge("b", ttl=100)) == [1, 1]
    for _ in range(100):
        with pytest.raises(GuardFull):
            store.add([charge("c")])
    assert totals(store, charge("c", 0)) == [0]
    now = 60.0
    assert totals(store, charge("c"), charge("b", 0)) == [1, 1]
    # What comes to 0 makes room at once.
    assert totals(store, charge("c", -1), charge("d")) == [0, 1]


def test_memory_shrinks_while_it_is_in_use() -> None:
    now = 0.0
    store = MemoryGuard(danger_clock=lambda: now)
    for number in range(10_000):
        store.add([charge(f"{number}")])
    assert len(store) == 10_000
    now = 61.0
    for _ in range(10_000 // 15):
        store.add([charge("last")])
    assert len(store) == 1


def test_eleven_years_of_logins_leave_nothing() -> None:
    assert days.memory(100_000) <= days.LEFT


def test_memory_that_is_full_refuses_as_fast_as_it_charges() -> None:
    def took(store: MemoryGuard) -> float:
        began = time.perf_counter()
        for number in range(300):
            with suppress(GuardError):
                store.add([charge(f"new {number}")])
        return time.perf_counter() - began

    full = MemoryGuard(50_000)
    for number in range(50_000):
        full.add([charge(f"{number}", ttl=600)])
    with pytest.raises(GuardFull):
        full.add([charge("new")])
    # To look through all counters would take several hundred times as long.
    assert min(took(full) for _ in range(3)) < 50 * min(took(MemoryGuard()) for _ in range(3))


def test_runs_and_groups() -> None:
    one, two, three = charge("1").in_group("a"), charge("2").in_group("b"), charge("3").in_group("b")
    assert list(Charge.runs([one, two, three, one])) == [[one], [two, three], [one]]
    assert charge("own").group == "own"
    assert Charge._fields == ("counter", "group", "amount", "limit", "ttl_seconds")


def test_a_store_that_lies_is_refused(settings: Settings) -> None:
    class Forgetful(MemoryGuard):
        def add(self, charges: Sequence[Charge]) -> Totals:
            return Totals([Total(max(charge.amount, 0), charge.ttl_seconds) for charge in charges])

    class Anew(MemoryGuard):
        def add(self, charges: Sequence[Charge]) -> Totals:
            return MemoryGuard().add(charges)

    for store in (Forgetful(), Anew()):
        with pytest.raises(Upstream, match="self-test"):
            TwoFactor(settings, store, transport=Taker())
        with pytest.raises(Upstream, match="self-test"):
            asyncio.run(AsyncTwoFactor.create(settings, store, transport=Taker()))


@pytest.mark.parametrize("kind", ["blocking", "asyncio"])
def test_a_client_says_whether_it_is_ready(settings: Settings, kind: str) -> None:
    class Changing(MemoryGuard):
        answer: Callable[[Sequence[Charge]], Totals] | None = None

        def add(self, charges: Sequence[Charge]) -> Totals:
            return super().add(charges) if self.answer is None else self.answer(charges)

    def away(_: Sequence[Charge]) -> Totals:
        raise GuardUnreachable("connect: no connection")

    def forgetful(charges: Sequence[Charge]) -> Totals:
        return Totals([Total(1, 60) for _ in charges])

    def apart(seconds: int) -> Callable[[Sequence[Charge]], Totals]:
        return lambda charges: Totals(MemoryGuard.add(counting, charges).totals, int(time.time()) + seconds)

    def shut(_: Sequence[Charge]) -> Totals:
        return Totals([], int(time.time()) + 3_600)

    counting = Changing()
    taker, events = Taker(), list[Any]()
    ready: Callable[[], None]
    if kind == "asyncio":
        loop = asyncio.new_event_loop()
        made = loop.run_until_complete(AsyncTwoFactor.create(settings, counting, transport=taker, audit=events.append))

        def ready() -> None:
            loop.run_until_complete(made.ready())
    else:
        ready = TwoFactor(settings, counting, transport=taker, audit=events.append).ready
    ready()
    faults: list[tuple[Any, str, str | None]] = [
        (away, "guard", "connect: no connection"),
        (forgetful, "guard", "unfit: "),
        (lambda _: None, "guard", "guard: it raised "),
        (apart(130), "clock", None),
        (apart(-130), "clock", None),
        (shut, "clock", None),
    ]
    for answer, code, cause in faults:
        counting.answer = answer
        with pytest.raises(Upstream) as failed:
            ready()
        audit = failed.value.audit
        assert failed.value.code == code
        assert (audit is None) == (cause is None)
        assert audit is None or str(audit.cause).startswith(str(cause))
    counting.answer = apart(100)
    ready()
    counting.answer = None
    ready()
    assert (len(counting), events, taker.requests) == (0, [], [])
    if kind == "asyncio":
        loop.close()


def test_a_client_closes_what_it_was_given(settings: Settings) -> None:
    closed: list[str] = []

    class Store(MemoryGuard):
        """With a connection, which cannot be closed."""

        blocks = True

        def close(self) -> None:
            closed.append(threading.current_thread().name)
            raise GuardError("of the test")

    class Line(Taker):
        """Another, which is awaited."""

        async def aclose(self) -> None:
            closed.append("awaited")

    async def story() -> None:
        two_factor = await AsyncTwoFactor.create(settings, Store(), transport=Line())
        user = Binding("+819012345678", "user-1", "login")
        await two_factor.start(user)
        with pytest.raises(GuardError):
            await two_factor.aclose()
        assert closed[0].startswith("xoxzo-2fa guard")
        assert closed[1:] == ["awaited"]
        with pytest.raises(Upstream):
            await two_factor.start(user)

    asyncio.run(story())
