"""No exception that leaves the package leads to a secret: neither the variables of its frames nor what they hold."""

from __future__ import annotations

import asyncio
import copy
import gc
import pickle
import weakref
from typing import TYPE_CHECKING, Any

import pytest
from failures import FUNCTIONS, LOGIN, OPERATIONS, Awaited, Way, World, password, raising
from recording import leaks

from xoxzo_2fa import AsyncTwoFactor, Cause, MemoryGuard, Misuse, Settings, TwoFactor, Upstream

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def fails(way: Way, world: World) -> BaseException:
    """Return what a way raises."""
    with pytest.raises(way.raises) as caught:
        way.run(world)
    assert getattr(caught.value, "code", None) == way.code, caught.value
    return caught.value


@pytest.mark.parametrize("make", [TwoFactor, Awaited])
@pytest.mark.parametrize("way", OPERATIONS, ids=lambda way: way.name)
def test_an_operation_that_fails_shows_nothing(way: Way, make: Callable[..., Any]) -> None:
    world = World(make)
    fault = fails(way, world)
    assert leaks(fault, world.canaries()) == []


@pytest.mark.parametrize("way", FUNCTIONS, ids=lambda way: way.name)
def test_a_function_that_fails_shows_nothing(way: Way) -> None:
    world = World(TwoFactor)
    fault = fails(way, world)
    assert leaks(fault, world.canaries()) == []


@pytest.mark.parametrize("missing", ["XOXZO_API_SID", "XOXZO_API_AUTH_TOKEN", "XOXZO_2FA_KEY", "XOXZO_2FA_GUARD_KEY"])
def test_an_environment_that_lacks_something_shows_nothing(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(TwoFactor)
    given = {"XOXZO_API_SID": "sid-canary", "XOXZO_API_AUTH_TOKEN": "auth-token-canary"}
    given |= {"XOXZO_2FA_KEY": world.document()["keys"][0], "XOXZO_2FA_GUARD_KEY": world.document()["guard"]["key"]}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv(missing)
    with pytest.raises(Misuse, match=missing) as caught:
        Settings.from_environment()
    assert leaks(caught.value, world.canaries()) == []


def test_a_file_that_is_no_text_shows_nothing(tmp_path: Path) -> None:
    world = World(TwoFactor)
    (tmp_path / "settings.json").write_bytes(world.document()["keys"][0].encode() + b"\xff")
    with pytest.raises(Misuse, match="UnicodeDecodeError") as caught:
        Settings.from_file(tmp_path / "settings.json")
    assert leaks(caught.value, world.canaries()) == []
    reference = {"file": str(tmp_path / "settings.json")}
    with pytest.raises(Misuse, match="UnicodeDecodeError") as caught:
        Settings({**world.document(), "guard": {"key": reference}})
    assert leaks(caught.value, world.canaries()) == []


class Hanging:
    """A guard and a transport that never answer, and hold what they were given."""

    scope = "process"

    def __init__(self) -> None:
        self.memory, self.waits, self.reached = MemoryGuard(), False, asyncio.Event()

    async def add(self, charges: Any) -> Any:
        return await self.wait() if self.waits else self.memory.add(charges)

    async def wait(self) -> Any:
        self.reached.set()
        return await asyncio.Event().wait()

    async def send(self, request: Any) -> Any:
        headers, body = dict(request.headers), request.body
        await self.wait()
        return headers, body


@pytest.mark.parametrize("where", ["before it began", "at the guard", "at the transport"])
def test_a_cancelled_task_shows_nothing(where: str) -> None:
    world, hanging = World(TwoFactor), Hanging()

    async def story() -> BaseException:
        guard: Any = hanging
        client = await AsyncTwoFactor.create(world.settings, guard, transport=hanging)
        hanging.waits = where == "at the guard"
        waits: Any = client.verify(world.token(), LOGIN, world.wrong()) if where == "before it began" else client.start(LOGIN)
        task = asyncio.create_task(waits)
        if where != "before it began":
            await hanging.reached.wait()
        assert task.cancel("of the test")
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
        assert task.cancelled()
        return caught.value

    assert leaks(asyncio.run(story()), world.canaries()) == []


def test_a_time_limit_of_the_caller_shows_nothing() -> None:
    world = World(TwoFactor)

    async def story() -> BaseException:
        client = await AsyncTwoFactor.create(world.settings, MemoryGuard(), transport=Hanging())
        with pytest.raises(asyncio.TimeoutError) as caught:
            await asyncio.wait_for(client.start(LOGIN), 0.05)
        return caught.value

    assert leaks(asyncio.run(story()), world.canaries()) == []


def test_an_operation_that_is_given_up_ends() -> None:
    async def story() -> None:
        client = await AsyncTwoFactor.create(World(TwoFactor).settings, MemoryGuard(), transport=Hanging())
        waits = client.start(LOGIN)
        waits.send(None)
        waits.close()
        with pytest.raises(RuntimeError):
            waits.send(None)

    asyncio.run(story())


def test_the_cause_of_a_guards_failure_is_told_without_its_text(caplog: pytest.LogCaptureFixture) -> None:
    world = World(TwoFactor)
    world.guard.fails = raising(ValueError(password()))
    told: list[Any] = []
    world.audit = told.append
    with pytest.raises(Upstream, match="guard") as raised:
        world.client.verify(world.token(), world.user, world.wrong())
    assert [(event.operation, event.outcome, event.code) for event in told] == [("verify", "upstream", "guard")]
    why = str(raised.value.__cause__)
    assert why.startswith("guard: it raised ValueError at failures.py:")
    assert told[0].audit.cause == why
    assert isinstance(raised.value.__cause__, Cause)
    assert raised.value.__cause__.__traceback__ is None
    assert password() not in caplog.text + why


def test_a_transport_that_raises_may_have_sent() -> None:
    for make in (TwoFactor, Awaited):
        world = World(make)
        world.xoxzo.fails = raising(ValueError(password()))
        told: list[Any] = []
        world.audit = told.append
        assert world.client.start(world.other).delivery == "unknown"
        assert [(event.operation, event.outcome, event.delivery) for event in told] == [("start", "unknown", "unknown")]


def test_a_refusal_keeps_nothing_alive() -> None:
    class Marked(str):  # noqa: SLOT000
        """A pin that can be watched."""

    world = World(TwoFactor)
    gc.collect()
    gc.disable()
    try:
        pin = Marked(world.wrong())
        watched = weakref.ref(pin)
        try:
            world.client.verify(world.token(), world.user, pin)
        except Exception as refusal:
            assert "wrong-pin" in str(refusal)
        del pin
        assert watched() is None
    finally:
        gc.enable()


def test_secrets_are_opaque() -> None:
    world = World(TwoFactor)
    secret: Any = world.client._prepared._settings
    assert f"{secret} {secret!r} {[secret]}" == "[REDACTED] [REDACTED] [[REDACTED]]"
    assert not hasattr(secret, "__dict__")
    for look in (vars, iter, len, list):
        with pytest.raises(TypeError):
            look(secret)
    with pytest.raises(TypeError):
        secret[0]
    for name in type(secret).__slots__:
        assert not hasattr(secret, name)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError):
            pickle.dumps(secret, protocol)
    assert copy.deepcopy(secret) is secret
    request = world.xoxzo.requests[0]
    assert copy.copy(request) == request
    for held in (vars(request), vars(world.settings), vars(world.client._prepared)):
        assert world.canaries().seen(repr(held)) == set()


def test_the_search_finds_what_a_frame_shows() -> None:
    world = World(TwoFactor)
    # As another package's code: frames of the tests are not looked at.
    source = """
class Holder:
    __slots__ = ("kept",)

def calls(prepared):
    holder = Holder()
    holder.kept = {"settings": [(prepared,)]}
    return lambda: holder

def leaky(world):
    call, token = calls(world.prepared()), world.token()
    try:
        raise KeyError(token)
    except KeyError:
        del world, token
        raise ValueError from None
"""
    names: dict[str, Any] = {"__name__": "leaky"}
    exec(compile(source, "/nowhere/leaky.py", "exec"), names)  # noqa: S102
    with pytest.raises(ValueError) as caught:
        names["leaky"](world)
    found = leaks(caught.value, world.canaries())
    assert any("call" in each and "prepared settings" in each for each in found)
    assert any(each.startswith("KeyError") and "token" in each for each in found)
