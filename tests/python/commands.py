#!/usr/bin/env python3
"""The commands of this project that its documents print, held against the help of the programs.

    commands.py FOLDER [-v]

FOLDER has the built programs. Every command and option in a block of code or in the text must be one that the program knows. A command in a block, or one
with arguments, must have the arguments that its help calls required, and the values that its help lists. The last line counts.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from documents import ROOT

DOCUMENTS = ("*.md", "docs/*.md", "host/*/README.md", "wit/*.md")
# A program, where it is run and not named as a package, and what follows up to the end of the command.
USE = re.compile(r"(?<![\w./@#:=-])(?:[\w.$-]+/)*(xoxzo-2fa(?:-serve|-sandbox)?)(?![\w./-])((?:[ \n]+(?:'[^']*'|\"[^\"]*\"|[^\s|;&<>()#`]+))*)")
# A block of code: its language, and what is in it.
FENCED = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
# Before a name of a package, or of something else that is named after a program: the value of another program's option.
PACKAGE = re.compile(r"(?:add|get|install|gem|group|user|of|in|require|generic|and|,)\s*$|[\"']$|(?<!\$)\($|--(?:bin|git|package)=?$|(?<!\S)-[a-zA-Z]\s+$")


@dataclass(frozen=True)
class Use:
    """A command as a document prints it."""

    document: str
    program: str
    arguments: tuple[str, ...]
    # In a block of code, so that it is run as it stands.
    whole: bool

    def __str__(self) -> str:
        return " ".join([self.program, *self.arguments])


@dataclass(frozen=True)
class Help:
    """What a program tells of one of its commands."""

    text: str

    @property
    def commands(self) -> set[str]:
        listed = re.search(r"^Commands:\n((?:  .*\n)+)", self.text, re.MULTILINE)
        return set(re.findall(r"^  ([a-z]+)", listed[1], re.MULTILINE)) if listed else set()

    @property
    def options(self) -> dict[str, str]:
        """Each option, with the text about it."""
        parts = re.split(r"^ {2,6}(?:-\w, )?(--[\w-]+)", self.text, flags=re.MULTILINE)
        return dict(zip(parts[1::2], parts[2::2], strict=True))

    @property
    def required(self) -> tuple[set[str], int]:
        """The options and the number of other arguments without which it does not run."""
        usage = re.search(r"^Usage: (.*)$", self.text, re.MULTILINE)
        assert usage, self.text
        told = re.sub(r"\[[^]]*\]|<(?:COMMAND)>", "", usage[1])
        options = set(re.findall(r"(--[\w-]+) <", told))
        return options, len(re.findall(r"(?<!\S)<", re.sub(r"--[\w-]+ <[^>]*>", "", told)))

    def values(self, option: str) -> set[str]:
        """The values that an option takes, if they are listed."""
        about = self.options[option]
        listed = re.search(r"\[possible values: ([^]]*)\]", about)
        return set(listed[1].split(", ")) if listed else set(re.findall(r"^ +- ([\w-]+):", about, re.MULTILINE))


def uses(document: Path) -> Iterator[Use]:
    text = document.read_text("utf-8")
    name = str(document.relative_to(ROOT))
    blocks = [block for language, block in FENCED.findall(text) if language in ("", "sh", "console")]
    rest = FENCED.sub("", text)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines() if not line.strip().startswith("#")]
    for piece, whole in [*((line, True) for line in lines), *((span, False) for span in re.findall(r"`([^`]+)`", rest))]:
        for found in USE.finditer(piece):
            arguments = tuple(word for word in re.findall(r"'[^']*'|\"[^\"]*\"|\S+", found[2]) if word not in ("--", "\\"))
            # As `npx xoxzo-2fa`, which is another program of the same commands.
            if arguments and not PACKAGE.search(piece[: found.start()]):
                yield Use(name, found[1], arguments, whole)


@cache
def ask(program: Path, commands: tuple[str, ...]) -> Help | None:
    done = subprocess.run([program, *commands, "--help"], capture_output=True, text=True, check=False)
    return Help(done.stdout) if done.returncode == 0 else None


def wrong(use: Use, built: Path) -> Iterator[str]:
    """What is wrong with a command."""
    commands: tuple[str, ...] = ()
    help_ = ask(built / use.program, commands)
    assert help_, f"{use.program} has no help"
    words = list(use.arguments)
    while words and help_.commands and not words[0].startswith("-"):
        if words[0] not in help_.commands:
            if help_.required[1]:
                break  # an argument, where there may be a command
            yield f"there is no command {words[0]}"
            return
        commands += (words.pop(0),)
        help_ = ask(built / use.program, commands)
        assert help_, commands
    others = 0
    given = set()
    while words:
        word = words.pop(0)
        if not word.startswith("-"):
            others += 1
            continue
        option, _, value = word.partition("=")
        if option in ("-h", "-v", "-V"):
            continue
        given.add(option)
        if option not in help_.options:
            yield f"there is no option {option}"
            continue
        if "<" in help_.options[option].partition("\n")[0]:
            value = value or (words.pop(0) if words else "")
            listed = help_.values(option)
            if use.whole and not value:
                yield f"{option} has no value"
            elif listed and re.fullmatch("[a-z0-9-]+", value) and value not in listed:
                yield f"{option} is none of {', '.join(sorted(listed))}"
    options, number = help_.required
    if (use.whole or given or others) and "--help" not in given:
        for option in sorted(options - given):
            yield f"{option} is missing"
        if others < number:
            yield "an argument is missing"


def main() -> int:
    built = Path(sys.argv[1]).resolve()
    documents = sorted(path for pattern in DOCUMENTS for path in ROOT.glob(pattern))
    found = [use for document in documents for use in uses(document)]
    failed = 0
    for use in found:
        if "-v" in sys.argv[2:]:
            print(f"{use.document}: {use}")
        for why in wrong(use, built):
            failed += 1
            print(f"commands: {use.document}: `{use}`: {why}")
    assert len(found) > 60, f"{len(found)} commands are found"
    print(f"commands: {len(found)} in {len({use.document for use in found})} documents; {len(found) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
