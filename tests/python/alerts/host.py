"""Something that has users and counts what they do."""

from abc import ABC, abstractmethod

from demo.sandbox import Sandbox

# Above these, and only these, the counters raise alarms.
SENDS, FAILURES = 150, 20


class Host(ABC):
    """A running host with a sandbox of its own."""

    name: str
    """The `source` of what is recorded of it."""
    sandbox: Sandbox

    @abstractmethod
    def start(self) -> bool:
        """A new user asks for a code; whether one can be typed."""

    @abstractmethod
    def log_in(self) -> bool:
        """A new user asks for a code and types it; whether it was accepted."""

    @abstractmethod
    def guess(self) -> None:
        """A new user asks for a code and types four wrong ones."""

    @abstractmethod
    def recover(self) -> None:
        """Tries until somebody gets in again."""

    @abstractmethod
    def scrape(self) -> str:
        """What Prometheus would read; `OSError` if nobody answers."""

    @abstractmethod
    def leave(self) -> None:
        """Ends what answers Prometheus."""

    @abstractmethod
    def close(self) -> None:
        """Ends everything."""

    def minute(self) -> None:
        """A minute goes by."""
