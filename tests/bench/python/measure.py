"""Prepares what an operation needs, times nothing but the operation, and checks what it answered: for programs in Python.

``bench.py`` says what a program reads and answers. A program brings a ``Login``, and calls ``answer``.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

CODES = {
    "verify": "",
    "wrong-pin": "wrong-pin",
    "expired": "expired",
    "exhausted": "exhausted",
    "locked": "locked",
    "malformed": "malformed",
    "not-ours": "invalid-token",
    "replay": "used",
}

# Answers, for one challenge or user that is refused again and again, to one setup.
_REPEATED = 10
# Wrong guesses that a challenge takes.
_GUESSES = 5
# More seconds than a challenge of the settings lives.
_OUTLIVED = 100


class Login(Protocol):
    """A login with a code in a message.

    locks: whether it locks out a user whose guesses at several challenges were wrong.
    altered: the code of a token that was altered.
    """

    locks: bool
    altered: str

    def user(self, number: int, *, other: bool) -> Any:
        """Return a user. ``other`` has the same user with another phone."""

    def start(self, user: Any) -> str:
        """Send a code, and return the token, or the code of the refusal."""

    def verify(self, token: str, user: Any, pin: str) -> str:
        """Check a code. Return nothing, or the code of the refusal."""

    def sent(self) -> list[str]:
        """Return the codes that were sent since this was last asked."""

    def set_back(self, seconds: int) -> None:
        """Set the clock to so many seconds before the present."""


@dataclass
class _Challenge:
    user: Any
    token: str
    pin: str


class _Measure:
    def __init__(self, login: Login) -> None:
        self.login = login
        self.users = 0

    def ask(self, operation: str, count: int) -> dict[str, Any]:
        """Do an operation ``count`` times."""
        login = self.login
        if operation == "locked" and not login.locks:
            return {"absent": True}
        users = -(-count // _REPEATED) if operation in {"exhausted", "locked", "malformed"} else count
        if operation == "start":
            drawn = self._draw(users)
            answers, told = _timed(lambda: [login.start(user) for user in drawn])
            _held(min(map(len, answers)) > len("invalid-token") and len(login.sent()) == count, "a start was refused")
            return told
        login.set_back(_OUTLIVED if operation == "expired" else 0)
        challenges = self._challenges(users)
        login.set_back(0)
        self._prepare(operation, challenges)
        turns = (challenges * -(-count // users))[:count]
        if operation == "locked":
            answers, told = _timed(lambda: [login.start(each.user) for each in turns])
        else:
            answers, told = _timed(lambda: [login.verify(each.token, each.user, each.pin) for each in turns])
        wanted = login.altered if operation == "not-ours" else CODES[operation]
        odd = [answer for answer in answers if answer != wanted]
        _held(not odd and len(answers) == count, f"{odd[:1]} instead of {wanted!r}")
        return told

    def _prepare(self, operation: str, challenges: list[_Challenge]) -> None:
        if operation in {"exhausted", "locked"}:
            self._exhaust(challenges)
        if operation == "locked":
            self.users -= len(challenges)
            self._exhaust(self._challenges(len(challenges), other=True))
        for each in challenges:
            if operation == "replay":
                _held(self.login.verify(each.token, each.user, each.pin) == "", "a right code was refused")
            elif operation == "not-ours":
                each.token = each.token[:-1] + ("1" if each.token[-1] == "0" else "0")
            elif operation == "malformed":
                each.pin = "12345x"
            elif operation == "wrong-pin":
                each.pin = _other(each.pin)

    def _exhaust(self, challenges: list[_Challenge]) -> None:
        for each in challenges:
            answers = {self.login.verify(each.token, each.user, _other(each.pin)) for _ in range(_GUESSES)}
            _held(answers <= {"wrong-pin", "locked"}, f"{answers} instead of wrong guesses")

    def _draw(self, users: int, *, other: bool = False) -> list[Any]:
        self.users += users
        return [self.login.user(number, other=other) for number in range(self.users - users, self.users)]

    def _challenges(self, users: int, *, other: bool = False) -> list[_Challenge]:
        drawn = self._draw(users, other=other)
        tokens = [self.login.start(user) for user in drawn]
        pins = self.login.sent()
        _held(len(tokens) == len(pins), "a message has no code")
        return [_Challenge(*each) for each in zip(drawn, tokens, pins, strict=True)]


def _timed(work: Callable[[], list[str]]) -> tuple[list[str], dict[str, Any]]:
    wall, cpu = time.perf_counter_ns(), time.process_time_ns()
    answers = work()
    cpu, wall = time.process_time_ns() - cpu, time.perf_counter_ns() - wall
    return answers, {"count": len(answers), "wall_ns": wall, "cpu_ns": cpu}


def _other(pin: str) -> str:
    return "000001" if pin == "000000" else "000000"


def _held(right: bool, otherwise: str) -> None:  # noqa: FBT001
    if not right:
        sys.exit(otherwise)


def answer(login: Login) -> None:
    """Answer until the questions end."""
    measure = _Measure(login)
    for line in sys.stdin:
        operation, count = line.split()
        print(json.dumps(measure.ask(operation, int(count))), flush=True)
