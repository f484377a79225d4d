#!/usr/bin/env python3
"""Many users at once: scale.py PROGRAM [--users N] [--write]

PROGRAM is a release build of `xoxzo-2fa-bench`. It logs in so many users, each of whom mistypes once, with counters in memory, in one Redis server, and in a
cluster of three masters; and it lets 10,000 starts wait for Xoxzo on tokio. Servers listen on 127.0.0.1, keep nothing, and end with this. With `--write` the
figures go to `figures/scale.json`.
"""

from __future__ import annotations

import argparse
import json
import re
import socket
import subprocess
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import SETTINGS
from pages import render
from surroundings import machine, spent, write
from targets import recorded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

USERS, STARTS = 1_000_000, 10_000
# Users who tell what a server spends on a login.
PROBED = 20_000
# A cluster takes its bus port from its own, 10,000 above.
_HIGHEST = 50_000


class Server:
    """A running `redis-server`."""

    def __init__(self, folder: Path, port: int, *arguments: str) -> None:
        self.port, self.url = port, f"redis://127.0.0.1:{port}"
        command = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder), "--save", "", *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        while self.ask("ping") != "PONG":
            assert self.process.poll() is None, "redis-server ended"
            time.sleep(0.05)

    def ask(self, *command: str) -> str:
        """Return what `redis-cli` prints."""
        asked = subprocess.run(["redis-cli", "-p", str(self.port), *command], capture_output=True, text=True, check=False)
        return asked.stdout.strip()

    def info(self, section: str, name: str) -> int:
        """Return a number of `INFO`."""
        found = re.search(rf"^{name}:(\d+)", self.ask("info", section), re.MULTILINE)
        assert found, name
        return int(found[1])

    def nanoseconds(self) -> int:
        """Return its CPU time, of all threads."""
        return spent(self.process.pid)

    def traffic(self) -> int:
        """Return the bytes that it received and sent."""
        return self.info("stats", "total_net_input_bytes") + self.info("stats", "total_net_output_bytes")


@contextmanager
def server(*arguments: str) -> Iterator[Server]:
    """Run a server in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="xoxzo-2fa-") as folder:
        running = Server(Path(folder), free_port(), *arguments)
        try:
            yield running
        finally:
            running.process.terminate()
            running.process.wait()


def free_port() -> int:
    """Return a port that nobody listens on, low enough for a cluster."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port < _HIGHEST:
            return port


@contextmanager
def cluster(masters: int) -> Iterator[list[Server]]:
    """Run a cluster without replicas."""
    with ExitStack() as stack:
        servers = [stack.enter_context(server("--cluster-enabled", "yes")) for _ in range(masters)]
        places = [f"127.0.0.1:{one.port}" for one in servers]
        subprocess.run(["redis-cli", "--cluster", "create", *places, "--cluster-yes"], check=True, stdout=subprocess.DEVNULL)
        while any("cluster_state:ok" not in one.ask("cluster", "info") for one in servers):
            time.sleep(0.1)
        yield servers


class Program:
    """The program that logs users in."""

    def __init__(self, path: str) -> None:
        self.path = path
        # The highest caps that there are.
        most = {"count": 1_000_000, "seconds": 60}
        caps = {"sends": {"per_range": most, "per_audience": most}, "failures": {**SETTINGS["failures"], "per_audience": most}}
        self.settings = json.dumps({**SETTINGS, **caps, "pin": {"lifetime_seconds": 600}}) + "\n"

    def run(self, *arguments: str) -> dict[str, Any]:
        """Run it once."""
        command = [self.path, "scale", *arguments]
        done = subprocess.run(command, input=self.settings, stdout=subprocess.PIPE, text=True, check=True)
        told: dict[str, Any] = json.loads(done.stdout)
        return told


def in_memory(program: Program, users: int) -> dict[str, Any]:
    told = program.run("memory", str(users))
    return {
        "users": users,
        "counters_per_user": round(told["counters"] / users, 1),
        "bytes_per_counter": round(told["bytes"] / told["counters"], 1),
        "bytes_per_user": round(told["bytes"] / users),
        "list_us": round(told["list_ns"] / 1e3, 2),
        "slowest_list_ms": round(told["slowest_ns"] / 1e6, 1),
    }


def in_redis(program: Program, users: int) -> dict[str, Any]:
    with server() as one:
        room, began, sent = one.info("memory", "used_memory"), one.nanoseconds(), one.traffic()
        told = program.run("redis", one.url, str(users))
        counters = int(one.ask("dbsize"))
        return {
            "users": users,
            "counters_per_user": round(counters / users, 1),
            "bytes_per_counter": round((one.info("memory", "used_memory") - room) / counters, 1),
            "bytes_per_user": round((one.info("memory", "used_memory") - room) / users),
            "server_us_per_login": round((one.nanoseconds() - began) / users / 1e3, 1),
            "network_bytes_per_login": round((one.traffic() - sent) / users),
            "lists_per_login": round(told["lists"] / users, 1),
            "list_us": round(told["list_ns"] / 1e3, 1),
        }


def in_cluster(program: Program) -> dict[str, Any]:
    """Tell the CPU time of each master for a login, the busiest first."""
    with cluster(3) as masters:
        began = [one.nanoseconds() for one in masters]
        program.run("redis", ",".join(one.url for one in masters), str(PROBED))
        each = sorted(((one.nanoseconds() - start) / PROBED / 1e3 for one, start in zip(masters, began, strict=True)), reverse=True)
    return {"masters": len(each), "busiest_us_per_login": round(each[0], 1), "others_us_per_login": [round(one, 1) for one in each[1:]]}


def waiting(program: Program) -> dict[str, Any]:
    told = program.run("waiting", str(STARTS))
    return {"starts": STARTS, "bytes_per_start": round(told["bytes"] / STARTS)}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--users", type=int, default=USERS)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    program = Program(given.program)
    told: dict[str, Any] = machine()
    parts: dict[str, Callable[[], Any]] = {
        "waiting": lambda: waiting(program),
        "memory": lambda: in_memory(program, given.users),
        "cluster": lambda: in_cluster(program),
        "redis": lambda: in_redis(program, given.users),
    }
    for name, part in parts.items():
        told[name] = part()
        print(f"{name}: {json.dumps(told[name])}", flush=True)
    told["load"] = machine()["load"]
    print(f"{len(parts)} passed, 0 failed")
    if given.write:
        write("scale", told)
        render(recorded(), write=True)


if __name__ == "__main__":
    main()
