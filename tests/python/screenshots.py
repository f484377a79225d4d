#!/usr/bin/env python3
"""The pictures of README.md and README.ja.md, taken of the running product: screenshots.py FOLDER

A user signs in at a shop behind nginx. The gate's page asks for the code, and the sandbox's page shows the phone that got it: each in light and dark.
What the text of a picture quotes, in both languages, must be on its page. The last line counts. Needs pngquant.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in ("host/envoy", "tests/python/envoy", "tests/python/proxies")]
sys.dont_write_bytecode = True

from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from demo.app import User
from front import Nginx
from shopper import START, Shopper
from stories import CHROMIUM

ANN = User("ann", "user-1", "+819012345678")
SIZE = ViewportSize(width=400, height=540)
# Bytes. Whoever reads the README loads it.
LARGEST = 60_000


def shown(picture: str) -> Iterator[tuple[str, str]]:
    """What the texts of a picture quote, each with its document."""
    for document in ("README.md", "README.ja.md"):
        text = (ROOT / document).read_text("utf-8")
        found = re.search(rf'srcset="docs/images/{picture}-dark.png">\s*<img src="docs/images/{picture}.png" alt="([^"]*)"', text)
        assert found, f"{document} does not show {picture}"
        quoted = re.findall("[“「]([^”」]+)[”」]", found[1])
        assert quoted, f"{document}: the text of {picture} quotes nothing"
        yield from ((document, quote) for quote in quoted)


def take(page: Page, name: str, folder: Path) -> None:
    """A picture of the page, in light and dark."""
    for document, quote in shown(name):
        assert page.get_by_text(quote).or_(page.get_by_label(quote)).first.is_visible(), f"{document}: no “{quote}” on {name}"
    for dark in (False, True):
        page.emulate_media(color_scheme="dark" if dark else "light")
        picture = folder / f"{name}{'-dark' * dark}.png"
        raw = page.screenshot(caret="hide", animations="disabled")
        picture.write_bytes(
            subprocess.run(["pngquant", "--strip", "--speed", "1", "64", "-"], input=raw, capture_output=True, check=True).stdout
        )
        assert 0 < picture.stat().st_size <= LARGEST, f"{picture.name} has {picture.stat().st_size} bytes"


def story(browser: Browser, folder: Path) -> None:
    """From the password to the code."""
    look = {"viewport": SIZE, "device_scale_factor": 2}
    with Nginx({"two_factor": {"sends": {"cooldown_seconds": 60}}}) as shop, Shopper(browser, shop, ANN, **look) as ann:
        shop.app.users[ANN.name] = ANN
        ann.open()
        ann.start()
        take(ann.page, "gate", folder)
        with browser.new_context(locale="en-GB", viewport=SIZE, device_scale_factor=2) as own:
            desk = own.new_page()
            desk.goto(shop.sandbox.phones)
            expect(desk.locator(".phone", has_text=ANN.phone).locator(".body")).to_contain_text(ann.pin())
            take(desk, "phone", folder)


def main() -> int:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        story(browser, folder)
        browser.close()
    print("pictures: 2 passed, 0 failed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
