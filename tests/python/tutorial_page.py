"""The tutorial's page in a real browser, in both of its languages."""

from __future__ import annotations

from playwright.sync_api import Page, expect, sync_playwright

from tutorial_walk import JAPANESE_CLAIM, MINUTE, PASSWORD, Walk, other_than

CHROMIUM = "/usr/bin/chromium"

# Milliseconds. A busy machine is slow, which is no fault.
PATIENCE = 60_000
expect.set_options(timeout=PATIENCE)


def look(walk: Walk) -> None:
    """Register, mistype, log in, out and in again, and take a number from the account before."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        faults: list[str] = []

        def opened(locale: str) -> Page:
            page = browser.new_context(locale=locale).new_page()
            page.set_default_timeout(PATIENCE)
            page.on("pageerror", lambda fault: faults.append(str(fault)))
            page.goto(f"http://localhost:{walk.port}/")
            return page

        page = opened("en-GB")
        register(page, ("Register", "Name", "Password (8 characters or more)", "Phone, as +819012345678"), "grace", "+819012345674")
        expect(page.get_by_text("We sent a PIN to +81********74")).to_be_visible()
        pin = walk.pin("+819012345674")
        confirm(page, other_than(pin), "Confirm")
        expect(page.get_by_role("alert")).to_have_text("That is not the code. 4 tries are left.")
        confirm(page, pin, "Confirm")
        expect(page.get_by_text("grace, +819012345674")).to_be_visible()
        page.reload()
        page.get_by_role("button", name="Log out").click()
        form = page.locator("form", has=page.get_by_role("button", name="Log in"))
        form.get_by_label("Name").fill("grace")
        form.get_by_label("Password").fill("wrong horse")
        form.get_by_role("button").click()
        expect(page.get_by_role("alert")).to_have_text("Wrong name or password.")
        form.get_by_label("Password").fill(PASSWORD)
        form.get_by_role("button").click()
        expect(page.get_by_label("PIN")).to_be_visible()
        expect(page.get_by_role("button", name="This number is mine")).to_have_count(0)
        confirm(page, walk.pin("+819012345674"), "Confirm")
        expect(page.get_by_text("grace, +819012345674")).to_be_visible()

        walk.later(MINUTE)
        other = opened("ja-JP")
        register(other, ("登録", "名前", "パスワード", "電話番号"), "さくら", "+819012345674")
        expect(other.get_by_text("PINの送信先： +81********74")).to_be_visible()
        walk.later(MINUTE)
        # The answer brings another form of the same kind, and what was typed into the old one is gone.
        old = other.get_by_label("PIN").element_handle()
        other.get_by_role("button", name="自分の番号として登録する").click()
        old.wait_for_element_state("hidden")
        confirm(other, walk.pin("+819012345674", JAPANESE_CLAIM), "確認")
        expect(other.get_by_text("さくら, +819012345674")).to_be_visible()
        page.reload()
        expect(page.get_by_role("button", name="Register")).to_be_visible()
        walk.is_same(faults, [])
        browser.close()


def register(page: Page, words: tuple[str, str, str, str], name: str, phone: str) -> None:
    form = page.locator("form", has=page.get_by_role("button", name=words[0]))
    for label, text in zip(words[1:], (name, PASSWORD, phone), strict=True):
        form.get_by_label(label).fill(text)
    form.get_by_role("button").click()


def confirm(page: Page, pin: str, button: str) -> None:
    page.get_by_label("PIN").fill(pin)
    page.get_by_role("button", name=button).click()
