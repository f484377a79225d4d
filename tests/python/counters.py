"""A counter store written from wit/guard.wit and wit/SPEC.md alone, which replays guard.json.

Groups have no part in it: they only say which charges other lists must not come between.
"""

from typing import Any

LARGEST = 2**32 - 1

# The time at which a vector begins, in milliseconds since 1970.
BEGINNING = 1_800_000_000_000


class Store:
    """Counters by a clock on the wall, which may be set back."""

    def __init__(self) -> None:
        self.totals: dict[str, int] = {}
        self.ends: dict[str, int] = {}
        self.latest = 0

    def add(self, charges: list[dict[str, Any]], now: int) -> tuple[list[dict[str, int]], int]:
        """The totals, and the store's time in seconds."""
        answer: list[dict[str, int]] = []
        if self.latest - now > 120_000:
            return answer, self.latest // 1_000
        self.latest = max(self.latest, now)
        for charge in charges:
            name, before, ends = charge["counter"], 0, now + 1_000 * charge["ttl_seconds"]
            if self.ends.get(name, 0) > now:
                before, ends = self.totals[name], self.ends[name]
            total = min(max(0, before + charge["amount"]), LARGEST)
            answer.append({"total": total, "ends_in_seconds": -((now - ends) // 1_000)})
            if charge["amount"] >= 0 and total > charge["limit"]:
                break
            self.totals[name], self.ends[name] = total, ends
            if total == 0:
                del self.totals[name], self.ends[name]
        return answer, now // 1_000


def check(vector: dict[str, Any]) -> list[str]:
    """What is wrong with a vector."""
    store, wrong, result = Store(), [], "valid"
    for number, step in enumerate(vector["steps"], 1):
        totals, now = store.add(step["charges"], BEGINNING + step["at_milliseconds"])
        told = step.get("now_seconds", step["at_milliseconds"] // 1_000)
        refused = (one["amount"] >= 0 and it["total"] > one["limit"] for it, one in zip(totals, step["charges"]))
        if len(totals) < len(step["charges"]) or any(refused):
            result = "invalid"
        # The end is left open where a counter comes to 0, and where a time that was set back may stand still.
        known = [it | {"ends_in_seconds": None} if it["total"] == 0 or told is None else it for it in totals]
        rules = {
            "totals": len(totals) == len(step["totals"]) and all(right in both for right, both in zip(step["totals"], zip(totals, known))),
            "time": told is None or now == BEGINNING // 1_000 + told,
        }
        wrong += [f"step {number}: {name}" for name, holds in rules.items() if not holds]
    return wrong + ["result"] * (vector["result"] != result)
