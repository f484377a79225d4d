"""Setting a file right that was used with a clock that was ahead."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from xoxzo_2fa.guards._file import File, Patience, lost
from xoxzo_2fa.guards._process import forkless_lock
from xoxzo_2fa.guards._rows import APART, GRACE

# How long a repaired file stays shut, in seconds: the longest life of a challenge, and how much longer its counter lives.
_SHUT = 600 + 240

# From this total on, a counter is the mark of a challenge that was won.
_CLAIM = 1 << 20


class Repaired(NamedTuple):
    """What a repair found and did.

    ahead_seconds: how far the file's time was ahead. Windows that are shorter may have ended under the wrong clock. 0: the file's time was
    right, and nothing was done.
    shut_seconds: how long the file stays shut from now on. Less than 840 s: it opens by itself before a repair would open it, and nothing
    was done.
    kept: counters that are kept, among them those of consecutive failures, which no clock ends.
    renewed: of these, counters that began under the wrong clock. Their whole life is before them. What was won under it stays marked until
    its own time has come and gone, and is not among them.
    """

    ahead_seconds: float
    shut_seconds: float
    kept: int
    renewed: int


def repair(file: File) -> Repaired:
    """Repair a file."""
    with forkless_lock():
        connection = file.connect()
        try:
            return _repaired(connection, file)
        except sqlite3.Error as fault:
            raise lost(fault) from None
        finally:
            connection.close()


def _repaired(connection: sqlite3.Connection, file: File) -> Repaired:
    patience = Patience(file.timeout)
    patience.wait(lambda: connection.execute("BEGIN IMMEDIATE"))
    now = file.now()
    latest = _number(connection, "SELECT latest FROM clock")
    kept = _number(connection, "SELECT count(*) FROM counters")
    ahead = latest - now
    if ahead <= APART:
        return Repaired(0, 0, kept, 0)
    if ahead <= APART + _SHUT * 1_000:
        # It opens by itself before a repair would open it.
        return Repaired(ahead / 1_000, (ahead - APART) / 1_000, kept, 0)
    opens = now + _SHUT * 1_000
    # A challenge that was won under the wrong clock is valid once more when its time comes: its mark keeps its end.
    renewed = connection.execute(
        "UPDATE counters SET ends = ? + life, kept = ? + life + min(life, ?) WHERE ends - life > ? AND total < ?",
        (opens, opens, GRACE, now, _CLAIM),
    ).rowcount
    # The file is shut while its time is more than this ahead.
    connection.execute("UPDATE clock SET latest = ?", (opens + APART,))
    patience.wait(lambda: connection.execute("COMMIT"))
    return Repaired(ahead / 1_000, _SHUT, kept, renewed)


def _number(connection: sqlite3.Connection, query: str) -> int:
    (number,) = connection.execute(query).fetchone()
    return int(number)
