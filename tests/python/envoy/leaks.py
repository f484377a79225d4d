"""What Envoy logs and shows of itself holds no secret, no number, no code and nothing that opens a door."""

import json
import re

from court import Court
from provider import until


def shown(court: Court) -> None:
    """Everything that was secret in this world, looked for in everything that Envoy has written or shows."""
    world = court.world
    person = world.signed_in()
    world.reach(person, "/account?secret=1")
    person.press("logout")
    places = {
        name: world.envoy.admin(f"/{name}")
        for name in ("config_dump", "stats", "stats/prometheus", "clusters", "server_info", "listeners")
    }
    world.restart()
    logs = {"log": world.log, "access log": world.access_log}
    lone = sorted(secret for secret in world.secrets if secret)
    court.hold(
        "there is something to look for",
        len(lone) > 8 and "[info]" in logs["log"] and "/account" in logs["access log"],
        len(lone),
    )
    for place, text in (places | logs).items():
        own = [secret for secret in lone if secret in text]
        court.hold(f"secrets in {place}", not own, own)
    for place, text in logs.items():
        text = re.sub(r"^\[[^]]*\]\[[^]]*\]", "", text, flags=re.MULTILINE)  # Time and thread.
        text = re.sub(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "", text)  # A request's id has any digits.
        own = [pin for pin in world.pins if re.search(rf"(?<![\d.]){pin}(?!\d)", text)]
        court.hold(f"codes in {place}", not own, own)


def counted(court: Court) -> None:
    """In a world where nothing has happened yet, the counters that are documented say what happened. Workers hand them over in their time."""
    world = court.world
    person = world.person()
    court.plain("/account", person)
    person.start()
    person.verify(person.wrong_pin())
    person.verify(person.pin())
    world.reach(person, "/account")
    world.reach(person, "/static/x", status=None)
    court.plain("/account", None)
    court.plain("/%61", person)
    court.plain("/static\\..", person)
    person.ask("POST", "/.2fa/logout", [("origin", "https://evil.example")], b"")
    once = {
        name: 1
        for name in ("forwarded", "exempt", "sent", "accepted", "refused", "rejected_identity", "rejected_cross_site")
    }
    expected = once | {"challenged": 2, "rejected_path": 2, "upstream_failed": 0}
    found: dict[str, int] = {}

    def told() -> bool:
        found.update(world.envoy.statistics())
        return all(found.get(name) == count for name, count in expected.items())

    try:
        until(told)
    except AssertionError:
        court.hold("counters say what happened", False, found)
    calls = world.envoy.statistics("cluster.xoxzo.")["upstream_rq_total"]
    court.hold("one call to Xoxzo for one message", calls == 1, calls)
    court.hold("counters are there", set(found) >= {*expected, "guard_conflict"}, found)


def logged(court: Court) -> None:
    """The log tells each decision of the login above, with the client's address and pseudonyms of the user."""
    court.world.restart()
    lines = [line[line.index("{") :] for line in court.world.log.splitlines() if '"operation"' in line]
    told = [json.loads(line) for line in lines]
    events = [(line["event"], line["operation"], line["outcome"]) for line in told]
    court.hold("a line for each decision", events == DECISIONS, events)
    court.hold("the client's address", {line.get("client") for line in told} == {"127.0.0.1"}, told)
    for name, length in (("subject", 22), ("recipient", 22), ("calling_code", 2), ("challenge_id", 11)):
        names = {line.get(name, "") for line in told}
        court.hold(f"one {name} in all lines", len(names) == 1 and {len(it) for it in names} == {length}, names)
    own = [secret for secret in court.world.secrets if secret and any(secret in line for line in lines)]
    court.hold("nothing personal in a line", not own, own)


DECISIONS = [("sent", "start", "ok"), ("refused", "verify", "refuse"), ("accepted", "verify", "ok")]
FIRST, ALL = (counted, logged), (shown,)
