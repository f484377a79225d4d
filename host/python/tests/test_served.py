"""The example for FastAPI as a user meets it: the wheel in an environment of its own, two workers, and a real browser."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from conftest import other_than, pin_in

from xoxzo_2fa import keygen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Sandbox

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = shutil.which("chromium")
PHONE = "+819012345678"

pytest.importorskip("playwright")
if CHROMIUM is None:
    pytest.skip("there is no chromium", allow_module_level=True)


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """Return a Python with nothing but the built wheel, its extra and a server."""
    pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "-w", tmp_path, ROOT], check=True)
    (wheel,) = tmp_path.glob("xoxzo_2fa-*.whl")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "environment"], check=True)
    python = tmp_path / "environment/bin/python"
    subprocess.run([*pip, "--python", python, "install", f"{wheel}[fastapi]", "uvicorn==0.54.*", "python-multipart==0.0.*"], check=True)
    return python


@pytest.fixture
def served(installed: Path, tmp_path: Path, sandbox: Callable[..., Sandbox]) -> Iterator[tuple[Sandbox, int]]:
    """Run the example, and return its Xoxzo and its port."""
    xoxzo = sandbox()
    for name in ("fastapi_login.py", "fastapi_login.html"):
        shutil.copy(ROOT / "examples" / name, tmp_path)
    given = {
        "XOXZO_API_SID": xoxzo.sid,
        "XOXZO_API_AUTH_TOKEN": xoxzo.auth_token,
        "XOXZO_BASE_URL": xoxzo.url,
        "XOXZO_2FA_KEY": keygen(),
        "XOXZO_2FA_GUARD_KEY": keygen(),
        "SESSION_KEY": keygen(),
        "GUARD": str(tmp_path / "guard/counters"),
        "ANN_PHONE": PHONE,
        "ANN_PASSWORD": "correct horse",
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    command = [str(installed), "-m", "uvicorn", "fastapi_login:app", "--workers", "2", "--port", "0", "--no-access-log"]
    server = subprocess.Popen(command, cwd=tmp_path, env=kept | given, stderr=subprocess.PIPE, text=True)
    try:
        yield xoxzo, started(server)
    finally:
        server.terminate()
        _, said = server.communicate()
    assert "Traceback" not in said, said


def started(server: subprocess.Popen[str]) -> int:
    """Wait until both workers serve, and return the port."""
    assert server.stderr
    port, workers = 0, 0
    said: list[str] = []
    while workers < 2:
        line = server.stderr.readline()
        assert line, "".join(said)
        said.append(line)
        found = re.search(r"running on http://127\.0\.0\.1:(\d+)", line)
        port = int(found[1]) if found else port
        workers += "Application startup complete" in line
    return port


def test_a_login_in_a_browser(served: tuple[Sandbox, int]) -> None:
    from playwright.sync_api import expect, sync_playwright  # noqa: PLC0415

    xoxzo, port = served
    faults: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(base_url=f"http://127.0.0.1:{port}", locale="en-GB")
        # A busy machine takes its time.
        context.set_default_timeout(60_000)
        expect.set_options(timeout=60_000)
        page = context.new_page()
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        told, pin = page.locator("#told"), page.locator("input[name=pin]")
        page.goto("/")
        page.fill("input[name=name]", "ann")
        page.fill("input[name=password]", "wrong")
        page.click("#password button")
        expect(told).to_have_text("Wrong name or password.")
        page.fill("input[name=password]", "correct horse")
        page.click("#password button")
        expect(told).to_have_text("We sent a code to +81********78.")
        expect(pin).to_be_visible()
        expect(page.locator("input[name=password]")).to_be_hidden()
        code = pin_in(xoxzo.inbox(PHONE)[-1]["body"])
        pending = context.cookies()[0]["value"]
        pin.fill(other_than(code))
        page.click("#code button")
        expect(told).to_have_text("That is not the code. 4 tries are left.")
        page.click("#resend")
        expect(told).to_contain_text("This was requested a moment ago.")
        pin.fill(f"{code[:3]} {code[3:]}")
        page.click("#code button")
        expect(told).to_have_text("You are logged in as user-1.")
        (cookie,) = context.cookies()
        assert (cookie["httpOnly"], cookie["secure"], cookie["sameSite"]) == (True, True, "Strict")
        # The cookie from before the code, on connections that either worker may take.
        assert [post(port, pending, code) for _ in range(8)] == [(409, "used")] * 8
        browser.close()
    assert faults == []


def post(port: int, cookie: str, pin: str) -> tuple[int, Any]:
    server = http.client.HTTPConnection("127.0.0.1", port)
    server.request("POST", "/login/verify", json.dumps({"pin": pin}), {"content-type": "application/json", "cookie": f"session={cookie}"})
    answer = server.getresponse()
    code = json.load(answer)["detail"]["code"]
    server.close()
    return answer.status, code
