"""One HTTP exchange."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The most bytes of a body that are read from the wire.
WIRE = 64 * 1024

#: How much of the time of an exchange the stages before the request have, so that a timeout there is known as one.
EARLY = 0.6


@dataclass(frozen=True)
class Request:
    """A request to make. Its headers hold the account's credentials and its body a PIN: never log it.

    url: absolute, on the origin of the settings: that was checked before.
    timeout: seconds for the whole exchange.
    """

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: str = field(repr=False)
    timeout: float


@dataclass(frozen=True)
class Response:
    """What came back. Of the headers only ``retry-after`` is looked at, by its name in lower case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class Lost(Exception):  # noqa: N818
    """There is no response. The text is for a log: no URL, no header, no body."""


class NotSent(Lost):
    """Surely no byte of the request left the host."""


class Unknown(Lost):
    """Something may have left the host. In doubt, this."""


class Transport(Protocol):
    """One HTTP exchange: without redirects, without a second try, at most 64 KiB of body. Raises ``Lost``."""

    def send(self, request: Request) -> Response:
        """Make the exchange."""
        ...


@runtime_checkable
class AsyncTransport(Protocol):
    """One HTTP exchange that is awaited."""

    async def send(self, request: Request) -> Response:
        """Make the exchange."""
        ...
