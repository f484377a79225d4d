"""A morning of a service in minutes of Prometheus, and which alerts must fire at the end of each part."""

import re
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field

from application import Application
from gates import Serve
from host import Host

# Minutes between two looks at the counters.
STEP = 2
# The minute at the end of the pumping.
PUMPING = 60
CREDITS = "Xoxzo2faCreditsLow"

Labels = tuple[tuple[str, str], ...]


@dataclass
class Series:
    """What was scraped of one host: values by name and labels, one for each look, and what must fire when."""

    host: str
    text: str = ""
    """The last look, as it was answered."""
    looks: int = 0
    values: dict[tuple[str, Labels], list[float | None]] = field(default_factory=dict)
    expected: list[tuple[int, str, frozenset[str]]] = field(default_factory=list)
    """Minute, part of the story, and names of the alerts that fire then, of all that there are."""

    @property
    def minute(self) -> int:
        return (self.looks - 1) * STEP

    def add(self, name: str, labels: Labels, value: float) -> None:
        values = self.values.setdefault((name, labels), [])
        values += [None] * (self.looks - len(values))
        values.append(value)


def order(host: Host, fault: str) -> None:
    """Orders a fault of the sandbox for every message from now on; an empty one clears what was ordered."""
    query = f"?name={fault}&times=1000" if fault else ""
    request = urllib.request.Request(f"{host.sandbox.phones}faults{query}", method="PUT" if fault else "DELETE")
    with urllib.request.urlopen(request, timeout=5) as answer:
        assert answer.status in (200, 204), answer.status


class Story:
    """What happens to one host, told to its series."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.series = Series(host.name)

    def look(self) -> None:
        """Scrapes the host, as Prometheus would."""
        series = self.series
        try:
            series.text, up = self.host.scrape(), 1
        except OSError:
            up = 0
        if up:
            for name, labels, value in re.findall(r"^(xoxzo_2fa\w*)(?:{(.*)})? (\S+)$", series.text, re.MULTILINE):
                series.add(name, tuple(sorted(re.findall(r'(\w+)="([^"]*)"', labels))), float(value))
        series.add("up", (), up)
        series.looks += 1

    def during(self, minutes: int, *acts: Callable[[], object]) -> None:
        for _ in range(0, minutes, STEP):
            for act in acts:
                act()
            for _ in range(STEP):
                self.host.minute()
            self.look()

    def fires(self, part: str, *alerts: str) -> None:
        self.series.expected.append((self.series.minute, part, frozenset(alerts)))

    def logins(self) -> None:
        for _ in range(4):
            assert self.host.log_in(), f"{self.host.name}: a login failed"

    def tell(self) -> Series:
        host = self.host
        # What goes on when its cause has ended: Prometheus looks back for an hour, and nobody pays in.
        pumping = "Xoxzo2faPumping"
        left = [pumping, *([CREDITS] if isinstance(host, Application) else [])]
        self.look()
        self.during(14, self.logins, *([host.ask_again] if isinstance(host, Application) else []))
        self.fires("healthy")
        order(host, "server-error-html")
        self.during(8, *[host.start] * 6, *([host.misuse] if isinstance(host, Application) else []))
        self.fires("an outage of Xoxzo", "Xoxzo2faOutage")
        order(host, "")
        host.recover()
        self.during(14, self.logins)
        self.fires("after it")
        self.during(24, *[host.start] * 28)
        assert self.series.minute == PUMPING
        self.fires("pumping", "Xoxzo2faSendsOverCap", pumping)
        self.during(16, *[host.guess] * 3)
        self.fires("guessing", "Xoxzo2faGuessing", "Xoxzo2faMostRefused", *left)
        self.during(12)
        self.fires("quiet", *left)
        if isinstance(host, Serve):
            host.trespass()
            self.during(2)
            self.fires("a stranger asks", "Xoxzo2faRejectedProxy", *left)
            self.during(12)
        if isinstance(host, Application):
            self.accidents(host)
        host.leave()
        self.during(12)
        self.fires("away", "Xoxzo2faDown", *([] if isinstance(host, Application) else [pumping]))
        return self.series

    def accidents(self, host: Application) -> None:
        """What only an application tells apart."""
        host.seconds += 3600
        for part, act, *alerts in (
            ("a user is locked out", host.lock_out, "Xoxzo2faUsersLocked", "Xoxzo2faPumping"),
            ("the store is full", host.overfill, "Xoxzo2faStoreFails", "Xoxzo2faOutage", "Xoxzo2faPumping"),
            # Nobody has asked for many messages within the last hour.
            ("a clock is wrong", host.differ, "Xoxzo2faClock"),
        ):
            act()
            self.during(4)
            self.fires(part, CREDITS, *alerts)
            self.during(12)
