"""``python -m xoxzo_2fa demo`` logs in against the sandbox, and ``keygen`` makes a key."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING, Any

from xoxzo_2fa import Binding, MemoryGuard, Refuse, Settings, TwoFactor, TwoFactorError, explain, keygen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PHONE = "+819012345678"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command, and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m xoxzo_2fa", description="SMS two-factor authentication through Xoxzo")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("keygen", help="print a key for `keys` or `guard.key`")
    demo = commands.add_parser("demo", help="log in against the sandbox, which sends nothing")
    demo.add_argument("--auto", action="store_true", help="read the PIN from the sandbox's inbox instead of asking for it")
    demo.add_argument(
        "--sandbox",
        metavar="COMMAND",
        default=os.environ.get("XOXZO_2FA_SANDBOX", "xoxzo-2fa sandbox"),
        help="command that runs the sandbox, from the command line `xoxzo-2fa` (cargo install xoxzo-2fa-cli)",
    )
    given = parser.parse_args(arguments)
    if given.command == "keygen":
        print(keygen())
        return 0
    try:
        with _sandbox(given.sandbox) as sandbox:
            return _log_in(sandbox, auto=given.auto)
    except (TwoFactorError, LookupError, OSError) as fault:
        print(f"demo: {fault}", file=sys.stderr)
        return 1


@contextlib.contextmanager
def _sandbox(command: str) -> Iterator[dict[str, str]]:
    program, *rest = shlex.split(command)
    if shutil.which(program) is None:
        raise LookupError(f"no `{program}`: install it with `cargo install xoxzo-2fa-cli`, or name it with --sandbox")
    with subprocess.Popen([program, *rest, "--json"], stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            line = process.stdout.readline() if process.stdout else ""
            yield json.loads(line)
        finally:
            process.terminate()


def _log_in(sandbox: dict[str, str], *, auto: bool) -> int:
    settings = Settings(
        {
            "version": 1,
            "audience": "demo",
            "service": "Demo Shop",
            "keys": [keygen()],
            "guard": {"key": keygen()},
            "xoxzo": {
                "sid": sandbox["sid"],
                "auth_token": sandbox["auth_token"],
                "sender": "Demo",
                "base_url": sandbox["url"],
            },
            "destinations": ["JP-mobile"],
            "test": True,
        }
    )
    two_factor = TwoFactor(settings, MemoryGuard())
    user = Binding(PHONE, "user-1", "login")
    print(f"a sandbox of Xoxzo runs at {sandbox['url']}/_sandbox/: open it to see the phone")
    challenge = two_factor.start(user)
    print(f"a code is on its way to {challenge.masked}")
    code = _inbox(sandbox)
    wrong = ("1" if code[0] == "0" else "0") + code[1:]
    guesses = iter([wrong, code, code] if auto else [])
    accepted = False
    while True:
        pin = next(guesses, None) if auto else input("the code: ").strip()
        if pin is None:
            return 0 if accepted else 1
        try:
            two_factor.verify(challenge.token, user, pin)
        except Refuse as refusal:
            told = explain(refusal, "en")
            print(f"   {refusal.code}: {told.text}")
            if not auto and "try-again" not in told.offers:
                return 1
        else:
            print("   accepted")
            accepted = True
            if not auto:
                return 0


def _inbox(sandbox: dict[str, str]) -> str:
    recipient = urllib.parse.quote(PHONE)
    with urllib.request.urlopen(f"{sandbox['url']}/_sandbox/inbox?recipient={recipient}") as answer:  # noqa: S310
        messages: list[dict[str, Any]] = json.load(answer)
    found = re.search(r"\b\d{6}\b", messages[-1]["body"]) if messages else None
    if found is None:
        raise LookupError("there is no code in the sandbox's inbox")
    return found.group()


if __name__ == "__main__":
    sys.exit(main())
