#!/usr/bin/env python3
"""The bytes of each artefact, by the crates that they come from: parts.py FOLDER [--write]

FOLDER is `target-wasm`, where `tests/all wasm` leaves modules with the names of their functions; what is committed is the same without names. A function counts for the
crate that defines it, and one for a type of another crate, such as a `Vec` of one's own records, for the crate that is named first. With `--write` the
table goes to `figures/parts.json`.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from pages import render
from surroundings import write
from targets import recorded
from words import table

MODULES = {
    "component": "plugin/xoxzo_2fa_component.wasm",
    "ask": "plugin/xoxzo_2fa_ask.wasm",
    "Envoy": "plugin/xoxzo_2fa_envoy.wasm",
}
# Sections by their numbers.
CUSTOM, IMPORT, CODE, DATA = 0, 2, 10, 11
# Parts by the crates that they are made of. The first that fits.
PARTS = {
    "xoxzo_2fa_core": "the engine: core",
    "xoxzo_2fa_json": "the engine: json",
    "xoxzo_2fa_gate": "the engine: gate",
    "xoxzo_2fa_": "shells",
    "sha2|hmac|hkdf|digest|block_buffer|crypto_common|hybrid_array|subtle|zeroize": "cryptography",
    "serde_json|serde|serde_core|itoa|zmij|ryu": "reading and writing JSON",
    "base64ct|base16ct|form_urlencoded|percent_encoding": "encodings",
    "talc|dlmalloc": "the allocator",
    "proxy_wasm|log|hashbrown|foldhash": "the SDK of proxy-wasm",
    "wit_bindgen|cabi_realloc": "glue of components",
    "xoxzo$|cabi_post_|ask$|proxy_on_": "exported functions, with what is inlined into them",
    "core|alloc|std|compiler_builtins|memchr|memcpy|memset|memmove|memcmp|__rust|__rdl|multi3|wasm_call_ctors": "Rust's own libraries",
}
_OTHER = "everything else"


def number(data: bytes, at: int) -> tuple[int, int]:
    """Read a number in LEB128. Returns what follows, too."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def sections(module: bytes) -> Iterator[tuple[int, bytes]]:
    at = 8
    while at < len(module):
        kind = module[at]
        size, at = number(module, at + 1)
        yield kind, module[at : at + size]
        at += size


def text(data: bytes, at: int) -> tuple[str, int]:
    size, at = number(data, at)
    return data[at : at + size].decode(), at + size


def imported(data: bytes) -> int:
    """Count the imported functions. No artefact imports anything else."""
    count, at = number(data, 0)
    for _ in range(count):
        _, at = text(data, at)
        _, at = text(data, at)
        assert data[at] == 0, "an import is not a function"
        _, at = number(data, at + 1)
    return count


def bodies(data: bytes) -> list[int]:
    """Return the bytes of each function, its length included."""
    count, at = number(data, 0)
    sizes = []
    for _ in range(count):
        before = at
        size, at = number(data, at)
        at += size
        sizes.append(at - before)
    return sizes


def names(data: bytes) -> dict[int, str]:
    """Read the names of functions."""
    found: dict[int, str] = {}
    title, at = text(data, 0)
    while title == "name" and at < len(data):
        kind = data[at]
        size, at = number(data, at + 1)
        if kind == 1:
            count, place = number(data, at)
            for _ in range(count):
                index, place = number(data, place)
                found[index], place = text(data, place)
        at += size
    return found


def crate(name: str) -> str:
    """Return the crate of a function, by its mangled or demangled name."""
    legacy = re.match(r"_ZN(\d+)", name)
    if legacy:
        length, start = int(legacy[1]), legacy.end()
        name = name[start : start + length].replace("$LT$", "<").replace("..", "::")
    if name.startswith("_R"):
        # A crate's root: C, a disambiguator, and its name with its length.
        found = re.search(r"C(?:s[0-9A-Za-z]*_)?(\d+)_?([A-Za-z_]\w*)", name)
        return found[2][: int(found[1])] if found else name
    found = re.search(r"[A-Za-z_]\w*", name.lstrip("<&_ "))
    return found[0] if found else name


def part(name: str) -> str:
    own = crate(name)
    return next((title for pattern, title in PARTS.items() if re.match(pattern, own)), _OTHER)


def measured(path: Path) -> dict[str, int]:
    """Return the bytes of each part of a module, the largest first."""
    module = path.read_bytes()
    told: dict[str, int] = {}
    imports, code = 0, []
    known: dict[int, str] = {}
    for kind, data in sections(module):
        if kind == CUSTOM:
            known |= names(data)
        elif kind == IMPORT:
            imports = imported(data)
        elif kind == CODE:
            code = bodies(data)
        elif kind == DATA:
            told["texts and tables"] = len(data)
        else:
            told["types, imports and exports"] = told.get("types, imports and exports", 0) + len(data)
    assert known, f"{path}: no names"
    for index, size in enumerate(code, imports):
        title = part(known.get(index, ""))
        told[title] = told.get(title, 0) + size
    return dict(sorted(told.items(), key=lambda pair: -pair[1]))


def main() -> None:
    folder = Path(sys.argv[1]) / "wasm32-unknown-unknown"
    told = {name: measured(folder / path) for name, path in MODULES.items()}
    for name, parts in told.items():
        print(f"{name}\n{table(['part', 'bytes'], [[title, f'{size:,}'] for title, size in parts.items()])}\n")
    if "--write" in sys.argv[2:]:
        write("parts", told)
        render(recorded(), write=True)


if __name__ == "__main__":
    main()
