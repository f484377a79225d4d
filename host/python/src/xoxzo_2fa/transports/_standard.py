"""HTTP through the standard library: ``http.client``, since ``urllib`` does not tell a connection that failed from a request that did."""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
from typing import Any
from urllib.parse import urlsplit

from xoxzo_2fa._secret import attempt
from xoxzo_2fa.transports._transport import (
    BROKEN,
    EARLY,
    LATE,
    UNCONNECTED,
    UNRESOLVED,
    WIRE,
    NotSent,
    Request,
    Response,
    Unknown,
    delivered,
    distrust,
    first_of_each,
)


class StandardTransport:
    """The default transport: a connection for each request, no redirects, no second try, no proxy.

    A name is looked up for as long as the system takes. Everything else ends with the request's timeout.
    """

    def __init__(self) -> None:
        self._tls = ssl.create_default_context()

    def send(self, request: Request) -> Response:
        """Make the exchange."""
        return delivered(attempt(self._send, request))

    def _send(self, request: Request) -> Response:
        end = time.monotonic() + request.timeout
        try:
            stream = self._connect(request)
        except (OSError, UnicodeError) as fault:
            raise NotSent(_unconnected(fault)) from None
        with stream:
            try:
                return _exchange(stream, request, end)
            except (OSError, http.client.HTTPException) as fault:
                raise Unknown(LATE if isinstance(fault, TimeoutError) else BROKEN) from None

    def _connect(self, request: Request) -> socket.socket:
        """Connect, and let the server prove its name. No byte of a request is sent here."""
        url = urlsplit(request.url)
        secure = url.scheme == "https"
        end = time.monotonic() + request.timeout * EARLY
        stream = _reach(url.hostname, url.port or (443 if secure else 80), end)
        if not secure:
            return stream
        with stream:
            # On success it is detached: there is nothing left to close.
            stream.settimeout(_left(end))
            return self._tls.wrap_socket(stream, server_hostname=url.hostname)


def _reach(host: str | None, port: int, end: float) -> socket.socket:
    """Connect to the first address of a host that takes it."""
    failure = OSError()
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        try:
            stream = socket.socket(family, kind, protocol)
        except OSError as fault:
            failure = fault
            continue
        try:
            stream.settimeout(_left(end))
            stream.connect(address)
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as fault:
            failure = fault
            stream.close()
        else:
            return stream
    raise failure


def _unconnected(fault: Exception) -> str:
    if isinstance(fault, (socket.gaierror, UnicodeError)):
        return UNRESOLVED
    return distrust(fault) if isinstance(fault, ssl.SSLError) else UNCONNECTED


def _exchange(stream: socket.socket, request: Request, end: float) -> Response:
    url = urlsplit(request.url)
    kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    connection = kind(url.netloc)
    connection.sock = stream
    body = request.body.encode() if request.method != "GET" else None
    stream.settimeout(_left(end))
    connection.request(request.method, url.path or "/", body, {**request.headers, "user-agent": "xoxzo-2fa/0.1.0"})
    wire = _Wire(stream, end)
    response = http.client.HTTPResponse(wire, method=request.method)  # type: ignore[arg-type]
    response.begin()
    while 100 <= response.status < 200 and response.status != http.HTTPStatus.SWITCHING_PROTOCOLS:  # noqa: PLR2004
        # Without headers the next head is read.
        response.headers = None  # type: ignore[assignment]
        response.begin()
    if wire.ended:
        raise http.client.IncompleteRead(b"")
    return Response(response.status, first_of_each(response.getheaders()), _read(response))


def _read(response: http.client.HTTPResponse) -> bytes:
    """Read the body, as far as it comes in time and fits; nothing of one that does not.

    What the status says is known even if the body is lost: 4xx is a refusal, anything else unreadable.
    """
    read = b""
    try:
        while len(read) <= WIRE:
            piece = response.read1(WIRE + 1 - len(read))
            if not piece:
                # A body that is shorter than it said was cut.
                return b"" if response.length else read
            read += piece
    except (OSError, http.client.HTTPException):
        pass
    return b""


class _Wire(io.RawIOBase):
    """The bytes from a server until the exchange's end, however slowly they come: a socket's own timeout begins anew with each."""

    def __init__(self, stream: socket.socket, end: float) -> None:
        self._stream = stream
        self._end = end
        self._buffered = io.BufferedReader(self)
        #: The server has closed, and all that it sent is read.
        self.ended = False

    def makefile(self, _: str) -> io.BufferedIOBase:
        """Give itself as ``http.client`` reads from a socket."""
        return self._buffered

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._stream.settimeout(_left(self._end))
        count = self._stream.recv_into(buffer)
        self.ended = count == 0
        return count


def _left(end: float) -> float:
    """Return the seconds until the end."""
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
