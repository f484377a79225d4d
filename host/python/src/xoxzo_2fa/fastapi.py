"""Two-factor authentication in a FastAPI application: routes that send and check codes, and a dependency that demands one.

*In scope*: the routes, one shape of answers, and a proof in the user's session that a code was accepted.
*Out of scope*: passwords, users, log-out and pages. The application has them.

::

    password ──► begin ──► verify ──► a pass in the session ──► require(binding) ──► the route
    (yours)        │          │                                   │
                   │          ├── 403, 422: type again            └── 401: no password yet, 403: no code yet
                   │          └── 409: begin again
                   └── 429: wait, then begin or resend

A *binding function* of the application says who is asked for a code, and for what. It is a FastAPI dependency that returns a ``Binding``,
made from the server's own record of whoever gave a password, or None if nobody did. No route takes a user or a number from a request.

>>> from typing import Annotated
>>> from fastapi import Depends, FastAPI, Request
>>> from xoxzo_2fa import AsyncTwoFactor, Binding, MemoryGuard, Settings
>>> from xoxzo_2fa.fastapi import TwoFactorRoutes
>>> def login(request: Request) -> Binding | None:
...     user = USERS.get(request.session.get("user"))  # who gave the password
...     return user and Binding(user.phone, user.id, "login")
>>> two_factor = TwoFactorRoutes(lambda: AsyncTwoFactor.create(Settings.from_environment(), MemoryGuard()))
>>> app = FastAPI(lifespan=two_factor.lifespan)
>>> app.include_router(two_factor.router(login), prefix="/login")
>>> @app.get("/me")
... def me(user_id: Annotated[str, Depends(two_factor.require(login))]) -> str:
...     return user_id

**Sessions.** The session keeps the token of a challenge, then a *pass*: the time of the acceptance, and a keyed hash of the binding. With
Starlette's ``SessionMiddleware`` (from 1.0, which writes the cookie only when it changed) it is a signed cookie, and whoever copied an old
cookie can send it again:

- An old token gains nothing, since the guard accepts a code once.
- An old pass is good until ``max_age``, even after a log-out, but only for the same user, number, purpose and session. To revoke passes
  earlier, put the id of a session that the server keeps into ``Binding.session``, and return None once that session has ended.
- A payment leaves no pass, since an old cookie would pay again. What is to happen, ``accepted`` does, once for each code.
"""

import hashlib
import hmac
import inspect
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Annotated, Any, Protocol, TypeAlias

from fastapi import APIRouter, Depends, Request, Response
from fastapi.requests import HTTPConnection
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from xoxzo_2fa import AsyncTwoFactor, Binding, Challenge, Misuse, Refuse, Sending, Upstream
from xoxzo_2fa._age import is_fresh
from xoxzo_2fa._problem import NO_STORE, RESPONSES, Problem, Refused, language, media_type, refused, typed
from xoxzo_2fa._secret import Secret, attempt, attempt_awaited

__all__ = ["Accepted", "BindingFunction", "Problem", "Refused", "Sent", "Session", "TwoFactorRoutes"]

BindingFunction: TypeAlias = Callable[..., Any]
"""A FastAPI dependency, plain or ``async``, that returns the ``Binding`` of whoever gave a first factor, or None."""

# Half a day, as the login gate has it.
_MAX_AGE = 43_200


class Session(Protocol):
    """The part of a session that is used: a ``dict`` of JSON values that the user cannot change, such as ``request.session``."""

    def get(self, key: str, /) -> Any:
        """Return a value, or None."""

    def __setitem__(self, key: str, value: Any, /) -> None:
        """Keep a value."""

    def pop(self, key: str, default: None, /) -> Any:
        """Forget a value."""


class Sent(BaseModel):
    """A code is on its way."""

    masked: str = Field(description="The number, with all but the first two and the last two digits as `*`.")
    expires_in: int = Field(description="Seconds until the code expires.")
    resend_after: int = Field(description="Seconds until the code can be sent again.")
    delivery: str = Field(description="`unknown` if it is not known whether the message was sent. It may arrive, and its code works.")


class Accepted(BaseModel):
    """The code was right."""

    subject: str = Field(description="Whose code it was.")


_TYPED = {
    "schema": {"type": "object", "required": ["pin"], "properties": {"pin": {"type": "string", "description": "What the user typed."}}}
}
_VERIFY = {"requestBody": {"required": True, "content": {"application/json": _TYPED, "application/x-www-form-urlencoded": _TYPED}}}


class TwoFactorRoutes:
    """Two-factor authentication of an application. ``begin``, ``verify``, ``resend`` and ``subject`` are for routes of your own.

    create: makes the client when the application starts.
    session: finds the session of a request. Starlette's ``request.session`` if None.
    client: finds the end user's IP address, for limits per client. Behind a proxy ``request.client`` is the proxy.
    danger_clock: seconds since 1970-01-01T00:00:00Z. For tests only: with a clock that stands still no pass ends.
    """

    def __init__(
        self,
        create: Callable[[], Awaitable[AsyncTwoFactor]],
        *,
        session: Callable[[HTTPConnection], Session] | None = None,
        client: Callable[[Request], str | None] | None = None,
        danger_clock: Callable[[], float] = time.time,
    ) -> None:
        self._create = create
        self._session = session
        self._address = client
        self._clock = danger_clock
        self._client: AsyncTwoFactor | None = None

    @asynccontextmanager
    async def lifespan(self, _: object = None) -> AsyncIterator[None]:
        """Make the client, and close it with its guard and transport: ``FastAPI(lifespan=two_factor.lifespan)``."""
        self._client = await self._create()
        try:
            yield
        finally:
            client, self._client = self._client, None
            await client.aclose()

    @property
    def client(self) -> AsyncTwoFactor:
        """The client. Raises ``Misuse`` before the lifespan has begun."""
        if self._client is None:
            raise Misuse("request", "two_factor: the application must run within `lifespan`")
        return self._client

    def router(
        self, binding: BindingFunction, *, accepted: Callable[[Request, Binding], object] | None = None, calls: bool = False
    ) -> APIRouter:
        """Return a router with ``POST /begin``, ``/verify`` and ``/resend`` for the bindings of a function.

        accepted: is called or awaited once for each accepted code, with the request and the binding. Required for payments.
        If it raises, there is no pass, and the code is used up.
        calls: adds ``POST /call``, which says the code in a call, where the settings allow it.
        """
        router = APIRouter(tags=["two-factor"], responses=RESPONSES)
        given = _given(binding)

        @router.post("/begin")
        async def begin(request: Request, response: Response, bound: Annotated[Binding, Depends(given)]) -> Sent:
            """Send a code to the user's phone."""
            response.headers.update(NO_STORE)
            if bound.transaction is not None and accepted is None:
                raise Misuse("request", "accepted: required for a payment, which leaves no pass")
            return await self.begin(request, bound)

        @router.post("/verify", openapi_extra=_VERIFY)
        async def verify(request: Request, response: Response, bound: Annotated[Binding, Depends(given)]) -> Accepted:
            """Check the code that the user typed. A code is accepted once."""
            response.headers.update(NO_STORE)
            await self._check(request, bound)
            if accepted is not None:
                called = (
                    accepted(request, bound) if inspect.iscoroutinefunction(accepted) else await run_in_threadpool(accepted, request, bound)
                )
                if inspect.isawaitable(called):
                    await called
            return self._pass(request, bound)

        @router.post("/resend")
        async def resend(request: Request, response: Response, bound: Annotated[Binding, Depends(given)]) -> Sent:
            """Send the same code again."""
            response.headers.update(NO_STORE)
            return await self.resend(request, bound)

        if calls:

            @router.post("/call")
            async def call(request: Request, response: Response, bound: Annotated[Binding, Depends(given)]) -> Sent:
                """Say the same code in a call."""
                response.headers.update(NO_STORE)
                return await self.resend(request, bound, call=True)

        return router

    def require(self, binding: BindingFunction, *, max_age: float = _MAX_AGE) -> Callable[..., Coroutine[Any, Any, str]]:
        """Return a dependency that gives the subject of a binding whose code was accepted in this session.

        max_age: seconds since the acceptance. A short one asks for a fresh code before something sensitive.

        The dependency raises ``Refused`` with 401 (``first-factor-required``) or 403 (``second-factor-required``).
        """

        async def required(request: HTTPConnection, bound: Annotated[Binding, Depends(_given(binding))]) -> str:
            return self.subject(request, bound, max_age=max_age)

        return required

    async def begin(self, request: Request, binding: Binding) -> Sent:
        """Send a code, and keep its token in the session. An earlier token stays if nothing was sent. Raises ``Refused``."""
        sending = Sending(locale=language(request), client=self._client_of(request))
        challenge = await _answered(request, self.client.start, Secret((binding, sending)))
        return self._keep(request, binding, challenge).reveal()

    async def resend(self, request: Request, binding: Binding, *, call: bool = False) -> Sent:
        """Send the code of the session's token again, or say it in a call. Raises ``Refused``."""
        sending = Sending("voice" if call else "sms", language(request), self._client_of(request))
        challenge = await _answered(request, self.client.resend, Secret((self._token(request, binding), binding, sending)))
        return self._keep(request, binding, challenge).reveal()

    async def verify(self, request: Request, binding: Binding) -> Accepted:
        """Check the field ``pin`` of the request's body, JSON or form, and put a pass into the session. Raises ``Refused``.

        Returns at most once for each code. A refusal leaves the session as it is, so that of two requests at once neither undoes the
        other's pass.
        """
        await self._check(request, binding)
        return self._pass(request, binding)

    def subject(self, request: HTTPConnection, binding: Binding, *, max_age: float = _MAX_AGE) -> str:
        """Return the binding's subject if the session has a pass for it. Raises ``Refused`` with 403 if not."""
        kept = self._session_of(request).get(_key("pass", binding))
        if isinstance(kept, dict) and isinstance(of := kept.get("of"), str) and isinstance(at := kept.get("at"), int):
            fresh = is_fresh(at, self._clock(), max_age)
            if binding.transaction is None and fresh and hmac.compare_digest(of.encode(errors="replace"), self._mark(binding).encode()):
                return binding.subject
        raise Refused(403, Problem(code="second-factor-required", offers=["start-again"]))

    async def _check(self, request: Request, binding: Binding) -> None:
        pin = await typed(request)
        given = Secret((self._token(request, binding), binding, pin.reveal(), self._client_of(request)))
        await _answered(request, self.client.verify, given)
        self._session_of(request).pop(_key("token", binding), None)

    def _pass(self, request: Request, binding: Binding) -> Accepted:
        if binding.transaction is None:
            self._session_of(request)[_key("pass", binding)] = {"of": self._mark(binding), "at": int(self._clock())}
        return Accepted(subject=binding.subject)

    def _session_of(self, request: HTTPConnection) -> Session:
        return request.session if self._session is None else self._session(request)

    def _client_of(self, request: Request) -> str | None:
        return None if self._address is None else self._address(request)

    def _token(self, request: Request, binding: Binding) -> str:
        """Return the session's token. Without one the empty text, which the engine refuses."""
        token = self._session_of(request).get(_key("token", binding))
        return token if isinstance(token, str) else ""

    def _keep(self, request: Request, binding: Binding, challenge: Secret[Challenge]) -> Secret[Sent]:
        def keep() -> Sent:
            sent = challenge.reveal()
            self._session_of(request)[_key("token", binding)] = sent.token
            return Sent(masked=sent.masked, expires_in=sent.expires_in, resend_after=sent.resend_after, delivery=sent.delivery)

        return attempt(keep)

    def _mark(self, binding: Binding) -> str:
        """Compute the hash by which a pass is bound. The number is in it by its keyed index, so nobody can find it by trying numbers."""
        bound = [self.client.number_index(binding.recipient), binding.subject, binding.purpose, binding.session]
        return hashlib.sha256(json.dumps(bound).encode()).hexdigest()


def _given(binding: BindingFunction) -> Callable[..., Coroutine[Any, Any, Binding]]:
    """Return a dependency that raises ``Refused`` with 401 where there is no binding."""

    async def given(bound: Annotated[Binding | None, Depends(binding)]) -> Binding:
        if bound is None:
            raise Refused(401, Problem(code="first-factor-required"))
        return bound

    return given


def _key(kind: str, binding: Binding) -> str:
    return f"xoxzo_2fa.{binding.purpose}.{kind}"


async def _answered(request: Request, operation: Callable[..., Awaitable[Any]], arguments: Secret[tuple[Any, ...]]) -> Secret[Any]:
    """Await an operation. Raises ``Refused`` for a failure that the user is told of."""
    # A form of another site is sent with the user's cookie if its `SameSite` allows it. JSON is not, unless CORS allows it.
    if request.headers.get("sec-fetch-site") == "cross-site" and media_type(request) != "application/json":
        raise Refused(403, Problem(code="cross-site"))
    outcome = await attempt_awaited(lambda: operation(*arguments.reveal()))
    failure = outcome.failure
    if isinstance(failure, (Refuse, Upstream)):
        raise refused(failure, language(request) or "en") from failure
    if failure is not None:
        outcome.reveal()
    return outcome
