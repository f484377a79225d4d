"""Other methods than GET and POST, and connections that become something else."""

from client import Answer, head, raw, request, request2
from court import Court
from person import Person

# Envoy does not know them.
UNKNOWN = ("get", "FOO", "M-SEARCH", "QUERY")
HTML = [("accept", "text/html"), ("sec-fetch-dest", "document")]


def methods(court: Court) -> None:
    world = court.world
    person, stranger = world.signed_in(), world.person()
    for method in ("CONNECT", "TRACE"):
        for who in (person, stranger, None):
            for target in ("/account", "/static/x", "/.2fa/", "localhost:1"):
                court.attack(f"{method} {target}", court.plain(target, who, method=method), 405, 400, 403, 404)
    court.attack("CONNECT over HTTP/2", court.plain2("/account", person, method="CONNECT"), 405, 400, 403, 404, 0)
    court.attack("TRACE over HTTP/2", court.plain2("/account", person, method="TRACE"), 405, 400, 0)
    preflight = [("origin", world.origin), ("access-control-request-method", "POST")]
    for method in (
        "HEAD",
        "OPTIONS",
        "PUT",
        "PATCH",
        "DELETE",
        "POST",
        "PROPFIND",
        "MKCOL",
        "QUERY",
        "PURGE",
        "LINK",
        "get",
        "FOO",
        "M-SEARCH",
    ):
        for headers in ([], preflight, HTML):
            for path in ("/account", "/", "/transfer"):
                answer = court.plain(path, stranger, headers, method)
                statuses = (303, 401) if method == "HEAD" and headers is HTML else (401,)
                court.attack(f"{method} {path}", answer, *statuses, *((400,) if method in UNKNOWN else ()))
                court.attack(f"{method} {path} of nobody", court.plain(path, None, headers, method), 401, 400)
    for method in ("HEAD", "OPTIONS", "POST"):
        court.attack(f"{method} over HTTP/2", court.plain2("/account", stranger, method=method), 401)
    get_with_body = [*stranger.headers(), *HTML]
    court.attack("GET with a body", request(world.port, "GET", "/account", get_with_body, b"x"), 303, 401)
    for dest in ("iframe", "image", "script", "empty", "object"):
        odd = [("accept", "text/html"), ("sec-fetch-dest", dest)]
        court.attack(f"GET for {dest}", court.plain("/account", stranger, odd), 401)


def upgrades(court: Court) -> None:
    """An upgrade needs a pass and the app's own origin: a browser sends cookies with it from any site."""
    world = court.world
    person, stranger = world.signed_in(), world.person()
    socket_ = [
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ]
    own = ("origin", world.origin)

    def sent(who: Person | None, headers: list[tuple[str, str]], path: str = "/account", method: str = "GET") -> Answer:
        every = [("host", f"localhost:{world.port}"), *(who.headers() if who else []), *headers]
        return raw(world.port, head(method, path, every), timeout=5)

    for name, origin in {
        "other": "https://evil.example",
        "null": "null",
        "empty": "",
        "longer": world.origin + ".evil.example",
    }.items():
        court.attack(f"websocket with a pass, {name} origin", sent(person, [*socket_, ("origin", origin)]), 403)
    court.attack("websocket with a pass, no origin", sent(person, socket_), 403)
    court.attack(
        "websocket with a pass, two origins", sent(person, [*socket_, own, ("origin", "https://evil.example")]), 403
    )
    court.attack(
        "websocket with a pass, same-origin only", sent(person, [*socket_, ("sec-fetch-site", "same-origin")]), 403
    )
    before = len(world.seen())
    sent(person, [*socket_, own])
    came = world.seen()[before:]
    world.wanted += len(came)
    court.hold(
        "websocket with a pass and the own origin", [one.header("upgrade") for one in came] == [["websocket"]], came
    )
    for name, who in {"stranger": stranger, "nobody": None}.items():
        court.attack(f"websocket of {name}", sent(who, [*socket_, own]), 401, 403)
        court.attack(f"websocket of {name} as page", sent(who, [*socket_, own, *HTML]), 401, 403)
        court.attack(
            f"websocket of {name} by POST", sent(who, [*socket_, own, ("content-length", "0")], method="POST"), 401, 403
        )
    for kind in ("h2c", "WebSocket, h2c", "TLS/1.0", "foo"):
        odd = [
            ("connection", "Upgrade, HTTP2-Settings"),
            ("upgrade", kind),
            ("http2-settings", "AAMAAABkAAQAAP__"),
            own,
        ]
        court.attack(f"upgrade to {kind}", sent(stranger, odd), 401, 403, 400, 405)
    exempt = [*socket_, ("origin", "https://evil.example")]
    court.attack("websocket to an exempt path, other origin", sent(None, exempt, "/static/x"), 403)
    court.attack("websocket to an exempt path, no origin", sent(None, socket_, "/static/x"), 403)
    court.attack("websocket to the gate", sent(person, [*socket_, own], "/.2fa/"), 200, 400, 403, 404, 405)
    extended = [(":protocol", "websocket")]
    answer = request2(world.port, "CONNECT", "/account", [*stranger.headers(), own], pseudo=extended)
    court.attack("websocket over HTTP/2", answer, 400, 401, 403, 405, 0)
    hidden = [("connection", "cookie"), ("connection", "x-2fa-receipt, cookie")]
    court.attack("cookie named in Connection", court.plain("/account", stranger, hidden), 401, 400)


ALL = (methods, upgrades)
