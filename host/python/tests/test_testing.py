"""The kit for tests of services: what it answers is what the real Xoxzo would lead to."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from xoxzo_2fa import (
    AsyncTwoFactor,
    Binding,
    Code,
    MemoryGuard,
    Operator,
    Refuse,
    Sending,
    Settings,
    Transaction,
    TwoFactor,
    Upstream,
)
from xoxzo_2fa.testing import Clock, FakeXoxzo, Fault, document

if TYPE_CHECKING:
    from pathlib import Path

LOGIN = Binding("+819012345678", "user-1", "login")
VOICE = {"caller": "815012345678", "destinations": ["JP-mobile"]}


def made(**changes: Any) -> tuple[TwoFactor, FakeXoxzo, Clock]:
    xoxzo, clock = FakeXoxzo(), Clock()
    guard = MemoryGuard(danger_clock=clock)
    return TwoFactor(Settings(document(**changes)), guard, transport=xoxzo, audit=lambda _: None, danger_clock=clock), xoxzo, clock


def test_a_login() -> None:
    two_factor, xoxzo, _ = made()
    challenge = two_factor.start(LOGIN)
    assert challenge.delivery == "accepted"
    (message,) = xoxzo.messages
    assert (message.recipient, message.channel) == (LOGIN.recipient, "sms")
    assert xoxzo.pin() == xoxzo.pin(LOGIN.recipient) == message.pin
    assert two_factor.verify(challenge.token, LOGIN, message.pin).receipt
    assert challenge.handle
    assert two_factor.status(challenge.handle).delivery == "delivered"
    with pytest.raises(LookupError):
        xoxzo.pin("+819000000000")


@pytest.mark.parametrize(
    ("fault", "code", "arrives"),
    [("refused", "provider", 0), ("unauthorized", "provider", 0), ("throttled", "provider", 0), ("not-sent", "provider", 0)],
)
def test_a_fault_before_the_message(fault: Fault, code: Code, arrives: int) -> None:
    two_factor, xoxzo, _ = made()
    xoxzo.fault = fault
    with pytest.raises(Upstream) as failure:
        two_factor.start(LOGIN)
    assert (failure.value.code, len(xoxzo.messages), len(xoxzo.requests)) == (code, arrives, 1)
    assert failure.value.retry_after == (30 if fault == "throttled" else None)


@pytest.mark.parametrize("fault", ["unavailable", "unanswered"])
def test_a_fault_after_it(fault: Fault) -> None:
    two_factor, xoxzo, _ = made()
    xoxzo.fault = fault
    challenge = two_factor.start(LOGIN)
    assert challenge.delivery == "unknown"
    assert two_factor.verify(challenge.token, LOGIN, xoxzo.pin()).receipt


def test_time_passes_when_the_test_says_so() -> None:
    two_factor, xoxzo, clock = made()
    challenge = two_factor.start(LOGIN)
    with pytest.raises(Refuse, match="cooldown"):
        two_factor.start(LOGIN)
    clock.advance(challenge.resend_after)
    again = two_factor.resend(challenge.token, LOGIN)
    assert xoxzo.messages[0].pin == xoxzo.messages[1].pin
    clock.advance(again.expires_in + 1)
    with pytest.raises(Refuse, match="expired"):
        two_factor.verify(challenge.token, LOGIN, xoxzo.pin())


def test_calls_payments_templates_states_and_credits() -> None:
    template = {"id": 7, "locale": "en", "variables": {"pin": "code", "minutes": "minutes"}}
    paid = Binding("+819012345678", "user-1", "login", transaction=Transaction("125000.50", "EUR", "Ann 123"))
    two_factor, xoxzo, clock = made(voice=VOICE)
    challenge = two_factor.start(paid)
    assert two_factor.verify(challenge.token, paid, xoxzo.pin()).receipt, "the amount is not taken for the PIN"
    clock.advance(600)
    challenge = two_factor.start(LOGIN)
    clock.advance(challenge.resend_after)
    two_factor.resend(challenge.token, LOGIN, Sending(channel="voice"))
    assert xoxzo.messages[-1].channel == "voice"
    assert two_factor.verify(challenge.token, LOGIN, xoxzo.pin()).receipt
    assert challenge.handle
    xoxzo.states[xoxzo.messages[-2].id] = "FAILED"
    assert two_factor.status(challenge.handle).delivery == "failed"
    xoxzo.credits = 12.5
    assert Operator(two_factor, "ann").credits().credits == 12
    two_factor, xoxzo, _ = made(message={"templates": [template]})
    challenge = two_factor.start(LOGIN)
    assert two_factor.verify(challenge.token, LOGIN, xoxzo.pin()).receipt


def test_asyncio_needs_no_thread() -> None:
    async def story() -> None:
        xoxzo = FakeXoxzo()
        two_factor = await AsyncTwoFactor.create(Settings(document()), MemoryGuard(), transport=xoxzo, audit=lambda _: None)
        challenge = await two_factor.start(LOGIN)
        assert (await two_factor.verify(challenge.token, LOGIN, xoxzo.pin())).receipt
        assert two_factor._transport_threads._executor is None

    asyncio.run(story())


def test_there_is_no_other_fault() -> None:
    with pytest.raises(ValueError, match="unanswered"):
        FakeXoxzo().fault = "odd"  # type: ignore[assignment]


def test_the_fixtures(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["xoxzo_2fa.fixtures"]\n')
    (tmp_path / "test_shop.py").write_text(
        """
import asyncio
import pytest
from xoxzo_2fa import Binding, Refuse

USER = Binding("+819012345678", "user-1", "login")

def test_blocking(two_factor, xoxzo, xoxzo_clock):
    challenge = two_factor.start(USER)
    xoxzo_clock.advance(challenge.expires_in)
    with pytest.raises(Refuse, match="expired"):
        two_factor.verify(challenge.token, USER, xoxzo.pin())

def test_asyncio(async_two_factor, xoxzo):
    async def log_in():
        challenge = await async_two_factor.start(USER)
        return await async_two_factor.verify(challenge.token, USER, xoxzo.pin())
    assert asyncio.run(log_in()).receipt

class TestOwn:
    @pytest.fixture
    def xoxzo_settings(self, xoxzo_settings):
        return {**xoxzo_settings, "pin": {"digits": 8}}

    def test_settings(self, two_factor, xoxzo):
        two_factor.start(USER)
        assert len(xoxzo.pin()) == 8
"""
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "/dev/null", "--rootdir", str(tmp_path), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "3 passed" in done.stdout, done.stdout
