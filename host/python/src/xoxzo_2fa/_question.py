"""Writes the questions of the operations, in the form of the engine (``wit/ASK.md``).

Numbers, PINs and tokens are plain in these frames, so each function is called through ``seal``.
"""

from __future__ import annotations

from typing import Any

from xoxzo_2fa._engine import encode
from xoxzo_2fa._errors import Misuse
from xoxzo_2fa._records import Binding, Sending, Transaction

# Maximum numbers of characters: of a PIN, and of a token, handle or receipt. Genuine ones are shorter.
_PIN = 64
_TOKEN = 4096


def start(binding: Binding, sending: Sending) -> str:
    """Write ``start``."""
    return encode({"start": {**_sent(binding, sending), "audit": True}})


def resend(token: str, binding: Binding, sending: Sending) -> str:
    """Write ``resend``."""
    return encode({"resend": {"token": bounded(token), **_sent(binding, sending), "audit": True}})


def verify(token: str, binding: Binding, pin: str, client: str | None) -> str:
    """Write ``verify``."""
    question: dict[str, Any] = {"token": bounded(token), "binding": _bound(binding), "pin": bounded(pin, _PIN), "audit": True}
    if client is not None:
        question["client"] = client
    return encode({"verify": question})


def status(handle: str) -> str:
    """Write ``status``."""
    return encode({"status": {"handle": bounded(handle), "audit": True}})


def unlock(subject: str, recipient: str) -> str:
    """Write ``unlock``."""
    return encode({"unlock": {"subject": subject, "recipient": recipient, "audit": True}})


def limits(subject: str, recipient: str, client: str | None) -> str:
    """Write ``limits``."""
    question: dict[str, Any] = {"subject": subject, "recipient": recipient, "audit": True}
    if client is not None:
        question["client"] = client
    return encode({"limits": question})


def account() -> str:
    """Write ``credits``."""
    return encode({"credits": {"audit": True}})


def bounded(typed: str, most: int = _TOKEN) -> str:
    """Return a text from a user, or the empty text if it is too long or holds a lone surrogate.

    The engine refuses the empty text like any malformed one. So a user cannot make a question too long or invalid Unicode, and is
    answered in the time of a short one.
    """
    if not isinstance(typed, str) or (len(typed) <= most and (typed.isascii() or not _halved(typed))):
        return typed
    return ""


def paid(transaction: Transaction | None) -> None:
    """Raise ``Misuse`` for a payment that is not a ``Transaction``."""
    if not isinstance(transaction, (Transaction, type(None))):
        raise Misuse("request", "transaction: must be a `Transaction`")


def _halved(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def _sent(binding: Binding, sending: Sending) -> dict[str, Any]:
    if not isinstance(sending, Sending):
        raise Misuse("request", "sending: must be a `Sending`")
    return {"binding": _bound(binding), "sending": sending._question()}  # noqa: SLF001


def _bound(binding: Binding) -> dict[str, Any]:
    if not isinstance(binding, Binding):
        raise Misuse("request", "binding: must be a `Binding`")
    paid(binding.transaction)
    return binding._question()  # noqa: SLF001
