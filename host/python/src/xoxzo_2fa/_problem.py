"""Reads what a user typed, and writes why not: the bodies of requests and of refusals."""

import json
import urllib.parse
from typing import Any

from fastapi import HTTPException, Request
from pydantic import BaseModel, Field

from xoxzo_2fa import Code, TwoFactorError, explain
from xoxzo_2fa._language import preferred
from xoxzo_2fa._secret import Secret, attempt

NO_STORE = {"cache-control": "no-store"}

# A longer body is read, but not kept. A code has at most ten digits.
_LONGEST_BODY = 4_096

_STATUS: dict[Code, int] = {
    "wrong-pin": 403,
    "malformed": 422,
    "expired": 409,
    "exhausted": 409,
    "used": 409,
    "locked": 429,
    "cooldown": 429,
    "too-many-sends": 429,
    "not-allowed": 403,
    "invalid-token": 409,
    "nothing-locked": 409,
    "provider": 503,
    "guard": 503,
    "clock": 503,
    "randomness": 503,
    "plugin": 503,
    "settings": 500,
    "request": 500,
}


class Problem(BaseModel):
    """The reason why not, and what the user can do."""

    code: str = Field(description="The cause, such as `wrong-pin`.")
    text: str | None = Field(
        default=None, description="A sentence or two for the user, in a language of `Accept-Language` or else in English."
    )
    offers: list[str] = Field(
        default=[], description="What helps, the best first: `try-again`, `resend`, `start-again`, `wait`, `contact-support`."
    )
    guesses_left: int | None = Field(default=None, description="Tries that the code still has, with `wrong-pin`.")
    retry_after: int | None = Field(default=None, description="Seconds until trying again can work.")


class Refusal(BaseModel):
    """The body of an answer other than success."""

    detail: Problem


class Refused(HTTPException):
    """An answer other than success, with a ``Problem`` as its detail. Its ``__cause__`` is the error of the operation."""

    def __init__(self, status: int, problem: Problem) -> None:
        wait = {} if problem.retry_after is None else {"retry-after": str(problem.retry_after)}
        super().__init__(status, problem.model_dump(), {**NO_STORE, **wait})


RESPONSES: dict[int | str, dict[str, Any]] = {
    401: {"model": Refusal, "description": "`first-factor-required`: nobody gave a password in this session."},
    403: {"model": Refusal, "description": "`wrong-pin`, `not-allowed`, `locked` for good, or `cross-site`."},
    409: {"model": Refusal, "description": "`expired`, `exhausted`, `used` or `invalid-token`: the user needs a new code."},
    422: {"model": Refusal, "description": "`malformed`: no code was typed. Nothing was charged."},
    429: {
        "model": Refusal,
        "description": "`cooldown`, `too-many-sends` or `locked`: too early.",
        "headers": {"Retry-After": {"description": "Seconds to wait, where that helps.", "schema": {"type": "integer"}}},
    },
    503: {
        "model": Refusal,
        "description": "`provider`, `guard`, `clock`, `randomness` or `plugin`: not the user's fault. Nobody is let in.",
    },
}


def language(request: Request) -> str | None:
    """Return the language of messages that the user's browser prefers. None if it names none of them."""
    return preferred(", ".join(request.headers.getlist("accept-language")))


def media_type(request: Request) -> str:
    """Return the type of a request's body, without parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def refused(error: TwoFactorError, language: str) -> Refused:
    """Return the answer that tells a user of an error."""
    told = explain(error, language)
    # A lock that no time ends is not "too many requests".
    status = 403 if error.code == "locked" and error.retry_after is None else _STATUS[error.code]
    wait, left = error.retry_after, error.guesses_left
    return Refused(status, Problem(code=error.code, text=told.text, offers=list(told.offers), guesses_left=left, retry_after=wait))


async def typed(request: Request) -> Secret[str]:
    """Return the PIN of a body. Anything else than a text in a field ``pin`` is the empty text, which the engine refuses as malformed."""
    body = bytearray()
    async for part in request.stream():
        if len(body) <= _LONGEST_BODY:
            body += part[: _LONGEST_BODY + 1]
    given = attempt(_pin, media_type(request), bytes(body))
    body.clear()
    return Secret("") if isinstance(given.failure, (ValueError, RecursionError)) else given


def _pin(media_type: str, body: bytes) -> str:
    if len(body) > _LONGEST_BODY:
        return ""
    fields: Any = None
    if media_type == "application/json":
        fields = json.loads(body)
    elif media_type == "application/x-www-form-urlencoded":
        fields = dict(urllib.parse.parse_qsl(body.decode()))
    pin = fields.get("pin") if isinstance(fields, dict) else None
    # Phones and people put spaces into a code.
    return "".join(pin.split()) if isinstance(pin, str) else ""
