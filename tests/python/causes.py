"""What operators are told when something outside fails: real faults, on each host's own transport and store.

- dns: a host name that does not exist
- tls: a server whose certificate nobody has issued
- redis-failover: a Redis server that became a replica while a client uses it. Not on hosts without a store in Redis.
- readiness: the same server, as a health check meets it. Not on the server, which is asked over HTTP.
"""

import contextlib
import random
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hosts import Host

LOGIN = {"start": {"binding": {"recipient": "+819012345678", "subject": "user-1", "purpose": "login"}}}
KEYS = ("x2fk1_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEoVv1v", "x2fk1_AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwPKj5lZ")


def document(base_url: str, scope: str) -> dict[str, Any]:
    return {
        "version": 1,
        "audience": "example",
        "service": "Example",
        "keys": [KEYS[0]],
        "guard": {"key": KEYS[1], "scope": scope},
        "purposes": [{"name": "login", "after_first_factor": True}],
        "destinations": ["JP-mobile"],
        "xoxzo": {"sid": "s", "auth_token": "t", "sender": "Example", "base_url": base_url},
    }


def free_port() -> int:
    """Return a free port below those that systems give out, so that nobody takes it between two starts of a server."""
    while True:
        port = random.randint(10_240, 32_767)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def impostor() -> ssl.SSLContext:
    """TLS of a server that proves its name by a certificate of its own."""
    folder = Path(tempfile.mkdtemp())
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", "key", "-out", "certificate"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate", folder / "key")
    shutil.rmtree(folder)
    return context


@contextmanager
def untrusted() -> Iterator[str]:
    """A server that nobody should trust."""
    context = impostor()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                try:
                    context.wrap_socket(connection, server_side=True).close()
                except OSError:
                    connection.close()

        threading.Thread(target=serve, daemon=True).start()
        yield f"https://localhost:{server.getsockname()[1]}"


class Redis:
    """A server that can be told to follow another."""

    def __init__(self) -> None:
        self.port, self.folder = free_port(), tempfile.mkdtemp()
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", self.folder]
        self.process = subprocess.Popen([*command, "--maxmemory-policy", "noeviction"], stdout=subprocess.DEVNULL)
        for _ in range(200):
            if self.tell("PING").startswith("+PONG"):
                return
            time.sleep(0.05)
        raise AssertionError("the Redis server does not answer")

    def tell(self, command: str) -> str:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as connection:
                connection.sendall(f"{command}\r\n".encode())
                return connection.recv(1024).decode()
        except OSError:
            return ""

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder)


def cause(answer: tuple[str, Any]) -> str:
    kind, content = answer
    assert kind == "failure", f"it did not fail: {kind}"
    assert content["blame"] == "upstream", content
    return str(content["audit"]["cause"])


def opened(host: "Host", base_url: str, redis: str | None = None) -> bool:
    """Whether the host has what is asked for."""
    own = {} if redis is None else {"redis": redis}
    scope = "process" if redis is None else "shared"
    kind, _ = host.open(document(base_url, scope), int(time.time()), own)
    return kind == "prepared"


def told(host: "Host", wrong: str) -> dict[str, str]:
    """The causes that a host tells, by the fault."""
    causes = {}
    for fault, base_url in (("dns", "https://xoxzo.invalid"), ("tls", wrong)):
        assert opened(host, base_url), "the host has no transport of its own"
        causes[fault] = cause(host.ask(LOGIN))
    master = Redis()
    try:
        if opened(host, "https://xoxzo.invalid", f"redis://127.0.0.1:{master.port}"):
            kind, content = ready = host.ask({"ready": {}})
            assert kind in ("ready", "absent"), f"it is not ready: {content}"
            assert cause(host.ask(LOGIN)) == causes["dns"], "the store answers"
            assert master.tell(f"REPLICAOF 127.0.0.1 {free_port()}").startswith("+OK")
            if kind == "ready":
                ready = host.ask({"ready": {}})
                causes["readiness"] = cause(ready)
                assert ready[1]["code"] == "guard", ready
            causes["redis-failover"] = cause(host.ask(LOGIN))
    finally:
        master.stop()
    return causes


KINDS = {"dns": "dns: ", "tls": "tls: ", "redis-failover": "readonly: ", "readiness": "readonly: "}


def told_apart(name: str, host: "Host") -> list[str]:
    """The faults that a host tells apart. Raises where it names one wrongly."""
    with untrusted() as wrong:
        causes = told(host, wrong)
    for fault, text in causes.items():
        assert text.startswith(KINDS[fault]), f"{name}: {fault}: {text!r}"
    return list(causes)
