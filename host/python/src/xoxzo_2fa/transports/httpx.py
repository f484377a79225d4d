"""HTTP through httpx. Needs the extra ``httpx``."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import httpx

from xoxzo_2fa._secret import attempt, attempt_awaited
from xoxzo_2fa.transports._transport import (
    BROKEN,
    EARLY,
    LATE,
    UNCONNECTED,
    UNRESOLVED,
    WIRE,
    Lost,
    NotSent,
    Request,
    Response,
    Unknown,
    delivered,
    distrust,
    first_of_each,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_BEFORE = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)

# A kept connection that the server has closed would lose a request that was never read.
_LIMITS = httpx.Limits(max_keepalive_connections=0)


def _build(client: httpx.Client | httpx.AsyncClient, request: Request, **extensions: Any) -> httpx.Request:
    timeout = httpx.Timeout(request.timeout, connect=request.timeout * EARLY)
    body = request.body.encode() if request.method != "GET" else None
    headers = {**request.headers, "accept-encoding": "identity", "user-agent": "xoxzo-2fa/0.1.0"}
    return client.build_request(request.method, request.url, headers=headers, content=body, timeout=timeout, extensions=extensions)


def _unconnected(fault: BaseException | None) -> str:
    """Return why there is no connection, which httpx tells by what its own error came from."""
    while fault is not None:
        if isinstance(fault, socket.gaierror):
            return UNRESOLVED
        # A wait that was too long had begun as one of these.
        if isinstance(fault, ssl.SSLError) and not isinstance(fault, (ssl.SSLWantReadError, ssl.SSLWantWriteError)):
            return distrust(fault)
        fault = fault.__cause__ or fault.__context__
    return UNCONNECTED


def _lost(fault: Exception) -> Lost:
    if isinstance(fault, _BEFORE):
        return NotSent(_unconnected(fault))
    if isinstance(fault, (httpx.TimeoutException, TimeoutError, asyncio.TimeoutError)):
        return Unknown(LATE)
    return Unknown(BROKEN)


class _End:
    """Ends an exchange after some seconds, by its socket. httpx itself measures each read alone, and a server may send slowly for ever."""

    def __init__(self, seconds: float) -> None:
        self.over = False
        self._socket: Any = None
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def trace(self, event: str, about: Mapping[str, Any]) -> None:
        """Learn of the connection, and of that which TLS makes of it."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._socket = about["return_value"].get_extra_info("socket")
            # What has come can still be read after the end, so there must not be much of it.
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WIRE)
            if self.over:
                self._cut()

    def _cut(self) -> None:
        self.over = True
        with suppress(OSError):
            # That of TLS would let a thread that is writing go on without it.
            if self._socket is not None:
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class HttpxTransport:
    """httpx with a connection for each request, no redirects, no second try, no proxy."""

    def __init__(self) -> None:
        self._client = httpx.Client(limits=_LIMITS, trust_env=False, follow_redirects=False)

    def send(self, request: Request) -> Response:
        """Make the exchange."""
        return delivered(attempt(self._send, request))

    def _send(self, request: Request) -> Response:
        end = _End(request.timeout)
        with end:
            try:
                response = self._client.send(_build(self._client, request, trace=end.trace), stream=True)
            except httpx.HTTPError as fault:
                lost = _lost(fault)
                raise (Unknown(LATE) if end.over and isinstance(lost, Unknown) else lost) from None
            read = b""
            try:
                for piece in response.iter_raw(4096):
                    read += piece
                    if len(read) > WIRE:
                        break
            except httpx.HTTPError:
                # What the status says is known even if the body is lost.
                read = b""
            finally:
                response.close()
            return _response(response, b"" if end.over else read)

    def close(self) -> None:
        """Close the client."""
        self._client.close()


class AsyncHttpxTransport:
    """``HttpxTransport`` for asyncio."""

    def __init__(self) -> None:
        self._client = httpx.AsyncClient(limits=_LIMITS, trust_env=False, follow_redirects=False)

    async def send(self, request: Request) -> Response:
        """Make the exchange."""
        return delivered(await attempt_awaited(self._send, request))

    async def _send(self, request: Request) -> Response:
        end = time.monotonic() + request.timeout
        try:
            sent = self._client.send(_build(self._client, request), stream=True)
            response = await asyncio.wait_for(sent, request.timeout)
        except (httpx.HTTPError, TimeoutError, asyncio.TimeoutError) as fault:
            raise _lost(fault) from None
        try:
            read = await asyncio.wait_for(_read(response), end - time.monotonic())
        except (httpx.HTTPError, TimeoutError, asyncio.TimeoutError):
            read = b""
        finally:
            await response.aclose()
        return _response(response, read)

    async def aclose(self) -> None:
        """Close the client."""
        await self._client.aclose()


async def _read(response: httpx.Response) -> bytes:
    read = b""
    async for piece in response.aiter_raw(4096):
        read += piece
        if len(read) > WIRE:
            break
    return read


def _response(response: httpx.Response, body: bytes) -> Response:
    return Response(response.status_code, first_of_each(response.headers.multi_items()), body if len(body) <= WIRE else b"")
