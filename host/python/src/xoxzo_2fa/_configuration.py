"""What needs neither guard nor network: keys, receipts, tokens looked at, messages previewed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from xoxzo_2fa._engine import shared
from xoxzo_2fa._records import Claims, Outline, Specimen, Transaction, record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xoxzo_2fa._settings import Settings


def keygen() -> str:
    """Make a key for ``keys`` or ``guard.key``. A secret: write it where secrets are kept."""
    return _key({"keygen": {}})


def receipt_key(root_key: str, audience: str, *, test: bool = False) -> str:
    """Derive the key that checks receipts for one audience, and can do nothing else.

    Raises ``Misuse`` if ``root_key`` is not a key.
    """
    return _key({"receipt_key": {"root_key": root_key, "audience": audience, "test": test}})


def check_receipt(receipt_keys: Sequence[str], receipt: str, *, now: float | None = None) -> Claims:
    """Check a receipt, and say what it proves. Compare the claims with what you expect.

    receipt_keys: as ``receipt_key`` gives them, one for each challenge key in use.
    now: seconds since 1970-01-01T00:00:00Z; the clock's if None.

    Raises ``Refuse`` for a receipt that is not genuine or over, ``Misuse`` for a key that is none.
    """
    question = {"check_receipt": {"receipt_keys": list(receipt_keys), "receipt": receipt}}
    _, claims = shared().once(question, now=int(time.time() if now is None else now))
    return record(Claims, claims)


def inspect(token: str) -> Outline:
    """Read what a token carries in the clear, to look for a fault. Proves nothing.

    Raises ``Refuse`` for what has not the form of a token.
    """
    _, outline = shared().once({"inspect": {"token": token}})
    return record(Outline, outline)


def preview(settings: Settings, transaction: Transaction | None = None) -> list[Specimen]:
    """Give the texts of an SMS in every language, as these settings would send them without a template.

    Raises ``Misuse`` for wrong settings or a malformed transaction.
    """
    _, prepared = shared().once({"prepare": {"json": settings.document("shared")}})
    question: dict[str, Any] = {} if transaction is None else {"transaction": vars(transaction)}
    _, previewed = shared().once({"preview": question}, prepared["settings"])
    return [record(Specimen, specimen) for specimen in previewed["specimens"]]


def _key(question: dict[str, Any]) -> str:
    _, written = shared().once(question)
    return str(written["key"])
