#!/usr/bin/env python3
"""Whether every package has one version, which is printed, and the change log tells of it.

    versions.py [--tag]

With --tag the change log must have a section of that version, as a release needs it; without, one that is called Unreleased will do.
"""

import json
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def found(path: str, pattern: str) -> dict[str, str]:
    """The versions that a file states, by place."""
    versions = re.findall(pattern, (ROOT / path).read_text(), re.MULTILINE)
    return {f"{path}:{at}": version for at, version in enumerate(versions)} or {path: "none"}


def versions() -> dict[str, str]:
    cargo = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]
    crates = {name: needed["version"] for name, needed in cargo["dependencies"].items() if name.startswith("xoxzo-2fa")}
    every = {"Cargo.toml": cargo["package"]["version"], **crates}
    for manifest in sorted(ROOT.glob("*/*/Cargo.toml")):
        package = tomllib.loads(manifest.read_text()).get("package", {})
        if isinstance(package.get("version"), str) and package.get("publish") is not False:
            every[str(manifest.relative_to(ROOT))] = package["version"]
    every["host/js/package.json"] = json.loads((ROOT / "host/js/package.json").read_text())["version"]
    every |= found("host/python/src/xoxzo_2fa/__init__.py", r'^__version__ = "(.*)"$')
    every |= found("host/c/xoxzo_2fa.h", r'^#define X2F_VERSION "(.*)"$')
    every |= found("host/c/Makefile", r"^VERSION := (.*)$")
    every |= found("host/ruby/xoxzo-2fa.gemspec", r'^  gem.version = "(.*)"$')
    every["host/php/composer.json"] = json.loads((ROOT / "host/php/composer.json").read_text())["version"]
    for readme in ("README.md", "README.ja.md", "host/ruby/README.md"):
        every |= found(readme, r"xoxzo.2fa-(?:[a-z]+-)?(\d+\.\d+\.\d+)")
    for wit in sorted((ROOT / "wit").glob("*.wit")):
        every |= found(str(wit.relative_to(ROOT)), r"^package xoxzo:two-factor@(.*);$")
    return every


def libraries() -> dict[str, str]:
    """The first two numbers of the version, in the name of the library for C that programs load."""
    every = found("host/c/Makefile", r"^ABI := (.*)$")
    for path in ("host/php/xoxzo_2fa.h", "host/ruby/lib/xoxzo_2fa/library.rb"):
        every |= found(path, r'"libxoxzo_2fa\.so\.(.*?)"')
    return every


def main() -> int:
    every = versions()
    [version, *others] = sorted(set(every.values()), key=list(every.values()).count, reverse=True)
    wrong = [f"{place} has {other}, not {version}" for place, other in every.items() if other in others]
    wrong += [f"{place} has {other}, not that of {version}" for place, other in libraries().items() if other != version.rpartition(".")[0]]
    titles = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    if version not in titles and ("--tag" in sys.argv or "Unreleased" not in titles):
        wrong.append(f"CHANGELOG.md has no section {version}")
    for line in wrong:
        print(line, file=sys.stderr)
    print(version)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
