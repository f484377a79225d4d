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


class _Counter:
    """A total and its end in microseconds of the clock, and the place of its key in the list of keys."""

    __slots__ = ("ends", "place", "total")

    def __init__(self, total: int, ends: int, place: int) -> None:
        self.total = total
        self.ends = ends
        self.place = place


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
        self._counters: dict[str, _Counter] = {}
        # The same keys, to walk through a few at a time, and where the next sweep begins.
        self._keys: list[str] = []
        self._hand = 0

    def __len__(self) -> int:
        """Return how many counters it holds, some of which may have ended."""
        return len(self._counters)

    def add(self, charges: Sequence[Charge]) -> Totals:
        """Make the charges."""
        if os.getpid() != self._process:
            raise GuardUnreachable("forked: use sqlite or redis")
        totals = []
        with self._lock:
            now = int(self._clock() * _SECOND)
            self._sweep(now)
            for key, _, amount, limit, ttl in charges:
                counter = self._counters.get(key)
                live = counter is not None and counter.ends > now
                before, ends = (counter.total, counter.ends) if live and counter else (0, now + ttl * _SECOND)
                # `Charge.apply`, by hand: this runs two dozen times for a login.
                total = min(max(before + amount, 0), U32)
                refused = amount >= 0 and total > limit
                if not refused:
                    self._keep(key, counter, total, ends)
                totals.append(Total(total, -((now - ends) // _SECOND)))
                if refused:
                    break
        return Totals(totals)

    def _keep(self, key: str, counter: _Counter | None, total: int, ends: int) -> None:
        if counter is not None:
            if total == 0:
                self._forget(key, counter)
            else:
                counter.total, counter.ends = total, ends
        elif total > 0:
            if len(self._keys) >= self._capacity:
                raise GuardFull("the guard is full")
            self._counters[key] = _Counter(total, ends, len(self._keys))
            self._keys.append(key)

    def _forget(self, key: str, counter: _Counter) -> None:
        # The last key takes the place of this one.
        last = self._keys.pop()
        if last != key:
            self._keys[counter.place] = last
            self._counters[last].place = counter.place
        del self._counters[key]

    def _sweep(self, now: int) -> None:
        """Forget what has ended, among the next few."""
        for _ in range(min(_SWEPT, len(self._keys))):
            if self._hand >= len(self._keys):
                self._hand = 0
            key = self._keys[self._hand]
            counter = self._counters[key]
            if counter.ends <= now:
                self._forget(key, counter)
            else:
                self._hand += 1
            if not self._keys:
                break
