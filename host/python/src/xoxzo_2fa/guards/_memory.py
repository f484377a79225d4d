"""Counters in the memory of one process."""

from __future__ import annotations

import time
from threading import Lock
from typing import TYPE_CHECKING

from xoxzo_2fa.guards._guard import U32, Charge, GuardFull, Scope, Total

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


_SECOND = 1_000_000


class MemoryGuard:
    """A bounded store in memory. It is the floor: nothing of it outlives the process, and neither do its tokens.

    capacity: counters; a challenge has one and a user about six.
    danger_clock: seconds of a clock that never goes back. For tests: one that jumps ahead ends limits.
    """

    scope: Scope = "process"
    #: Nothing to wait for: the asynchronous client calls it as it is.
    blocks = False

    def __init__(self, capacity: int = 1_000_000, *, danger_clock: Callable[[], float] = time.monotonic) -> None:
        self._capacity = capacity
        self._clock = danger_clock
        self._lock = Lock()
        # Total and end, in microseconds of the clock.
        self._counters: dict[str, tuple[int, int]] = {}

    def add(self, charges: Sequence[Charge]) -> list[Total]:
        """Make the charges."""
        totals = []
        with self._lock:
            now = int(self._clock() * _SECOND)
            for charge in charges:
                key, amount, limit, ttl = charge
                before, ends = self._counters.get(key, (0, now))
                live = ends > now
                if not live:
                    before, ends = 0, now + ttl * _SECOND
                # `Charge.apply`, by hand: this runs two dozen times for a login.
                total = min(max(before + amount, 0), U32)
                totals.append(Total(total, -((now - ends) // _SECOND)))
                if amount >= 0 and total > limit:
                    break
                if live or amount > 0:
                    if not live:
                        self._make_room(key, now)
                    self._counters[key] = (total, ends)
        return totals

    def _make_room(self, key: str, now: int) -> None:
        if len(self._counters) < self._capacity or key in self._counters:
            return
        self._counters = {name: counter for name, counter in self._counters.items() if counter[1] > now}
        if len(self._counters) >= self._capacity:
            raise GuardFull("the guard is full")
