#!/usr/bin/env python3
"""The examples of a login in a browser: logins.py NAME=COMMAND ...

Each command gets a file of settings and the name of a store, serves on a port of its own, and says `http://HOST:PORT` on one of its first lines. One
user, ann, has the password and the number of the environment. Chromium signs in against the sandbox: with a wrong password, a wrong code, a
code that has had all its guesses, and the right one; and then nobody by what was there before.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlencode
from urllib.request import urlopen

from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

PHONE = "+819012345678"
PASSWORD = "correct horse"
PATIENCE = 60_000


def first(stream: IO[str] | None, pattern: str) -> re.Match[str]:
    """The first line that matches."""
    assert stream
    said = []
    for line in stream:
        found = re.search(pattern, line)
        if found:
            return found
        said.append(line)
    raise AssertionError("".join(said))


@contextmanager
def process(command: list[str], **how: Any) -> Iterator[subprocess.Popen[str]]:
    running = subprocess.Popen(command, text=True, **how)
    try:
        yield running
    finally:
        running.terminate()
        running.wait()


class Phone:
    """The sandbox's account, and its user's phone."""

    def __init__(self, told: dict[str, str]) -> None:
        self.url, self.sid, self.auth_token = told["url"], told["sid"], told["auth_token"]

    def settings(self, keygen: list[str]) -> str:
        keys = [subprocess.check_output(keygen, text=True).strip() for _ in range(2)]
        account = {"sid": self.sid, "auth_token": self.auth_token, "sender": "Example", "base_url": self.url}
        shop = {"version": 1, "audience": "shop", "service": "Example Shop", "destinations": ["JP-mobile"], "test": True}
        limits = {"sends": {"cooldown_seconds": 1}}
        return json.dumps({**shop, **limits, "keys": keys[:1], "guard": {"key": keys[1]}, "xoxzo": account})

    def pin(self) -> str:
        with urlopen(f"{self.url}/_sandbox/inbox?{urlencode({'recipient': PHONE})}") as answer:
            message = json.load(answer)[-1]["body"]
        found = re.search(r"(?<![0-9])[0-9]{6}(?![0-9])", message)
        assert found
        return found.group()


def password(page: Page, typed: str) -> None:
    page.goto("/")
    page.fill("input[name=name]", "ann")
    page.fill("input[name=password]", typed)
    page.click("button")


def code(page: Page, typed: str) -> None:
    page.fill("input[name=pin]", typed)
    page.click("button")


def other_than(pin: str) -> str:
    return ("1" if pin[0] == "0" else "0") + pin[1:]


def session(context: BrowserContext) -> str:
    (cookie,) = context.cookies()
    assert (cookie.get("httpOnly"), cookie.get("sameSite")) == (True, "Strict"), "the cookie of a session"
    return str(cookie.get("value"))


def walk(context: BrowserContext, phone: Phone) -> int:
    page, told = context.new_page(), "[role=alert]"
    password(page, "wrong")
    expect(page.locator(told)).to_be_visible()
    password(page, PASSWORD)
    first_pin = phone.pin()
    expect(page.locator("form")).to_contain_text("+81********78")
    assert page.evaluate("document.activeElement.name") == "pin", "the cursor stands where the code goes"
    for left in (4, 3, 2, 1, 0):
        code(page, other_than(first_pin))
        expect(page.locator(told)).to_contain_text(f"{left} tr" if left else "new code")
    expect(page.locator("input[name=password]")).to_be_visible()

    # Another message has to wait for the cooldown, a second.
    while page.locator("input[name=pin]").count() == 0:
        password(page, PASSWORD)
    pin, before = phone.pin(), session(context)
    code(page, f"{pin[:3]} {pin[3:]}")
    expect(page.locator("#signed-in")).to_have_text("Signed in as user-1")
    assert session(context) != before, "a session that signs in gets a new id"
    # What the browser had before is worth nothing, and neither is the code.
    (cookie,) = context.cookies()
    context.clear_cookies()
    context.add_cookies([{**cookie, "value": before}])  # type: ignore[typeddict-item]
    page.goto("/")
    expect(page.locator("input[name=password]")).to_be_visible()
    answer = page.request.post("/code", form={"pin": pin}, max_redirects=0)
    assert answer.status in (302, 303), answer.status
    page.goto("/")
    expect(page.locator("#signed-in")).to_have_count(0)
    return 1


def run(name: str, command: str, cli: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder, process([*cli, "sandbox", "--json", "--pace", "0"], stdout=subprocess.PIPE) as sandbox:
        phone = Phone(json.loads(first(sandbox.stdout, "^{").string))
        settings = Path(folder, "settings.json")
        settings.write_text(phone.settings([*cli, "keygen"]))
        settings.chmod(0o600)
        arguments = [*shlex.split(command), str(settings), f"sqlite:{folder}/guard/counters"]
        given = {**os.environ, "DEMO_NUMBER": PHONE, "DEMO_PASSWORD": PASSWORD}
        with process(arguments, env=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as server, sync_playwright() as playwright:
            address = first(server.stdout, r"http://127\.0\.0\.1:\d+").group()
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            context = browser.new_context(base_url=address, locale="en-GB")
            context.set_default_timeout(PATIENCE)
            expect.set_options(timeout=PATIENCE)
            walk(context, phone)
            browser.close()


def main() -> int:
    cli = shlex.split(os.environ.get("XOXZO_2FA_CLI", "xoxzo-2fa"))
    passed, failed = 0, 0
    for argument in sys.argv[1:]:
        name, command = argument.split("=", 1)
        try:
            run(name, command, cli)
            passed += 1
            print(f"{name}: signed in in Chromium, with and without the right code")
        except Exception as fault:  # noqa: BLE001
            failed += 1
            print(f"{name}: {type(fault).__name__}: {fault}")
    print(f"logins: {passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
