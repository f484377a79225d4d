"""Counters in PostgreSQL 13 or later, for many machines, with connections of their own: no transaction of a request reaches them.

A function of the database, which the app's migration creates, makes a list in one round trip and one transaction. The connections are
those of ``DATABASES`` and psycopg 3, straight or through a pooler of transactions.
"""

from __future__ import annotations

import select
import time
from typing import TYPE_CHECKING, Any

import psycopg
from django.db import connections

from xoxzo_2fa.guards._guard import U32, Charge, GuardError, GuardFull, GuardUnfit, GuardUnreachable, Scope, Total, Totals
from xoxzo_2fa.guards._process import PerProcess
from xoxzo_2fa.guards._repair import Repaired

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

# The largest table, where nothing else is set: about eight million counters.
_SIZE = 1 << 30

# Idle connections that a process keeps, and for how many seconds: networks forget what is silent for longer.
_IDLE, _FRESH = 4, 30.0

# Whatever the defaults of server, database and role are. All in one message, so that a pooler keeps it on one connection.
_CALL = (
    "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL statement_timeout = {timeout}; SET LOCAL lock_timeout = 0; "
    "SELECT {function}; COMMIT"
)
_CHARGE = "xoxzo_2fa_charge(%s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s, %s)"
_REPAIR = "xoxzo_2fa_repair(%s)"

# Causes by SQLSTATE, or its beginning.
_STATES: tuple[tuple[str, type[GuardError], str], ...] = (
    ("53100", GuardFull, "the table is full"),
    ("42883", GuardUnfit, "the function is missing: manage.py migrate"),
    ("42P01", GuardUnfit, "the tables are missing: manage.py migrate"),
    ("42501", GuardUnfit, "the role may not use the tables"),
    ("25006", GuardUnreachable, "readonly: the server is read-only"),
    ("57014", GuardUnreachable, "timeout: no answer in time"),
    ("57P", GuardUnreachable, "connect: the server is shutting down"),
)

# Causes by what the message says when there is no connection, and so no SQLSTATE. It names hosts and roles, and is not passed on.
_REASONS = (
    ("authentication failed", "auth: the server does not take the credentials"),
    ("does not exist", "connect: the server has no such role or database"),
    ("too many", "busy: the server has no room for a connection"),
    ("timeout", "timeout: no connection in time"),
)


class DatabaseGuard:
    """A store in a PostgreSQL database of ``DATABASES``. ``manage.py migrate --database ALIAS`` creates its tables.

    Every list is committed before it is answered. What the server loses when it fails over to a replica is lost: replicate synchronously.

    alias: the database's.
    timeout: seconds for a connection, and for an answer.
    size: bytes of the largest table. Beyond, new counters are refused with ``GuardFull``, until ``VACUUM`` has given back the space of
    those that ended.
    danger_clock: seconds since 1970-01-01T00:00:00Z, instead of the server's. For tests: one that jumps ahead ends counters.
    """

    scope: Scope = "shared"

    def __init__(
        self, alias: str = "default", *, timeout: float = 5.0, size: int = _SIZE, danger_clock: Callable[[], float] | None = None
    ) -> None:
        self._idle = PerProcess(lambda: _Idle(alias, timeout))
        self._timeout, self._size, self._clock = timeout, size, danger_clock

    def add(self, charges: Sequence[Charge]) -> Totals:
        """Make the charges."""
        try:
            return self._add(charges)
        except GuardFull:
            # Delete a few of the rows that are kept no longer.
            self._add([])
            raise

    def repair(self) -> Repaired:
        """Set the counters right that were used while the server's clock was ahead, which has shut the store since.

        The server's time must be right by now. The store stays shut for another 840 s and keeps all counts, as ``SqliteGuard.repair`` says.
        """
        ahead, shut, kept, renewed = self._call(_REPAIR, [self._now()])
        return Repaired(ahead / 1_000, shut / 1_000, kept, renewed)

    def close(self) -> None:
        """Close the connections that are idle."""
        self._idle.get().close()

    def _add(self, charges: Sequence[Charge]) -> Totals:
        columns: list[Any] = [list(column) for column in zip(*charges, strict=True)] or [[]] * 5
        return _read(self._call(_CHARGE, [*columns, self._size, self._now()]), len(charges))

    def _call(self, function: str, arguments: Sequence[Any]) -> Any:
        statements = _CALL.format(timeout=max(int(self._timeout * 1_000), 1), function=function)
        return self._idle.get().ask(statements, arguments)

    def _now(self) -> int | None:
        return None if self._clock is None else max(int(self._clock() * 1_000), 0)


def _read(answer: Any, asked: int) -> Totals:
    formed = isinstance(answer, list) and len(answer) % 2 == 1 and all(isinstance(number, int) and number >= 0 for number in answer)
    if not formed or len(answer) > 2 * asked + 1:
        raise GuardUnreachable("server: no readable answer")
    now, *numbers = answer
    if not numbers and asked:
        # The time of a list that is in the future, rounded up.
        return Totals((), min(-(-now // 1_000), U32))
    totals = [Total(total, min(-(-left // 1_000), U32)) for total, left in zip(numbers[::2], numbers[1::2], strict=True)]
    return Totals(totals, min(now // 1_000, U32))


class _Connection(psycopg.Connection[Any]):
    """A connection whose answers are waited for until a time: a server that stands still says nothing."""

    until = float("inf")

    def wait(self, gen: Any, *arguments: Any, **named: Any) -> Any:
        return super().wait(self._bounded(gen), *arguments, **named)

    def _bounded(self, steps: Any) -> Generator[Any, Any, Any]:
        ready = None
        while True:
            try:
                wanted = steps.send(ready)
            except StopIteration as end:
                return end.value
            # The caller comes back now and then, ready or not.
            ready = yield wanted
            if time.monotonic() > self.until:
                raise TimeoutError


class _Idle:
    """The connections of one process that no thread is using."""

    def __init__(self, alias: str, timeout: float) -> None:
        self._alias, self._timeout = alias, timeout
        # Of a list, `append` and `pop` need no lock.
        self._connections: list[tuple[float, _Connection]] = []

    def ask(self, statements: str, arguments: Sequence[Any]) -> Any:
        """Run statements of which one answers a value, on a connection that nobody else has meanwhile. One that failed is used no more."""
        connection = None
        try:
            connection = self._fresh() or self._connect()
            connection.until = time.monotonic() + self._timeout + 1
            with psycopg.ClientCursor(connection) as cursor:
                cursor.execute(statements.encode(), arguments)
                while cursor.description is None and cursor.nextset():
                    pass
                value = cursor.fetchall()[0][0]
        except BaseException as fault:
            if connection is not None:
                connection.close()
            if isinstance(fault, psycopg.Error):
                raise _lost(fault) from None
            if isinstance(fault, TimeoutError):
                raise GuardUnreachable("timeout: no answer in time") from None
            raise
        self._keep(connection)
        return value

    def close(self) -> None:
        while self._connections:
            self._connections.pop()[1].close()

    def _fresh(self) -> _Connection | None:
        while self._connections:
            try:
                since, connection = self._connections.pop()
            except IndexError:
                return None
            # One that the server closed can be read: the end of what it sends.
            if time.monotonic() - since < _FRESH and not select.select([connection], [], [], 0)[0]:
                return connection
            connection.close()
        return None

    def _keep(self, connection: _Connection) -> None:
        if len(self._connections) < _IDLE:
            self._connections.append((time.monotonic(), connection))
        else:
            connection.close()

    def _connect(self) -> _Connection:
        given = connections[self._alias].get_connection_params()
        # Cursors and adapters are Django's.
        own = {name: value for name, value in given.items() if name not in {"cursor_factory", "context", "prepare_threshold", "autocommit"}}
        seconds = max(int(self._timeout), 2)
        times = {"connect_timeout": seconds, "tcp_user_timeout": seconds * 1_000}
        return _Connection.connect(**{**times, **own}, autocommit=True, prepare_threshold=None)


def _lost(fault: psycopg.Error) -> GuardError:
    """Tell the kind of an error, without addresses and credentials."""
    state = fault.sqlstate or ""
    for prefix, kind, text in _STATES:
        if state.startswith(prefix):
            return kind(text)
    if state:
        return GuardUnreachable(f"server: {state}")
    said = str(fault)
    return GuardUnreachable(next((text for words, text in _REASONS if words in said), "connect: no connection"))
