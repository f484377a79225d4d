"""Xoxzo slow, wrong, gone or hostile: the filter lives, nobody is let through, and no message is sent twice."""

import socket
import ssl
import struct
import threading
import time

from client import Wire, form, head
from court import Court
from person import PASS
from world import World

# Numbers of host/sandbox/README.md, by what the engine must make of the answer.
NOT_SENT = {
    "refused": 21,
    "unauthorized": 22,
    "forbidden": 23,
    "no-credits": 24,
    "throttled": 25,
    "throttled-in-detail": 26,
    "throttled-silently": 27,
    "not-found-html": 20,
}
UNKNOWN = {
    "reset": 10,
    "hang": 11,
    "lost-reply": 13,
    "truncated": 14,
    "bad-json": 16,
    "redirect": 17,
    "server-error-html": 18,
    "bad-gateway": 19,
}
SENT = {"slow": 12, "huge": 15}


def number(last: int) -> str:
    return f"+8190000000{last}"


def close_the_breaker(court: Court) -> None:
    """An answer between the failures: five of them in a row would keep the engine from asking."""
    other = court.world.person()
    other.step()
    answer = other.press("start")
    court.hold("a message between failures", answer.json().get("step") == "code", answer)


def answers(court: Court) -> None:
    """Each odd answer, and what becomes of the start."""
    world = court.world
    for name, last in (NOT_SENT | UNKNOWN | SENT).items():
        person = world.person(phone=number(last))
        person.step()
        answer = person.press("start")
        if name in NOT_SENT:
            court.attack(f"{name}", answer, 400, 401, 429, 502, 503)
            court.hold(f"{name}: no code to wait for", person.step().json().get("step") == "start", answer)
        else:
            court.attack(f"{name}", answer, 200)
            court.hold(f"{name}: the message may come", answer.json().get("step") == "code", answer)
            again = person.press("resend")
            court.hold(
                f"{name}: not at once again",
                again.status in (400, 409, 429) and world.inbox_size(person.phone) <= 1,
                again,
            )
        court.attack(f"{name}: no pass", court.plain("/account", person), 401)
        text = answer.body.decode("utf-8", "replace") + str(answer.headers)
        court.hold(
            f"{name}: nothing of the account is told",
            all(secret not in text for secret in world.environment.values()),
            text,
        )
        close_the_breaker(court)


def gone(court: Court) -> None:
    """A client that leaves while the message is on its way has cost one message, and cannot have the next at once."""
    world = court.world
    person = world.person(phone=number(12))
    person.step()
    other = world.person()
    every = [("host", f"localhost:{world.port}"), *person.headers(), *world.own_page()]
    fields = form(csrf=person.csrf)
    with Wire(world.port) as wire:
        wire.send(head("POST", "/.2fa/start", [*every, ("content-length", str(len(fields)))]) + fields)
        until(lambda: world.envoy.statistics("cluster.xoxzo.")["upstream_rq_active"] == 1)
    until(lambda: world.envoy.statistics("cluster.xoxzo.")["upstream_rq_active"] == 0)
    before = world.inbox_size(person.phone)
    answer = person.press("start")
    court.attack("start again after leaving", answer, 400, 409, 429)
    court.hold(
        "no second message", world.inbox_size(person.phone) == before <= 1, (before, world.inbox_size(person.phone))
    )
    other.sign_in()
    world.reach(other, "/account")


def until(condition: object, seconds: float = 10) -> None:
    """Waits for a condition."""
    assert callable(condition)
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "what was waited for did not come"
        time.sleep(0.01)


class Hostile:
    """A provider that answers each connection with the same bytes, and closes it, or resets it. `asked` counts the requests."""

    def __init__(self, layer: ssl.SSLContext | None = None) -> None:
        self.layer = layer
        self.pieces: tuple[bytes, ...] = ()
        self.reset = False
        self.asked = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = ("127.0.0.1", self.listener.getsockname()[1])
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self) -> None:
        while True:
            try:
                channel, _ = self.listener.accept()
            except OSError:
                return
            with channel:
                try:
                    channel = self.layer.wrap_socket(channel, server_side=True) if self.layer else channel
                    self.asked += bool(channel.recv(65536))
                    for piece in self.pieces:
                        channel.sendall(piece)
                    if self.reset:
                        channel.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                except OSError:
                    continue

    def stop(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()


def no_cluster(court: Court) -> None:
    """Settings that name a cluster that Envoy does not have: nothing can be sent, and nothing breaks."""
    person = court.world.person()
    person.step()
    for action in ("start", "resend", "voice"):
        court.attack(action, person.press(action), 422, 502, 503)
    court.attack("still no pass", court.plain("/account", person), 401)


HEAD = b"HTTP/1.1 201 Created\r\ncontent-type: application/json\r\n"
TAKEN = HEAD + b'content-length: 17\r\n\r\n[{"msgid":"m-1"}]'
MEGABYTE = b"a" * 1_048_576
TOLD: dict[str, tuple[bytes, ...]] = {
    "nothing": (),
    "reset": (HEAD,),
    "reset in the body": (HEAD + b"content-length: 100\r\n\r\n[{",),
    "half a body": (HEAD + b"content-length: 100\r\n\r\n[{",),
    "50 MB": (HEAD + b"content-length: 52428800\r\n\r\n", *[MEGABYTE] * 50),
    "50 MB in chunks": (HEAD + b"transfer-encoding: chunked\r\n\r\n", *[b"100000\r\n" + MEGABYTE + b"\r\n"] * 50),
    "no HTTP": (b"SSH-2.0-x\r\n\r\n",),
    "status 000": (b"HTTP/1.1 000 x\r\ncontent-length: 0\r\n\r\n",),
    "status 999": (b"HTTP/1.1 999 x\r\ncontent-length: 0\r\n\r\n",),
    "not UTF-8": (HEAD + b"content-length: 4\r\nx-odd: \xff\xfe\r\nretry-after: \xff\r\n\r\n\xff\xfe\x00\x01",),
    "an odd byte": (HEAD + b'content-length: 25\r\n\r\n[{"msgid":"m-1","x":"\xff"}]',),
    "retry-after": (b"HTTP/1.1 429 x\r\ncontent-length: 0\r\nretry-after: 99999999999999999999\r\n\r\n",),
    "deep JSON": (HEAD + b"content-length: 20000\r\n\r\n" + b"[" * 20_000,),
    "many headers": (HEAD + b"".join(b"a%d: b\r\n" % at for at in range(90)) + b"content-length: 0\r\n\r\n",),
    "set-cookie": (HEAD + b"set-cookie: __Host-2fa-pass=x\r\ncontent-length: 2\r\n\r\n[]",),
    "204": (b"HTTP/1.1 204 No Content\r\n\r\n",),
    "only 100": (b"HTTP/1.1 100 Continue\r\n\r\n",),
    "101": (b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n",),
}


def hostile(court: Court) -> None:
    """Answers that no sandbox gives, one after the other to the same two workers, and then nobody there to answer."""
    provider = Hostile()
    settings = {"two_factor": {"xoxzo": {"timeout_milliseconds": 1000}, "sends": {"cooldown_seconds": 60}}}
    with World(settings, xoxzo=provider.address) as world:
        own = Court(world)
        for name, pieces in TOLD.items():
            provider.pieces, provider.reset, provider.asked = pieces, name.startswith("reset"), 0
            person = world.person()
            person.step()
            answer = own.attack(name, person.press("start"), 200, 422, 429, 502, 503)
            own.hold(
                f"{name}: a refusal or a code to wait for",
                (answer.status == 200) == (answer.json().get("step") == "code"),
                answer,
            )
            if name == "an odd byte":
                told = answer.json()
                own.hold(
                    f"{name}: the message's id is read",
                    told.get("step") == "code" and "unconfirmed" not in told,
                    answer,
                )
            again = person.press("resend") if answer.status == 200 else person.press("start")
            own.hold(
                f"{name}: no second message at once",
                again.status != 200 and provider.asked <= 1 or answer.status != 200,
                again,
            )
            own.attack(f"{name}: no pass", own.plain("/account", person), 401)
            own.hold(f"{name}: no cookie of the provider", PASS not in answer.cookies(), answer.headers)
            provider.pieces, provider.reset = (TAKEN,), False
            close_the_breaker(own)
        provider.stop()
        person = world.person()
        person.step()
        own.attack("nobody listens", person.press("start"), 200, 503)
        own.attack("nobody listens: no pass", own.plain("/account", person), 401)
        own.run(())
        own.failed += world.alive()
    court.attacks += own.attacks
    court.failed += own.failed


ALL = (answers, hostile)
