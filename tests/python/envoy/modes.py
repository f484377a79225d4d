"""Settings that let more through than others, and no more than they say."""

from typing import Any

from client import request
from court import Court
from demo import configuration
from demo.exchange import Request

PREFLIGHT: dict[str, Any] = {"gate": {"cors_preflight": "forward"}}
OUTLIVES: dict[str, Any] = {"gate": {"pass": {"danger_outlives_process": True}}}
TRUSTED: dict[str, Any] = {"gate": {"identity": {"danger_device_trust": True}}}


def preflight(court: Court) -> None:
    """A preflight is forwarded without anything that could act for a user, and nothing else is."""
    world = court.world
    person = world.signed_in()
    asked = [("origin", "https://other.example"), ("access-control-request-method", "PUT")]
    for who in (person, world.person(), None):
        before = len(world.seen())
        court.plain("/account", who, [*asked, ("authorization", "Bearer x"), ("x-2fa-receipt", "1")], "OPTIONS")
        came = world.seen()[before:]
        world.wanted += len(came)
        court.hold("a preflight arrives, of nobody", len(came) == 1 and nobody(came[0]), came)
    stranger = world.person()
    refused: dict[str, list[tuple[str, str]]] = {
        "no origin": asked[1:],
        "no method": asked[:1],
        "empty method": [asked[0], ("access-control-request-method", "")],
        "a body": [*asked, ("content-length", "1")],
        "chunks": [*asked, ("transfer-encoding", "chunked")],
    }
    for name, headers in refused.items():
        answer = request(world.port, "OPTIONS", "/account", [*stranger.headers(), *headers], None)
        court.attack(f"preflight with {name}", answer, 401)
    for method in ("GET", "POST", "HEAD", "PUT"):
        court.attack(f"{method} as a preflight", court.plain("/account", stranger, asked, method), 401)
    court.attack("preflight to a doubtful path", court.plain("/%2e%2e/account", stranger, asked, "OPTIONS"), 400)
    court.attack("preflight to the gate", court.plain("/.2fa/start", stranger, asked, "OPTIONS"), 401, 405)


def nobody(seen: Request) -> bool:
    names = {"cookie", "authorization", *configuration.HEADERS}
    return not any(name in names or name.startswith("x-2fa") for name, _ in seen.headers)


def outlives(court: Court) -> None:
    """With danger_outlives_process a pass is good in the next process, and a challenge is not."""
    world = court.world
    person, waiting = world.signed_in(), world.person()
    waiting.start()
    world.restart()
    world.reach(person, "/account")
    answer = waiting.verify(waiting.pin())
    court.attack("challenge of another process", answer, 403, 422)
    other = world.person(subject=person.subject, phone=person.phone)
    other.cookies = dict(person.cookies)
    court.attack("pass in another session", court.plain("/account", other), 401)


def trusted(court: Court) -> None:
    """With danger_device_trust a pass is good in every session of the user, and of nobody else."""
    world = court.world
    person = world.signed_in()
    again = world.person(subject=person.subject, phone=person.phone)
    again.cookies = dict(person.cookies)
    world.reach(again, "/account")
    for name, who in {
        "another user": {},
        "another phone": {"subject": person.subject},
        "another version": {"version": "2"},
    }.items():
        own = {"subject": person.subject, "phone": person.phone} if name == "another version" else {}
        thief = world.person(**{**own, **who})
        thief.cookies = dict(person.cookies)
        court.attack(f"trusted pass of {name}", court.plain("/account", thief), 401)
