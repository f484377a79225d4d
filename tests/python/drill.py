#!/usr/bin/env python3
"""The rotation drill of docs/operations.md, run as it is printed.

    drill.py FOLDER

FOLDER has the built programs. The drill changes keys on their way through the sandbox: old codes are accepted until the old key goes.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs/operations.md"


def main() -> int:
    built = Path(sys.argv[1]).resolve()
    text = PAGE.read_text()
    [block] = re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        environment = {"PATH": f"{built}:{os.environ['PATH']}", "HOME": folder}
        command = ["bash", "-euo", "pipefail", "-c", block]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    accepted = done.stdout.count("accepted\n")
    if done.returncode or done.stdout.count("rotated") != 1 or accepted != 3:
        wrong += [f"the drill ended with {done.returncode}, after {accepted} codes: {done.stdout} {done.stderr}"]
    for line in wrong:
        print(f"WRONG: {line}")
    print(f"drill: keys rotated; {accepted} passed, {len(wrong)} failed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
