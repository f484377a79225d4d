"""Who somebody is comes from the verified token, or nothing is forwarded."""

import base64
import hashlib
import hmac
import json
import struct
from typing import Any

from client import request, request2
from court import Court
from demo.exchange import Request
from person import SESSION
from receipts import proves


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def written(head: dict[str, Any], claims: dict[str, Any], key: bytes | None) -> str:
    """A JWT with any head, signed with HMAC-SHA-256 by any key, or with nothing."""
    body = b64(json.dumps(head).encode()) + "." + b64(json.dumps(claims).encode())
    return body + "." + (b64(hmac.new(key, body.encode(), hashlib.sha256).digest()) if key is not None else "")


# A number whose eight bytes in memory are printable, as text they would be a subject.
NUMBER = struct.unpack("<d", b"AAAAAAAA")[0]

ODD_CLAIMS: tuple[tuple[str, Any], ...] = (
    ("sub", NUMBER), ("sub", 7), ("sub", None), ("sub", ""), ("sub", " "), ("sub", "a b"), ("sub", "a\n"), ("sub", "é"), ("sub", "あ"), ("sub", "a\x00b"),
    ("sub", "a" * 129), ("sub", ["u"]), ("sub", {"a": "b"}), ("sub", True), ("sub", 1.5), ("sub", "a\x7f"), ("sub", "a\r\nx-2fa-receipt: y"),
    ("phone_number", 819011112222), ("phone_number", None), ("phone_number", ""), ("phone_number", "09011112222"),
    ("phone_number", "+8109011112222"), ("phone_number", "+81 90 1111 2222"), ("phone_number", "+81901111222233344"),
    ("phone_number", "819011112222"), ("phone_number", "+８１９０１１１１２２２２"), ("phone_number", ["+819011112222"]),
    ("phone_number", "+819011112222\n"), ("phone_number", "+819011112222,+819033334444"), ("phone_number", "tel:+819011112222"),
    ("phone_number", "+0819011112222"), ("phone_number", "+"), ("phone_number", "+81"), ("phone_number", {"n": "+819011112222"}),
    ("sid", 5), ("sid", None), ("sid", ""), ("sid", "a b"), ("sid", "x" * 129), ("sid", ["s"]), ("sid", "é"), ("sid", True),
    ("cv", ["1"]), ("cv", "a b"), ("cv", "v" * 129), ("cv", "é"), ("cv", {"a": 1}), ("cv", ""),
)  # fmt: skip


def odd_claims(court: Court) -> None:
    """Signed by the right key, and still nobody. A pass that was won before does not help."""
    world = court.world
    person = world.signed_in()
    for name, value in ODD_CLAIMS:
        claims = person.claims() | {name: value}
        headers = [world.session(world.sign(claims)), person.cookie_header()]
        shown = repr(value)[:40]
        court.attack(f"{name} {shown}", request(world.port, "GET", "/account", headers), 401)
        wish = [*headers, ("accept", "application/json")]
        court.attack(f"{name} {shown} as JSON", request(world.port, "GET", "/.2fa/", wish), 401, error="identity")
    for name in ("sub", "phone_number", "sid", "cv"):
        claims = {key: value for key, value in person.claims().items() if key != name}
        headers = [world.session(world.sign(claims)), person.cookie_header()]
        court.attack(f"without {name}", request(world.port, "GET", "/account", headers), 401)


def forged_tokens(court: Court) -> None:
    """Tokens that the right key did not sign, or that are not for now."""
    world = court.world
    person = world.signed_in()
    claims, head, key = person.claims(), {"alg": "HS256", "typ": "JWT"}, b"0" * 32
    good = world.sign(claims)
    top, body, tag = good.split(".")
    other = b64(json.dumps(claims | {"sub": "root"}).encode())
    forged = {
        "wrong key": written(head, claims, key),
        "empty key": written(head, claims, b""),
        "other claims": f"{top}.{other}.{tag}",
        "no tag": f"{top}.{body}.",
        "two parts": f"{top}.{body}",
        "short tag": good[:-4],
        "expired": world.sign(claims | {"exp": 1_700_000_000}),
        "not yet": world.sign(claims | {"nbf": 4_000_000_000}),
        "other issuer": world.sign(claims | {"iss": "https://evil.example"}),
        "garbage": "x.y.z",
        "empty": "",
        "long": "a" * 20_000,
    }
    forged |= {f"alg {alg}": written({"alg": alg}, claims, None) for alg in ("none", "None", "NONE", "nOnE", "")}
    forged |= {f"alg {alg} without tag": written({"alg": alg}, claims, key) for alg in ("HS384", "RS256", "none")}
    for name, token in forged.items():
        headers = [world.session(token), person.cookie_header()]
        court.attack(name, request(world.port, "GET", "/account", headers), 401, 431)
        court.attack(f"{name} over HTTP/2", request2(world.port, "GET", "/account", headers), 401, 431)
    court.attack("no token", request(world.port, "GET", "/account", [person.cookie_header()]), 401)


def forged_headers(court: Court) -> None:
    """What a client writes into the names of the gate is gone, with a pass and without."""
    world = court.world
    person, stranger = world.signed_in(), world.person()
    receipt = world.reach(person, "/account").header("x-2fa-receipt")[0]
    names = ("x-2fa-receipt", "X-2FA-Receipt", "x-2fa-user", "x-2fa-verified", "X-2fa-", "x-2fa-pass")
    forged = [(name, value) for name in names for value in ("1", receipt)]
    for name, value in forged:
        court.attack(f"{name} without a pass", court.plain("/account", stranger, [(name, value)]), 401)
        seen = world.reach(person, "/account", [(name, value), (name, "again")])
        own = own_headers(seen)
        single = list(own) == ["x-2fa-receipt"] and len(own["x-2fa-receipt"]) == 1
        told = own["x-2fa-receipt"][0] if single else ""
        court.hold(f"{name} with a pass", proves(world.receipt_key, told, person), own)
        court.hold(f"{name} is another's proof", not proves(world.receipt_key, told, stranger), own)
        seen = world.reach(person, "/static/x", [(name, value)], status=None)
        own = own_headers(seen)
        court.hold(f"{name} to an exempt path", not own, own)
    for name in ("x_2fa_receipt", "x_2fa_user", "x-2fa_receipt", "X_2FA-receipt"):
        for path in ("/account", "/static/x"):
            before = len(world.seen())
            answer = court.plain(path, person, [(name, receipt)])
            came = world.seen()[before:]
            world.wanted += len(came)
            strange = {key for one in came for key in own_headers(one)} - {"x-2fa-receipt"}
            court.hold(f"{name} to {path}", not strange and answer.status in (200, 400, 404), (answer.status, strange))
    for name in (
        "x-original-url",
        "x-rewrite-url",
        "x-envoy-original-path",
        "x-http-method-override",
        "x-forwarded-uri",
        "x-original-uri",
    ):
        for value in ("/static/x", "/login", "OPTIONS"):
            court.attack(f"{name}: {value}", court.plain("/account", stranger, [(name, value)]), 401)
    again = [("x-2fa-receipt", receipt), ("x-2fa-pass", "1"), world.session(person.token)]
    court.attack("receipt in place of a pass", request(world.port, "GET", "/account", again), 401)


def misleading_headers(court: Court) -> None:
    """By none of these does the app hear of another path or user, nor skip a check."""
    world = court.world
    person = world.signed_in()
    for name in (
        "x-2fa.receipt",
        "x.2fa.receipt",
        "x-envoy-original-path",
        "x-forwarded-prefix",
        "x-forwarded-uri",
        "x-middleware-subrequest",
        "x-rewrite-url",
    ):
        for path in ("/account", "/static/x"):
            before = len(world.seen())
            answer = court.plain(path, person, [(name, "/account")])
            came = world.seen()[before:]
            world.wanted += len(came)
            strange = [one for one in came if one.header(name)]
            court.hold(f"{name} to {path}", not strange and answer.status in (200, 400, 404), (answer.status, strange))


def own_headers(seen: Request) -> dict[str, list[str]]:
    """The headers that an app might take for those of the gate."""
    names = {key for key, _ in seen.headers if key.replace("_", "-").startswith("x-2fa")}
    return {name: seen.header(name) for name in names}


def two_sessions(court: Court) -> None:
    """With a pass of one's own and the password of another, the other is not reached: never two users in what is forwarded."""
    world = court.world
    person, victim = world.signed_in(), world.person()
    mine, other, lower = f"{SESSION}={person.token}", f"{SESSION}={victim.token}", f"{SESSION.lower()}={victim.token}"
    bearer = f"Bearer {victim.token}"
    cookies = (
        [mine, other], [other, mine], [mine, lower], [lower, mine], [mine, f'{SESSION}="{victim.token}"'], [mine, f"{SESSION} = {victim.token}"],
        [mine, other, mine], [f"{SESSION}=x", other], [f"{SESSION}=", mine, other], [f"{SESSION}", mine, other], [f"$Version=1, {mine}, {other}"],
    )  # fmt: skip
    cases: dict[str, list[tuple[str, str]]] = {}
    for at, pair in enumerate(cookies):
        cases[f"{at}, one line"] = [("cookie", "; ".join(pair))]
        cases[f"{at}, one line without space"] = [("cookie", ";".join(pair))]
        cases[f"{at}, lines"] = [("cookie", cookie) for cookie in pair]
    for name in ("authorization", "Authorization", "proxy-authorization", "x-authorization"):
        cases[name] = [("cookie", mine), (name, bearer)]
    cases["both, twice"] = [("cookie", mine), ("authorization", f"Bearer {person.token}"), ("authorization", bearer)]
    cases["bearer only"] = [("authorization", f"Bearer {person.token}")]
    for name, headers in cases.items():
        for send in (request, request2):
            before = len(world.seen())
            answer = send(world.port, "GET", "/account", [*headers, person.cookie_header()])
            came = world.seen()[before:]
            world.wanted += len(came)
            users = [world.users_of(one) for one in came]
            court.hold(
                f"{name}, {send.__name__}", all(user == {person.subject} for user in users), (answer.status, users)
            )


def one_session(court: Court) -> None:
    """What only holds the session's name is no second session: the app is reached. With two, signing in stays possible, and a page says why all else is shut."""
    world = court.world
    person, victim = world.signed_in(), world.person()
    mine, other = f"{SESSION}={person.token}", f"{SESSION}={victim.token}"
    name = SESSION.removeprefix("__Host-")
    for cookie in (
        f"a={SESSION}; {mine}", f"{mine}; a={SESSION}", f"{SESSION}-csrf=x; {mine}", f"{mine}; {SESSION}-csrf={victim.token}",
        f"x{SESSION}=y; {mine}", f"x{SESSION}={victim.token}; {mine}", f"{name}_seen=1; {mine}", f"my{name}=1; {mine}",
    ):  # fmt: skip
        for over, send in (("HTTP/1", request), ("HTTP/2", request2)):
            before = len(world.seen())
            answer = send(world.port, "GET", "/account", [("cookie", cookie), person.cookie_header()])
            came = world.seen()[before:]
            world.wanted += len(came)
            users = [world.users_of(one) for one in came]
            reached = answer.status == 200 and users == [{person.subject}]
            court.hold(f"{cookie[:40]} over {over}", reached, (answer, users))
    both = [("cookie", f"{mine}; {other}"), person.cookie_header(), ("accept", "text/html")]
    before = len(world.seen())
    answer = request(world.port, "GET", "/login", both)
    world.wanted += len(world.seen()) - before
    court.hold("sign-in with two sessions", answer.status == 200 and len(world.seen()) == before + 1, answer)
    answer = court.attack("a page with two sessions", request(world.port, "GET", "/account", both), 403)
    court.hold("the page says so", b"Your browser sent two sessions" in answer.body, answer.body[-600:])


ALL = (odd_claims, forged_tokens, forged_headers, two_sessions, one_session)
