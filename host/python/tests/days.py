"""What years of logins leave in the guard in memory: ``days.py [LOGINS]``. A login an hour, each of another user.

The first thousand go through the engine. The others are its lists of the last of these, with keys of users of their own: the store sees
the same, in a fraction of the time.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from conftest import Taker, document

from xoxzo_2fa import Binding, Charge, MemoryGuard, Settings, Totals, TwoFactor

if TYPE_CHECKING:
    from collections.abc import Sequence

ENGINE = 1_000
HOUR = 3_600


class Recorded(MemoryGuard):
    """A store that remembers lists and what it answered."""

    def __init__(self) -> None:
        self.now = 1_800_000_000
        self.lists: list[tuple[list[Charge], Totals]] = []
        super().__init__(danger_clock=lambda: self.now)

    def add(self, charges: Sequence[Charge]) -> Totals:
        """Make the charges, and remember them."""
        made = super().add(charges)
        self.lists.append((list(charges), made))
        return made


def run(logins: int) -> int:
    """Return how many counters so many logins leave."""
    store, taker = Recorded(), Taker()
    two_factor = TwoFactor(Settings(document()), store, transport=taker, audit=lambda _: None, danger_clock=lambda: store.now)
    seen: set[str] = set()
    for number in range(min(ENGINE, logins)):
        seen |= {charge.key for charges, _ in store.lists for charge in charges}
        store.lists = []
        user = Binding(f"+8190{number:08}", f"user-{number}", "login")
        two_factor.verify(two_factor.start(user).token, user, taker.pin())
        store.now += HOUR
    shape, store.lists = store.lists, []
    for number in range(ENGINE, logins):
        for charges, expected in shape:
            named = [charge if charge.key in seen else Charge(f"{charge.key}.{number}", *charge[1:]) for charge in charges]
            made = MemoryGuard.add(store, named)
            if made != expected:
                raise AssertionError(f"{made} instead of {expected}")
        store.now += HOUR
    return len(store)


def main() -> None:
    """Print what is left."""
    logins = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    print(f"{logins} logins, {run(logins)} counters left")


if __name__ == "__main__":
    main()
