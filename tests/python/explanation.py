"""The rules of SPEC.md for what end users read: what is offered, and how tries and waits are said."""

import re
from typing import Any

LOCALES = ("en", "ja", "id", "ms", "vi", "th", "zh-Hans", "zh-Hant", "ko", "es")


def waited(seconds: int) -> tuple[int, str]:
    """The number and the English unit of a wait."""
    for most, size, unit in ((90, 1, "second"), (5_400, 60, "minute"), (2**32, 3_600, "hour")):
        if seconds <= most:
            number = max(1, -(-seconds // size))
            return number, f"{unit}{'s' * (number > 1)}"
    raise AssertionError(seconds)


def offered(code: str, left: int | None, wait: int | None) -> list[str]:
    if code == "wrong-pin":
        return ["start-again"] if left == 0 else ["try-again", "resend"]
    if code in ("expired", "exhausted", "used", "invalid-token"):
        return ["start-again"]
    if code == "locked":
        return ["contact-support" if wait is None else "wait"]
    plain = {"malformed": ["try-again"], "not-allowed": ["contact-support"], "nothing-locked": []}
    waiting = wait is not None or code in ("cooldown", "too-many-sends")
    return plain.get(code, ["wait" if waiting else "try-again"])


def check(vector: dict[str, Any]) -> list[str]:
    if vector["locale"] not in LOCALES:
        return [] if vector["result"] == "invalid" else ["result"]
    code, left, wait = vector["code"], vector["guesses_left"], vector["retry_after"]
    number, unit = waited(wait or 0)
    numbers = [str(left)] if left else [] if wait is None else [str(number)]
    english = vector["locale"] != "en" or wait is None or f" {number} {unit}." in vector["text"]
    checks = {
        "offers": vector["offers"] == offered(code, left, wait),
        "numbers": re.findall("[0-9]+", vector["text"]) == numbers,
        "unit": english,
        "sentences": vector["text"] == vector["text"].strip() and not re.search(r"[{}<>\n]", vector["text"]),
    }
    return [name for name, right in checks.items() if not right]
