"""Spellings of paths that some server reads as another path: all of them towards /account, from /static, which is exempt."""

import re

from client import Answer, Text, head, raw, request2
from court import Court

PROTECTED = "account"
REFUSED = (0, 400, 401)
# Exempt paths in the one spelling that every program reads alike.
PLAIN = re.compile(
    r"/(login|logout|healthz)(\?.*)?|/static(/([A-Za-z0-9_~-]|%[2-9A-F][0-9A-F])([A-Za-z0-9._~-]|%[2-9A-F][0-9A-F])*)*/?(\?.*)?"
)

# What stands where a segment ends, or instead of one, and is read as a way up or as nothing by somebody.
DOTS = (
    "..", "%2e%2e", "%2E%2E", ".%2e", "%2e.", "%2E.", ".%2E", "..;", "..;/", "..;v=1", ";..", "%252e%252e", "%25252e%25252e",
    "...", "....", ".%20", "%20..", "..%20%20", ". .", "..%00", "..%09", "..%20", "..%0d", "..%0a", "..%0d%0a", "..%c0%ae", "%c0%ae%c0%ae", "%c0%2e%c0%2e", "%e0%80%ae%e0%80%ae",
    "%f0%80%80%ae%f0%80%80%ae", "%uff0e%uff0e", "%u002e%u002e", "%2", "%", "%zz", "%2g", "..%ff", "..%c1%9c", "..%5c", "..%255c",
)  # fmt: skip
SLASHES = (
    "%2f", "%2F", "%5c", "%5C", "%252f", "%252F", "%255c", "%25%32%66", "%%32%66", "%25%35%63", "%c0%af", "%c1%9c", "%c0%2f",
    "%e0%80%af", "%f0%80%80%af", "%uff0f", "%u2215", "%u2216", "\\", "/\\", "\\/", "//", "///", "/.//", "/;/", ";/", "%3b/", "%3B/",
)  # fmt: skip
SEGMENTS = (
    "/static/./",
    "/./static/../",
    "/static/.//",
    "/static//../",
    "/static/%2e/../",
    "/static/x/../../",
    "/static/./../",
)
MARKS = (
    "%00", "%01", "%09", "%0a", "%0d", "%0d%0a", "%1f", "%20/..", "%7f", "%61%", "%", "%6", "%6g", ";", ";a=b", "%3b", "%3Ba=b",
    "%2525", "%e3%81%82%2f", "%ff", "%c3%28", "%ed%a0%80",
)  # fmt: skip
# Escapes of letters that need none, and the name under which the app would know them.
UNRESERVED = (
    "%61ccount",
    "accoun%74",
    "%41ccount",
    "ac%63ount",
    "acc%6Funt",
    "acc%6funt",
    "%61%63%63%6f%75%6e%74",
    "account%2d",
    "account%7e",
)
BYTES = (
    b"/static/..\xc0\xaf" + PROTECTED.encode(), b"/static/\xff", b"/static/\xe3\x81\x82", b"/\xef\xbc\x8e\xef\xbc\x8e/account",
    b"/static/..\x00/account", b"/static/\x01", b"/static/\x0b../account", b"/static/\x7f", b"/static\x0c/../account", b"/\xc2\xa0account",
    b"/static/\xe2\x88\x95..\xe2\x88\x95account", b"/st\x80atic/../account",
)  # fmt: skip


def doubtful() -> list[str]:
    """Targets that must be refused whoever asks, since two programs may read two paths in them."""
    found = [f"/static/{dots}/{PROTECTED}" for dots in DOTS]
    found += [f"/static{slash}..{slash}{PROTECTED}" for slash in SLASHES]
    found += [f"/static/..{slash}{PROTECTED}" for slash in SLASHES]
    found += [f"/static/x{slash}{PROTECTED}" for slash in SLASHES]
    found += [f"{segments}{PROTECTED}" for segments in SEGMENTS]
    found += (
        [f"/static/a{mark}" for mark in MARKS]
        + [f"/login{mark}" for mark in MARKS]
        + [f"/{PROTECTED}{mark}" for mark in MARKS]
    )
    found += [f"/{name}" for name in UNRESERVED] + [f"/static/../{name}" for name in UNRESERVED]
    found += [f"/static/.{tail}" for tail in ("", "/", "./", ".", "./..", "./../")]
    found += [
        f"//{PROTECTED}",
        f"/static//{PROTECTED}",
        "/static//",
        "//static/x",
        "//evil.example/static/x",
        "///",
        "/login//",
        "/login/..",
        "/.",
    ]
    found += [
        "/..",
        "/.2fa/../account",
        "/.2fa//",
        "/.2fa/%2e%2e/account",
        "/%2e2fa/",
        "/.2f%61/",
        "/.2fa/./",
        "/.2fa;/",
        "/.2fa\\",
    ]
    found += [
        f"/static/..?/{PROTECTED}",
        f"/static/%2e%2e?a=/{PROTECTED}",
        "/static/..#",
        f"/login#/../{PROTECTED}",
        "/static/%23/%2e",
    ]
    return list(dict.fromkeys(found))


# Not exempt, however much they resemble what is: they need identity and a pass.
UNLISTED = (
    "/Static/x", "/STATIC/x", "/staticx", "/static-x/y", "/static.html", "/LOGIN", "/Login", "/login/", "/login/x", "/loginx", "/login.",
    "/login..", "/healthz/", "/healthz.", "/static.", "/static..", "/static../account", "/x/static/y", "/x/login", "/account?/static/",
    "/account?x=/login", "/?/login", "/account.", "/account..", "/account/...", "/.../account", "/account/.well-known", "/..static/x",
    "/account?%2e%2e", "/account?a=%00", "/account?a=../../static/", "/account?//", "/account&/static", "/account,/static", "/account:80",
    "/account@/static", "/account/~", "/account/%E3%81%82", "/account!", "/~static/x", "/.2fax", "/.2fa.", "/.2fa-x", "/2fa/", "/.2FA/", "/.2Fa/start",
)  # fmt: skip
# Under the gate, and nothing there.
NOTHING = (
    "/.2fa/x",
    "/.2fa/account",
    "/.2fa/start/",
    "/.2fa/start/x",
    "/.2fa/static/x",
    "/.2fa/verify.",
    "/.2fa/login",
    "/.2fa/Start",
)


# Signs that a path may hold plainly, and that a server may also read from an escape.
SIGNS = "!$&'()+,=:@"
# Places of `step_up` within an exempt tree: no spelling of one may be taken for the rest of the tree.
STEPS = {
    "gate": {
        "exempt": {"paths": ["/login", "/logout", "/healthz"], "under": ["/v1", "/static"]},
        "step_up": {"paths": [*(f"/v1/pay{sign}send" for sign in SIGNS), "/v1/transfer", "/v1/%E3%82%AC%E3%82%B9"]},
    }
}
# What applications, frameworks and file systems read as `/v1/transfer`.
ALIKE = (
    "/v1/transfer", "/v1/Transfer", "/v1/TRANSFER/1?a=b", "/v1/transfer%20", "/v1/%20transfer", "/v1/transfer%C2%A0", "/v1/transfer.", "/v1/transfer+",
    "/v1/trans%E2%80%8Bfer", "/v1/tran%C5%BFfer", "/v1/%EF%BD%94ransfer", "/v1/transfer::$DATA", "/v1/transfer%3A%3A%24DATA", "/v1/transfer%3a%3a%24data",
    "/v1/tra%CC%80nsfer", "/v1/transfer.json", "/v1/transfer.xml/1", "/v1/index.php/transfer", "/index.php/v1/transfer", "/v1/%E3%82%AC%E3%82%B9", "/v1/%E3%82%AB%E3%82%99%E3%82%B9", "/v1/transfer;a=b", "/v1/transfer%3Ba=b",
)  # fmt: skip


def step_up_spellings(court: Court) -> None:
    """No spelling of a place that needs a recent code is exempt, whatever else its tree is."""
    stranger, world = court.world.person(), court.world
    world.reach(stranger, "/v1/other", status=404)
    world.reach(stranger, "/v1/pay", status=404)
    targets = [*ALIKE, "/v1/PAY:send", "/v1/pay:send/1"]
    for sign in SIGNS:
        hexadecimal = f"%{ord(sign):02X}"
        targets += [f"/v1/pay{spelled}send" for spelled in (sign, hexadecimal, hexadecimal.lower())]
    for target in dict.fromkeys(targets):  # Some escapes have no letters.
        for method in ("GET", "POST"):
            for send in (court.plain, court.plain2):
                answer = send(target, stranger, (), method)
                court.attack(f"{method} {target}, {send.__name__}", answer, 401, 400)


def spellings(court: Court) -> None:
    """Nobody needs a doubtful spelling: it is 400 with a pass, without, and over HTTP/2 as well."""
    person, stranger = court.world.signed_in(), court.world.person()
    for target in doubtful():
        for who, whose in (("stranger", stranger), ("passed", person)):
            court.attack(f"{target} by {who}", court.plain(target, whose), 400)
        court.attack(f"{target} over HTTP/2", court.plain2(target, person), 400, 0)
    for odd in BYTES:
        court.attack(f"{odd!r}", court.plain(odd, person), 400, 0)
        court.attack(f"{odd!r} over HTTP/2", court.plain2(odd, person), 400, 0)


def as_shipped(court: Court) -> None:
    """Behind Envoy's own rules some spellings are another path: what comes through to the app is then an exempt one, plainly."""
    stranger, world = court.world.person(), court.world
    every: list[Text] = [*doubtful(), *BYTES]
    for target in every:
        for send in (court.plain, court.plain2):
            before = len(world.seen())
            answer = send(target, stranger)
            came = world.seen()[before:]
            world.wanted += len(came)
            plain = [one.target for one in came if not PLAIN.fullmatch(one.target)]
            court.hold(
                f"{target!r}, {send.__name__}",
                not plain and answer.status in (*REFUSED, 404, 200, 303),
                (answer, plain),
            )


def resemblances(court: Court) -> None:
    """What only resembles an exempt path is protected."""
    stranger, person = court.world.person(), court.world.signed_in()
    for target in UNLISTED:
        court.attack(f"{target} without a pass", court.plain(target, stranger), 401, 400)
        court.attack(f"{target} without identity", court.plain(target, None), 401, 400)
    for target in NOTHING:
        court.attack(target, court.plain(target, person), 404)


def forms_of_target(court: Court) -> None:
    """Targets that are no path: absolute, of another host, of authority form, `*`, or none."""
    stranger, port = court.world.person(), court.world.port
    host = f"localhost:{port}"

    def sent(method: str, target: Text, own: str = host) -> Answer:
        return raw(port, head(method, target, [("host", own), ("connection", "close"), *stranger.headers()]))

    for target in (
        f"http://{host}/account",
        "http://evil.example/account",
        f"http://{host}/.2fa/../account",
        "https://evil.example:1/account",
    ):
        court.attack(f"GET {target}", sent("GET", target), 400, 401, 403, 404)
    for target in (f"http://{host}/static/../account", f"http://{host}//account", f"http://{host}/%2e%2e/account"):
        court.attack(f"GET {target}", sent("GET", target), 400, 401)
    for method in ("GET", "OPTIONS", "POST"):
        court.attack(f"{method} *", sent(method, "*"), 400, 401, 404, 405)
    for target in (
        "",
        "account",
        "?",
        "/static/x\t/account",
        "http:",
        "http:///account",
        "static/../account",
        ":80",
        "//",
    ):
        court.attack(f"GET {target!r}", sent("GET", target), 400, 401, 404, 0)
    for own in ("", "evil.example", "localhost:1", "static", "a b", "localhost\x00"):
        court.attack(f"host {own!r}", sent("GET", "/account", own), 400, 401, 404, 0)
    two = [("host", host), ("host", "evil.example"), ("connection", "close"), *stranger.headers()]
    court.attack("two hosts", raw(port, head("GET", "/account", two)), 400, 401)
    own_head = [("host", host), ("connection", "close"), *stranger.headers()]
    for version in ("HTTP/1.0", "HTTP/0.9", "HTTP/1.2", "HTTP/2.0", "HTTP/3", "http/1.1", ""):
        court.attack(
            f"version {version!r}", raw(port, head("GET", "/account", own_head, version)), 400, 401, 426, 505, 0
        )
    plain = head("GET", "/account", own_head)
    for name, data in {
        "folded header": plain[:-2] + b"x-a: b\r\n c: d\r\n\r\n",
        "space before the colon": plain[:-2] + b"cookie : a=b\r\n\r\n",
        "no name": plain[:-2] + b": a\r\n\r\n",
        "no colon": plain[:-2] + b"cookie\r\n\r\n",
        "NUL in a name": plain[:-2] + b"x\x00a: b\r\n\r\n",
        "bare LF": plain.replace(b"\r\n", b"\n"),
        "bare CR": plain[:-2] + b"x-a: b\rcookie: c=d\r\n\r\n",
        "empty line first": b"\r\n" + plain,
        "two spaces": plain.replace(b"GET /account", b"GET  /account"),
        "tab": plain.replace(b"GET /account", b"GET\t/account"),
        "many headers": plain[:-2] + b"".join(b"x-%d: a\r\n" % at for at in range(200)) + b"\r\n",
        "large header": plain[:-2] + b"x-a: " + b"b" * 100_000 + b"\r\n\r\n",
    }.items():
        court.attack(name, raw(port, data), 400, 401, 431, 0)
    for pseudo in (
        [(":path", "/static/x")],
        [(":method", "GET")],
        [(":authority", "evil.example")],
        [(":status", "200")],
        [(":odd", "x")],
    ):
        court.attack(
            f"HTTP/2 with {pseudo[0][0]} again", request2(port, "GET", "/account", [], pseudo=pseudo), 400, 401, 0
        )


ALL = (spellings, resemblances, forms_of_target)
