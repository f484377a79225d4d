#!/usr/bin/env python3
"""The path of a stranger, timed: from `git clone` to the first PIN, by the commands of the READMEs as they are printed.

    stranger.py FOLDER [LANGUAGE...]

Each language begins in an empty folder in FOLDER, with empty caches and a clone of what is committed here, and ends with an accepted PIN. Every
command is a step, of which wall and CPU seconds are printed. Downloads and builds count. Of what is printed, only this is replaced: the address of
the repository leads to this checkout, CHECKOUT is the clone's path, `sudo make install` installs into a folder of FOLDER, and `sudo ldconfig` is
left out. The archive for JavaScript is copied, and what a README has to be saved is saved. Packagist is switched off: nothing is fetched from it.
"""

from __future__ import annotations

import json
import os
import re
import select
import shutil
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from documents import ROOT, Block, blocks_of

REPOSITORY = "https://github.com/xoxzo/xoxzo-2fa"
SECTION = "A first PIN"
# Seconds that one command may take. A busy machine compiles for long.
PATIENCE = 2 * 60 * 60
# Seconds for which a sandbox is asked at once whether a message came. The program that sends it may have to be compiled first.
ARRIVAL = 60

# Evaluates commands one by one, and tells the status of each. Standard input is the stranger's keyboard.
READER = """
sudo() {
  case $1 in
    make) "$@" prefix="$INSTALLED" ;;
    ldconfig) ;;
    *) echo "sudo: $1 is not known" >&2; return 1 ;;
  esac
}
set -o pipefail
while IFS= read -r -d '' -u "$1" command; do
  eval "$command"
  echo $? >&"$2"
done
"""


@dataclass(frozen=True)
class Guide:
    """A README, and the folder in which its commands are typed: beside the clone, in it, or an empty one beside it."""

    readme: str
    fence: str
    place: str


GUIDES = {
    "Rust": Guide("host/sdk/README.md", "rust", "."),
    "Python": Guide("host/python/README.md", "python", "xoxzo-2fa"),
    "JavaScript": Guide("host/js/README.md", "js", "first"),
    "PHP": Guide("host/php/README.md", "php", "."),
}


@dataclass
class Step:
    """A command, and what it took."""

    command: str
    wall: float
    cpu: float


@dataclass
class Shell:
    """A shell of the stranger's, which keeps its folder and variables from one command to the next."""

    folder: Path
    environment: dict[str, str]
    log: Path
    steps: list[Step]

    def __post_init__(self) -> None:
        asked, self._commands = os.pipe()
        self._answers, told = os.pipe()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                ["bash", "-c", READER, "reader", str(asked), str(told)],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                pass_fds=(asked, told),
                start_new_session=True,
            )
        os.close(asked)
        os.close(told)

    def run(self, command: str, *, typed: Iterator[str] | None = None) -> None:
        """Run a command to its end, and note what it took. `typed` gives what is typed meanwhile."""
        began, spent = self.begin(command)
        if typed is not None and self.process.stdin is not None:
            for line in typed:
                self.process.stdin.write(f"{line}\n".encode())
                self.process.stdin.flush()
        status = os.read(self._answers, 16).decode().strip()
        self.end(command, began, spent)
        if status != "0":
            raise AssertionError(f"`{command}` ended with {status or 'the shell'}")

    def begin(self, command: str) -> tuple[float, float]:
        began, spent = time.monotonic(), self.cpu()
        os.write(self._commands, command.encode() + b"\0")
        return began, spent

    def end(self, command: str, began: float, spent: float) -> None:
        self.steps.append(Step(command, time.monotonic() - began, self.cpu() - spent))

    def ask(self, command: str) -> None:
        """Run a command that is no step of the stranger's."""
        self.begin(command)
        assert os.read(self._answers, 16) == b"0\n", command

    def tell(self, name: str) -> str:
        """Return a variable of the shell's."""
        place = self.log.with_name("told")
        self.ask(f'printf %s "${name}" >"{place}"')
        return place.read_text()

    def is_done(self) -> bool:
        """Tell whether it has ended its command."""
        return bool(select.select([self._answers], [], [], 0)[0])

    def cpu(self) -> float:
        """Return the CPU seconds of everything that was started here, and either runs or was waited for."""
        ticks = 0
        for place in Path("/proc").glob("[0-9]*/stat"):
            try:
                _, _, rest = place.read_text().rpartition(") ")
            except OSError:
                continue
            fields = rest.split()
            if int(fields[3]) == self.process.pid:
                ticks += sum(map(int, fields[11:15]))
        return ticks / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        """End everything that still runs in its session, which only this stranger started."""
        for place in Path("/proc").glob("[0-9]*/stat"):
            try:
                _, _, rest = place.read_text().rpartition(") ")
                if int(rest.split()[3]) == self.process.pid:
                    os.kill(int(place.parent.name), 15)
            except (OSError, ValueError):
                continue
        for end in (self._commands, self._answers):
            os.close(end)
        self.process.wait(30)


def commands(block: str) -> list[str]:
    """Cut a block into commands: a line each, or the lines of a document that is written in it."""
    found: list[str] = []
    lines: list[str] = []
    for line in block.splitlines():
        lines.append(line)
        text = "\n".join(lines)
        read = subprocess.run(["bash", "-n", "-c", text], capture_output=True, text=True, check=False)
        if read.returncode == 0 and not read.stderr and not line.endswith("\\"):
            found.append(text)
            lines = []
    assert not lines, f"not a command: {lines}"
    return [command for command in found if command.strip()]


class Stranger:
    """Somebody who has read nothing but a README."""

    def __init__(self, language: str, folder: Path) -> None:
        self.guide, self.folder = GUIDES[language], folder
        self.clone = folder / "xoxzo-2fa"
        self.log = folder / "log"
        own = {name: str(folder / name) for name in ("cache", "cargo", "composer", "installed", "npm", "state")}
        Path(own["composer"]).mkdir()
        (Path(own["composer"]) / "config.json").write_text('{"repositories": [{"packagist.org": false}]}')
        left_out = ("CARGO_TARGET_DIR", "VIRTUAL_ENV", "PYTHONPATH")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("XOXZO_") and name not in left_out}
        self.environment = environment | {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.file://{ROOT}.insteadOf",
            "GIT_CONFIG_VALUE_0": REPOSITORY,
            "CARGO_HOME": own["cargo"],
            "CARGO_NET_GIT_FETCH_WITH_CLI": "true",
            "COMPOSER_ALLOW_SUPERUSER": "1",
            "COMPOSER_HOME": own["composer"],
            "COMPOSER_NO_INTERACTION": "1",
            "INSTALLED": own["installed"],
            "LD_LIBRARY_PATH": f"{own['installed']}/lib",
            "PATH": f"{own['cargo']}/bin:{environment['PATH']}",
            "PYTHONUNBUFFERED": "1",
            "XDG_CACHE_HOME": own["cache"],
            "XDG_STATE_HOME": own["state"],
            "npm_config_cache": own["npm"],
            "npm_config_update_notifier": "false",
        }
        self.shells: list[Shell] = []
        self.steps: list[Step] = []

    def shell(self, place: Path) -> Shell:
        shell = Shell(place, self.environment, self.log, self.steps)
        self.shells.append(shell)
        return shell

    def walk(self) -> None:
        """Do what the README says, and note the steps."""
        first = self.shell(self.folder)
        [clone] = [line for line in commands(self.clone_block()) if line.startswith("git clone ")]
        first.run(clone)
        text = (self.clone / self.guide.readme).read_text("utf-8")
        sections = [block for block in blocks_of(text) if block.section == SECTION and block.language == "sh"]
        program = next(block.text for block in blocks_of(text) if block.language.partition(",")[0] == self.guide.fence)
        [_, about] = text.split(f"\n## {SECTION}\n")
        about = about.partition("\n## ")[0]
        place = self.folder / self.guide.place
        place.mkdir(exist_ok=True)
        self.archive(about, first, place)
        first.ask(f"cd {place}")
        saved = re.search(r"Save the lines above as `([\w./]+)`", about)
        assert saved, f"{self.guide.readme} does not say how to save its first lines"
        *others, last = sections
        for block in others:
            if "second shell" in about[: about.index(block.text)].rpartition("\n```\n")[2]:
                self.second(block, Path(first.tell("PWD")))
                continue
            for command in commands(block.text):
                seen = self.log.stat().st_size
                first.run(self.known(command), typed=self.shown(seen) if is_demo(command) else None)
        target = Path(first.tell("PWD")) / saved[1]
        assert target.parent.is_dir(), f"{target.parent} is not there"
        target.write_text(program, "utf-8")
        *before, start = commands(last.text)
        for command in before:
            first.run(self.known(command))
        first.run(self.known(start), typed=self.arrived(first.tell("XOXZO_BASE_URL")))

    def clone_block(self) -> str:
        blocks = blocks_of((ROOT / "README.md").read_text("utf-8"))
        return next(block.text for block in blocks if "git clone " in block.text)

    def archive(self, about: str, shell: Shell, place: Path) -> None:
        """Make the archive that a README installs, if it tells how in its text."""
        told = re.search(r"in `(host/\w+)` of a checkout[^`]*`([^`]+)` makes the archive", about)
        if told:
            shell.run(f"(cd {self.clone / told[1]} && {told[2]})")
            for archive in (self.clone / told[1]).glob("*.tgz"):
                shutil.copy(archive, place)

    def known(self, command: str) -> str:
        return command.replace("CHECKOUT", str(self.clone))

    def second(self, block: Block, place: Path) -> None:
        """Start the sandbox in a second shell, and wait until its account is written."""
        shell = self.shell(place)
        [command] = commands(block.text)
        written = re.search(r">(\S+)", command)
        assert written, command
        account = place / written[1]
        began, spent = shell.begin(self.known(command))
        while not (account.exists() and account.read_text().endswith("\n") and "XOXZO_API_AUTH_TOKEN" in account.read_text()):
            ended = shell.process.poll() is not None or time.monotonic() - began > PATIENCE
            assert not ended and not shell.is_done(), f"no account after `{command}`"
            time.sleep(0.1)
        shell.end(command, began, spent)

    def shown(self, seen: int) -> Iterator[str]:
        """The code that a demo shows in the terminal, after what was seen before."""
        began = time.monotonic()
        while time.monotonic() - began < PATIENCE:
            code = re.search(rb"the phone shows: .*?\b([0-9]{6})\b", self.log.read_bytes()[seen:])
            if code:
                yield code[1].decode()
                return
            time.sleep(0.1)
        raise AssertionError("the demo shows no code")

    @staticmethod
    def arrived(sandbox: str) -> Iterator[str]:
        """The code that the sandbox's phone shows."""
        began, body = time.monotonic(), ""
        while not body:
            assert time.monotonic() - began < PATIENCE, "no message came"
            with urlopen(f"{sandbox}/_sandbox/next?wait={ARRIVAL}") as answer:
                body = json.load(answer)["body"] if answer.status == 200 else ""
        code = re.search(r"\b[0-9]{6}\b", body)
        assert code, f"no code in {body!r}"
        yield code[0]

    def end(self) -> None:
        for shell in self.shells:
            shell.close()


def is_demo(command: str) -> bool:
    return re.search(r"xoxzo[-_]2fa demo\b", command) is not None


def report(language: str, steps: list[Step]) -> str:
    """The table of a language, and its closing line."""
    lines = [f"{language:<96} {'wall s':>8} {'CPU s':>8}"]
    for at, step in enumerate(steps):
        command = re.sub(r" +#.*", "", step.command.splitlines()[0])
        command = command if len(command) <= 94 else f"{command[:91]}..."
        lines.append(f"  {command:<94} {step.wall:8.1f} {step.cpu:8.1f}")
        if is_demo(step.command) or at == len(steps) - 1:
            what = "to the PIN of " + ("the demo" if is_demo(step.command) else "the first program")
            wall, cpu = (sum(getattr(own, name) for own in steps[: at + 1]) for name in ("wall", "cpu"))
            lines.append(f"  {what:<94} {wall:8.1f} {cpu:8.1f}")
    return "\n".join(lines)


def main() -> int:
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    root, chosen = Path(sys.argv[1]).resolve(), sys.argv[2:] or list(GUIDES)
    changed = subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    if changed:
        print(f"stranger: {len(changed.splitlines())} files are changed here and not committed, so the clone has them as they were")
    print(f"stranger: {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    totals: dict[str, float] = {}
    failed = 0
    for language in chosen:
        folder = root / language
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        stranger = Stranger(language, folder)
        try:
            stranger.walk()
        except Exception:
            failed += 1
            log = stranger.log.read_text(errors="replace") if stranger.log.exists() else ""
            print(f"stranger: {language}: {traceback.format_exc()}{report(language, stranger.steps)}\n{log[-4000:]}", flush=True)
        else:
            totals[language] = sum(step.wall for step in stranger.steps)
            print(report(language, stranger.steps), flush=True)
        finally:
            stranger.end()
        shutil.rmtree(folder, ignore_errors=True)
    print(f"stranger: load {os.getloadavg()[0]:.1f} at the end")
    print(f"{len(totals)} passed, {failed} failed")
    print("stranger: first PIN after " + ", ".join(f"{total:.0f} s ({language})" for language, total in totals.items()))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
