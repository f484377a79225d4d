"""Judges attacks: the app must not see them, and the answer must be the one that is specified."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from client import Answer, Headers, Text, request, request2
from person import Person
from world import World


@dataclass
class Court:
    """The attacks on one world, and those of them that got through."""

    world: World
    attacks: int = 0
    failed: list[str] = field(default_factory=list)
    caught: int = 0

    def attack(self, name: str, answer: Answer, *statuses: int, error: str = "") -> Answer:
        """Judges an attack that was just made, by its answer and by what has reached the app since the last one."""
        self.attacks += 1
        seen = self.world.seen()
        strange = len(seen) - self.world.wanted - self.caught
        if strange > 0:
            self.caught += strange
            self.failed.append(f"{name}: reached the app as {seen[-1].method} {seen[-1].target}; {answer}")
        elif answer.status not in statuses:
            self.failed.append(f"{name}: {answer}, not {' or '.join(map(str, statuses))}")
        elif error and answer.json().get("error") != error:
            self.failed.append(f"{name}: {answer}, not the error {error}")
        return answer

    def hold(self, name: str, holds: bool, found: object = "") -> None:
        """Judges an attack by what came of it."""
        self.attacks += 1
        if not holds:
            self.failed.append(f"{name}: {found}")

    def run(self, groups: Iterable[Callable[["Court"], None]]) -> None:
        for group in groups:
            try:
                group(self)
            except Exception as failure:  # noqa: BLE001 - a group that cannot go on has failed, and the others go on
                self.failed.append(f"{group.__module__}.{group.__name__} ended: {type(failure).__name__}: {failure}")
        late = len(self.world.seen()) - self.world.wanted - self.caught
        if late:
            self.failed.append(f"{late} requests reached the app late")

    def plain(self, target: Text, who: Person | None, headers: Headers = (), method: Text = "GET") -> Answer:
        """A request over HTTP/1, with who somebody is and the cookies that he has."""
        return request(self.world.port, method, target, [*(who.headers() if who else ()), *headers])

    def plain2(self, target: Text, who: Person | None, headers: Headers = (), method: str = "GET") -> Answer:
        return request2(self.world.port, method, target, [*(who.headers() if who else ()), *headers])
