"""A login with FastAPI: a password, then a code by SMS. Its page is ``fastapi_login.html``.

Run it with ``uvicorn fastapi_login:app --workers 2``, beside ``python-multipart``, by which FastAPI reads forms. It takes the variables of
``Settings.from_environment``, and ``SESSION_KEY``, a secret for cookies, ``GUARD``, a file for counters, and ``ANN_PASSWORD`` and
``ANN_PHONE`` of its one user ``ann``. Users live in memory here.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from fastapi import Depends, FastAPI, Form, HTTPException, Request
from fastapi.responses import FileResponse
from starlette.middleware.sessions import SessionMiddleware

from xoxzo_2fa import AsyncTwoFactor, Binding, Settings, SqliteGuard
from xoxzo_2fa.fastapi import Sent, TwoFactorRoutes


@dataclass(frozen=True)
class User:
    """A user, as the server knows them. What is personal or secret is not shown where errors are recorded."""

    id: str
    phone: str = field(repr=False)
    password: bytes = field(repr=False)


def scrypt(password: str) -> bytes:
    """Return the hash of a password. A service stores a salt with each."""
    return hashlib.scrypt(password.encode(), salt=SALT, n=2**14, r=8, p=1)


SALT = secrets.token_bytes(16)
ANN = User("user-1", os.environ["ANN_PHONE"], scrypt(os.environ["ANN_PASSWORD"]))
USERS = {ANN.id: ANN}


def login(request: Request) -> Binding | None:
    """Return who has given the password, from the server's record."""
    user = USERS.get(request.session.get("user", ""))
    return code_for(user) if user else None


def code_for(user: User) -> Binding:
    """Return whom and what a code is for."""
    return Binding(user.phone, user.id, "login")


two_factor = TwoFactorRoutes(lambda: AsyncTwoFactor.create(Settings.from_environment(), SqliteGuard(os.environ["GUARD"])))
app = FastAPI(lifespan=two_factor.lifespan)
app.add_middleware(SessionMiddleware, secret_key=os.environ["SESSION_KEY"], https_only=True, same_site="strict")
app.include_router(two_factor.router(login), prefix="/login")


@app.post("/password")
async def password(request: Request, name: Annotated[str, Form()], password: Annotated[str, Form()]) -> Sent:
    """Check the password, and send the code."""
    # As long for a user that there is not.
    if not hmac.compare_digest(await asyncio.to_thread(scrypt, password), ANN.password) or name != "ann":
        raise HTTPException(401, {"code": "password", "text": "Wrong name or password."})
    request.session["user"] = ANN.id
    return await two_factor.begin(request, code_for(ANN))


@app.post("/logout")
async def logout(request: Request) -> None:
    """Forget who was here."""
    request.session.clear()


@app.get("/me")
async def me(subject: Annotated[str, Depends(two_factor.require(login))]) -> dict[str, str]:
    """Say who is signed in, with password and code."""
    return {"id": subject}


@app.get("/")
async def page() -> FileResponse:
    """Show the page."""
    return FileResponse(Path(__file__).with_suffix(".html"))
