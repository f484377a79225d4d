"""Every way in which a call of the package can fail, with secrets at hand: what runs, and the class and code of what is raised."""

from __future__ import annotations

import asyncio
import socket
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NoReturn

from conftest import Taker, document, other_than
from recording import Canaries
from wasmtime import wat2wasm

import xoxzo_2fa
from xoxzo_2fa import (
    AsyncOperator,
    AsyncTwoFactor,
    Binding,
    Event,
    Expected,
    GuardUnreachable,
    MemoryGuard,
    Misuse,
    Operator,
    Refuse,
    Request,
    Sending,
    Settings,
    StandardTransport,
    StepUp,
    Transaction,
    Unknown,
    Upstream,
    keygen,
    receipt_key,
    request_key,
    sign_request,
)
from xoxzo_2fa._engine import Engine
from xoxzo_2fa.transports.httpx import AsyncHttpxTransport, HttpxTransport

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xoxzo_2fa import Charge, Response
    from xoxzo_2fa.guards import Totals

AUTH_TOKEN = "auth-token-canary"


def password() -> str:
    """Return a password of the guard."""
    return "guard-password-canary"


def phone() -> str:
    """Return the number of the user."""
    return "+819012345678"


LOGIN = Binding(phone(), "user-1", "login")
EXPECTED = Expected("user-1", "login", phone())
PAYMENT = StepUp("user-1", Transaction("12.50", "EUR", "Ann Lee"), "s-1")

TRAP = bytes(
    wat2wasm(
        """
        (module
          (memory (export "memory") 5)
          (global (export "area") i32 (i32.const 1024))
          (func (export "ask") (param i32 i32 i32) (result i32) unreachable))
        """
    )
)


LISTENING: list[socket.socket] = []


class Stop(BaseException):
    """Like KeyboardInterrupt, it is nobody's to catch."""


class Guard(MemoryGuard):
    """A guard that fails as it is told."""

    fails: Callable[[], Any] | None = None

    def add(self, charges: Sequence[Charge]) -> Totals:
        if self.fails is None:
            return super().add(charges)
        totals: Totals = self.fails()
        return totals


class Xoxzo(Taker):
    """A Xoxzo that fails as it is told, while its frames hold the request."""

    fails: Callable[[Request], Any] | None = None

    def send(self, request: Request) -> Response:
        headers, body = dict(request.headers), request.body
        if self.fails is not None:
            answer: Response = self.fails(request)
            return answer
        assert headers
        assert body
        return super().send(request)


class Awaited:
    """The asynchronous client, each call on a loop of its own."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        waits = AsyncTwoFactor.create(*arguments, **named)
        # These frames are the callers': they must not be what shows arguments.
        del arguments, named
        self.client = asyncio.run(waits)
        self._prepared = self.client._prepared

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any) -> Any:
            waits = getattr(self.client, name)(*arguments)
            del arguments
            return asyncio.run(waits)

        return call


class World:
    """A client in use, and whatever of it must not be seen."""

    def __init__(self, make: Callable[..., Any]) -> None:
        self.make = make
        self.guard, self.xoxzo = Guard(), Xoxzo()
        self.now: Callable[[], float] = time.time
        self.audit: Callable[[Event], object] = lambda _: None
        self._document = document(xoxzo={"sid": "sid-canary", "auth_token": AUTH_TOKEN, "sender": "Example"})
        self.settings = Settings(self._document)
        self.client = make(self.settings, self.guard, transport=self.xoxzo, danger_clock=self._seconds, audit=self._listen)
        self.user, self.other = LOGIN, Binding("+819012345679", "user-9", "login")
        self.challenge = self.client.start(self.user)
        self._pin, self._receipt = self.xoxzo.pin(), ""

    def _seconds(self) -> float:
        return self.now()

    def _listen(self, event: Event) -> object:
        return self.audit(event)

    # Called, since a recorder that evaluates the lines of the tests would show attributes.

    def document(self) -> dict[str, Any]:
        """Return the settings."""
        return self._document

    def token(self) -> str:
        """Return the token of a challenge."""
        return str(self.challenge.token)

    def pin(self) -> str:
        """Return its PIN."""
        return self._pin

    def wrong(self) -> str:
        """Return another PIN."""
        return other_than(self._pin)

    def prepared(self) -> str:
        """Return the settings as the engine prepared them."""
        prepared = self.client._prepared._settings
        return prepared if isinstance(prepared, str) else str(prepared.reveal())

    def request_key(self) -> str:
        """Return a key that signs step-up requests."""
        return request_key(self._document["keys"][0], "shop")

    def receipt_key(self) -> str:
        """Return the key that checks receipts."""
        return receipt_key(self._document["keys"][0], "shop")

    def accept(self) -> str:
        """Use the challenge up, and return the receipt."""
        self._receipt = self.client.verify(self.token(), self.user, self.pin()).receipt
        return self._receipt

    def canaries(self) -> Canaries:
        """Return the secrets as they now are."""
        secrets = {
            "root key": self._document["keys"][0],
            "guard key": self._document["guard"]["key"],
            "auth token": AUTH_TOKEN,
            "authorization": f"sid-canary:{AUTH_TOKEN}",
            "token": self.token(),
            "pin": self.pin(),
            "wrong pin": self.wrong(),
            "prepared settings": self.prepared(),
            "phone number": phone()[1:],
            "receipt key": self.receipt_key(),
            "request key": self.request_key(),
            "password of the guard": password(),
            "receipt": self._receipt,
        }
        return Canaries(**{name: secret for name, secret in secrets.items() if secret})


@dataclass(frozen=True)
class Way:
    """A way to fail."""

    name: str
    run: Callable[[World], object]
    raises: type[BaseException]
    code: str | None = None


def raising(fault: BaseException) -> Callable[..., NoReturn]:
    """Return a function that raises, as somebody's own code does: with a cause, and with secrets in its frames and its text."""

    def fail(*_: Any) -> NoReturn:
        raise fault from LookupError(f"redis://:{password()}@localhost")

    return fail


def _quoting(kind: type[BaseException]) -> Callable[[Request], NoReturn]:
    def fail(request: Request) -> NoReturn:
        raise kind(f"{request.url} {dict(request.headers)} {request.body}")

    return fail


def _guard(world: World, fails: Callable[[], Any]) -> None:
    world.guard.fails = fails
    world.client.verify(world.token(), world.user, world.wrong())


def _xoxzo(world: World, fails: Callable[[Request], Any]) -> None:
    world.xoxzo.fails = fails
    world.client.status(world.challenge.handle)


def _trap(world: World) -> None:
    world.client._prepared.engine = Engine(TRAP)
    world.client.verify(world.token(), world.user, world.wrong())


def _unforeseen(world: World, fails: Callable[..., NoReturn]) -> None:
    class Failing(Engine):
        def __init__(self) -> None:
            super().__init__()
            self._loaded.ask = fails  # type: ignore[method-assign]

    world.client._prepared.engine = Failing()
    world.client.verify(world.token(), world.user, world.wrong())


def _operator(world: World) -> Any:
    client = world.client
    if isinstance(client, Awaited):
        desk = object.__new__(Awaited)
        vars(desk)["client"] = AsyncOperator(client.client, "ann")
        return desk
    return Operator(client, "ann")


def _audit(world: World, raises: BaseException, run: Callable[[World], object]) -> None:
    world.audit = raising(raises)
    run(world)


def _clock(world: World, now: Callable[[], float]) -> None:
    world.now = now
    world.client.verify(world.token(), world.user, world.wrong())


def _twice(world: World) -> None:
    world.accept()
    world.client.verify(world.token(), world.user, world.pin())


def verify(name: str, raises: type[BaseException], code: str | None, arguments: Callable[[World], Sequence[Any]]) -> Way:
    """Return a way in which ``verify`` fails."""
    return Way(f"verify: {name}", lambda world: world.client.verify(*arguments(world)), raises, code)


def _bound(**changes: Any) -> Any:
    return Binding(**{"recipient": phone(), "subject": "user-1", "purpose": "login", **changes})


HALF = "\ud800"

#: Of a client: each is run blocking and awaited.
OPERATIONS = [
    verify("a wrong pin", Refuse, "wrong-pin", lambda it: (it.token(), it.user, it.wrong())),
    verify("letters", Refuse, "malformed", lambda it: (it.token(), it.user, f"{it.wrong()}x")),
    verify("half a character", Refuse, "malformed", lambda it: (it.token(), it.user, HALF + it.wrong())),
    verify("120,000 digits", Refuse, "malformed", lambda it: (it.token(), it.user, it.wrong() * 20_000)),
    verify("a number for a pin", Misuse, "request", lambda it: (it.token(), it.user, int(it.wrong()))),
    verify("another token", Refuse, "invalid-token", lambda it: (it.token()[::-1], it.user, it.pin())),
    verify("half a character in a token", Refuse, "invalid-token", lambda it: (it.token() + HALF, it.user, it.pin())),
    verify("a long token", Refuse, "invalid-token", lambda it: (it.token() * 1000, it.user, it.pin())),
    verify("bytes for a token", Misuse, "request", lambda it: (it.token().encode(), it.user, it.pin())),
    verify("another user", Refuse, "invalid-token", lambda it: (it.token(), _bound(subject="user-2"), it.pin())),
    verify("no binding", Misuse, "request", lambda it: (it.token(), phone(), it.pin())),
    verify("a binding with half a character", Misuse, "request", lambda it: (it.token(), _bound(subject=HALF), it.pin())),
    verify("a binding of objects", Misuse, "request", lambda it: (it.token(), _bound(subject=object()), it.pin())),
    verify("a binding within itself", Misuse, "request", lambda it: (it.token(), _bound(subject=_endless()), it.pin())),
    verify("no transaction", Misuse, "request", lambda it: (it.token(), _bound(transaction=phone()), it.pin())),
    verify("no address", Misuse, "request", lambda it: (it.token(), it.user, it.pin(), "localhost")),
    Way("verify: twice", _twice, Refuse, "used"),
    Way("start: too soon", lambda it: it.client.start(it.user), Refuse, "cooldown"),
    Way("start: a number that is not allowed", lambda it: it.client.start(_bound(recipient="+12025550123")), Refuse, "not-allowed"),
    Way("start: no number", lambda it: it.client.start(_bound(recipient=f"{phone()}x")), Misuse, "request"),
    Way("start: no sending", lambda it: it.client.start(it.user, "ja"), Misuse, "request"),
    Way("start: no locale", lambda it: it.client.start(it.user, Sending(locale=HALF)), Misuse, "request"),
    Way("resend: another token", lambda it: it.client.resend(it.token()[::-1], it.user), Refuse, "invalid-token"),
    Way("resend: half a character", lambda it: it.client.resend(it.token() + HALF, it.user), Refuse, "invalid-token"),
    Way("status: no handle", lambda it: it.client.status(it.token()), Refuse, "invalid-token"),
    Way("status: half a character", lambda it: it.client.status(it.token() + HALF), Refuse, "invalid-token"),
    Way("status: a long handle", lambda it: it.client.status(it.token() * 1000), Refuse, "invalid-token"),
    Way("unlock: no number", lambda it: _operator(it).unlock("user-1", f"{phone()}x"), Misuse, "request"),
    Way("limits: no number", lambda it: _operator(it).limits("user-1", f"{phone()}x"), Misuse, "request"),
    Way("limits: no address", lambda it: _operator(it).limits("user-1", phone(), "not an address"), Misuse, "request"),
    Way("unlock: half a character", lambda it: _operator(it).unlock(HALF, phone()), Misuse, "request"),
    Way("guard: unreachable", lambda it: _guard(it, raising(GuardUnreachable("gone"))), Upstream, "guard"),
    Way("guard: any exception", lambda it: _guard(it, raising(ValueError(password()))), Upstream, "guard"),
    Way("guard: the end of an iterator", lambda it: _guard(it, raising(StopIteration())), Upstream, "guard"),
    Way("guard: no totals", lambda it: _guard(it, lambda: [("1", password())]), Upstream, "guard"),
    Way("guard: nothing", lambda it: _guard(it, lambda: None), Upstream, "guard"),
    Way("guard: stopped", lambda it: _guard(it, raising(Stop())), Stop),
    Way("transport: unknown", lambda it: _xoxzo(it, raising(Unknown("gone"))), Upstream, "provider"),
    Way("transport: any exception", lambda it: _xoxzo(it, _quoting(ValueError)), Upstream, "provider"),
    Way("transport: no response", lambda it: _xoxzo(it, lambda _: None), Upstream, "provider"),
    Way("transport: stopped", lambda it: _xoxzo(it, raising(Stop())), Stop),
    Way("clock: any exception", lambda it: _clock(it, raising(ValueError("of the clock"))), Upstream, "clock"),
    Way("clock: not a number", lambda it: _clock(it, lambda: float("nan")), Upstream, "clock"),
    Way("clock: before 1970", lambda it: _clock(it, lambda: -1.0), Upstream, "clock"),
    Way("engine: a trap", _trap, Upstream, "plugin"),
    Way("engine: no memory", lambda it: _unforeseen(it, raising(MemoryError())), Upstream, "plugin"),
    Way("engine: a fault of the package", lambda it: _unforeseen(it, raising(KeyError(it.token()))), Upstream, "plugin"),
    Way(
        "audit: after a refusal",
        lambda it: _audit(it, ValueError(), lambda w: w.client.verify(w.token(), w.user, w.wrong())),
        Refuse,
        "wrong-pin",
    ),
    Way("audit: after an acceptance", lambda it: _audit(it, Stop(), World.accept), Stop),
    Way("audit: after a start", lambda it: _audit(it, Stop(), lambda w: w.client.start(_bound(subject="user-3"))), Stop),
    Way("client: a dictionary for settings", lambda it: it.make(it.document(), MemoryGuard()), Misuse, "settings"),
    Way("client: wrong settings", lambda it: it.make(Settings({**it.document(), "pin": {"digits": 3}}), MemoryGuard()), Misuse, "settings"),
    Way("client: text that is no settings", lambda it: it.make(Settings(f"{it.document()}"), MemoryGuard()), Misuse, "settings"),
    Way("client: half a character", lambda it: it.make(Settings({**it.document(), "service": HALF}), MemoryGuard()), Misuse, "request"),
    Way("client: another scope", lambda it: it.make(Settings(_scoped(it)), MemoryGuard()), Misuse, "settings"),
    Way("client: no guard", lambda it: it.make(it.settings, None), Misuse, "settings"),
    Way("client: a guard that fails", lambda it: it.make(it.settings, _failing("add")), Upstream, "guard"),
    Way("client: a guard whose check fails", lambda it: it.make(it.settings, _failing("check")), Upstream, "guard"),
    Way("client: no module", lambda it: it.make(it.settings, MemoryGuard(), module=b""), Upstream, "plugin"),
    Way("client: a trap", lambda it: it.make(it.settings, MemoryGuard(), module=TRAP), Upstream, "plugin"),
]

#: Of the functions and classes beside the clients.
FUNCTIONS = [
    Way("receipt_key: no key", lambda it: receipt_key(it.document()["keys"][0] + "x", "shop"), Misuse, "request"),
    Way("receipt_key: the other way round", lambda it: receipt_key("shop", it.document()["keys"][0]), Misuse, "request"),
    Way("receipt_key: half a character", lambda it: receipt_key(it.document()["keys"][0], HALF), Misuse, "request"),
    Way("receipt_key: an object", lambda it: receipt_key(it.document()["keys"][0], object()), Misuse, "request"),  # type: ignore[arg-type]
    Way("request_key: no key", lambda it: request_key(it.document()["keys"][0] + "x", "shop"), Misuse, "request"),
    Way("sign_request: another kind of key", lambda it: sign_request(it.receipt_key(), PAYMENT), Misuse, "request"),
    Way("sign_request: half a character", lambda it: sign_request(it.request_key(), replace(PAYMENT, subject=HALF)), Misuse, "request"),
    Way("sign_request: an object", lambda it: sign_request(it.request_key(), object()), Misuse, "request"),  # type: ignore[arg-type]
    Way("sign_request: no payment", lambda it: sign_request(it.request_key(), StepUp("user-1", LOGIN)), Misuse, "request"),  # type: ignore[arg-type]
    Way("sign_request: a clock that is none", lambda it: sign_request(it.request_key(), PAYMENT, now=float("nan")), Upstream, "plugin"),
    Way(
        "check_receipt: another key",
        lambda it: xoxzo_2fa.check_receipt([receipt_key(keygen(), "shop")], it.accept(), EXPECTED),
        Refuse,
        "invalid-token",
    ),
    Way("check_receipt: no receipt", lambda it: xoxzo_2fa.check_receipt([it.receipt_key()], it.token(), EXPECTED), Refuse, "invalid-token"),
    Way("check_receipt: half a character", lambda it: xoxzo_2fa.check_receipt([it.receipt_key()], HALF, EXPECTED), Refuse, "invalid-token"),
    Way(
        "check_receipt: long", lambda it: xoxzo_2fa.check_receipt([it.receipt_key()], it.accept() * 1000, EXPECTED), Refuse, "invalid-token"
    ),
    Way("check_receipt: no key", lambda it: xoxzo_2fa.check_receipt([it.receipt_key() + "x"], it.accept(), EXPECTED), Misuse, "request"),
    Way("check_receipt: nothing", lambda it: xoxzo_2fa.check_receipt(None, it.accept(), EXPECTED), Misuse, "request"),  # type: ignore[arg-type]
    Way(
        "check_receipt: another user",
        lambda it: xoxzo_2fa.check_receipt([it.receipt_key()], it.accept(), Expected("user-9", "login", phone())),
        Refuse,
        "invalid-token",
    ),
    Way(
        "check_receipt: half a subject",
        lambda it: xoxzo_2fa.check_receipt([it.receipt_key()], it.accept(), Expected(HALF, "login", phone())),
        Misuse,
        "request",
    ),
    Way(
        "check_receipt: a number with a space",
        lambda it: xoxzo_2fa.check_receipt([it.receipt_key()], it.accept(), Expected("user-1", "login", phone() + " ")),
        Misuse,
        "request",
    ),
    Way(
        "check_receipt: a binding",
        lambda it: xoxzo_2fa.check_receipt([it.receipt_key()], it.accept(), LOGIN),  # type: ignore[arg-type]
        Misuse,
        "request",
    ),
    Way(
        "check_receipt: a payment that is none",
        lambda it: xoxzo_2fa.check_receipt([it.receipt_key()], it.accept(), Expected("user-1", "login", transaction=LOGIN)),  # type: ignore[arg-type]
        Misuse,
        "request",
    ),
    Way(
        "check_receipt: no time",
        lambda it: xoxzo_2fa.check_receipt([it.receipt_key()], it.accept(), EXPECTED, now=float("nan")),
        Upstream,
        "plugin",
    ),
    Way("inspect: no token", lambda it: xoxzo_2fa.inspect(it.token() * 2), Refuse, "invalid-token"),
    Way("inspect: half a character", lambda it: xoxzo_2fa.inspect(it.token() + HALF), Refuse, "invalid-token"),
    Way("inspect: long", lambda it: xoxzo_2fa.inspect(it.token() * 1000), Refuse, "invalid-token"),
    Way("explain: no error", lambda _: xoxzo_2fa.explain(None, "en"), Misuse, "request"),  # type: ignore[arg-type]
    Way("explain: no language", lambda _: xoxzo_2fa.explain(Refuse("expired", ""), "fr"), Misuse, "request"),
    Way("explain: half a character", lambda _: xoxzo_2fa.explain(Refuse("expired", ""), HALF), Misuse, "request"),
    Way("explain: no code", lambda _: xoxzo_2fa.explain(Refuse("odd", ""), "en"), Misuse, "request"),  # type: ignore[arg-type]
    Way("preview: a dictionary", lambda it: xoxzo_2fa.preview(it.document()), Misuse, "settings"),  # type: ignore[arg-type]
    Way("preview: wrong settings", lambda it: xoxzo_2fa.preview(Settings({**it.document(), "version": 7})), Misuse, "settings"),
    Way("preview: no amount", lambda it: xoxzo_2fa.preview(it.settings, Transaction("1,5", "EUR", "Ann")), Misuse, "request"),
    Way("preview: half a character", lambda it: xoxzo_2fa.preview(it.settings, Transaction("1.50", "EUR", HALF)), Misuse, "request"),
    Way("preview: no transaction", lambda it: xoxzo_2fa.preview(it.settings, it.token()), Misuse, "request"),  # type: ignore[arg-type]
    Way("settings: a reference", lambda it: Settings({**it.document(), "guard": {"key": {"env": "NOT_SET"}}}), Misuse, "settings"),
    Way("settings: no JSON", lambda it: Settings({**it.document(), "service": object()}), Misuse, "settings"),
    Way("settings: bytes", lambda it: Settings(str(it.document()).encode()), Misuse, "settings"),  # type: ignore[arg-type]
    Way("settings: no path", lambda it: Settings.from_file(f"{it.document()}"), Misuse, "settings"),
    Way("settings: another scope", lambda it: Settings(_scoped(it)).document("process"), Misuse, "settings"),
    Way("transport: refused", lambda it: StandardTransport().send(_request(it)), xoxzo_2fa.NotSent),
    Way("transport: no header", lambda it: StandardTransport().send(_request(it, odd=object())), Unknown),
    Way("httpx: refused", lambda it: HttpxTransport().send(_request(it)), xoxzo_2fa.NotSent),
    Way("httpx: no header", lambda it: HttpxTransport().send(_request(it, odd=object())), Unknown),
    Way("httpx, asyncio: refused", lambda it: asyncio.run(AsyncHttpxTransport().send(_request(it))), xoxzo_2fa.NotSent),
    Way("httpx, asyncio: no header", lambda it: asyncio.run(AsyncHttpxTransport().send(_request(it, odd=object()))), Unknown),
]


def _endless() -> list[Any]:
    endless: list[Any] = []
    endless.append(endless)
    return endless


def _scoped(world: World) -> dict[str, Any]:
    return {**world.document(), "guard": {**world.document()["guard"], "scope": "shared"}}


def _failing(method: str) -> Any:
    guard: Any = MemoryGuard()
    setattr(guard, method, raising(ValueError(password())))
    return guard


def _request(world: World, **odd: Any) -> Request:
    """Return a request that nobody takes. With an odd header, a server listens that never gets it."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
    if odd:
        LISTENING.append(socket.create_server(("127.0.0.1", port)))
    sent = world.xoxzo.requests[-1]
    return Request("POST", f"http://127.0.0.1:{port}/", {**sent.headers, **odd}, sent.body, 2.0)
