"""The driver of both clients. It asks the engine, and yields the charges and requests that the engine waits for.

::

    ask ──► count ──► yield charges ──► totals, or no answer ──┐
     ▲  └──► send ──► yield request ──► response, or no answer ┤
     │  └──► the result                                        │
     └─────────────────────────────────────────────────────────┘
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from xoxzo_2fa._engine import Conversation, encode
from xoxzo_2fa._errors import Upstream
from xoxzo_2fa._question import bounded
from xoxzo_2fa._secret import Secret, attempt, cause, seal
from xoxzo_2fa.guards import Charge, GuardError, GuardFull, GuardUnreachable, Totals
from xoxzo_2fa.transports import Lost, NotSent, Request, Response, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from xoxzo_2fa._engine import Engine

# Maximum number of bytes of a body that are passed to the engine.
_INWARD = 16 * 1024

# Maximum number of characters of a cause. The engine keeps 200 of them.
_CAUSE = 1024

# Seconds that a clock may be set back. The counter of a challenge outlives it by more.
_BACK = 120

# Seconds that the guard's clock and the host's may be apart, as the engine decides.
_APART = 120


class Prepared:
    """Settings in effect, and the engine that they are for.

    Counters in memory end by a clock that nobody can set, and challenges by the host's. If the host's is set back, a challenge whose
    counter has ended could be valid again. With a guard of the scope ``process`` the settings are then prepared anew. That ends every
    earlier challenge, as a restart of the process does. Other guards return their time, which the engine compares.
    """

    def __init__(self, engine: Engine, document: Secret[str], clock: Callable[[], float]) -> None:
        self.engine = engine
        self._clock = clock
        prepared = seal(prepare, engine, document)
        self._settings: Secret[str] = Secret(prepared.reveal()["settings"])
        self.effective: str = prepared.reveal()["effective"]
        self.warnings: list[str] = prepared.reveal()["warnings"]
        effective = json.loads(self.effective)
        #: The only scheme and authority that requests may go to.
        self.origin: str = effective["xoxzo"]["base_url"]
        self._again = document if effective["guard"]["scope"] == "process" else None
        self._latest = 0

    def settings(self) -> Secret[str]:
        """Return the settings for an operation that begins now."""
        if self._again is not None:
            now = self.now()
            if now + _BACK < self._latest:
                self._settings = Secret(seal(prepare, self.engine, self._again).reveal()["settings"])
                self._latest = now
            self._latest = max(self._latest, now)
        return self._settings

    def agree(self, now: int | None) -> None:
        """Raise ``Upstream`` if a store's time is further from the host's than the engine allows."""
        apart = 0 if now is None else abs(now - self.now())
        if apart > _APART:
            raise Upstream("clock", f"the guard's clock and the host's are {apart} s apart")

    def now(self) -> int:
        """Return the clock's time, in whole seconds."""
        told = attempt(self._clock)
        if isinstance(told.failure, Exception):
            raise Upstream("clock", f"the host's clock failed: {cause(told.failure)}")
        now = told.reveal()
        if not 0 <= now < 2**32:
            raise Upstream("clock", "the host's clock is before 1970 or after 2106")
        return int(now)


def prepare(engine: Engine, document: Secret[str]) -> dict[str, Any]:
    """Return a settings document as the engine prepares it. Call it through ``seal``."""
    return engine.once({"prepare": {"json": document.reveal()}})[1]


def drive(
    prepared: Prepared, question: Secret[str], *, keeps: bool
) -> Generator[list[Charge] | Request, Totals | Response | GuardError | Lost, tuple[str, Secret[dict[str, Any]]]]:
    """Run an operation to its end, and return the result. Call it through ``seal``.

    While it yields, every frame of this package holds its secrets as ``Secret``. With ``keeps`` an
    instance of the engine may live meanwhile.
    """
    settings = prepared.settings()
    conversation = Conversation(prepared.engine, keeps=keeps)
    try:
        while True:
            kind, answer = conversation.ask(settings, prepared.now(), question)
            if kind == "count":
                charges = [Charge(*map(it.__getitem__, Charge._fields)) for it in answer.reveal()["charges"]]
                question = _resumed(_counted, answer, (yield charges))
            elif kind == "send":
                question = _resumed(_sent, answer, (yield _request(prepared.origin, answer.reveal()["request"])))
            else:
                return kind, answer
    finally:
        conversation.close()


def came(wanted: list[Charge] | Request, outcome: Secret[Any]) -> Any:
    """Return the answer of a guard or a transport or, if it raised, the kind of loss.

    Raises anything that is not an ``Exception``, such as a cancellation.
    """
    failure = outcome.failure
    if not isinstance(failure, Exception):
        return outcome.reveal()
    if isinstance(failure, Lost if isinstance(wanted, Request) else GuardError):
        return failure
    return _broken(failure, guard=not isinstance(wanted, Request))


def _broken(failure: Exception, *, guard: bool) -> GuardError | Lost:
    """Return the loss for a guard or transport that broke its contract. It names only the exception and its place."""
    return GuardUnreachable(f"guard: it raised {cause(failure)}") if guard else Unknown(f"transport: it raised {cause(failure)}")


def _resumed(resume: Callable[[str, Any], str], answer: Secret[dict[str, Any]], what: Any) -> Secret[str]:
    question = attempt(resume, answer.reveal()["state"], what)
    if not isinstance(question.failure, Exception):
        return question
    # It is not in the form of the contract, which is worth as little as no answer.
    return Secret(resume(answer.reveal()["state"], _broken(question.failure, guard=resume is _counted)))


def _counted(state: str, came: Any) -> str:
    if isinstance(came, GuardError):
        return _unanswered(state, "guard-full" if isinstance(came, GuardFull) else "guard-unreachable", came.cause)
    # Written by hand, since this is half of all questions. The state is hexadecimal, and formatting raises for anything but numbers.
    totals = ",".join(f'{{"total":{total:d},"ends_in_seconds":{ends:d}}}' for total, ends in came.totals)
    now = "" if came.now is None else f',"now_seconds":{came.now:d}'
    return f'{{"counted":{{"state":"{state}","totals":[{totals}]{now}}}}}'


def _sent(state: str, came: Any) -> str:
    if isinstance(came, Lost):
        return _unanswered(state, "not-sent" if isinstance(came, NotSent) else "unknown", str(came))
    body = came.body[:_INWARD].decode("utf-8", "replace")
    response: dict[str, Any] = {"status": came.status, "body": body}
    wait = came.headers.get("retry-after")
    if wait is not None:
        response["headers"] = [{"name": "retry-after", "value": wait[:64]}]
    return encode({"sent": {"state": state, "response": response}})


def _unanswered(state: str, no_answer: str, why: str) -> str:
    return encode({"unanswered": {"state": state, "no_answer": no_answer, "cause": bounded(why[:_CAUSE])}})


def _request(origin: str, request: dict[str, Any]) -> Request:
    # The slash ends the authority, so the request cannot go to a longer host name.
    if not request["url"].startswith(f"{origin}/"):
        raise Upstream("plugin", "the engine asked for another origin than that of the settings")
    headers = {header["name"]: header["value"] for header in request["headers"]}
    timeout = min(request["timeout_milliseconds"] / 1000, 30.0)
    return Request(request["method"], request["url"], headers, request["body"], timeout)
