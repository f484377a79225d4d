"""BENCHMARKS.md of what was measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from targets import Figures, Outcome, judged, read
from words import bold, decimals, table

if TYPE_CHECKING:
    from collections.abc import Sequence

# The figures without which there is no page.
NEEDS = {"bench"}

# What the hosts are compared with.
_OWN, _COMMON = "hand-written HMAC", "JavaScript: otp-without-db"
# Rows that are no host of the engine either.
_BARE = ("Rust: raw HMACs", "Rust: raw HMACs, 2 threads")
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
quiet machine gives narrow ranges. `tests/all cost` measures the gate, and `tests/all scale` many users at once; each keeps its figures in
`tests/bench/figures`, from which this page and [docs/scale.md](docs/scale.md) are written.

## How to read it

An SMS takes seconds, and no user notices a millisecond. CPU time tells how many logins a core can serve: {core}.
Two other logins show what the engine's work costs:

- **hand-written HMAC** is what a careful engineer writes in forty lines: a keyed hash of user, phone, expiry and code, compared in constant time, and a
  counter of guesses in the memory of the process. It limits neither messages nor guesses over several codes, and a restart forgets its counters.
- **otp-without-db** is the npm package of that name. It counts nothing: a code can be guessed without end, and used again until it
  expires. Where it does not refuse at all, there is no figure.

A host has its counters in the memory of its process unless its row names a store. SQLite writes to a file, and Redis is a server on the same
machine, whose CPU time is not in the figures. **Engine without WebAssembly** is the engine as `serve` links it, and **raw HMACs** are as many hashes as it
makes, and nothing else.

## Targets

What an operation may cost, and what it costs. {targets} targets, {missed} missed, {unmeasured} not measured.

{verdicts}
{causes}"""

_TABLES = """
## CPU time of a login

One start and one verify of the right code, in microseconds of CPU time of all threads, and how many times as much as the logins without an engine:

{login}

## CPU time of each operation

In microseconds, all threads of the process together:

{cpu}

## Time of each operation

In microseconds by the clock, on one thread unless the row says otherwise, one operation after the other:

{wall}

{operations}

## Stores alone

All lists of charges of one login, a start and a verify of the right code, in microseconds, without the engine that makes them. Beside each store stands
the least that its lists could cost: a lookup for each charge in a map that threads share, without limits and without end; a commit for each list that changes
something; a short script for each list.

{stores}
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

# The artefacts, in the order of `parts.py`.
_ARTEFACTS = ("`two-factor.wasm`", "`two-factor-ask.wasm`", "`xoxzo-2fa-envoy.wasm`")

Rows = dict[str, Any]


def written(figures: Figures) -> str:
    """Return the page."""
    told = figures["bench"]
    rows: Rows = told["rows"]
    hosts = {name: cells for name, cells in rows.items() if "lists" not in cells}
    logins = {name: _login(cells) for name, cells in hosts.items() if {"start", "verify"} <= cells.keys()}
    engine = [login for name, login in logins.items() if not _compared(name)]
    fastest, slowest = (1e9 / kind(engine) for kind in (min, max))
    outcomes = judged(read(), figures)
    page = _HEAD.format(
        rounds=told["rounds"],
        machine=told["machine"],
        load=told["load"],
        versions="; ".join(told["versions"]),
        core=f"between {slowest:,.0f} and {fastest:,.0f} a second, depending on the host",
        targets=len(outcomes),
        missed=sum(outcome.missed for outcome in outcomes),
        unmeasured=sum(outcome.value is None for outcome in outcomes),
        verdicts=_verdicts(outcomes),
        causes=_causes(outcomes),
    )
    page += _TABLES.format(
        login=_logins(hosts, logins),
        cpu=_times(hosts, "cpu"),
        wall=_times(hosts, "wall"),
        operations=table(["operation", "what happens"], [list(pair) for pair in _EXPLAINED.items()]),
        stores=_stores(rows),
    )
    return page + _gate(figures) + _sizes(figures)


def _verdict(outcome: Outcome) -> str:
    if outcome.value is None:
        return ""
    return "met" if outcome.met else bold("missed")


def _verdicts(outcomes: Sequence[Outcome]) -> str:
    rows = []
    for outcome in outcomes:
        target = outcome.target
        unit = "×" if target.than else target.unit
        value = "not measured" if outcome.value is None else f"{decimals(outcome.value)} {unit}"
        limit = f"{'≥' if target.least else '≤'} {target.limit:,g} {unit}"
        # What is on the wrong side by less than a digit shows would look as if it were on the right one.
        rows.append([target.name, value if outcome.met or outcome.value is None else bold(value), limit, _verdict(outcome)])
    return table(["target", "measured", "limit", ""], rows)


def _causes(outcomes: Sequence[Outcome]) -> str:
    missed = [outcome.target for outcome in outcomes if outcome.missed and outcome.target.cause]
    if not missed:
        return ""
    return "\nWhy they are missed:\n\n" + "".join(f"- {bold(target.name)}: {target.cause.strip()}\n" for target in missed)


def _compared(name: str) -> bool:
    return name.endswith(f": {_OWN}") or name in (_COMMON, *_BARE)


def _login(cells: Rows) -> float:
    """CPU time of a start and a verify."""
    return float(cells["start"]["cpu"][0] + cells["verify"]["cpu"][0])


def _logins(hosts: Rows, logins: dict[str, float]) -> str:
    def ratio(name: str, other: str) -> str:
        return decimals(logins[name] / logins[other]) if other in logins and name != other else ""

    rows = [
        [name, decimals(login / 1e3), ratio(name, f"{name.partition(':')[0]}: {_OWN}"), ratio(name, _COMMON)]
        for name, login in logins.items()
        if name in hosts
    ]
    return table(["", _LOGIN, "× hand-written HMAC of its language", "× otp-without-db"], rows)


def _times(hosts: Rows, clock: str) -> str:
    rows = [[name, *(_cell(cells, operation, clock) for operation in _EXPLAINED)] for name, cells in hosts.items()]
    return table(["", *_EXPLAINED], rows)


def _stores(rows: Rows) -> str:
    lines = [
        [name.removeprefix("Rust: "), _cell(cells, "lists", "cpu"), _cell(cells, "lists", "wall")]
        for name, cells in rows.items()
        if "lists" in cells
    ]
    return table(["", "CPU time", "by the clock"], lines)


def _cell(cells: Rows, operation: str, clock: str) -> str:
    if operation not in cells:
        return ""
    median, *spread = cells[operation][clock]
    return decimals(median / 1e3) + "".join(f" ±{percent} %" for percent in spread)


def _gate(figures: Figures) -> str:
    """Tell what the gate costs, if it was measured."""
    if "cost" not in figures:
        return ""
    told = figures["cost"]
    rows = [[name, decimals(row["cpu_us"]), decimals(row["extra_us"])] for name, row in told["rows"].items()]
    return f"""
## The gate

CPU time of Envoy for each request, in microseconds, and what the filter adds; the route answers by itself. Medians of {told["rounds"]} rounds of
{told["seconds"]} s, on {told["machine"]}; load average {told["load"]} at the end.

{table(["filter", "CPU time", "of which the filter's"], rows)}

A check of `serve` with a valid pass takes {decimals(told["check_us"])} µs of its CPU time, over TCP with the proxy's secret, a session of HS256 included.
"""


def _sizes(figures: Figures) -> str:
    """Tell what the artefacts are made of, if that was counted."""
    if "parts" not in figures:
        return ""
    artefacts = figures["parts"]
    titles = {title: None for parts in artefacts.values() for title in parts}
    rows = [[title, *(f"{parts[title]:,}" if title in parts else "" for parts in artefacts.values())] for title in titles]
    rows.append(["all", *(f"{sum(parts.values()):,}" for parts in artefacts.values())])
    return f"""
## Sizes

Bytes of the modules for run time, before compression, by the crates that define their functions. Around the component's module lie its types, which `tests/golden/footprint.json`
counts too.

{table(["part", *_ARTEFACTS], rows)}
"""
