"""Times the command line for ``bench.py``: command.py PROGRAM FOLDER

PROGRAM is `xoxzo-2fa`, which runs once for each operation, with counters in a file and the engine compiled before. Its sandbox takes the messages. CPU time is
that of the processes that ended, as the kernel tells it.
"""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any


class _Command:
    """The program, with a settings file and a store of its own."""

    def __init__(self, program: str, folder: Path, sandbox: dict[str, str], document: dict[str, Any]) -> None:
        self.program, self.url, self.users = program, sandbox["url"], 0
        document["xoxzo"] |= {"sid": sandbox["sid"], "auth_token": sandbox["auth_token"], "base_url": sandbox["url"]}
        # Xoxzo over HTTP is for tests.
        document["test"] = True
        settings = folder / "settings.json"
        settings.write_text(json.dumps(document))
        self.common = ["--settings", str(settings), "--guard", str(folder / "command.sqlite"), "--json"]
        self.environment = {"HOME": str(folder), "PATH": os.environ["PATH"]}

    def run(self, *arguments: str, typed: str = "") -> dict[str, Any]:
        """Run the program once. What it answers is one line."""
        command = [self.program, *arguments, *self.common]
        done = subprocess.run(command, input=typed, env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"{arguments[0]}: ended with {done.returncode}: {done.stderr}")
        # What it came to, under its name.
        [told] = json.loads(done.stdout).values()
        assert isinstance(told, dict), done.stdout
        return told

    def user(self) -> list[str]:
        """Return the arguments of a user who has not been seen before, with a number that has no fault in the sandbox."""
        self.users += 1
        return ["--to", f"+8180{self.users:08}", "--subject", f"user-{self.users}"]

    def pin(self, number: str) -> str:
        """Return the code that was sent last."""
        question = urllib.parse.urlencode({"recipient": number})
        with urllib.request.urlopen(f"{self.url}/_sandbox/inbox?{question}", timeout=5) as answer:
            found = re.search(r"(?<!\d)\d{6}(?!\d)", json.load(answer)[-1]["body"])
        assert found
        return found[0]

    def ask(self, operation: str, count: int) -> dict[str, Any]:
        """Do an operation ``count`` times."""
        users = [self.user() for _ in range(count)]
        if operation == "start":
            return _timed([lambda user=user: self.run("start", *user) for user in users])
        if operation != "verify":
            return {"absent": True}
        challenges = [(user, self.run("start", *user)["token"], self.pin(user[1])) for user in users]
        return _timed([lambda one=one: self.run("verify", "--token", one[1], *one[0], typed=one[2] + "\n") for one in challenges])


def _timed(work: list[Any]) -> dict[str, Any]:
    before, began = _children(), time.monotonic_ns()
    for one in work:
        one()
    wall, cpu = time.monotonic_ns() - began, _children() - before
    return {"count": len(work), "wall_ns": wall, "cpu_ns": cpu}


def _children() -> int:
    """Return the CPU time of the processes that ended."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return int((spent.ru_utime + spent.ru_stime) * 1e9)


def main() -> None:
    program, folder = sys.argv[1], Path(sys.argv[2])
    # A folder that nobody else may change, as the store wants it.
    folder.mkdir(mode=0o700)
    document = json.loads(sys.stdin.readline())
    starting = [program, "sandbox", "--json", "--pace", "0", "--credits", "1000000"]
    with subprocess.Popen(starting, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as sandbox:
        try:
            assert sandbox.stdout
            command = _Command(program, folder, json.loads(sandbox.stdout.readline()), document)
            # The first run compiles the engine.
            command.run("start", *command.user())
            for line in sys.stdin:
                operation, count = line.split()
                print(json.dumps(command.ask(operation, int(count))), flush=True)
        finally:
            sandbox.terminate()


if __name__ == "__main__":
    main()
