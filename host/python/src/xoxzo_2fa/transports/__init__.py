"""The way to Xoxzo."""

from xoxzo_2fa.transports._standard import StandardTransport
from xoxzo_2fa.transports._transport import (
    AsyncTransport,
    Lost,
    NotSent,
    Request,
    Response,
    Transport,
    Unknown,
)

__all__ = [
    "AsyncTransport",
    "Lost",
    "NotSent",
    "Request",
    "Response",
    "StandardTransport",
    "Transport",
    "Unknown",
]
