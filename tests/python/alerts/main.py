#!/usr/bin/env python3
"""The alerts of docs/alerts.yml, fired by outages and attacks that are made.

    main.py [--keep FOLDER]

`xoxzo-2fa-serve` behind nginx, the filter in Envoy and an application in Python each live through healthy minutes, an outage of Xoxzo, pumping,
guessing and their own end. Their real counters, read in between, are replayed to Prometheus' `promtool` with the rules: at the end of each part
exactly the expected alerts fire. Every metric, label and value that the rules and the dashboard name is one that a host emitted, every panel has something to
show, and every rule has a test of its own in units.yml.

Needs Debian's nginx and prometheus, the programs in target/debug, and from PyPI prometheus_client, h2 and PyYAML with this package for Python.
XOXZO_2FA_PROXIES and XOXZO_2FA_PROMETHEUS may name folders of unpacked packages.
"""

import argparse
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path[:0] = [str(ROOT / "host/envoy"), *(str(HERE.parent / name) for name in ("", "envoy", "proxies"))]
sys.dont_write_bytecode = True

import yaml

import rules
from application import Application
from gates import Envoy, Serve
from story import Series, Story


def lived(kind: type[Serve | Envoy | Application]) -> Series:
    host = kind()
    try:
        return Story(host).tell()
    finally:
        host.close()


def replayed(series: Series, folder: Path) -> tuple[int, list[str]]:
    """Replays each part of a story alone, so that a failure names it: how many alerts fired, and what is wrong."""
    wrong = []
    for at, (minute, part, alerts) in enumerate(series.expected):
        file = folder / f"{series.host}-{at}.yml"
        file.write_text(yaml.safe_dump(rules.test(series, [rules.firing(minute, alerts)]), width=1000))
        wrong += [f"{series.host}, {part}, minute {minute}: {line}" for line in rules.promtool("test", "rules", file)]
    return sum(len(alerts) for _, _, alerts in series.expected), wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, help="folder for the tests that are written for promtool")
    options = parser.parse_args()
    wrong = rules.promtool("check", "rules", "--lint=all", "--lint-fatal", rules.ALERTS)
    wrong += rules.promtool("test", "rules", rules.UNITS)
    wrong += rules.untested()
    scraped, parts, fired = list[Series](), 0, 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        for kind in (Serve, Envoy, Application):
            series = lived(kind)
            scraped.append(series)
            count, failed = replayed(series, folder)
            print(
                f"{series.host}: {len(series.expected)} parts, {count} alerts fired, {len(failed)} lines against it",
                flush=True,
            )
            if series.host != "envoy":  # whose counters have names of its own
                wrong += [f"{series.host}: {line}" for line in rules.promtool("check", "metrics", text=series.text)]
            parts, fired, wrong = parts + len(series.expected), fired + count, wrong + failed
        wrong += rules.empty(scraped, folder)
    wrong += rules.unknown([*(rule["expr"] for rule in rules.rules()), *rules.panels()], scraped)
    wrong += rules.documented(scraped)
    for line in wrong:
        print(f"WRONG: {line}")
    print(
        f"alerts: {len(rules.alerts())} rules, {len(rules.panels())} panels, {parts} parts of stories, {fired} alerts fired; {fired} passed, {len(wrong)} failed"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
