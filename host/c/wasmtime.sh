#!/usr/bin/env bash
# Makes DIR/include and DIR/lib of wasmtime's C interface, from two published packages:
#   the library  of the Python package `wasmtime`, which ships it built
#   the headers  of the Rust package `wasmtime-c-api-impl`, of which nothing is built
# Needs pip, python3 and cargo. For another processor or system, pip takes that one's wheel.
set -euo pipefail

version=50.0.1
[ $# -eq 1 ] || { echo "usage: $0 DIR" >&2; exit 2; }
mkdir -p "$1/include" "$1/lib"
out=$(cd "$1" && pwd)
if [ -e "$out/lib/wasmtime-$version" ]; then exit 0; fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

pip=(pip)
command -v pip >/dev/null || pip=(python3 -m pip)
"${pip[@]}" download -q --disable-pip-version-check --no-deps --only-binary=:all: -d "$work" "wasmtime==$version"
python3 - "$work" "$out/lib" <<'PYTHON'
import pathlib, sys, zipfile

work, out = map(pathlib.Path, sys.argv[1:])
(wheel,) = work.glob("*.whl")
ends = {".so": "libwasmtime.so", ".dylib": "libwasmtime.dylib"}
with zipfile.ZipFile(wheel) as files:
    (name,) = [name for name in files.namelist() if pathlib.Path(name).suffix in ends]
    (out / ends[pathlib.Path(name).suffix]).write_bytes(files.read(name))
PYTHON

mkdir -p "$work/package/src"
touch "$work/package/src/lib.rs"
cat >"$work/package/Cargo.toml" <<TOML
[package]
name = "headers"
version = "0.0.0"
edition = "2021"

[workspace]

[dependencies]
wasmtime-c-api-impl = { version = "=$version", default-features = false }
TOML
(cd "$work/package" && cargo vendor -q --versioned-dirs "$work/vendor" >/dev/null)
cp -R "$work/vendor/wasmtime-c-api-impl-$version/include/." "$out/include/"
# The published library has every feature.
sed 's/#cmakedefine/#define/' "$out/include/wasmtime/conf.h.in" >"$out/include/wasmtime/conf.h"
touch "$out/lib/wasmtime-$version"
