"""Places in a settings document: where its values stand, and how a fault in it is told to whoever wrote it."""

from __future__ import annotations

import difflib
import json
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from xoxzo_2fa._errors import Misuse

if TYPE_CHECKING:
    from collections.abc import Iterator

_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\r\n]*")
_UNKNOWN = "has a field that does not exist"
# How much of a misspelt name must be right, from 0 to 1. A key or a token is never that near to a name.
_LIKELY = 0.7


def spans(text: str) -> dict[str, tuple[int, int]]:
    """Return where each value of a JSON text begins and ends, by its path. The text must be sound.

    A name with a dot in it is no field of the settings, and must not look like a path.
    """
    found: dict[str, tuple[int, int]] = {}
    _span(text, _after_space(text, 0), "", found)
    return found


def _span(text: str, at: int, path: str, found: dict[str, tuple[int, int]]) -> int:
    """Note the value that begins here and all in it, and return its end."""
    begin, opening = at, text[at]
    if opening not in "{[":
        _, end = _DECODER.raw_decode(text, at)
        found[path] = (begin, end)
        return end
    number = 0
    at = _after_space(text, at + 1)
    while text[at] not in "}]":
        name = str(number)
        if opening == "{":
            name, at = _DECODER.raw_decode(text, at)
            at = _after_space(text, _after_space(text, at) + 1)
        inner = {} if "." in name else found
        at = _after_space(text, _span(text, at, f"{path}.{name}" if path else name, inner))
        if text[at] == ",":
            at = _after_space(text, at + 1)
        number += 1
    found[path] = (begin, at + 1)
    return at + 1


def _after_space(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    return space.end() if space else at


def replaced(text: str, values: dict[tuple[int, int], str]) -> str:
    """Return the text with other values in the place of some of its spans, and as many lines as before."""
    for (begin, end), value in sorted(values.items(), reverse=True):
        breaks = "\n" * text.count("\n", begin, end)
        text = text[:begin] + value + breaks + text[end:]
    return text


@contextmanager
def located(file: str | None) -> Iterator[None]:
    """Name the file in a fault of settings, which begins with the word ``settings``."""
    try:
        yield
    except Misuse as fault:
        if file is not None and fault.code == "settings" and fault.detail.startswith("settings"):
            fault.detail = f"{file}{fault.detail.removeprefix('settings')}"
            fault.args = (fault.code, fault.detail)
        raise


def likely(schema: dict[str, Any], text: str, detail: str) -> str | None:
    """Return the name of an unknown field and the one that was meant, if the engine found one and it is near to a known name."""
    at = re.fullmatch(rf"settings(?:, ([\w.]+))?(?:, line \d+)?: {_UNKNOWN}", detail)
    if at is None:
        return None
    node: Any = json.loads(text)
    for name in (at[1] or "").split(".") if at[1] else []:
        node = node[int(name)] if isinstance(node, list) else node[name]
        schema = schema.get("items" if name.isdigit() else "properties", {})
        schema = schema if name.isdigit() else schema.get(name, {})
    known = schema.get("properties", {})
    for name in node:
        if name not in known and (near := difflib.get_close_matches(name, known, 1, _LIKELY)):
            return f"`{name}`; did you mean `{near[0]}`?"
    return None
