#!/usr/bin/env python3
"""Three real Envoys over one guard service and Redis, without affinity: fleet.py [--users NUMBER]

- Limits hold once over all gates: five compares for a challenge and one message in a cooldown, however many requests come at once.
- A code is good on every gate, and so is the pass: nobody is asked twice, through a rolling restart, a kill, and new keys.
- A logout on one gate holds on all others three seconds later. Operators see and lift a lock.
- Without the guard service forms answer 503, and passes open until `stale_seconds`. Without its counters, Redis emptied, nobody is in.

Needs what `main.py` needs but a browser, and redis-server. The last line counts; the status is 0 only if all of this holds.
"""

import argparse
import collections
import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path[:0] = [str(ROOT / "host/envoy"), str(HERE.parent)]
sys.dont_write_bytecode = True

from client import form, request
from limits import compared, together
from person import PASS, Person
from replicas import GATES, STALE, WORKERS, Fleet, until

SETTINGS = {
    "two_factor": {
        "sends": {"cooldown_seconds": 60, "per_subject": {"count": 4}},
        "failures": {"soft": {"count": 5}},
    },
    "gate": {"identity": {"credential_version": "cv"}},
}
THREADS = 8
BROKEN = re.compile(r"\[critical\]|panicked|wasm backtrace|Function: proxy_|Plugin configured to fail|terminate called")


class Trial:
    """A fleet, and what did not hold of it."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.failed: list[str] = []
        self.exceeded = 0
        self.twice = 0

    def hold(self, what: str, holds: bool, found: object = "") -> None:
        print(f"{what}: {'yes' if holds else f'NO: {found}'}", flush=True)
        if not holds:
            self.failed.append(f"{what}: {found}")

    def attack(self, number: int) -> str:
        """Two guards' worth of guesses and starts at once, on all gates; what was too many."""
        fleet = self.fleet
        person = fleet.person()
        person.step()
        answers = together(fleet, [person] * 6, "start", [{}] * 6)  # type: ignore[arg-type]
        sent = fleet.inbox_size(person.phone)
        [answer] = [answer for answer in answers if answer.json().get("step") == "code"] or answers[:1]
        person.cookies |= answer.cookies()
        person.step()
        right = int(person.pin())
        guesses = [{"pin": f"{(right + 1 + at) % 1_000_000:06}"} for at in range(12)]
        left = compared(together(fleet, [person] * 12, "verify", guesses))  # type: ignore[arg-type]
        late = person.verify(person.pin())
        if sent != 1 or left != [0, 1, 2, 3, 4] or PASS in late.cookies():
            return f"attack {number}: {sent} messages, {left} left, {late}, {answer}"
        return ""

    def sign_in(self, _: int) -> tuple[Person, str]:
        """An honest user, whose every request goes to the next gate, and what they were asked again."""
        person = self.fleet.person()
        try:
            person.sign_in()
        except AssertionError as failure:
            return person, str(failure)
        statuses = [self.fleet.on(number, person) for number in range(GATES)]
        return person, "" if statuses == [200] * GATES else f"asked again: {statuses}"

    def users(self, count: int) -> list[Person]:
        """Every tenth is an attacker, and all others only want in."""
        with ThreadPoolExecutor(THREADS) as pool:
            attacks = pool.map(self.attack, range(count // 10))
            honest = pool.map(self.sign_in, range(count - count // 10))
            for told in filter(None, attacks):
                self.exceeded += 1
                self.failed.append(told)
            people = []
            for person, told in honest:
                people.append(person)
                if told:
                    self.twice += 1
                    self.failed.append(told)
        served = [gate.statistics()["accepted"] for gate in self.fleet.gates]
        self.hold("every gate has accepted codes", min(served) > 0, served)
        return people

    def beside(self, people: list[Person]) -> None:
        """A gate beside another proxy, on the same store, opens the same passes."""
        out = [status for person in people if (status := self.fleet.beside(person)) != 200]
        self.twice += len(out)
        self.hold("passes open beside another proxy", not out, out)
        stranger = self.fleet.beside(self.fleet.person())
        self.hold("and nothing else does", stranger == 401, stranger)

    def still_in(self, when: str, people: list[Person]) -> None:
        """Nobody of these is asked again."""
        out = [statuses for person in people if (statuses := self.fleet.everywhere(person)) != {200}]
        self.twice += len(out)
        self.hold(f"signed in after {when}", not out, out)

    def logins(self, when: str) -> None:
        """A new user gets in, on whichever gates they come to."""
        _, told = self.sign_in(0)
        self.twice += bool(told)
        self.hold(f"a login after {when}", not told, told)

    def calls(self) -> None:
        """A request with a pass costs no call."""
        person = self.fleet.signed_in()
        gate = self.fleet.gates[0]

        def asked() -> int:
            return gate.statistics("cluster.guard.")["upstream_rq_total"]

        began, before = time.monotonic(), asked()
        answers = collections.Counter(self.fleet.on(0, person) for _ in range(200))
        took, after = time.monotonic() - began, asked()
        # Each worker, and the main thread, pulls every two seconds.
        pulls = (WORKERS + 1) * (took / 2 + 2)
        self.hold("200 requests with a pass cost no call", after - before <= pulls, (before, after, took))
        self.hold("and open", answers == {200: 200}, answers)

    def logout(self) -> None:
        fleet = self.fleet
        person = fleet.signed_in()
        copy = dict(person.cookies)
        person.step()
        answer = person.press("logout")
        began = time.monotonic()
        self.hold("a logout is written", answer.status == 200, answer)
        person.cookies = copy
        self.hold("a gate beside another proxy knows it at once", fleet.beside(person) == 401, fleet.beside(person))
        time.sleep(max(0, began + 3 - time.monotonic()))
        self.hold("a pass is none 3 s after its logout", fleet.everywhere(person) == {401}, fleet.everywhere(person))

    def credentials(self) -> None:
        """A code with changed credentials ends the passes of old sessions, on every gate."""
        fleet = self.fleet
        old = fleet.signed_in()
        new = fleet.person(subject=old.subject, version="2")
        new.sign_in()
        time.sleep(3)
        self.hold("changed credentials end old passes", fleet.everywhere(old) == {401}, fleet.everywhere(old))
        self.hold("and not the new one", fleet.everywhere(new) == {200}, fleet.everywhere(new))

    def operators(self) -> None:
        """Somebody who is locked out is seen, and let in again, by the guard service."""
        fleet = self.fleet
        locked = fleet.person()
        locked.start()
        for _ in range(5):
            locked.verify(locked.wrong_pin())
        locked.step()
        refused = locked.press("start")
        self.hold("a user is locked out", refused.json().get("error") == "locked", refused)
        who = {"subject": locked.subject, "recipient": locked.phone}
        status, limits = fleet.operate("limits", who)
        refuses = [one["setting"] for one in limits.get("limits", {}).get("limits", []) if one["refuses"]]
        self.hold("an operator sees the lock", status == 200 and "failures.soft" in refuses, (status, limits))
        status, told = fleet.operate("unlock", who, key=fleet.fleet_key)
        self.hold("a gate's key lifts no lock", status == 403, (status, told))
        status, told = fleet.operate("unlock", who)
        self.hold("an operator lifts it", status == 200 and told["unlocked"]["failures"] == 5, (status, told))
        locked.step()
        answer = locked.press("start")
        self.hold("and the user gets a code", answer.json().get("step") == "code", answer)
        answer = locked.verify(locked.pin())
        self.hold("and in", PASS in locked.cookies, answer)

    def guard_away(self, people: list[Person]) -> None:
        """Forms answer 503, and passes open as long as the list is young."""
        fleet = self.fleet
        waiting = fleet.person()
        waiting.start()
        pin = waiting.pin()
        first, copy = people[0], dict(people[0].cookies)
        first.step()
        began = time.monotonic()
        fleet.kill_guard()
        early = {fleet.on(number, first) for number in range(GATES)}
        age = time.monotonic() - began
        self.hold(f"passes open {age:.0f} s later", age < STALE - 3 and early == {200}, (age, early))
        out = first.press("logout")
        self.hold("a logout without the guard is none", out.status == 503, out)
        first.cookies = copy
        page = request(
            fleet.port,
            "POST",
            "/.2fa/verify",
            [*waiting.headers(), *fleet.own_page(), ("accept", "text/html")],
            form(csrf=waiting.csrf, pin=pin),
        )
        shown = page.header("content-type").startswith("text/html")
        # The page of an operation that failed is the next one, and says so.
        held = (page.status in (303, 503)) and PASS not in page.cookies()
        self.hold("a form without the guard opens nothing", held and (shown or page.status == 303), page)
        time.sleep(max(0, began + STALE + 1 - time.monotonic()))
        late = {status for person in people[:4] for status in fleet.everywhere(person)}
        self.hold(f"and not {STALE + 1} s later", late == {503}, late)
        self.hold("what needs no pass is open", fleet.on(0, people[0], "/static/style.css") == 200)
        fleet.start_guard()
        until(
            lambda: {fleet.on(number, people[0]) for number in range(GATES) for _ in range(4)} == {200}, "passes open"
        )
        self.still_in("the guard came back", people[:8])

    def counters_lost(self, people: list[Person]) -> None:
        """With the counters the store loses its id, and passes end with it."""
        fleet = self.fleet
        half = fleet.person()
        half.start()
        pin = half.pin()
        fleet.redis.command("FLUSHALL")
        time.sleep(3)
        until(lambda: 503 not in fleet.everywhere(people[0]), "gates know the new store")
        for person in people[:8]:
            statuses = fleet.everywhere(person)
            self.hold("a pass ends with the counters", statuses == {401}, statuses)
            side = fleet.beside(person)
            self.hold("beside another proxy, too", side == 401, side)
        answer = half.verify(pin)
        self.hold("a code ends with the counters", PASS not in answer.cookies(), answer)
        self.logins("the counters were lost")

    def ended(self) -> None:
        """Nothing broke, and nothing that is secret was logged."""
        fleet = self.fleet
        failing = [
            f"{name}: {value}"
            for gate in fleet.gates
            for name, value in gate.statistics("wasm.").items()
            if value and re.search(r"reload|fail|crash", name)
        ]
        log = fleet.stop()
        self.hold("no filter broke", not failing and not BROKEN.search(log), failing or BROKEN.findall(log))
        told = [secret for secret in fleet.secrets | fleet.pins if len(secret) > 8 and secret in log]
        self.hold("no secret was logged", not told, len(told))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=1000)
    count = parser.parse_args().users
    began = time.monotonic()

    def passed(what: str) -> None:
        print(f"-- {what}: after {time.monotonic() - began:.0f} s", flush=True)

    with Fleet(SETTINGS) as fleet:
        trial = Trial(fleet)
        passed("three gates are open")
        people = trial.users(count)
        passed(f"{count} users")
        some = people[:: max(1, len(people) // 20)]
        trial.beside(some)
        trial.calls()
        trial.logout()
        trial.credentials()
        trial.operators()
        passed("logout, credentials, operators")
        fleet.restart(0, kill=True)
        trial.still_in("a gate was killed", some)
        trial.logins("a gate was killed")
        passed("a kill")
        fleet.keys = ["XOXZO_2FA_KEY", "XOXZO_2FA_NEW_KEY"]
        fleet.renew_guard_keys(["XOXZO_2FA_FLEET_KEY", "XOXZO_2FA_NEXT_FLEET_KEY"])
        fleet.fleet_key = "XOXZO_2FA_NEXT_FLEET_KEY"
        fleet.roll()
        trial.still_in("a rolling restart", some)
        fleet.renew_guard_keys(["XOXZO_2FA_NEXT_FLEET_KEY"])
        fleet.keys = ["XOXZO_2FA_NEW_KEY", "XOXZO_2FA_KEY"]
        fleet.roll()
        trial.still_in("the keys were changed", some)
        trial.logins("the keys were changed")
        passed("new keys")
        trial.guard_away(some)
        passed("the guard away")
        trial.counters_lost(some)
        trial.ended()
        passed("the counters lost")
    for line in trial.failed:
        print(f"FAILED: {line[:2000]}")
    exceeded, twice = trial.exceeded, trial.twice
    print(f"fleet: {count} users, {GATES} gates: {exceeded} limits exceeded, {twice} asked twice")
    return 1 if trial.failed else 0


if __name__ == "__main__":
    sys.exit(main())
