#!/usr/bin/env python3
"""Runs the checks of each client against a sandbox of its own, and counts.

    main.py SANDBOX NAME=COMMAND...

SANDBOX is the program `xoxzo-2fa-sandbox`. Each COMMAND reads XOXZO_BASE_URL, XOXZO_API_SID and XOXZO_API_AUTH_TOKEN, and prints a line for
each test of that client's own suite: `NAME: ok`, `NAME: cannot pass: REASON`, or `NAME: ` and what went wrong.
"""

import base64
import json
import os
import shlex
import subprocess
import sys
import urllib.parse
import urllib.request

CANNOT = "cannot pass: "


def send_first(account: dict[str, str]) -> None:
    """The suites expect an account whose list of messages is not empty."""
    form = {"recipient": "+819012345678", "sender": "Shop", "message": "Hello"}
    request = urllib.request.Request(f"{account['url']}/sms/messages/", urllib.parse.urlencode(form).encode())
    pair = base64.b64encode(f"{account['sid']}:{account['auth_token']}".encode()).decode()
    request.add_header("authorization", f"Basic {pair}")
    with urllib.request.urlopen(request, timeout=10):
        pass


def run(sandbox: str, command: str) -> list[tuple[str, str]]:
    """The name of each test, and how it went."""
    with subprocess.Popen([sandbox, "--json", "--pace", "0"], stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout
            account = json.loads(server.stdout.readline())
            send_first(account)
            variables = {
                "XOXZO_BASE_URL": account["url"],
                "XOXZO_API_SID": account["sid"],
                "XOXZO_API_AUTH_TOKEN": account["auth_token"],
            }
            ran = subprocess.run(
                shlex.split(command), stdout=subprocess.PIPE, text=True, check=False, env=os.environ | variables
            )
        finally:
            server.terminate()
    told = [(name, how) for name, found, how in (line.partition(": ") for line in ran.stdout.splitlines()) if found]
    if ran.returncode != 0 or not told:
        told.append(("the whole suite", f"ended with {ran.returncode} after {len(told)} tests"))
    return told


def main() -> int:
    if len(sys.argv) < 3:
        print(__doc__, file=sys.stderr)
        return 2
    sandbox, *clients = sys.argv[1:]
    passed = failed = 0
    for client in clients:
        name, _, command = client.partition("=")
        told = run(sandbox, command)
        right = [test for test, how in told if how == "ok"]
        excused = [one for one in told if one[1].startswith(CANNOT)]
        wrong = [one for one in told if one not in excused and one[1] != "ok"]
        print(f"{name}: {len(right)} of {len(told)} tests")
        for test, how in excused + wrong:
            print(f"  {test}: {how}")
        passed += len(right)
        failed += len(wrong)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
