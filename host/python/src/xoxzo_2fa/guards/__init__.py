"""The only state: counters with an end, behind one verb. ``wit/guard.wit`` says what a store must do."""

from xoxzo_2fa.guards._guard import (
    AsyncGuard,
    Charge,
    Guard,
    GuardError,
    GuardFull,
    GuardUnfit,
    GuardUnreachable,
    Scope,
    Total,
    Totals,
)
from xoxzo_2fa.guards._memory import MemoryGuard
from xoxzo_2fa.guards._repair import Repaired
from xoxzo_2fa.guards._sqlite import SqliteGuard

__all__ = [
    "AsyncGuard",
    "Charge",
    "Guard",
    "GuardError",
    "GuardFull",
    "GuardUnfit",
    "GuardUnreachable",
    "MemoryGuard",
    "Repaired",
    "Scope",
    "SqliteGuard",
    "Total",
    "Totals",
]
