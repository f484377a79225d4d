"""``python -m xoxzo_2fa demo`` logs in without sending anything, and ``keygen`` makes a key."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from xoxzo_2fa import Binding, Explanation, MemoryGuard, Refuse, Settings, TwoFactor, TwoFactorError, explain, keygen
from xoxzo_2fa.testing import FakeXoxzo, document

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

USER = Binding("+819012345678", "user-1", "login")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command, and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m xoxzo_2fa", description="SMS two-factor authentication through Xoxzo")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("keygen", help="print a key for `keys` or `guard.key`")
    demo = commands.add_parser("demo", help="log in with a phone on this screen: nothing is sent")
    demo.add_argument("--auto", action="store_true", help="type a wrong code, the right one, and the right one again")
    given = parser.parse_args(arguments)
    if given.command == "keygen":
        print(keygen())
        return 0
    try:
        return _log_in(auto=given.auto)
    except (EOFError, KeyboardInterrupt):
        return 1
    except TwoFactorError as fault:
        print(f"demo: {fault}", file=sys.stderr)
        return 1


def _log_in(*, auto: bool) -> int:
    xoxzo = FakeXoxzo()
    two_factor = TwoFactor(Settings(document(service="Demo Shop")), MemoryGuard(), transport=xoxzo)
    challenge = two_factor.start(USER)
    print(f"a code is on its way to {challenge.masked}")
    print(f"   the phone shows: {xoxzo.messages[-1].text}")
    accepted = False
    for pin in _guesses(xoxzo.pin()) if auto else _typed():
        refusal = _verify(two_factor, challenge.token, pin)
        accepted |= refusal is None
        if not auto and (refusal is None or "try-again" not in refusal.offers):
            break
    return 0 if accepted else 1


def _verify(two_factor: TwoFactor, token: str, pin: str) -> Explanation | None:
    """Print what comes of a guess. None if it is accepted."""
    try:
        two_factor.verify(token, USER, pin)
    except Refuse as refusal:
        told = explain(refusal, "en")
        print(f"   {refusal.code}: {told.text}")
        return told
    print("   accepted")
    return None


def _guesses(pin: str) -> list[str]:
    wrong = ("1" if pin[0] == "0" else "0") + pin[1:]
    return [wrong, pin, pin]


def _typed() -> Iterator[str]:
    while True:
        yield input("the code: ").strip()


if __name__ == "__main__":
    sys.exit(main())
