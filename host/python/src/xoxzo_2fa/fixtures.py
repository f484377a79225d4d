"""Fixtures for pytest: put ``pytest_plugins = ["xoxzo_2fa.fixtures"]`` into the ``conftest.py`` at the root of your tests.

``xoxzo`` is a ``FakeXoxzo``, ``xoxzo_clock`` a ``Clock``, ``two_factor`` and ``async_two_factor`` clients of both, with counters in memory.
Override ``xoxzo_settings``, which gives the settings document, for settings of your own.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from xoxzo_2fa import AsyncTwoFactor, MemoryGuard, Settings, TwoFactor
from xoxzo_2fa.testing import Clock, FakeXoxzo, document

__all__ = ["async_two_factor", "two_factor", "xoxzo", "xoxzo_clock", "xoxzo_settings"]


@pytest.fixture
def xoxzo() -> FakeXoxzo:
    """Return a Xoxzo in memory."""
    return FakeXoxzo()


@pytest.fixture
def xoxzo_clock() -> Clock:
    """Return the clock of client and counters."""
    return Clock()


@pytest.fixture
def xoxzo_settings() -> dict[str, Any]:
    """Return the settings document."""
    return document()


@pytest.fixture
def two_factor(xoxzo: FakeXoxzo, xoxzo_clock: Clock, xoxzo_settings: dict[str, Any]) -> TwoFactor:
    """Return a client."""
    guard = MemoryGuard(danger_clock=xoxzo_clock)
    return TwoFactor(Settings(xoxzo_settings), guard, transport=xoxzo, danger_clock=xoxzo_clock)


@pytest.fixture
def async_two_factor(xoxzo: FakeXoxzo, xoxzo_clock: Clock, xoxzo_settings: dict[str, Any]) -> AsyncTwoFactor:
    """Return a client for asyncio."""
    guard = MemoryGuard(danger_clock=xoxzo_clock)
    return asyncio.run(AsyncTwoFactor.create(Settings(xoxzo_settings), guard, transport=xoxzo, danger_clock=xoxzo_clock))
