#!/usr/bin/env python3
"""The tutorial as a reader does it: every block of `docs/tutorial.md`, exactly as it is printed.

    tutorial.py BUILT [LANGUAGE...]

BUILT is the folder with the workspace's programs. Each language begins with an empty folder, in which the blocks that name a file are
written and the others are run. Of their commands, `git clone` links this checkout, `cargo run` and the `make` of the library for C take what
is in BUILT, and `sudo apt install` only looks whether the packages are there. The service's clock is libfaketime's, so that a code is late
without waiting. Needs PyPI's playwright, and Debian's chromium and libfaketime.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from documents import ROOT, Block, blocks_of
from tutorial_page import look
from tutorial_rust import COMMANDS, surround
from tutorial_walk import Walk

LANGUAGES = ("Python", "JavaScript", "Rust", "Ruby", "PHP")
FAKETIME = "faketime/libfaketimeMT.so.1"

# What stands for commands that need the network or compile.
PRELUDE = f"""set -euo pipefail
git() {{ [ "$1" = clone ] && ln -s {shlex.quote(str(ROOT))} "$(basename "$2")"; }}
built() {{
  while [[ $1 != -p && $1 != --bin ]]; do shift; done
  "$BUILT/$2" "${{@:4}}"
}}
cargo() {{ built "$@"; }}
sudo() {{ dpkg -s "${{@:3}}" >/dev/null; }}
"""


class Reader:
    """Somebody who follows the tutorial in one language, in a folder of their own."""

    def __init__(self, folder: Path, built: Path, language: str, blocks: list[Block]) -> None:
        self.root, self.folder = folder, folder / "tutorial"
        self.clock = folder / "clock"
        self.clock.write_text("+0\n")
        self.port = free_port()
        self.environment = os.environ | {"BUILT": str(built), "PORT": str(self.port), "UVICORN_PORT": str(self.port)}
        self.prelude = PRELUDE
        sections = list(dict.fromkeys(block.section for block in blocks))
        others = set(LANGUAGES) - {language}
        # The first section is done beside the folder, and everything else in it.
        self.first = [block for block in blocks if block.section == sections[0]]
        self.later = [block for block in blocks if block.section != sections[0] and block.section not in others]
        self.language = language
        self.processes: list[subprocess.Popen[bytes]] = []

    def begin(self) -> str:
        """Do what comes before the language, and return the sandbox's address."""
        *others, sandbox = self.first
        for block in others:
            self.run(block, self.root)
        self.start(sandbox, self.root, {})
        account = self.folder / "account"
        for _ in wait_for("the sandbox's account"):
            text = account.read_text() if account.exists() else ""
            told: dict[str, str] = dict(re.findall(r"^export (\w+)='([^']+)'\n", text, re.MULTILINE))
            if {"XOXZO_BASE_URL", "XOXZO_API_SID", "XOXZO_API_AUTH_TOKEN"} <= told.keys():
                return told["XOXZO_BASE_URL"]
        raise AssertionError

    def serve(self) -> None:
        """Write the files, run the commands, and start the service with the language's last one."""
        own = [block for block in self.later if block.section == self.language]
        for block in self.later:
            if block.file is not None:
                (self.folder / block.file).parent.mkdir(exist_ok=True)
                with (self.folder / block.file).open("a", encoding="utf-8") as file:
                    if file.tell():
                        file.write("\n")
                    file.write(block.text)
        if self.language == "Rust":
            surround(self.root, ROOT)
            self.prelude += COMMANDS
            self.environment["CARGO_TARGET_DIR"] = str(Path(self.environment["BUILT"]).parent)
        commands = [block for block in own if block.file is None]
        assert {block.language for block in commands} == {"sh"}, "a block that is neither a command nor names its file"
        self.last = commands[-1]
        for block in commands[:-1]:
            self.run(block, self.folder)
        library = next(path / FAKETIME for path in Path("/usr/lib").iterdir() if (path / FAKETIME).exists())
        preloaded = [library]
        if self.language == "PHP":
            # PHP binds a library to libc's own clock (RTLD_DEEPBIND), unless it is there already.
            preloaded.append(self.folder / "library/lib/libxoxzo_2fa.so.0.1")
        faked = {"LD_PRELOAD": ":".join(map(str, preloaded)), "FAKETIME_TIMESTAMP_FILE": str(self.clock), "FAKETIME_NO_CACHE": "1"}
        server = self.start(commands[-1], self.folder, faked)
        for _ in wait_for("the service"):
            if server.poll() is not None:
                raise AssertionError(f"the service ended: {(self.root / 'log').read_text()}")
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", self.port)) == 0:
                    return

    def go_live(self) -> None:
        """Run the commands after the languages."""
        for block in self.later[self.later.index(self.last) + 1 :]:
            self.run(block, self.folder)

    def run(self, block: Block, folder: Path) -> None:
        done = subprocess.run(
            ["bash", "-c", self.prelude + block.text], cwd=folder, env=self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise AssertionError(f"{block.section}, {block.part}: ended with {done.returncode}: {done.stdout}{done.stderr}")

    def start(self, block: Block, folder: Path, more: dict[str, str]) -> subprocess.Popen[bytes]:
        with (self.root / "log").open("ab") as log:
            bash = ["bash", "-c", self.prelude + block.text]
            process = subprocess.Popen(bash, cwd=folder, env=self.environment | more, stdout=log, stderr=log, start_new_session=True)
        self.processes.append(process)
        return process

    def end(self) -> None:
        for process in self.processes:
            try:
                os.killpg(process.pid, signal.SIGTERM)
            except ProcessLookupError:
                continue
            process.wait(30)


@contextmanager
def emptied(folder: Path) -> Iterator[Path]:
    """Make a folder, and remove it afterwards. It is always the same one, so cargo knows what it compiled before."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)


def wait_for(what: str) -> Iterator[int]:
    """Count until five minutes are over, then fail. Other jobs may have locked cargo's folder."""
    for tried in range(3_000):
        yield tried
        time.sleep(0.1)
    raise AssertionError(f"{what} did not come")


def free_port() -> int:
    """Return a free port below those that systems give out, so that nobody takes it between two starts of a server."""
    while True:
        port = random.randint(10_240, 32_767)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def main() -> int:
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    built, chosen = Path(sys.argv[1]).resolve(), sys.argv[2:] or LANGUAGES
    blocks = blocks_of((ROOT / "docs/tutorial.md").read_text("utf-8"))
    passed = failed = executed = 0
    for language in chosen:
        began = time.monotonic()
        with emptied(built.parent / "tutorial") as folder:
            reader = Reader(folder, built, language, blocks)
            try:
                walk = Walk(reader.begin(), reader.port, reader.clock)
                reader.serve()
                installed = time.monotonic()
                walk.all((reader.folder / "page.html").read_bytes())
                look(walk)
                reader.go_live()
            except Exception:
                print(f"tutorial: {language}: {traceback.format_exc()}{(folder / 'log').read_text()[-4000:]}")
                failed += 1
                continue
            finally:
                reader.end()
        ended = time.monotonic()
        print(f"{language}: {walk.checks} checks, {installed - began:.0f} s to install, {ended - installed:.0f} s to walk")
        passed += walk.checks
        executed += 1
    print(f"{passed} passed, {failed} failed")
    print(f"tutorial: {executed} languages executed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
