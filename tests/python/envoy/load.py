"""Under load: nothing is lost, nobody slips through, and every worker answers afterwards."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import wrk
from client import form
from court import Court
from limits import compared, errors, together
from person import CHALLENGE, PASS, Person
from world import World

SECONDS = 3


def passing(court: Court) -> list[bytes]:
    """Requests with a pass, of several persons."""
    people = [court.world.signed_in() for _ in range(8)]
    return [wrk.kept(court.world.port, "GET", "/account", person.headers()) for person in people]


def refused(court: Court) -> list[bytes]:
    """Requests none of which may come through."""
    world = court.world
    port, passed, stranger = world.port, world.signed_in(), world.person()
    cut = passed.cookies[PASS][:-1]
    own = [("accept", "application/json"), *world.own_page()]
    html = ("accept", "text/html")
    who, session = stranger.headers(), world.session(stranger.token)
    return [
        wrk.kept(port, "GET", "/account", who),
        wrk.kept(port, "GET", "/account", [*who, html]),
        wrk.kept(port, "GET", "/account", []),
        wrk.kept(port, "GET", "/account", [session, ("cookie", f"{PASS}={cut}")]),
        wrk.kept(port, "GET", "/account", [session, ("cookie", f"{PASS}={passed.cookies[PASS]}")]),
        wrk.kept(port, "GET", "/account", [session, ("cookie", b"a=\xff\xfe; " + PASS.encode() + b"=\xff")]),
        wrk.kept(port, "GET", "/account", [world.session("x.y.z")]),
        wrk.kept(port, "GET", "/static/..%2faccount", passed.headers()),
        wrk.kept(port, "OPTIONS", "/account", who),
        wrk.kept(port, "TRACE", "/account", passed.headers()),
        wrk.kept(port, "POST", "/.2fa/start", [*who, *own], form(csrf="x")),
        wrk.kept(
            port, "POST", "/.2fa/verify", [*who, *own, ("cookie", f"{CHALLENGE}=x")], form(csrf="x", pin="000000")
        ),
        wrk.kept(
            port,
            "POST",
            "/.2fa/logout",
            [*passed.headers(), ("origin", "https://evil.example")],
            form(csrf=passed.csrf),
        ),
        wrk.kept(port, "GET", "/.2fa/x", who),
    ]


def with_a_pass(court: Court) -> None:
    """All of many requests at once come through."""
    told = wrk.finish(wrk.start(court.world.port, passing(court), seconds=SECONDS))
    court.world.wanted = len(court.world.seen())
    whole = set(told["statuses"]) == {200} and told["lost"] == 0 and told["requests"] > 100
    court.hold(f"{told['requests']} requests with a pass", whole, told)


def mixed(court: Court) -> None:
    """Good and bad at the same time: all of the good come through, none of the bad."""
    world = court.world
    good, bad = passing(court), refused(court)
    before = world.inbox_size()
    running = [wrk.start(world.port, requests, seconds=SECONDS, threads=1, connections=8) for requests in (good, bad)]
    good_told, bad_told = map(wrk.finish, running)
    reached = [
        one for one in world.seen()[world.wanted :] if one.target != "/account" or not one.header("x-2fa-receipt")
    ]
    world.wanted = len(world.seen())
    court.hold("the good", set(good_told["statuses"]) == {200} and good_told["lost"] == 0, good_told)
    calm = (
        set(bad_told["statuses"]) <= {303, 400, 401, 403, 404, 405}
        and bad_told["lost"] == 0
        and bad_told["requests"] > 100
    )
    court.hold("the bad", calm, bad_told)
    court.hold("the app", not reached, reached[:3])
    court.hold("no message", world.inbox_size() == before)


def counted(court: Court) -> None:
    """Many people at once, each with too many guesses, while others go on: each has exactly five compares."""
    world = court.world
    people = [world.person() for _ in range(24)]
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(Person.start, people))
    sizes = [world.inbox_size(person.phone) for person in people]
    court.hold("a message for each start", sizes == [1] * len(people), sizes)
    noise = wrk.start(world.port, passing(court), seconds=SECONDS, threads=1, connections=4)
    guesses: list[tuple[Person, dict[str, str]]] = []
    for person in people:
        right = int(person.pin())
        guesses += [(person, {"pin": f"{(right + 1 + at) % 1_000_000:06}"}) for at in range(12)]
    turns = list(
        itertools.chain.from_iterable(guesses[at::12] for at in range(12))
    )  # Everybody's first, everybody's second, …
    answers = together(world, [who for who, _ in turns], "verify", [fields for _, fields in turns])
    for person in people:
        own = [answer for answer, (who, _) in zip(answers, turns, strict=True) if who is person]
        exact = compared(own) == [0, 1, 2, 3, 4] and set(errors(own)) == {"wrong-pin", "exhausted"}
        court.hold("guesses of one of many", exact, (compared(own), errors(own)))
    told = wrk.finish(noise)
    world.wanted = len(world.seen())
    court.hold("the others meanwhile", set(told["statuses"]) == {200} and told["lost"] == 0, told)


def signing_in(court: Court) -> None:
    """Many people sign in at once, and all get in."""
    world = court.world
    people = [world.person() for _ in range(64)]
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(Person.sign_in, people))
        answers = list(pool.map(lambda person: court.plain("/account", person).status, people))
    world.wanted = len(world.seen())
    court.hold("all are in", answers == [200] * len(people), answers)


def memory(world: World) -> int:
    """What Envoy has in memory, in KiB."""
    status = Path(f"/proc/{world.envoy.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


ALL = (with_a_pass, mixed, counted, signing_in)


def run(only: str = "") -> tuple[int, list[str]]:
    """Puts the load on; how many things were tried, and which went wrong."""
    chosen = [group for group in ALL if only in f"load.{group.__name__}"]
    if not chosen:
        return 0, []
    patient = {"two_factor": {"sends": {"cooldown_seconds": 60}}}
    with World(patient) as world:
        court = Court(world)
        before = memory(world)
        court.run(chosen)
        grown = memory(world) - before
        court.hold("memory", grown < 100_000, f"{grown} KiB more")
        court.failed += [f"afterwards: {wrong}" for wrong in world.alive()]
    return court.attacks, [f"load: {text}" for text in court.failed]
