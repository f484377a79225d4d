"""The operations: blocking, and for asyncio."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import time
from typing import TYPE_CHECKING, Any, cast

from xoxzo_2fa._driver import Prepared, drive
from xoxzo_2fa._engine import Engine, encode, shared
from xoxzo_2fa._errors import TwoFactorError, Upstream
from xoxzo_2fa._events import Event, listening, log
from xoxzo_2fa._records import (
    Acceptance,
    Binding,
    Challenge,
    Report,
    Sending,
    Trail,
    Unlocked,
    record,
)
from xoxzo_2fa.guards import AsyncGuard, Guard, GuardError
from xoxzo_2fa.guards._guard import SelfTest
from xoxzo_2fa.transports import AsyncTransport, Lost, Request, StandardTransport, Transport

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from xoxzo_2fa._settings import Settings

_SMS = Sending()

# Which answer an operation must end with, and the record of it.
_ENDS: dict[str, tuple[str, type[Any]]] = {
    "start": ("challenged", Challenge),
    "resend": ("challenged", Challenge),
    "verify": ("accepted", Acceptance),
    "status": ("reported", Report),
    "unlock": ("unlocked", Unlocked),
}


class _Base:
    """What both clients share."""

    def __init__(
        self,
        settings: Settings,
        scope: Any,
        audit: Callable[[Event], object] | None,
        danger_clock: Callable[[], float],
        component: bytes | None,
    ) -> None:
        engine = shared() if component is None else Engine(component)
        self._prepared = Prepared(engine, settings.document(scope), danger_clock)
        self._audit = audit

    @property
    def effective_settings(self) -> str:
        """The settings in effect, defaults filled in, as JSON without secrets."""
        return self._prepared.effective

    @property
    def warnings(self) -> list[str]:
        """What is allowed and unwise in the settings, a sentence each."""
        return list(self._prepared.warnings)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._prepared.effective})"

    @staticmethod
    def _ended(operation: str, kind: str, answer: dict[str, Any]) -> Any:
        expected, record_type = _ENDS[operation]
        if kind != expected:
            raise Upstream("plugin", "the component ended another operation")
        return record(record_type, answer)

    def _tell(self, operation: str, began: float, about: Binding | None, result: Any) -> None:
        """Tell what came of an operation: a record, or the exception that ended it."""
        failed = result if isinstance(result, TwoFactorError) else None
        alarm = getattr(result, "alarm", None)
        # With nobody to see it, an event about nothing odd is not worth the hashes in it.
        odd = alarm is not None or (failed is not None and failed.blame != "refuse")
        if self._audit is None and not odd and not listening():
            return
        trail = None
        if about is not None:
            question = {"trail_of": {"binding": about._question()}}  # noqa: SLF001
            # If it has not its form, the event says so by its code.
            with contextlib.suppress(TwoFactorError):
                trail = record(Trail, self._prepared.engine.once(question, self._prepared.settings)[1])
        named = about is not None and about.purpose and not (failed and failed.code == "request")
        event = Event(
            operation=operation,
            outcome=failed.blame if failed else "ok",
            code=failed.code if failed else None,
            purpose=about.purpose if about is not None and named else None,
            delivery=getattr(result, "delivery", None),
            parts=getattr(result, "parts", None),
            trail=trail,
            alarm=alarm,
            took=time.monotonic() - began,
        )
        (self._audit or log)(event)


def _start(binding: Binding, sending: Sending) -> dict[str, Any]:
    return {"start": {"binding": binding._question(), "sending": sending._question()}}  # noqa: SLF001


def _resend(token: str, binding: Binding, sending: Sending) -> dict[str, Any]:
    both = _start(binding, sending)["start"]
    return {"resend": {"token": token, **both}}


def _verify(token: str, binding: Binding, pin: str, client: str | None) -> dict[str, Any]:
    question = {"token": token, "binding": binding._question(), "pin": pin}  # noqa: SLF001
    if client is not None:
        question["client"] = client
    return {"verify": question}


def _unlock(subject: str, recipient: str) -> dict[str, Any]:
    return {"unlock": {"subject": subject, "recipient": recipient}}


class TwoFactor(_Base):
    """SMS two-factor authentication. Use one from any thread.

    transport: the way to Xoxzo; the standard library's HTTP if None.
    audit: takes every event, on the thread of the operation; ``logging`` if None.
    danger_clock: seconds since 1970-01-01T00:00:00Z. For tests: a clock that stands still never lets a challenge expire.
    component: another component of world ``two-factor-steps``.

    Raises ``Misuse`` for wrong settings, ``Upstream`` for a guard that is out of reach or unfit.
    """

    def __init__(  # noqa: PLR0913
        self,
        settings: Settings,
        guard: Guard,
        *,
        transport: Transport | None = None,
        audit: Callable[[Event], object] | None = None,
        danger_clock: Callable[[], float] = time.time,
        component: bytes | None = None,
    ) -> None:
        super().__init__(settings, guard.scope, audit, danger_clock, component)
        self._guard = guard
        self._transport: Transport = StandardTransport() if transport is None else transport
        try:
            check = getattr(guard, "check", None)
            if check is not None:
                check()
            test = SelfTest()
            test.judge(guard.add(test.charges))
        except GuardError as fault:
            raise Upstream("guard", str(fault)) from None

    def start(self, binding: Binding, sending: Sending = _SMS) -> Challenge:
        """Make a PIN, send it to the binding's recipient, and answer the challenge.

        Raises ``Refuse`` by a limit or for a number that is not allowed, ``Upstream`` if nothing was sent or the guard is out of
        reach, ``Misuse`` for a malformed argument. A message that may have been sent is no error: its delivery is ``unknown``.
        """
        return cast("Challenge", self._run("start", _start(binding, sending), binding))

    def resend(self, token: str, binding: Binding, sending: Sending = _SMS) -> Challenge:
        """Send the PIN of a challenge once more: the same PIN, the same token, no more life and no more guesses.

        On the user's own act only. Raises as ``start``, and ``Refuse`` for a token that is not for this binding, is used or
        exhausted, or has less than a minute left.
        """
        return cast("Challenge", self._run("resend", _resend(token, binding, sending), binding))

    def verify(self, token: str, binding: Binding, pin: str, client: str | None = None) -> Acceptance:
        """Compare what the user typed. An acceptance comes back at most once per challenge; everything else raises.

        client: the end user's address. Required if the settings have ``failures.per_client``.

        Raises ``Refuse`` with the code to show; ``Upstream`` if the guard is out of reach, after which the guess may have been charged;
        ``Misuse`` for a malformed binding. Do not repeat a call whose answer was lost.
        """
        return cast("Acceptance", self._run("verify", _verify(token, binding, pin, client), binding))

    def status(self, handle: str) -> Report:
        """Ask Xoxzo what became of a message, by the handle of its challenge. At most once in 5 s for each, and for a day.

        Raises ``Refuse`` for a handle that is not ours or too old, or if it was asked moments ago; ``Upstream`` if Xoxzo does not say.
        """
        return cast("Report", self._run("status", {"status": {"handle": handle}}, None))

    def unlock(self, subject: str, recipient: str) -> Unlocked:
        """Lift the lock of a subject with a recipient, and forget their failures.

        For operators, after they have made sure who asks. Raises ``Misuse`` for a malformed argument, ``Upstream`` if the guard is out of
        reach.
        """
        about = Binding(recipient, subject, "")
        return cast("Unlocked", self._run("unlock", _unlock(subject, recipient), about))

    def _run(self, operation: str, question: dict[str, Any], about: Binding | None) -> Any:
        began = time.monotonic()
        result: Any
        try:
            result = self._finish(operation, question)
        except TwoFactorError as failed:
            self._tell(operation, began, about, failed)
            raise
        self._tell(operation, began, about, result)
        return result

    def _finish(self, operation: str, question: dict[str, Any]) -> Any:
        steps = drive(self._prepared, encode(question), keep=True)
        came: Any = None
        try:
            while True:
                wanted = steps.send(came)
                try:
                    came = self._transport.send(wanted) if isinstance(wanted, Request) else self._guard.add(wanted)
                except (GuardError, Lost) as lost:
                    came = lost
        except StopIteration as end:
            return self._ended(operation, *end.value)
        finally:
            steps.close()


class AsyncTwoFactor(_Base):
    """SMS two-factor authentication for asyncio. Make one with ``await AsyncTwoFactor.create(...)``.

    Each step is a call of well under a millisecond; no instance lives while an answer is awaited. A guard or transport that blocks
    is run on a thread. A task that is cancelled stops where it waits: what was charged stays charged, and a message may be on its
    way. Use ``asyncio.shield`` where the caller may go away, and do not repeat an operation.
    """

    _guard: Guard | AsyncGuard
    _transport: Transport | AsyncTransport

    @classmethod
    async def create(  # noqa: PLR0913
        cls,
        settings: Settings,
        guard: Guard | AsyncGuard,
        *,
        transport: Transport | AsyncTransport | None = None,
        audit: Callable[[Event], object] | None = None,
        danger_clock: Callable[[], float] = time.time,
        component: bytes | None = None,
    ) -> AsyncTwoFactor:
        """Make a client. Arguments and exceptions as of ``TwoFactor``."""
        client = cls(settings, guard.scope, audit, danger_clock, component)
        client._guard = guard
        client._transport = StandardTransport() if transport is None else transport
        try:
            check = getattr(guard, "check", None)
            if check is not None:
                await _awaited(check)
            test = SelfTest()
            test.judge(await client._add(test.charges))
        except GuardError as fault:
            raise Upstream("guard", str(fault)) from None
        return client

    async def start(self, binding: Binding, sending: Sending = _SMS) -> Challenge:
        """As ``TwoFactor.start``."""
        return cast("Challenge", await self._run("start", _start(binding, sending), binding))

    async def resend(self, token: str, binding: Binding, sending: Sending = _SMS) -> Challenge:
        """As ``TwoFactor.resend``."""
        return cast("Challenge", await self._run("resend", _resend(token, binding, sending), binding))

    async def verify(self, token: str, binding: Binding, pin: str, client: str | None = None) -> Acceptance:
        """As ``TwoFactor.verify``."""
        question = _verify(token, binding, pin, client)
        return cast("Acceptance", await self._run("verify", question, binding))

    async def status(self, handle: str) -> Report:
        """As ``TwoFactor.status``."""
        return cast("Report", await self._run("status", {"status": {"handle": handle}}, None))

    async def unlock(self, subject: str, recipient: str) -> Unlocked:
        """As ``TwoFactor.unlock``."""
        about = Binding(recipient, subject, "")
        return cast("Unlocked", await self._run("unlock", _unlock(subject, recipient), about))

    async def _run(self, operation: str, question: dict[str, Any], about: Binding | None) -> Any:
        began = time.monotonic()
        result: Any
        try:
            result = await self._finish(operation, question)
        except TwoFactorError as failed:
            self._tell(operation, began, about, failed)
            raise
        self._tell(operation, began, about, result)
        return result

    async def _finish(self, operation: str, question: dict[str, Any]) -> Any:
        steps = drive(self._prepared, encode(question), keep=False)
        came: Any = None
        try:
            while True:
                wanted = steps.send(came)
                try:
                    came = await (self._send(wanted) if isinstance(wanted, Request) else self._add(wanted))
                except (GuardError, Lost) as lost:
                    came = lost
        except StopIteration as end:
            return self._ended(operation, *end.value)
        finally:
            steps.close()

    async def _add(self, charges: Any) -> Any:
        if getattr(self._guard, "blocks", True):
            return await _awaited(self._guard.add, charges)
        return self._guard.add(charges)

    async def _send(self, request: Request) -> Any:
        return await _awaited(self._transport.send, request)


async def _awaited(function: Callable[..., Any], *arguments: Any) -> Any:
    """Await what is to be awaited, and run what blocks on a thread."""
    if inspect.iscoroutinefunction(function):
        return await cast("Awaitable[Any]", function(*arguments))
    return await asyncio.to_thread(function, *arguments)
