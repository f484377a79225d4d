"""An application in Python that counts as docs/operations.md prints it, and is read over HTTP."""

import contextlib
import itertools
import logging
import re
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from prometheus_client import REGISTRY, start_http_server
from xoxzo_2fa import Binding, Guard, MemoryGuard, Settings, SqliteGuard, TwoFactor, TwoFactorError
from xoxzo_2fa.testing import document

from demo.sandbox import Sandbox
from host import FAILURES, SENDS, Host
from person import fresh_number
from world import COMMAND, ROOT

# A message costs 10: fewer than 1,000 credits are left when some 400 messages are sent.
CREDITS = 4800
MOST = {"count": 1_000_000, "seconds": 3600}


def printed() -> dict[str, Any]:
    """What the only block of Python in docs/operations.md defines."""
    [block] = re.findall(r"^```python\n(.*?)^```$", (ROOT / "docs/operations.md").read_text(), re.MULTILINE | re.DOTALL)
    defined: dict[str, Any] = {}
    exec(compile(block, "docs/operations.md", "exec"), defined)  # noqa: S102 - a document of this repository
    return defined


class Application(Host):
    """A service that embeds the package. Its clocks go as fast as the test wants."""

    name = "sdk"

    def __init__(self) -> None:
        self.seconds = float(int(time.time()))
        self.users = (f"user-{number}" for number in itertools.count())
        self.sandbox = Sandbox(COMMAND.with_name("xoxzo-2fa-sandbox"), ["--pace", "0", "--credits", str(CREDITS)])
        self.printed = printed()
        # As a service would send it elsewhere.
        self.printed["LOG"].propagate = False
        self.printed["LOG"].addHandler(logging.NullHandler())
        self.service = self.client(MemoryGuard(danger_clock=self.clock))
        self.server, _ = start_http_server(0, addr="127.0.0.1")

    def clock(self) -> float:
        return self.seconds

    def client(self, guard: Guard) -> TwoFactor:
        sandbox = self.sandbox
        account = {"sid": sandbox.sid, "auth_token": sandbox.auth_token, "sender": "Shop", "base_url": sandbox.url}
        limits = {
            "sends": {"monitor": True, "per_audience": {"count": SENDS, "seconds": 3600}, "per_range": MOST},
            "failures": {"per_audience": {"count": FAILURES, "seconds": 3600}},
        }
        settings = Settings(document(audience="shop", service="Shop", xoxzo=account, **limits))
        return TwoFactor(settings, guard, audit=self.printed["count"], danger_clock=self.clock)

    def started(self) -> tuple[Binding, str]:
        """A new user, and the token of his challenge; empty if none was made."""
        user = Binding(fresh_number(), next(self.users), "login")
        try:
            return user, self.service.start(user).token
        except TwoFactorError:
            return user, ""

    def start(self) -> bool:
        return self.started()[1] != ""

    def log_in(self) -> bool:
        user, token = self.started()
        if token:
            self.service.verify(token, user, self.sandbox.pin(user.recipient))
        return token != ""

    def wrong(self, user: Binding, token: str) -> None:
        pin = self.sandbox.pin(user.recipient)
        with contextlib.suppress(TwoFactorError):
            self.service.verify(token, user, ("1" if pin[0] == "0" else "0") + pin[1:])

    def guess(self) -> None:
        user, token = self.started()
        for _ in range(4):
            self.wrong(user, token)

    def lock_out(self) -> None:
        """A user types wrong codes for a quarter of an hour, and goes on asking for another."""
        user = Binding(fresh_number(), next(self.users), "login")
        for _ in range(25):
            self.seconds += 61
            with contextlib.suppress(TwoFactorError):
                token = self.service.start(user).token
                self.wrong(user, token)

    def ask_again(self) -> None:
        """A user who got no message asks for it once more."""
        user, token = self.started()
        self.seconds += 61
        self.service.resend(token, user)

    def misuse(self) -> None:
        """The application forgets the purpose."""
        with contextlib.suppress(TwoFactorError):
            self.service.start(Binding(fresh_number(), next(self.users), ""))

    def overfill(self) -> None:
        """A store that is too small for the traffic."""
        self.with_guard(MemoryGuard(64, danger_clock=self.clock), 40)

    def differ(self) -> None:
        """The host's clock is hours before that of its store."""
        with tempfile.TemporaryDirectory() as folder:
            guard = SqliteGuard(Path(folder) / "counters.sqlite")
            self.with_guard(guard, 1)
            guard.close()

    def with_guard(self, guard: Guard, starts: int) -> None:
        service, self.service = self.service, self.client(guard)
        for _ in range(starts):
            self.start()
        self.service = service

    def recover(self) -> None:
        while not self.log_in():
            self.seconds += 1

    def minute(self) -> None:
        self.seconds += 60

    def scrape(self) -> str:
        self.printed["ask_for_credits"](self.service)
        with urllib.request.urlopen(f"http://127.0.0.1:{self.server.server_port}/metrics", timeout=10) as answer:
            text: str = answer.read().decode()
            return text

    def leave(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def close(self) -> None:
        self.sandbox.stop()
        for collector in list(REGISTRY._names_to_collectors.values()):
            with contextlib.suppress(KeyError):
                REGISTRY.unregister(collector)
