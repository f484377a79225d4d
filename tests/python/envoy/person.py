"""Somebody with a first-factor session, who speaks JSON with the gate and keeps its cookies."""

from __future__ import annotations

import itertools
import secrets
import time
from typing import TYPE_CHECKING, Any

from client import Answer, Headers, form, request
from demo import configuration
from demo.app import User

if TYPE_CHECKING:
    from world import Ground

ISSUER, AUDIENCE, SESSION = configuration.session_rules()
CHALLENGE, PASS = "__Host-2fa-challenge", "__Host-2fa-pass"
TYPE = ("content-type", "application/x-www-form-urlencoded")
numbers = itertools.count(1000)


def fresh_number() -> str:
    """A mobile number of Japan that nobody has, in a range of its own."""
    number = next(numbers)
    return f"+8190{number:04}{number:04}"


class Person:
    """A user of the app, in one browser. Who shares subject, phone and session with another has its session."""

    def __init__(
        self, world: Ground, subject: str = "", phone: str = "", session: str = "", version: str = "1"
    ) -> None:
        self.world = world
        self.subject = subject or f"u-{secrets.token_hex(6)}"
        self.phone = phone or fresh_number()
        self.session = session or secrets.token_hex(8)
        self.version = version
        world.app.users[self.subject] = User(self.subject, self.subject, self.phone)
        self.token = world.sign(self.claims())
        self.cookies: dict[str, str] = {}
        self.csrf = ""
        world.secrets.update((self.phone, self.phone[1:], self.token))

    def claims(self) -> dict[str, Any]:
        now = int(time.time())
        who = {"sub": self.subject, "phone_number": self.phone, "sid": self.session, "cv": self.version}
        return {"iss": ISSUER, "aud": AUDIENCE, "iat": now, "exp": now + 3600, **who}

    def cookie_header(self) -> tuple[str, str]:
        """The cookies of the gate alone."""
        return ("cookie", "; ".join(f"{name}={value}" for name, value in self.cookies.items()))

    def identity(self) -> list[tuple[str, str]]:
        """The headers by which a gate that believes headers knows him."""
        claims = self.claims()
        return [(name, str(claims[claim])) for name, claim in configuration.HEADERS.items()]

    def headers(self) -> list[tuple[str, str]]:
        """Who he is, and the cookies of the gate in the same Cookie header."""
        who = self.identity() if self.world.believing else []
        session = [] if self.world.believing else [f"{SESSION}={self.token}"]
        return [*who, ("cookie", "; ".join([*session, *(f"{key}={value}" for key, value in self.cookies.items())]))]

    def ask(self, method: str, path: str, headers: Headers = (), body: bytes | None = None) -> Answer:
        answer = request(
            self.world.port, method, path, [*self.headers(), ("accept", "application/json"), *headers], body
        )
        for name, value in answer.cookies().items():
            self.cookies[name] = value
            if not value:
                del self.cookies[name]
        self.csrf = answer.csrf() or self.csrf
        self.world.secrets.update((*answer.cookies().values(), self.csrf))
        return answer

    def step(self) -> Answer:
        """Where the gate sees him."""
        return self.ask("GET", "/.2fa/")

    def press(self, action: str, **fields: str) -> Answer:
        """Sends a form of the gate's page."""
        return self.ask("POST", f"/.2fa/{action}", self.world.own_page(), form(csrf=self.csrf, **fields))

    def start(self) -> Answer:
        self.step()
        answer = self.press("start")
        assert answer.status == 200 and answer.json()["step"] == "code", f"start: {answer}"
        return answer

    def pin(self) -> str:
        pin = self.world.sandbox.pin(self.phone)
        self.world.pins.add(pin)
        return pin

    def wrong_pin(self) -> str:
        return f"{(int(self.pin()) + 1) % 10 ** len(self.pin()):0{len(self.pin())}}"

    def verify(self, pin: str) -> Answer:
        return self.press("verify", pin=pin)

    def sign_in(self) -> Answer:
        self.start()
        answer = self.verify(self.pin())
        assert answer.status == 200 and PASS in self.cookies, f"verify: {answer} {answer.headers}"
        return answer
