"""What people see: a headless Chromium, the shop behind Envoy, and the sandbox instead of phones."""

import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

import looks
import sessions
import signing
from shopper import Stage
from world import World

CHROMIUM = "/usr/bin/chromium"
SHOP = {"gate": {"recovery_url": "https://help.example.com/lost-phone", "step_up": {"max_age_seconds": 60}}}
BRIEF: dict[str, Any] = {
    "two_factor": {"pin": {"lifetime_seconds": 60}, "failures": {"hard": 3}},
    "gate": {"recovery_url": "https://help.example.com/lost-phone", "pass": {"idle_seconds": 60}},
}


class Evening:
    """The stories that were told, and those that wait for their end: all at the same time."""

    def __init__(self) -> None:
        self.green = 0
        self.failed: list[str] = []
        self.waiting: list[tuple[float, str, Iterator[float]]] = []

    def tell(self, name: str, act: Callable[[], object]) -> bool:
        """Whether it went well. One story that went wrong does not end the others."""
        try:
            act()
        except Exception:  # noqa: BLE001
            self.failed.append(f"{name}: {traceback.format_exc(limit=-4)}")
            return False
        return True

    def whole(self, name: str, act: Callable[[], object]) -> None:
        self.green += self.tell(name, act)

    def part(self, name: str, story: Iterator[float]) -> None:
        """Goes on until the story waits or ends."""
        waits: list[float] = []
        if self.tell(name, lambda: waits.extend(seconds for seconds in [next(story, None)] if seconds is not None)):
            self.green += not waits
            self.waiting += [(time.monotonic() + seconds, name, story) for seconds in waits]

    def end(self) -> None:
        """Waits for those that wait, each for its own time."""
        while self.waiting:
            first = min(self.waiting, key=lambda one: one[0])
            self.waiting.remove(first)
            due, name, story = first
            time.sleep(max(0, due - time.monotonic()))
            self.part(name, story)


@contextmanager
def evening(only: str, shots: Path | None) -> Iterator[Evening]:
    """Tells all stories but the ends of those that wait, which are told when the context ends: meanwhile others may use the time."""
    told = Evening()
    waiting = [story for story in (*signing.WAITING, *looks.WAITING) if only in f"stories.{story.__name__}"]
    every = (*signing.STORIES, *sessions.STORIES, *looks.STORIES)
    others = [story for story in every if only in f"stories.{story.__name__}"]
    if not waiting and not others:
        yield told
        return
    with World(SHOP) as shop, World(BRIEF) as brief, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        stage = Stage(browser, shop, brief, shots)
        for story in waiting:
            told.part(story.__name__, story(stage))
        for other in others:
            told.whole(other.__name__, partial(other, stage))
        yield told
        told.end()
        browser.close()
        told.failed += [f"afterwards: {wrong}" for world in (shop, brief) for wrong in world.alive()]
