"""Bodies, what comes after them, and bytes: nothing is forwarded before it is decided, and nothing breaks the filter."""

import socket

from client import Wire, chunked, form, head, raw, request, request2
from court import Court
from person import CHALLENGE, PASS

LAST = [("x-trailer", "1"), ("x-2fa-receipt", "1"), ("cookie", f"{PASS}=x")]
CHUNKS = ("transfer-encoding", "chunked")


def trailers(court: Court) -> None:
    """A body that ends with trailers has no mark of its end: it must not slip upstream."""
    world = court.world
    stranger, waiting = world.person(), world.person()
    waiting.start()
    for path in ("/account", "/transfer", "/.2fa/verify", "/.2fa/start", "/.2fa/x", "/%2e%2e/account"):
        for name, who in {"stranger": stranger, "nobody": None}.items():
            every = [
                ("host", f"localhost:{world.port}"),
                ("connection", "close"),
                *(who.headers() if who else []),
                *world.own_page(),
            ]
            one = raw(world.port, head("POST", path, [*every, CHUNKS]) + chunked(b"a=b", trailers=LAST))
            court.attack(f"trailers to {path} by {name}", one, 401, 400, 403, 404)
            headers = [*(who.headers() if who else []), *world.own_page()]
            two = request2(world.port, "POST", path, headers, b"a=b", trailers=LAST)
            court.attack(f"trailers to {path} by {name} over HTTP/2", two, 401, 400, 403, 404)
            bare = request2(world.port, "POST", path, headers, trailers=LAST)
            court.attack(f"only trailers to {path} by {name}", bare, 401, 400, 403, 404)
    fields = form(csrf=waiting.csrf, pin=waiting.wrong_pin())
    headers = [*waiting.headers(), *world.own_page(), ("accept", "application/json")]
    answer = request2(world.port, "POST", "/.2fa/verify", headers, fields, trailers=LAST)
    court.attack("wrong PIN with trailers over HTTP/2", answer, 400, 401, 403, 422, error="wrong-pin")
    every = [("host", f"localhost:{world.port}"), ("connection", "close"), *headers, CHUNKS]
    answer = raw(world.port, head("POST", "/.2fa/verify", every) + chunked(fields[:9], fields[9:], trailers=LAST))
    court.attack("wrong PIN with trailers", answer, 400, 401, 403, 422, error="wrong-pin")
    fields = form(csrf=waiting.csrf, pin=waiting.pin())
    answer = request2(world.port, "POST", "/.2fa/verify", headers, fields, trailers=LAST)
    court.attack("right PIN with trailers", answer, 200, 303)
    court.hold("right PIN with trailers is a pass", PASS in answer.cookies(), answer)
    court.attack(
        "trailers to logout", request2(world.port, "POST", "/.2fa/logout", headers, b"csrf=x", trailers=LAST), 403
    )


def passed_trailers(court: Court) -> None:
    """With a pass the app gets the whole body, and no receipt from a trailer."""
    world = court.world
    person = world.signed_in()
    for send in (1, 2):
        before = len(world.seen())
        headers = [*person.headers(), ("content-type", "text/plain")]
        if send == 1:
            every = [("host", f"localhost:{world.port}"), ("connection", "close"), *headers, CHUNKS]
            raw(world.port, head("POST", "/account", every) + chunked(b"a=b", trailers=LAST))
        else:
            request2(world.port, "POST", "/account", headers, b"a=b", trailers=LAST)
        came = world.seen()[before:]
        world.wanted += len(came)
        strange = [name for one in came for name, _ in one.trailers if name.startswith("x-2fa")]
        whole = len(came) == 1 and came[0].body == b"a=b" and len(came[0].header("x-2fa-receipt")) == 1
        court.hold(f"trailers with a pass over HTTP/{send}", whole and not strange, came)


def lengths(court: Court) -> None:
    """Bodies in pieces, too long, cut short, and of two lengths."""
    world, port = court.world, court.world.port
    stranger, waiting = world.person(), world.person()
    waiting.start()
    own = [("host", f"localhost:{port}"), *waiting.headers(), *world.own_page(), ("accept", "application/json")]
    top = head("POST", "/.2fa/verify", [*own, ("transfer-encoding", "chunked")])
    fields = form(csrf=waiting.csrf, pin=waiting.wrong_pin())
    pieces = chunked(*(fields[at : at + 1] for at in range(len(fields))))
    court.attack("letter by letter", raw(port, top + pieces), 400, 401, 403, 422, error="wrong-pin")
    for size in (8 * 1024 + 1, 60_000, 70_000, 2_000_000):
        body = fields + b"&a=" + b"b" * (size - len(fields) - 3)
        court.attack(f"{size} bytes", request(port, "POST", "/.2fa/verify", own[1:], body), 413, 0)
        court.attack(
            f"{size} bytes in chunks",
            raw(port, top + chunked(*(body[at : at + 9000] for at in range(0, size, 9000)))),
            413,
        )
        court.attack(
            f"{size} bytes by a stranger",
            court.plain("/account", stranger, [("content-length", str(size))], "POST"),
            401,
            413,
        )
    huge = raw(port, head("POST", "/.2fa/verify", [*own, ("content-length", "99999999999")]) + b"a" * 9000)
    court.attack("said to be huge", huge, 413)
    for name, line in {
        "both": [("transfer-encoding", "chunked"), ("content-length", "5")], "two lengths": [("content-length", "1"), ("content-length", "2")],
        "negative": [("content-length", "-1")], "not a number": [("content-length", "0x10")], "two codings": [("transfer-encoding", "gzip, chunked")],
        "odd coding": [("transfer-encoding", "chunked\x0b")], "identity": [("transfer-encoding", "identity")], "spaced": [("transfer-encoding ", "chunked")],
    }.items():  # fmt: skip
        smuggled = (
            head("POST", "/.2fa/verify", [*own, *line]) + b"0\r\n\r\nGET /account HTTP/1.1\r\nhost: localhost\r\n\r\n"
        )
        court.attack(f"length {name}", raw(port, smuggled, timeout=5), 400, 401, 403, 411, 413, 415, 422, 501)
    for name, data in {
        "bad chunk": b"zz\r\n", "chunk of -1": b"-1\r\n\r\n", "chunk extension": b"0;a=" + b"b" * 70_000 + b"\r\n\r\n", "bare LF": b"3\na=b\n0\n\n",
    }.items():  # fmt: skip
        court.attack(name, raw(port, top + data, timeout=5), 400, 401, 403, 413, 415, 422, 0)
    with Wire(port) as wire:  # The rest never comes.
        wire.send(head("POST", "/.2fa/verify", [*own, ("content-length", str(len(fields)))]) + fields[:-1])
        wire.socket.shutdown(socket.SHUT_WR)
        court.attack("cut short", wire.answer(), 0, 400, 408)
    with Wire(port) as wire:
        for turn in range(3):
            wire.send(head("GET", "/account", [("host", f"localhost:{port}"), *stranger.headers()]))
            court.attack(f"pipelined {turn}", wire.answer(), 401)
    court.hold("still usable", waiting.verify(waiting.pin()).status == 200)


def odd_bytes(court: Court) -> None:
    """Bytes that are no text, wherever a client can write."""
    world, port = court.world, court.world.port
    person, stranger = world.signed_in(), world.person()
    odd = (
        b"\xff",
        b"\xc3\x28",
        b"\xed\xa0\x80",
        b"\x80" * 40,
        b"a\xf0\x9f",
        b"\xfe\xff",
        b"\x01",
        b"\x1b[31m",
        b"\xe3\x81\x82",
    )
    for value in odd:
        for name in (
            b"x-odd",
            b"accept",
            b"accept-language",
            b"origin",
            b"referer",
            b"user-agent",
            b"sec-fetch-site",
            b"content-type",
            b"x-2fa-receipt",
        ):
            court.attack(f"{name!r}: {value!r}", court.plain("/account", stranger, [(name, value)]), 401, 400)
            court.attack(f"{name!r}: {value!r} to the gate", court.plain("/.2fa/", stranger, [(name, value)]), 200, 400)
        cookies = (b"a=" + value, value + b"=a", PASS.encode() + b"=" + value, CHALLENGE.encode() + b"=" + value, value)
        for cookie in cookies:
            for path in ("/account", "/.2fa/"):
                answer = court.plain(path, stranger, [("cookie", cookie)])
                court.attack(
                    f"cookie {cookie!r} to {path}", answer, *((401, 400) if path == "/account" else (200, 400, 401))
                )
                if min(cookie) >= 0x20:  # For a control Envoy ends the connection, after a second.
                    answer = request2(port, "GET", path, [*stranger.headers(), ("cookie", cookie)])
                    statuses = (401, 400, 0) if path == "/account" else (200, 401, 400, 0)
                    court.attack(f"cookie {cookie!r} to {path} over HTTP/2", answer, *statuses)
        body = b"csrf=" + value + b"&pin=" + value
        answer = request(port, "POST", "/.2fa/verify", [*stranger.headers(), *world.own_page()], body)
        court.attack(f"body {value!r}", answer, 400, 403)
    for value in (b"\x01", b"\x00", b"\r\na: b"):
        answer = request2(port, "GET", "/account", [*stranger.headers(), ("x-odd", value)])
        court.attack(f"{value!r} over HTTP/2", answer, 400, 0)
    world.reach(person, "/account", [("cookie", b"a=\xff")])


ALL = (trailers, passed_trailers, lengths, odd_bytes)
