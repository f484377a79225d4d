"""Finds the language of texts for a user in the header ``Accept-Language`` (RFC 9110, section 12.5.4)."""

from __future__ import annotations

import re

# Of a longer header only the beginning is read. Browsers send under 100 characters.
_LONGEST = 1_000

# The languages of messages, by primary subtag. Chinese is decided by script and region.
_LANGUAGES = frozenset({"en", "ja", "id", "ms", "vi", "th", "ko", "es"})
_TRADITIONAL = frozenset({"hant", "tw", "hk", "mo"})
_QUALITY = re.compile(r"[Qq]=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")


def preferred(header: str) -> str | None:
    """Return the language that is liked best of those that ``explain`` has. None if none of them is accepted."""
    best: tuple[float, str | None] = (0.0, None)
    for wanted in header[:_LONGEST].split(","):
        tag, *parameters = (part.strip() for part in wanted.split(";"))
        language = _known(tag.lower().split("-"))
        quality = _quality(parameters)
        if language is not None and quality > best[0]:
            best = quality, language
    return best[1]


def _known(subtags: list[str]) -> str | None:
    primary, *others = subtags
    if primary == "zh":
        return "zh-Hant" if "hans" not in others and _TRADITIONAL.intersection(others) else "zh-Hans"
    return primary if primary in _LANGUAGES else None


def _quality(parameters: list[str]) -> float:
    """Return the weight, which is 1 without one, and 0 for one that is malformed."""
    if not parameters:
        return 1.0
    given = _QUALITY.fullmatch(parameters[0])
    return float(given[1]) if given else 0.0
