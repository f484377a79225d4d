"""A walk through the demo without a browser: each step is asked for, checked, and told."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

    from .stack import Stack

PERSON = "alice"


class Lost(OSError):
    """A step ended elsewhere than it should; the text says where."""


class Browser:
    """Cookies, and the requests that a browser makes with them."""

    def __init__(self, origin: str) -> None:
        """Begin without cookies."""
        self.origin = origin
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, *, accept: str = "text/html", **form: str) -> tuple[int, str, str]:
        """Give status, `location` and body of an answer."""
        parts = urlsplit(self.origin)
        connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=20)
        headers = {
            "accept": accept,
            "origin": self.origin,
            "sec-fetch-site": "same-origin",
            "sec-fetch-dest": "document",
        }
        headers["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if method == "POST":
            headers["content-type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, urlencode(form) if method == "POST" else None, headers)
        answer = connection.getresponse()
        body = answer.read().decode()
        for line in answer.headers.get_all("set-cookie", []):
            name, _, value = line.split(";")[0].partition("=")
            self.cookies[name] = value
            if not value:
                del self.cookies[name]
        connection.close()
        return answer.status, answer.getheader("location", ""), body

    def press(self, action: str, **form: str) -> dict[str, Any]:
        """Send a form of the gate's page, and give what it says."""
        page = json.loads(self.ask("GET", "/.2fa/", accept="application/json")[2])
        answer = self.ask("POST", f"/.2fa/{action}", accept="application/json", csrf=page["csrf"], **form)
        told: dict[str, Any] = json.loads(answer[2])
        return told


def walk(stack: Stack, say: Callable[[str], None] = print) -> None:
    """Sign in, win a pass with a code from an SMS, and lose it; `Lost` if a step ends elsewhere than it should."""
    browser = Browser(stack.origin)

    def step(text: str, holds: object, found: object) -> None:
        if not holds:
            raise Lost(f"{text}: {found}")
        say(text)

    found: Any = browser.ask("GET", "/account")
    step("Without a session, the account asks to sign in.", found[0] == 401 and "/login" in found[2], found)
    found = browser.ask("POST", "/login", name=PERSON, password=stack.app.password)
    step(f"{PERSON} signs in with the password.", found[:2] == (303, "/"), found)
    found = browser.ask("GET", "/account")
    step("The account is not shown: the gate wants a code.", found[:2] == (303, "/.2fa/"), found)
    found = browser.press("start")
    step("An SMS goes out.", found.get("step") == "code", found)
    pin = stack.sandbox.pin(stack.app.users[PERSON].phone)
    wrong = f"{(int(pin) + 1) % 10 ** len(pin):0{len(pin)}}"
    found = browser.press("verify", pin=wrong)
    step(f"{wrong} is wrong.", found.get("error") == "wrong-pin", found)
    found = browser.press("verify", pin=pin)
    step(f"{pin}, from the SMS, is right.", "error" not in found, found)
    for path in ("/account", "/transfer"):
        found = browser.ask("GET", path)
        step(f"{path} is shown.", found[0] == 200, found)
    browser.press("logout")
    found = browser.ask("GET", "/account")
    step("After the pass was ended, the gate wants a code again.", found[:2] == (303, "/.2fa/"), found)
