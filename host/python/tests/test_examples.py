"""The examples, the demo and the README, as a user meets them."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from conftest import other_than, pin_in

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
