"""Lists of charges on the rows of a guard's file, within a transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xoxzo_2fa.guards._guard import U32, Charge, Total, Totals

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

# How far the time may lie before that of the latest list, in milliseconds.
APART = 120_000

# An ended row stays at most for so long, in milliseconds.
GRACE = 86_400_000

# Rows that are deleted with each list, at most. More than a list adds, so that a busy file does not grow without end.
_SWEPT = 16


def make(connection: sqlite3.Connection, now: int, lists: Sequence[Sequence[Charge]]) -> list[Totals]:
    """Make lists at a time in milliseconds. None of them: only sweep."""
    (latest,) = connection.execute("SELECT latest FROM clock").fetchone()
    if now < latest - APART:
        return [Totals((), _seconds(latest + 999)) for _ in lists]
    now = max(now, latest)
    before = connection.total_changes
    answers = [Totals(_made(connection, now, charges), _seconds(now)) for charges in lists]
    if connection.total_changes != before or not lists:
        _sweep(connection, latest, now, _SWEPT * max(len(lists), 1))
    return answers


def _made(connection: sqlite3.Connection, now: int, charges: Sequence[Charge]) -> list[Total]:
    totals = []
    for charge in charges:
        name, _, _, _, ttl = charge
        life = ttl * 1_000
        live = connection.execute("SELECT total, ends FROM counters WHERE name = ? AND ends > ?", (name, now)).fetchone()
        before, ends = live or (0, now + life)
        total, refused = charge.apply(before)
        if not refused and total != before:
            if total == 0:
                connection.execute("DELETE FROM counters WHERE name = ?", (name,))
            elif live:
                connection.execute("UPDATE counters SET total = ? WHERE name = ?", (total, name))
            else:
                row = (name, total, life, ends, ends + min(life, GRACE))
                connection.execute("REPLACE INTO counters VALUES (?, ?, ?, ?, ?)", row)
        totals.append(Total(total, min(-((now - ends) // 1_000), U32)))
        if refused:
            break
    return totals


def _sweep(connection: sqlite3.Connection, latest: int, now: int, most: int) -> None:
    """Delete some of the rows that are kept no longer by the time of the list before, and write down the time of this one."""
    some = "SELECT name FROM counters WHERE kept <= ? ORDER BY kept LIMIT ?"
    connection.execute(f"DELETE FROM counters WHERE name IN ({some})", (latest, most))  # noqa: S608
    connection.execute("UPDATE clock SET latest = ?", (now,))


def _seconds(time: int) -> int:
    """Return whole seconds of a time in milliseconds."""
    return min(time // 1_000, U32)
