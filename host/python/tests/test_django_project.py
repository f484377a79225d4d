"""A new Django project of the README's lines, with the built package, in a real browser."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import shop
from conftest import other_than, pin_in
from patience import until
from stores import free_port, listens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Sandbox

pytest.importorskip("django")
playwright = pytest.importorskip("playwright.sync_api")

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = Path("/usr/bin/chromium")
PHONE = "+819012345678"

# What `createsuperuser` asks for.
USER = ["--noinput", "--username", "ann", "--email", "ann@example.com", "--phone", PHONE]

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="there is no Chromium")


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the package as its wheel has it."""
    folder = tmp_path_factory.mktemp("package")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "-q", "--no-deps", "--target", str(folder), str(ROOT)]
    subprocess.run(pip, check=True)
    return folder


def run(command: list[str], folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def build(folder: Path, environment: dict[str, str]) -> Path:
    """Do what the README says, but for what installs or does not end, and with the answers to what asks. Return the project's folder."""
    section = (ROOT / "README.md").read_text("utf-8").partition("## Django\n")[2].partition("\n## ")[0]
    at = folder
    for language, block in re.findall(r"```(sh|py)\n(.*?)```", section, re.DOTALL):
        if language == "py":
            file, _, rest = block.removeprefix("# ").partition("\n")
            name, _, how = file.partition(", ")
            with (at / name).open("a" if how == "at the end" else "w") as text:
                text.write(rest)
            continue
        for line in block.splitlines():
            program, *arguments = shlex.split(line)
            if program == "cd":
                at /= arguments[0]
            elif program != "pip" and arguments[-1] != "runserver":
                command = ["-m", "django"] if program == "django-admin" else []
                answers = USER if arguments[-1] == "createsuperuser" else []
                said = run([sys.executable, *command, *arguments, *answers], at, environment)
                assert "check" not in arguments or said == "System check identified no issues (0 silenced).\n"
    return at


@pytest.fixture
def served(package: Path, tmp_path: Path, sandbox: Callable[..., Sandbox]) -> Iterator[tuple[str, Sandbox]]:
    xoxzo = sandbox()
    account = {"XOXZO_API_SID": xoxzo.sid, "XOXZO_API_AUTH_TOKEN": xoxzo.auth_token, "XOXZO_BASE_URL": xoxzo.url}
    own = shop.environment(**account, DJANGO_SUPERUSER_PASSWORD="correct horse", PYTHONPATH=str(package))
    environment = {**os.environ, **own}
    project = build(tmp_path, environment)
    said = run([sys.executable, "-c", "import xoxzo_2fa; print(xoxzo_2fa.__file__)"], project, environment)
    assert said.strip() == str(package / "xoxzo_2fa" / "__init__.py")
    port = free_port()
    with (tmp_path / "server.log").open("wb") as log:
        command = [sys.executable, "manage.py", "runserver", "--noreload", str(port)]
        server = subprocess.Popen(command, cwd=project, env=environment, stdout=log, stderr=log)
    try:
        until("the server starts", lambda: listens(port))
        yield f"http://127.0.0.1:{port}", xoxzo
    finally:
        server.terminate()
        server.wait(30)


def test_a_login_in_a_browser(served: tuple[str, Sandbox]) -> None:
    origin, xoxzo = served
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        page = browser.new_page()
        faults: list[str] = []
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        page.on("console", lambda said: faults.append(said.text) if "Content Security Policy" in said.text else None)

        def forbid(route: Any) -> None:
            answer = route.fetch(max_redirects=0)
            route.fulfill(response=answer, headers={**answer.headers, "content-security-policy": "default-src 'self'"})

        page.route("**/*", forbid)
        page.goto(f"{origin}/")
        assert page.url == f"{origin}/account/login/?next=/"
        page.get_by_label("Username").fill("ann")
        page.get_by_label("Password").fill("correct horse")
        page.keyboard.press("Enter")
        field = page.get_by_label("Code")
        playwright.expect(field).to_be_focused()
        playwright.expect(page.get_by_text("We sent a code to +81********78.")).to_be_visible()
        pin = pin_in(xoxzo.inbox(PHONE)[-1]["body"])
        page.keyboard.type(other_than(pin))
        page.keyboard.press("Enter")
        playwright.expect(page.get_by_role("alert")).to_have_text("That is not the code. 4 tries are left.")
        playwright.expect(field).to_be_focused()
        playwright.expect(field).to_have_attribute("aria-invalid", "true")
        assert page.title() == "Error: Enter the code"
        page.get_by_role("button", name="Send the code again").click()
        playwright.expect(page.get_by_role("alert")).to_contain_text("This was requested a moment ago.")
        assert field.get_attribute("aria-invalid") is None
        # Leaving the code page aside leads nowhere.
        page.goto(f"{origin}/")
        assert page.url.startswith(f"{origin}/account/login/")
        page.goto(f"{origin}/account/login/code/")
        page.keyboard.type(pin)
        page.keyboard.press("Enter")
        playwright.expect(page.get_by_text("Logged in as ann")).to_be_visible()
        assert (page.url, len(xoxzo.inbox(PHONE)), faults) == (f"{origin}/", 1, [])
        browser.close()
