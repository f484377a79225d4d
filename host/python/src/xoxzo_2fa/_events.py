"""What is told of each operation: to a callback, or to ``logging``."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from xoxzo_2fa._secret import attempt, cause

if TYPE_CHECKING:
    from collections.abc import Callable

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
    code: why it was refused or failed.
    operator: the name of the operator who did it. None for what users do.
    purpose: of the binding. None if there is none, or the settings do not name it.
    channel: the channel by which a message was sent, or would have been.
    cost, parts: what it costs. Of a template or a call, at least one part.
    audit: whom it is about, and what operators should know.
    took: seconds.
    """

    operation: str
    outcome: Outcome
    code: str | None
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
        """Tell whether operators should look: an alarm, or neither done nor refused."""
        return self.audit.alarm is not None or self.outcome not in {"ok", "refuse"}

    def fields(self) -> dict[str, Any]:
        """Return what is known as flat fields, by the names of every host."""
        audit = {name: value for name, value in vars(self.audit).items() if name != "trail"}
        trail = {} if self.audit.trail is None else vars(self.audit.trail)
        own = {name: value for name, value in vars(self).items() if name not in {"audit", "took"}}
        fields = {**own, **trail, **audit, "took_us": round(self.took * 1_000_000)}
        return {name: value for name, value in fields.items() if value is not None}


def log(event: Event) -> None:
    """Write an event to the logger ``xoxzo_2fa.audit``: a warning if it is ``odd``, else information."""
    fields = event.fields()
    text = " ".join(f"{name}={value}" for name, value in fields.items())
    _LOG.log(logging.WARNING if event.odd else logging.INFO, "%s", text, extra={"xoxzo_2fa": fields})


def listening() -> bool:
    """Tell whether anybody would see an event that is not odd."""
    return _LOG.isEnabledFor(logging.INFO)


def tell(audit: Callable[[Event], object] | None, event: Event) -> None:
    """Hand an event over. What the callback raises is logged: nobody is to lose a login by it."""
    told = attempt(audit or log, event)
    if isinstance(told.failure, Exception):
        _LOG.error("the audit callback failed: %s", cause(told.failure))
    else:
        told.reveal()
