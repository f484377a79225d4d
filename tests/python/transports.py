#!/usr/bin/env python3
"""Hostile servers for the transport of every host: transports.py NAME=COMMAND ...

The programs are those of `hosts.py`. Each case of tests/vectors/transport.json is a server that does what it says there, and a call of a
client with the host's own transport. It is judged by the outcome, its cause and its time, and by what the server received: one connection
with one request, exactly the engine's. Nothing may go anywhere else: redirects and the variables for proxies lead to a trap.

- `ask`: the call, `start` or `credits`. `timeout_milliseconds`: of the settings, 1,000 if it is absent.
- `server`: what it does with a connection, in this order, before it ends it: `read` a request, `hold` the connection until the client ends
  it, `reset` it, wait, or send bytes, once or `times`, `null` without end. `tls`: `self-signed`, `tls-1.1`, or `none` where the client
  expects TLS. `url`: where nobody listens.
- `outcome`: of these one. `accepted` and `credits`: the answer was read. `refused`: Xoxzo answers, and what was asked for is not there.
  `unknown`: the message may have been taken. `not-sent`: it was not. `causes`: the kinds of fault, of which one is told to operators.
- `requests`: how many the server received, 1 if it is absent and 0 without HTTP; `null`: chance decides.
"""

import base64
import json
import re
import socket
import ssl
import struct
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from causes import impostor
from hosts import Host, read, same

# Seconds by which an answer may be late; and more on a machine whose processors are wanted by others: as long as anything waited for one.
LATE = 0.6
BUSY = 2.0

# Seconds after which a server ends what would never end: more than any answer may take.
PATIENCE = 6

# Programs of a host that work at the same time.
WORKERS = 2

PROXIES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
QUESTIONS: dict[str, Any] = {
    "start": {"start": {"binding": {"recipient": "+819012345678", "subject": "user-1", "purpose": "login"}}},
    "credits": {"credits": {}},
}
PATHS = {"start": "POST /sms/messages/", "credits": "GET /you/credits/"}


def waited() -> float:
    """Seconds since the system's start in which something waited for a processor, as far as it counts them."""
    with suppress(OSError):
        told = re.search(r"^some .*total=(\d+)", Path("/proc/pressure/cpu").read_text(), re.MULTILINE)
        return int(told[1]) / 1e6 if told else 0.0
    return 0.0


def outdated() -> ssl.SSLContext:
    """TLS 1.1, of which Python warns."""
    context = impostor()
    context.set_ciphers("ALL:@SECLEVEL=0")
    warnings.simplefilter("ignore", DeprecationWarning)
    context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    return context


CONTEXTS = {None: None, "none": None, "self-signed": impostor(), "tls-1.1": outdated()}


class Server:
    """A server that does the same with every connection, and keeps what it receives."""

    def __init__(self, actions: list[Any], tls: ssl.SSLContext | None = None, elsewhere: str = "") -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.actions, self.tls, self.elsewhere = actions, tls, elsewhere
        self.end = time.monotonic() + PATIENCE
        self.received: list[bytearray] = []
        self.threads: list[threading.Thread] = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                self.received.append(bytearray())
                self.threads.append(threading.Thread(target=self.serve, args=[connection, self.received[-1]], daemon=True))
                self.threads[-1].start()

    def serve(self, connection: socket.socket, received: bytearray) -> None:
        connection.settimeout(PATIENCE)
        with suppress(OSError):
            if self.tls is not None:
                connection = self.tls.wrap_socket(connection, server_side=True)
            for action in self.actions:
                self.act(connection, action, received)
            connection.shutdown(socket.SHUT_WR)
            self.act(connection, "hold", received)
        connection.close()

    def act(self, connection: socket.socket, action: Any, received: bytearray) -> None:
        if action in ("read", "hold"):
            while (action == "hold" or not whole(received)) and (data := connection.recv(65536)):
                received += data
        elif action == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
        elif "wait_milliseconds" in action:
            time.sleep(action["wait_milliseconds"] / 1_000)
        else:
            for piece in self.pieces(**action):
                connection.sendall(piece)

    def pieces(self, send: str, times: int | None = 1, every_milliseconds: int = 0) -> Iterator[bytes]:
        """The bytes to send. Without end it is one by one, or as fast as a good line."""
        text = send.replace("{elsewhere}", self.elsewhere).encode("latin-1")
        if times is not None:
            yield text * times
            return
        while time.monotonic() < self.end:
            yield text if every_milliseconds else text * (16_384 // len(text) + 1)
            time.sleep((every_milliseconds or 1) / 1_000)

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in self.threads:
            thread.join(PATIENCE)


def whole(received: bytes) -> bool:
    """Whether a request is there, with its body."""
    head, end, body = bytes(received).partition(b"\r\n\r\n")
    length = re.search(rb"\r\ncontent-length: *([0-9]+)", head, re.IGNORECASE)
    return bool(end) and len(body) >= (int(length[1]) if length else 0)


def check_request(received: bytes, ask: str, port: int) -> None:
    """Whether this is the one request that the engine asked for, with nothing else before, in or after it."""
    head, _, body = received.decode().partition("\r\n\r\n")
    line, *lines = head.split("\r\n")
    fields = [(name.lower(), value) for name, value in (line.split(": ", 1) for line in lines)]
    account = read("scenario.json")["document"]["xoxzo"]
    basic = base64.b64encode(f"{account['sid']}:{account['auth_token']}".encode()).decode()
    right = {"host": f"127.0.0.1:{port}", "accept": "application/json", "authorization": f"Basic {basic}"}
    if ask == "start":
        right |= {"content-type": "application/x-www-form-urlencoded", "content-length": str(len(body))}
        same(sorted(parse_qs(body)), ["message", "recipient", "sender"], "the form")
    else:
        same(body, "", "the body")
    same(line, f"{PATHS[ask]} HTTP/1.1", "the request")
    agent = dict(fields).get("user-agent", "")
    assert re.fullmatch(r"xoxzo-2fa/[0-9.]+", agent), f"user-agent: {agent!r}"
    # What says how the connection is used, and that nothing is compressed, is a transport's own.
    allowed = {("user-agent", agent), ("accept-encoding", "identity"), ("connection", "close"), ("connection", "keep-alive")}
    others = sorted(field for field in fields if field not in allowed)
    same([name for name, _ in others], sorted(right), "the fields of the head")
    assert dict(others) == right, "a field of the head has another value"


def outcome(kind: str, answer: dict[str, Any]) -> str:
    if kind == "challenged":
        return str(answer["delivery"])
    if kind == "credits":
        same(answer["credits"], 1_000, "credits")
        return kind
    same((kind, answer["code"]), ("failure", "provider"))
    return "not-sent" if answer["detail"].endswith("nothing was sent") else "refused"


class Worker:
    """One program of a host, and what it finds in the variables for proxies."""

    def __init__(self, command: str) -> None:
        self.trap = Server([])
        self.elsewhere = f"http://127.0.0.1:{self.trap.port}"
        self.host = Host(command, dict.fromkeys(PROXIES, self.elsewhere))
        self.document = read("scenario.json")["document"]
        self.document["guard"]["scope"] = "process"
        # Not judged: a program's first exchange sets up more than others do.
        self.exchange({"ask": "credits", "server": ["read"], "timeout_milliseconds": 30_000})

    def exchange(self, case: dict[str, Any]) -> tuple[str, dict[str, Any], float, Server | None]:
        """The answer, its seconds without those for which a busy machine is excused, and the server."""
        server, tls = None, case.get("tls")
        if "server" in case:
            server = Server(case["server"], CONTEXTS[tls], self.elsewhere)
        url = case.get("url") or (f"https://localhost:{server.port}" if tls else f"http://127.0.0.1:{server.port}")
        account = {**self.document["xoxzo"], "base_url": url, "timeout_milliseconds": case.get("timeout_milliseconds", 1_000)}
        same(self.host.open({**self.document, "xoxzo": account}, int(time.time()), {})[0], "prepared")
        began, behind = time.monotonic(), waited()
        kind, answer = self.host.ask(QUESTIONS[case["ask"]])
        took = time.monotonic() - began - min(waited() - behind, 0 if case.get("early") else BUSY)
        if server is not None:
            server.close()
        return kind, answer, took, server

    def judge(self, case: dict[str, Any], attempts: int = 2) -> None:
        kind, answer, took, server = self.exchange(case)
        timeout = case.get("timeout_milliseconds", 1_000) / 1_000
        if took > (timeout / 2 if case.get("early") else timeout + LATE):
            # The machine may have stalled.
            assert attempts > 1, f"it took {took:.1f} s"
            return self.judge(case, attempts - 1)
        given, cause = outcome(kind, answer), answer["audit"].get("cause") or ""
        assert given in case["outcome"], f"{given}, not {' or '.join(case['outcome'])} ({cause})"
        assert cause.partition(": ")[0] in case.get("causes", [""]), f"{cause!r}, not {case.get('causes', 'none')}"
        if "retry_after_seconds" in case:
            same(answer["retry_after_seconds"], case["retry_after_seconds"], "retry_after_seconds")
        same([bytes(visitor) for visitor in self.trap.received], [], "requests elsewhere")
        if server is not None:
            self.inspect(case, server)
        return None

    def inspect(self, case: dict[str, Any], server: Server) -> None:
        """Judges what a server received."""
        assert len(server.received) == 1, f"{len(server.received)} connections"
        (received,) = server.received
        if "tls" in case:
            assert not received if CONTEXTS[case["tls"]] else b"Basic" not in received, "a request without proof of the server's name"
        elif case.get("requests", 1) == 1:
            check_request(bytes(received), case["ask"], server.port)


def try_host(command: str, cases: list[dict[str, Any]]) -> list[str]:
    """What is wrong with a host's transport."""
    worker, faults = Worker(command), []
    for case in cases:
        try:
            worker.judge(case)
        except (AssertionError, LookupError, OSError, ValueError) as fault:
            faults.append(f"transport.json {case['tcId']} ({case['comment']}): {fault}")
            worker = Worker(command)
    worker.host.close()
    return faults


def main() -> int:
    cases, failed = read("transport.json")["tests"], 0
    hosts = [argument.split("=", 1) for argument in sys.argv[1:]]
    with ThreadPoolExecutor(max(1, len(hosts) * WORKERS)) as pool:
        tried = [(name, pool.submit(try_host, command, cases[at::WORKERS])) for name, command in hosts for at in range(WORKERS)]
        for name, faults in tried:
            for fault in faults.result():
                failed += 1
                print(f"{name}: {fault}")
    print(f"{len(hosts) * len(cases) - failed} passed, {failed} failed")
    print(f"transports: {len(hosts)} transports, {len(cases)} cases, {failed} failed")
    return 1 if failed or not hosts else 0


if __name__ == "__main__":
    sys.exit(main())
