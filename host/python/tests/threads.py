"""Sixteen threads on one client: ``threads.py [CALLS]``. Each start, wrong guess, right guess and second guess has one right answer."""

from __future__ import annotations

import sys
import threading
import time
from collections import defaultdict

from conftest import Taker, document, other_than, pin_in

from xoxzo_2fa import Acceptance, Binding, MemoryGuard, Refuse, Request, Response, Settings, TwoFactor

THREADS = 16


class Inboxes(Taker):
    """A Xoxzo that keeps apart what each thread sent."""

    def __init__(self) -> None:
        super().__init__()
        self.of: dict[int, list[Request]] = defaultdict(list)

    def send(self, request: Request) -> Response:
        self.of[threading.get_ident()].append(request)
        return Response(201, {}, b'[{"msgid":"m1"}]')


def main() -> int:
    """Print how many answers were right."""
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    rounds = -(-calls // (4 * THREADS))
    inboxes, wrong = Inboxes(), list[str]()
    two_factor = TwoFactor(Settings(document()), MemoryGuard(), transport=inboxes, audit=lambda _: None)

    def work(thread: int) -> None:
        for number in range(rounds):
            user = Binding(f"+8190{thread:03}{number:05}", f"user-{thread}-{number}", "login")
            token = two_factor.start(user).token
            text = inboxes.of[threading.get_ident()].pop().body.replace("+", " ")
            pin = pin_in(text)
            expected = ((other_than(pin), "wrong-pin"), (pin, "accepted"), (pin, "used"))
            for guess, answer in expected:
                try:
                    accepted = two_factor.verify(token, user, guess)
                    given = "accepted" if isinstance(accepted, Acceptance) else repr(accepted)
                except Refuse as refusal:
                    given = refusal.code
                if given != answer:
                    wrong.append(f"{given}, not {answer}")

    def guarded(thread: int) -> None:
        try:
            work(thread)
        except BaseException as fault:
            wrong.append(repr(fault))

    # As many switches as there can be.
    sys.setswitchinterval(1e-6)
    began = time.monotonic()
    threads = [threading.Thread(target=guarded, args=[thread]) for thread in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - began
    for fault in wrong[:10]:
        print(fault)
    made = rounds * THREADS * 4
    print(f"{THREADS} threads, {made} calls in {took:.1f} s: {len(wrong)} wrong answers")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
