"""What Envoy logs and shows of itself holds no secret, no number, no code and nothing that opens a door."""

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


FIRST, ALL = (counted,), (shown,)
