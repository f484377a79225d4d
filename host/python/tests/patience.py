"""Waiting for what another process or thread does."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

# The longest that anything is waited for, in seconds: what takes longer on any machine hangs.
PATIENCE = 60


def within(look: Callable[[], T]) -> T:
    """Look until there is something, for as long as PATIENCE, and return what was seen last."""
    end = time.monotonic() + PATIENCE
    while not (seen := look()) and time.monotonic() < end:
        time.sleep(0.01)
    return seen


def until(what: str, so: Callable[[], object]) -> None:
    """Wait until something is so."""
    assert within(so), f"not so: {what}"
