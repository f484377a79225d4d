"""Identity by headers, in a world without jwt_authn: what reaches the port is what a client, or a filter before, has written."""

from client import Answer, request, request2
from court import Court
from receipts import proves


def header_identity(court: Court) -> None:
    """Identity by headers: one of each, exactly so, or nobody."""
    world = court.world
    person = world.signed_in()
    good = dict(person.identity())
    names = list(good)

    def sent(headers: list[tuple[str, str | bytes]]) -> Answer:
        return request(world.port, "GET", "/account", [*headers, person.cookie_header()])

    for name in names:
        rest = [(key, value) for key, value in good.items() if key != name]
        value = good[name]
        court.attack(f"without {name}", sent([*rest]), 401)
        court.attack(f"{name} empty", sent([*rest, (name, "")]), 401)
        court.attack(f"{name} twice", sent([*rest, (name, value), (name, value)]), 401)
        court.attack(f"{name} and empty", sent([*rest, (name, value), (name, "")]), 401)
        court.attack(f"{name} with a comma", sent([*rest, (name, f"{value},{value}")]), 401)
        court.attack(f"{name} with a space", sent([*rest, (name, f"{value} {value}")]), 401)
        court.attack(f"{name} non-ASCII", sent([*rest, (name, value.encode() + b"\xff")]), 401, 400)
        court.attack(f"{name} UTF-8", sent([*rest, (name, "あ".encode())]), 401, 400)
        court.attack(f"{name} long", sent([*rest, (name, "9" * 129)]), 401)
        under = name.replace("-", "_")
        court.attack(f"{name} as {under}", sent([*rest, (under, value)]), 401, 400)
        court.attack(f"{name} and {under}", sent([*good.items(), (under, "other")]), 401, 400)
        court.attack(f"{name} twice in two cases", sent([*rest, (name, value), (name.title(), "other")]), 401)
        twice = [*rest, (name, value), (name, "other"), person.cookie_header()]
        court.attack(f"{name} twice over HTTP/2", request2(world.port, "GET", "/account", twice), 401)
    for phone in ("09011112222", "+8109011112222", "+81-90-1111-2222", "819011112222", "+"):
        odd = [(key, phone if key == names[1] else value) for key, value in good.items()]
        court.attack(f"phone {phone}", sent(list(odd)), 401)


def forged_identity(court: Court) -> None:
    """Where jwt_authn writes the headers, what a client writes into them is gone."""
    world = court.world
    person, victim = world.signed_in(), world.person()
    theirs = victim.identity()
    for name, value in theirs:
        for written in (name, name.title(), name.replace("-", "_")):
            for headers in ([(written, value)], [(written, value), (written, value)], [(written, "")]):
                before = len(world.seen())
                answer = court.plain("/account", person, headers)
                came = world.seen()[before:]
                world.wanted += len(came)
                told = [one.header("x-2fa-receipt")[0] for one in came]
                own = all(proves(world.receipt_key, one, person) for one in told)
                others = any(proves(world.receipt_key, one, victim) for one in told)
                court.hold(f"{written} beside a session", own and not others, (answer, told))
                answer = request(world.port, "GET", "/account", [*headers, person.cookie_header()])
                court.attack(f"{written} without a session", answer, 401, 400)
    court.attack(
        "all without a session", request(world.port, "GET", "/account", [*theirs, person.cookie_header()]), 401
    )
    mine = request(world.port, "GET", "/account", [*person.identity(), person.cookie_header()])
    court.attack("one's own without a session", mine, 401)
    mine2 = request2(world.port, "GET", "/account", [*person.identity(), person.cookie_header()])
    court.attack("one's own without a session over HTTP/2", mine2, 401)
    again = request(world.port, "GET", "/.2fa/", [*theirs, ("accept", "application/json")])
    court.attack("the gate's page for another", again, 401, error="identity")


BELIEVING, WRITTEN = (header_identity,), (forged_identity,)
