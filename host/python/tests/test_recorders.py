"""What error trackers, structured logs and debug pages keep of an exception holds no secret, and nothing to forge a challenge with."""

from __future__ import annotations

import base64
import json
import re
import time
from typing import TYPE_CHECKING, Any

import pytest
from conftest import pin_in
from failures import FUNCTIONS, OPERATIONS, Awaited, Way, World

from xoxzo_2fa import Binding, Charge, GuardUnreachable, MemoryGuard, TwoFactor, TwoFactorError
from xoxzo_2fa._engine import shared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

recorders = pytest.importorskip("recorders")

VICTIM = Binding("+819087654321", "user-of-another", "login")


@pytest.fixture(autouse=True, scope="module")
def _sentry() -> Iterator[None]:
    recorders.sentry_begins()
    recorders.loguru.logger.remove()
    yield
    recorders.sentry_ends()


def recorded(run: Callable[[], object]) -> str:
    """Return what every recorder keeps of what is raised."""
    try:
        run()
    except BaseException as fault:
        return "".join(record(fault) for record in recorders.RECORDERS)
    raise AssertionError("nothing was raised")


@pytest.mark.parametrize("make", [TwoFactor, Awaited])
@pytest.mark.parametrize("way", OPERATIONS, ids=lambda way: way.name)
def test_an_operation_that_fails_leaves_no_secret(way: Way, make: Callable[..., Any]) -> None:
    world = World(make)
    kept = recorded(lambda: way.run(world))
    assert world.canaries().seen(kept) == set()
    assert list(forged(kept)) == []


@pytest.mark.parametrize("way", FUNCTIONS, ids=lambda way: way.name)
def test_a_function_that_fails_leaves_no_secret(way: Way) -> None:
    world = World(TwoFactor)
    kept = recorded(lambda: way.run(world))
    assert world.canaries().seen(kept) == set()


@pytest.mark.parametrize("make", [TwoFactor, Awaited])
def test_what_is_recorded_within_a_call_holds_no_secret(make: Callable[..., Any]) -> None:
    """A guard and a listener record what they like, with the frames that called them."""
    world = World(make)
    kept: list[str] = []

    def fails() -> None:
        kept.append(recorded(lambda: int("none")))
        raise GuardUnreachable

    def audit(_: Any) -> None:
        recorders.KEPT.clear()
        recorders.sentry_sdk.capture_message("an event")
        kept.append(json.dumps(recorders.KEPT))

    world.guard.fails, world.audit = fails, audit
    with pytest.raises(TwoFactorError):
        world.client.verify(world.token(), world.user, world.wrong())
    assert len(kept) == 2
    assert all("_told" in each or "_finish" in each for each in kept if make is TwoFactor), "the frames of the package are among them"
    assert world.canaries().seen("".join(kept)) == set()


def test_a_leak_is_found_and_is_enough_to_forge_a_challenge() -> None:
    world = World(TwoFactor)
    source = "def leaky(world):\n    settings, code = world.prepared(), world.pin()\n    del world\n    raise ValueError\n"
    names: dict[str, Any] = {"__name__": "leaky"}
    exec(compile(source, "/nowhere/leaky.py", "exec"), names)  # noqa: S102
    for record in recorders.RECORDERS:
        try:
            names["leaky"](world)
        except ValueError as fault:
            kept = record(fault)
        # Without the source, loguru knows no names in it.
        if record is not recorders.by_loguru:
            assert {"prepared settings", "pin"} <= world.canaries().seen(kept), record
        # Django's page cuts what is long.
        if record in (recorders.by_sentry, recorders.by_structlog):
            token, pin = next(forged(kept))
            assert world.client.verify(token, VICTIM, pin).receipt


def forged(kept: str) -> Iterator[tuple[str, str]]:
    """Yield a token and PIN for the victim from everything in a record that could be settings, as an attacker would try."""
    for run in set(re.findall(r"[0-9A-Za-z+/=_-]{64,}", kept)):
        for blob in {run, _decoded(run)}:
            try:
                yield _start(blob)
            except (TwoFactorError, KeyError):
                continue


def _decoded(run: str) -> str:
    try:
        return base64.b64decode(run + "=" * (-len(run) % 4), validate=True).decode()
    except ValueError:
        return ""


def _start(settings: str) -> tuple[str, str]:
    """Start a challenge with settings alone: with a guard and a Xoxzo of the attacker's own."""
    guard, pin = MemoryGuard(), ""
    binding = {"recipient": VICTIM.recipient, "subject": VICTIM.subject, "purpose": VICTIM.purpose}
    question: dict[str, Any] = {"start": {"binding": binding, "sending": {"channel": "sms", "decoy": False}}}
    for _ in range(10):
        kind, answer = shared().once(question, settings, int(time.time()))
        if kind == "count":
            charges = [Charge(*map(it.__getitem__, Charge._fields)) for it in answer["charges"]]
            totals = [{"total": total, "ends_in_seconds": ends} for total, ends in guard.add(charges).totals]
            question = {"counted": {"state": answer["state"], "totals": totals}}
        elif kind == "send":
            pin = pin_in(answer["request"]["body"].replace("+", " "))
            question = {"sent": {"state": answer["state"], "response": {"status": 201, "body": '[{"msgid":"m1"}]'}}}
        else:
            return answer["token"], pin
    raise KeyError
