#!/usr/bin/env python3
"""What the gate costs: CPU of Envoy for each request, beside other filters. Prints a Markdown table.

    bench.py [--probe FILE.wasm] [--rounds N] [--seconds N] [--json FILE]

Envoy has one worker on CPU 0, wrk one thread with 16 connections on CPU 1, and the route answers by itself, so that what is measured is the
filter. All variants run side by side and are asked in turn, in alternating order. CPU is what the kernel counted for Envoy (schedstat).
Needs wrk and taskset, and nginx for the row of ext_authz.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[2] / "host/envoy"), str(HERE.parent)]
sys.dont_write_bytecode = True

import wrk
from client import request
from demo import configuration
from demo.process import free_port
from person import PASS, Person
from world import World

ENVOY_CPU, WRK_CPU = 0, 1
TYPES = "type.googleapis.com/envoy.extensions.filters.http"
NOTHING = "Wasm that does nothing (Rust)"
TIMES = 10
CALLS = {
    "h": "the head of the request (by the SDK)",
    "c": "all claims of jwt_authn at once",
    "1": "one claim",
    "t": "the time",
    "d": "a key of the shared data",
    "s": "a header to set",
}
HTML = [("accept", "text/html"), ("sec-fetch-dest", "document")]
Change = Callable[[dict[str, Any]], None]


@dataclass
class Variant:
    """A row: its filters, whether the pass that is sent is good, and what is answered."""

    name: str
    filters: Callable[[dict[str, dict[str, Any]]], list[dict[str, Any]]]
    passed: bool = False
    status: int = 200
    headers: Sequence[tuple[str, str]] = ()
    options: dict[str, Any] = field(default_factory=dict)
    process: Any = None
    person: Person | None = None
    request: bytes = b""
    port: int = 0
    rates: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)


def probe(path: Path, calls: str = "") -> dict[str, Any]:
    """A filter that makes these calls of the host."""
    config = {
        "name": "probe",
        "root_id": "probe",
        "configuration": {"@type": "type.googleapis.com/google.protobuf.StringValue", "value": calls},
        "vm_config": {
            "vm_id": f"probe-{calls}",
            "runtime": "envoy.wasm.runtime.v8",
            "code": {"local": {"filename": str(path)}},
        },
    }
    return {"name": "probe", "typed_config": {"@type": f"{TYPES}.wasm.v3.Wasm", "config": config}}


def basic_auth() -> dict[str, Any]:
    users = {"inline_string": "user:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g="}  # user:password
    return {"name": "basic", "typed_config": {"@type": f"{TYPES}.basic_auth.v3.BasicAuth", "users": users}}


def ext_authz(port: int) -> dict[str, Any]:
    uri = {"uri": f"http://127.0.0.1:{port}", "cluster": "authority", "timeout": "1s"}
    return {
        "name": "ext",
        "typed_config": {"@type": f"{TYPES}.ext_authz.v3.ExtAuthz", "http_service": {"server_uri": uri}},
    }


def without_cache(jwt: dict[str, Any]) -> dict[str, Any]:
    [provider] = jwt["typed_config"]["providers"].values()
    del provider["jwt_cache_config"]
    return jwt


def variants(wasm: Path | None, authority: int | None) -> list[Variant]:
    """All rows. Functions get the filters of envoy.yaml by name."""
    jwt, gate = configuration.JWT_AUTHN, configuration.GATE
    made = [Variant("no filter", lambda own: [])]
    if wasm:
        made.append(Variant(NOTHING, lambda own: [probe(wasm)]))
    made += [
        Variant(
            "gate, valid pass (identity by headers)",
            lambda own: [own[gate]],
            True,
            options={"headers": True, "believing": True},
        ),
        Variant("gate, no pass: 303", lambda own: [own[gate]], False, 303, HTML, {"headers": True, "believing": True}),
        Variant("gate, no pass: 401", lambda own: [own[gate]], False, 401, (), {"headers": True, "believing": True}),
        Variant("jwt_authn (HS256, cached) and gate, valid pass", lambda own: [own[jwt], own[gate]], True),
        Variant("jwt_authn (HS256, cached)", lambda own: [own[jwt]]),
        Variant("jwt_authn (HS256, not cached)", lambda own: [without_cache(own[jwt])]),
        Variant("basic_auth", lambda own: [basic_auth()]),
    ]
    if authority:
        made.append(Variant("ext_authz (HTTP, nginx on CPU 0 not counted)", lambda own: [ext_authz(authority)]))
    return made


def calls(wasm: Path) -> list[Variant]:
    """Rows with jwt_authn and ten of one call each."""
    jwt = configuration.JWT_AUTHN

    def row(name: str, letters: str) -> Variant:
        return Variant(name, lambda own: [own[jwt], probe(wasm, letters)])

    return [row("none", ""), *(row(name, letter * TIMES) for letter, name in CALLS.items())]


def change(variant: Variant, authority: int | None) -> Change:
    """The route answers by itself, nothing is logged, and there are the filters of the row only."""

    def to(config: dict[str, Any]) -> None:
        manager = configuration.connection_manager(config)
        del manager["access_log"]
        own = {part["name"]: part for part in manager["http_filters"]}
        manager["http_filters"] = [*variant.filters(own), own["envoy.filters.http.router"]]
        answer = {"status": 200, "body": {"inline_string": "ok"}}
        manager["route_config"]["virtual_hosts"][0]["routes"] = [{"match": {"prefix": "/"}, "direct_response": answer}]
        if authority:
            place = {"endpoint": {"address": configuration.address("127.0.0.1", authority)}}
            ends = {"cluster_name": "authority", "endpoints": [{"lb_endpoints": [place]}]}
            config["static_resources"]["clusters"].append(
                {"name": "authority", "type": "STATIC", "load_assignment": ends}
            )

    return to


@contextmanager
def nginx() -> Iterator[int | None]:
    """A server that says yes to everything; none if there is no nginx."""
    program = shutil.which("nginx") or (shutil.which("/usr/sbin/nginx"))
    if not program:
        yield None
        return
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="xoxzo-2fa-") as name:
        conf = Path(name) / "nginx.conf"
        paths = "".join(
            f"{kind}_temp_path {name}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        conf.write_text(
            f"daemon off; worker_processes 1; pid {name}/pid; error_log stderr;events {{}} http {{ access_log off; {paths}"
            f"keepalive_requests 100000000; server {{ listen 127.0.0.1:{port}; location / {{ return 200; }} }} }}"
        )
        process = subprocess.Popen(["taskset", "-c", str(ENVOY_CPU), program, "-e", "stderr", "-c", str(conf)])
        try:
            yield port
        finally:
            process.terminate()
            process.wait()


def spent(pid: int) -> int:
    """Nanoseconds on a CPU, of all threads."""
    return sum(int((task / "schedstat").read_text().split()[0]) for task in Path(f"/proc/{pid}/task").iterdir())


def sent(variant: Variant) -> Sequence[tuple[str, str]]:
    """The same headers in every row, of the same size, so that only what the filters do with them differs."""
    person = variant.person
    assert person
    [(name, cookies)] = [pair for pair in person.headers() if pair[0] == "cookie"]
    if person.world.believing:
        cookies = f"{person.world.session(person.token)[1]}; {cookies}"
    who = [*person.identity(), (name, cookies), ("authorization", "Basic dXNlcjpwYXNzd29yZA==")]
    return [*who, *variant.headers]


def prepare(variant: Variant) -> None:
    """What is to be sent: with the newest pass, as a browser that keeps its cookies would send it."""
    assert variant.person
    for _ in range(2):
        answer = request(variant.port, "GET", "/account", sent(variant))
        assert answer.status == variant.status, f"{variant.name}: {answer}"
        if variant.passed:
            variant.person.cookies.update(answer.cookies())
    variant.request = wrk.kept(variant.port, "GET", "/account", sent(variant))


def measure(variant: Variant, seconds: int) -> None:
    prepare(variant)
    before = spent(variant.process.pid)
    told = wrk.finish(wrk.start(variant.port, [variant.request], seconds=seconds, threads=1, cpu=WRK_CPU))
    cost = spent(variant.process.pid) - before
    right = told["lost"] == 0 and told["refused"] == (told["requests"] if variant.status >= 400 else 0)
    assert right, f"{variant.name}: {told}"
    variant.rates.append(wrk.rate(told))
    variant.costs.append(cost / told["requests"] / 1000)
    variant.p50.append(told["p50"] / 1000)
    variant.p99.append(told["p99"] / 1000)


def table(rows: list[Variant]) -> str:
    lines = [
        "| filter | req/s | ratio | p50 ms | p99 ms | CPU µs/request | extra µs |",
        "|---|---|---|---|---|---|---|",
    ]
    base = rows[0]
    median = statistics.median
    for row in rows:
        ratio = median(mine / theirs for mine, theirs in zip(row.rates, base.rates, strict=True))
        extra = median(mine - theirs for mine, theirs in zip(row.costs, base.costs, strict=True))
        parts = [
            row.name,
            f"{median(row.rates):.0f}",
            f"{ratio:.2f}",
            f"{median(row.p50):.3f}",
            f"{median(row.p99):.1f}",
        ]
        lines.append(
            " | ".join(
                ["|", *parts, f"{median(row.costs):.1f}", f"{extra:+.1f}" if row is not base else "–", "|"]
            ).strip()
        )
    return "\n".join(line.replace("| | ", "| ", 1).replace(" | |", " |") for line in lines)


def call_table(rows: list[Variant]) -> str:
    lines = ["| call | µs each |", "|---|---|"]
    base, *others = rows
    for row in others:
        each = statistics.median(mine - none for mine, none in zip(row.costs, base.costs, strict=True)) / TIMES
        lines.append(f"| {row.name} | {each:.2f} |")
    return "\n".join(lines)


def told(rows: list[Variant], rounds: int, seconds: int) -> dict[str, Any]:
    """The CPU time of each row, and what it takes more than the first, in microseconds."""
    base = rows[0]
    each = {
        row.name: {
            "cpu_us": round(statistics.median(row.costs), 1),
            "extra_us": round(
                statistics.median(mine - none for mine, none in zip(row.costs, base.costs, strict=True)), 1
            ),
        }
        for row in rows
    }
    return {"rounds": rounds, "seconds": seconds, "rows": each}


def run(rows: list[Variant], authority: int | None, rounds: int, seconds: int) -> None:
    """All rows beside each other, asked in turn."""
    with ExitStack() as stack:
        everywhere = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {ENVOY_CPU})  # What is started from here stays there.
        for row in rows:
            world = stack.enter_context(World(change=change(row, authority), concurrency=1, **row.options))
            row.port, row.process = world.port, world.envoy.process
            row.person = world.signed_in() if row.passed else world.person()
            row.person.cookies.setdefault(PASS, "A" * 82)
        os.sched_setaffinity(0, everywhere)
        for turn in range(rounds + 1):
            for row in rows if turn % 2 else reversed(rows):
                measure(row, seconds)
            if turn == 0:  # To warm up.
                for row in rows:
                    for figures in (row.rates, row.costs, row.p50, row.p99):
                        figures.clear()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--probe", type=Path, help="the filter of tests/probe, as `xoxzo-2fa-artefact module` builds it"
    )
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--json", type=Path, help="a file for the first table as JSON")
    options = parser.parse_args()
    print(
        f"Envoy 1.40, {options.rounds} rounds of {options.seconds} s; medians; ratio and extra: of what each round gave.\n"
    )
    with nginx() as authority:
        rows = variants(options.probe, authority)
        run(rows, authority, options.rounds, options.seconds)
    print(table(rows), flush=True)
    if options.json:
        options.json.write_text(json.dumps(told(rows, options.rounds, options.seconds)))
    if options.probe:
        rows = calls(options.probe)
        run(rows, None, options.rounds, options.seconds)
        print(f"\n{call_table(rows)}")


if __name__ == "__main__":
    main()
