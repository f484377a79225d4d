"""The routes for FastAPI: what they answer, and attacks, each beside a control that shows that it asked the right thing."""

from __future__ import annotations

import asyncio
import doctest
import json
from typing import TYPE_CHECKING, Any, get_args

import pytest

pytest.importorskip("fastapi")

import httpx
from conftest import other_than
from fastapi import FastAPI, HTTPException, Request
from fastapi.exception_handlers import http_exception_handler
from fastapi.testclient import TestClient
from recording import Canaries, leaks
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route
from starlette.websockets import WebSocketDisconnect
from web import FORM, JSON, Browser, Shop, browsing, running

import xoxzo_2fa.fastapi
from xoxzo_2fa import Code, GuardUnreachable, MemoryGuard, Misuse, Refuse, SqliteGuard, Transaction, explain
from xoxzo_2fa._problem import _STATUS
from xoxzo_2fa.fastapi import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from xoxzo_2fa import Charge, Totals

PHONE = "+819012345678"


def wrong(shop: Shop) -> str:
    return other_than(shop.xoxzo.pin())


def test_a_login_with_json_and_one_with_a_form() -> None:
    shop = Shop()
    with running(shop) as client:
        browser = Browser(client, shop, "")
        assert browser.code("/login/begin") == (401, "first-factor-required")
        browser.password()
        assert browser.get("/me") == 403
        sent = browser.response("POST", "/login/begin")
        assert sent.json() == {"masked": "+81********78", "expires_in": 300, "resend_after": 60, "delivery": "accepted"}
        assert sent.headers["cache-control"] == "no-store"
        refused = browser.response("POST", "/login/verify", content=json.dumps({"pin": wrong(shop)}), **JSON)
        told = {"code": "wrong-pin", "text": "That is not the code. 4 tries are left.", "offers": ["try-again", "resend"]}
        assert (refused.status_code, refused.json()) == (403, {"detail": {**told, "guesses_left": 4, "retry_after": None}})
        assert refused.headers["cache-control"] == "no-store"
        assert browser.get("/me") == 403
        assert browser.post("/login/verify", pin=shop.xoxzo.pin()) == (200, {"subject": "user-1"})
        assert browser.ask("GET", "/me") == (200, "user-1")
        client.cookies.clear()
        browser.password("user-2")
        assert browser.get("/me") == 403
        assert browser.post("/login/begin")[0] == 200
        pin = shop.xoxzo.pin()
        assert browser.ask("POST", "/login/verify", content=f"pin={pin[:3]}+{pin[3:]}", **FORM) == (200, {"subject": "user-2"})
        assert browser.ask("GET", "/me") == (200, "user-2")


def test_nobody_is_let_in_by_what_a_request_says() -> None:
    shop = Shop()
    said = {"subject": "user-1", "user": "user-1", "recipient": "+819000000000", "phone": "+819000000000", "purpose": "payment"}
    with browsing(shop) as browser:
        for path in ("/login/begin", "/login/verify", "/login/resend", "/login/call", "/payment/begin"):
            assert browser.code(path, **said) == (401, "first-factor-required")
        assert browser.get("/me") == 401
        assert shop.xoxzo.requests == []
        browser.password("user-2")
        assert browser.post("/login/begin?recipient=%2B819000000000&subject=user-1", **said)[0] == 200
        (message,) = shop.xoxzo.messages
        assert message.recipient == shop.phones["user-2"]
        assert browser.post("/login/verify", pin=message.pin, **said) == (200, {"subject": "user-2"})


def test_a_code_without_a_challenge_is_refused_and_charges_nothing() -> None:
    shop = Shop()
    with browsing(shop) as browser:
        browser.password()
        for _ in range(40):
            assert browser.code("/login/verify", pin="123456") == (409, "invalid-token")
        assert browser.code("/login/resend") == (409, "invalid-token")
        browser.log_in()


def test_a_token_of_another_session_is_worth_nothing() -> None:
    shop = Shop(sessions={})
    assert shop.sessions is not None
    with running(shop) as client:
        ann, ben, eve = (Browser(client, shop, name) for name in ("ann", "ben", "eve"))
        ann.password("user-1", "session-1")
        ben.password("user-2", "session-2")
        eve.password("user-1", "session-3")
        assert ann.post("/login/begin")[0] == 200
        pin = shop.xoxzo.pin()
        key = "xoxzo_2fa.login.token"
        for thief in ("ben", "eve"):
            shop.sessions[thief][key] = shop.sessions["ann"][key]
        # Another user, and the same user in another session.
        assert ben.code("/login/verify", pin=pin) == (409, "invalid-token")
        assert eve.code("/login/verify", pin=pin) == (409, "invalid-token")
        assert ann.post("/login/verify", pin=pin) == (200, {"subject": "user-1"})
        shop.sessions["eve"]["xoxzo_2fa.login.pass"] = shop.sessions["ann"]["xoxzo_2fa.login.pass"]
        assert (eve.get("/me"), ann.get("/me")) == (403, 200)


def test_of_many_posts_of_one_code_one_logs_in(tmp_path: Path) -> None:
    shop = Shop()
    shop.guard = SqliteGuard(tmp_path / "guard.sqlite", danger_clock=shop.clock)

    async def story() -> list[httpx.Response]:
        there = httpx.ASGITransport(shop.app)
        async with shop.two_factor.lifespan(), httpx.AsyncClient(transport=there, base_url="https://shop.example") as browser:
            assert (await browser.post("/password?user=user-1")).status_code == 200
            assert (await browser.post("/login/begin")).status_code == 200
            # Each with the cookie from before: none waits for the answer to another.
            given: Any = {"json": {"pin": shop.xoxzo.pin()}, "headers": {"cookie": f"session={browser.cookies['session']}"}}
            browser.cookies.clear()
            return await asyncio.gather(*(browser.post("/login/verify", **given) for _ in range(8)))

    answers = asyncio.run(story())
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 7]
    # A late refusal must not put back the cookie from before.
    assert [answer.status_code for answer in answers if "set-cookie" in answer.headers] == [200]


def test_old_cookies() -> None:
    shop = Shop()
    with browsing(shop) as browser:
        browser.password(session="session-1")
        assert browser.post("/login/begin")[0] == 200
        pin, pending = shop.xoxzo.pin(), browser.client.cookies["session"]
        assert browser.post("/login/verify", pin=pin)[0] == 200
        passed = browser.client.cookies["session"]

        def back(cookie: str) -> None:
            browser.client.cookies.clear()
            browser.client.cookies.set("session", cookie, domain="shop.example")

        back(pending)
        assert browser.code("/login/verify", pin=pin) == (409, "used")
        assert browser.get("/me") == 403
        # A pass that somebody kept: until it ends, and no longer than its session, user and number.
        back(passed)
        assert (browser.get("/me"), browser.get("/fresh")) == (200, 200)
        shop.clock.advance(60)
        assert (browser.get("/me"), browser.get("/fresh")) == (200, 403)
        shop.ended.add("session-1")
        assert browser.get("/me") == 401
        shop.ended.clear()
        shop.phones["user-1"] = "+819012345000"
        assert browser.get("/me") == 403
        shop.phones["user-1"] = PHONE
        assert browser.get("/me") == 200
        shop.clock.advance(43_200 - 61)
        assert browser.get("/me") == 200
        shop.clock.advance(1)
        assert browser.get("/me") == 403
        # From a machine whose clock is far behind.
        shop.clock.advance(-43_200 - 121)
        assert browser.get("/me") == 403
        shop.clock.advance(1)
        assert browser.get("/me") == 200
        # Nor with another user's password in the same browser, even if they share a phone.
        browser.password("user-2", "session-1")
        assert browser.get("/me") == 403
        shop.phones["user-2"] = shop.phones["user-1"]
        assert browser.get("/me") == 403


BODIES: list[tuple[bytes, dict[str, Any]]] = [
    (b"", {}),
    (b"", JSON),
    (b"{", JSON),
    (b"[" * 4_000, JSON),
    (b"\xff\xfe", JSON),
    (b'"123456"', JSON),
    (b"null", JSON),
    (b"[]", JSON),
    (b'{"code":"123456"}', JSON),
    (b'{"pin":123456}', JSON),
    (b'{"pin":NaN}', JSON),
    (b'{"pin":null}', JSON),
    (b'{"pin":["123456"]}', JSON),
    (b'{"pin":{"$ne":""}}', JSON),
    (b'{"pin":true}', JSON),
    (b'{"pin":""}', JSON),
    (b'{"pin":"\\ud800"}', JSON),
    (b'{"pin":"12345\\udfff"}', JSON),
    (b'{"pin":"12345\\u0000"}', JSON),
    (b'{"pin":"' + b"1" * 100_000 + b'"}', JSON),
    (b'{"pin":"' + b"1" * 4_000 + b'"}', JSON),
    (b'{"pin":' + b"1" * 4_000 + b"}", JSON),
    (b'{"pin":"123456"}', FORM),
    (b'{"pin":"123456"}', {"content-type": "text/plain"}),
    (b'{"pin":"123456"}', {"content-type": b"\xff;;;="}),
    (b"pin=123456", JSON),
    (b"pin=123456", {"content-type": "multipart/form-data"}),
    (b"pin=%ED%A0%80", FORM),
    (b"pin=%00", FORM),
    (b"pin", FORM),
    (b"\xff=\xff", FORM),
    (b"pin=" + b"1" * 100_000, FORM),
    (b"&".join([b"pin=1"] * 500), FORM),
]


def test_whatever_is_sent_as_a_code_is_refused_and_charges_nothing() -> None:
    shop = Shop()
    with browsing(shop) as browser:
        browser.password()
        assert browser.post("/login/begin")[0] == 200
        for body, headers in BODIES:
            status, answer = browser.ask("POST", "/login/verify", content=body, **headers)
            assert (status, answer["detail"]["code"]) == (422, "malformed"), body[:40]
        # Nothing is read from a part of a body.
        long = f"pin={shop.xoxzo.pin()}&more={'x' * 5_000}"
        assert browser.ask("POST", "/login/verify", content=long, **FORM)[0] == 422
        assert browser.post("/login/verify", pin=wrong(shop))[1]["guesses_left"] == 4
        assert browser.post("/login/verify", pin=f" {shop.xoxzo.pin()} ")[0] == 200


@pytest.mark.parametrize("token", [None, 1, "", "\ud800", "E" * 80, "1" * 100_000, ["x"], {"of": 1}, b"\xff"])
def test_odd_sessions_are_refused(token: Any) -> None:
    shop = Shop(sessions={})
    assert shop.sessions is not None
    with browsing(shop) as browser:
        browser.password()
        shop.sessions["one"]["xoxzo_2fa.login.token"] = token
        assert browser.code("/login/verify", pin="123456") == (409, "invalid-token")
        for kept in (token, {"of": token, "at": 1}, {"of": "x", "at": token}, {"of": "\ud800", "at": int(shop.clock.now)}):
            shop.sessions["one"]["xoxzo_2fa.login.pass"] = kept
            assert browser.get("/me") == 403
        browser.log_in()
        assert browser.get("/me") == 200


@pytest.mark.parametrize(
    "language", ["", "*", ",;,", "ja;q", b"\xff\xfe", "-", "q=1;;", "ja" * 50_000, "x-" * 9_000, ",".join(["fr"] * 9_000)]
)
def test_odd_languages_are_english(language: str | bytes) -> None:
    with browsing(Shop()) as browser:
        browser.password()
        status, answer = browser.ask("POST", "/login/verify", accept_language=language)
        assert (status, answer["detail"]["text"]) == (409, "This code no longer works. Ask for a new one.")


def test_the_language_is_the_browsers() -> None:
    shop = Shop()
    with browsing(shop) as browser:
        browser.password()
        assert browser.ask("POST", "/login/begin", accept_language="fr, ja-JP;q=0.9, en;q=0.8")[0] == 200
        assert "コード" in shop.xoxzo.messages[-1].text
        status, answer = browser.ask("POST", "/login/begin", accept_language="zh-TW")
        assert (status, answer["detail"]["text"]) == (429, explain(Refuse("cooldown", "", retry_after=60), "zh-Hant").text)


@pytest.mark.parametrize("path", ["/login/verify", "/own"])
def test_an_exception_after_the_check_takes_nothing_back(path: str) -> None:
    shop = Shop()
    with browsing(shop, raises=False) as browser:
        browser.password()
        assert browser.post("/login/begin")[0] == 200
        pin, shop.breaks = shop.xoxzo.pin(), RuntimeError("of the test")
        for left in (4, 3):
            assert browser.post(path, pin=other_than(pin))[1]["guesses_left"] == left
        assert browser.response("POST", path, content=json.dumps({"pin": pin}), **JSON).status_code == 500
        shop.breaks = None
        assert browser.get("/me") == 403
        assert browser.code(path, pin=pin) == (409, "used")
        assert browser.get("/me") == 403


def test_an_account_that_is_refused_after_the_code_gets_no_pass() -> None:
    shop = Shop()
    with browsing(shop) as browser:
        browser.password()
        assert browser.post("/login/begin")[0] == 200
        shop.breaks = HTTPException(403, {"code": "disabled"})
        assert browser.code("/login/verify", pin=shop.xoxzo.pin()) == (403, "disabled")
        assert browser.get("/me") == 403


def test_a_flood_of_requests_sends_one_message_a_minute() -> None:
    shop = Shop(voice={"caller": "815012345678", "destinations": ["JP-mobile"]})
    with browsing(shop) as browser:
        browser.password()
        assert browser.post("/login/begin")[0] == 200
        pin = shop.xoxzo.pin()
        for path in ["/login/begin", "/login/resend", "/login/call"] * 20:
            answer = browser.response("POST", path)
            assert (answer.status_code, answer.headers["retry-after"]) == (429, "60")
        assert len(shop.xoxzo.requests) == 1
        shop.clock.advance(60)
        assert browser.post("/login/resend")[1]["expires_in"] == 240
        assert [message.pin for message in shop.xoxzo.messages] == [pin, pin]
        shop.clock.advance(240)
        assert browser.code("/login/resend") == (409, "expired")
        assert browser.code("/login/verify", pin=pin) == (409, "expired")


def test_a_call_says_the_same_code() -> None:
    shop = Shop(voice={"caller": "815012345678", "destinations": ["JP-mobile"]})
    with browsing(shop) as browser:
        browser.password()
        assert browser.post("/login/begin")[0] == 200
        shop.clock.advance(60)
        assert browser.post("/login/call")[0] == 200
        sms, call = shop.xoxzo.messages
        assert (call.channel, call.pin) == ("voice", sms.pin)
    with browsing(Shop()) as browser:
        browser.password()
        assert browser.post("/login/begin")[0] == 200
        assert browser.code("/login/call") == (403, "not-allowed")


def test_a_payment_is_made_once_and_as_it_was_shown() -> None:
    shop = Shop()
    with browsing(shop) as browser:
        browser.log_in()
        shop.clock.advance(60)
        assert browser.post("/payment/begin")[0] == 200
        text, pin = shop.xoxzo.messages[-1].text, shop.xoxzo.pin()
        assert text.index("12.50") < text.index("Example Books") < text.index(pin)
        shop.price = "99.50"
        assert browser.code("/payment/verify", pin=pin) == (409, "invalid-token")
        # Nor does a code for a payment log in, or pay as a log-in.
        assert browser.code("/login/verify", pin=pin) == (409, "invalid-token")
        shop.price = "12.50"
        before = browser.client.cookies["session"]
        assert browser.post("/payment/verify", pin=pin) == (200, {"subject": "user-1"})
        browser.client.cookies.clear()
        browser.client.cookies.set("session", before, domain="shop.example")
        assert browser.code("/payment/verify", pin=pin) == (409, "used")
        assert shop.paid == [Transaction("12.50", "EUR", "Example Books")]
        assert (browser.get("/paid"), browser.get("/me")) == (403, 200)
        with pytest.raises(Misuse, match="accepted"):
            browser.post("/forgotten/begin")


def test_a_payment_leaves_no_pass_and_takes_none() -> None:
    shop = Shop(sessions={})
    assert shop.sessions is not None
    with browsing(shop) as browser:
        browser.password()
        assert browser.post("/payment/begin")[0] == 200
        assert browser.post("/payment/verify", pin=shop.xoxzo.pin())[0] == 200
        assert shop.sessions["one"] == {"user": "user-1", "id": None}
        # A code of the same purpose for something else than a payment.
        shop.clock.advance(60)
        shop.price = ""
        assert browser.post("/forgotten/begin")[0] == 200
        assert browser.post("/forgotten/verify", pin=shop.xoxzo.pin())[0] == 200
        assert browser.get("/paid") == 200
        shop.price = "12.50"
        assert browser.get("/paid") == 403


class Failing(MemoryGuard):
    """Counters that can be made unreachable."""

    fails = False
    closed = 0

    def add(self, charges: Sequence[Charge]) -> Totals:
        if self.fails:
            raise GuardUnreachable("connect: refused")
        return super().add(charges)

    def close(self) -> None:
        self.closed += 1


def test_an_outage_lets_nobody_in_and_is_closed_with_the_application() -> None:
    shop = Shop(Failing)
    guard: Any = shop.guard
    with browsing(shop) as browser:
        browser.password()
        shop.xoxzo.fault = "throttled"
        answer = browser.response("POST", "/login/begin")
        assert (answer.status_code, answer.headers["retry-after"], answer.json()["detail"]["code"]) == (503, "30", "provider")
        shop.xoxzo.fault = "unanswered"
        assert browser.post("/login/begin")[1]["delivery"] == "unknown"
        guard.fails = True
        assert browser.code("/login/verify", pin=shop.xoxzo.pin()) == (503, "guard")
        assert browser.get("/me") == 403
        guard.fails = False
        assert browser.post("/login/verify", pin=shop.xoxzo.pin())[0] == 200
        assert guard.closed == 0
    assert guard.closed == 1


def test_locks() -> None:
    shop = Shop(failures={"hard": 7})
    with browsing(shop) as browser:
        browser.password()
        for guesses in (5, 2):
            shop.clock.advance(60)
            assert browser.post("/login/begin")[0] == 200
            assert [browser.code("/login/verify", pin=wrong(shop)) for _ in range(guesses)] == [(403, "wrong-pin")] * guesses
        locked = browser.response("POST", "/login/verify", content=json.dumps({"pin": shop.xoxzo.pin()}), **JSON)
        assert (locked.status_code, locked.json()["detail"]["code"]) == (403, "locked"), "there is nothing to wait for"
        assert "retry-after" not in locked.headers
    shop = Shop(failures={"soft": {"count": 2, "seconds": 600}})
    with browsing(shop) as browser:
        browser.password()
        assert browser.post("/login/begin")[0] == 200
        answers = [browser.response("POST", "/login/verify", content=json.dumps({"pin": wrong(shop)}), **JSON) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [403, 403, 429]
        assert answers[-1].headers["retry-after"] == "600"


def test_five_guesses_of_a_challenge_and_no_more() -> None:
    shop = Shop()
    with browsing(shop) as browser:
        browser.password()
        assert browser.post("/login/begin")[0] == 200
        codes = [browser.code("/login/verify", pin=wrong(shop)) for _ in range(5)]
        assert codes == [(403, "wrong-pin")] * 5
        assert browser.code("/login/verify", pin=shop.xoxzo.pin()) == (409, "exhausted")
        assert browser.get("/me") == 403


def test_limits_of_a_client() -> None:
    cap = {"per_client": {"count": 1, "seconds": 3600}}
    shop = Shop(sends=cap, failures=cap)
    with browsing(shop) as browser:
        browser.password("user-1")
        assert browser.post("/login/begin")[0] == 200
        browser.password("user-2")
        assert browser.code("/login/begin") == (429, "too-many-sends")
    with pytest.raises(Misuse), browsing(Shop(failures=cap)) as browser:
        browser.password()
        browser.post("/login/begin")


def test_a_form_of_another_site_does_nothing() -> None:
    shop = Shop()
    elsewhere = {"sec_fetch_site": "cross-site", "origin": "https://evil.example"}
    with browsing(shop) as browser:
        browser.password()
        status, answer = browser.ask("POST", "/login/begin", **FORM, **elsewhere)
        assert (status, answer["detail"]["code"], shop.xoxzo.requests) == (403, "cross-site", [])
        assert browser.ask("POST", "/login/begin", **FORM, sec_fetch_site="same-origin")[0] == 200
        body = f"pin={shop.xoxzo.pin()}"
        assert browser.ask("POST", "/login/verify", content=body, **FORM, **elsewhere)[0] == 403
        # JSON from another site comes only where CORS allows it, and so is the application's to decide.
        assert (
            browser.ask("POST", "/login/verify", content=json.dumps({"pin": wrong(shop)}), **JSON, **elsewhere)[1]["detail"]["guesses_left"]
            == 4
        )


def test_every_code_has_a_status_and_every_status_is_documented() -> None:
    assert set(_STATUS) == set(get_args(Code))
    shop = Shop()
    paths = shop.app.openapi()["paths"]
    for path in ("begin", "verify", "resend", "call"):
        responses = paths[f"/login/{path}"]["post"]["responses"]
        # Misuse of the package is an exception of the application.
        assert {int(status) for status in responses} == {200, 401, 409, *_STATUS.values()} - {500}
        bodies = {responses[status]["content"]["application/json"]["schema"]["$ref"] for status in responses if status != "200"}
        assert bodies == {"#/components/schemas/Refusal"}
    assert set(paths["/login/verify"]["post"]["requestBody"]["content"]) == {JSON["content-type"], FORM["content-type"]}
    assert "parameters" not in paths["/login/verify"]["post"]


def test_a_refusal_shows_neither_code_nor_token() -> None:
    shop = Shop(Failing, sessions={"one": {"user": "user-1"}})
    guard: Any = shop.guard
    assert shop.sessions is not None

    def request(body: bytes) -> Request:
        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        headers = [(b"x-session", b"one"), (b"content-type", b"application/json")]
        return Request({"type": "http", "method": "POST", "path": "/", "headers": headers}, receive)

    async def story(*, fails: bool) -> tuple[BaseException, Canaries]:
        async with shop.two_factor.lifespan():
            binding = shop.login(request(b""))
            assert binding
            await shop.two_factor.begin(request(b""), binding)
            shop.clock.advance(60)
            canaries = Canaries(pin=wrong(shop), token=shop.sessions["one"]["xoxzo_2fa.login.token"])  # type: ignore[index]
            guard.fails = fails
            with pytest.raises(Refused) as caught:
                await shop.two_factor.verify(request(json.dumps({"pin": wrong(shop)}).encode()), binding)
            guard.fails = False
            return caught.value, canaries

    for fails, code in ((False, "wrong-pin"), (True, "guard")):
        fault, canaries = asyncio.run(story(fails=fails))
        assert getattr(fault.__cause__, "code", None) == code
        assert leaks(fault, canaries) == []
        # The search finds what is there.
        fault.found = canaries.secrets["pin"]  # type: ignore[attr-defined]
        assert leaks(fault, canaries) != []


def test_before_the_application_starts_there_is_no_client() -> None:
    shop = Shop()
    with pytest.raises(Misuse, match="lifespan"):
        _ = shop.two_factor.client


def test_the_example_in_the_module_runs() -> None:
    ran = doctest.testmod(xoxzo_2fa.fastapi)
    assert (ran.failed, ran.attempted > 5) == (0, True)


def test_websockets() -> None:
    shop = Shop()
    with browsing(shop) as browser:
        url = "wss://shop.example/live"
        browser.password()
        with pytest.raises(WebSocketDisconnect), browser.client.websocket_connect(url):
            pass
        browser.log_in()
        with browser.client.websocket_connect(url) as socket:
            assert socket.receive_text() == "user-1"


def test_starlette() -> None:
    shop = Shop()
    two_factor = shop.two_factor

    async def password(request: Request) -> JSONResponse:
        request.session["user"] = "user-1"
        return JSONResponse(None)

    async def me(request: Request) -> JSONResponse:
        binding = shop.login(request)
        return JSONResponse(None, 401) if binding is None else JSONResponse(two_factor.subject(request, binding))

    routes = FastAPI()
    routes.include_router(two_factor.router(shop.login))
    app = Starlette(
        routes=[Route("/password", password, methods=["POST"]), Route("/me", me), Mount("/login", routes)],
        middleware=[Middleware(SessionMiddleware, secret_key="of this test, and of no other use")],
        exception_handlers={HTTPException: http_exception_handler},  # type: ignore[dict-item]
        lifespan=two_factor.lifespan,
    )
    with TestClient(app) as client:
        browser = Browser(client, shop, "")
        assert browser.get("/me") == 401
        assert browser.post("/password")[0] == 200
        assert browser.ask("GET", "/me")[1]["detail"]["code"] == "second-factor-required"
        assert browser.post("/login/begin")[0] == 200
        assert browser.post("/login/verify", pin=shop.xoxzo.pin()) == (200, {"subject": "user-1"})
        assert browser.ask("GET", "/me") == (200, "user-1")
