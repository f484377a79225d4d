"""What a start and a verify take without network: ``python tests/bench.py [COUNT]``."""

from __future__ import annotations

import re
import statistics
import sys
import time
from urllib.parse import parse_qs

from xoxzo_2fa import Binding, MemoryGuard, Request, Response, Settings, TwoFactor, keygen


class Taker:
    """A Xoxzo in memory that takes every message."""

    body = ""

    def send(self, request: Request) -> Response:
        """Take it."""
        self.body = request.body
        return Response(201, {}, b'[{"msgid":"m1"}]')

    def pin(self) -> str:
        """Give the digits in the newest message."""
        (text,) = parse_qs(self.body)["message"]
        found = re.search(r"\b\d{6}\b", text)
        if found is None:
            raise LookupError("no code in the message")
        return found.group()


def settings() -> Settings:
    """Give settings that allow what this measures."""
    most = {"count": 1_000_000, "seconds": 3600}
    return Settings(
        {
            "version": 1,
            "audience": "shop",
            "service": "Example Shop",
            "keys": [keygen()],
            "guard": {"key": keygen()},
            "xoxzo": {"sid": "sid", "auth_token": "token", "sender": "Example"},
            "destinations": ["JP-mobile"],
            "sends": {"per_range": most, "per_audience": most},
            "failures": {"per_audience": most},
        }
    )


def main() -> None:
    """Print medians."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    taker = Taker()
    two_factor = TwoFactor(settings(), MemoryGuard(), transport=taker, audit=None)
    starts, verifies, wrongs = [], [], []
    for number in range(count + 50):
        user = Binding(f"+8190{number:08}", f"user-{number}", "login")
        began = time.perf_counter()
        challenge = two_factor.start(user)
        started = time.perf_counter()
        pin = taker.pin()
        before = time.perf_counter()
        try:
            two_factor.verify(challenge.token, user, "000000" if pin != "000000" else "000001")
        except Exception as refusal:
            if "wrong-pin" not in str(refusal):
                raise
        refused = time.perf_counter()
        two_factor.verify(challenge.token, user, pin)
        verified = time.perf_counter()
        starts.append(started - began)
        wrongs.append(refused - before)
        verifies.append(verified - refused)
    pairs = [start + verify for start, verify in zip(starts, verifies, strict=True)]
    for name, times in (("start", starts), ("verify", verifies), ("wrong guess", wrongs), ("start + verify", pairs)):
        print(f"{name}: {statistics.median(times[50:]) * 1e3:.3f} ms")


if __name__ == "__main__":
    main()
