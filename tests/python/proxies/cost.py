#!/usr/bin/env python3
"""What a check costs `xoxzo-2fa-serve`: CPU for each request. Prints a Markdown table.

    cost.py [--rounds N] [--seconds N] [--json FILE] PROGRAM...

Each program is a release build; with several, they are measured side by side. With `--json` the first one's check of a valid pass goes to a file. A program has one worker on CPU 0, and wrk one thread with 16 kept
connections on CPU 1. All rows are asked in turn, in alternating order. CPU is what the kernel counted for the program (schedstat). Needs wrk and taskset.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[2] / "host/envoy"), str(HERE.parent), str(HERE.parent / "envoy")]
sys.dont_write_bytecode = True

import wrk
from bench import ENVOY_CPU, WRK_CPU, spent
from client import request
from demo import configuration, process, tokens
from person import AUDIENCE, ISSUER, SESSION, Person
from world import GENEROUS, PLENTY, Ground

SECRET = "0123456789abcdef0123456789abcdef"
PROXY = [("x-2fa-secret", SECRET), ("x-2fa-client", "127.0.0.1")]
PASSED = "check, valid pass"
ASKED = [("x-forwarded-uri", "/account"), ("x-forwarded-method", "GET")]


class Asking(Person):
    """A person whose requests come by the proxy."""

    def headers(self) -> list[tuple[str, str]]:
        return [*super().headers(), *PROXY]


class Server(Ground):
    """A program with one worker, which believes whoever has the secret."""

    def __init__(self, program: Path) -> None:
        super().__init__(sandbox=PLENTY, believing=False)
        with self.stack as stack:
            host, port = self.sandbox.address
            keys = self.directory / "sessions.json"
            keys.write_text(tokens.key_set(self.session_key))
            settings = configuration.load()
            filter_ = configuration.http_filter(settings, configuration.GATE)["config"]["configuration"]
            own = {"two_factor": {"test": True, "xoxzo": {"base_url": f"http://{host}:{port}"}}}
            limits = {"two_factor": {"sends": {"per_client": None}, "failures": {"per_client": None}}}
            document = configuration.merge(configuration.merge(json.loads(filter_["value"]), own), limits)
            document = configuration.merge(document, GENEROUS)
            document = configuration.merge(document, {"gate": {"origin": self.origin, "recovery_url": None}})
            jwt = {"algorithm": "HS256", "jwks_file": str(keys), "issuer": ISSUER, "audience": AUDIENCE}
            path = self.directory / "serve.json"
            path.write_text(json.dumps(document | {"serve": {"secret": SECRET, "jwt": jwt}}))
            command = ["taskset", "-c", str(ENVOY_CPU), str(program), "--settings", str(path), "--proxy", "caddy"]
            command += ["--listen", f"127.0.0.1:{self.port}", "--workers", "1"]
            self.program = process.spawn(
                command,
                output=subprocess.PIPE,
                errors=subprocess.DEVNULL,
                environment=self.environment | {"PATH": os.environ["PATH"]},
            )
            stack.callback(lambda: process.end(self.program))
            assert self.program.stdout
            self.program.stdout.readline()
            self.asking = Asking(self)
            self.asking.sign_in()
            self.stack = stack.pop_all()


@dataclass
class Row:
    """A request, and what it cost in each round."""

    name: str
    server: Server
    status: int
    request: bytes
    costs: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)


def rows(name: str, server: Server) -> Sequence[Row]:
    session = ("cookie", f"{SESSION}={server.asking.token}")
    made = []
    for what, path, headers, status in (
        ("/health", "/health", [], 200),
        (PASSED, "/check", [*server.asking.headers(), *ASKED], 200),
        ("check, exempt path", "/check", [session, *PROXY, ("x-forwarded-uri", "/static/x"), ASKED[1]], 200),
        ("check, no pass", "/check", [session, *PROXY, *ASKED], 401),
    ):
        answer = request(server.port, "GET", path, headers)
        assert answer.status == status, f"{what}: {answer}"
        made.append(Row(f"{name}{what}", server, status, wrk.kept(server.port, "GET", path, headers)))
    return made


def measure(row: Row, seconds: int) -> None:
    before = spent(row.server.program.pid)
    told = wrk.finish(wrk.start(row.server.port, [row.request], seconds=seconds, threads=1, cpu=WRK_CPU))
    cost = spent(row.server.program.pid) - before
    right = told["lost"] == 0 and told["refused"] == (told["requests"] if row.status >= 400 else 0)
    assert right, f"{row.name}: {told}"
    row.costs.append(cost / told["requests"] / 1000)
    row.rates.append(wrk.rate(told))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", nargs="+", type=Path, metavar="PROGRAM")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with ExitStack() as stack:
        every = list[Row]()
        for program in options.programs:
            name = f"{program}: " if len(options.programs) > 1 else ""
            every += rows(name, stack.enter_context(Server(program)))
        for turn in range(options.rounds + 1):
            for row in every if turn % 2 else reversed(every):
                measure(row, options.seconds)
            if turn == 0:  # To warm up.
                for row in every:
                    row.costs.clear()
                    row.rates.clear()
    print("| request | req/s | CPU µs/request |\n|---|---|---|")
    for row in every:
        print(f"| {row.name} | {statistics.median(row.rates):.0f} | {statistics.median(row.costs):.1f} |")
    if options.json is not None:
        passed = next(row for row in every if row.name.endswith(PASSED))
        options.json.write_text(json.dumps({"check_us": round(statistics.median(passed.costs), 1)}))


if __name__ == "__main__":
    main()
