"""A fleet to attack: Redis, a guard service in front of it, and three Envoys, among which every request goes to the next one."""

import itertools
import json
import os
import secrets
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from client import request
from demo import configuration, process, tokens
from demo.configuration import Setup, build
from demo.envoy import Envoy
from person import AUDIENCE, ISSUER, Person
from world import COMMAND, GENEROUS, PLENTY, Ground, keygen

SERVER = COMMAND.with_name("xoxzo-2fa-serve")
GATES = 3
WORKERS = 2
STALE = 10
"""Seconds for which gates believe their list: the fewest that can be set."""


def until(condition: Callable[[], object], what: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.1)


class Fleet(Ground):
    """Three gates over one store; a context manager. `port` is that of the next gate, whoever asks: there is no affinity."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.turn = itertools.count()
        self.turns = threading.Lock()
        self.ports = [process.free_port() for _ in range(GATES)]
        super().__init__(sandbox=PLENTY, believing=False)
        self.settings = configuration.merge(GENEROUS, settings)
        self.environment |= {
            "XOXZO_2FA_NEW_KEY": keygen(),
            "XOXZO_2FA_FLEET_KEY": secrets.token_urlsafe(32),
            "XOXZO_2FA_NEXT_FLEET_KEY": secrets.token_urlsafe(32),
            "XOXZO_2FA_OPERATOR_KEY": secrets.token_urlsafe(32),
            "XOXZO_2FA_SIDE_KEY": secrets.token_urlsafe(32),
            "XOXZO_2FA_REDIS": f"redis+unix://{self.directory / 'redis'}",
        }
        self.secrets.update(value for name, value in self.environment.items() if name.endswith("_KEY"))
        self.guard_keys = ["XOXZO_2FA_FLEET_KEY"]
        self.fleet_key = "XOXZO_2FA_FLEET_KEY"
        self.keys = ["XOXZO_2FA_KEY"]
        self.address = f"unix:{self.directory / 'guard'}"
        self.logs: list[str] = []
        with self.stack as stack:
            self.redis = stack.enter_context(self.started_redis())
            self.guard = self.started_guard()
            stack.callback(lambda: process.end(self.guard))
            self.side_port = process.free_port()
            self.side = self.started_side()
            stack.callback(lambda: process.end(self.side))
            self.gates = [self.started(number) for number in range(GATES)]
            stack.callback(self.stop)
            for number in range(GATES):
                self.until_open(number)
            self.stack = stack.pop_all()

    @property
    def port(self) -> int:
        """The port of the next gate. The first is that of the origin."""
        with self.turns:
            return self.ports[next(self.turn) % GATES]

    @port.setter
    def port(self, port: int) -> None:
        self.ports[0] = port

    def on(self, number: int, who: Person, path: str = "/account") -> int:
        """The status of a request to one of the gates."""
        answer = request(self.ports[number], "GET", path, [*who.headers(), ("accept", "application/json")])
        if answer.status == 200:
            self.wanted = len(self.seen())
        return answer.status

    def everywhere(self, who: Person, path: str = "/account") -> set[int]:
        """The statuses of requests to all gates, each several times: the kernel spreads connections over workers."""
        return {self.on(number, who, path) for number in range(GATES) for _ in range(2 * WORKERS)}

    # The store

    def started_redis(self) -> "Redis":
        return Redis(self.directory)

    # The guard service

    def started_guard(self) -> subprocess.Popen[bytes]:
        two_factor = self.filter_settings()["two_factor"]
        rest = {
            "keys": [{"name": name, "rights": ["guard"], "key": {"env": name}} for name in self.guard_keys]
            + [{"name": "operator", "rights": ["operate"], "key": {"env": "XOXZO_2FA_OPERATOR_KEY"}}],
            "guard": {"redis": {"env": "XOXZO_2FA_REDIS"}},
        }
        self.written = self.directory / "rest.json"
        self.written.write_text(json.dumps({"two_factor": two_factor, "rest": rest}))
        with (self.directory / "guard.log").open("ab") as log:
            command = [str(SERVER), "rest", "--settings", str(self.written), "--workers", "2", "--listen", self.address]
            running = process.spawn(command, output=log, errors=log, environment=self.environment)
        path = self.address.removeprefix("unix:")

        def listens() -> bool:
            with socket.socket(socket.AF_UNIX) as probe:
                return probe.connect_ex(path) == 0

        until(listens, "the guard service listens")
        return running

    def kill_guard(self) -> None:
        self.guard.kill()
        self.guard.wait()

    def start_guard(self) -> None:
        self.guard = self.started_guard()

    def renew_guard_keys(self, names: list[str]) -> None:
        """The guard service takes these keys from now on, without a restart."""
        self.guard_keys = names
        document = json.loads(self.written.read_text())
        document["rest"]["keys"] = [
            *({"name": name, "rights": ["guard"], "key": {"env": name}} for name in names),
            document["rest"]["keys"][-1],
        ]
        self.written.write_text(json.dumps(document))
        os.kill(self.guard.pid, signal.SIGHUP)

    def operate(
        self, function: str, arguments: Mapping[str, Any], key: str = "XOXZO_2FA_OPERATOR_KEY"
    ) -> tuple[int, Any]:
        """Asks the guard service as an operator."""
        head = {"authorization": f"Bearer {self.environment[key]}", "content-type": "application/json"}
        body = json.dumps(arguments).encode()
        with socket.socket(socket.AF_UNIX) as channel:
            channel.settimeout(20)
            channel.connect(self.address.removeprefix("unix:"))
            lines = [
                f"POST /v1/{function} HTTP/1.1",
                "host: guard",
                "connection: close",
                f"content-length: {len(body)}",
            ]
            lines += [f"{name}: {value}" for name, value in head.items()]
            channel.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
            told = b""
            while more := channel.recv(65536):
                told += more
        top, _, rest = told.partition(b"\r\n\r\n")
        return int(top.split(b" ")[1]), json.loads(rest)

    # A gate beside another proxy

    def started_side(self) -> subprocess.Popen[bytes]:
        """A server on the same Redis, which a proxy would ask about each request."""
        keys = self.directory / "sessions.json"
        keys.write_text(tokens.key_set(self.session_key))
        settings = self.filter_settings()
        del settings["envoy"]
        settings["serve"] = {
            "secret": {"env": "XOXZO_2FA_SIDE_KEY"},
            "jwt": {"algorithm": "HS256", "jwks_file": str(keys), "issuer": ISSUER, "audience": AUDIENCE},
            "guard": {"redis": {"env": "XOXZO_2FA_REDIS"}},
        }
        written = self.directory / "side.json"
        written.write_text(json.dumps(settings))
        listen = f"127.0.0.1:{self.side_port}"
        with (self.directory / "guard.log").open("ab") as log:
            command = [
                str(SERVER),
                "--settings",
                str(written),
                "--proxy",
                "caddy",
                "--workers",
                "1",
                "--listen",
                listen,
            ]
            running = process.spawn(command, output=log, errors=log, environment=self.environment)

        def listens() -> bool:
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", self.side_port)) == 0

        until(listens, "the gate beside another proxy listens")
        return running

    def beside(self, who: Person, path: str = "/account") -> int:
        """The status of a check of the other proxy's gate."""
        own = [("x-2fa-secret", self.environment["XOXZO_2FA_SIDE_KEY"]), ("accept", "application/json")]
        asked = [("x-forwarded-uri", path), ("x-forwarded-method", "GET")]
        return request(self.side_port, "GET", "/check", [*who.headers(), *own, *asked]).status

    # The gates

    def filter_settings(self) -> dict[str, Any]:
        """The settings of the filter, the same for every gate."""
        settings: dict[str, Any] = json.loads(self.plugin(self.configured(0))["configuration"]["value"])
        return settings

    @staticmethod
    def plugin(config: dict[str, Any]) -> dict[str, Any]:
        plugin: dict[str, Any] = configuration.http_filter(config, configuration.GATE)["config"]
        return plugin

    def configured(self, number: int) -> dict[str, Any]:
        own = {
            "two_factor": {"keys": [{"env": name} for name in self.keys]},
            "gate": {"origin": self.origin, "pass": {"stale_seconds": STALE}},
            "envoy": {"guard": {"cluster": "guard", "key": {"env": self.fleet_key}}},
        }
        setup = Setup(
            port=self.ports[number],
            app=self.app.address,
            xoxzo=self.sandbox.address,
            session_key=self.session_key,
            settings=configuration.merge(self.settings, own),
        )
        config = build(setup)
        keys = self.plugin(config)["vm_config"]["environment_variables"]["host_env_keys"]
        keys += ["XOXZO_2FA_NEW_KEY", "XOXZO_2FA_FLEET_KEY", "XOXZO_2FA_NEXT_FLEET_KEY"]
        endpoint = {"address": {"pipe": {"path": self.address.removeprefix("unix:")}}}
        cluster = {
            "name": "guard",
            "type": "STATIC",
            "connect_timeout": "1s",
            "load_assignment": {"cluster_name": "guard", "endpoints": [{"lb_endpoints": [{"endpoint": endpoint}]}]},
        }
        config["static_resources"]["clusters"].append(cluster)
        return config

    def started(self, number: int) -> Envoy:
        return Envoy(
            self.configured(number),
            self.directory / f"envoy-{number}",
            environment=self.environment,
            concurrency=WORKERS,
            log_level="info",
        )

    def until_open(self, number: int) -> None:
        """Waits until every worker of a gate knows the store."""
        person = self.person()
        until(
            lambda: {self.on(number, person) for _ in range(4 * WORKERS)} == {401},
            f"gate {number} is open\n{self.gates[number].log.read_text(errors='replace')[-2000:]}",
        )

    def restart(self, number: int, *, kill: bool = False) -> None:
        """The same gate once more: another process."""
        gate = self.gates[number]
        if kill:
            gate.process.kill()
            gate.process.wait()
        gate.stop()
        self.logs.append(gate.log.read_text(errors="replace"))
        self.gates[number] = self.started(number)
        self.until_open(number)

    def roll(self) -> None:
        """Restarts one gate after the other."""
        for number in range(GATES):
            self.restart(number)

    def stop(self) -> str:
        """Ends the gates; their logs."""
        for gate in self.gates:
            gate.stop()
            self.logs.append(gate.log.read_text(errors="replace"))
        return "\n".join(self.logs) + (self.directory / "guard.log").read_text(errors="replace")


class Redis(process.Running):
    """A Redis of its own, on a socket in a folder, that keeps nothing."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "redis"
        command = ["redis-server", "--port", "0", "--unixsocket", str(self.path), "--save", "", "--dir", str(folder)]
        self.process = process.spawn(command, output=subprocess.DEVNULL)
        until(lambda: self.path.exists() and self.command("PING") == b"+PONG\r\n", "Redis answers")

    def command(self, *words: str) -> bytes:
        """The first part of the answer to a command."""
        with socket.socket(socket.AF_UNIX) as channel:
            channel.settimeout(20)
            channel.connect(str(self.path))
            channel.sendall(" ".join(words).encode() + b"\r\n")
            return channel.recv(65536)
