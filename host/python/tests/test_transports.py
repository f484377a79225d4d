"""Every answer of the sandbox, for each transport. What servers do beyond that is in ``tests/vectors/transport.json``."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from conftest import pin_in

from xoxzo_2fa import AsyncTwoFactor, Binding, MemoryGuard, Refuse, Settings, StandardTransport, TwoFactor, Upstream
from xoxzo_2fa.transports.httpx import AsyncHttpxTransport, HttpxTransport

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Sandbox

# The sandbox's numbers, and what a start answers: accepted, unknown, or not sent with so many seconds to wait.
FAULTS: dict[int, str | int | None] = {
    **dict.fromkeys(range(10, 20), "unknown"),
    **dict.fromkeys(range(20, 25), None),
    25: 7,
    26: 7,
    27: 30,
    **dict.fromkeys(range(40, 49), "accepted"),
}


class Awaited:
    """The asynchronous client, awaited on a loop of its own."""

    def __init__(self, settings: Settings, transport: Any) -> None:
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.client = self.wait(AsyncTwoFactor.create(settings, MemoryGuard(), transport=transport()))

    def wait(self, waited: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(waited, self.loop).result()

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments: self.wait(getattr(self.client, name)(*arguments))


def blocking(transport: Any) -> Callable[[Settings], Any]:
    return lambda settings: TwoFactor(settings, MemoryGuard(), transport=transport())


def awaited(transport: Any) -> Callable[[Settings], Any]:
    return lambda settings: Awaited(settings, transport)


@pytest.fixture(
    params=[blocking(StandardTransport), awaited(StandardTransport), blocking(HttpxTransport), awaited(AsyncHttpxTransport)],
    ids=["standard", "standard, asyncio", "httpx", "httpx, asyncio"],
)
def client(request: pytest.FixtureRequest) -> Any:
    return request.param


def outcome(client: Any, user: Binding) -> Any:
    try:
        delivery = client.start(user).delivery
    except Upstream as fault:
        assert fault.code == "provider"
        return fault.retry_after
    return delivery


def test_every_fault_of_the_sandbox(client: Callable[[Settings], Any], sandbox: Callable[..., Sandbox]) -> None:
    xoxzo = sandbox("--pace", "0")
    most = {"count": 1000, "seconds": 60}
    # Faults of one store would open the breaker.
    clients = {fault: client(xoxzo.settings(sends={"per_range": most})) for fault in FAULTS}

    def walk(fault: int) -> tuple[int, Any, Any]:
        two_factor = clients[fault]
        user = Binding(f"+8190000000{fault}", f"user-{fault}", "login")
        first = outcome(two_factor, user)
        if first in ("accepted", "unknown"):
            # Sent at most once, and counted: another has to wait.
            with pytest.raises(Refuse, match="cooldown"):
                two_factor.start(user)
            return fault, first, first
        return fault, first, outcome(two_factor, user)

    with ThreadPoolExecutor(len(FAULTS)) as pool:
        seen = list(pool.map(walk, FAULTS))
    assert {fault: first for fault, first, _ in seen} == FAULTS
    assert {fault: again for fault, _, again in seen} == FAULTS


def test_after_unknown_the_code_that_came_is_right(client: Callable[[Settings], Any], sandbox: Callable[..., Sandbox]) -> None:
    xoxzo = sandbox()
    two_factor = client(xoxzo.settings())
    user = Binding("+819000000013", "user-1", "login")
    challenge = two_factor.start(user)
    assert (challenge.delivery, challenge.handle) == ("unknown", None)
    (message,) = xoxzo.inbox(user.recipient)
    two_factor.verify(challenge.token, user, pin_in(message["body"]))


def test_states(client: Callable[[Settings], Any], sandbox: Callable[..., Sandbox]) -> None:
    two_factor = client(sandbox("--pace", "0").settings())
    for number, delivery in (("40", "failed"), ("43", "delivering"), ("44", "unknown"), ("45", None), ("46", None)):
        handle = two_factor.start(Binding(f"+8190000000{number}", f"user-{number}", "login")).handle
        if delivery is None:
            with pytest.raises(Upstream, match="provider"):
                two_factor.status(handle)
        else:
            assert two_factor.status(handle).delivery == delivery
