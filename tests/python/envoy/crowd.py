"""Xoxzo does not answer, and many people wait at once: everybody else is served meanwhile, and each of them gets an answer."""

import socket
from concurrent.futures import ThreadPoolExecutor

from client import Wire, form, head, request
from court import Court
from demo.process import free_port
from person import PASS, Person
from provider import until
from world import World

PEOPLE = 100  # More than the cluster lets wait at once.


def silence(court: Court) -> None:
    """Each gets an answer when Xoxzo's time is over, or at once when too many wait."""
    port = free_port()
    settings = {"two_factor": {"xoxzo": {"timeout_milliseconds": 3000}, "sends": {"cooldown_seconds": 60}}}
    with (
        socket.create_server(("127.0.0.1", port), backlog=2 * PEOPLE),
        World(settings, xoxzo=("127.0.0.1", port)) as world,
    ):
        own = Court(world)
        people = [world.person() for _ in range(PEOPLE)]
        for person in people:
            person.step()
        with ThreadPoolExecutor(PEOPLE) as pool:
            waiting = [pool.submit(Person.press, person, "start") for person in people]
            until(lambda: world.envoy.statistics("cluster.xoxzo.")["upstream_rq_active"] >= 60)
            before = len(world.seen())
            answers = [request(world.port, "GET", "/static/style.css", []).status for _ in range(16)]
            world.wanted += len(world.seen()) - before
            own.hold("others meanwhile", answers == [200] * 16, answers)
            for stranger in people[:16]:
                own.attack("protected meanwhile", own.plain("/account", stranger), 401)
            own.hold("they still wait", not all(one.done() for one in waiting))
            told = [one.result() for one in waiting]
        known = all(answer.status in (200, 503) for answer in told)
        own.hold("everybody is answered", known and all(PASS not in answer.cookies() for answer in told), told)
        again = people[0].press("resend" if told[0].status == 200 else "start")
        own.attack("again at once", again, 422, 429, 503)
        own.run(())
        own.failed += world.alive()
    court.attacks += own.attacks
    court.failed += own.failed


def pipelined(court: Court) -> None:
    """A request behind one that waits for Xoxzo is judged for itself, and so is who sends it."""
    world = court.world
    person, stranger = world.person(phone="+819000000012"), world.person()
    person.step()
    fields = form(csrf=person.csrf)
    host = ("host", f"localhost:{world.port}")
    length = ("content-length", str(len(fields)))
    with Wire(world.port) as wire:
        wire.send(head("POST", "/.2fa/start", [host, *person.headers(), *world.own_page(), length]) + fields)
        wire.send(head("GET", "/account", [host, *stranger.headers()]))
        wire.send(head("GET", "/%2e%2e/account", [host, *stranger.headers()]))
        court.attack("start", wire.answer(), 303)
        court.attack("behind a start", wire.answer(), 401)
        court.attack("behind both", wire.answer(), 400)


ALL = (silence, pipelined)
