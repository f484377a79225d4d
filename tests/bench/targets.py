"""Targets: what an operation may cost, beside what was measured.

``targets.toml`` holds them. Each names what is measured, and a limit:

- ``row`` and ``operation``: a host of ``tests/jobs/bench``, by the CPU or with ``clock = "wall"``. The operation ``login`` is a start and a verify
- or ``figure``: a path of dots in a file of ``figures``, such as ``scale.memory.bytes_per_counter``
- ``than``: the row, or the figure, that it is divided by. The limit is then a ratio, and otherwise in ``unit``
- ``limit``, the most that it may be, or ``at_least``, the least
- ``cause``: why it is missed, in words for BENCHMARKS.md. It stands where a target is missed, and only there
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
FIGURES = FOLDER / "figures"
# Nanoseconds of a unit of time. Other units are those of the figure.
_UNITS = {"ms": 1e6, "µs": 1e3}

Figures = dict[str, Any]


@dataclass(frozen=True)
class Target:
    """A line of ``targets.toml``."""

    name: str
    limit: float
    # The limit is the least, not the most.
    least: bool
    row: str
    operation: str
    figure: str
    than: str
    clock: str
    unit: str
    cause: str

    @classmethod
    def read(cls, given: dict[str, Any]) -> Target:
        """Read a table, in which every word is known and nothing is missing."""
        given = dict(given)
        name = str(given.pop("name"))
        least = "at_least" in given
        target = cls(
            name=name,
            least=least,
            limit=float(given.pop("at_least" if least else "limit")),
            **{word: str(given.pop(word, "")) for word in ("row", "operation", "figure", "than", "unit", "cause")},
            clock=str(given.pop("clock", "cpu")),
        )
        assert not given, f"{name}: unknown words: {', '.join(given)}"
        assert bool(target.figure) != bool(target.row and target.operation), f"{name}: a row with an operation, or a figure"
        assert bool(target.than) != bool(target.unit), f"{name}: either a unit or something to compare with"
        return target

    def value(self, figures: Figures) -> float | None:
        """Return what was measured, in the unit of the limit. ``None`` if it was not."""
        own = self._one(figures, self.figure or self.row)
        if own is None:
            return None
        if not self.than:
            return own / (_UNITS.get(self.unit, 1) if self.row else 1)
        other = self._one(figures, self.than)
        return None if other is None else own / other

    def _one(self, figures: Figures, name: str) -> float | None:
        if self.figure:
            return figure(figures, name)
        operations = ("start", "verify") if self.operation == "login" else (self.operation,)
        parts = [figures.get("bench", {}).get("rows", {}).get(name, {}).get(part) for part in operations]
        return None if None in parts else sum(part[self.clock][0] for part in parts if part)


@dataclass(frozen=True)
class Outcome:
    """What became of a target."""

    target: Target
    value: float | None
    met: bool

    @property
    def missed(self) -> bool:
        """Tell whether it was measured, and is over its limit."""
        return self.value is not None and not self.met

    @property
    def fault(self) -> str:
        """Return what is wrong with the target itself, if anything is."""
        if self.value is None:
            return "not measured"
        return "missed without a cause" if not self.met and not self.target.cause else ""

    @property
    def flag(self) -> str:
        """Return what somebody should look at."""
        return "met, and has a cause: remove it" if self.met and self.target.cause else ""


def figure(figures: Figures, path: str) -> float | None:
    """Return a figure by its path."""
    found: Any = figures
    for part in path.split("."):
        if not isinstance(found, dict) or part not in found:
            return None
        found = found[part]
    return float(found)


def read(path: Path = FOLDER / "targets.toml") -> list[Target]:
    """Read all targets. Each has a name of its own."""
    targets = [Target.read(table) for table in tomllib.loads(path.read_text())["target"]]
    assert len({target.name for target in targets}) == len(targets), "two targets of one name"
    return targets


def recorded(folder: Path = FIGURES) -> Figures:
    """Return the figures of each job that were written down."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}


def judged(targets: list[Target], figures: Figures) -> list[Outcome]:
    """Hold targets against what was measured."""
    outcomes = []
    for target in targets:
        value = target.value(figures)
        met = value is not None and (value >= target.limit if target.least else value <= target.limit)
        outcomes.append(Outcome(target, value, met))
    return outcomes
