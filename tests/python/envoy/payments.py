"""Payments that the app asks a user to confirm: another amount, another user, once more, too late, or none at all."""

import secrets
import time
from urllib.parse import urlencode

from client import Answer, request
from court import Court
from notation import b64, mac, opt, text, u32, written_key
from person import Person
from receipts import proves
from world import Ground, keygen

PLACE = "/transfer/7?done"
PAID = {"amount": "1200", "currency": "JPY", "payee": "Bob Smith"}


class Till:
    """The app's side: it signs payments, from wit/SPEC.md alone, and checks the receipts that come back."""

    def __init__(self, world: Ground) -> None:
        self.world = world
        written = keygen("--request-for", "shop", "--test", environment=world.environment)
        world.secrets.add(written)
        self.key = written_key(written, "x2fu1_")

    def sign(self, person: Person, *, ago: int = 0, key: bytes | None = None, **other: str) -> str:
        """A request for the payment, with other fields of payment or user."""
        paid = {name: other.get(name, value) for name, value in PAID.items()}
        body = b"\x18" + secrets.token_bytes(16) + u32(int(time.time()) - ago) + b"".join(map(text, paid.values()))
        user = text(other.get("subject", person.subject)) + opt(text(other.get("session", person.session)))
        signed: str = b64(body + mac(key or self.key, text("xoxzo-2fa step-up request") + user + body))
        return signed

    def path(self, spelling: str, place: str = PLACE) -> str:
        """Where the app sends a browser."""
        return "/.2fa/step-up?" + urlencode({"request": spelling, "return_to": place})

    def ask(self, person: Person, spelling: str, place: str = PLACE, method: str = "GET") -> Answer:
        return person.ask(method, self.path(spelling, place))

    def confirm(self, person: Person) -> None:
        """Types the code of the payment, which the message names."""
        answer = person.press("start")
        assert answer.status == 200 and answer.json()["payment"] == PAID, answer
        message = self.world.sandbox.inbox(person.phone)[-1]["body"]
        assert "1,200 JPY" in message and "Bob Smith" in message, message
        done = person.verify(person.pin())
        assert done.json() == {"step": "done", "return_to": PLACE}, done

    def told(self, person: Person, place: str = PLACE, method: str = "GET") -> str:
        """The receipt that the app gets with a request."""
        before = len(self.world.seen())
        request(self.world.port, method, place, person.headers())
        came = self.world.seen()[before:]
        self.world.wanted += len(came)
        found = [value for one in came for value in one.header("x-2fa-receipt")]
        assert len(came) == 1 and len(found) == 1, (place, came)
        return found[0]

    def proves(self, told: str, person: Person, **other: str) -> bool:
        return proves(self.world.receipt_key, told, person, PAID | other)


def confirmed(court: Court) -> None:
    """The receipt names what was signed and shown, at the one place and once."""
    till, person = Till(court.world), court.world.signed_in()
    shown = till.ask(person, till.sign(person))
    court.hold("the payment is shown", shown.json().get("payment") == PAID, shown)
    till.confirm(person)
    for place, method in (("/account", "GET"), ("/transfer/7", "GET"), ("/transfer/8?done", "GET"), (PLACE, "HEAD")):
        told = till.told(person, place, method)
        court.hold(f"{method} {place} has no payment", not till.proves(told, person), told)
    copy = court.world.person(subject=person.subject, phone=person.phone, session=person.session)
    copy.cookies = dict(person.cookies)
    told = till.told(person)
    court.hold("the payment is told", till.proves(told, person), told)
    for name, value in (("amount", "1201"), ("currency", "KRW"), ("payee", "Bob Smyth")):
        court.hold(f"another {name} is not", not till.proves(told, person, **{name: value}), told)
    court.hold("nor another user", not till.proves(told, court.world.person()), told)
    for who in (person, copy):
        again = till.told(who)
        court.hold("it is told once", not till.proves(again, person), again)


def forged(court: Court) -> None:
    """Requests that the app did not sign, or not for this user, or not now."""
    till, person, other = Till(court.world), court.world.signed_in(), court.world.signed_in()
    good = till.sign(person)
    at = len(good) // 3
    requests = {
        "altered": good[:at] + ("B" if good[at] == "A" else "A") + good[at + 1 :],
        "cut": good[:-4],
        "another key": till.sign(person, key=secrets.token_bytes(32)),
        "another user's": till.sign(other),
        "another session's": till.sign(person, session=other.session),
        "expired": till.sign(person, ago=60),
        "from the future": till.sign(person, ago=-3600),
        "none": "",
    }
    for name, spelling in requests.items():
        # A clock that is ahead is nobody's fault here.
        status = 503 if name == "from the future" else 403
        court.attack(f"request {name}", till.ask(person, spelling), status)
    for amount in ("1e9", "-5", "12.5", "1,200", ""):
        court.attack(f"amount {amount}", till.ask(person, till.sign(person, amount=amount)), 400)
    for place in ("//evil.example", "https://evil.example/", "/static/x", "/login", "/.2fa/", "/a/../b", "x", ""):
        court.attack(f"back to {place}", till.ask(person, good, place), 400, 403)
    for method in ("HEAD", "POST", "PUT"):
        court.attack(f"request by {method}", till.ask(person, good, method=method), 403, 404, 405)
    court.hold("none of them was shown", "payment" not in person.step().json(), person.step())
    court.hold("the control is taken", till.ask(person, good).status == 200)
    court.attack("request once more", till.ask(person, good), 403, error="used")
    till.confirm(person)
    court.attack("request after its payment", till.ask(person, good), 403, error="used")


def exchanged(court: Court) -> None:
    """The code and the confirmation of one payment or user do nothing for another."""
    till, person, other = Till(court.world), court.world.signed_in(), court.world.signed_in()
    till.ask(person, till.sign(person))
    person.press("start")
    pin = person.pin()
    till.ask(person, till.sign(person, amount="999999"))
    answer = person.verify(pin)
    court.attack("code of another amount", answer, 422)
    court.hold("no confirmation by it", "__Host-2fa-payment" not in person.cookies, person.cookies)
    winner = court.world.person()
    till.ask(winner, till.sign(winner))
    till.confirm(winner)
    other.cookies["__Host-2fa-payment"] = winner.cookies["__Host-2fa-payment"]
    told = till.told(other)
    court.hold("another user's confirmation", not till.proves(told, other) and not till.proves(told, winner), told)
    alone = court.world.person(subject=winner.subject, phone=winner.phone, session=winner.session)
    alone.cookies["__Host-2fa-payment"] = winner.cookies["__Host-2fa-payment"]
    court.attack("a confirmation without a pass", court.plain(PLACE, alone), 401)
    court.hold("the control is told", till.proves(till.told(winner), winner))


ALL = (confirmed, forged, exchanged)
