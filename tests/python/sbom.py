#!/usr/bin/env python3
"""Writes a CycloneDX bill of materials of a release: the crates with all that they link, the built artefacts, and the packages.

    sbom.py VERSION ARTEFACT... >xoxzo-2fa-VERSION.cdx.json

Needs cargo, and cyclonedx-python-lib with its extra `json-validation`. What only tests and tools need is left out.
"""

import hashlib
import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

ROOT = Path(__file__).resolve().parents[2]
OURS = "MIT OR Apache-2.0"


def hashed(checksum: str) -> list[HashType]:
    return [HashType(alg=HashAlgorithm.SHA_256, content=checksum)]


def component(kind: str, name: str, version: str | None, terms: str | None, checksum: str | None = None) -> Component:
    """A package of a registry."""
    licences = [LicenseFactory().make_from_string(terms.replace("/", " OR "))] if terms else []
    owner, _, short = name.rpartition("/")
    purl = PackageURL(kind, owner or None, short, version)
    hashes = hashed(checksum) if checksum else []
    return Component(name=name, version=version, type=ComponentType.LIBRARY, purl=purl, bom_ref=str(purl), hashes=hashes, licenses=licences)


def linked(metadata: dict[str, Any]) -> dict[str, list[str]]:
    """The packages that are linked into programs and published crates, and what each needs; by cargo's ids."""
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    programs = {"xoxzo-2fa-serve", "xoxzo-2fa-envoy", "xoxzo-2fa-c"}
    every = {it["id"]: it for it in metadata["packages"]}
    waiting = [key for key in metadata["workspace_members"] if every[key]["publish"] != [] or every[key]["name"] in programs]
    needs: dict[str, list[str]] = {}
    while waiting:
        key = waiting.pop()
        if key not in needs:
            needs[key] = [it["pkg"] for it in nodes[key]["deps"] if any(own["kind"] != "dev" for own in it["dep_kinds"])]
            waiting += needs[key]
    return needs


def main() -> None:
    version, *artefacts = sys.argv[1:]
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--all-features"]
    metadata = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout)
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]
    checksums = {(it["name"], it["version"]): it.get("checksum") for it in lock}
    packages = {it["id"]: it for it in metadata["packages"]}
    bom = Bom()
    whole = bom.metadata.component = Component(name="xoxzo-2fa", version=version, type=ComponentType.APPLICATION, bom_ref="xoxzo-2fa")
    needs = linked(metadata)
    crates = {
        key: component("cargo", it["name"], it["version"], it["license"], checksums[it["name"], it["version"]])
        for key in needs
        for it in [packages[key]]
    }
    wasmtime = component("pypi", "wasmtime", None, None)
    python, js = component("pypi", "xoxzo-2fa", version, OURS), component("npm", "xoxzo-2fa", version, OURS)
    ffi, ruby = component("gem", "ffi", None, None), component("gem", "xoxzo-2fa", version, OURS)
    php, go = (
        component("composer", "xoxzo/xoxzo-2fa", version, OURS),
        component("golang", "github.com/xoxzo/xoxzo-2fa/host/go", version, OURS),
    )
    packaged = [python, js, ruby, php, go]
    files = [
        Component(name=path.name, type=ComponentType.FILE, bom_ref=path.name, hashes=hashed(hashlib.sha256(path.read_bytes()).hexdigest()))
        for path in map(Path, artefacts)
    ]
    for each in [*crates.values(), *packaged, wasmtime, ffi, *files]:
        bom.components.add(each)
    for key, others in needs.items():
        bom.register_dependency(crates[key], [crates[other] for other in others])
    engine = [file for file in files if file.name == "two-factor-ask.wasm"]
    bom.register_dependency(python, [wasmtime, *engine])
    bom.register_dependency(js, engine)
    library = [crates[key] for key in needs if packages[key]["name"] == "xoxzo-2fa-c"]
    for each, others in ((ruby, [ffi]), (php, []), (go, [])):
        bom.register_dependency(each, [*library, *others])
    members = [crates[key] for key in metadata["workspace_members"] if key in crates]
    bom.register_dependency(whole, [*members, *packaged, *files])
    text = JsonV1Dot6(bom).output_as_string(indent=2)
    wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    assert wrong is None, wrong
    # No component is missing, and none is there twice.
    assert len(json.loads(text)["components"]) == len(crates) + len(packaged) + 2 + len(files)
    print(text)


if __name__ == "__main__":
    main()
