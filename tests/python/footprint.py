#!/usr/bin/env python3
"""Native instructions of a start and a verify, by valgrind, held against tests/golden/callgrind.json.

    footprint.py WALK [--bless]

WALK is a release build of `xoxzo-2fa-walk`, of the crate `tests/world`. A change of more than 3 % fails. Another compiler makes other code: then
nothing is compared, and that is said.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "callgrind.json"
FEW, MANY = 20, 120


def instructions(walk: str, operation: str, count: int) -> int:
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", walk, operation, str(count)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    found = re.search(r"Collected\s*:\s*([0-9]+)", told)
    assert found, told
    return int(found[1])


def main() -> int:
    walk, bless = sys.argv[1], "--bless" in sys.argv
    compiler = subprocess.run(["rustc", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    each = {}
    for operation in ("start", "verify", "wrong", "ask-start", "ask-verify"):
        # The difference leaves out what a process takes to begin.
        whole = instructions(walk, operation, MANY) - instructions(walk, operation, FEW)
        each[operation] = whole // (MANY - FEW)
    if bless:
        GOLDEN.write_text(json.dumps({"rustc": compiler, "instructions": each}, indent=2) + "\n")
    kept = json.loads(GOLDEN.read_text())
    if kept["rustc"] != compiler:
        print(f"footprint: NOT COMPARED: recorded with {kept['rustc']}, built with {compiler}")
        return 0
    failed = 0
    for operation, now in each.items():
        was = kept["instructions"][operation]
        fits = abs(now - was) * 100 <= was * 3
        failed += not fits
        print(f"{operation}: {now} instructions, was {was}" + ("" if fits else ": more than 3 % apart"))
    print(f"{len(each) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
