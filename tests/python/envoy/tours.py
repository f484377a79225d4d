"""The demo: it builds what it uses and nothing else, and its walk gets through."""

import json
import os
import sys
import tempfile
from pathlib import Path
from unittest import mock

from court import Court
from demo import environment, tour
from demo.stack import Stack
from world import SANDBOX

CARGO = """#!{python}
import json, os, sys
open({told!r}, "w").write(json.dumps([sys.argv[1:], os.getcwd()]))
"""


def built(court: Court) -> None:
    """One package is built, with no tests and no example."""
    with tempfile.TemporaryDirectory(prefix="xoxzo-2fa-") as name:
        told = Path(name) / "told"
        cargo = Path(name) / "cargo"
        cargo.write_text(CARGO.format(python=sys.executable, told=str(told)))
        cargo.chmod(0o700)
        with mock.patch.dict(os.environ, {"PATH": f"{name}:{os.environ['PATH']}"}):
            path = environment.sandbox()
        arguments, folder = json.loads(told.read_text())
    court.hold("one package", arguments == ["build", "-q", "--package", "xoxzo-2fa-sandbox", "--locked"], arguments)
    court.hold("of this workspace", folder == str(environment.ROOT), folder)
    court.hold("its program", path.name == SANDBOX.name and path.parent.name == "debug", path)


def walked(court: Court) -> None:
    """From the password to a pass and back, and it says where it got lost."""
    said: list[str] = []
    with tempfile.TemporaryDirectory(prefix="xoxzo-2fa-") as name, Stack(SANDBOX, Path(name)) as stack:
        tour.walk(stack, said.append)
        court.hold("all of it", len(said) >= 9 and "wants a code again" in said[-1], said)
        court.hold("one message", len(stack.sandbox.inbox(stack.app.users[tour.PERSON].phone)) == 1)
    with tempfile.TemporaryDirectory(prefix="xoxzo-2fa-") as name, Stack(SANDBOX, Path(name), gate=None) as stack:
        try:
            tour.walk(stack, said.append)
        except tour.Lost as lost:
            court.hold("lost without the gate", "session" in str(lost), lost)
        else:
            court.hold("lost without the gate", False)


ALL = (built, walked)
