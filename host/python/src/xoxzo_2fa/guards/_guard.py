"""The guard."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Scope = Literal["process", "shared"]

U32 = 2**32 - 1


class Charge(NamedTuple):
    """One change of one counter.

    counter: name of the counter: 22 characters of base64url, a keyed hash.
    group: name of its group, likewise. A counter is always in the same group.
    amount: what to add. Negative: give back. Zero: only look.
    limit: the highest total that this charge may lead to.
    ttl_seconds: life of the counter, from its creation.
    """

    counter: str
    group: str
    amount: int
    limit: int
    ttl_seconds: int

    @classmethod
    def new(cls, counter: str, amount: int, limit: int, ttl_seconds: int) -> Charge:
        """Make a charge on a counter that is a group of its own."""
        return cls(counter, counter, amount, limit, ttl_seconds)

    def in_group(self, group: str) -> Charge:
        """Put the counter into a group."""
        return self._replace(group=group)

    @staticmethod
    def runs(charges: Sequence[Charge]) -> Iterator[list[Charge]]:
        """Cut a list into its runs: neighbouring charges of one group, which a store makes as one."""
        for _, run in groupby(charges, lambda charge: charge.group):
            yield list(run)

    def apply(self, total: int) -> tuple[int, bool]:
        """Return what the charge makes of a total, and whether its limit refuses that."""
        following = min(max(total + self.amount, 0), U32)
        return following, self.amount >= 0 and following > self.limit


class Total(NamedTuple):
    """A counter after a charge.

    total: what the charge led to or, if its limit refused it, would have led to.
    ends_in_seconds: until the counter ends, rounded up; for an absent counter, the charge's own life.
    """

    total: int
    ends_in_seconds: int


@dataclass(frozen=True)
class Totals:
    """What a guard answers to a list of charges.

    totals: the counters in the order of the charges, up to the first that was refused.
    now: the store's time in seconds since 1970-01-01T00:00:00Z, by which its counters end. None if nobody can set the clock that it
    measures by. The engine compares it with the host's clock, and fails with ``clock`` if they are more than 120 s apart.
    """

    totals: Sequence[Total]
    now: int | None = None


class GuardError(Exception):
    """A guard gave no totals. The operation is refused.

    The text is a cause for a log: it begins with the kind of fault, such as ``connect:`` or ``busy:``, and holds no URL and no password.
    """

    @property
    def cause(self) -> str:
        """The text, as it comes to operators."""
        return str(self)


class GuardFull(GuardError):  # noqa: N818
    """There is no room for a new counter, and no live counter may be forgotten for it."""

    @property
    def cause(self) -> str:
        """The text, as it comes to operators."""
        return "full: no room for a new counter"


class GuardUnreachable(GuardError):  # noqa: N818
    """There is no answer. Whether the charges were made is not known."""


class GuardUnfit(GuardError):  # noqa: N818
    """The store gives wrong totals, or may lose counters."""

    @property
    def cause(self) -> str:
        """The text, as it comes to operators."""
        return f"unfit: {self}"


class Guard(Protocol):
    """A store of counters. ``xoxzo_2fa.guards.suite`` has tests for one of your own.

    ``add`` makes the charges in their order and stops after the first that its limit refuses. A counter that is absent, or whose life is
    over, stands at 0 and would live ``ttl_seconds``. The new total is ``Charge.apply``. If the limit refuses, the counter stays as it
    was, the answer's last entry is that new total, and no later charge is made. An existing counter keeps its end. A counter that comes
    to 0 is deleted, and a charge that is not positive creates none.

    ``Charge.runs`` are made as one each: nothing comes between their charges. A list whose answer is lost must not be made again. A store
    whose time is a wall clock tells it as ``Totals.now``; if it made a list more than 120 s after its present time, it makes no charge
    and answers no totals and that list's time. A full store refuses without looking through all counters, and ended counters go a few
    with each list. Raises ``GuardFull``, ``GuardUnreachable`` or ``GuardUnfit``.

    ``scope`` says who shares the counters: ``process``, and they and the tokens end with it, or ``shared``.
    """

    scope: Scope

    def add(self, charges: Sequence[Charge]) -> Totals:
        """Make the charges."""
        ...


@runtime_checkable
class AsyncGuard(Protocol):
    """A store of counters whose answers are awaited. What it must do is said at ``Guard``."""

    scope: Scope

    async def add(self, charges: Sequence[Charge]) -> Totals:
        """Make the charges."""
        ...


class SelfTest(NamedTuple):
    """A list on a counter of its own, and the totals that are right."""

    charges: list[Charge]
    right: list[int]

    @classmethod
    def lists(cls) -> Iterator[SelfTest]:
        """Yield two lists to make in this order. A store that begins anew with each list is found by the second."""
        own = secrets.token_urlsafe(16)
        for steps, right in (
            (((1, 9), (1, 9)), [1, 2]),
            (((0, 9), (-5, 0), (0, 0), (1, 0), (1, 9)), [2, 0, 0, 1]),
        ):
            yield cls([Charge.new(own, amount, limit, 60) for amount, limit in steps], right)

    @staticmethod
    def look() -> list[Charge]:
        """Return a list that only looks at a counter of its own, which is absent."""
        return [Charge.new(secrets.token_urlsafe(16), 0, 9, 60)]

    def judge(self, totals: Totals) -> None:
        """Raise if these are not the totals of a store that does what it must."""
        if not totals.totals and totals.now is not None:
            # A store that a wrong clock has shut answers nothing but its time, and opens again by itself or by a repair: until then each
            # operation says so.
            return
        given = [total.total for total in totals.totals]
        if given != self.right:
            raise GuardUnfit(f"the guard is unfit: its self-test gave {given} instead of {self.right}")
