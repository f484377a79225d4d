"""What is particular to a gate that is asked: forged facts, the checks themselves, and a gate that is away."""

import json
import signal
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor

import bodies
from client import Answer, Headers, chunked, form, head, raw, request, request2
from court import Court
from demo import configuration, process, tokens
from front import SERVER, Proxied
from person import Person
from provider import until
from receipts import proves

# Names of the original target and method, with every way to write one.
FACTS = (
    "X-Original-URI", "X-Original-URL", "X-Original-Method", "X-Forwarded-Uri", "X-Forwarded-Path", "X-Forwarded-Method", "X-Rewrite-URL",
    "X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "x_original_uri", "X-Forwarded_Uri", "x_forwarded_method",
)  # fmt: skip
RECEIPTS = (
    "X-2fa-Receipt", "x_2fa_receipt", "X-2fa_Receipt", "x-2fa-receipt-2", "X-2fa-User", "X-2fa-Secret", "X-2fa-Client", "x_2fa_client",
)  # fmt: skip
# What refuses without a word of the gate: it is closed, and says no more.
SHUT = (400, 401, 403, 404, 405, 500, 502, 503)


def forged_facts(court: Court) -> None:
    """A header names an exempt target, and the request asks for a closed one: the target that was sent is what counts."""
    stranger = court.world.person()
    for name in FACTS:
        for value in ("/static/x", "/login", "http://localhost/login", "OPTIONS", ""):
            for headers in ([(name, value)], [(name, value)] * 2, [("connection", name), (name, value)]):
                court.attack(f"{name}: {value} ({len(headers)})", court.plain("/account", stranger, headers), 401, 403)


def facts_of_a_client(court: Court) -> None:
    """With a pass, too, the app hears of no other target than the request's own."""
    world = court.world
    person = world.signed_in()
    for name in FACTS:
        before = len(world.seen())
        answer = court.plain("/account", person, [(name, "/login")])
        came = world.seen()[before:]
        world.wanted += len(came)
        told = [
            key for one in came for key, _ in one.headers if key.replace("_", "-") == name.lower().replace("_", "-")
        ]
        court.hold(f"{name} with a pass", not told and (len(came) == 1 or answer.status in SHUT), (answer, told))


def forged_receipts(court: Court) -> None:
    """The app sees the user's own receipt, or the request is refused."""
    world = court.world
    person, victim = world.signed_in(), world.signed_in()
    [theirs] = world.reach(victim, "/account").header("x-2fa-receipt")
    for name in RECEIPTS:
        for headers in ([(name, theirs)], [(name, theirs)] * 2, [("connection", name), (name, theirs)]):
            for target in ("/account", "/healthz"):
                before = len(world.seen())
                answer = court.plain(target, person, headers)
                came = world.seen()[before:]
                world.wanted += len(came)
                told = [
                    value for one in came for key, value in one.headers if key.replace("_", "-").startswith("x-2fa-")
                ]
                own = [one for one in told if one == "-" or proves(world.receipt_key, one, person)]
                court.hold(
                    f"{name} to {target}",
                    told == own and len(told) == len(came) and (came or answer.status in SHUT) != [],
                    (answer, told),
                )


def not_for_clients(court: Court) -> None:
    """Nothing but the gate's pages can be reached through the proxy."""
    stranger = court.world.person()
    for target in (
        "/check",
        "/answer",
        "/health",
        "/metrics",
        "/.2fa-check",
        "/.2fa/../check",
        "/.2fa/%2e%2e/check",
        "/.2fa//check",
    ):
        for headers in ([], [("x-original-uri", "/login"), ("x-original-method", "GET")]):
            court.attack(f"{target} ({len(headers)})", court.plain(target, stranger, headers), *SHUT)


def bodies_arrive(court: Court) -> None:
    """A check takes nothing of a body away: the app gets all of it."""
    world = court.world
    person = world.signed_in()
    body = form(form="x", to="Bob", amount="1", note="b" * 300_000)
    before = len(world.seen())
    answer = request(
        world.port, "POST", "/account", [*person.headers(), ("content-type", "application/x-www-form-urlencoded")], body
    )
    came = world.seen()[before:]
    world.wanted += len(came)
    court.hold("a body of 300 KB", [one.body for one in came] == [body], answer)


def no_length(court: Court) -> None:
    """Where the proxy would hand on trailers, the app sees no body whose length is not known before."""
    world = court.world
    person = world.signed_in()
    headers = [*person.headers(), ("content-type", "text/plain")]
    every = [("host", f"localhost:{world.port}"), ("connection", "close"), *headers, bodies.CHUNKS]
    for name, trailers in {"trailers": bodies.LAST, "chunks": []}.items():
        answer = raw(world.port, head("POST", "/account", every) + chunked(b"a=b", trailers=trailers))
        court.attack(f"{name} with a pass", answer, 411)
    answer = request2(world.port, "GET", "/account", person.headers())
    court.hold("no second protocol", answer.status in (0, 400), answer)


class Asked:
    """The server itself, at its socket, as only the proxy can ask."""

    def __init__(self, front: Proxied) -> None:
        uri, method = {"nginx": ("x-original-uri", "x-original-method")}.get(
            front.name, ("x-forwarded-uri", "x-forwarded-method")
        )
        self.front, self.uri, self.method = front, uri, method

    def page(self, target: str) -> Answer:
        return self.sent(head("GET", target, [("host", "gate"), ("connection", "close")]))

    def check(self, target: str, method: str = "GET", headers: Headers = ()) -> Answer:
        facts = [("host", "gate"), (self.uri, target), (self.method, method), ("connection", "close")]
        return self.sent(head("GET", "/check", [*facts, *headers]))

    def sent(self, data: bytes) -> Answer:
        with socket.socket(socket.AF_UNIX) as own:
            own.settimeout(15)
            own.connect(str(self.front.socket))
            own.sendall(data)
            said = b""
            while more := own.recv(65536):
                said += more
        top, _, body = said.partition(b"\r\n\r\n")
        first, *lines = top.decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines)
        return Answer(int(first.split()[1]), [(name.lower(), value.strip()) for name, _, value in pairs], body)


def checks(court: Court, front: Proxied) -> None:
    """A check says yes only to what may reach the app, at once, without a cookie, and always with the receipt's header."""
    asked = Asked(front)
    person, stranger = court.world.signed_in(), court.world.person()
    for name, answer in {
        "closed with a pass": asked.check("/account", headers=person.headers()),
        "exempt": asked.check("/login"),
    }.items():
        court.hold(f"{name} is let through", answer.status == 200 and len(answer.all("x-2fa-receipt")) == 1, answer)
        court.hold(f"{name} sets no cookie", not answer.all("set-cookie"), answer.headers)
    for target in (
        "/.2fa",
        "/.2fa/",
        "/.2fa/start",
        "/.2fa/x",
        "/account",
        "/transfer",
        "//login",
        "/static/../account",
        "/login%00",
        "*",
        "",
    ):
        for method in ("GET", "HEAD", "POST", "OPTIONS", "CONNECT", ""):
            for who in ([], stranger.headers(), [*stranger.headers(), ("accept", "text/html")]):
                answer = asked.check(target, method, who)
                court.attack(f"check of {method} {target}", answer, 303, *SHUT)
    for headers in (
        [("content-length", "1000000")],
        [("transfer-encoding", "chunked")],
        [("content-length", "5"), ("expect", "100-continue")],
    ):
        answer = asked.check("/account", "POST", [*person.headers(), *headers])
        court.hold(f"answers before a body: {headers}", answer.status == 200, answer)
    for name in ("x-original-uri", "x-original-method", "x-forwarded-uri", "x-forwarded-method", "x-rewrite-url"):
        answer = asked.check("/login", headers=[(name, "/login")])
        # Asked directly: no refusal of a proxy counts.
        court.hold(f"a check with another {name}", answer.status == 403, answer)


def races(court: Court) -> None:
    """Once a logout is answered, no copy of the pass opens anything, however many ask at once."""
    world = court.world
    person = world.signed_in()
    copy = Person(world, person.subject, person.phone, person.session)
    copy.cookies = dict(person.cookies)
    person.step()
    with ThreadPoolExecutor(16) as pool:
        asking = [pool.submit(court.plain, "/account", copy) for _ in range(64)]
        court.hold("logout", person.press("logout").status == 200)
        world.wanted += sum(one.result().status == 200 for one in asking)
        for answer in pool.map(lambda _: court.plain("/account", copy), range(64)):
            court.attack("a copy after logout", answer, 401)


def operated(court: Court, front: Proxied) -> None:
    """SIGHUP takes settings only if they are right, and ends no pass; and what happens is counted."""
    asked, person = Asked(front), court.world.signed_in()
    written, settings = front.directory / "serve.json", front.settings

    def counted(name: str) -> int:
        [line] = [line for line in asked.page("/metrics").body.decode().splitlines() if line.startswith(name + " ")]
        return int(line.rpartition(" ")[2])

    def read_again(text: str, said: str) -> None:
        before = front.log.read_text().count(said)
        written.write_text(text)
        front.serve.send_signal(signal.SIGHUP)
        until(lambda: front.log.read_text().count(said) > before)

    for path in ("/health", "/ready"):
        court.hold(path, asked.page(path).status == 200)
    forwarded, rejected = 'xoxzo_2fa_gate_requests_total{event="forwarded"}', "xoxzo_2fa_gate_rejected_proxy_total"
    before = counted(forwarded), counted(rejected)
    asked.check("/account", headers=person.headers())
    asked.check("/account", headers=[(asked.uri, "/login")])
    court.hold(
        "counts", (counted(forwarded), counted(rejected)) == (before[0] + 1, before[1] + 1), asked.page("/metrics").body
    )
    opened = configuration.merge(settings, {"gate": {"exempt": {"paths": ["/login", "/healthz", "/opened"]}}})
    court.attack("not exempt yet", court.plain("/opened", None), 401)
    read_again(json.dumps(opened), "were read again")
    court.world.wanted += 1
    court.hold("exempt by SIGHUP", court.plain("/opened", None).status != 401)
    for name, text in {
        "no JSON": "{", "another field": json.dumps(configuration.merge(settings, {"serve": {"open": True}})),
        "no keys": json.dumps(configuration.merge(settings, {"serve": {"jwt": {"jwks_file": "/nowhere"}}})),
    }.items():  # fmt: skip
        read_again(text, "stay as they were")
        court.attack(f"closed after {name}", court.plain("/account", None), 401)
        court.hold(f"a pass after {name}", court.world.reach(person, "/account").method == "GET")
    read_again(json.dumps(settings), "were read again")
    court.attack("closed again by SIGHUP", court.plain("/opened", None), 401)
    court.hold("a pass after all", court.world.reach(person, "/account").method == "GET")


def all_closed(court: Court) -> None:
    """No answer of the gate opens anything where the proxy fails to read it."""
    person = court.world.signed_in()
    for target in ("/account", "/login", "/static/style.css"):
        court.attack(f"{target} after an error", court.plain(target, person), *SHUT)


def away(court: Court, front: Proxied) -> None:
    """Without the server everything is closed, and a new one knows no pass of the old one."""
    person = court.world.signed_in()
    process.end(front.serve)
    for target in ("/account", "/login", "/.2fa/", "/static/style.css"):
        court.attack(f"{target} while it is away", court.plain(target, person), *SHUT)
    front.restart()
    court.attack("a pass of the last process", court.plain("/account", person), 401)
    court.hold("a pass of this process", court.world.reach(court.world.signed_in(), "/account").method == "GET")


def secrets(court: Court, front: Proxied) -> None:
    """On a TCP port, a check or page needs the secret; and without one the server does not start."""
    secret = "0123456789abcdef0123456789abcdef"
    keys = front.directory / "tcp-sessions.json"
    keys.write_text(tokens.key_set(front.session_key))
    written = front.directory / "tcp.json"
    command = [str(SERVER), "--settings", str(written), "--proxy", "caddy", "--listen", "127.0.0.1:0"]
    written.write_text(json.dumps(front.settings))
    refused = subprocess.run(command, env=front.environment, capture_output=True, text=True, check=False)
    court.hold("without a secret", refused.returncode == 2 and "serve.secret" in refused.stderr, refused)
    written.write_text(json.dumps(configuration.merge(front.settings, {"serve": {"secret": secret}})))
    running = process.spawn(command, output=subprocess.PIPE, errors=subprocess.DEVNULL, environment=front.environment)
    try:
        assert running.stdout
        port = int(running.stdout.readline().decode().strip().rpartition(":")[2])
        facts = [
            ("host", "gate"),
            ("x-forwarded-uri", "/login"),
            ("x-forwarded-method", "GET"),
            ("connection", "close"),
        ]

        def asked(path: str, *shown: tuple[str, str]) -> Answer:
            every = facts if path == "/check" else [facts[0], facts[-1]]
            return raw(port, head("GET", path, [*every, *shown]))

        right = ("x-2fa-secret", secret)
        for path in ("/check", "/.2fa/"):
            court.hold(f"{path} with the secret", asked(path, right).status in (200, 401), asked(path, right))
        for path in ("/check", "/.2fa/"):
            for name, shown in {
                "no": [], "a wrong": [("x-2fa-secret", secret[:-1] + "0")], "a doubled": [right, right], "an underscored": [("x_2fa_secret", secret)],
            }.items():  # fmt: skip
                answer = asked(path, *shown)
                court.hold(f"{path} with {name} secret", answer.status == 403, answer)
    finally:
        process.end(running)


ALL = (forged_facts, facts_of_a_client, forged_receipts, not_for_clients, bodies_arrive, races)
OF_THE_SERVER = (checks, operated, secrets, away)
