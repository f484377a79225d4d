#!/usr/bin/env python3
"""A login by hand-written HMAC, for comparison: a keyed hash of the user, the phone, the expiry and the code is the token.

It has no limit across challenges, of messages or of cost, and forgets its counters with the process.
"""

import hmac
import secrets
import sys
import time

from measure import answer

LIFE = 90
GUESSES = 5
USED = 1 << 20


class Handmade:
    locks = False
    # An altered token looks like a wrong PIN.
    altered = "wrong-pin"

    def __init__(self) -> None:
        self.key = secrets.token_bytes(32)
        self.guesses: dict[str, int] = {}
        self.messages: list[str] = []
        self.back = 0

    def user(self, number: int, *, other: bool) -> tuple[str, str]:
        return f"user-{number}", f"+8190{number:08}"

    def start(self, user: tuple[str, str]) -> str:
        pin = f"{secrets.randbelow(1_000_000):06}"
        expiry = int(self.now()) + LIFE
        self.messages.append(pin)
        return f"{expiry}.{self.hash(user, expiry, pin)}"

    def verify(self, token: str, user: tuple[str, str], pin: str) -> str:
        end, _, hash = token.partition(".")
        if not (end.isascii() and end.isdigit() and hash.isascii()):
            return "invalid-token"
        if not (len(pin) == 6 and pin.isascii() and pin.isdigit()):
            return "malformed"
        if self.now() >= int(end):
            return "expired"
        tried = self.guesses.get(token, 0)
        if tried >= GUESSES:
            return "used" if tried >= USED else "exhausted"
        self.guesses[token] = tried + 1
        if not hmac.compare_digest(hash, self.hash(user, int(end), pin)):
            return "wrong-pin"
        self.guesses[token] = USED
        return ""

    def hash(self, user: tuple[str, str], expiry: int, pin: str) -> str:
        return hmac.digest(self.key, "|".join((*user, str(expiry), pin)).encode(), "sha256").hex()

    def now(self) -> float:
        return time.time() - self.back

    def sent(self) -> list[str]:
        messages, self.messages = self.messages, []
        return messages

    def set_back(self, seconds: int) -> None:
        self.back = seconds


if __name__ == "__main__":
    # The settings are of no use to it.
    sys.stdin.readline()
    answer(Handmade())
