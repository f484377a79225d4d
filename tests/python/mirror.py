"""Tests mirror modules: where the tests of each module of the engine, the gate, the SDK and the server are.

A module has tests in its own file, or a file of tests that is named as it is (or in the plural), or a line below that names the file of its tests. A module that
has no function of its own has nothing to test.
"""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

# Where a crate's tests are that are named as its modules.
FOLDERS = {
    "plugin/core": ("tests/tests/engine", "tests/tests/vectors", "plugin/json/tests"),
    "plugin/gate": ("tests/tests/gate",),
    "host/sdk": ("tests/tests", "tests/tests/stores", "tests/tests/vectors", "host/sdk/tests"),
    "host/serve": ("tests/tests/rest", "tests/tests"),
}

# The modules whose tests are named for something else: what users or attackers do, a format, or a whole of which they are parts.
TESTED_BY = {
    "plugin/core": {
        "plugin/json/tests/phones.rs": "phone/invalid phone/plan",
        "plugin/json/tests/settings.rs": "common/document common/range common/record settings/prepared settings/prepared/written settings/rules",
        "tests/tests/audit.rs": "common/audit operations/about operations/audited",
        "tests/tests/component/main.rs": "common/random",
        "tests/tests/engine/dispatch.rs": "common/channel common/delivery operations/dispatch/words operations/dispatch/written operations/limits operations/status "
        "xoxzo/template",
        "tests/tests/engine/counted.rs": "plan/planned",
        "tests/tests/engine/plan.rs": "plan",
        "tests/tests/engine/token.rs": "operations/recall signed/envelope",
        "tests/tests/engine/verify.rs": "operations/verify/written",
        "tests/tests/steps.rs": "operations/state operations/turn common/json/object",
        "tests/tests/vectors/explain.rs": "common/failure words/languages",
        "tests/tests/vectors/request.rs": "common/form",
        "tests/tests/vectors/response.rs": "operations/credits",
        "tests/tests/wording.rs": "settings/messages",
    },
    "plugin/gate": {
        "tests/tests/gate/credentials.rs": "generation",
        "tests/tests/gate/fleet.rs": "fleet/answers fleet/service",
        "tests/tests/gate/forms.rs": "action screen visit",
        "tests/tests/gate/headers.rs": "foreign identity",
        "tests/tests/gate/configuration.rs": "places",
        "tests/tests/gate/payments.rs": "confirmation step_up",
        "tests/tests/gate/vectors.rs": "admission answer asked event",
        "tests/python/envoy/leaks.py": "note",
        "tests/tests/gate/pages.rs": "words",
    },
    "host/sdk": {
        "host/cli/tests/cli/doctor.rs": "diagnosis xoxzo/account xoxzo/sent",
        "tests/python/causes.py": "transport/cause",
        "tests/python/transports.py": "asynchronous/hyper transport/ureq",
        "tests/tests/asynchronous.rs": "asynchronous/client asynchronous/operator",
        "tests/tests/audit.rs": "event limits operation operator panics telemetry",
        "tests/python/hosts.py": "answer/object",
        "tests/tests/component/main.rs": "configuration",
        "tests/tests/environment.rs": "builder",
        "tests/tests/explain.rs": "explanation",
        "tests/tests/faults.rs": "transport",
        "tests/tests/forks.rs": "process",
        "tests/tests/host.rs": "client error instance service",
        "tests/tests/stores/main.rs": "asynchronous/guard guard guard/suite",
        "tests/tests/stores/redis/cluster.rs": "guard/redis/servers",
        "tests/tests/stores/redis/hostile.rs": "guard/redis/making",
        "tests/tests/stores/redis.rs": "asynchronous/redis",
        "tests/tests/stores/sqlite.rs": "guard/sqlite/place guard/sqlite/repair",
        "tests/tests/vectors/main.rs": "binding",
        "tests/tests/vectors/token.rs": "signed",
    },
    "host/serve": {
        "tests/python/proxies/asking.py": "accept answer proxy ready site",
        "tests/python/proxies/front.py": "command log program",
        "tests/python/rest.py": "rest/answers rest/function rest/question",
        "host/serve/tests/slow.rs": "probes",
        "tests/tests/rest/callers.rs": "rest/rejection rest/service",
        "tests/tests/rest/logins.rs": "rest/event rest/reply seconds",
        "tests/tests/rest/running.rs": "rest/command",
    },
}

FUNCTION = re.compile(r"^\s*(?:pub(?:\([a-z]+\))? )?(?:const |async |unsafe )*fn ", re.MULTILINE)
TEST = re.compile(r"#\[(?:tokio::)?test\b")


def named(folders: tuple[str, ...]) -> set[str]:
    """The names that files of tests stand for."""
    names = {path.parent.name if path.stem == "main" else path.stem for folder in folders for path in (ROOT / folder).glob("*.rs")}
    names |= {path.parent.name for folder in folders for path in (ROOT / folder).glob("*/main.rs")}
    return names | {re.sub("s$", "", name) for name in names} | {re.sub("es$", "", name) for name in names} | {re.sub("ies$", "y", name) for name in names}


def untested() -> Iterator[str]:
    """Modules without tests, and lines of the table that are wrong or not needed."""
    for crate, lines in TESTED_BY.items():
        source = ROOT / crate / "src"
        modules = {path.relative_to(source).with_suffix("").as_posix(): path.read_text() for path in sorted(source.rglob("*.rs"))}
        stems = Counter(module.rpartition("/")[2] for module in modules)
        names = named(FOLDERS[crate])
        told: set[str] = set()
        for tests, line in lines.items():
            if not (ROOT / tests).is_file():
                yield f"{tests} is not there"
            told |= set(line.split())
        for module, text in modules.items():
            stem = module.rpartition("/")[2]
            # One name for two modules says of neither that it has tests.
            found = TEST.search(text) or (stem in names and stems[stem] == 1) or not FUNCTION.search(text)
            if not found and module not in told:
                yield f"{crate}/src/{module}.rs"
            if found and module in told:
                yield f"{crate}/src/{module}.rs has tests of its own, and need not be named"
        yield from (f"{crate}/src/{module}.rs is not there" for module in sorted(told - modules.keys()))
