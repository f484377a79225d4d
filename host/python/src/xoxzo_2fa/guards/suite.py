"""What every store must do, as tests that a store's author can run: each function raises ``AssertionError`` with what is wrong.

>>> from xoxzo_2fa import MemoryGuard
>>> from xoxzo_2fa.guards import suite
>>> suite.vectors(MemoryGuard)
Replayed(passed=60, left_out=9)
>>> store = MemoryGuard()
>>> suite.races(store)
>>> suite.groups(store)

Keys are of the suite's own making, so that a store that is in use can be tested.
"""

from __future__ import annotations

import json
import secrets
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib import resources
from threading import Barrier
from typing import TYPE_CHECKING, Any, NamedTuple

from xoxzo_2fa.guards._guard import U32, Charge, SelfTest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xoxzo_2fa.guards._guard import Guard, Total

# Threads of a race.
_THREADS = 64

# A life that outlasts the test, in seconds.
_LONG = 600


class Replayed(NamedTuple):
    """The vectors that a store was tested with.

    passed: number of vectors that the store passed.
    left_out: number of vectors that could not be tried, because the store's clock cannot be set, or cannot be set back.
    """

    passed: int
    left_out: int


def _counter() -> str:
    """Return the name of a counter that no other call has."""
    return secrets.token_urlsafe(16)


def _same(given: object, expected: object, what: str) -> None:
    if given != expected:
        raise AssertionError(f"{what}: {given!r} instead of {expected!r}")


def _made(store: Guard, *charges: Charge) -> Sequence[Total]:
    return store.add(list(charges)).totals


def _totals(store: Guard, *charges: Charge) -> list[int]:
    return [made.total for made in _made(store, *charges)]


def _total(store: Guard, counter: str, amount: int) -> int:
    (total,) = _totals(store, Charge.new(counter, amount, U32, 60))
    return total


def vectors(opened: Callable[[], Guard], set_time: Callable[[float], object] | None = None) -> Replayed:
    """Make the lists of charges in ``tests/vectors/guard.json``, each at its time, and compare the answers with the right ones.

    opened: gives a store for each vector.
    set_time: sets that store's clock to seconds since the beginning of the vector; the store must be new then. Without it, time really
    passes: all vectors run at once for four seconds, and those that need more are left out. Vectors that set a clock back are left out for
    a store that does not answer ``now``.
    """
    tests = json.loads((resources.files("xoxzo_2fa") / "guard.json").read_text("utf-8"))["tests"]
    if set_time is not None:
        set_time(0)
    first = opened()
    for own in SelfTest.lists():
        own.judge(first.add(own.charges))
    began = first.add([Charge.new(_counter(), 0, 0, 1)]).now
    left_out = {flag for flag, without in (("Exact", set_time), ("Clock", began)) if without is None}
    tried = [vector for vector in tests if left_out.isdisjoint(vector["flags"])]
    if set_time is None:
        with ThreadPoolExecutor(len(tried)) as pool:
            faults = list(pool.map(lambda vector: _wait_for(opened(), vector), tried))
    else:
        faults = []
        for vector in tried:
            set_time(0)
            faults.append(_replay(opened(), vector, set_time, began))
    if any(faults):
        raise AssertionError("\n".join(filter(None, faults)))
    return Replayed(len(tried), len(tests) - len(tried))


def _wait_for(store: Guard, vector: dict[str, Any]) -> str | None:
    """Make the lists of a vector while time passes. A machine that stalls for half a second ends counters too early: three attempts."""

    def attempt() -> str | None:
        began = time.monotonic()
        return _replay(store, vector, lambda at: time.sleep(max(0, began + at - time.monotonic())), None)

    return attempt() and attempt() and attempt()


def _replay(store: Guard, vector: dict[str, Any], wait: Callable[[float], object], began: int | None) -> str | None:
    """Make the lists of a vector, and return what differs. What is None there is not compared."""
    names: dict[str, str] = defaultdict(_counter)
    for number, step in enumerate(vector["steps"], 1):
        wait(step["at_milliseconds"] / 1_000)
        charges = [
            Charge.new(names[it["counter"]], it["amount"], it["limit"], it["ttl_seconds"]).in_group(names[it.get("group", it["counter"])])
            for it in step["charges"]
        ]
        made = store.add(charges)
        right = [(it["total"], it["ends_in_seconds"]) for it in step["totals"]]
        given = [(it.total, it.ends_in_seconds) for it in made.totals]
        seconds = step.get("now_seconds", step["at_milliseconds"] // 1_000)
        on_time = began is None or seconds is None or made.now == began + seconds
        same = (total == it[0] and ends in (it[1], None) for it, (total, ends) in zip(given, right, strict=False))
        if len(given) != len(right) or not all(same) or not on_time:
            flags = ", ".join(vector["flags"])
            return f"guard.json {vector['tcId']} ({vector['comment']}) {flags}: step {number}: {made} instead of {right}, {seconds}"
    return None


def races(store: Guard) -> None:
    """Test that nothing is lost or doubled when many threads charge one counter at once, and that exactly what is above is refused."""
    own, wide = _counter(), _counter()
    limit, barrier = _THREADS // 2, Barrier(_THREADS)

    def race(_: int) -> list[int]:
        barrier.wait()
        return _totals(store, Charge.new(own, 1, limit, 60), Charge.new(wide, 1, U32, 60))

    with ThreadPoolExecutor(_THREADS) as pool:
        seen = list(pool.map(race, range(_THREADS)))
    won = sorted(given[0] for given in seen if len(given) > 1)
    _same(won, list(range(1, limit + 1)), "each total once, up to the limit")
    _same([given for given in seen if len(given) == 1], [[limit + 1]] * (_THREADS - limit), "what is refused")
    _same([_total(store, counter, 0) for counter in (own, wide)], [limit, limit], "the counters after it")


def groups(store: Guard) -> None:
    """Test that nothing comes between neighbouring charges of one group: two counters that are charged together are seen equal."""
    rounds, group, both = 200, _counter(), (_counter(), _counter())

    def list_of(amount: int) -> list[Charge]:
        return [Charge.new(counter, amount, U32, _LONG).in_group(group) for counter in both]

    def work(amount: int) -> None:
        for _ in range(rounds):
            one, other = _totals(store, *list_of(amount))
            if amount == 0:
                _same(one, other, "two counters of a group, seen at once")

    with ThreadPoolExecutor(4) as pool:
        for made in [pool.submit(work, amount) for amount in (1, 0, 1, 0)]:
            made.result()
    _same(_totals(store, *list_of(0)), [2 * rounds] * 2, "the counters after it")


def shared(one: Guard, other: Guard) -> None:
    """Test that two handles of one store count together, as two processes or machines would."""
    own = _counter()
    for expected in range(1, 11):
        _same(_total(other if expected % 2 else one, own, 1), expected, "the total of both")


def restart(opened: Callable[[], Guard]) -> None:
    """Test that counts that were answered outlive the store's end and reopening."""
    own = _counter()
    for expected in range(1, 6):
        store = opened()
        (made,) = _made(store, Charge.new(own, 1, 9, _LONG))
        _same((made.total, _LONG - 10 <= made.ends_in_seconds <= _LONG), (expected, True), "a total, and that its end is kept")
        with suppress(AttributeError):
            store.close()  # type: ignore[attr-defined]
