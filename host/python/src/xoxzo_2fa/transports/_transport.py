"""One HTTP exchange."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from xoxzo_2fa._secret import Secret, cause

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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
    """There is no response.

    The text is a cause for a log: it begins with the kind of fault, such as ``dns:`` or ``tls:``, and holds no URL, no header and no body.
    """


class NotSent(Lost):
    """Surely no byte of the request left the host."""


class Unknown(Lost):
    """Something may have left the host. In doubt, this."""


UNRESOLVED = "dns: the host name was not found"
UNCONNECTED = "connect: no connection"
LATE = "timeout: no answer in time"
BROKEN = "connection: it broke"


def distrust(fault: ssl.SSLError) -> str:
    """Return what was wrong with a certificate or a handshake."""
    if isinstance(fault, ssl.SSLCertVerificationError):
        return _CERTIFICATE.get(fault.verify_code, "tls: the certificate is not valid")
    return "tls: the server speaks another TLS"


# By the codes of OpenSSL's verification (its x509_vfy.h).
_CERTIFICATE = {
    9: "tls: the certificate is not valid yet",
    10: "tls: the certificate has expired",
    18: "tls: nobody trusted has issued the certificate",
    19: "tls: nobody trusted has issued the certificate",
    20: "tls: nobody trusted has issued the certificate",
    21: "tls: nobody trusted has issued the certificate",
    23: "tls: the certificate is revoked",
    62: "tls: the certificate is for another name",
    64: "tls: the certificate is for another name",
}


def first_of_each(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return header fields by their names in lower case. Of several with one name, the first counts."""
    fields: dict[str, str] = {}
    for name, value in headers:
        fields.setdefault(name.lower(), value)
    return fields


def delivered(outcome: Secret[Response]) -> Response:
    """Return the response of an exchange, or raise its loss from a frame without the request."""
    if isinstance(outcome.failure, Exception) and not isinstance(outcome.failure, Lost):
        raise Unknown(f"transport: it raised {cause(outcome.failure)}")
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
