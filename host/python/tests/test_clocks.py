"""A clock that is wrong once, by an hour and by three years, on each store: nothing is accepted twice, and nothing stays shut."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from conftest import Taker, document
from stores import Server, needs_redis

from xoxzo_2fa import Binding, MemoryGuard, Refuse, Settings, SqliteGuard, TwoFactor, Upstream
from xoxzo_2fa.guards.redis import RedisGuard

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOUR = 3_600
YEARS = 3 * 31_536_000


class Machine:
    """A machine: its time that nobody can set, how far ahead its clock on the wall is, and a client on it."""

    def __init__(self) -> None:
        # The present, since a Redis server knows no other.
        self.began = int(time.time())
        self.passed = 0
        self.ahead = 0
        self.taker = Taker()
        self.client: TwoFactor

    def wall(self) -> float:
        return self.began + self.passed + self.ahead

    def on(self, store: Any) -> Machine:
        self.client = TwoFactor(Settings(document()), store, transport=self.taker, danger_clock=self.wall)
        return self

    def start(self, number: int) -> tuple[str, Binding, str]:
        user = Binding(f"+8190{number:08}", f"user-{number}", "login")
        return self.client.start(user).token, user, self.taker.pin()

    def log_in(self, number: int) -> tuple[str, Binding, str]:
        """Accept a login, and refuse it at once when it comes again."""
        challenge = self.start(number)
        self.client.verify(*challenge)
        self.refused("used", challenge)
        return challenge

    def refused(self, code: str, challenge: tuple[str, Binding, str]) -> None:
        with pytest.raises(Refuse) as refusal:
            self.client.verify(*challenge)
        assert refusal.value.code == code

    def shut(self, number: int) -> None:
        with pytest.raises(Upstream) as shut:
            self.start(number)
        assert shut.value.code == "clock"


@pytest.fixture(params=["memory", pytest.param("redis", marks=needs_redis)])
def steady(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Machine, bool]]:
    """Make a host on a store that goes by another clock, and say whether it tells its time."""
    machine = Machine()
    if request.param == "memory":
        yield machine.on(MemoryGuard(danger_clock=lambda: float(machine.passed))), False
        return
    server = Server(tmp_path)
    try:
        yield machine.on(RedisGuard(server.url)), True
    finally:
        server.end()


@pytest.mark.parametrize("ahead", [HOUR, YEARS])
def test_a_host_that_is_ahead_once_accepts_nothing_twice(steady: tuple[Machine, bool], ahead: int) -> None:
    machine, tells_time = steady
    used, begun = machine.log_in(0), machine.start(1)

    machine.ahead = ahead
    machine.refused("expired", used)
    early = used
    if tells_time:
        machine.shut(2)
    else:
        early = machine.log_in(2)

    machine.ahead = 0
    if tells_time:
        machine.refused("used", used)
        machine.client.verify(*begun)
        machine.refused("used", begun)
    else:
        # A clock that is set back ends every challenge of before.
        for challenge in (used, begun, early):
            machine.refused("invalid-token", challenge)
    machine.log_in(3)
    # What was not sent under the wrong clock, or was accepted, leaves no cooldown.
    machine.log_in(2)
    if not tells_time:
        # Its time comes, and its counter has ended long ago.
        machine.passed += ahead
        machine.refused("invalid-token", early)


# Its counter lives 540 s, by a clock that nobody sets.
@pytest.mark.parametrize(("passed", "back", "code"), [(400, 120, "used"), (400, 121, "invalid-token"), (700, 500, "invalid-token")])
def test_a_clock_that_is_set_back_revives_nothing_in_memory(passed: int, back: int, code: str) -> None:
    machine = Machine()
    machine.on(MemoryGuard(danger_clock=lambda: float(machine.passed)))
    used = machine.log_in(0)
    machine.passed += passed
    machine.refused("expired", used)
    machine.ahead = -back
    machine.refused(code, used)
    machine.log_in(1)


def test_a_file_from_an_hour_ahead_opens_by_itself(tmp_path: Path) -> None:
    machine = Machine()
    machine.on(SqliteGuard(tmp_path / "guard", danger_clock=machine.wall))
    used = machine.log_in(0)
    machine.ahead = HOUR
    machine.refused("expired", used)
    early = machine.log_in(1)

    machine.ahead = 0
    for wait in (0, 10, HOUR - 131):
        machine.passed += wait
        machine.shut(2)
    machine.passed += 1
    machine.log_in(2)
    # The time of what was accepted under the wrong clock comes again.
    for wait in (120, 100):
        machine.passed += wait
        machine.refused("used", early)
    machine.refused("expired", used)


@pytest.mark.parametrize("ahead", [HOUR, YEARS])
def test_a_file_from_ahead_is_repaired_and_opens_after_a_while(tmp_path: Path, ahead: int) -> None:
    machine, path = Machine(), tmp_path / "guard"
    machine.on(SqliteGuard(path, danger_clock=machine.wall))
    used, begun = machine.log_in(0), machine.start(1)
    machine.ahead = ahead
    machine.refused("expired", used)
    early = machine.log_in(2)

    machine.ahead = 0
    for challenge in (used, begun):
        with pytest.raises(Upstream, match="clock"):
            machine.client.verify(*challenge)
    repaired = SqliteGuard.repair(path, danger_clock=machine.wall)
    assert (repaired.ahead_seconds, repaired.shut_seconds) == (ahead, 840)
    for wait in (0, 299, 540):
        machine.passed += wait
        machine.shut(3)
    machine.passed += 1
    for challenge in (used, begun):
        machine.refused("expired", challenge)
    machine.log_in(3)
    machine.log_in(0)

    # The time of what was accepted under the wrong clock comes again.
    machine.passed += ahead - 840
    for wait in (0, 100, 199):
        machine.passed += wait
        machine.refused("used", early)
    machine.passed += 1
    machine.refused("expired", early)
    machine.log_in(2)
