"""Words and tables of the pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table. The first column stands at the left, the others at the right, or at the left if there are only two."""

    def join(row: Sequence[str]) -> str:
        return "| " + " | ".join(row) + " |"

    side = "|---" if len(head) == 2 else "|---:"
    return "\n".join([join(head), "|---" + side * (len(head) - 1) + "|", *map(join, rows)])


def bold(text: str) -> str:
    """Return bold text."""
    return f"**{text}**"


def decimals(number: float) -> str:
    """Return a number with as many digits as tell something."""
    if number >= 100:
        return f"{number:,.0f}"
    return f"{number:.1f}" if number >= 10 else f"{number:.2g}" if number < 1 else f"{number:.2f}"
