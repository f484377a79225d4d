"""The file of a guard, as it is opened, and how long its lock is tried for."""

from __future__ import annotations

import random
import sqlite3
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

from xoxzo_2fa.guards import _place
from xoxzo_2fa.guards._guard import GuardError, GuardFull, GuardUnfit, GuardUnreachable

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

_T = TypeVar("_T")

# "x2fa".
_APPLICATION = 0x78326661

_VERSION = 1

_SCHEMA = (
    "CREATE TABLE counters (name TEXT PRIMARY KEY, total INTEGER NOT NULL, life INTEGER NOT NULL, ends INTEGER NOT NULL,"
    " kept INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX counters_by_kept ON counters (kept);"
    "CREATE TABLE clock (one INTEGER PRIMARY KEY CHECK (one = 1), latest INTEGER NOT NULL);"
    "INSERT INTO clock VALUES (1, 0)"
)

_PAGE = 4_096

# The longest pause before a lock is tried again, in seconds. Pauses are drawn, so that processes do not try in step.
_PAUSE = 0.004

# Of SQLite's result codes those that mean something here, and their texts: before Python 3.11 there is no code.
_BUSY, _LOCKED, _CORRUPT, _FULL, _NOT_A_DATABASE = 5, 6, 11, 13, 26
_TEXTS = {
    "database is locked": _BUSY,
    "database table is locked": _LOCKED,
    "database disk image is malformed": _CORRUPT,
    "database or disk is full": _FULL,
    "file is not a database": _NOT_A_DATABASE,
}


class Patience:
    """How long a lock is tried for."""

    def __init__(self, timeout: float) -> None:
        self._until = time.monotonic() + timeout

    def wait(self, step: Callable[[], _T]) -> _T:
        """Try until the file is not busy."""
        while True:
            try:
                return step()
            except sqlite3.Error as fault:
                if _code(fault) not in (_BUSY, _LOCKED) or time.monotonic() >= self._until:
                    raise lost(fault) from None
            time.sleep(random.uniform(0, _PAUSE))  # noqa: S311


@dataclass(frozen=True)
class File:
    """How to open a file."""

    path: str | os.PathLike[str]
    timeout: float
    size: int
    network: bool
    clock: Callable[[], float]

    def now(self) -> int:
        """Return the time in milliseconds since 1970-01-01T00:00:00Z."""
        return max(int(self.clock() * 1_000), 0)

    def connect(self) -> sqlite3.Connection:
        """Open the file, which is made a guard's if it is empty."""
        path = _place.check(self.path, network=self.network)
        patience = Patience(self.timeout)
        try:
            # It is there: `rw` makes none.
            connection = sqlite3.connect(
                f"file:{quote(bytes(path))}?mode=rw", uri=True, timeout=0, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as fault:
            raise lost(fault) from None
        try:
            patience.wait(lambda: self._set_up(connection))
        except BaseException:
            connection.close()
            raise
        return connection

    def _set_up(self, connection: sqlite3.Connection) -> None:
        connection.execute("BEGIN IMMEDIATE")
        try:
            _own(connection)
            connection.execute("COMMIT")
        except BaseException:
            connection.rollback()
            raise
        if _pragma(connection, "journal_mode = TRUNCATE") != "truncate":
            raise GuardUnfit("the file has no rollback journal")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute(f"PRAGMA max_page_count = {max(self.size // _PAGE, 16)}")
        connection.execute("PRAGMA mmap_size = 0")


def _own(connection: sqlite3.Connection) -> None:
    application, version = (_pragma(connection, name) for name in ("application_id", "user_version"))
    if (application, version) == (_APPLICATION, _VERSION):
        return
    if application == _APPLICATION:
        raise GuardUnfit("the file is of another version")
    (empty,) = connection.execute("SELECT count(*) = 0 FROM sqlite_schema").fetchone()
    if (application, version) != (0, 0) or not empty:
        raise GuardUnfit("the file is not a guard's")
    connection.execute(f"PRAGMA application_id = {_APPLICATION}")
    connection.execute(f"PRAGMA user_version = {_VERSION}")
    for statement in _SCHEMA.split(";"):
        connection.execute(statement)


def _pragma(connection: sqlite3.Connection, text: str) -> object:
    (value,) = connection.execute(f"PRAGMA {text}").fetchone()
    return value


def _code(fault: sqlite3.Error) -> int | None:
    code = getattr(fault, "sqlite_errorcode", None)
    return _TEXTS.get(str(fault)) if code is None else code & 0xFF


def lost(fault: sqlite3.Error) -> GuardError:
    """Tell the kind of an error, without the path."""
    code = _code(fault)
    if code == _FULL:
        return GuardFull("the guard's file is full")
    if code in (_BUSY, _LOCKED):
        return GuardUnreachable("busy: other processes have the file")
    if code == _NOT_A_DATABASE:
        return GuardUnfit("the file is not a guard's")
    if code == _CORRUPT:
        return GuardUnfit("the file is damaged")
    return GuardUnreachable(f"file: {getattr(fault, 'sqlite_errorname', type(fault).__name__)}")
