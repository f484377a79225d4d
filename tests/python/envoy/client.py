"""Requests as an attacker writes them: bytes for HTTP/1, frames for HTTP/2, and nothing that a library would put right."""

import json
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlencode

import h2.config
import h2.connection
import h2.events
import h2.exceptions

Text = str | bytes
Headers = Iterable[tuple[Text, Text]]
HOST = "127.0.0.1"


@dataclass
class Answer:
    """What came back. Status 0 stands for a connection that ended without an answer."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    def header(self, name: str) -> str:
        """The value of the only header of that name, or nothing."""
        values = self.all(name)
        assert len(values) <= 1, f"{name} came {len(values)} times"
        return values[0] if values else ""

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    def json(self) -> dict[str, Any]:
        """The object that the body holds; for any other body an empty one."""
        try:
            value = json.loads(self.body)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}

    def cookies(self) -> dict[str, str]:
        """What the Set-Cookie headers set, by name."""
        pairs = (value.split(";", 1)[0].partition("=") for value in self.all("set-cookie"))
        return {name: value for name, _, value in pairs}

    def csrf(self) -> str:
        """The field of a page's forms, or of the object."""
        found = re.search(rb'name="?csrf"?\s+value="([^"]*)"', self.body)
        return found[1].decode() if found else str(self.json().get("csrf", ""))

    def __str__(self) -> str:
        said = self.body[:160].decode("utf-8", "replace") if len(self.body) < 400 else f"{len(self.body)} bytes"
        return f"{self.status} {said!r}"


def octets(value: Text) -> bytes:
    return value.encode() if isinstance(value, str) else value


def form(**fields: str) -> bytes:
    return urlencode(fields).encode()


def head(method: Text, target: Text, headers: Headers = (), version: str = "HTTP/1.1") -> bytes:
    """The head of an HTTP/1 request, as it is written; no header is added."""
    lines = [octets(method) + b" " + octets(target) + b" " + version.encode()]
    lines += [octets(name) + b": " + octets(value) for name, value in headers]
    return b"\r\n".join(lines) + b"\r\n\r\n"


class Wire:
    """One HTTP/1 connection."""

    def __init__(self, port: int, timeout: float = 15) -> None:
        self.socket = socket.create_connection((HOST, port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def more(self) -> bool:
        """Reads on; whether there was more."""
        try:
            data = self.socket.recv(65536)
        except ConnectionError:
            return False
        self.buffer += data
        return bool(data)

    def until(self, mark: bytes) -> bytes | None:
        while mark not in self.buffer:
            if not self.more():
                return None
        found, self.buffer = self.buffer.split(mark, 1)
        return found

    def exactly(self, count: int) -> bytes:
        while len(self.buffer) < count and self.more():
            pass
        found, self.buffer = self.buffer[:count], self.buffer[count:]
        return found

    def answer(self, *, without_body: bool = False) -> Answer:
        """Reads one answer; those of 1xx, but 101, are skipped."""
        top = self.until(b"\r\n\r\n")
        if top is None:
            return Answer(0)
        first, *lines = top.decode("latin-1").split("\r\n")
        status = int(first.split(" ")[1])
        headers = [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
        answer = Answer(status, headers)
        if 100 <= status < 200 and status != 101:
            return self.answer(without_body=without_body)
        if without_body or status in (101, 204, 304):
            return answer
        if answer.all("transfer-encoding"):
            answer.body = self.chunks()
        elif answer.all("content-length"):
            answer.body = self.exactly(int(answer.all("content-length")[0]))
        else:
            while self.more():
                pass
            answer.body, self.buffer = self.buffer, b""
        return answer

    def chunks(self) -> bytes:
        body = b""
        while size := int(self.until(b"\r\n") or b"0", 16):
            body += self.exactly(size)
            self.until(b"\r\n")
        self.until(b"\r\n")
        return body


def raw(port: int, data: bytes, *, without_body: bool = False, timeout: float = 15) -> Answer:
    """Sends bytes on a connection of their own and reads one answer. An answer that comes too late is none."""
    with Wire(port, timeout) as wire:
        try:
            wire.send(data)
        except ConnectionError:
            pass  # Refused while it was still sent: the answer may be there.
        try:
            return wire.answer(without_body=without_body)
        except TimeoutError:
            return Answer(0)


def request(
    port: int, method: Text, target: Text, headers: Headers, body: bytes | None = None, host: str = ""
) -> Answer:
    """One request over HTTP/1, with Host, and Content-Length if there is a body."""
    every = [("host", host or f"localhost:{port}"), ("connection", "close"), *headers]
    if body is not None:
        every.append(("content-length", str(len(body))))
    return raw(port, head(method, target, every) + (body or b""), without_body=octets(method) == b"HEAD")


def chunked(*parts: bytes, trailers: Headers = ()) -> bytes:
    """A body in chunks, with trailers."""
    body = b"".join(f"{len(part):x}\r\n".encode() + part + b"\r\n" for part in parts) + b"0\r\n"
    return body + b"".join(octets(name) + b": " + octets(value) + b"\r\n" for name, value in trailers) + b"\r\n"


def request2(
    port: int,
    method: str,
    path: Text,
    headers: Headers,
    body: bytes | None = None,
    *,
    trailers: Headers = (),
    pseudo: Headers = (),
    timeout: float = 15,
) -> Answer:
    """One request over HTTP/2 without TLS. `pseudo` comes after `:method`, `:scheme`, `:authority` and `:path`."""
    config = h2.config.H2Configuration(
        header_encoding=None, validate_outbound_headers=False, normalize_outbound_headers=False
    )
    connection = h2.connection.H2Connection(config)
    connection.initiate_connection()
    first = [(":method", method), (":scheme", "http"), (":authority", f"localhost:{port}"), (":path", path), *pseudo]
    every = [(octets(name), octets(value)) for name, value in [*first, *headers]]
    last = [(octets(name), octets(value)) for name, value in trailers]
    connection.send_headers(1, every, end_stream=body is None and not last)
    if body is not None:
        connection.send_data(1, body, end_stream=not last)
    if last:
        connection.send_headers(1, last, end_stream=True)
    answer = Answer(0)
    with socket.create_connection((HOST, port), timeout=timeout) as channel:
        channel.sendall(connection.data_to_send())
        while True:
            try:
                data = channel.recv(65536)
            except (ConnectionError, TimeoutError):
                return answer
            if not data:
                return answer
            for event in connection.receive_data(data):
                if isinstance(event, h2.events.ResponseReceived):
                    fields = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in event.headers]
                    answer.status = int(dict(fields)[":status"])
                    answer.headers = [pair for pair in fields if not pair[0].startswith(":")]
                elif isinstance(event, h2.events.DataReceived):
                    answer.body += event.data
                    connection.acknowledge_received_data(event.flow_controlled_length, 1)
                elif isinstance(event, h2.events.StreamEnded | h2.events.StreamReset | h2.events.ConnectionTerminated):
                    return answer
            channel.sendall(connection.data_to_send())
