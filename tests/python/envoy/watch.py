"""An Envoy that keeps bodies back says so: the setting that the gate needs has its default where a control plane writes the filter."""

import threading
import time
from typing import Any

from client import Wire, form, head
from court import Court
from demo import configuration

KNOB = "allow_on_headers_stop_iteration"
# Seconds that the gate waits for a body, and some more.
LATE = 20


def without_the_knob(config: dict[str, Any]) -> None:
    del configuration.http_filter(config, configuration.GATE)["config"][KNOB]


def named(court: Court) -> None:
    """Pages come as ever. A form is answered by 503 with the name of the setting, and the log has it too."""
    world = court.world
    person = world.person()
    court.attack("a page of the app", court.plain("/account", person), 401)
    answer = person.step()
    court.hold("the gate's page", answer.status == 200, answer)
    began = time.monotonic()
    answers = [person.press("start")]
    took = time.monotonic() - began
    court.hold("a form ends", answers[0].status == 503 and took < LATE, (answers[0], took))
    court.hold("the answer names the setting", KNOB in answers[0].body.decode(), answers[0])
    court.hold("nobody keeps it", answers[0].header("cache-control") == "no-store", answers[0].headers)
    # At once, and one that went away before its time.
    with Wire(world.port) as gone:
        lines = [("host", f"localhost:{world.port}"), *person.headers(), *world.own_page(), ("content-length", "9")]
        gone.send(head("POST", "/.2fa/start", lines) + b"csrf=abcd")
    others = [world.person() for _ in range(4)]
    for other in others:
        other.step()
    threads = [threading.Thread(target=lambda one: answers.append(one.press("start")), args=(one,)) for one in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    court.hold("each ends", [one.status for one in answers] == [503] * 5, answers)
    court.attack("still open for pages only", court.plain("/account", person), 401)
    court.hold("no message", world.inbox_size() == 0, world.inbox_size())
    time.sleep(0.5)
    told = world.envoy.log.read_text(errors="replace")
    court.hold("the log names the setting", KNOB in told, told[-500:])


def patient(court: Court) -> None:
    """With the setting, and after the first form, a client may be as slow as Envoy's own ends of time allow."""
    world = court.world
    first = world.person()
    first.step()
    court.hold("a form", first.press("start").status in (200, 303))
    person = world.person()
    person.step()
    body = form(csrf=person.csrf)
    lines = [("host", f"localhost:{world.port}"), *person.headers(), *world.own_page()]
    lines += [("content-length", str(len(body))), ("connection", "close")]
    with Wire(world.port, timeout=40) as wire:
        wire.send(head("POST", "/.2fa/start", lines))
        time.sleep(LATE - 5)
        wire.send(body)
        answer = wire.answer()
    court.hold("a slow form", answer.status in (200, 303), answer)
