"""One HTTP exchange."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from xoxzo_2fa._secret import Secret, cause

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


class _Concealed:
    """A field that is read as ever, while the record itself holds a ``Secret``."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, record: Any, _: type | None = None) -> Any:
        return self if record is None else vars(record)[self._name].reveal()

    def __set__(self, record: Any, value: Any) -> None:
        vars(record)[self._name] = Secret(value)


# Whatever fails with a request in hand may be recorded, and the frames of a transport are not this package's.
for _name in ("headers", "body"):
    setattr(Request, _name, _Concealed(_name))


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


def delivered(outcome: Secret[Response]) -> Response:
    """Return the response of an exchange, or raise its loss from a frame without the request."""
    if isinstance(outcome.failure, Exception) and not isinstance(outcome.failure, Lost):
        raise Unknown(f"the transport failed: {cause(outcome.failure)}")
    return outcome.reveal()


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
