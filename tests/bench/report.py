"""BENCHMARKS.md of what was measured."""

import os
import platform
import statistics
from collections.abc import Sequence
from pathlib import Path

# For each host and operation, the nanoseconds of one operation in each round: by the CPU, and by the wall clock.
Cells = dict[str, dict[str, tuple[list[float], list[float]]]]

_CPU, _WALL = 0, 1

# What the hosts are compared with.
_OWN, _COMMON = "hand-written HMAC", "JavaScript: otp-without-db"
_LOGIN = "start + verify"

_HEAD = """\
# Benchmarks

This page is written by `tests/all bench`. It says how long the operations take on every host, and how long logins take that use no engine.

- **Measured**: {rounds} times, each time in a random order of hosts and operations, so that what else the machine does falls on all of them alike. Figures are
  medians of these rounds. Behind each is half of the range between the quartiles, in percent of the median.
- **Not measured**: the network and the message itself. Xoxzo is in the memory of each program, and answers at once. Compiling the engine, which a
  process does once, is left out as well.
- **Checked**: every single operation ended as its name says. If one does not, there are no figures.
- **Machine**: {machine}; load average {load} at the end.
- **Versions**: {versions}.

To measure on your own machine: `tests/all bench`, or `tests/all bench 1` for one round that is only printed. It takes about ten minutes, and a
quiet machine gives narrow ranges.

## How to read it

An SMS takes seconds, and no user notices a millisecond. CPU time tells how many logins a core can serve: {core}.
Two other logins show what the engine's work costs:

- **hand-written HMAC** is what a careful engineer writes in forty lines: a keyed hash of user, phone, expiry and code, compared in constant time, and a
  counter of guesses in the memory of the process. It limits neither messages nor guesses over several codes, and a restart forgets its counters.
- **otp-without-db** is the npm package of that name. It counts nothing: a code can be guessed without end, and used again until it
  expires. Where it does not refuse at all, there is no figure.

A host has its counters in the memory of its process unless its row names a store. SQLite writes to a file, and Redis is a server on the same
machine, whose CPU time is not in the figures.
"""

_TABLES = """
## CPU time of a login

One start and one verify of the right code, in microseconds of CPU time of all threads, and how many times as much as the logins without an engine:

{login}

## CPU time of each operation

In microseconds, all threads of the process together:

{cpu}

## Time of each operation

In microseconds by the clock, on one thread, one operation after the other:

{wall}

| operation | what happens |
|---|---|
{operations}
"""

_EXPLAINED = {
    "start": "a user gets a code",
    "verify": "the right code is accepted",
    "wrong-pin": "another code is refused, and counted",
    "expired": "the right code is refused after the life of its challenge",
    "exhausted": "a guess after five wrong ones is refused",
    "locked": "a start of a user who is locked out is refused",
    "malformed": "a code that is not six digits is refused",
    "not-ours": "a token with one altered character is refused",
    "replay": "the right code is refused the second time",
}


def written(cells: Cells, operations: Sequence[str], rounds: int, versions: Sequence[str]) -> str:
    """Return the page."""
    logins = {host: statistics.median(_sums(times)) for host, times in cells.items()}
    engine = [login for host, login in logins.items() if not _compared(host)]
    fastest, slowest = (1e9 / kind(engine) for kind in (min, max))
    head = _HEAD.format(
        rounds=rounds,
        machine=_machine(),
        load=f"{os.getloadavg()[0]:.1f}",
        versions="; ".join(versions),
        core=f"between {slowest:,.0f} and {fastest:,.0f} a second, depending on the host",
    )
    tables = _TABLES.format(
        login=_logins(cells, logins),
        cpu=_table(cells, operations, _CPU),
        wall=_table(cells, operations, _WALL),
        operations="\n".join(f"| {name} | {_EXPLAINED[name]} |" for name in operations),
    )
    return head + tables


def _compared(host: str) -> bool:
    return host.endswith(f": {_OWN}") or host == _COMMON


def _sums(times: dict[str, tuple[list[float], list[float]]]) -> list[float]:
    """CPU time of a start and a verify in each round."""
    return [start + verify for start, verify in zip(times["start"][_CPU], times["verify"][_CPU], strict=True)]


def _logins(cells: Cells, logins: dict[str, float]) -> str:
    def ratio(host: str, other: str) -> str:
        return _short(logins[host] / logins[other]) if other in logins and host != other else ""

    rows = [
        [host, _cell(_sums(times)), ratio(host, f"{host.partition(':')[0]}: {_OWN}"), ratio(host, _COMMON)] for host, times in cells.items()
    ]
    return _rows(["", _LOGIN, "× hand-written HMAC of its language", "× otp-without-db"], rows)


def _table(cells: Cells, operations: Sequence[str], clock: int) -> str:
    rows = [[host, *(_cell(times[name][clock]) if name in times else "" for name in operations)] for host, times in cells.items()]
    return _rows(["", *operations], rows)


def _rows(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    def join(row: Sequence[str]) -> str:
        return "| " + " | ".join(row) + " |"

    return "\n".join([join(head), "|---" + "|---:" * (len(head) - 1) + "|", *map(join, rows)])


def _cell(times: Sequence[float]) -> str:
    median = statistics.median(times) / 1e3
    text = _short(median)
    if len(times) < 4:
        return text
    low, _, high = statistics.quantiles(times, n=4)
    return f"{text} ±{(high - low) / 20 / median:.0f} %"


def _short(number: float) -> str:
    if number >= 100:
        return f"{number:,.0f}"
    return f"{number:.1f}" if number >= 1 else f"{number:.2g}"


def _machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
    return f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.release().partition('-')[0]}"
