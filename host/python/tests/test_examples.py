"""The examples, the demo and the README, as a user meets them."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from conftest import other_than, pin_in

import xoxzo_2fa
from xoxzo_2fa import __main__ as command
from xoxzo_2fa import keygen

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Sandbox

ROOT = Path(__file__).resolve().parent.parent
PHONE = "+819012345678"

# What anyone can send for a code: half a character as JSON has it, and far more digits than there are.
JSON = {"content-type": "application/json"}
UNFIT = ("\ud800", "12345\udfff", "1" * 120_000)


@pytest.fixture
def account(sandbox: Callable[..., Sandbox], monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    xoxzo = sandbox()
    for name, value in {
        "XOXZO_API_SID": xoxzo.sid,
        "XOXZO_API_AUTH_TOKEN": xoxzo.auth_token,
        "XOXZO_BASE_URL": xoxzo.url,
        "XOXZO_2FA_KEY": keygen(),
        "XOXZO_2FA_GUARD_KEY": keygen(),
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.syspath_prepend(ROOT / "examples")
    return xoxzo


def test_what_is_installed_bounds_wasmtime_and_names_its_version() -> None:
    """Wasmtime has a new major each month, and this package uses what is inside one: an untested one must not be installed beside it."""
    assert xoxzo_2fa.__version__ == metadata.version("xoxzo-2fa")
    needed = [it for it in metadata.requires("xoxzo-2fa") or [] if it.startswith("wasmtime")]
    bounds = re.fullmatch(r"wasmtime(?:<(\d+),>=(\d+)|>=(\d+),<(\d+))", "".join(needed))
    assert bounds, needed
    after, first = (int(it) for it in (bounds[1] or bounds[4], bounds[2] or bounds[3]))
    assert after == first + 1


def test_fastapi(account: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("fastapi")
    from fastapi.testclient import TestClient  # noqa: PLC0415

    given = {"ANN_PHONE": PHONE, "ANN_PASSWORD": "correct horse", "GUARD": str(tmp_path / "guard"), "SESSION_KEY": keygen()}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    import fastapi_login  # type: ignore[import-not-found] # noqa: PLC0415

    with TestClient(fastapi_login.app, base_url="https://testserver") as browser:

        def post(path: str, **form: Any) -> tuple[int, Any]:
            answer = browser.post(path, data=form)
            return answer.status_code, answer.json()

        assert "one-time-code" in browser.get("/").text
        assert post("/password", name="ann", password="wrong")[0] == 401
        assert post("/password", name="bob", password="correct horse")[0] == 401
        assert post("/login/verify", pin="123456")[0] == 401
        assert account.inbox(PHONE) == []
        status, sent = post("/password", name="ann", password="correct horse")
        assert (status, sent["masked"]) == (200, "+81********78")
        assert browser.get("/me").status_code == 403
        pin = pin_in(account.inbox(PHONE)[-1]["body"])
        status, told = post("/login/verify", pin=other_than(pin))
        assert (status, told["detail"]["code"]) == (403, "wrong-pin")
        status, told = post("/password", name="ann", password="correct horse")
        assert (status, told["detail"]["code"]) == (429, "cooldown")
        for typed in UNFIT:
            refused = browser.post("/login/verify", content=json.dumps({"pin": typed}), headers=JSON)
            assert (refused.status_code, refused.json()["detail"]["code"]) == (422, "malformed")
            assert post("/password", name="ann", password=typed.encode(errors="surrogatepass"))[0] == 401
        # The password again, in the minute in which no second code is sent, leaves the first one good.
        assert post("/login/verify", pin=f"{pin} ") == (200, {"subject": "user-1"})
        assert browser.get("/me").json() == {"id": "user-1"}
        assert post("/logout")[0] == 200
        assert browser.get("/me").status_code == 401


def test_the_demo(capfd: pytest.CaptureFixture[str]) -> None:
    assert command.main(["demo", "--auto"]) == 0
    told = capfd.readouterr().out
    assert [word for word in ("wrong-pin", "accepted", "used") if word not in told] == []
    assert PHONE not in told


def test_the_demo_by_hand(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    def typed(_: str) -> str:
        shown = re.findall(r"\b[0-9]{6}\b", capfd.readouterr().out)
        typed.code = typed.code or shown[0]  # type: ignore[attr-defined]
        typed.tries += 1  # type: ignore[attr-defined]
        return "no code" if typed.tries == 1 else typed.code  # type: ignore[attr-defined]

    vars(typed).update(code="", tries=0)
    monkeypatch.setattr("builtins.input", typed)
    assert command.main(["demo"]) == 0
    assert "accepted" in capfd.readouterr().out

    def ends(_: str) -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", ends)
    assert command.main(["demo"]) == 1


def test_a_key_from_the_command_line(capfd: pytest.CaptureFixture[str]) -> None:
    assert command.main(["keygen"]) == 0
    assert re.fullmatch(r"x2fk1_[A-Za-z0-9_-]{48}\n", capfd.readouterr().out)


def test_the_login_that_replaces_xoxzos_client(account: Sandbox, tmp_path: Path) -> None:
    page = (ROOT.parent.parent / "docs/migrating.md").read_text("utf-8")
    before, after = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    compile(before, "before", "exec")
    xoxzo = {"base_url": account.url, "sid": account.sid, "auth_token": account.auth_token, "sender": "Shop"}
    mine = {"version": 1, "audience": "shop", "service": "Shop", "keys": [keygen()], "guard": {"key": keygen()}}
    (tmp_path / "settings.json").write_text(json.dumps({**mine, "xoxzo": xoxzo, "destinations": ["JP-mobile"], "test": True}))
    start, verify = after.replace("/srv/shop", str(tmp_path)).split("# after the form\n")
    told: list[object] = []
    form: dict[str, str] = {}
    session: dict[str, str] = {}
    service = {"session": session, "user": SimpleNamespace(phone=PHONE, id="user-1"), "request": SimpleNamespace(form=form)}
    service["abort"] = lambda *shown: told.append(shown)
    exec(start, service)  # noqa: S102
    exec(verify, service)  # noqa: S102
    assert "user" not in session
    assert told == [(400, "Type all the digits of the code and nothing else. This did not count as a try.")]
    form["pin"] = pin_in(account.inbox(PHONE)[-1]["body"])
    exec(verify, service)  # noqa: S102
    assert session.pop("user") == "user-1"
    exec(verify, service)  # noqa: S102
    assert "user" not in session
    assert len(told) == 2


def test_the_readme_begins_with_lines_that_work(account: Sandbox) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    assert len(blocks) >= 2
    # What a user types comes from the phone.
    phone = f"""
import re, urllib.request
def input(_):
    with urllib.request.urlopen("{account.url}/_sandbox/inbox?recipient=%2B819012345678") as inbox:
        return re.search(r"\\b[0-9]{{6}}\\b", inbox.read().decode().rpartition('"body"')[2]).group()
"""
    for block in blocks:
        if "fastapi" in block and importlib.util.find_spec("fastapi") is None:
            continue
        done = subprocess.run([sys.executable, "-c", phone + block], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
