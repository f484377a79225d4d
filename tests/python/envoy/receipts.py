"""Checks receipts as an application would, with the verifier that is written from the specification alone."""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import receipt
from notation import Refused
from person import Person


def proves(key: str, spelling: str, person: Person, paid: dict[str, str] | None = None) -> bool:
    """Whether it proves now that this user, with this number and in this session, got past the gate, or confirmed a payment there."""
    user = {"subject": person.subject, "recipient": person.phone, "session": person.session}
    try:
        receipt.check_receipt(
            [key], spelling, int(time.time()), {**user, "purpose": "login", **({"transaction": paid} if paid else {})}
        )
    except Refused:
        return False
    return True
