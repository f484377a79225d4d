"""Clients of the operations, blocking and for asyncio."""

from __future__ import annotations

import asyncio
import inspect
import sys
import time
from contextlib import AbstractContextManager, AsyncExitStack, nullcontext
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, cast

from xoxzo_2fa import _question
from xoxzo_2fa._driver import Prepared, came, drive
from xoxzo_2fa._engine import Engine, shared
from xoxzo_2fa._errors import Misuse, TwoFactorError, Upstream
from xoxzo_2fa._events import Cost, Event, Outcome, listening, tell
from xoxzo_2fa._question import bounded
from xoxzo_2fa._records import (
    Acceptance,
    Audit,
    Binding,
    Challenge,
    Credits,
    Limits,
    Report,
    Sending,
    Trail,
    Unlocked,
    record,
)
from xoxzo_2fa._secret import Secret, attempt, attempt_awaited, cause, documented, seal
from xoxzo_2fa._settings import Settings
from xoxzo_2fa._threads import Threads
from xoxzo_2fa.guards import AsyncGuard, Guard, GuardError
from xoxzo_2fa.guards._guard import SelfTest
from xoxzo_2fa.transports import AsyncTransport, Request, StandardTransport, Transport

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from xoxzo_2fa.guards import Totals

_Function = TypeVar("_Function", bound="Callable[..., Any]")

_SMS = Sending()

# The kind of answer that an operation must end with, and its record.
_ENDS: dict[str, tuple[str, type[Any]]] = {
    "start": ("challenged", Challenge),
    "resend": ("challenged", Challenge),
    "verify": ("accepted", Acceptance),
    "status": ("reported", Report),
    "unlock": ("unlocked", Unlocked),
    "limits": ("limits", Limits),
    "credits": ("credits", Credits),
}


# Threads of an asynchronous client. A store answers within milliseconds, while Xoxzo is waited for.
_GUARD_THREADS = 8
_TRANSPORT_THREADS = 32


class _Base:
    """Common parts of both clients."""

    def __init__(
        self,
        document: Secret[str],
        audit: Callable[[Event], object] | None,
        danger_clock: Callable[[], float],
        module: bytes | None,
    ) -> None:
        engine = shared() if module is None else Engine(module)
        self._prepared = Prepared(engine, document, danger_clock)
        self._audit = audit

    @property
    def effective_settings(self) -> str:
        """The settings in effect, defaults filled in, as JSON without secrets."""
        return self._prepared.effective

    @property
    def warnings(self) -> list[str]:
        """One sentence each on settings that are allowed but unwise."""
        return list(self._prepared.warnings)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._prepared.effective})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a client cannot be pickled: make one in each process")

    def number_index(self, recipient: str) -> str:
        """Compute an index of a phone number: 22 characters, the same for the same ``guard.key``.

        With it a service finds out whether a number is already registered, and by whom, without storing the number in the clear.

        Raises ``Misuse`` for a malformed recipient.
        """
        index = seal(_indexed, self._prepared, recipient)
        del recipient
        return index.reveal()

    def _told(self, operation: str, began: float, about: Secret[Any], outcome: Secret[Any], operator: str | None) -> Any:
        """Report the outcome of an operation, and return or raise it."""
        try:
            if self._audit is not None or listening() or _is_odd(outcome):
                tell(self._audit, seal(self._event, operation, began, about, outcome, operator).reveal())
            return outcome.reveal()
        finally:
            # The exception's traceback holds this frame: without this, each would keep the other alive.
            del outcome

    def _event(self, operation: str, began: float, about: Secret[Any], outcome: Secret[Any], operator: str | None) -> Event:
        """Return the event for a record, or for the exception that ended the operation."""
        failed = outcome.failure
        known = failed if isinstance(failed, TwoFactorError) else None
        result = outcome.reveal() if failed is None else known
        code = known.code if known else None
        binding, sending = about.reveal()
        audit = result.audit if result is not None and result.audit is not None else Audit(trail=self._trail(binding))
        delivery = getattr(result, "delivery", None)
        cost, parts = _cost(result, sending) if isinstance(result, Challenge) else ("nothing", 0)
        return Event(
            operation=operation,
            outcome=_outcome(failed, result),
            code=code,
            operator=operator,
            # A purpose that the settings do not name is the caller's text, and is left out.
            purpose=binding.purpose if isinstance(binding, Binding) and binding.purpose and code != "request" else None,
            channel=sending.channel if isinstance(sending, Sending) else None,
            delivery=delivery,
            cost=cost,
            parts=parts,
            audit=audit,
            took=time.monotonic() - began,
        )

    def _trail(self, binding: Any) -> Trail | None:
        """Return the hashes of a binding. None if there is no binding or it is malformed, which the event's code then says."""
        if not isinstance(binding, Binding):
            return None
        trail = seal(_hashed, self._prepared, binding.subject, binding.recipient)
        return None if isinstance(trail.failure, TwoFactorError) else trail.reveal()


def _is_odd(outcome: Secret[Any]) -> bool:
    """Tell whether operators should see the event even if nobody listens."""
    failed = outcome.failure
    if failed is not None and not isinstance(failed, TwoFactorError):
        return True
    result = outcome.reveal() if failed is None else failed
    if failed is not None and failed.blame != "refuse":
        return True
    return result.audit is not None and result.audit.alarm is not None


def _outcome(failed: BaseException | None, result: Any) -> Outcome:
    if isinstance(failed, TwoFactorError):
        return failed.blame
    if failed is not None:
        return "cancelled"
    return "unknown" if isinstance(result, Challenge) and result.delivery == "unknown" else "ok"


def _cost(challenge: Challenge, sending: Sending) -> tuple[Cost, int]:
    if challenge.audit.decoy:
        return "nothing", 0
    if sending.channel == "voice":
        return "call", 1
    return ("template", 1) if challenge.parts is None else ("sms", challenge.parts)


def _document(settings: Settings, guard: Guard | AsyncGuard) -> str:
    if not isinstance(settings, Settings):
        raise Misuse("settings", "settings: must be `Settings(...)`")
    return settings.document(getattr(guard, "scope", None))


def _faults(settings: Settings) -> AbstractContextManager[None]:
    return settings.faults() if isinstance(settings, Settings) else nullcontext()


def _hashed(prepared: Prepared, subject: str, recipient: str) -> Trail:
    question = {"trail_of": {"subject": bounded(subject), "recipient": bounded(recipient)}}
    return record(Trail, prepared.engine.once(question, prepared.settings().reveal())[1])


def _indexed(prepared: Prepared, recipient: str) -> str:
    question = {"index_of": {"recipient": bounded(recipient)}}
    return str(prepared.engine.once(question, prepared.settings().reveal())[1]["index"])


def _ended(operation: str, kind: str, answer: Secret[dict[str, Any]]) -> Any:
    expected, record_type = _ENDS[operation]
    if kind != expected:
        raise Upstream("plugin", "the engine ended another operation")
    return record(record_type, answer.reveal())


def _fit(test: Secret[Any]) -> None:
    """Raise ``Upstream`` for a guard that failed its check or its self-test."""
    if isinstance(test.failure, GuardError):
        raise Upstream("guard", str(test.failure), audit=Audit(cause=test.failure.cause))
    if isinstance(test.failure, Exception):
        why = f"guard: it raised {cause(test.failure)}"
        raise Upstream("guard", why, audit=Audit(cause=why))
    test.reveal()


class TwoFactor(_Base):
    """SMS two-factor authentication. Use one from any thread.

    transport: sends requests to Xoxzo. The standard library's HTTP if None.
    audit: takes every event, on the thread of the operation. ``logging`` if None.
    danger_clock: seconds since 1970-01-01T00:00:00Z. For tests only: with a clock that stands still no challenge expires.
    module: another module of the form of ``wit/ASK.md``.

    Raises ``Misuse`` for wrong settings, ``Upstream`` for a guard that is unreachable or fails its self-test.
    """

    def __init__(  # noqa: PLR0913
        self,
        settings: Settings,
        guard: Guard,
        *,
        transport: Transport | None = None,
        audit: Callable[[Event], object] | None = None,
        danger_clock: Callable[[], float] = time.time,
        module: bytes | None = None,
    ) -> None:
        document = seal(_document, settings, guard)
        faults = _faults(settings)
        # If it is not a `Settings`, it may be a document with its keys.
        del settings
        with faults:
            super().__init__(document, audit, danger_clock, module)
        self._guard = guard
        self._transport: Transport = StandardTransport() if transport is None else transport
        _fit(attempt(self._self_test))

    def start(self, binding: Binding, sending: Sending = _SMS) -> Challenge:
        """Make a PIN, send it to the binding's recipient, and return the challenge.

        Raises ``Refuse`` if a limit is reached or the number is not allowed, ``Upstream`` if nothing was sent or the guard is
        unreachable, ``Misuse`` for a malformed argument. A message that may have been sent is no error: its delivery is ``unknown``.
        """
        about, question = Secret((binding, sending)), seal(_question.start, binding, sending)
        del binding, sending
        return cast("Challenge", self._run("start", question, about))

    def resend(self, token: str, binding: Binding, sending: Sending = _SMS) -> Challenge:
        """Send the PIN of a challenge once more, or say it in a call. PIN, token, lifetime and guesses stay the same.

        Call it only when the user asks for it. Raises as ``start`` does, and ``Refuse`` for a token that is not for this binding, is
        used or exhausted, or has less than a minute left.
        """
        about, question = Secret((binding, sending)), seal(_question.resend, token, binding, sending)
        del token, binding, sending
        return cast("Challenge", self._run("resend", question, about))

    def verify(self, token: str, binding: Binding, pin: str, client: str | None = None) -> Acceptance:
        """Check the PIN that the user typed. Returns an acceptance at most once per challenge, and raises in every other case.

        client: the end user's IP address. Required if the settings have ``failures.per_client``.

        Raises ``Refuse`` for ``explain`` to show, ``Upstream`` if the guard is unreachable, when the guess may have been charged, and
        ``Misuse`` for a malformed binding. Do not repeat a call whose answer was lost.
        """
        about, question = Secret((binding, None)), seal(_question.verify, token, binding, pin, client)
        del token, binding, pin, client
        return cast("Acceptance", self._run("verify", question, about))

    def status(self, handle: str) -> Report:
        """Query the delivery state of a message at Xoxzo, by the handle of its challenge: at most once in 5 s for each, and for one day.

        Raises ``Refuse`` for a handle that is invalid, too old or was queried moments ago, ``Upstream`` if Xoxzo does not say.
        """
        question = seal(_question.status, handle)
        del handle
        return cast("Report", self._run("status", question, Secret((None, None))))

    def ready(self) -> None:
        """Test the guard as at the start, and compare its clock with the host's: for the health check of a service.

        It charges no user, asks Xoxzo nothing, makes no event, and takes three or four round trips to the guard.

        Raises ``Upstream``: ``guard`` for a guard that is unreachable or unfit, with the reason in ``audit.cause``, and ``clock`` for
        clocks that are over two minutes apart.
        """
        _fit(attempt(self._self_test))
        looked = attempt(self._look)
        _fit(looked)
        self._prepared.agree(looked.reveal())

    def _look(self) -> int | None:
        return self._guard.add(SelfTest.look()).now

    def _self_test(self) -> None:
        check = getattr(self._guard, "check", None)
        if check is not None:
            check()
        for test in SelfTest.lists():
            test.judge(self._guard.add(test.charges))

    def _run(self, operation: str, question: Secret[str], about: Secret[Any], operator: str | None = None) -> Any:
        began = time.monotonic()
        return self._told(operation, began, about, seal(self._finish, operation, question), operator)

    def _finish(self, operation: str, question: Secret[str]) -> Any:
        steps = drive(self._prepared, question, keeps=True)
        answer: Any = None
        try:
            while True:
                wanted = steps.send(answer)
                outcome = attempt(self._transport.send, wanted) if isinstance(wanted, Request) else attempt(self._guard.add, wanted)
                answer = came(wanted, outcome)
        except StopIteration as end:
            return _ended(operation, *end.value)
        finally:
            steps.close()


def returns_coroutine(function: _Function) -> _Function:
    """Mark a function that returns a coroutine as a coroutine function, for callers that check before they call.

    An ``async def`` would keep its arguments in its frame, and a task that is cancelled before it starts exposes that frame.
    """
    if sys.version_info >= (3, 12):
        return inspect.markcoroutinefunction(function)
    function._is_coroutine = asyncio.coroutines._is_coroutine  # type: ignore[attr-defined]  # noqa: SLF001
    return function


class AsyncTwoFactor(_Base):
    """SMS two-factor authentication for asyncio. Make one with ``await AsyncTwoFactor.create(...)``.

    Each step is a call of well under a millisecond, and no instance lives while an answer is awaited. A blocking guard or transport runs
    on threads of the client's own: at most 8 for the guard, and 32 for the transport. A cancelled task stops where it waits: everything
    charged so far stays charged, and a message may be on its way. Use ``asyncio.shield`` where the caller may
    go away, and do not repeat an operation.
    """

    _guard: Guard | AsyncGuard
    _transport: Transport | AsyncTransport
    _guard_threads: Threads
    _transport_threads: Threads

    @classmethod
    async def create(  # noqa: PLR0913
        cls,
        settings: Settings,
        guard: Guard | AsyncGuard,
        *,
        transport: Transport | AsyncTransport | None = None,
        audit: Callable[[Event], object] | None = None,
        danger_clock: Callable[[], float] = time.time,
        module: bytes | None = None,
    ) -> AsyncTwoFactor:
        """Make a client. Arguments and exceptions are those of ``TwoFactor``."""
        document = seal(_document, settings, guard)
        faults = _faults(settings)
        del settings
        with faults:
            client = cls(document, audit, danger_clock, module)
        client._guard = guard
        client._transport = StandardTransport() if transport is None else transport
        client._guard_threads = Threads("guard", _GUARD_THREADS)
        client._transport_threads = Threads("transport", _TRANSPORT_THREADS)
        _fit(await attempt_awaited(client._self_test))
        return client

    async def aclose(self) -> None:
        """Close guard and transport, if they can be closed, and end the client's threads. The client cannot be used afterwards."""
        async with AsyncExitStack() as last:
            for part, threads in ((self._transport, self._transport_threads), (self._guard, self._guard_threads)):
                close = getattr(part, "aclose", None) or getattr(part, "close", None)
                last.callback(threads.end)
                if close is not None:
                    last.push_async_callback(threads.run, close)

    @returns_coroutine
    def start(self, binding: Binding, sending: Sending = _SMS) -> Coroutine[Any, Any, Challenge]:
        """Do the same as ``TwoFactor.start``."""
        return self._run("start", seal(_question.start, binding, sending), Secret((binding, sending)))

    @returns_coroutine
    def resend(self, token: str, binding: Binding, sending: Sending = _SMS) -> Coroutine[Any, Any, Challenge]:
        """Do the same as ``TwoFactor.resend``."""
        return self._run("resend", seal(_question.resend, token, binding, sending), Secret((binding, sending)))

    @returns_coroutine
    def verify(self, token: str, binding: Binding, pin: str, client: str | None = None) -> Coroutine[Any, Any, Acceptance]:
        """Do the same as ``TwoFactor.verify``."""
        return self._run("verify", seal(_question.verify, token, binding, pin, client), Secret((binding, None)))

    @returns_coroutine
    def status(self, handle: str) -> Coroutine[Any, Any, Report]:
        """Do the same as ``TwoFactor.status``."""
        return self._run("status", seal(_question.status, handle), Secret((None, None)))

    async def ready(self) -> None:
        """Do the same as ``TwoFactor.ready``."""
        _fit(await attempt_awaited(self._self_test))
        looked = await attempt_awaited(self._look)
        _fit(looked)
        self._prepared.agree(looked.reveal())

    async def _look(self) -> int | None:
        looked: Totals = await self._add(SelfTest.look())
        return looked.now

    async def _self_test(self) -> None:
        check = getattr(self._guard, "check", None)
        if check is not None:
            await self._guard_threads.run(check)
        for test in SelfTest.lists():
            test.judge(await self._add(test.charges))

    async def _run(self, operation: str, question: Secret[str], about: Secret[Any], operator: str | None = None) -> Any:
        began = time.monotonic()
        return self._told(operation, began, about, documented(await attempt_awaited(self._finish, operation, question)), operator)

    async def _finish(self, operation: str, question: Secret[str]) -> Any:
        steps = drive(self._prepared, question, keeps=False)
        answer: Any = None
        try:
            while True:
                wanted = steps.send(answer)
                outcome = await (attempt_awaited(self._send, wanted) if isinstance(wanted, Request) else attempt_awaited(self._add, wanted))
                answer = came(wanted, outcome)
        except StopIteration as end:
            return _ended(operation, *end.value)
        finally:
            steps.close()

    async def _add(self, charges: Any) -> Any:
        if getattr(self._guard, "blocks", True):
            return await self._guard_threads.run(self._guard.add, charges)
        return self._guard.add(charges)

    async def _send(self, request: Request) -> Any:
        if not getattr(self._transport, "blocks", True):
            return self._transport.send(request)
        return await self._transport_threads.run(self._transport.send, request)


class _Desk:
    """Common parts of both clients for operators."""

    def __init__(self, service: _Base, name: str) -> None:
        self._service: Any = service
        self._name = name

    def trail(self, subject: str, recipient: str) -> Trail:
        """Compute the pseudonyms by which events name a user, so that a support ticket can be matched with logs and metrics.

        Raises ``Misuse`` for a malformed subject or recipient.
        """
        trail = seal(_hashed, self._service._prepared, subject, recipient)  # noqa: SLF001
        del subject, recipient
        return trail.reveal()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._name!r})"

    def _run(self, operation: str, question: Secret[str], about: Secret[Any]) -> Any:
        return self._service._run(operation, question, about, self._name)  # noqa: SLF001


def _user(subject: str, recipient: str) -> Secret[Any]:
    return Secret((Binding(recipient, subject, ""), None))


class Operator(_Desk):
    """A client for operators, which shows and lifts limits. Keep it out of reach of code that serves users.

    It works beside a running service with the same ``guard.key`` and the same store. Every call is an event that names the operator.

    service: a client with the operator's settings and store. With counters in memory, the service's own client.
    name: the operator's name.
    """

    def __init__(self, service: TwoFactor, name: str) -> None:
        super().__init__(service, name)

    def limits(self, subject: str, recipient: str, client: str | None = None) -> Limits:
        """Read every counter that could refuse a user, and charge none.

        client: an end user's IP address, to read its counters too.

        Raises ``Misuse`` for a malformed argument, ``Upstream`` if the guard is unreachable.
        """
        about, question = _user(subject, recipient), seal(_question.limits, subject, recipient, client)
        del subject, recipient, client
        return cast("Limits", self._run("limits", question, about))

    def unlock(self, subject: str, recipient: str) -> Unlocked:
        """Clear the failures, cooldowns and messages that lock out a user, but no counter of a client, a range or the service.

        Verify first who asks. Raises ``Refuse`` if nothing is counted, ``Misuse`` for a malformed argument, ``Upstream`` if the guard is
        unreachable.
        """
        about, question = _user(subject, recipient), seal(_question.unlock, subject, recipient)
        del subject, recipient
        return cast("Unlocked", self._run("unlock", question, about))

    def credits(self) -> Credits:
        """Query the balance of the account at Xoxzo. Raises ``Upstream`` if Xoxzo does not tell it."""
        return cast("Credits", self._run("credits", seal(_question.account), Secret((None, None))))


class AsyncOperator(_Desk):
    """``Operator`` for asyncio."""

    def __init__(self, service: AsyncTwoFactor, name: str) -> None:
        super().__init__(service, name)

    @returns_coroutine
    def limits(self, subject: str, recipient: str, client: str | None = None) -> Coroutine[Any, Any, Limits]:
        """Do the same as ``Operator.limits``."""
        question = seal(_question.limits, subject, recipient, client)
        return cast("Coroutine[Any, Any, Limits]", self._run("limits", question, _user(subject, recipient)))

    @returns_coroutine
    def unlock(self, subject: str, recipient: str) -> Coroutine[Any, Any, Unlocked]:
        """Do the same as ``Operator.unlock``."""
        question = seal(_question.unlock, subject, recipient)
        return cast("Coroutine[Any, Any, Unlocked]", self._run("unlock", question, _user(subject, recipient)))

    @returns_coroutine
    def credits(self) -> Coroutine[Any, Any, Credits]:
        """Do the same as ``Operator.credits``."""
        question = seal(_question.account)
        return cast("Coroutine[Any, Any, Credits]", self._run("credits", question, Secret((None, None))))
