"""Reads receipts with the verifier that is written from the specification alone."""

import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import verifier


def check_receipt(key: str, spelling: str) -> dict[str, Any]:
    """What a receipt says now; nothing if it is refused."""
    try:
        claims: dict[str, Any] = verifier.check_receipt([key], spelling, int(time.time()))
    except verifier.Refused:
        return {"subject": None}
    return claims
