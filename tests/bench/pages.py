#!/usr/bin/env python3
"""Writes BENCHMARKS.md and docs/scale.md from the figures that `bench`, `cost` and `scale` wrote down: pages.py [--check]

With `--check` nothing is written, and the status is 1 if a page is not that of its figures.
"""

from __future__ import annotations

import sys

import paper
import report
from targets import FOLDER, Figures, judged, read, recorded

ROOT = FOLDER.parents[1]
PAGES = {ROOT / "BENCHMARKS.md": report, ROOT / "docs/scale.md": paper}


def render(figures: Figures, *, write: bool) -> None:
    """Write the pages of which all figures are there, or print the first."""
    if not write:
        print(report.written(figures))
        return
    for path, page in PAGES.items():
        if page.NEEDS <= figures.keys():
            path.write_text(page.written(figures))


def closed(figures: Figures) -> int:
    """Print the targets that need a look, and the closing line. 1 if one was not measured, or missed without a cause."""
    outcomes = judged(read(), figures)
    for outcome in outcomes:
        if outcome.fault or outcome.flag:
            print(f"{outcome.target.name}: {outcome.fault or outcome.flag}")
    unmeasured = sum(outcome.value is None for outcome in outcomes)
    told = f"bench: {len(outcomes)} targets, {sum(outcome.missed for outcome in outcomes)} missed"
    print(f"{told}, {unmeasured} not measured" if unmeasured else told)
    return 1 if any(outcome.fault for outcome in outcomes) else 0


def main() -> int:
    figures = recorded()
    if "--check" not in sys.argv[1:]:
        render(figures, write=True)
        return closed(figures)
    stale = [path.name for path, page in PAGES.items() if path.read_text() != page.written(figures)]
    for name in stale:
        print(f"{name} is not what tests/bench/pages.py writes")
    print(f"pages: {len(PAGES) - len(stale)} passed, {len(stale)} failed")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
