"""What years of logins leave in a store: ``days.py [memory|sqlite] [LOGINS]``. A login an hour, each of another user.

The first thousand go through the engine; every tenth user types a wrong PIN first, and so does the last. The others are its lists for
that one, with keys of users of their own: the store sees the same, in a fraction of the time. Then two more days pass, since a file keeps
what has ended for another one, and a few lists come. More than a few counters left are a failure.
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from conftest import Taker, document, other_than

from xoxzo_2fa import Binding, Charge, MemoryGuard, Refuse, Settings, SqliteGuard, Totals, TwoFactor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xoxzo_2fa.guards import Scope

ENGINE = 1_000
HOUR = 3_600
DAY = 86_400
# Counters that may be left: those of the service as a whole, and what a store sweeps next.
LEFT = 64


class Clock:
    """A time that is given."""

    def __init__(self) -> None:
        self.now = 1_800_000_000

    def __call__(self) -> float:
        return self.now


class Recorded:
    """A store that remembers lists and what it answered."""

    def __init__(self, store: MemoryGuard | SqliteGuard) -> None:
        self.store = store
        self.scope: Scope = store.scope
        self.lists: list[tuple[list[Charge], Totals]] = []

    def add(self, charges: Sequence[Charge]) -> Totals:
        """Make the charges, and remember them."""
        made = self.store.add(charges)
        self.lists.append((list(charges), made))
        return made


def run(store: MemoryGuard | SqliteGuard, clock: Clock, logins: int) -> None:
    """Let so many users log in, an hour apart, then two more days pass, and then make lists of which nothing is left."""
    recorded, taker = Recorded(store), Taker()
    two_factor = TwoFactor(Settings(document()), recorded, transport=taker, audit=lambda _: None, danger_clock=clock)
    seen: set[str] = set()
    for number in range(min(ENGINE, logins)):
        seen |= {charge.counter for charges, _ in recorded.lists for charge in charges}
        recorded.lists = []
        user = Binding(f"+8190{number:08}", f"user-{number}", "login")
        token = two_factor.start(user).token
        if number % 10 == 9:
            mistype(two_factor, token, user, other_than(taker.pin()))
        two_factor.verify(token, user, taker.pin())
        clock.now += HOUR
    for number in range(ENGINE, logins):
        for charges, expected in recorded.lists:
            named = [charge if charge.counter in seen else Charge(f"{charge.counter}.{number}", *charge[1:]) for charge in charges]
            made = store.add(named)
            if made.totals != expected.totals:
                raise AssertionError(f"{made} instead of {expected}")
        clock.now += HOUR
    clock.now += 2 * DAY + 1
    for number in range(64):
        later = Charge.new(f"later-{number}", 1, 9, 60)
        store.add([later, later._replace(amount=-1)])


def mistype(two_factor: TwoFactor, token: str, user: Binding, pin: str) -> None:
    """Type a wrong PIN."""
    try:
        two_factor.verify(token, user, pin)
    except Refuse as refusal:
        if refusal.code == "wrong-pin":
            return
        raise
    raise AssertionError("a wrong PIN was accepted")


def memory(logins: int) -> int:
    """Return how many counters are left in memory."""
    clock = Clock()
    store = MemoryGuard(danger_clock=clock)
    run(store, clock, logins)
    return len(store)


def sqlite(logins: int) -> int:
    """Return how many counters are left in a file."""
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "guard"
        store = SqliteGuard(file, danger_clock=clock)
        run(store, clock, logins)
        store.close()
        (left,) = sqlite3.connect(file).execute("SELECT count(*) FROM counters").fetchone()
    return int(left)


STORES: dict[str, tuple[str, Callable[[int], int]]] = {"memory": ("memory", memory), "sqlite": ("SQLite", sqlite)}


def main() -> int:
    """Print what is left."""
    name, left = STORES[sys.argv[1] if len(sys.argv) > 1 else "memory"]
    logins = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
    counters = left(logins)
    print(f"Python's {name}: {logins} logins, {counters} counters left")
    return int(counters > LEFT)


if __name__ == "__main__":
    sys.exit(main())
