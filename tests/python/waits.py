"""Where tests sleep, each with its reason: anywhere else they are given clocks, or wait for what happens."""

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

LOOKS = "looks again and again until something is there, or too much time has passed"
PROCESS = "a process of its own, which has no other clock"
MOMENT = "what is killed is to be killed at different moments"
WITHIN = "time must pass within a call, or others would not come meanwhile"

# How many sleeps a file has, and why.
SLEEPS = {
    "host/c/test/fork.c": (1, LOOKS),
    "host/cli/tests/cli/operations.rs": (1, PROCESS),
    "host/js/tests/counters.worker.mjs": (1, "an answer that does not come, to a caller who gives up"),
    "host/js/tests/guards.test.mjs": (1, WITHIN),
    "host/js/tests/sqlite.test.mjs": (1, "turns of the event loop, which must go on"),
    "host/js/tests/stores.mjs": (1, LOOKS),
    "host/php/tests/ClientTest.php": (1, PROCESS),
    "host/php/tests/ReadmeTest.php": (3, LOOKS),
    "host/php/tests/Site.php": (1, LOOKS),
    "host/php/tests/login.php": (1, "a server, until it is ended"),
    "host/python/tests/conform.py": (2, "turns of the event loop"),
    "host/python/tests/patience.py": (1, LOOKS),
    "host/python/tests/test_django_checks.py": (1, WITHIN),
    "host/python/tests/test_guards.py": (1, WITHIN),
    "host/python/tests/test_sqlite.py": (1, MOMENT),
    "host/python/tests/workers.py": (1, WITHIN),
    "host/serve/tests/slow.rs": (2, "a client that says nothing for as long as the server lets it"),
    "tests/bench/scale.py": (2, LOOKS),
    "tests/examples/days.rs": (1, "a server whose time is quick"),
    "tests/jobs/bench": (1, LOOKS),
    "tests/jobs/days": (1, LOOKS),
    "tests/jobs/hosts": (1, LOOKS),
    "tests/jobs/warm": (1, LOOKS),
    "tests/python/alerts/gates.py": (1, LOOKS),
    "tests/python/causes.py": (1, LOOKS),
    "tests/python/envoy/fleet.py": (4, "several Envoys, which have no other clock"),
    "tests/python/envoy/provider.py": (1, LOOKS),
    "tests/python/envoy/replicas.py": (1, LOOKS),
    "tests/python/envoy/stories.py": (1, "stories that wait for real clocks of Envoy do it all at once"),
    "tests/python/envoy/watch.py": (2, "an Envoy, which has no other clock"),
    "tests/python/proxies/front.py": (1, LOOKS),
    "tests/python/sizes.py": (1, LOOKS),
    "tests/python/stranger.py": (2, LOOKS),
    "tests/python/transports.py": (2, "a hostile server is slow, or sends a byte at a time"),
    "tests/python/tutorial.py": (1, LOOKS),
    "tests/src/patience.rs": (1, LOOKS),
    "tests/tests/host.rs": (1, WITHIN),
    "tests/tests/stores/redis.rs": (1, "threads whose server is gone try again, and not as fast as they can"),
    "tests/tests/stores/redis/sentinel.rs": (1, "threads whose server is gone try again, and not as fast as they can"),
    "tests/tests/stores/sqlite.rs": (1, MOMENT),
}

SLEEP = {
    ".rs": r"\bsleep\(",
    ".py": r"\bsleep\(|\bwait_for_timeout\(",
    ".js": r"\bsetTimeout\((?:resolve|done)\b",
    ".php": r"\bu?sleep\(",
    ".rb": r"^\s*(?:[^#\n]*\s)?sleep[ (]",
    ".go": r"\btime\.(?:Sleep|After)\(",
    ".c": r"\b(?:nano|u)?sleep\(",
    ".sh": r"^\s*sleep ",
}
SLEEP |= {".mjs": SLEEP[".js"], ".ts": SLEEP[".js"], "": SLEEP[".sh"]}
LEFT_OUT = {"node_modules", "build", "target", "vendor", "__pycache__"}


def files() -> Iterator[Path]:
    """The files of all tests."""
    folders = chain((ROOT / "tests", ROOT / "proofs"), (ROOT / "host").glob("*/tests"), (ROOT / "host").glob("*/test"), (ROOT / "plugin").glob("*/tests"))
    found = chain.from_iterable(folder.rglob("*") for folder in folders)
    for path in chain(found, (ROOT / "host/go").rglob("*.go")):
        if path.is_file() and path.suffix in SLEEP and not LEFT_OUT & set(path.relative_to(ROOT).parts):
            yield path


def sleeps() -> Iterator[str]:
    """Files that sleep more often than the table says, or less."""
    counts = {path.relative_to(ROOT).as_posix(): len(re.findall(SLEEP[path.suffix], text, re.MULTILINE)) for path in files() if (text := plain(path))}
    for place in sorted(counts.keys() | SLEEPS.keys()):
        most, _ = SLEEPS.get(place, (0, ""))
        if (count := counts.get(place, 0)) != most:
            yield f"{place}: {count}, and not {most}"


def plain(path: Path) -> str:
    """A file's text, if it is one."""
    try:
        return path.read_text()
    except UnicodeDecodeError:
        return ""
