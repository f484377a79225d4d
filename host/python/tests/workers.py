"""A service for the workers of gunicorn: ``/start``, ``/verify?token=…&pin=…``, ``/worker``. ``GUARD`` names the store.

Every answer is JSON and tells which worker gave it.
"""

from __future__ import annotations

import json
import os
import time
import urllib.parse
from typing import TYPE_CHECKING, Any

from conftest import Taker, document

from xoxzo_2fa import Binding, MemoryGuard, Settings, SqliteGuard, TwoFactor, TwoFactorError
from xoxzo_2fa.guards.redis import RedisGuard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from xoxzo_2fa import Guard


def store(named: str) -> Guard:
    if named == "memory":
        return MemoryGuard()
    return RedisGuard(named) if named.startswith("redis:") else SqliteGuard(named)


# Made once, before the workers are forked off: `gunicorn --preload`.
guard = store(os.environ["GUARD"])
xoxzo = Taker()
two_factor = TwoFactor(Settings(document()), guard, transport=xoxzo)


def answer(path: str, asked: dict[str, str]) -> dict[str, Any]:
    if path == "/worker":
        # So long that another worker takes the next request.
        time.sleep(0.05)
        return {}
    user = Binding(asked["to"], asked["subject"], "login")
    try:
        if path == "/start":
            return {"token": two_factor.start(user).token, "pin": xoxzo.pin()}
        two_factor.verify(asked["token"], user, asked["pin"])
    except TwoFactorError as failure:
        return {"code": failure.code}
    else:
        return {"code": "accepted"}


def app(environ: dict[str, Any], start_response: Callable[[str, list[tuple[str, str]]], object]) -> Iterable[bytes]:
    asked = dict(urllib.parse.parse_qsl(environ["QUERY_STRING"]))
    told = {**answer(environ["PATH_INFO"], asked), "worker": os.getpid()}
    start_response("200 OK", [("content-type", "application/json")])
    return [json.dumps(told).encode()]
