"""What every store must do, as tests that a store's author can run: each function raises ``AssertionError`` with what is wrong.

>>> import time
>>> from xoxzo_2fa import MemoryGuard
>>> from xoxzo_2fa.guards import suite
>>> store = MemoryGuard()
>>> suite.totals(store)
>>> suite.limits(store)
>>> suite.ends(store, time.sleep)
>>> suite.races(store)
>>> suite.groups(store)

Keys are of the suite's own making, so that a store that is in use can be tested.
"""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier
from typing import TYPE_CHECKING

from xoxzo_2fa.guards._guard import U32, Charge, SelfTest, Total

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xoxzo_2fa.guards._guard import Guard

# Threads of a race.
_THREADS = 64

_I32 = 2**31 - 1

# The shortest and the longest life that is tried, in seconds.
_SHORT, _LONG = 5, 600


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


def totals(store: Guard) -> None:
    """Test that a store adds, gives back, saturates, looks, creates nothing by what is not positive, and deletes what comes to 0."""
    own = _counter()
    for amount, expected in ((0, 0), (-3, 0), (1, 1), (2, 3), (0, 3), (-2, 1), (-5, 0), (4, 4)):
        _same(_total(store, own, amount), expected, f"the total after {amount}")
    high = _counter()
    for expected in (_I32, U32 - 1, U32, U32):
        _same(_total(store, high, _I32), expected, "a total at the upper end")
    # The next charge begins a life of its own: after what made no counter, and after what came to 0.
    absent = _counter()
    _made(store, Charge.new(absent, 0, 9, _SHORT), Charge.new(absent, -1, 9, _SHORT))
    _begins(store, absent)
    for back in (-1, -9):
        zero = _counter()
        _made(store, Charge.new(zero, 1, 9, _SHORT), Charge.new(zero, back, 9, _SHORT))
        _begins(store, zero)
    _same(_totals(store, *SelfTest().charges), [1, 2, 0, 0, 1], "the self-test of every client")


def _begins(store: Guard, counter: str) -> None:
    (begun,) = _made(store, Charge.new(counter, 1, 9, _LONG))
    _same((begun.total, begun.ends_in_seconds > _LONG - 100), (1, True), "a new counter, and that it has its own life")


def limits(store: Guard) -> None:
    """Test that a store refuses above the limit, leaves the refused counter as it was, and makes no charge after it."""
    first, second, third = (_counter() for _ in range(3))
    charges = [Charge.new(counter, 1, limit, 60) for counter, limit in ((first, 9), (second, 1), (third, 9))]
    _same(_totals(store, *charges), [1, 1, 1], "a list within its limits")
    _same(_totals(store, *charges), [2, 2], "a list whose second charge is refused")
    _same([_total(store, counter, 0) for counter in (first, second, third)], [2, 1, 1], "the counters after it")
    # Looking is refused by its limit too; giving back is not, and goes on.
    last = Charge.new(third, 1, 9, 60)
    _same(_totals(store, Charge.new(first, 0, 1, 60), last), [2], "a look above its limit")
    _same(_totals(store, Charge.new(first, -1, 0, 60), last), [1, 2], "giving back")
    _same(_totals(store), [], "an empty list")
    twice = [Charge.new(first, 1, limit, 60) for limit in (9, 2, 9)]
    _same(_totals(store, *twice), [2, 3], "one counter twice in a list")


def ends(store: Guard, wait: Callable[[float], object]) -> None:
    """Test that a counter keeps its first end whatever is added, that the end is told rounded up, and that a new counter begins after it.

    wait: lets seconds pass for the store; six of them.
    """
    short, long = _counter(), _counter()
    # Long enough for a store that takes its time to answer.
    for counter, ttl in ((short, _SHORT), (long, _LONG)):
        _same(_made(store, Charge.new(counter, 1, 9, ttl))[0].ends_in_seconds, ttl, "the life of a new counter")
    wait(1.1)
    # Another life does not move the end.
    (kept,) = _made(store, Charge.new(short, 1, 9, _LONG))
    _same((kept.total, 1 <= kept.ends_in_seconds < _SHORT), (2, True), "a counter that lives, and that its end is kept")
    wait(_SHORT - 0.1)
    (begun,) = _made(store, Charge.new(short, 1, 9, _LONG))
    _same(begun, Total(1, _LONG), "a counter whose life is over")
    (kept,) = _made(store, Charge.new(long, 1, 9, _LONG))
    _same((kept.total, _LONG - 100 <= kept.ends_in_seconds < _LONG), (2, True), "a long life, and that its end is kept")


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
