"""Events of operations, for a callback or for ``logging``."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from xoxzo_2fa._secret import attempt, cause

if TYPE_CHECKING:
    from collections.abc import Callable

    from xoxzo_2fa._errors import Code
    from xoxzo_2fa._records import Audit, Channel, Delivery

Outcome = Literal["ok", "unknown", "misuse", "refuse", "upstream", "cancelled"]
Cost = Literal["nothing", "sms", "template", "call"]

_LOG = logging.getLogger("xoxzo_2fa.audit")


@dataclass(frozen=True)
class Event:
    """An operation that ended. Holds nothing personal. Names and fields are the same on every host: ``wit/SPEC.md``, "Events".

    operation: ``start``, ``resend``, ``verify``, ``status``, ``unlock``, ``limits`` or ``credits``.
    outcome: ``ok``; ``unknown`` if a message may or may not have gone out; the blame ``misuse``, ``refuse`` or ``upstream``; ``cancelled``
    if the caller went away.
    code: code of the refusal or failure.
    operator: name of the operator who called it. None for users' operations.
    purpose: purpose of the binding. None if there is none, or the settings do not name it.
    channel: channel by which a message was sent, or would have been.
    cost, parts: kind of cost, and billed parts, which are at least 1 for a template or a call.
    audit: pseudonyms of the user, and information for operators.
    took: duration in seconds.
    """

    operation: str
    outcome: Outcome
    code: Code | None
    operator: str | None
    purpose: str | None
    channel: Channel | None
    delivery: Delivery | None
    cost: Cost
    parts: int
    audit: Audit
    took: float

    @property
    def odd(self) -> bool:
        """Tell whether operators should look: there is an alarm, or the outcome is neither ``ok`` nor ``refuse``."""
        return self.audit.alarm is not None or self.outcome not in {"ok", "refuse"}

    def fields(self) -> dict[str, Any]:
        """Return the known values as flat fields, with the names that every host uses."""
        audit = {name: value for name, value in vars(self.audit).items() if name != "trail"}
        trail = {} if self.audit.trail is None else vars(self.audit.trail)
        own = {name: value for name, value in vars(self).items() if name not in {"audit", "took"}}
        fields = {**own, **trail, **audit, "took_us": round(self.took * 1_000_000)}
        return {name: value for name, value in fields.items() if value is not None}


def log(event: Event) -> None:
    """Write an event to the logger ``xoxzo_2fa.audit``, as a warning if it is ``odd``, else at level INFO."""
    fields = event.fields()
    text = " ".join(f"{name}={value}" for name, value in fields.items())
    _LOG.log(logging.WARNING if event.odd else logging.INFO, "%s", text, extra={"xoxzo_2fa": fields})


def listening() -> bool:
    """Tell whether anybody would see an event that is not odd."""
    return _LOG.isEnabledFor(logging.INFO)


def tell(audit: Callable[[Event], object] | None, event: Event) -> None:
    """Pass an event to the callback. An exception of the callback is only logged, so that it costs nobody a login."""
    told = attempt(audit or log, event)
    if isinstance(told.failure, Exception):
        _LOG.error("the audit callback failed: %s", cause(told.failure))
    else:
        told.reveal()
