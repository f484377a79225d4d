"""Counters in one SQLite file, for the processes of one machine."""

from __future__ import annotations

import math
import os
import sqlite3
import time
from threading import Lock
from typing import TYPE_CHECKING

from xoxzo_2fa.guards._guard import Charge, GuardFull, GuardUnreachable, Scope, Total

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_SCHEMA = """
CREATE TABLE IF NOT EXISTS counters (key TEXT PRIMARY KEY, total INTEGER NOT NULL, ends REAL NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS ends ON counters (ends);
"""


class SqliteGuard:
    """A store in one file, which is made if it is not there, readable by its owner only.

    Each list is one transaction that is on the disk before it is answered. Threads and processes may share the file; machines may
    not (SQLite's locks do not hold on network file systems).

    timeout: seconds to wait for another process.
    danger_clock: seconds since 1970-01-01T00:00:00Z, the same in all processes. For tests.
    """

    scope: Scope = "shared"

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        timeout: float = 5.0,
        danger_clock: Callable[[], float] = time.time,
    ) -> None:
        self._path = os.fspath(path)
        self._timeout = timeout
        self._clock = danger_clock
        self._lock = Lock()
        self._connection: sqlite3.Connection | None = None
        self._process = 0
        os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))

    def add(self, charges: Sequence[Charge]) -> list[Total]:
        """Make the charges."""
        with self._lock:
            try:
                connection = self._connected()
                # The lock of a writer, at once: nobody counts between the reading and the writing.
                connection.execute("BEGIN IMMEDIATE")
                try:
                    totals = self._charged(connection, charges)
                    connection.execute("COMMIT")
                except sqlite3.Error:
                    connection.rollback()
                    raise
            except sqlite3.Error as fault:
                self._close()
                if getattr(fault, "sqlite_errorname", "") == "SQLITE_FULL" or "disk is full" in str(fault):
                    raise GuardFull("the disk of the guard is full") from None
                raise GuardUnreachable(f"the guard's file: {type(fault).__name__}") from None
        return totals

    def _charged(self, connection: sqlite3.Connection, charges: Sequence[Charge]) -> list[Total]:
        now = self._clock()
        totals = []
        for key, amount, limit, ttl in charges:
            row = connection.execute("SELECT total, ends FROM counters WHERE key = ? AND ends > ?", (key, now)).fetchone()
            before, ends = row or (0, now + ttl)
            total, refused = Charge(key, amount, limit, ttl).apply(before)
            if not refused and (row or amount > 0):
                connection.execute("REPLACE INTO counters VALUES (?, ?, ?)", (key, total, ends))
            # What a float loses is not a second.
            totals.append(Total(total, math.ceil(round(ends - now, 6))))
            if refused:
                break
        # A few that are over go with each list, so that the file does not grow.
        connection.execute("DELETE FROM counters WHERE key IN (SELECT key FROM counters WHERE ends <= ? LIMIT 20)", (now,))
        return totals

    def _connected(self) -> sqlite3.Connection:
        # A connection must not be carried over a fork.
        if self._connection is None or self._process != os.getpid():
            connection = sqlite3.connect(self._path, timeout=self._timeout, isolation_level=None, check_same_thread=False)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.executescript(_SCHEMA)
            self._connection, self._process = connection, os.getpid()
        return self._connection

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def close(self) -> None:
        """Close the file. The next list opens it again."""
        with self._lock:
            self._close()
