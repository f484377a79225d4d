#!/usr/bin/env python3
"""Times operations on every host, in turns: bench.py [--write] [--rounds N] [--on VERSION ...] [--store NAME=COMMAND ...] NAME=COMMAND ...

Each host is a program. From its standard input it reads a settings document on one line, then questions, one a line. It answers one JSON object
a line, until the questions end:

- `OPERATION COUNT`: the operation so many times, one after the other: `{"count", "wall_ns", "cpu_ns"}`, nanoseconds for all of them. The CPU time is that of
  all threads of the process. Preparations are not in it. `{"absent": true}` if the host has no such operation.

An operation must end as its name says, or the program ends with a fault and so does the run:

- `start`: a user who has not been seen before gets a code; Xoxzo is in the memory of the program
- `verify`: the right code of a challenge that was not guessed at
- `wrong-pin`: another code of six digits, the first guess at a challenge
- `expired`: the right code, after the challenge's life
- `exhausted`: a guess at a challenge after five wrong ones
- `locked`: a start of a user who is locked out
- `malformed`: a code that is not six digits
- `not-ours`: the right code with a token whose last character was altered
- `replay`: the right code once more

A store alone is asked for `lists` only: all lists of charges of a login.

The answers go through `targets.py`, which says what they may be, and with `--write` into `figures/bench.json` and BENCHMARKS.md. The last line is
`bench: T targets, M missed`; the status is 1 if a target was not measured, or missed without a cause.

A name is `LANGUAGE: WHAT`, where the hand-written login is what its language is compared with. Rounds go through all operations and hosts, each time
in another order, so that what else the machine does falls on all of them alike.
"""

import argparse
import json
import random
import shlex
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable
from typing import Any

from pages import closed, render
from surroundings import machine, write
from targets import recorded

OPERATIONS = ("start", "verify", "wrong-pin", "expired", "exhausted", "locked", "malformed", "not-ours", "replay")
OF_STORES = ("lists",)

# For each host and operation, the nanoseconds of one operation in each round: by the CPU, and by the wall clock.
Cells = dict[str, dict[str, tuple[list[float], list[float]]]]

# Seconds that one question should take, its preparations included: so short that all rounds together do not fill a guard in memory.
_QUESTION = 0.12
# The fewest and the most operations of a question.
_FEW, _MANY = 10, 5_000

# The keys of the test vectors, and caps that a run does not reach. Challenges live as long as a question may take. A subject is locked after six failures
# over all phones, so that one exhausted challenge does not lock it.
_CAP = {"count": 1_000_000, "seconds": 3_600}
SETTINGS: dict[str, Any] = {
    "version": 1,
    "audience": "shop",
    "service": "Example Shop",
    "keys": ["x2fk1_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEoVv1v"],
    "guard": {"key": "x2fk1_AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwPKj5lZ"},
    "xoxzo": {"sid": "sid", "auth_token": "token", "sender": "Example"},
    "destinations": ["JP-mobile"],
    "pin": {"lifetime_seconds": 90},
    "failures": {"per_subject": {"count": 6, "seconds": 3_600}, "per_audience": _CAP},
    "sends": {"per_range": _CAP, "per_audience": _CAP},
}


class Host:
    """A host's program, or a store's."""

    def __init__(self, operations: Iterable[str], name: str, command: str) -> None:
        self.name, self.operations = name, operations
        self.process = subprocess.Popen(shlex.split(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.counts: dict[str, int] = {}
        self._write(json.dumps(SETTINGS))

    def ask(self, operation: str, count: int) -> dict[str, Any]:
        self._write(f"{operation} {count}")
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"{self.name}: ended at {operation}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def try_out(self, operation: str) -> None:
        """Find out how many operations fit into a question. An operation that the host has not gets no count."""
        count, took = _FEW, 0.0
        while took < _QUESTION / 4 and count < _MANY:
            began = time.monotonic()
            if "absent" in self.ask(operation, count):
                return
            took = time.monotonic() - began
            count = min(_MANY, max(_FEW, int(count * min(10, _QUESTION / took))))
        self.counts[operation] = count

    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        if self.process.wait(timeout=60) != 0:
            sys.exit(f"{self.name}: ended with {self.process.returncode}")

    def _write(self, line: str) -> None:
        assert self.process.stdin
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            sys.exit(f"{self.name}: ended before it was asked")


def measured(hosts: list[Host], rounds: int) -> Cells:
    """Nanoseconds of one operation, wall and CPU, in each round."""
    cells: Cells = {}
    for host in hosts:
        for operation in host.operations:
            host.try_out(operation)
    questions = [(host, operation) for host in hosts for operation in host.counts]
    for number in range(rounds):
        random.shuffle(questions)
        for host, operation in questions:
            answer = host.ask(operation, host.counts[operation])
            assert answer["count"] == host.counts[operation], f"{host.name}: {operation}: another count"
            cell = cells.setdefault(host.name, {}).setdefault(operation, ([], []))
            for times, clock in zip(cell, ("cpu_ns", "wall_ns"), strict=True):
                times.append(answer[clock] / answer["count"])
        print(f"bench: round {number + 1} of {rounds}", file=sys.stderr)
    # In the order of the arguments.
    return {host.name: {name: cells[host.name][name] for name in host.operations if name in host.counts} for host in hosts}


def figures(cells: Cells) -> dict[str, Any]:
    """Medians in nanoseconds, and half of the range between the quartiles in percent of the median."""
    rows: dict[str, Any] = {}
    for name, operations in cells.items():
        rows[name] = {operation: {"cpu": middle(cpu), "wall": middle(wall)} for operation, (cpu, wall) in operations.items()}
    return rows


def middle(times: list[float]) -> list[float]:
    median = statistics.median(times)
    if len(times) < 4:
        return [round(median)]
    low, _, high = statistics.quantiles(times, n=4)
    return [round(median), round((high - low) * 50 / median)]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--on", action="append", default=[])
    parser.add_argument("--store", action="append", default=[], metavar="NAME=COMMAND")
    parser.add_argument("hosts", nargs="+", metavar="NAME=COMMAND")
    given = parser.parse_args()
    hosts = [Host(OPERATIONS, *argument.split("=", 1)) for argument in given.hosts]
    hosts += [Host(OF_STORES, *argument.split("=", 1)) for argument in given.store]
    cells = measured(hosts, given.rounds)
    for host in hosts:
        host.close()
    told = {**machine(), "rounds": given.rounds, "versions": given.on, "rows": figures(cells)}
    if given.write:
        write("bench", told)
    every = recorded() | {"bench": told}
    render(every, write=given.write)
    print(f"{sum(map(len, cells.values()))} passed, 0 failed")
    status = closed(every)
    # A few rounds are only shown.
    return status if given.write else 0


if __name__ == "__main__":
    sys.exit(main())
