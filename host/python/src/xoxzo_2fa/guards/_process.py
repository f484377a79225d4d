"""What belongs to one process: in a child that was forked off, it is made anew.

A child has a copy of every lock and of no thread. A lock that another thread held stays held there for ever, and a connection is shared
with the parent. So what the parent made is neither used nor freed in a child, but left as it is.
"""

from __future__ import annotations

import ctypes
import os
from threading import RLock
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from weakref import WeakKeyDictionary, WeakSet

if TYPE_CHECKING:
    from collections.abc import Callable

_T = TypeVar("_T")


class PerProcess(Generic[_T]):
    """A value of each process that asks for it, which ``make`` makes."""

    def __init__(self, make: Callable[[], _T]) -> None:
        self._make = make
        self._held: tuple[int, _T] | None = None
        _ALL.add(self)

    def get(self) -> _T:
        """Return the value of the process that asks. Threads that ask first at once may each make one; one of them stays."""
        held = self._held
        if held is None or held[0] != os.getpid():
            self.leave()
            self._held = held = (os.getpid(), self._make())
        return held[1]

    def leave(self) -> None:
        """Let nothing of the parent's value be closed, not even when the interpreter ends."""
        leak(self._held)
        self._held = None


_ALL: WeakSet[PerProcess[Any]] = WeakSet()


def leak(value: object) -> None:
    """Keep a value for ever."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(value))


# Locks that the process that forks takes first, and the process they are of. SQLite itself must be at rest: a child has a copy of what its
# locks are, and what a thread of the parent held is held in the child for ever.
_FORKLESS: WeakKeyDictionary[Any, int] = WeakKeyDictionary()
_forking = RLock()
_taken: list[Any] = []


def forkless_lock() -> Any:
    """Make a lock that no other thread holds while the process is forked."""
    # One that its own thread may take again: that thread may be the one that forks.
    lock = RLock()
    _FORKLESS[lock] = os.getpid()
    return lock


def _before() -> None:
    _forking.acquire()
    for lock, process in list(_FORKLESS.items()):
        if process == os.getpid():
            lock.acquire()
            _taken.append(lock)


def _after() -> None:
    while _taken:
        _taken.pop().release()
    _forking.release()


def _in_child() -> None:
    _after()
    for each in list(_ALL):
        each.leave()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_after, after_in_child=_in_child)
