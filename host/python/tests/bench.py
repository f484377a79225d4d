"""What a start and a verify take without network: ``python tests/bench.py [COUNT]``."""

from __future__ import annotations

import statistics
import sys
import time

from conftest import Taker, document, other_than

from xoxzo_2fa import Binding, MemoryGuard, Refuse, Settings, TwoFactor


def main() -> None:
    """Print medians."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    taker = Taker()
    two_factor = TwoFactor(Settings(document()), MemoryGuard(), transport=taker)
    starts, verifies, wrongs = [], [], []
    for number in range(count + 50):
        user = Binding(f"+8190{number:08}", f"user-{number}", "login")
        began = time.perf_counter()
        challenge = two_factor.start(user)
        started = time.perf_counter()
        pin = taker.pin()
        before = time.perf_counter()
        try:
            two_factor.verify(challenge.token, user, other_than(pin))
        except Refuse as refusal:
            if refusal.code != "wrong-pin":
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
