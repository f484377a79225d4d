"""For tests of services that use this package: a Xoxzo in memory, a clock, and settings.

>>> from xoxzo_2fa import Binding, MemoryGuard, Settings, TwoFactor
>>> from xoxzo_2fa.testing import FakeXoxzo, document
>>> xoxzo = FakeXoxzo()
>>> two_factor = TwoFactor(Settings(document()), MemoryGuard(), transport=xoxzo)
>>> user = Binding("+819012345678", "user-1", "login")
>>> challenge = two_factor.start(user)
>>> accepted = two_factor.verify(challenge.token, user, xoxzo.pin())

Fixtures for pytest are in ``xoxzo_2fa.fixtures``.
"""

from __future__ import annotations

import json
import re
import urllib.parse
from dataclasses import dataclass
from itertools import count
from typing import Any, Literal, TypeAlias, get_args

from xoxzo_2fa._configuration import keygen
from xoxzo_2fa.transports import NotSent, Request, Response, Unknown

__all__ = ["Clock", "FakeXoxzo", "Fault", "Message", "document"]

Fault: TypeAlias = Literal["refused", "unauthorized", "throttled", "unavailable", "unanswered", "not-sent"]
"""What goes wrong with each request.

``refused``, ``unauthorized`` and ``throttled`` are answers with 400, 401 and 429: nothing is sent. ``unavailable`` is a 503, and
``unanswered`` no answer in time: the message arrives all the same. With ``not-sent`` there is no connection.
"""

_ANSWERS = {
    "refused": (400, {}, b'{"recipient":["is no number"]}'),
    "unauthorized": (401, {}, b'{"detail":"Invalid username/password."}'),
    "throttled": (429, {"retry-after": "30"}, b'{"detail":"Request was throttled."}'),
    "unavailable": (503, {}, b"<h1>Server Error</h1>"),
}

_BEGINNING = 1_800_000_000


@dataclass(frozen=True)
class Message:
    """A message that arrived.

    id: the id at Xoxzo.
    recipient: the number.
    channel: ``sms``, or ``voice`` for a call.
    text: the text, or what is said. For a template, whose text only Xoxzo has, the values of its variables, a line each.
    """

    id: str
    recipient: str
    channel: Literal["sms", "voice"]
    text: str

    @property
    def pin(self) -> str:
        """The PIN: the first six to ten digits that stand alone. Raises ``LookupError`` if there are none."""
        # In a call, two commas are a pause after each digit.
        text = self.text.replace(",,", "")
        found = re.search(r"(?<![0-9.,])[0-9]{6,10}(?![0-9]|[.,][0-9])", text)
        if found is None:
            raise LookupError("there is no PIN in the message")
        return found.group()


class FakeXoxzo:
    """A transport to a Xoxzo in memory, which sends nothing. Several clients and threads may share it.

    messages: what arrived, the last at the end.
    requests: what was asked for, arrived or not.
    states: the state of a message, by its id, where it is not ``DELIVERED``.
    credits: the balance of the account.
    """

    blocks = False

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.requests: list[Request] = []
        self._fault: Fault | None = None
        self.states: dict[str, str] = {}
        self.credits = 1000.0
        self._ids = count(1)

    @property
    def fault(self) -> Fault | None:
        """What goes wrong with each request from now on. None if nothing does."""
        return self._fault

    @fault.setter
    def fault(self, fault: Fault | None) -> None:
        if fault is not None and fault not in get_args(Fault):
            raise ValueError(f"a fault is one of {', '.join(get_args(Fault))}")
        self._fault = fault

    def pin(self, recipient: str | None = None) -> str:
        """Return the PIN of the last message, or of the last to a number. Raises ``LookupError`` if there is none."""
        for message in reversed(self.messages):
            if recipient in (None, message.recipient):
                return message.pin
        raise LookupError("no message arrived")

    def send(self, request: Request) -> Response:
        """Answer a request."""
        self.requests.append(request)
        if self.fault == "not-sent":
            raise NotSent("connect: no connection")
        path = urllib.parse.urlsplit(request.url).path
        if request.method == "GET":
            answer = self._look(path)
        elif self.fault in (None, "unavailable", "unanswered"):
            answer = self._deliver(path, request)
        if self.fault == "unanswered":
            raise Unknown("timeout: no answer in time")
        if self.fault is not None:
            return Response(*_ANSWERS[self.fault])
        return Response(200 if request.method == "GET" else 201, {}, json.dumps(answer).encode())

    def _look(self, path: str) -> Any:
        if path.endswith("/you/credits/"):
            return {"credits": self.credits}
        message_id = path.rstrip("/").rsplit("/", 1)[-1]
        return {"msgid": message_id, "status": self.states.get(message_id, "DELIVERED")}

    def _deliver(self, path: str, request: Request) -> Any:
        fields = _fields(request)
        message_id = f"m{next(self._ids)}"
        voice = "/voice/" in path
        text = fields.get("tts_message") or fields.get("message") or "\n".join(fields.get("variables", {}).values())
        self.messages.append(Message(message_id, fields["recipient"], "voice" if voice else "sms", text))
        return [{"callid" if voice else "msgid": message_id}]


def _fields(request: Request) -> dict[str, Any]:
    if request.headers.get("content-type") == "application/json":
        fields: dict[str, Any] = json.loads(request.body)
        return fields
    return dict(urllib.parse.parse_qsl(request.body))


class Clock:
    """A clock that stands still: for ``danger_clock`` of a client and of ``MemoryGuard``.

    now: seconds since 1970.
    """

    def __init__(self, now: float = _BEGINNING) -> None:
        self.now = now

    def __call__(self) -> float:
        """Return the time."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Put the clock ahead."""
        self.now += seconds


def document(**changes: Any) -> dict[str, Any]:
    """Return a settings document for a test, with fresh keys, an account that is none, and the rules of production.

    changes: fields of the document, instead of these or beside them.
    """
    return {
        "version": 1,
        "audience": "test",
        "service": "Test Shop",
        "keys": [keygen()],
        "guard": {"key": keygen()},
        "xoxzo": {"sid": "test-sid", "auth_token": "test-auth-token", "sender": "Test"},
        "destinations": ["JP-mobile"],
        **changes,
    }
