"""What is told of each operation: to a callback, or to ``logging``."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xoxzo_2fa._records import Trail

_LOG = logging.getLogger("xoxzo_2fa.audit")


@dataclass(frozen=True)
class Event:
    """What came of an operation. Holds nothing personal: whom it is about are keyed hashes.

    operation: ``start``, ``resend``, ``verify``, ``status`` or ``unlock``.
    outcome: ``ok``, or the blame: ``misuse``, ``refuse`` or ``upstream``.
    code: why not, where it is not ok.
    purpose: of the binding; None if the settings do not name it.
    took: seconds.
    """

    operation: str
    outcome: str
    code: str | None
    purpose: str | None
    delivery: str | None
    parts: int | None
    trail: Trail | None
    alarm: str | None
    took: float


def log(event: Event) -> None:
    """Write an event to the logger ``xoxzo_2fa.audit``: a warning for an alarm or a fault, else information."""
    odd = event.alarm is not None or event.outcome in {"misuse", "upstream"}
    level = logging.WARNING if odd else logging.INFO
    fields = {name: value for name, value in vars(event).items() if value is not None and name != "trail"}
    if event.trail is not None:
        fields |= vars(event.trail)
    text = " ".join(f"{name}={value}" for name, value in fields.items())
    _LOG.log(level, "%s", text, extra={"xoxzo_2fa": fields})


def listening() -> bool:
    """Tell whether anybody would see an event that is not odd."""
    return _LOG.isEnabledFor(logging.INFO)
