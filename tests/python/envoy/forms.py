"""Only a form of the gate's own page, sent by that page, sends a message, counts a guess or sets a pass."""

from client import Answer, Headers, form, request, request2
from court import Court
from person import Person

ACTIONS = ("start", "verify", "resend", "voice", "logout")
TYPE = ("content-type", "application/x-www-form-urlencoded")


def post(court: Court, action: str, who: Person, body: bytes, headers: Headers) -> Answer:
    every = [*who.headers(), ("accept", "application/json"), *headers]
    return request(court.world.port, "POST", f"/.2fa/{action}", every, body)


def from_elsewhere(court: Court) -> None:
    """The right form with the right field, from another site."""
    world, port = court.world, court.world.port
    own = world.origin
    elsewhere: dict[str, list[tuple[str, str]]] = {
        "another origin": [("origin", "https://evil.example")],
        "null": [("origin", "null")],
        "empty": [("origin", "")],
        "no origin": [],
        "another port": [("origin", f"http://localhost:{port + 1}")],
        "no port": [("origin", "http://localhost")],
        "another scheme": [("origin", own.replace("http:", "https:"))],
        "below": [("origin", own.replace("localhost", "evil.localhost"))],
        "a longer name": [("origin", own.replace("localhost", "localhost.evil.example"))],
        "a longer port": [("origin", own + "0")],
        "with a path": [("origin", own + "/")],
        "upper case": [("origin", own.upper())],
        "user": [("origin", own.replace("//", "//evil@"))],
        "two": [("origin", own), ("origin", "https://evil.example")],
        "two, other first": [("origin", "https://evil.example"), ("origin", own)],
        "joined": [("origin", f"{own}, https://evil.example")],
        "cross-site": [("sec-fetch-site", "cross-site")],
        "same-site": [("sec-fetch-site", "same-site")],
        "none": [("sec-fetch-site", "none")],
        "odd": [("sec-fetch-site", "Same-Origin, cross-site")],
        "same-origin and null": [("origin", "null"), ("sec-fetch-site", "same-origin")],
        "same-origin and another": [("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")],
        "two sites": [("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")],
        "referer only": [("referer", f"{own}/.2fa/")],
    }
    person, waiting = world.signed_in(), world.person()
    waiting.start()
    sent = world.inbox_size()
    for name, headers in elsewhere.items():
        for action in ACTIONS:
            who = person if action == "logout" else world.person() if action == "start" else waiting
            who.step()
            fields = {"csrf": who.csrf} | ({"pin": waiting.pin()} if action == "verify" else {})
            answer = post(court, action, who, form(**fields), [TYPE, *headers])
            court.attack(f"{action} from {name}", answer, 403)
            court.hold(f"{action} from {name} sets nothing", "__Host-2fa-pass" not in answer.cookies(), answer.headers)
    court.hold("nothing sent from elsewhere", world.inbox_size() == sent, world.inbox_size())
    court.hold("no logout from elsewhere", world.reach(person, "/account").target == "/account")
    court.hold("no guess from elsewhere", waiting.verify(waiting.pin()).status == 200)


def without_field(court: Court) -> None:
    """From the right page, without the field that only the page knows."""
    world = court.world
    person, other, waiting = world.signed_in(), world.person(), world.person()
    again = world.person(subject=waiting.subject, phone=waiting.phone)
    waiting.start()
    for one in (person, other, again):
        one.step()
    sent = world.inbox_size()
    wrong = {
        "missing": None, "empty": "", "short": waiting.csrf[:-1], "long": waiting.csrf + "A", "other letter": flipped(waiting.csrf),
        "another user": person.csrf, "another session": again.csrf, "upper case": waiting.csrf.upper(), "odd": "\x00\xff", "large": "a" * 4000,
    }  # fmt: skip
    for name, value in wrong.items():
        for action in ACTIONS:
            who = person if action == "logout" else other if action == "start" else waiting
            if name == "another user" and action == "logout":
                value = other.csrf
            fields = {} if value is None else {"csrf": value}
            fields |= {"pin": waiting.pin()} if action == "verify" else {}
            court.attack(f"{action} with {name}", post(court, action, who, form(**fields), world.own_page()), 403)
    good = waiting.csrf
    pin = waiting.pin()
    bodies = {
        "twice": form(csrf=good, pin=pin) + b"&csrf=" + form(x=good)[2:],
        "right and wrong": form(csrf=good, pin=pin) + b"&csrf=x",
        "wrong and right": b"csrf=x&" + form(csrf=good, pin=pin),
        "other case": form(CSRF=good, pin=pin),
        "as JSON": b'{"csrf":"%s","pin":"%s"}' % (good.encode(), pin.encode()),
        "semicolon": form(csrf=good) + b";" + form(pin=pin),
        "bad escape": b"csrf=%zz&" + form(pin=pin),
        "not UTF-8": form(csrf=good)[:-1] + b"\xff%ff&" + form(pin=pin),
        "nothing": b"",
        "NUL": form(csrf=good + "\x00", pin=pin),
    }
    for name, body in bodies.items():
        court.attack(f"verify with csrf {name}", post(court, "verify", waiting, body, world.own_page()), 400, 403)
    query = request(
        world.port, "POST", f"/.2fa/verify?csrf={good}&pin={pin}", [*waiting.headers(), *world.own_page()], b""
    )
    court.attack("csrf in the query", query, 403)
    for kind in (
        "text/plain",
        "application/json",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded, text/plain",
        "",
        "x",
    ):
        headers = [("content-type", kind), ("origin", world.origin)]
        court.attack(
            f"verify as {kind!r}", post(court, "verify", waiting, form(csrf=good, pin=pin), headers), 400, 403, 415
        )
    court.hold("nothing sent without field", world.inbox_size() == sent)
    court.hold("no guess without field", waiting.verify(pin).status == 200)


def other_methods(court: Court) -> None:
    """GET and the like do nothing; a page that was loaded again costs no message."""
    world = court.world
    person, passed = world.person(), world.signed_in()
    person.step()
    sent = world.inbox_size()
    fields = form(csrf=person.csrf).decode()
    for action in ACTIONS:
        who = passed if action == "logout" else person
        for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "QUERY", "PROPFIND", "get", "POSTS"):
            for target in (f"/.2fa/{action}", f"/.2fa/{action}?{fields}"):
                body = None if method in ("GET", "HEAD") else fields.encode()
                every = [*who.headers(), ("accept", "text/html"), *world.own_page()]
                court.attack(f"{method} {target[:20]}", request(world.port, method, target, every, body), 404, 405, 400)
        options = request(world.port, "OPTIONS", f"/.2fa/{action}", [*who.headers(), ("origin", world.origin)])
        court.attack(f"OPTIONS {action}", options, 401, 405)
    for method in ("GET", "HEAD"):
        for purpose in ("prefetch", "preview"):
            quiet = [
                *person.headers(),
                ("accept", "text/html"),
                ("sec-purpose", purpose),
                ("sec-fetch-site", "cross-site"),
            ]
            court.attack(f"{method} /.2fa/ by {purpose}", request(world.port, method, "/.2fa/", quiet), 200)
    for method in ("PUT", "DELETE", "PATCH", "POST"):
        court.attack(
            f"{method} /.2fa/",
            request(world.port, method, "/.2fa/", [*person.headers(), *world.own_page()], fields.encode()),
            405,
        )
    override = [*person.headers(), ("x-http-method-override", "POST"), ("x-http-method", "POST"), *world.own_page()]
    court.attack("GET as POST", request(world.port, "GET", f"/.2fa/start?_method=POST&{fields}", override), 404, 405)
    court.attack(
        "GET over HTTP/2",
        request2(world.port, "GET", f"/.2fa/start?{fields}", [*person.headers(), *world.own_page()]),
        404,
        405,
    )
    court.hold("no message by another method", world.inbox_size() == sent, world.inbox_size() - sent)
    court.hold("no logout by another method", world.reach(passed, "/account").target == "/account")


def flipped(text: str, at: int = 5) -> str:
    return text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]


def odd_pins(court: Court) -> None:
    """What is no PIN is no guess, and no pass."""
    world = court.world
    person = world.person()
    person.start()
    pin = person.pin()
    odd = (
        "",
        pin[:-1],
        pin + "0",
        "abcdef",
        pin + "\x00",
        "-" + pin[1:],
        "0x1234",
        "1e5",
        "a" * 4000,
        pin + pin,
        "+12345",
        "NaN",
    )
    for guess in odd:
        answer = person.verify(guess)
        court.attack(f"pin {guess[:12]!r}", answer, 400, 401, 403, 422)
        court.hold(f"pin {guess[:12]!r} is no pass", "__Host-2fa-pass" not in answer.cookies())
    twice = form(csrf=person.csrf, pin="000000") + b"&" + form(pin=pin)
    answer = post(court, "verify", person, twice, world.own_page())
    court.attack("two pins", answer, 400, 401, 403, 422)
    court.hold("two pins are no pass", "__Host-2fa-pass" not in answer.cookies(), answer)
    stranger = world.person()
    stranger.step()
    court.attack("pin without a challenge", stranger.verify(pin), 400, 401, 403, 409, 410, 422)
    for action in ("resend", "voice"):
        court.attack(f"{action} without a challenge", stranger.press(action), 422)
    court.hold("nothing sent without a challenge", world.inbox_size(stranger.phone) == 0)
    court.attack("pin of another", borrow(person, stranger).verify(pin), 400, 401, 403, 409, 410, 422)
    court.hold("still right afterwards", person.verify(pin).status == 200)


def borrow(owner: Person, thief: Person) -> Person:
    """The thief with the owner's challenge."""
    thief.cookies = {name: value for name, value in owner.cookies.items() if name == "__Host-2fa-challenge"}
    thief.step()
    return thief


ALL = (from_elsewhere, without_field, other_methods, odd_pins)
