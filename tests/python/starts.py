#!/usr/bin/env python3
"""The starts of README.md in Ruby and Go, as they are printed: starts.py LANGUAGE=COMMAND ...

LANGUAGE is `ruby` or `go`, and COMMAND runs Ruby or Go. Each start is given the code that the sandbox's phone shows, and then another, which it must
refuse. What a start in Go leaves out, its package and what calls it, is added here.
"""

import json
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.request import urlopen

from documents import ROOT, starts
from logins import Phone, first, other_than, process

# Seconds. A busy machine is slow, which is no fault.
PATIENCE = 60
MODULE = "github.com/xoxzo/xoxzo-2fa/host/go"
GO = """package main

import (
	"context"
	"fmt"
	"log"
	"os"

	xoxzo2fa "github.com/xoxzo/xoxzo-2fa/host/go"
)

func main() {
	settings, err := os.ReadFile("settings.json")
	if err != nil {
		log.Fatal(err)
	}
	if err := login(context.Background(), string(settings)); err != nil {
		log.Fatal(err)
	}
}

"""


def answered(command: list[str], folder: str, cli: list[str], *, right: bool) -> None:
    """Gives a start the right code, or another, which it must refuse."""
    with process([*cli, "sandbox", "--json", "--pace", "0"], stdout=subprocess.PIPE) as sandbox:
        phone = Phone(json.loads(first(sandbox.stdout, "^{").string))
        Path(folder, "settings.json").write_text(phone.settings([*cli, "keygen"]))
        with process(command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as running:
            with urlopen(f"{phone.url}/_sandbox/next?wait=60") as answer:
                came = answer.status == 200
            pin = phone.pin() if came else "no message came"
            told, _ = running.communicate(f"{pin if right else other_than(pin)}\n", timeout=PATIENCE)
            assert came and right == (running.returncode == 0) and right != ("wrong-pin" in told), told


def program(language: str, command: list[str], folder: str) -> list[str]:
    """The start as a program in a folder."""
    if language == "ruby":
        Path(folder, "start.rb").write_text(starts()[language])
        return [*command, "start.rb"]
    Path(folder, "start.go").write_text(GO + starts()[language])
    edit = ["edit", f"-require={MODULE}@v0.1.0", f"-replace={MODULE}={ROOT}/host/go"]
    for step in (["mod", "init", "start"], ["mod", *edit], ["build", "-o", "start", "."]):
        subprocess.run([*command, *step], cwd=folder, check=True, stderr=subprocess.PIPE)
    return [f"{folder}/start"]


def run(language: str, command: list[str], cli: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        start = program(language, command, folder)
        for right in (True, False):
            answered(start, folder, cli, right=right)


def main() -> int:
    cli = shlex.split(os.environ.get("XOXZO_2FA_CLI", "xoxzo-2fa"))
    for argument in sys.argv[1:]:
        language, command = argument.split("=", 1)
        run(language, shlex.split(command), cli)
    print(f"starts: {2 * len(sys.argv[1:])} passed, 0 failed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
