"""The vectors of the gate, `tests/vectors/gate.json`, against the real Envoy: each must come to what it comes to without HTTP."""

import json
from pathlib import Path
from typing import Any

from client import request
from court import Court
from person import Person
from world import World

WHOLE = json.loads((Path(__file__).parents[2] / "vectors" / "gate.json").read_text())
ORIGIN = WHOLE["settings"]["origin"]
SETTINGS = {"gate": {"exempt": WHOLE["settings"]["exempt"]}}
# What Envoy itself makes of targets that are none, before any filter.
ENVOY = (400, 404)


def headers(world: World, vector: dict[str, Any], who: Person) -> list[tuple[str, str]]:
    """What the vector sends, from the origin that the gate has here, with the session and cookies of who sends it."""
    own = [(name, value.replace(ORIGIN, world.origin)) for name, value in vector["headers"]]
    accept = [] if any(name == "accept" for name, _ in own) else [("accept", "text/html")]
    if "identity" not in vector:
        return [*own, *accept, *who.headers()]
    claims = {**who.claims(), **vector["identity"]}
    token = world.sign({name: value for name, value in claims.items() if value is not None})
    return [*own, *accept, world.session(token), who.cookie_header()]


def play(court: Court) -> None:
    """Each vector reaches the app, with a receipt or without, or is refused with its status."""
    world = court.world
    person, stranger = world.signed_in(), world.person()
    for vector in WHOLE["tests"]:
        name = f"vector {vector['tcId']}, {vector['method']} {vector['target']}, {vector['comment']}"
        sent = headers(world, vector, person if vector["pass"] else stranger)
        before = len(world.seen())
        answer = request(world.port, vector["method"], vector["target"], sent)
        came = world.seen()[before:]
        if vector["result"] == "refuse":
            court.attack(name, answer, vector["status"], *ENVOY)
            continue
        world.wanted += len(came)
        receipts = [len(one.header("x-2fa-receipt")) for one in came]
        court.hold(name, receipts == [1 if vector["result"] == "forward" else 0], (answer, receipts))


ALL = (play,)
