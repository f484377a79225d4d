"""The guard."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Sequence

Scope = Literal["process", "shared"]

U32 = 2**32 - 1


class Charge(NamedTuple):
    """One change of one counter.

    key: name of the counter, a keyed hash.
    amount: what to add. Negative: give back. Zero: only read.
    limit: the highest total that this charge may lead to.
    ttl_seconds: life of the counter, from its creation.
    """

    key: str
    amount: int
    limit: int
    ttl_seconds: int

    def apply(self, total: int) -> tuple[int, bool]:
        """Give what the charge makes of a total, and whether its limit refuses that."""
        following = min(max(total + self.amount, 0), U32)
        return following, self.amount >= 0 and following > self.limit


class Total(NamedTuple):
    """A counter after a charge.

    total: what the charge led to or, if its limit refused it, would have led to.
    ends_in_seconds: until the counter ends, rounded up; for an absent counter, the charge's own life.
    """

    total: int
    ends_in_seconds: int


class GuardError(Exception):
    """A guard gave no totals. The operation is refused."""


class GuardFull(GuardError):  # noqa: N818
    """There is no room for a new counter, and no live counter may be forgotten for it."""


class GuardUnreachable(GuardError):  # noqa: N818
    """There is no answer. Whether the charges were made is not known."""


class Guard(Protocol):
    """A store of counters.

    ``add`` makes the charges in their order and stops after the first that its limit refuses. For each, atomically: an absent key,
    or one whose life is over, stands at 0 and would live ``ttl_seconds``. The new total is ``Charge.apply``. If the limit refuses, the
    counter stays as it was, the answer's last entry is that new total, and no later charge is made. An existing key keeps its end.
    A charge that is not positive, on an absent key, answers 0 and creates nothing. A list whose answer is lost must not be made
    again. Raises ``GuardFull`` or ``GuardUnreachable``.

    ``scope`` says who shares the counters: ``process``, and they and the tokens end with it, or ``shared``.
    """

    scope: Scope

    def add(self, charges: Sequence[Charge]) -> Sequence[Total]:
        """Make the charges."""
        ...


@runtime_checkable
class AsyncGuard(Protocol):
    """A store of counters whose answers are awaited. What it must do is said at ``Guard``."""

    scope: Scope

    async def add(self, charges: Sequence[Charge]) -> Sequence[Total]:
        """Make the charges."""
        ...


class SelfTest:
    """A list on a counter of its own, whose answer is known."""

    def __init__(self) -> None:
        key = f"2fa.self-test.{secrets.token_hex(8)}"
        steps = ((1, 9), (1, 9), (-5, 0), (0, 0), (1, 0), (1, 9))
        self.charges = [Charge(key, amount, limit, 60) for amount, limit in steps]

    def judge(self, totals: Sequence[Total]) -> None:
        """Raise if these are not the totals of a store that does what it must."""
        given = [total.total for total in totals]
        if given != [1, 2, 0, 0, 1]:
            raise GuardUnreachable(f"the guard is unfit: its self-test gave {given} instead of [1, 2, 0, 0, 1]")
