"""HTTP through httpx. Needs the package ``httpx`` (``pip install xoxzo-2fa[httpx]``)."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time

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
)

_BEFORE = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)

# A kept connection that the server has closed would lose a request that was never read.
_LIMITS = httpx.Limits(max_keepalive_connections=0)


def _build(client: httpx.Client | httpx.AsyncClient, request: Request) -> httpx.Request:
    timeout = httpx.Timeout(request.timeout, connect=request.timeout * EARLY)
    body = request.body.encode() if request.method != "GET" else None
    headers = {**request.headers, "user-agent": "xoxzo-2fa/0.1.0"}
    return client.build_request(request.method, request.url, headers=headers, content=body, timeout=timeout)


def _unconnected(fault: BaseException | None) -> str:
    """Return why there is no connection, which httpx tells by what its own error came from."""
    while fault is not None:
        if isinstance(fault, socket.gaierror):
            return UNRESOLVED
        if isinstance(fault, ssl.SSLError):
            return distrust(fault)
        fault = fault.__cause__ or fault.__context__
    return UNCONNECTED


def _lost(fault: Exception) -> Lost:
    if isinstance(fault, _BEFORE):
        return NotSent(_unconnected(fault))
    if isinstance(fault, (httpx.TimeoutException, TimeoutError, asyncio.TimeoutError)):
        return Unknown(LATE)
    return Unknown(BROKEN)


class HttpxTransport:
    """httpx with a connection for each request, no redirects, no second try, no proxy."""

    def __init__(self) -> None:
        self._client = httpx.Client(limits=_LIMITS, trust_env=False, follow_redirects=False)

    def send(self, request: Request) -> Response:
        """Make the exchange."""
        return delivered(attempt(self._send, request))

    def _send(self, request: Request) -> Response:
        end = time.monotonic() + request.timeout
        try:
            response = self._client.send(_build(self._client, request), stream=True)
        except httpx.HTTPError as fault:
            raise _lost(fault) from None
        read = b""
        try:
            for piece in response.iter_bytes(4096):
                read += piece
                if len(read) > WIRE or time.monotonic() > end:
                    read = b""
                    break
        except httpx.HTTPError:
            # What the status says is known even if the body is lost.
            read = b""
        finally:
            response.close()
        return Response(response.status_code, response.headers, read)

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
        read = b""
        try:
            async for piece in response.aiter_bytes(4096):
                read += piece
                if len(read) > WIRE or time.monotonic() > end:
                    read = b""
                    break
        except httpx.HTTPError:
            read = b""
        finally:
            await response.aclose()
        return Response(response.status_code, response.headers, read)

    async def aclose(self) -> None:
        """Close the client."""
        await self._client.aclose()
