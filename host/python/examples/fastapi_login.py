"""A login with FastAPI: a password, then a code by SMS, as JSON for a page of your own.

``uvicorn fastapi_login:app``. The one user is ``ann``, whose password and number come from ``ANN_PASSWORD`` and ``ANN_PHONE``. Users and
sessions live in memory here; the rest is as it would be in a service.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Body, Cookie, FastAPI, Request, Response
from fastapi.responses import JSONResponse

from xoxzo_2fa import AsyncTwoFactor, Binding, MemoryGuard, Refuse, Settings, TwoFactorError, Upstream, explain

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@dataclass(frozen=True)
class User:
    """What the server knows of a user. What is personal or secret is not shown where errors are recorded."""

    id: str
    phone: str = field(repr=False)
    salt: bytes = field(repr=False)
    password: bytes = field(repr=False)


@dataclass
class Session:
    """What the server keeps of a login: the token as long as the code is awaited."""

    user: User
    token: str | None = field(repr=False)


def scrypt(password: str, salt: bytes) -> bytes:
    """Give the hash of a password."""
    # JSON may hold half a character, which no password has.
    return hashlib.scrypt(password.encode(errors="replace"), salt=salt, n=2**14, r=8, p=1)


# The language of the page.
LANGUAGE = "en"
SALT = secrets.token_bytes(16)
USERS: dict[str, User] = {}
SESSIONS: dict[str, Session] = {}


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Make the client once."""
    app.state.two_factor = await AsyncTwoFactor.create(Settings.from_environment(), MemoryGuard())
    USERS["ann"] = User("user-1", os.environ["ANN_PHONE"], SALT, scrypt(os.environ["ANN_PASSWORD"], SALT))
    yield


app = FastAPI(lifespan=lifespan)


def told(error: TwoFactorError) -> dict[str, Any]:
    """Give what the page shows: the text, and the buttons to offer."""
    explanation = explain(error, LANGUAGE)
    return {"text": explanation.text, "offers": explanation.offers, "retry_after": error.retry_after}


@app.exception_handler(Refuse)
async def refused(_: Request, refusal: Refuse) -> JSONResponse:
    """Tell the user what can be done."""
    return JSONResponse({"code": refusal.code, **told(refusal)}, status_code=403)


@app.exception_handler(Upstream)
async def not_now(_: Request, fault: Upstream) -> JSONResponse:
    """Not the user's fault, and never a way in."""
    return JSONResponse({"code": "later", **told(fault)}, status_code=503)


def login(user: User) -> Binding:
    """Give whom a challenge is for, from the server's record."""
    return Binding(user.phone, user.id, "login")


def begin(response: Response, session: Session) -> None:
    """Keep a session under a new id: one that was known before is worth nothing afterwards."""
    name = secrets.token_urlsafe(16)
    SESSIONS[name] = session
    response.set_cookie("session", name, httponly=True, secure=True, samesite="strict")


@app.post("/password")
async def password(
    response: Response, name: Annotated[str, Body()], password: Annotated[str, Body()], app_request: Request
) -> dict[str, Any]:
    """Check the password, and send the code."""
    user = USERS.get(name)
    # As long for a user that there is not.
    given = scrypt(password, user.salt if user else SALT)
    if user is None or not hmac.compare_digest(given, user.password):
        response.status_code = 401
        return {"code": "password"}
    challenge = await app_request.app.state.two_factor.start(login(user))
    begin(response, Session(user, challenge.token))
    return {"masked": challenge.masked, "resend_after": challenge.resend_after}


@app.post("/code")
async def code(
    response: Response,
    pin: Annotated[str, Body(embed=True)],
    app_request: Request,
    session: Annotated[str | None, Cookie()] = None,
) -> dict[str, Any]:
    """Take the code, and let the user in."""
    pending = SESSIONS.get(session or "")
    if pending is None or pending.token is None:
        response.status_code = 401
        return {"code": "session"}
    typed = "".join(pin.split())
    await app_request.app.state.two_factor.verify(pending.token, login(pending.user), typed)
    SESSIONS.pop(session or "")
    begin(response, Session(pending.user, None))
    return {"signed_in": pending.user.id}


@app.get("/me")
async def me(response: Response, session: Annotated[str | None, Cookie()] = None) -> dict[str, Any]:
    """Say who is signed in."""
    known = SESSIONS.get(session or "")
    if known is None or known.token is not None:
        response.status_code = 401
        return {"code": "session"}
    return {"id": known.user.id}
