"""HTTP through the standard library: ``http.client``, since ``urllib`` does not tell a connection that failed from a request that did."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
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
)


class StandardTransport:
    """The default transport: a connection for each request, no redirects, no second try, no proxy."""

    def __init__(self) -> None:
        self._tls = ssl.create_default_context()

    def send(self, request: Request) -> Response:
        """Make the exchange."""
        return delivered(attempt(self._send, request))

    def _send(self, request: Request) -> Response:
        end = time.monotonic() + request.timeout
        connection = self._connect(request)
        try:
            return _exchange(connection, request, end)
        except (OSError, http.client.HTTPException) as fault:
            timed_out = isinstance(fault, TimeoutError)
            raise Unknown(LATE if timed_out else BROKEN) from None
        finally:
            connection.close()

    def _connect(self, request: Request) -> http.client.HTTPConnection:
        """Connect, and let the server prove its name. No byte of a request is sent here."""
        url = urlsplit(request.url)
        early = request.timeout * EARLY
        connection: http.client.HTTPConnection
        if url.scheme == "https":
            connection = http.client.HTTPSConnection(url.netloc, timeout=early, context=self._tls)
        else:
            connection = http.client.HTTPConnection(url.netloc, timeout=early)
        try:
            connection.connect()
        except (OSError, UnicodeError) as fault:
            connection.close()
            if isinstance(fault, socket.gaierror):
                raise NotSent(UNRESOLVED) from None
            if isinstance(fault, ssl.SSLError):
                raise NotSent(distrust(fault)) from None
            raise NotSent(UNCONNECTED) from None
        return connection


def _exchange(connection: http.client.HTTPConnection, request: Request, end: float) -> Response:
    _have(connection, end)
    path = urlsplit(request.url).path or "/"
    body = request.body.encode() if request.method != "GET" else None
    connection.request(request.method, path, body, {**request.headers, "user-agent": "xoxzo-2fa/0.1.0"})
    _have(connection, end)
    response = connection.getresponse()
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Response(response.status, headers, _read(connection, response, end))


def _read(connection: http.client.HTTPConnection, response: http.client.HTTPResponse, end: float) -> bytes:
    """Read the body, as far as it comes in time and fits; nothing of one that does not.

    What the status says is known even if the body is lost: 4xx is a refusal, anything else unreadable.
    """
    read = b""
    try:
        while len(read) <= WIRE:
            _have(connection, end)
            piece = response.read1(WIRE + 1 - len(read))
            if not piece:
                # A body that is shorter than it said was cut.
                return b"" if response.length else read
            read += piece
    except (OSError, http.client.HTTPException):
        pass
    return b""


def _have(connection: http.client.HTTPConnection, end: float) -> None:
    """Give the next wait the time that is left of the whole."""
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError
    if connection.sock is not None:
        connection.sock.settimeout(left)
