"""Requests that reach the demo's shop, and its answers, over HTTP/1.1."""

from __future__ import annotations

import dataclasses
import sys
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from collections.abc import Callable

# Bytes of a body; more is answered with 413.
LIMIT = 1024 * 1024


@dataclass(frozen=True)
class Request:
    """A request. `target` is path and query as they came; names of `headers` are in lower case, in their order."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes
    trailers: list[tuple[str, str]] = dataclasses.field(default_factory=list)

    def header(self, name: str) -> list[str]:
        """Give every value of a header."""
        return [value for key, value in self.headers if key == name]

    def cookie(self, name: str) -> str:
        """Give the value of a cookie, of the last one of this name; empty if there is none."""
        pairs = (pair.strip().partition("=") for line in self.header("cookie") for pair in line.split(";"))
        return {key: value for key, _, value in pairs}.get(name, "")

    def field(self, name: str) -> str:
        """Give the value of a field of the form in the body; empty if there is none."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True)).get(name, "")


@dataclass(frozen=True)
class Reply:
    """An answer."""

    status: int
    text: str = ""
    kind: str = "text/html"
    headers: list[tuple[str, str]] = dataclasses.field(default_factory=list)


class Server(ThreadingHTTPServer):
    """Serves each connection in a thread, which does not outlive the program."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say what went wrong, unless it is that the other side is gone."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """Reads requests of one connection, and writes what `receive` answers."""

    protocol_version = "HTTP/1.1"
    timeout = 60

    def __init__(self, receive: Callable[[Request], Reply], *arguments: Any) -> None:
        """Serve a connection. `arguments` are those of the base class."""
        self.receive = receive
        super().__init__(*arguments)

    def __getattr__(self, name: str) -> Callable[[], None]:
        """Answer every method alike: the base class looks for `do_GET` and the like."""
        if name.startswith("do_"):
            return self._answer
        raise AttributeError(name)

    def _answer(self) -> None:
        headers = [(name.lower(), value) for name, value in self.headers.items()]
        try:
            body, trailers = self._body()
        except ValueError:
            self.close_connection = True
            self._write(Reply(413, "too long, or cut short\n", "text/plain"))
            return
        self._write(self.receive(Request(self.command, self.path, headers, body, trailers)))

    def _body(self) -> tuple[bytes, list[tuple[str, str]]]:
        """Read the body and its trailers; `ValueError` if it is too long or no body."""
        if self.headers.get("transfer-encoding", "").lower() == "chunked":
            return self._chunks()
        length = int(self.headers.get("content-length", "0"))
        if not 0 <= length <= LIMIT:
            raise ValueError("length")
        body = self.rfile.read(length)
        if len(body) != length:
            raise ValueError("cut short")
        return body, []

    def _chunks(self) -> tuple[bytes, list[tuple[str, str]]]:
        body = b""
        while size := int(self.rfile.readline(64).split(b";")[0], 16):
            if not 0 < size <= LIMIT - len(body):
                raise ValueError("length")
            body += self.rfile.read(size)
            if self.rfile.readline(64).strip():
                raise ValueError("chunk")
        trailers = []
        while line := self.rfile.readline(8192).strip():
            name, _, value = line.decode("latin-1").partition(":")
            trailers.append((name.strip().lower(), value.strip()))
        return body, trailers

    def _write(self, reply: Reply) -> None:
        content = reply.text.encode()
        self.send_response(reply.status)
        for name, value in reply.headers:
            self.send_header(name, value)
        if content:
            self.send_header("content-type", f"{reply.kind}; charset=utf-8")
            policy = "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
            self.send_header("content-security-policy", policy)
            self.send_header("x-content-type-options", "nosniff")
        self.send_header("cache-control", "no-store")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
        """Write nothing: Envoy has a log."""
