#!/usr/bin/env python3
"""Tests of `tests/bench`: what it says of targets that are met, missed or not measured, and that its pages are those of its figures."""

import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/bench"))
sys.dont_write_bytecode = True

from pages import PAGES
from targets import Target, judged, read, recorded

ROW: dict[str, Any] = {"name": "a", "row": "Rust", "operation": "verify", "than": "other", "limit": 2}
FIGURES = {
    "bench": {"rows": {"Rust": {"start": {"cpu": [9_000], "wall": [0]}, "verify": {"cpu": [3_000], "wall": [30_000]}}, "other": {"verify": {"cpu": [2_000], "wall": [2_000]}}}},
    "scale": {"memory": {"bytes": 50}},
}


def outcome(**change: Any) -> tuple[float | None, bool, str, str]:
    """What becomes of a target that is changed so; a word without a value is left out."""
    given = {word: value for word, value in (ROW | change).items() if value is not None}
    [found] = judged([Target.read(given)], FIGURES)
    return found.value, found.met, found.fault, found.flag


def refused(**change: Any) -> bool:
    try:
        outcome(**change)
    except AssertionError:
        return True
    return False


def verdicts() -> list[bool]:
    alone = {"than": None, "unit": "µs"}
    memory = {"row": None, "operation": None, "than": None, "figure": "scale.memory.bytes", "unit": "bytes"}
    return [
        outcome() == (1.5, True, "", ""),
        outcome(limit=1.5)[1],
        outcome(limit=1) == (1.5, False, "missed without a cause", ""),
        outcome(limit=1, cause="why") == (1.5, False, "", ""),
        outcome(cause="why")[3] == "met, and has a cause: remove it",
        outcome(row="none") == (None, False, "not measured", ""),
        outcome(than="none")[2] == "not measured",
        outcome(row="none", cause="why")[2] == "not measured",
        outcome(operation="login")[2] == "not measured",
        outcome(clock="wall")[0] == 15,
        outcome(operation="login", limit=12, **alone)[:2] == (12, True),
        outcome(operation="login", limit=0.012, than=None, unit="ms")[:2] == (0.012, True),
        outcome(limit=None, at_least=1.5)[1],
        not outcome(limit=None, at_least=1.6)[1],
        outcome(limit=50, **memory)[:2] == (50, True),
        outcome(**(memory | {"figure": "scale.memory.none"}))[2] == "not measured",
        refused(casue="why"),
        refused(figure="scale.memory.bytes"),
        refused(unit="µs"),
        refused(than=None),
    ]


def twins() -> bool:
    """Two targets of one name are refused."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "targets.toml"
        one = '[[target]]\nname = "a"\nfigure = "b"\nunit = "c"\nlimit = 1\n'
        path.write_text(one)
        read(path)
        path.write_text(one + one)
        try:
            read(path)
        except AssertionError:
            return True
    return False


def pages() -> list[bool]:
    """Each page whose figures were written down is the one of its figures, and BENCHMARKS.md tells every target."""
    figures = recorded()
    told = {path: page.written(figures) for path, page in PAGES.items() if page.NEEDS <= figures.keys()}
    fresh = [path.read_text() == text for path, text in told.items()]
    return [*fresh, *(f"| {target.name} |" in text for path, text in told.items() if path.name == "BENCHMARKS.md" for target in read())]


def main() -> int:
    checks = [*verdicts(), twins(), *pages()]
    for number, right in enumerate(checks):
        if not right:
            print(f"WRONG: check {number}")
    print(f"benchmarks: {checks.count(True)} passed, {checks.count(False)} failed")
    return 0 if all(checks) else 1


if __name__ == "__main__":
    sys.exit(main())
