"""Somebody in a browser, in front of the shop."""

import base64
import json
import re
import secrets
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page
from playwright.sync_api import Request as Fetched

from demo.app import User
from person import SESSION, Person, fresh_number
from world import Ground

PIN = "input[name=pin]"
START = 'form[action="/.2fa/start"] button'
VERIFY = 'form[action="/.2fa/verify"] button'
RESEND = 'form[action="/.2fa/resend"] button'
VOICE = 'form[action="/.2fa/voice"] button'
LOGOUT = 'form[action="/.2fa/logout"] button'


class Shopper:
    """A user with a browser of his own: no cookie is shared with another. A context manager.

    What a page loads from elsewhere, and what its console complains of, is a fault of every story.
    """

    def __init__(self, browser: Browser, world: Ground, user: User | None = None, **context: Any) -> None:
        self.world = world
        self.user = user or self.registered()
        self.context = browser.new_context(base_url=world.origin, **{"locale": "en-GB", **context})
        self.context.set_default_timeout(10_000)
        self.faults: list[str] = []
        self.context.on("request", self.fetched)
        self.context.on("console", self.said)
        self.page = self.context.new_page()

    def registered(self) -> User:
        name = f"user-{secrets.token_hex(4)}"
        user = User(name, name, fresh_number())
        self.world.app.users[name] = user
        return user

    def fetched(self, request: Fetched) -> None:
        if not request.url.startswith((self.world.origin + "/", "data:")):
            self.faults.append(f"loaded {request.url}")

    def said(self, message: ConsoleMessage) -> None:
        # That a page was answered with 401 or 429 is written as an error as well, and is none.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.faults.append(f"console: {message.text}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.context.close()
        assert kind or not self.faults, self.faults

    def sign_in(self, page: Page | None = None) -> None:
        """The password, at the shop."""
        page = page or self.page
        page.goto("/login")
        page.fill("input[name=name]", self.user.name)
        page.fill("input[name=password]", self.world.app.password)
        self.click("main button", page)

    def open(self, path: str = "/account") -> None:
        """Signs in and asks for a page, which leads to the gate."""
        self.sign_in()
        self.page.goto(path)
        self.at("/.2fa/")

    def at(self, path: str, page: Page | None = None) -> None:
        url = (page or self.page).url
        assert url == self.world.origin + path, f"at {url}, not at {path}: {self.text()[:300]}"

    def click(self, button: str, page: Page | None = None) -> None:
        """Presses what leads to another page, and waits for that."""
        page = page or self.page
        with page.expect_navigation():
            page.click(button)

    def reload(self, page: Page | None = None) -> None:
        page = page or self.page
        with page.expect_navigation():
            page.evaluate("() => location.reload()")

    def back(self) -> None:
        with self.page.expect_navigation():
            self.page.evaluate("() => history.back()")

    def text(self) -> str:
        return self.page.locator("body").inner_text()

    def start(self) -> None:
        self.click(START)
        self.page.locator(PIN).wait_for()

    def pin(self) -> str:
        return self.world.sandbox.pin(self.user.phone)

    def wrong_pin(self) -> str:
        return f"{(int(self.pin()) + 1) % 1_000_000:06}"

    def enter(self, pin: str, page: Page | None = None) -> None:
        page = page or self.page
        page.fill(PIN, pin)
        self.click(VERIFY, page)

    def pass_gate(self, path: str = "/account") -> None:
        """Everything, from the password to the page."""
        self.open(path)
        self.start()
        self.enter(self.pin())
        self.at(path)

    def alert(self) -> Locator:
        return self.page.get_by_role("alert")

    def messages(self, channel: str = "sms") -> list[str]:
        return [one["body"] for one in self.world.sandbox.inbox(self.user.phone) if one["channel"] == channel]

    def press(self, button: str, channel: str, count: int) -> None:
        """Presses a button that the cooldown of a second may refuse, until there are so many messages."""
        end = time.monotonic() + 10
        while len(self.messages(channel)) < count:
            assert time.monotonic() < end, f"{button}: {self.text()[:300]}"
            self.page.goto("/.2fa/")
            if self.page.locator(button).is_enabled():
                self.click(button)
        assert len(self.messages(channel)) == count

    def take(self, name: str) -> dict[str, Any]:
        """A copy of a cookie."""
        [found] = [dict(cookie) for cookie in self.context.cookies() if cookie.get("name") == name]
        return found

    def forget(self, name: str) -> None:
        """A cookie is gone."""
        self.context.clear_cookies(name=name)

    def person(self) -> Person:
        """The same user in the same session, as a program."""
        token = str(self.take(SESSION)["value"])
        claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
        return Person(self.world, subject=self.user.subject, phone=self.user.phone, session=claims["sid"])

    def post(self, path: str, **fields: str) -> None:
        """Sends a form of the shop."""
        with self.page.expect_navigation():
            self.page.evaluate(
                """([path, fields]) => {
                    const form = Object.assign(document.createElement('form'), { method: 'post', action: path });
                    for (const [name, value] of Object.entries(fields)) {
                        form.append(Object.assign(document.createElement('input'), { type: 'hidden', name, value }));
                    }
                    document.body.append(form);
                    setTimeout(() => form.submit());
                }""",
                [path, fields],
            )

    def cookies(self) -> set[str]:
        """The names of all cookies."""
        return {str(cookie.get("name")) for cookie in self.context.cookies()}

    def put(self, cookie: dict[str, Any]) -> None:
        self.context.add_cookies([cookie])  # type: ignore[list-item]

    def changed(self, **what: Any) -> None:
        """What the shop has of the user changes."""
        self.user = replace(self.user, **what)
        self.world.app.users[self.user.name] = self.user

    def shot(self, directory: Path | None, name: str) -> None:
        if directory:
            directory.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=directory / f"{name}.png", full_page=True)

    def shows(self, pattern: str) -> bool:
        return re.search(pattern, self.text()) is not None


class Stage:
    """A browser, two worlds (`brief` is one where everything ends after a minute, and three failures lock), and where pictures go."""

    def __init__(self, browser: Browser, shop: Ground, brief: Ground, shots: Path | None) -> None:
        self.browser, self.shop, self.brief, self.shots = browser, shop, brief, shots

    def shopper(self, world: Ground | None = None, **context: Any) -> Shopper:
        return Shopper(self.browser, world or self.shop, **context)
