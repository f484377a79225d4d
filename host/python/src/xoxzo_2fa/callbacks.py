"""Callbacks of Xoxzo, which tell ``xoxzo.callback_url`` that the state of a message has changed.

Nothing signs a callback, so that anybody who knows the URL can send one. It is taken for a hint only: of all that it says the id of the
message is read, and the state is asked from Xoxzo, at most once in 5 s for each message. A callback that is repeated changes nothing.

The service keeps the handle of each challenge under its message's id:

>>> from xoxzo_2fa import Challenge, TwoFactor
>>> handles: dict[str, str] = {}  # a table of the service's database
>>> def keep(challenge: Challenge) -> None:
...     if challenge.handle and challenge.audit.message_id:
...         handles[challenge.audit.message_id] = challenge.handle

A view for Django, and a route for FastAPI:

>>> from django.http import HttpRequest, HttpResponse
>>> from django.views.decorators.csrf import csrf_exempt
>>> from xoxzo_2fa.callbacks import areceive, receive
>>> @csrf_exempt
... def delivery(request: HttpRequest) -> HttpResponse:
...     return HttpResponse(status=receive(two_factor, request.body, handles.get).status)

>>> from fastapi import FastAPI, Request, Response
>>> app = FastAPI()
>>> @app.post("/delivery/9f2c")
... async def delivered(request: Request) -> Response:
...     callback = await areceive(async_two_factor, request.stream(), handles.get)
...     return Response(status_code=callback.status)
"""

from __future__ import annotations

import inspect
import json
import re
import urllib.parse
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xoxzo_2fa._errors import TwoFactorError, Upstream

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Awaitable, Callable

    from xoxzo_2fa._client import AsyncTwoFactor, TwoFactor
    from xoxzo_2fa._records import Report

__all__ = ["Callback", "areceive", "receive"]

# Bytes of the longest body that is read.
_LONGEST = 16 * 1024
# The names of the id of a message and of a call.
_NAMES = ("msgid", "callid")
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class Callback:
    """What became of a callback.

    status: the HTTP status to answer with: 200, or 503 for a callback that should come again.
    message_id: Xoxzo's id of the message. None if the callback was ignored: malformed, or about a message that the service does not know.
    report: what Xoxzo reports. None if it was not asked, or does not answer.
    failure: why Xoxzo could not be asked. The callback should come again after ``cooldown``, ``guard`` and ``provider``.
    """

    status: int
    message_id: str | None = None
    report: Report | None = None
    failure: TwoFactorError | None = None


_IGNORED = Callback(200)


def receive(two_factor: TwoFactor, body: bytes, find: Callable[[str], str | None]) -> Callback:
    """Find out which message a callback is about, and ask Xoxzo for its state.

    body: the body of the request, a form or JSON, or the query of its URL. More than 16 KiB are ignored.
    find: returns the handle that the service kept for the id of a message, or None.
    """
    message_id = _message_id(body)
    handle = None if message_id is None else find(message_id)
    if message_id is None or handle is None:
        return _IGNORED
    try:
        return Callback(200, message_id, two_factor.status(handle))
    except TwoFactorError as failure:
        return _failed(message_id, failure)


async def areceive(
    two_factor: AsyncTwoFactor, body: bytes | AsyncIterable[bytes], find: Callable[[str], str | Awaitable[str | None] | None]
) -> Callback:
    """Do the same as ``receive``. ``body`` can be a stream, which is read no further than 16 KiB, and ``find`` can be awaited."""
    message_id = _message_id(body if isinstance(body, bytes) else await _bounded(body))
    if message_id is None:
        return _IGNORED
    found = find(message_id)
    handle = await found if inspect.isawaitable(found) else found
    if handle is None:
        return _IGNORED
    try:
        return Callback(200, message_id, await two_factor.status(handle))
    except TwoFactorError as failure:
        return _failed(message_id, failure)


def _failed(message_id: str, failure: TwoFactorError) -> Callback:
    """Let a callback come again if it can be answered later."""
    again = isinstance(failure, Upstream) or failure.retry_after is not None
    return Callback(503 if again else 200, message_id, failure=failure)


async def _bounded(parts: AsyncIterable[bytes]) -> bytes:
    body = bytearray()
    async for part in parts:
        body += part[: _LONGEST + 1]
        if len(body) > _LONGEST:
            break
    return bytes(body)


def _message_id(body: bytes) -> str | None:
    """Find the id in a JSON object or a form: Xoxzo's pages do not settle which it is."""
    if len(body) > _LONGEST:
        return None
    fields: Any
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        fields = dict(urllib.parse.parse_qsl(body.decode(errors="replace")))
    if not isinstance(fields, dict):
        return None
    found = next((fields[name] for name in _NAMES if name in fields), None)
    return found if isinstance(found, str) and _ID.fullmatch(found) else None
