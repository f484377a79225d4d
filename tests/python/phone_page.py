#!/usr/bin/env python3
"""The sandbox's page in a browser: phone_page.py SANDBOX AXE

SANDBOX is the program, and AXE the file `axe.min.js` of axe-core. Each check has a sandbox and a browser's context of its own. The last line counts.
"""

import base64
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from logins import PATIENCE, PHONE, Phone, first, process

OTHER = "+819087654321"
MESSAGE, CALL = ".phone .body", "#calls .call"
# What axe finds wrong: the rule, and where.
EXAMINE = "async () => (await axe.run()).violations.flatMap((found) => found.nodes.map((node) => `${found.id}: ${node.target}`))"
FITS = "() => document.documentElement.scrollWidth <= document.documentElement.clientWidth"
# What is wider than its box: all but the news, which only a screen reader has.
CUT = """() => [...document.querySelectorAll('body *:not(#news)')]
  .filter((one) => one.clientWidth && one.scrollWidth > one.clientWidth + 1).map((one) => one.outerHTML.slice(0, 80))"""
LIGHT = "() => getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0)"
FOCUS = """() => {
  const one = document.activeElement, css = getComputedStyle(one);
  return [one.id || one.className || one.textContent, css.outlineStyle !== 'none' && parseFloat(css.outlineWidth) >= 2];
}"""


class Desk:
    """A sandbox, and its page in one context."""

    def __init__(self, phone: Phone, page: Page) -> None:
        self.phone, self.page = phone, page

    def send(self, text: str, recipient: str = PHONE) -> int:
        """Sends a message as a service does; returns the status of the answer."""
        form = urlencode({"message": text, "sender": "Example", "recipient": recipient}).encode()
        credentials = base64.b64encode(f"{self.phone.sid}:{self.phone.auth_token}".encode()).decode()
        request = Request(f"{self.phone.url}/sms/messages/", form, {"Authorization": f"Basic {credentials}"})
        try:
            with urlopen(request) as answer:
                return int(answer.status)
        except HTTPError as refused:
            with refused:
                return refused.code

    def open(self) -> None:
        self.page.goto("/_sandbox/")

    def shows(self, messages: list[str], calls: int) -> None:
        expect(self.page.locator(MESSAGE)).to_have_text(messages)
        expect(self.page.locator(CALL)).to_have_count(calls)

    def press(self, name: str, within: Locator | None = None) -> None:
        (within or self.page.locator("body")).get_by_role("button", name=name).click()

    def clipboard(self) -> Any:
        return self.page.evaluate("() => navigator.clipboard.readText()")

    def filled(self) -> None:
        """Two phones, and a call that was refused, all of which is wide."""
        self.send("Example: your code is 123456. Valid for 5 minutes.")
        self.send("https://example.com/" + "long" * 60, OTHER)
        self.send("w" * 400)
        assert self.send("too long " * 100) == 400
        self.open()
        expect(self.page.locator(CALL)).to_have_count(4)


def newest_first(desk: Desk) -> None:
    """Messages and calls, and a call that was refused with its reason."""
    desk.send("alpha")
    desk.send("beta")
    desk.send("gamma", OTHER)
    assert desk.send("delta", "+8109012345678") == 400
    desk.open()
    expect(desk.page.locator(".phone h3")).to_have_text([OTHER, PHONE])
    desk.shows(["gamma", "beta", "alpha"], 4)
    expect(desk.page.locator(f"{CALL} .meta span")).to_have_text(["400", "201", "201", "201"])
    newest = desk.page.locator(CALL).first
    expect(newest.locator(".request")).to_have_text("POST /sms/messages/")
    expect(newest.locator(".remark")).to_contain_text("recipient")
    expect(newest.locator("pre")).to_be_hidden()
    newest.locator("summary").click()
    expect(newest.locator("pre")).to_contain_text("delta")


def ordered_fault(desk: Desk) -> None:
    """A fault that the page's origin orders is for one message, and is shown with its reason."""
    desk.open()
    order = "async () => (await (await fetch('/_sandbox/faults?name=no-credits', {method: 'PUT'})).json())"
    (ordered,) = desk.page.evaluate(order)
    assert (ordered["name"], ordered["times"]) == ("no-credits", 1), ordered
    assert desk.send("refused") == 400
    assert desk.send("accepted") == 201
    desk.shows(["accepted"], 2)
    refused = desk.page.locator(CALL).last
    expect(refused.locator(".meta span")).to_have_text("400")
    expect(refused.locator(".remark", has_text="no-credits")).to_have_count(1)
    expect(refused.locator(".remark", has_text="Not enough credits")).to_have_count(1)


def ordered_by_hand(desk: Desk) -> None:
    """A fault for a path and one for a number, by the form and from the keyboard; what is left of them; a wrong one, and none any more."""
    desk.open()
    desk.page.get_by_text("Order a fault").click()
    fault, target, times = (desk.page.get_by_label(name, exact=True) for name in ("Fault", "For", "Times"))
    fault.select_option("unauthorized")
    expect(fault).to_have_accessible_description("401 with detail.")
    target.fill("/sms/")
    times.fill("2")
    desk.press("Order")
    expect(desk.page.get_by_role("status")).to_have_text("The fault is ordered.")
    shown = desk.page.locator("#orders .order .meta")
    expect(shown).to_have_text(["unauthorized 2 × /sms/"])
    assert [desk.send("refused"), desk.send("refused", OTHER)] == [401, 401]
    expect(shown).to_have_count(0)
    assert desk.send("accepted") == 201

    fault.select_option("throttled")
    target.fill(OTHER)
    times.fill("3")
    times.press("Enter")
    expect(shown).to_have_text([f"throttled 3 × {OTHER}"])
    assert [desk.send("accepted"), desk.send("refused", OTHER)] == [201, 429]
    expect(shown).to_have_text([f"throttled 2 × {OTHER}"])
    # What cannot be is told beside the field, and orders nothing.
    target.fill("090-8765-4321")
    desk.press("Order")
    expect(desk.page.get_by_role("alert")).to_contain_text("is not a number in E.164, such as +819012345678")
    assert target.get_attribute("aria-invalid") is not None
    expect(shown).to_have_count(1)
    axe(desk)
    target.fill("")
    fault.select_option("lost-reply")
    desk.press("Order")
    expect(desk.page.locator("#wrong")).to_be_hidden()
    expect(shown).to_have_text([f"throttled 2 × {OTHER}", "lost-reply 3 × the next messages and calls"])
    desk.press("Take all back")
    expect(desk.page.get_by_role("status")).to_have_text("No fault is ordered now.")
    expect(desk.page.locator("#orders")).to_have_text("No fault is ordered.")
    assert desk.send("accepted", OTHER) == 201


def arrival(desk: Desk) -> None:
    """A message reaches whoever waits for it, and the open page, which is not loaded again and keeps what is selected."""
    desk.send("before")
    desk.open()
    desk.shows(["before"], 1)
    desk.page.evaluate("getSelection().selectAllChildren(document.querySelector('.body'))")
    after = desk.page.locator(".phone li.sms").get_attribute("id")
    assert after
    # The answer is kept in the page, which would lose it with a reload.
    asked = urlencode({"recipient": PHONE, "after": after.removeprefix("message-"), "wait": 60})
    desk.page.evaluate(
        "(asked) => { window.next = fetch(`/_sandbox/next?${asked}`).then(async (answer) => [answer.status, await answer.json()]); }", asked
    )
    desk.send("not for this number", OTHER)
    desk.send("code 123456")
    status, message = desk.page.evaluate("() => window.next")
    assert (status, message["body"], message["recipient"]) == (200, "code 123456", PHONE), message
    desk.shows(["code 123456", "before", "not for this number"], 3)
    assert desk.page.evaluate("() => getSelection().toString()") == "before"


def copied(desk: Desk) -> None:
    """The code alone, or the whole text."""
    desk.send("Call 0312 if this was not you. Your code is 123456.")
    desk.open()
    desk.press("Copy code")
    expect(desk.page.get_by_role("status")).to_have_text("Copied.")
    assert desk.clipboard() == "123456", desk.clipboard()
    desk.press("Copy text")
    # The clipboard is written after the click.
    desk.page.wait_for_function("async () => (await navigator.clipboard.readText()).endsWith('is 123456.')")
    assert desk.clipboard() == "Call 0312 if this was not you. Your code is 123456.", desk.clipboard()


def searched(desk: Desk) -> None:
    """While it is typed, and by the address."""
    desk.send("Your code is 123456")
    desk.send("Something else", OTHER)
    desk.open()
    search = desk.page.get_by_role("searchbox", name="Search")
    search.fill("CODE")
    desk.shows(["Your code is 123456"], 1)
    search.fill("no such text")
    expect(desk.page.locator(".nothing")).to_have_text(["Nothing matches the search.", "No fault is ordered.", "Nothing matches the search."])
    search.fill(OTHER)
    expect(desk.page.locator(MESSAGE)).to_have_text(["Something else"])
    desk.page.reload()
    expect(search).to_have_value(OTHER)
    expect(desk.page.locator(MESSAGE)).to_have_text(["Something else"])
    search.fill("")
    desk.shows(["Something else", "Your code is 123456"], 2)


def cleared(desk: Desk) -> None:
    """Everything, on the page and behind it."""
    desk.filled()
    desk.press("Clear all")
    expect(desk.page.get_by_role("status")).to_have_text("Everything was cleared.")
    expect(desk.page.locator(".nothing")).to_have_text(["No messages yet.", "No fault is ordered.", "No calls yet."])
    for path in ("inbox", "calls"):
        with urlopen(f"{desk.phone.url}/_sandbox/{path}") as answer:
            assert json.load(answer) == [], path
    desk.send("afterwards")
    desk.shows(["afterwards"], 1)


def small_screen(desk: Desk) -> None:
    """A screen of 1280 × 1024 at 400 %."""
    desk.page.set_viewport_size({"width": 320, "height": 256})
    desk.filled()
    assert desk.page.locator("#ordering").is_visible()
    for details in desk.page.locator("summary").all():
        details.click()
    assert desk.page.evaluate(FITS), "the page scrolls sideways"
    cut = desk.page.evaluate(CUT)
    assert not cut, cut
    axe(desk)


def dark(desk: Desk) -> None:
    desk.open()
    assert desk.page.evaluate(LIGHT) > 600
    desk.page.emulate_media(color_scheme="dark")
    assert desk.page.evaluate(LIGHT) < 200
    desk.filled()
    axe(desk)


def examined(desk: Desk) -> None:
    """Empty, and with messages and calls."""
    desk.open()
    axe(desk)
    desk.filled()
    desk.page.locator("summary").first.click()
    axe(desk)


def axe(desk: Desk) -> None:
    found = desk.page.evaluate(EXAMINE)
    assert not found, found


def by_keyboard(desk: Desk) -> None:
    """Each control in the order of the page, with a frame that shows where one is; and each does its work."""
    for number in range(12):
        desk.send(f"Message {number}: your code is {123450 + number}.")
    desk.open()
    keyboard = desk.page.keyboard
    names = ["query", "clear", "screen", "Copy code", "Copy text"]
    for name in names:
        keyboard.press("Tab")
        found, framed = desk.page.evaluate(FOCUS)
        assert (found, framed) == (name, True), f"{found}, not {name}, frame: {framed}"
        if name == "screen":
            keyboard.press("End")
            desk.page.wait_for_function("() => document.activeElement.scrollTop > 0")
        if name == "Copy code":
            keyboard.press("Enter")
            expect(desk.page.get_by_role("status")).to_have_text("Copied.")
            assert desk.clipboard() == "123461", desk.clipboard()
    for _ in range(2 * 11 + 2):
        keyboard.press("Tab")
    keyboard.press("Enter")
    expect(desk.page.locator("pre").first).to_be_visible()
    for _ in names[1:] * 12:
        if desk.page.evaluate(FOCUS)[0] == "query":
            break
        keyboard.press("Shift+Tab")
    keyboard.type("message 3")
    expect(desk.page.locator(MESSAGE)).to_have_text(["Message 3: your code is 123453."])
    keyboard.press("Tab")
    keyboard.press("Space")
    expect(desk.page.locator(".nothing")).to_have_count(3)


CHECKS = (newest_first, ordered_fault, ordered_by_hand, arrival, copied, searched, cleared, small_screen, dark, examined, by_keyboard)


def without_script(desk: Desk) -> None:
    """The search is a form then, and what needs a script is not there."""
    desk.filled()
    for name in ("Clear all", "Copy code", "Order", "Take all back"):
        expect(desk.page.get_by_role("button", name=name)).to_have_count(0)
    desk.page.get_by_role("searchbox").fill("your code")
    desk.page.keyboard.press("Enter")
    expect(desk.page.locator(MESSAGE)).to_have_text(["Example: your code is 123456. Valid for 5 minutes."])


@contextmanager
def opened(sandbox: str, axe_file: str, browser: Browser, **options: Any) -> Iterator[Desk]:
    with process([sandbox, "--json", "--pace", "0"], stdout=subprocess.PIPE) as running:
        phone = Phone(json.loads(first(running.stdout, "^{").string))
        context = browser.new_context(base_url=phone.url, locale="en-GB", permissions=["clipboard-read", "clipboard-write"], **options)
        context.add_init_script(path=axe_file)
        context.set_default_timeout(PATIENCE)
        faults: list[str] = []
        page = context.new_page()
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        # That an order was refused is written as an error as well, and is none.
        own = "Failed to load resource: the server responded with a status of 400"
        page.on("console", lambda said: faults.append(said.text) if said.type == "error" and not said.text.startswith(own) else None)
        yield Desk(phone, page)
        context.close()
        assert not faults, faults


def main() -> int:
    sandbox, axe_file = sys.argv[1:]
    checks = [(check, True) for check in CHECKS] + [(without_script, False)]
    failed = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        expect.set_options(timeout=PATIENCE)
        for check, scripted in checks:
            try:
                with opened(sandbox, axe_file, browser, java_script_enabled=scripted) as desk:
                    check(desk)
            except Exception as fault:  # noqa: BLE001
                failed += 1
                print(f"the sandbox's page, {check.__name__}: {type(fault).__name__}: {fault}")
        browser.close()
    print(f"the sandbox's page: {len(checks) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
