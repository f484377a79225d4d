"""Callbacks of the sandbox, and forged ones, at receivers that ask for the state."""

from __future__ import annotations

import asyncio
import doctest
import json
import queue
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest

import xoxzo_2fa.callbacks
from xoxzo_2fa import AsyncTwoFactor, Binding, Challenge, MemoryGuard, Settings, SqliteGuard, TwoFactor
from xoxzo_2fa.callbacks import Callback, areceive, receive
from xoxzo_2fa.testing import Clock, FakeXoxzo, document

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from conftest import Sandbox

PATH = "/delivery/9f2c"
# The sandbox's number whose messages fail.
FAILED = "+819000000040"


class Service:
    """A service with one message on its way, which Xoxzo says is being delivered."""

    def __init__(self, file: Path | None = None) -> None:
        self.xoxzo, self.clock = FakeXoxzo(), Clock()
        # Handles of a store in memory are good at one client only.
        self.guard = SqliteGuard(file, danger_clock=self.clock) if file else MemoryGuard(danger_clock=self.clock)
        self.settings = Settings(document())
        self.two_factor = TwoFactor(self.settings, self.guard, transport=self.xoxzo, danger_clock=self.clock)
        self.handles: dict[str, str] = {}
        self.id = keep(self.handles, self.two_factor.start(Binding("+819012345678", "user-1", "login")))
        self.xoxzo.states[self.id] = "DELIVERING"
        self.xoxzo.requests.clear()

    def receive(self, body: str) -> Callback:
        return receive(self.two_factor, body.encode(), self.handles.get)

    async def asynchronous(self) -> AsyncTwoFactor:
        return await AsyncTwoFactor.create(self.settings, self.guard, transport=self.xoxzo, danger_clock=self.clock)


def keep(handles: dict[str, str], challenge: Challenge) -> str:
    assert challenge.handle
    assert challenge.audit.message_id
    handles[challenge.audit.message_id] = challenge.handle
    return challenge.audit.message_id


@pytest.fixture
def receiver() -> Iterator[tuple[HTTPServer, queue.Queue[Callback], dict[str, Any]]]:
    """Serve a receiver on this machine, and queue what it answers."""
    told: queue.Queue[Callback] = queue.Queue()
    service: dict[str, Any] = {"handles": {}}

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(min(int(self.headers["content-length"]), 20_000))
            callback = receive(service["two_factor"], body, service["handles"].get)
            if callback.failure:
                # The 5 s pass that lie between two questions about a message.
                service["clock"].advance(6)
            self.send_response(callback.status)
            self.end_headers()
            told.put(callback)

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server, told, service
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("kind", [[], ["--json-callbacks"]])
def test_xoxzos_callbacks_lead_to_the_last_state(
    kind: list[str], receiver: tuple[HTTPServer, queue.Queue[Callback], dict[str, Any]], sandbox: Callable[..., Sandbox]
) -> None:
    server, told, service = receiver
    account = sandbox("--pace", "200", *kind)
    clock = service["clock"] = Clock()
    xoxzo = {"sid": account.sid, "auth_token": account.auth_token, "sender": "Example", "base_url": account.url}
    xoxzo["callback_url"] = f"http://127.0.0.1:{server.server_port}{PATH}"
    two_factor = service["two_factor"] = TwoFactor(Settings(document(xoxzo=xoxzo)), MemoryGuard(danger_clock=clock), danger_clock=clock)
    message_id = keep(service["handles"], two_factor.start(Binding(FAILED, "user-1", "login")))
    states = []
    while "failed" not in states:
        callback = told.get(timeout=60)
        assert callback.message_id == message_id
        if callback.report:
            states.append(callback.report.delivery)
        else:
            assert callback.failure
            assert (callback.failure.code, callback.status) == ("cooldown", 503)
    assert set(states) <= {"delivering", "failed"}


def test_the_state_in_a_callback_is_never_believed() -> None:
    service = Service()
    for body in (f"msgid={service.id}&status=DELIVERED", json.dumps({"status": "FAILED", "msgid": service.id})):
        callback = service.receive(body)
        assert callback.report
        assert (callback.report.delivery, callback.message_id, callback.status) == ("delivering", service.id, 200)
        service.clock.advance(6)
    assert len(service.xoxzo.requests) == 2


def test_a_replay_asks_nothing() -> None:
    service = Service()
    body = f"msgid={service.id}&status=DELIVERED"
    assert service.receive(body).report
    for _ in range(20):
        callback = service.receive(body)
        assert callback.failure
        assert (callback.failure.code, callback.status) == ("cooldown", 503)
    assert len(service.xoxzo.requests) == 1


@pytest.mark.parametrize(
    "body",
    [
        "",
        "msgid=",
        "msgid=of-a-stranger",
        "msgid=a/../b",
        "status=DELIVERED",
        "17",
        "[" * 16_000,
        json.dumps({"msgid": 7}),
        json.dumps(["msgid"]),
        "\0\ud800",
    ],
)
def test_strangers_are_ignored(body: str) -> None:
    service = Service()
    callback = receive(service.two_factor, body.encode(errors="surrogatepass"), service.handles.get)
    assert callback == Callback(200)
    assert service.xoxzo.requests == []


def test_input_is_bounded() -> None:
    service = Service()
    head = f"msgid={service.id}&x="
    assert service.receive(head + "x" * (16 * 1024 - len(head))).report
    service.clock.advance(6)
    assert service.receive(head + "x" * (16 * 1024 - len(head) + 1)) == Callback(200)


def test_a_callback_comes_again_if_xoxzo_does_not_answer() -> None:
    service = Service()
    service.xoxzo.fault = "unavailable"
    callback = service.receive(f"msgid={service.id}")
    assert callback.failure
    assert (callback.failure.code, callback.status) == ("provider", 503)
    # A handle that is not the service's own never gets an answer.
    callback = receive(service.two_factor, f"msgid={service.id}".encode(), lambda _: "of-another-service")
    assert callback.failure
    assert (callback.failure.code, callback.status) == ("invalid-token", 200)


def test_a_stream_is_read_no_further_than_the_limit(tmp_path: Path) -> None:
    service = Service(tmp_path / "guard")
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            assert read <= 16 * 1024
            part = b"x" * 1024 if read else f"msgid={service.id}&x=".encode()
            read += len(part)
            yield part

    async def run() -> None:
        two_factor = await service.asynchronous()
        assert await areceive(two_factor, endless(), service.handles.get) == Callback(200)
        await two_factor.aclose()

    asyncio.run(run())
    assert read > 16 * 1024
    assert service.xoxzo.requests == []


def test_streams_and_finders_can_be_awaited(tmp_path: Path) -> None:
    service = Service(tmp_path / "guard")
    read = 0

    async def stream(*parts: bytes) -> AsyncIterator[bytes]:
        nonlocal read
        for part in parts:
            read += len(part)
            yield part

    async def find(message_id: str) -> str | None:
        return service.handles.get(message_id)

    async def run() -> None:
        two_factor = await service.asynchronous()
        own = f"msgid={service.id}".encode()
        callback = await areceive(two_factor, stream(own[:9], own[9:], b"&status=FAILED"), find)
        assert callback.report
        assert callback.report.delivery == "delivering"
        service.clock.advance(6)
        assert await areceive(two_factor, stream(own, b"&x=" + b"x" * 20_000), find) == Callback(200)
        assert await areceive(two_factor, b"msgid=of-a-stranger", service.handles.get) == Callback(200)
        again = await areceive(two_factor, own, service.handles.get)
        assert again.report
        assert again.report.delivery == "delivering"
        await two_factor.aclose()

    asyncio.run(run())
    assert read > 20_000


def test_the_module_says_what_runs(tmp_path: Path) -> None:
    """Run the view and the route of the documentation, with the frameworks that are installed."""
    pytest.importorskip("django")
    fastapi_testing = pytest.importorskip("fastapi.testclient")
    import shop  # noqa: PLC0415

    shop.set_up()
    from django.test import RequestFactory  # noqa: PLC0415

    service = Service(tmp_path / "guard")
    two_factor = asyncio.run(service.asynchronous())
    names: dict[str, Any] = {"two_factor": service.two_factor, "async_two_factor": two_factor}
    test = doctest.DocTestFinder(recurse=False).find(xoxzo_2fa.callbacks, globs=names)[0]
    runner = doctest.DocTestRunner()
    runner.run(test, clear_globs=False)
    assert (runner.summarize(verbose=False).failed, test.examples != []) == (0, True)
    names = test.globs
    names["keep"](service.two_factor.start(Binding("+819012345679", "user-2", "login")))
    message_id = next(iter(names["handles"]))
    service.xoxzo.requests.clear()
    body, form = f"msgid={message_id}&status=FAILED", "application/x-www-form-urlencoded"
    assert names["delivery"](RequestFactory().post(PATH, body, content_type=form)).status_code == 200
    client = fastapi_testing.TestClient(names["app"])
    # The view has just asked, so that the route must wait.
    for status in (503, 200):
        assert client.post(PATH, content=body, headers={"content-type": form}).status_code == status
        service.clock.advance(6)
    assert len(service.xoxzo.requests) == 2
