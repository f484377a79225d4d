#!/usr/bin/env python3
"""The structure of the sources, held against limits: what is over one fails.

No two files import each other, directly or around a circle, no two types have one name, no host lacks a field of the contract, no file is a link, and copies are
what they are copied from: with `--bless` they are copied anew. The other limits are what was reached; they may only be lowered.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path

import mirror
import waits

ROOT = Path(__file__).resolve().parent.parent.parent

CRATES = [
    path
    for part in ("plugin", "host")
    for path in sorted((ROOT / part).glob("*/src"))
    if (path / "lib.rs").exists() or (path / "main.rs").exists()
]
PYTHON = ROOT / "host/python/src/xoxzo_2fa"
JAVASCRIPT = ROOT / "host/js"
PHP = ROOT / "host/php/src"
RUBY = ROOT / "host/ruby/lib/xoxzo_2fa"
GO = ROOT / "host/go"

# Files beside the room, the sandbox and documents in whose code Xoxzo is named; the project's own name does not count.
NAMING = 14
# Doc comments that begin with a clause or a preposition, in thousandths.
CLAUSES = 5
# Places, beside its record and its use, where a setting is named: presets, the stored form, and fields of other records with the same name.
WIRED = 17
# Doc comments of so many words or fewer, in thousandths of a part's: most of them could say more. rustls has 220.
SHORT = 6
SHORT_COMMENTS = {"plugin/core": 340, "plugin/gate": 280, "plugin/json": 300, "host/sdk": 220, "host/serve": 270, "host/sandbox": 230, "host/cli": 260, "host/c": 290}
# Hand-written types that have the fields of a binding.
BINDINGS = 10
# Functions in Rust that add a charge to a total: the engine's, and that of all stores.
ADDING = 2
# Files that write the syntax of JSON: the engine's, and that of the SDK, which does not link the engine.
WRITING = 2

OWN_NAME = re.compile(r"xoxzo[-_]2fa|xoxzo:[a-z-]+|xoxzo::two_factor|xoxzo_two_factor|XOXZO_2FA")
# What leads to the room names nothing itself.
ROOM = re.compile(r"\bcrate::xoxzo\b|\bxoxzo::|\bmod xoxzo;")
CLAUSE = re.compile(
    r"(What|Whether|Whatever|Which|Where|When|While|Who|Whom|Whose|How|Why|That|If|As|Of|For|By|From|In|On|To|With|Without|At|Under|Beside|Among)\b"
)


def rust_files() -> Iterator[Path]:
    return chain.from_iterable(sorted(crate.rglob("*.rs")) for crate in CRATES)


def code(path: Path) -> str:
    """The source without its tests at the end."""
    return path.read_text().partition("#[cfg(test)]\nmod tests")[0]


# Circles


def rust_imports(crate: Path) -> dict[str, set[str]]:
    """The modules that each module of a crate imports. A face that hands on what its own folder has imports nothing by that."""
    sources = {"::".join(path.relative_to(crate).with_suffix("").parts): code(path) for path in crate.rglob("*.rs")}

    def imported(module: str, path: str) -> str | None:
        parts = path.split("::")
        own = [] if module in {"lib", "main"} else module.split("::")
        if parts[0] == "crate":
            parts = parts[1:]
        elif parts[0] == "self":
            parts = own + parts[1:]
        elif parts[0] == "super":
            while parts and parts[0] == "super":
                own, parts = own[:-1], parts[1:]
            parts = own + parts
        elif "::".join([*own, parts[0]]) in sources:
            parts = own + parts
        else:
            return None
        ends = ("::".join(parts[:end]) for end in range(len(parts), 0, -1))
        return next((end for end in ends if end in sources), None)

    graph: dict[str, set[str]] = {}
    for module, source in sources.items():
        plain = re.sub(r"//.*", "", source)
        uses = re.findall(r"\buse\s+([^;]+);", re.sub(r"\bpub(?:\([^)]*\))? use\s+[^;]+;", "", plain))
        paths = [path for use in uses for path in branches(use)]
        paths += re.findall(r"(?<![:\w])([a-z_]+::[\w:]+)", re.sub(r"\buse\s+[^;]+;", "", plain))
        graph[module] = {other for path in paths if (other := imported(module, path)) and other != module}
    return graph


def branches(use: str) -> Iterator[str]:
    """The paths of a tree of imports."""
    front, brace, inner = use.strip().partition("{")
    if not brace:
        yield front.partition(" as ")[0]
        return
    depth, start = 0, 0
    inner = inner.removesuffix("}")
    for at, letter in enumerate(inner + ","):
        depth += {"{": 1, "}": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            if branch := inner[start:at].strip():
                yield from branches(front + branch)
            start = at + 1


def python_imports(package: Path) -> dict[str, set[str]]:
    """The modules that each module of a package imports. The package itself hands on, and imports nothing by that."""
    modules = {".".join((package.name, *path.relative_to(package).with_suffix("").parts)): path for path in package.rglob("*.py")}
    modules = {name.removesuffix(".__init__"): path for name, path in modules.items()}
    graph: dict[str, set[str]] = {}
    for name, path in modules.items():
        imported: set[str] = set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                submodules = {f"{node.module}.{alias.name}" for alias in node.names} & modules.keys()
                imported |= submodules or ({node.module} & modules.keys())
            elif isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names} & modules.keys()
        own = path.name == "__init__.py"
        graph[name] = {other for other in imported if other != name and not (own and other.startswith(f"{name}."))}
    return graph


def javascript_imports(package: Path) -> dict[str, set[str]]:
    """The modules that each module of a package imports, on any platform."""
    modules = {path for part in ("*.js", "src/**/*.js", "guards/*.js") for path in package.glob(part)}
    platforms = {path for path in modules if path.parent.name == "platform"}
    graph: dict[str, set[str]] = {}
    for path in modules:
        named = re.findall(r'\bfrom "(\.[^"]+|#platform)"', path.read_text())
        imported = {(path.parent / name).resolve() for name in named} & modules | (platforms if "#platform" in named else set())
        graph[path.relative_to(package).as_posix()] = {other.relative_to(package).as_posix() for other in imported}
    return graph


def circles(graph: dict[str, set[str]]) -> list[set[str]]:
    """The largest sets of modules that reach each other (Tarjan's algorithm)."""
    found: list[set[str]] = []
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    path: list[str] = []

    def visit(module: str) -> None:
        order[module] = lowest[module] = len(order)
        path.append(module)
        for other in sorted(graph[module]):
            if other not in order:
                visit(other)
                lowest[module] = min(lowest[module], lowest[other])
            elif other in path:
                lowest[module] = min(lowest[module], order[other])
        if lowest[module] == order[module]:
            circle = set(path[path.index(module) :])
            del path[path.index(module) :]
            if len(circle) > 1:
                found.append(circle)

    for module in graph:
        if module not in order:
            visit(module)
    return found


def all_circles() -> Iterator[str]:
    graphs = [(crate.parent.name, rust_imports(crate)) for crate in CRATES]
    graphs += [("python", python_imports(PYTHON)), ("javascript", javascript_imports(JAVASCRIPT))]
    for name, graph in graphs:
        for circle in circles(graph):
            yield f"{name}: {', '.join(sorted(circle))}"


# Words


def naming() -> Iterator[str]:
    """Files that name Xoxzo in their code, apart from its rooms, the sandbox, and the one in memory for tests in Python."""
    sources: Iterable[Path] = chain(rust_files(), sorted(PYTHON.rglob("*.py")), sorted((ROOT / "host/c").glob("*.[ch]")))
    for path in sources:
        place = path.relative_to(ROOT).as_posix()
        if place.startswith(("plugin/core/src/xoxzo", "host/sdk/src/xoxzo", "host/sandbox/", "host/python/src/xoxzo_2fa/testing", "host/python/src/xoxzo_2fa/fixtures")):
            continue
        plain = re.sub(r"//.*|#.*|/\*(?s:.*?)\*/|\"\"\"(?s:.*?)\"\"\"", "", code(path) if path.suffix == ".rs" else path.read_text())
        if re.search("xoxzo", ROOM.sub("", OWN_NAME.sub("", plain)), re.IGNORECASE):
            yield place


def openings() -> Iterator[str]:
    """The first lines of Rust's doc comments."""
    for path in rust_files():
        before = ""
        for line in code(path).splitlines():
            comment = re.match(r"\s*//[/!] ?(.*)", line)
            if comment and not re.match(r"\s*//[/!]", before):
                yield comment[1]
            before = line


def terse() -> Iterator[str]:
    """Parts that have more short doc comments than before."""
    for part, most in SHORT_COMMENTS.items():
        text = "\n".join(code(path) for path in sorted((ROOT / part / "src").rglob("*.rs")))
        comments = [re.sub(r"(?m)^\s*//[/!]", "", block).split() for block in re.findall(r"(?m)(?:^\s*//[/!].*\n)+", text)]
        short = sum(len(words) <= SHORT for words in comments)
        if short * 1_000 > most * len(comments):
            yield f"{part}: {short} of {len(comments)}, at most {most / 10} %"


def adding() -> Iterator[str]:
    yield from (path.relative_to(ROOT).as_posix() for path in rust_files() if "saturating_add_signed(self.amount)" in code(path))


def writing() -> Iterator[str]:
    yield from (path.relative_to(ROOT).as_posix() for path in rust_files() if re.search(r"push(?:_str)?\(\"?.*\\\":", code(path)))


def bindings() -> Iterator[str]:
    """Types with the fields of a binding, whatever they are called. Those in C stand for the SDK's, field by field."""
    rust = (path for path in rust_files() if not path.is_relative_to(ROOT / "host/c"))
    places: Iterable[Path] = chain(rust, sorted(PYTHON.rglob("*.py")), (ROOT / "wit").glob("*.wit"))
    for path in places:
        for name, fields in re.findall(r"(?:struct|class|record) ([\w-]+)[^{;(]*?[{:]\n((?s:.*?))\n(?: *\}|\n\n)", path.read_text()):
            named = re.findall(r"^\s*(?:pub(?:\([a-z]+\))? |const char \*)?(\w+)[:;]", fields, re.MULTILINE)
            if {"recipient", "subject", "purpose", "session"} <= set(named):
                yield f"{path.relative_to(ROOT)}: {name}"


# Records. Every host has a type for each record of the contract that its user meets, with all of the record's fields.

# What no user meets: what a host's driver exchanges with the component, and lists of one field, given as what they hold.
INNER = {"counting", "posting", "turn", "prepared", "message-previews", "signed-request", "written-key", "number-index", "guard-name"}
INNER |= {"header", "host-failure"}
# Types that are not called like their record.
CALLED = {
    "rust": {"user-limits": "Limits", "account-credits": "Credits"},
    "python": {"user-limits": "Limits", "account-credits": "Credits", "failure": "TwoFactorError"},
    "javascript": {
        "user-limits": "Limits",
        "account-credits": "Credits",
        "failure": "TwoFactorError",
        "request": "HttpRequest",
        "response": "HttpResponse",
    },
    "c": {"user-limits": "x2f_limits", "account-credits": "x2f_credits"},
    "php": {"user-limits": "Limits", "account-credits": "Credits"},
    "ruby": {"user-limits": "Limits", "account-credits": "Credits", "failure": "Error"},
    "go": {"user-limits": "Limits", "account-credits": "Credits"},
}
COUNTED = dict.fromkeys(("charge", "total", "totals", "request", "response"), "the library counts and sends")
# Fields in another form, and why that is enough. A record alone: the host has no such type.
OTHERWISE = {
    "rust": {
        "failure.blame": "the variant of Error",
        "request": "http::Request",
        "response": "http::Response",
    },
    "python": {},
    "javascript": {"response.headers": "retryAfter, the only one that is read"},
    "c": {
        "audit.trail": "its fields",
        "trail": "in x2f_audit",
        "claims.transaction": "its fields",
        "response.headers": "retry_after, the only one that is read",
        "message-preview": "by x2f_call, as text",
        "step-up": "by x2f_call, as text",
    },
    "php": COUNTED,
    "ruby": {**COUNTED, "failure.blame": "the class of Error"},
    "go": {**COUNTED, "sending.client": "Address"},
}


def contract() -> dict[str, list[str]]:
    """The records of the contract and their fields."""
    text = "".join(re.sub(r"//.*", "", path.read_text()) for path in sorted((ROOT / "wit").glob("*.wit")))
    return {name: re.findall(r"%?([\w-]+)\s*:", body) for name, body in re.findall(r"record ([\w-]+) \{([^}]*)\}", text)}


def types_of_hosts() -> dict[str, dict[str, set[str]]]:
    """The types of each host and their fields."""
    rust: dict[str, set[str]] = {}
    for path in sorted((ROOT / "host/sdk/src").rglob("*.rs")):
        for name, body in re.findall(r"pub struct (\w+)(?:<[^>]*>)? \{((?s:.*?))\n\}", re.sub(r"//.*", "", path.read_text())):
            rust[name] = set(re.findall(r"pub (\w+):", body))
    python: dict[str, set[str]] = {}
    for path in sorted(PYTHON.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                targets: list[ast.expr] = [inner.target for inner in ast.walk(node) if isinstance(inner, ast.AnnAssign)]
                targets += [target for inner in ast.walk(node) if isinstance(inner, ast.Assign) for target in inner.targets]
                python[node.name] = {target.id for target in targets if isinstance(target, ast.Name)}
                python[node.name] |= {target.attr for target in targets if isinstance(target, ast.Attribute)}
    javascript: dict[str, set[str]] = {}
    for path in chain(JAVASCRIPT.glob("*.d.ts"), JAVASCRIPT.glob("src/*.d.ts")):
        text = re.sub(r"/\*(?s:.*?)\*/", "", path.read_text())
        for name, body in re.findall(r"export (?:interface|class) (\w+)[^{]*\{((?s:.*?))\n\}", text):
            fields = re.findall(r"readonly (\w+)\??:", body)
            javascript[name] = {re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", field) for field in fields}
    php: dict[str, set[str]] = {}
    for path in PHP.glob("*.php"):
        for name, body in re.findall(r"^final readonly class (\w+)(?: implements \S+)?\n((?s:.*?))\n\}", path.read_text(), re.MULTILINE):
            fields = re.findall(r"public \??\w+ \$(\w+)", body)
            php[name] = {re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", field) for field in fields}
    ruby: dict[str, set[str]] = {}
    for name, named in re.findall(r"^  (\w+) = Record\.of\(((?s:.*?))\)$", (RUBY / "records.rb").read_text(), re.MULTILINE):
        ruby[name] = set(re.findall(r":(\w+)", re.split(r"hidden:", named)[0]))
    ruby["Error"] = set(re.findall(r"attr_reader :(\w+)", (RUBY / "errors.rb").read_text()))
    go: dict[str, set[str]] = {}
    for path in GO.glob("*.go"):
        for name, body in re.findall(r"^type (\w+) struct \{\n((?s:.*?))\n\}", re.sub(r"//.*", "", path.read_text()), re.MULTILINE):
            named = [each for fields in re.findall(r"^\t(\w+(?:, \w+)*) +[*\[\w]", body, re.MULTILINE) for each in fields.split(", ")]
            go[name] = {re.sub("(?<=[a-z])[A-Z]", lambda letter: f"_{letter[0]}", field).lower() for field in named}
    header = re.sub(r"/\*(?s:.*?)\*/", "", (ROOT / "host/c/xoxzo_2fa_ffi.h").read_text())
    structs = re.findall(r"typedef struct (?:\w+ )?\{((?s:.*?))\n\} (\w+);", header)
    c = {name: set(re.findall(r"(\w+)(?:\[[^\]]*\])?;", body)) for body, name in structs}
    return {"rust": rust, "python": python, "javascript": javascript, "c": c, "php": php, "ruby": ruby, "go": go}


def lacking() -> Iterator[str]:
    """What a host lacks of the contract's records. A host with types for time leaves the unit out of a field's name."""
    records = contract()
    for host, types in types_of_hosts().items():
        otherwise = OTHERWISE[host]
        used = set()
        for record, fields in records.items():
            if record in INNER:
                continue
            own = record.replace("-", "_")
            name = CALLED[host].get(record, f"x2f_{own}" if host == "c" else own.title().replace("_", ""))
            if name not in types:
                used.add(record)
                if record not in otherwise:
                    yield f"{host}: no {name}"
                continue
            for field in fields:
                plain = field.replace("-", "_")
                if not types[name] & {plain, re.sub("_(milli)?seconds$", "", plain)}:
                    used.add(f"{record}.{field}")
                    if f"{record}.{field}" not in otherwise:
                        yield f"{host}: {name} lacks {plain}"
        yield from (f"{host}: {one} is there, and need not be excused" for one in otherwise.keys() - used)
    yield from (f"wit: no {record}" for record in INNER - records.keys())


# Settings


# A line of a record of settings: a name, its type where it has one, and its form.
SETTING = re.compile(r"^ +(\w+)(?:: [^=\n]+)? = (?:Form::|[A-Z_]+,)", re.MULTILINE)
# Files that hand on every setting. A new one needs no line there.
HANDS_ON = (
    *(f"plugin/{crate}/src" for crate in ("json", "shell", "component", "configuration", "steps", "ask", "proxy-wasm")),
    "plugin/core/src/settings/prepared",
    "plugin/core/src/settings/prepared.rs",
)


def wired() -> Iterator[str]:
    """The settings that are named where all are handed on: each is one more place for whoever adds a setting like it."""
    crates = [crate for crate in CRATES if crate.is_relative_to(ROOT / "plugin")]
    sources = {path: code(path) for crate in crates for path in sorted(crate.rglob("*.rs"))}
    records = [path for path, text in sources.items() if "record! {" in text]
    # A word like `key` or `text` has other meanings.
    names = {name for path in records for name in SETTING.findall(sources[path]) if "_" in name}
    assert len(names) > 20, "the records of settings are read"
    for path, text in sources.items():
        if path in records or not any(path.is_relative_to(ROOT / place) for place in HANDS_ON):
            continue
        plain = re.sub(r"//.*", "", text)
        yield from (f"{path.relative_to(ROOT)}: {name}" for name in sorted(names) if re.search(rf"\b{name}\b", plain))


# Names


TYPE = re.compile(r"^pub(?:\([a-z]+\))? (?:struct|enum|trait|type) (\w+)", re.MULTILINE)
RECORD = re.compile(r"(?:record|choice)! \{\n(?:    stored\n)?(?:    ///[^\n]*\n)+    (?:pub(?:\([a-z]+\))? )?(\w+) \{")


def shared() -> Iterator[str]:
    """The names of types that stand for two things: in the engine, whose crates are read together, or in one crate of a host."""
    groups: dict[str, list[Path]] = {}
    for crate in CRATES:
        part, name = crate.relative_to(ROOT).parts[:2]
        groups.setdefault(part if part == "plugin" else f"{part}/{name}", []).extend(sorted(crate.rglob("*.rs")))
    for group, paths in groups.items():
        places: dict[str, list[str]] = {}
        for path in paths:
            for name in chain(TYPE.findall(code(path)), RECORD.findall(code(path))):
                places.setdefault(name, []).append(str(path.relative_to(ROOT)))
        for name, found in places.items():
            if len(found) > 1:
                yield f"{group}: {name}: {', '.join(found)}"


# Files


# Crates that are published.
PUBLISHED = ("plugin/core", "host/sdk", "host/sandbox", "host/cli")

# An archive of a package holds nothing from outside its folder.
COPIED = {
    "host/sdk/src/guard/guard.json": "tests/vectors/guard.json",
    **{
        f"host/sdk/{path.relative_to(ROOT).as_posix()}": path.relative_to(ROOT).as_posix()
        for pattern in ("*.wit", "deps/*/*.wit", "compliance.json", "settings.schema.json")
        for path in sorted((ROOT / "wit").glob(pattern))
    },
    **{
        f"{package}/{licence}": licence
        for package in (*PUBLISHED, "host/go", "host/js", "host/php", "host/python", "host/ruby")
        for licence in ("LICENSE-APACHE", "LICENSE-MIT")
    },
}


def links() -> Iterator[str]:
    """Symbolic links, which a checkout on Windows turns into files with a path in them."""
    listed = subprocess.run(["git", "ls-files", "-s"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    yield from (line.partition("\t")[2] for line in listed.splitlines() if line.startswith("120000"))


def stale() -> Iterator[str]:
    """Copies that are not what they are copied from, and files beside them that are copied from nothing."""
    for copy, origin in COPIED.items():
        place = ROOT / copy
        if not place.is_file() or place.read_bytes() != (ROOT / origin).read_bytes():
            yield f"{copy} is not {origin}: run `tests/all house --bless`"
    for path in sorted((ROOT / "host/sdk/wit").rglob("*")):
        if path.is_file() and path.relative_to(ROOT).as_posix() not in COPIED:
            yield f"{path.relative_to(ROOT)} is a copy of nothing"


def copy_all() -> None:
    for copy, origin in COPIED.items():
        (ROOT / copy).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / copy).write_bytes((ROOT / origin).read_bytes())


def main() -> int:
    if "--bless" in sys.argv:
        copy_all()
    begin = list(openings())
    clauses = sum(bool(CLAUSE.match(line)) for line in begin)
    checks: list[tuple[str, list[str], int]] = [
        ("circles of files", list(all_circles()), 0),
        ("files that name Xoxzo", list(naming()), NAMING),
        ("types that are a binding", list(bindings()), BINDINGS),
        ("lacking of the contract's records", list(lacking()), 0),
        ("settings that are wired by hand", list(wired()), WIRED),
        ("names of two types", list(shared()), 0),
        ("parts with more short doc comments", list(terse()), 0),
        ("functions that add a charge", list(adding()), ADDING),
        ("files that write JSON's syntax", list(writing()), WRITING),
        ("modules without tests", list(mirror.untested()), 0),
        ("files that sleep otherwise than tests/python/waits.py says", list(waits.sleeps()), 0),
        ("symbolic links", list(links()), 0),
        ("copies that differ", list(stale()), 0),
    ]
    failed = 0
    show: Callable[[str], None] = print
    for what, found, most in checks:
        over = len(found) > most
        failed += over
        show(f"house: {what}: {len(found)}, at most {most}")
        for one in found if over or "-v" in sys.argv else []:
            show(f"  {one}")
    over = clauses * 1_000 > CLAUSES * len(begin)
    failed += over
    show(f"house: {clauses} of {len(begin)} doc comments begin with a clause, at most {CLAUSES / 10} %")
    show(f"{len(checks) + 1 - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
