"""Counters in the memory of one process."""

from __future__ import annotations

import os
import time
from threading import Lock
from typing import TYPE_CHECKING

from xoxzo_2fa.guards._guard import U32, Charge, GuardFull, GuardUnreachable, Scope, Total, Totals

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


_SECOND = 1_000_000

# Counters that are looked at with each list, and forgotten if they have ended. More than a list makes, so that a store that is in use
# does not grow by what has ended.
_SWEPT = 16


class MemoryGuard:
    """A bounded store in memory. It is the floor: nothing of it outlives the process, and neither do its tokens.

    In a child of the process that made it, it raises ``GuardUnreachable``: there it would count anew what is limited.

    capacity: counters; a challenge has one until it ends, and a user with failures or messages about six.
    danger_clock: seconds of a clock that never goes back. For tests: one that jumps ahead ends limits.
    """

    scope: Scope = "process"
    #: Nothing to wait for: the asynchronous client calls it as it is.
    blocks = False

    def __init__(self, capacity: int = 1_000_000, *, danger_clock: Callable[[], float] = time.monotonic) -> None:
        self._capacity = capacity
        self._clock = danger_clock
        self._process = os.getpid()
        self._lock = Lock()
        # Total, end in microseconds of the clock, and place of the name in the list of names.
        self._counters: dict[str, list[int]] = {}
        # The same names, to look at a few at a time, and where the next sweep begins.
        self._names: list[str] = []
        self._hand = 0

    def __len__(self) -> int:
        """Return how many counters it holds, some of which may have ended."""
        return len(self._counters)

    def add(self, charges: Sequence[Charge]) -> Totals:
        """Make the charges."""
        if os.getpid() != self._process:
            raise GuardUnreachable("forked: use sqlite or redis")
        totals = []
        counters, names = self._counters, self._names
        with self._lock:
            now = int(self._clock() * _SECOND)
            self._sweep(now)
            for name, _, amount, limit, ttl in charges:
                counter = counters.get(name)
                if counter is not None and counter[1] > now:
                    before, ends, _ = counter
                else:
                    before, ends = 0, now + ttl * _SECOND
                # `Charge.apply`, by hand: this runs two dozen times for a login.
                total = min(max(before + amount, 0), U32)
                totals.append(Total(total, -((now - ends) // _SECOND)))
                if amount >= 0 and total > limit:
                    break
                if counter is not None:
                    counter[0], counter[1] = total, ends
                    if total == 0:
                        self._forget(name)
                elif total > 0:
                    if len(names) >= self._capacity:
                        raise GuardFull("the guard is full")
                    counters[name] = [total, ends, len(names)]
                    names.append(name)
        return Totals(totals)

    def _forget(self, name: str) -> None:
        place = self._counters.pop(name)[2]
        # The last name takes the place of this one.
        last = self._names.pop()
        if last != name:
            self._names[place] = last
            self._counters[last][2] = place

    def _sweep(self, now: int) -> None:
        """Forget what has ended, among the next few."""
        few = self._names[self._hand : self._hand + _SWEPT]
        ended = [name for name in few if self._counters[name][1] <= now]
        for name in ended:
            self._forget(name)
        self._hand += len(few) - len(ended)
        if self._hand >= len(self._names):
            self._hand = 0
