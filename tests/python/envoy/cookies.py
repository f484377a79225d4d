"""Cookies that were not set, or not for this: changed, copied, doubled, outlived."""

import base64
from urllib.parse import quote

from client import Answer, Text, request, request2
from court import Court
from person import CHALLENGE, PASS, Person

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def changed(value: str) -> dict[str, str]:
    """A cookie with one change: each letter in turn, its ends, its spelling."""
    made = {}
    for at, letter in enumerate(value):
        other = ALPHABET[(ALPHABET.find(letter) + 1) % 64]
        made[f"letter {at}"] = value[:at] + other + value[at + 1 :]
    for length in {0, 1, 2, 8, 16, len(value) // 2, len(value) - 4, len(value) - 2, len(value) - 1}:
        made[f"first {length}"] = value[:length]
    for tail in ("A", "AA", "AAAA", "=", "==", ".", "%3d", " x", '"', value, "\t", "\u00e9"):
        made[f"{tail[:8]!r} behind"] = value + tail
    made |= {
        "A before": "A" + value,
        "in quotes": f'"{value}"',
        "escaped": "".join(f"%{ord(letter):02x}" for letter in value),
    }
    made |= {"lower case": value.lower(), "upper case": value.upper(), "reversed": value[::-1]}
    made |= {
        "other alphabet": base64.b64encode(base64.urlsafe_b64decode(value.rstrip("=") + "===")[:45]).decode()
        + value[60:]
    }
    made |= {"long": "A" * 6000, "zeros": "A" * len(value), "one letter": "A", "JSON": '{"sub":"root"}', "true": "true"}
    return {name: one for name, one in made.items() if one != value}


def changed_passes(court: Court) -> None:
    person = court.world.signed_in()
    for name, value in changed(person.cookies[PASS]).items():
        if value.strip(" \t") == person.cookies[PASS]:
            continue  # The same value, as it may be written around.
        court.attack(f"pass, {name}", with_pass(court, person, value), 401)
    for value in (person.cookies.get(CHALLENGE, ""), challenge_of(court)):
        court.attack("challenge as pass", with_pass(court, person, value), 401)
    receipt = court.world.reach(person, "/account").header("x-2fa-receipt")[0]
    court.attack("receipt as pass", with_pass(court, person, receipt), 401)
    court.attack("session as pass", with_pass(court, person, person.token), 401)


def challenge_of(court: Court) -> str:
    other = court.world.person()
    other.start()
    return other.cookies[CHALLENGE]


def with_pass(court: Court, person: Person, value: str, name: str = PASS) -> Answer:
    headers: list[tuple[Text, Text]] = [
        court.world.session(person.token),
        ("cookie", f"{name}={value}".encode("latin-1")),
    ]
    return request(court.world.port, "GET", "/account", headers)


def changed_challenges(court: Court) -> None:
    """With another challenge cookie the right PIN is no right PIN."""
    world = court.world
    person = world.person()
    person.start()
    good, pin = dict(person.cookies), person.pin()
    changes = changed(good[CHALLENGE])
    for name in [name for name in changes if not name.startswith("letter ") or int(name[7:]) % 7 == 0]:
        value = changes[name]
        if value.strip(" \t") == good[CHALLENGE] or not value.isascii():
            continue
        person.cookies = {CHALLENGE: value}
        answer = person.verify(pin)
        court.attack(f"challenge, {name}", answer, 400, 401, 403, 409, 410, 422)
        court.hold(f"challenge, {name}: no pass", PASS not in answer.cookies(), answer.headers)
    passed = world.signed_in()
    person.cookies = {CHALLENGE: passed.cookies[PASS]}
    court.attack("pass as challenge", person.verify(pin), 400, 401, 403, 409, 410, 422)
    person.cookies = good
    court.hold("the challenge itself", person.verify(pin).status == 200)


def doubled(court: Court) -> None:
    """Two cookies of a name are none, however they are written."""
    world = court.world
    person, other = world.signed_in(), world.signed_in()
    good, session = person.cookies[PASS], court.world.session(person.token)
    cases = {
        "same twice": [("cookie", f"{PASS}={good}; {PASS}={good}")],
        "other first": [("cookie", f"{PASS}={other.cookies[PASS]}; {PASS}={good}")],
        "other last": [("cookie", f"{PASS}={good}; {PASS}={other.cookies[PASS]}")],
        "empty first": [("cookie", f"{PASS}=; {PASS}={good}")],
        "empty last": [("cookie", f"{PASS}={good}; {PASS}=")],
        "two lines": [("cookie", f"{PASS}={good}"), ("cookie", f"{PASS}={good}")],
        "two lines, wrong last": [("cookie", f"{PASS}={good}"), ("cookie", f"a=b; {PASS}=x")],
        "two lines, wrong first": [("cookie", f"{PASS}=x; a=b"), ("cookie", f"{PASS}={good}")],
        "without space": [("cookie", f"{PASS}={good};{PASS}={good}")],
        "tab": [("cookie", f"{PASS}={good};\t{PASS}={good}")],
    }
    for name, headers in cases.items():
        court.attack(f"pass, {name}", request(world.port, "GET", "/account", [session, *headers]), 401)
        court.attack(f"pass, {name} over HTTP/2", request2(world.port, "GET", "/account", [session, *headers]), 401)
    for name in (
        PASS.lower(),
        PASS.upper(),
        PASS[7:],
        f"__Secure-{PASS[7:]}",
        f"x{PASS}",
        f"{PASS}x",
        quote(PASS, safe="").replace("_", "%5F"),
    ):
        court.attack(f"pass as {name}", with_pass(court, person, good, name), 401)
    for around in (
        f'$Version=1; {PASS}="{good}"; $Path=/',
        f"a={PASS}={good}",
        f'a="; {PASS}x={good}',
        f"{PASS} ={good}x",
        f"{PASS}:{good}",
    ):
        court.attack(
            f"cookie {around[:20]}", request(world.port, "GET", "/account", [session, ("cookie", around)]), 401
        )
    waiting = world.person()
    waiting.start()
    pin, mark = waiting.pin(), waiting.cookies[CHALLENGE]
    del waiting.cookies[CHALLENGE]
    for name, value in {"same twice": f"{mark}; {CHALLENGE}={mark}", "empty last": f"{mark}; {CHALLENGE}="}.items():
        waiting.cookies = {CHALLENGE: value}
        answer = waiting.verify(pin)
        court.attack(f"challenge, {name}", answer, 400, 401, 403, 409, 410, 422)
    split = [("cookie", f"{PASS}={good}"), session]
    one, crumbs = request(world.port, "GET", "/account", split), request2(world.port, "GET", "/account", split)
    court.hold("one pass in its own line is one", one.status == 200)
    court.hold("crumbs of HTTP/2 are one header", crumbs.status == 200)
    world.wanted += [one.status, crumbs.status].count(200)


def borrowed(court: Court) -> None:
    """A pass is of one subject, phone, session and credential version."""
    world = court.world
    person = world.signed_in(version="7")
    own = {"subject": person.subject, "phone": person.phone, "session": person.session, "version": "7"}
    others = {
        "another session": own | {"session": "other"},
        "another phone": own | {"phone": world.person().phone},
        "another credential version": own | {"version": "8"},
        "another subject": own | {"subject": person.subject + "x"},
        "subject in upper case": own | {"subject": person.subject.upper()},
        "another person": {},
        "fields moved": own | {"subject": person.subject + person.session[:1], "session": person.session[1:]},
    }
    for name, who in others.items():
        thief = world.person(**who)
        thief.cookies = dict(person.cookies)
        court.attack(f"pass with {name}", court.plain("/account", thief), 401)
        court.attack(f"pass with {name} over HTTP/2", court.plain2("/account", thief), 401)
        court.hold(f"pass with {name} is not done", thief.step().json().get("step") != "done")
    again = world.person(**own)
    again.cookies = dict(person.cookies)
    world.reach(again, "/account")


def ended(court: Court) -> None:
    """A pass ends with the logout, and every copy with it; and with the process."""
    world = court.world
    person, other = world.signed_in(), world.signed_in()
    copy = world.person(subject=person.subject, phone=person.phone, session=person.session)
    copy.cookies = dict(person.cookies)
    world.reach(copy, "/account")
    person.step()
    court.hold("logout", person.press("logout").status in (200, 303))
    for turn in range(8):  # Whichever worker answers.
        court.attack(f"copy after logout, {turn}", court.plain("/account", copy), 401)
    world.reach(other, "/account")
    waiting = world.person()
    waiting.start()
    world.restart()
    court.attack("pass of another process", court.plain("/account", other), 401)
    answer = waiting.verify(waiting.pin())
    court.attack("challenge of another process", answer, 400, 401, 403, 409, 410, 422)
    court.hold("no pass by it", PASS not in answer.cookies())


def kept(court: Court) -> None:
    """The gate's own cookies reach no app, however they are sent; all others do."""
    world = court.world
    person = world.signed_in()
    mine = f"{PASS}={person.cookies[PASS]}"
    lines = ([f"a=b; {mine}; c=d"], ["a=b", mine, "c=d"], [f"{mine};{CHALLENGE}=x", "a=b;c=d"])
    for cookies in lines:
        for send in (request, request2):
            headers: list[tuple[Text, Text]] = [world.session(person.token), *(("cookie", one) for one in cookies)]
            before = len(world.seen())
            answer = send(world.port, "GET", "/account", headers)
            came = world.seen()[before:]
            world.wanted += len(came)
            told = "; ".join(value for one in came for value in one.header("cookie"))
            wanted = "__Host-2fa-" not in told and "a=b; c=d" in told and person.token in told
            court.hold(f"{cookies}, {send.__name__}", wanted and answer.status == 200, (answer.status, told))


def used(court: Court) -> None:
    """A challenge gives one pass."""
    world = court.world
    person = world.person()
    person.start()
    pin, before = person.pin(), dict(person.cookies)
    person.verify(pin)
    person.cookies, csrf = before, person.csrf
    answer = person.verify(pin)
    court.attack("a challenge again", answer, 400, 401, 403, 409, 410, 422)
    court.hold("no second pass", PASS not in answer.cookies(), (answer, csrf))


ALL = (changed_passes, changed_challenges, doubled, borrowed, used, ended)
