"""The gate whose counters are read: `xoxzo-2fa-serve` behind nginx, and the filter in Envoy."""

import time
from typing import Any

from asking import Asked
from front import Nginx
from host import FAILURES, SENDS, Host
from person import PASS, Person
from provider import until
from world import World

SETTINGS: dict[str, Any] = {
    "two_factor": {
        "sends": {"monitor": True, "per_audience": {"count": SENDS}},
        "failures": {"per_audience": {"count": FAILURES}},
    }
}
# Seconds until Xoxzo is asked again after an outage, and some to spare.
PATIENCE = 30


class Gate(Host):
    """People before a gate. `asked` counts their requests."""

    def __init__(self, ground: Nginx | World) -> None:
        self.ground = ground
        self.sandbox = ground.sandbox
        self.asked = 0

    def person(self) -> tuple[Person, bool]:
        """Somebody who asked for a code, and whether one can be typed."""
        person = self.ground.person()
        person.step()
        self.asked += 2
        return person, person.press("start").json().get("step") == "code"

    def start(self) -> bool:
        return self.person()[1]

    def log_in(self) -> bool:
        person, waits = self.person()
        if not waits:
            return False
        self.asked += 1
        return PASS in person.verify(person.pin()).cookies()

    def guess(self) -> None:
        person, _ = self.person()
        for _ in range(4):
            self.asked += 1
            person.verify(person.wrong_pin())

    def recover(self) -> None:
        until(self.log_in, PATIENCE)


class Serve(Gate):
    """`xoxzo-2fa-serve`."""

    name = "serve"

    def __init__(self) -> None:
        self.front = Nginx(SETTINGS)
        super().__init__(self.front)

    def scrape(self) -> str:
        return Asked(self.front).page("/metrics").body.decode()

    def trespass(self) -> None:
        """Asks as no proxy does."""
        asked = Asked(self.front)
        answer = asked.check("/account", headers=[(asked.uri, "/login")])
        assert answer.status == 403, answer

    def leave(self) -> None:
        wrong = self.front.alive()
        assert not wrong, wrong

    def close(self) -> None:
        self.front.stack.close()


class Envoy(Gate):
    """The filter in Envoy."""

    name = "envoy"

    def __init__(self) -> None:
        self.world = World(SETTINGS, concurrency=1)
        super().__init__(self.world)

    def scrape(self) -> str:
        """The counters, once every request is in them: a worker hands them over each second."""
        if self.world.envoy.running:
            until(self.complete, PATIENCE)
        return str(self.world.envoy.admin("/stats/prometheus?filter=xoxzo_2fa"))

    def complete(self) -> bool:
        stats = self.world.envoy.statistics()
        time.sleep(0.05)
        return sum(count for name, count in stats.items() if not name.startswith(("alarm_", "guard_"))) >= self.asked

    def leave(self) -> None:
        self.world.stop()

    def close(self) -> None:
        self.world.stack.close()
