"""What the tutorial's service does, in whatever language: people with browsers and phones, and a clock."""

from __future__ import annotations

import http.client
import json
import re
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

# The service's name and the words are those of the tutorial's settings.
TEXT = r"This is Xoxzo\. Your PIN is ([0-9]{4})"
CLAIM = r"This is Xoxzo\. PIN ([0-9]{4}) takes this number from its old account\. Tell nobody\."
JAPANESE = r"Xoxzoです。PINは ([0-9]{4}) です。"
JAPANESE_CLAIM = r"Xoxzoです。PIN ([0-9]{4}) でこの番号を旧アカウントから移します。他人に教えないでください。"

PASSWORD = "correct horse"
MINUTE, LIFETIME, DAY = 61, 301, 86_401


class Answer:
    """An answer of the service."""

    def __init__(self, answer: http.client.HTTPResponse) -> None:
        self.status = answer.status
        self.names = sorted(name.lower() for name in answer.headers)
        self.cookies = answer.headers.get_all("set-cookie") or []
        self.body = answer.read()

    @property
    def given(self) -> dict[str, Any]:
        read = json.loads(self.body)
        assert isinstance(read, dict), read
        return read


class Browser:
    """Somebody's browser, which keeps the cookie."""

    def __init__(self, port: int, language: str = "en") -> None:
        self.port, self.language = port, language
        self.session = ""

    def get(self, path: str) -> Answer:
        return self._ask("GET", path, None)

    def post(self, path: str, **given: str) -> Answer:
        return self._ask("POST", path, json.dumps(given))

    def _ask(self, method: str, path: str, body: str | None) -> Answer:
        headers = {"accept-language": self.language, "cookie": f"session={self.session}"}
        if body is not None:
            headers["content-type"] = "application/json"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, headers)
            answer = Answer(connection.getresponse())
        finally:
            connection.close()
        for cookie in answer.cookies:
            name, _, rest = cookie.partition("=")
            assert name == "session", cookie
            flags = {flag.strip().lower() for flag in cookie.split(";")[1:]}
            assert {"httponly", "secure", "samesite=strict"} <= flags, cookie
            self.session = rest.partition(";")[0]
        return answer


class Walk:
    """All that the tutorial promises. `checks` counts what was right; the first thing that is not ends the walk."""

    def __init__(self, sandbox: str, port: int, clock: Path) -> None:
        self.sandbox, self.port, self.clock = sandbox, port, clock
        self.ahead = self.checks = 0

    def all(self, page: bytes) -> None:
        self.is_same(Browser(self.port).get("/").body, page)
        self.a_first_login()
        self.what_is_refused()
        self.japanese()
        self.an_unproved_number_reserves_nothing()
        self.a_taken_number_answers_the_same()
        self.a_number_proved_anew_moves()
        self.a_new_number()
        self.an_outage()

    # The five steps of the how-to

    def a_first_login(self) -> None:
        ann = self.ann = Browser(self.port)
        self.refused(ann.get("/me"), 401, "no-session")
        self.is_same(self.asked(ann.post("/register", name="ann", password=PASSWORD, phone="+819012345678"))["masked"], "+81********78")
        self.refused(ann.get("/me"), 401, "no-session")
        pin = self.pin("+819012345678")
        told = self.refused(ann.post("/code", pin=other_than(pin)), 403, "wrong-pin")
        self.is_same(told["text"], "That is not the code. 4 tries are left.")
        self.refused(ann.post("/code", pin="no code"), 403, "malformed")
        before = ann.session
        self.done(ann.post("/code", pin=f" {pin[:2]} {pin[2:]} "))
        self.is_same(ann.session != before, True)
        self.is_same(ann.get("/me").given, {"name": "ann", "phone": "+819012345678", "notices": []})
        # The session of before is worth nothing, for a page or for a second use of the code.
        old = Browser(self.port)
        old.session = before
        self.refused(old.get("/me"), 401, "no-session")
        self.refused(old.post("/code", pin=pin), 401, "no-session")
        self.is_same(ann.post("/logout").status, 200)
        self.refused(ann.get("/me"), 401, "no-session")
        self.refused(ann.post("/login", name="ann", password="wrong horse"), 401, "wrong-password")
        self.refused(ann.post("/login", name="nobody", password=PASSWORD), 401, "wrong-password")
        self.log_in(ann, "ann", "+819012345678")

    def what_is_refused(self) -> None:
        ann = self.ann
        self.asked(ann.post("/login", name="ann", password=PASSWORD))
        self.refused(ann.get("/me"), 401, "no-session")
        told = self.refused(ann.post("/login", name="ann", password=PASSWORD), 403, "cooldown")
        self.is_same(told["text"].partition(".")[0], "This was requested a moment ago")
        self.refused(ann.post("/number", phone="+819012345677"), 403, "log-in-again")
        pin = self.pin("+819012345678")
        self.later(MINUTE)
        self.asked(ann.post("/resend"))
        self.is_same(self.pin("+819012345678"), pin)
        self.later(LIFETIME)
        late = self.refused(ann.post("/code", pin=pin), 403, "expired")
        self.is_same(late["text"], "The code has expired. Ask for a new one.")
        self.refused(ann.post("/claim"), 409, "start-again")
        self.log_in(ann, "ann", "+819012345678")
        someone = Browser(self.port)
        self.refused(someone.post("/code", pin="1234"), 401, "no-session")
        self.refused(someone.post("/register", name="ann", password=PASSWORD, phone="+819012345600"), 409, "name-taken")
        for phone in ("090-1234-5678", "+8109012345678", "", "+81"):
            self.refused(someone.post("/register", name="someone", password=PASSWORD, phone=phone), 422, "no-phone")
        self.refused(someone.post("/register", name="someone", password=PASSWORD, phone="+41781234567"), 403, "not-allowed")
        self.is_same(someone.post("/register", name="someone", password="short", phone="+819012345600").status, 422)
        self.is_same(someone.post("/register", name="", password=PASSWORD, phone="+819012345600").status, 422)
        self.is_same(someone.session, "")

    def japanese(self) -> None:
        hanako = Browser(self.port, "ja")
        self.asked(hanako.post("/register", name="花子", password=PASSWORD, phone="+819012345670"))
        pin = self.pin("+819012345670", JAPANESE)
        told = self.refused(hanako.post("/code", pin=other_than(pin)), 403, "wrong-pin")
        self.is_same(told["text"], "認証コードが違います。あと4回入力できます。")
        self.done(hanako.post("/code", pin=pin))
        self.is_same(hanako.get("/me").given["name"], "花子")

    # One account for each number

    def an_unproved_number_reserves_nothing(self) -> None:
        eve, bob = Browser(self.port), Browser(self.port)
        self.asked(eve.post("/register", name="eve", password=PASSWORD, phone="+819012345671"))
        first = self.pin("+819012345671")
        self.later(MINUTE)
        self.asked(bob.post("/register", name="bob", password=PASSWORD, phone="+819012345671"))
        self.done(bob.post("/code", pin=self.pin("+819012345671")))
        self.is_same(bob.get("/me").given["phone"], "+819012345671")
        # Now that it is proved, an older code takes it no more.
        self.refused(eve.post("/code", pin=first), 409, "start-again")
        self.is_same(eve.post("/login", name="eve", password=PASSWORD).given, {"step": "number", "notices": []})
        self.is_same(bob.get("/me").status, 200)

    def a_taken_number_answers_the_same(self) -> None:
        # Strangers may have half of the messages that a number gets in a day.
        self.later(DAY)
        self.carl, dave = Browser(self.port), Browser(self.port)
        known = self.inbox("+819012345678")
        free = dave.post("/register", name="dave", password=PASSWORD, phone="+819012345578")
        taken = self.carl.post("/register", name="carl", password=PASSWORD, phone="+819012345678")
        self.is_same((taken.status, taken.given, taken.names), (free.status, free.given, free.names))
        self.asked(taken)
        self.is_same(self.inbox("+819012345678"), known)
        pin = self.pin("+819012345578")
        for browser in (dave, self.carl):
            told = self.refused(browser.post("/code", pin=other_than(pin)), 403, "wrong-pin")
            self.is_same(told["text"], "That is not the code. 4 tries are left.")
        self.later(MINUTE)
        again, decoy = dave.post("/resend"), self.carl.post("/resend")
        self.is_same((decoy.status, decoy.given), (again.status, again.given))
        self.is_same(self.inbox("+819012345678"), known)
        self.done(dave.post("/code", pin=pin))
        self.refused(self.carl.post("/code", pin=pin), 403, "wrong-pin")

    def a_number_proved_anew_moves(self) -> None:
        ann, carl = self.ann, self.carl
        self.log_in(ann, "ann", "+819012345678")
        self.asked(carl.post("/claim"))
        pin = self.pin("+819012345678", CLAIM)
        self.is_same(ann.get("/me").given["notices"], [])
        self.done(carl.post("/code", pin=pin))
        self.is_same(carl.get("/me").given, {"name": "carl", "phone": "+819012345678", "notices": []})
        self.refused(ann.get("/me"), 401, "no-session")
        self.is_same(ann.post("/login", name="ann", password=PASSWORD).given, {"step": "number", "notices": ["number-moved"]})
        self.refused(ann.get("/me"), 401, "no-session")
        # The next login of the new account is with this number, and the old account proves another.
        self.log_in(carl, "carl", "+819012345678")
        self.asked(ann.post("/number", phone="+819012345672"))
        self.done(ann.post("/code", pin=self.pin("+819012345672")))
        self.is_same(ann.get("/me").given, {"name": "ann", "phone": "+819012345672", "notices": ["number-moved"]})

    def a_new_number(self) -> None:
        ann, other, fred = self.ann, Browser(self.port), Browser(self.port)
        self.later(LIFETIME)
        self.refused(ann.post("/number", phone="+819012345673"), 403, "log-in-again")
        self.log_in(other, "ann", "+819012345672")
        self.later(MINUTE)
        self.log_in(ann, "ann", "+819012345672")
        self.asked(ann.post("/number", phone="+819012345673"))
        # Until the new number is proved, the old one holds.
        self.is_same(ann.get("/me").given["phone"], "+819012345672")
        self.done(ann.post("/code", pin=self.pin("+819012345673")))
        told = ann.get("/me").given
        self.is_same((told["phone"], told["notices"]), ("+819012345673", ["number-moved", "number-changed"]))
        self.refused(other.get("/me"), 401, "no-session")
        self.asked(fred.post("/register", name="fred", password=PASSWORD, phone="+819012345672"))
        self.done(fred.post("/code", pin=self.pin("+819012345672")))

    def an_outage(self) -> None:
        self.later(MINUTE)
        fault = f"{self.sandbox}/_sandbox/faults?name=unauthorized&times=1"
        with urllib.request.urlopen(urllib.request.Request(fault, method="PUT"), timeout=10):
            pass
        someone = Browser(self.port)
        told = self.refused(someone.post("/login", name="carl", password=PASSWORD), 503, "provider")
        self.is_same(bool(told["text"]), True)
        self.is_same(someone.session, "")
        self.log_in(someone, "carl", "+819012345678")

    # Checks

    def log_in(self, browser: Browser, name: str, phone: str) -> None:
        self.later(MINUTE)
        before = browser.session
        self.asked(browser.post("/login", name=name, password=PASSWORD))
        between = browser.session
        self.refused(browser.get("/me"), 401, "no-session")
        self.done(browser.post("/code", pin=self.pin(phone)))
        self.is_same(len({before, between, browser.session}), 3)
        self.is_same(browser.get("/me").given["name"], name)

    def asked(self, answer: Answer) -> dict[str, Any]:
        """A code is asked for."""
        self.is_same((answer.status, answer.given.get("step")), (200, "code"))
        return answer.given

    def done(self, answer: Answer) -> None:
        self.is_same((answer.status, answer.given), (200, {"step": "done"}))

    def refused(self, answer: Answer, status: int, code: str) -> dict[str, Any]:
        self.is_same((answer.status, answer.given.get("code")), (status, code))
        return answer.given

    def is_same(self, found: object, expected: object) -> None:
        assert found == expected, f"check {self.checks + 1}: {found!r}, not {expected!r}"
        self.checks += 1

    def later(self, seconds: int) -> None:
        """Set the service's clock ahead."""
        self.ahead += seconds
        self.clock.write_text(f"+{self.ahead}\n")

    def inbox(self, phone: str) -> list[dict[str, Any]]:
        query = urllib.parse.urlencode({"recipient": phone})
        with urllib.request.urlopen(f"{self.sandbox}/_sandbox/inbox?{query}", timeout=10) as answer:
            messages: list[dict[str, Any]] = json.load(answer)
        return messages

    def pin(self, phone: str, text: str = TEXT) -> str:
        """The PIN of the last message to a phone, which has exactly this text."""
        message = self.inbox(phone)[-1]
        found = re.fullmatch(text, message["body"])
        assert found, message["body"]
        self.is_same(message["sender"], "XOXZO")
        return found[1]


def other_than(pin: str) -> str:
    return "0000" if pin != "0000" else "0001"
