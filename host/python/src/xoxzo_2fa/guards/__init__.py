"""The only state: counters with an end, behind one verb. ``wit/guard.wit`` says what a store must do."""

from xoxzo_2fa.guards._guard import (
    AsyncGuard,
    Charge,
    Guard,
    GuardError,
    GuardFull,
    GuardUnreachable,
    Scope,
    Total,
)
from xoxzo_2fa.guards._memory import MemoryGuard
from xoxzo_2fa.guards._sqlite import SqliteGuard

__all__ = [
    "AsyncGuard",
    "Charge",
    "Guard",
    "GuardError",
    "GuardFull",
    "GuardUnreachable",
    "MemoryGuard",
    "Scope",
    "SqliteGuard",
    "Total",
]
