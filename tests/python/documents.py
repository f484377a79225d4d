#!/usr/bin/env python3
"""Each document in Japanese, `NAME.ja.md`, held against `NAME.md`: headings, blocks of code, tables, code in the text, links, and pictures.

Blocks are equal byte for byte. A link to a document that is there in both languages may lead to either. The starts of README.md are those of the packages.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Block:
    """A block of code, under its headings of the second and third level, with the file that it is a part of."""

    section: str
    part: str
    language: str
    file: str | None
    text: str


def blocks_of(document: str) -> list[Block]:
    """The blocks of a document. A block belongs to the file whose name begins the paragraph before it."""
    found: list[Block] = []
    section = part = paragraph = ""
    ended = True
    lines = iter(document.splitlines())
    for line in lines:
        if line.startswith("```"):
            text = "".join(f"{inner}\n" for inner in iter(lambda: next(lines), "```"))
            file = re.match(r"`([\w./]+)`", paragraph)
            found.append(Block(section, part, line.removeprefix("```"), file[1] if file else None, text))
        elif line.startswith("## "):
            section, part = line.removeprefix("## "), ""
        elif line.startswith("### "):
            part = line.removeprefix("### ")
        if line and ended:
            paragraph = line
        ended = not line
    return found


def text_of(document: str) -> str:
    """The document without its blocks."""
    return re.sub(r"^```.*?^```$", "", document, flags=re.MULTILINE | re.DOTALL)


ASPECTS: dict[str, Callable[[str], list[Any]]] = {
    "levels of headings": lambda document: re.findall(r"^#+ ", text_of(document), re.MULTILINE),
    "blocks": lambda document: [(block.language, block.file, block.text) for block in blocks_of(document)],
    "cells of tables": lambda document: [line.count("|") for line in text_of(document).splitlines() if line.startswith("|")],
    "code in the text": lambda document: sorted(re.findall(r"`[^`\n]+`", text_of(document))),
    "links": lambda document: sorted(re.findall(r"\]\(([^)]*)\)", text_of(document).replace(".ja.md", ".md"))),
    "pictures": lambda document: re.findall(r' (?:src|srcset)="([^"]*)"', text_of(document)),
}

# The folder of the package for each language in which README.md has a start.
PACKAGES = {"rust": "sdk", "python": "python", "js": "js", "php": "php", "ruby": "ruby", "go": "go"}


def starts() -> dict[str, str]:
    """The first lines of README.md in each language."""
    found = [block for block in blocks_of((ROOT / "README.md").read_text("utf-8")) if block.language != "sh"]
    assert [block.language for block in found] == [*PACKAGES], [block.language for block in found]
    return {block.language: block.text for block in found}


def unknown_starts() -> list[str]:
    """The languages whose start is not the first block of code in the README of its package."""
    unknown = []
    for language, start in starts().items():
        blocks = blocks_of((ROOT / "host" / PACKAGES[language] / "README.md").read_text("utf-8"))
        first = next(block.text for block in blocks if block.language.partition(",")[0] == language)
        if first != start:
            unknown.append(language)
    return unknown


def main() -> int:
    pairs = [
        (path.with_name(path.name.replace(".ja.md", ".md")), path) for place in (".", "docs") for path in (ROOT / place).glob("*.ja.md")
    ]
    assert pairs, "there is no document in Japanese"
    failed = 0
    for english, japanese in sorted(pairs):
        for what, of in ASPECTS.items():
            one, other = of(english.read_text("utf-8")), of(japanese.read_text("utf-8"))
            if one != other:
                failed += 1
                missing = [repr(item)[:160] for item in one if one.count(item) > other.count(item)][:3]
                added = [repr(item)[:160] for item in other if other.count(item) > one.count(item)][:3]
                print(f"documents: {japanese.relative_to(ROOT)}: {what}: lacks {missing}, adds {added}")
    for language in unknown_starts():
        failed += 1
        print(f"documents: README.md: its start in {language} is not that of host/{PACKAGES[language]}/README.md")
    print(f"documents: {len(pairs)} in two languages, {len(PACKAGES)} starts")
    print(f"{len(pairs) * len(ASPECTS) + len(PACKAGES) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
