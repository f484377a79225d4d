"""Counters in one SQLite file, for all processes of one machine and all languages.

::

    file      application_id 0x78326661, user_version 1, rollback journal, every list on the disk before it is answered
    counters  name | total | life | ends | kept        times in milliseconds since 1970, life in milliseconds
    clock     latest: the time of the latest list

A row whose life is over stays as long again as it lived, at most a day, and what goes is told by the time of the list before: a clock that
is wrong once takes nothing away that is still needed.
"""

from __future__ import annotations

import sqlite3
import time
from threading import Condition
from typing import TYPE_CHECKING

from xoxzo_2fa.guards._file import File, Patience, lost
from xoxzo_2fa.guards._guard import Charge, GuardError, GuardFull, GuardUnreachable, Scope, Totals
from xoxzo_2fa.guards._process import PerProcess, forkless_lock
from xoxzo_2fa.guards._repair import Repaired, repair
from xoxzo_2fa.guards._rows import make

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

# The largest file, where nothing else is set: about five million counters.
_SIZE = 1 << 30


class SqliteGuard:
    """A store in one file, which is made if it is not there, readable by its owner only, as is the folder if that is made too.

    Every list is on the disk before it is answered, and lists that come at once share a transaction. Any number of threads and processes
    of one machine use the file at once, in any language, and children that were forked off.

    path: nobody else may write to its folder, and the file belongs to the user of the process (or the user is root).
    timeout: seconds to wait for other processes.
    size: bytes of the largest file. Beyond, new counters are refused with ``GuardFull``.
    danger_network_file: take a file on a network file system, whose locks may not hold between machines: then limits do not hold either.
    danger_clock: seconds since 1970-01-01T00:00:00Z. For tests: one that jumps ahead ends counters and with them limits.

    Raises ``GuardUnfit`` for a file that is not a guard's, that others could change, or on a network file system; ``GuardUnreachable`` if
    there is no such place, or other processes had the file for longer than the time-out.
    """

    scope: Scope = "shared"

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        timeout: float = 5.0,
        size: int = _SIZE,
        danger_network_file: bool = False,
        danger_clock: Callable[[], float] = time.time,
    ) -> None:
        file = File(path, timeout, size, danger_network_file, danger_clock)
        self._store = PerProcess(lambda: _Store(file))
        self._store.get().open()

    def add(self, charges: Sequence[Charge]) -> Totals:
        """Make the charges."""
        return self._store.get().add(charges)

    def close(self) -> None:
        """Close the file. The next list opens it again."""
        self._store.get().close()

    @staticmethod
    def repair(
        path: str | os.PathLike[str],
        *,
        timeout: float = 5.0,
        danger_network_file: bool = False,
        danger_clock: Callable[[], float] = time.time,
    ) -> Repaired:
        """Set a file right that was used with a clock that was ahead, which has shut it since. The time of this machine must be right.

        The file stays shut for another 840 s, longer than any challenge lives: a challenge whose use was forgotten under the wrong clock
        is over before anything is accepted again. Counters that began under the wrong clock have their whole life before them. Raises as
        ``SqliteGuard``.
        """
        return repair(File(path, timeout, _SIZE, danger_network_file, danger_clock))


class _List:
    """A list that waits for the next transaction."""

    __slots__ = ("answer", "charges", "done")

    def __init__(self, charges: Sequence[Charge]) -> None:
        self.charges = charges
        self.done = False
        self.answer: Totals | GuardError = GuardUnreachable("interrupted")


class _Store:
    """What one process has of the store."""

    def __init__(self, file: File) -> None:
        self._file = file
        self._lock = forkless_lock()
        self._connection: sqlite3.Connection | None = None
        self._done = Condition()
        self._waiting: list[_List] = []
        # A thread is committing for others too.
        self._led = False

    def open(self) -> None:
        with self._lock:
            self._connection = self._file.connect()

    def close(self) -> None:
        with self._lock:
            connection, self._connection = self._connection, None
            if connection is not None:
                connection.close()

    def add(self, charges: Sequence[Charge]) -> Totals:
        own = _List(charges)
        batch: list[_List] = []
        with self._done:
            self._waiting.append(own)
            while self._led and not own.done:
                self._done.wait()
            if not own.done:
                # The first that waits commits for all that wait.
                self._led, batch, self._waiting = True, self._waiting, []
        if batch:
            try:
                self._answer(batch)
            finally:
                with self._done:
                    self._led = False
                    for waiting in batch:
                        waiting.done = True
                    self._done.notify_all()
        if isinstance(own.answer, Totals):
            return own.answer
        # Each thread raises an exception of its own.
        raise type(own.answer)(*own.answer.args)

    def _answer(self, batch: list[_List]) -> None:
        """Make lists in one transaction, and answer them when it is on the disk."""
        try:
            with self._lock:
                answers: Sequence[Totals | GuardError] = self._commit([waiting.charges for waiting in batch])
        except GuardError as fault:
            answers = [fault] * len(batch)
        for waiting, answer in zip(batch, answers, strict=True):
            waiting.answer = answer

    def _commit(self, lists: list[Sequence[Charge]]) -> list[Totals]:
        # A connection that failed is used no more.
        connection, self._connection = self._connection, None
        if connection is None:
            connection = self._file.connect()
        patience = Patience(self._file.timeout)
        try:
            answers = self._transact(connection, patience, lists)
        except GuardFull:
            self._make_room(connection, patience)
            raise
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return answers

    def _make_room(self, connection: sqlite3.Connection, patience: Patience) -> None:
        """Delete a few of the rows that are kept no longer."""
        try:
            connection.rollback()
            self._transact(connection, patience, [])
        except (sqlite3.Error, GuardError):
            connection.close()
        else:
            self._connection = connection

    def _transact(self, connection: sqlite3.Connection, patience: Patience, lists: list[Sequence[Charge]]) -> list[Totals]:
        patience.wait(lambda: connection.execute("BEGIN IMMEDIATE"))
        try:
            answers = make(connection, self._file.now(), lists)
        except sqlite3.Error as fault:
            raise lost(fault) from None
        # Others that look in can keep a commit waiting too: the transaction stays open meanwhile.
        patience.wait(lambda: connection.execute("COMMIT"))
        return answers
