#!/usr/bin/env python3
"""Keeps what the gate costs: cost.py ENVOY.json CHECK.json [--write]

The files are what `tests/python/envoy/bench.py --json` and `tests/python/proxies/cost.py` wrote. With `--write` the figures go to `figures/cost.json`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from pages import render
from surroundings import machine, write
from targets import recorded

# Rows of the first file.
NOTHING, GATE = "Wasm that does nothing (Rust)", "gate, valid pass (identity by headers)"


def main() -> None:
    envoy, check = (json.loads(Path(name).read_text()) for name in sys.argv[1:3])
    rows = envoy["rows"]
    own = {"nothing_us": rows[NOTHING]["extra_us"], "gate_us": rows[GATE]["extra_us"]}
    told = {**machine(), **envoy, **own, **check}
    print(f"cost: the gate {own['gate_us']} µs, a filter that does nothing {own['nothing_us']} µs, a check of serve {check['check_us']} µs")
    if "--write" in sys.argv[3:]:
        write("cost", told)
        render(recorded(), write=True)


if __name__ == "__main__":
    main()
