"""The app for Django behind real servers with several workers."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from http.cookiejar import CookieJar
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import shop
from conftest import other_than, pin_in
from databases import Cluster, needs_postgresql

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Sandbox

for needed in ("django", "gunicorn", "uvicorn"):
    pytest.importorskip(needed)

HERE = Path(__file__).parent
WORKERS = 4
PHONES = {"ann": "+819012345678", "bob": "+819012345679"}


class Browser:
    """A browser as far as forms go. Copies of one share its session."""

    def __init__(self, origin: str, of: Browser | None = None) -> None:
        self.origin, self.jar = origin, CookieJar()
        if of is not None:
            for cookie in of.jar:
                self.jar.set_cookie(cookie)
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))

    def get(self, path: str) -> str:
        return self._open(urllib.request.Request(self.origin + path))  # noqa: S310

    def post(self, path: str, **fields: str) -> str:
        token = next(cookie.value or "" for cookie in self.jar if cookie.name == "csrftoken")
        body = urllib.parse.urlencode({**fields, "csrfmiddlewaretoken": token}).encode()
        return self._open(urllib.request.Request(self.origin + path, body))  # noqa: S310

    def _open(self, request: urllib.request.Request) -> str:
        try:
            with self._opener.open(request, timeout=60) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError as answer:
            return str(answer.read().decode())


class Service:
    """The shop behind a server, with a Xoxzo of the command line."""

    def __init__(self, folder: Path, xoxzo: Sandbox, command: list[str], postgresql: Cluster | None) -> None:
        self.listens = socket.create_server(("127.0.0.1", 0))
        self.origin = f"http://127.0.0.1:{self.listens.getsockname()[1]}"
        account = {"XOXZO_API_SID": xoxzo.sid, "XOXZO_API_AUTH_TOKEN": xoxzo.auth_token, "XOXZO_BASE_URL": xoxzo.url}
        own = shop.environment(folder, **account, DJANGO_SETTINGS_MODULE="served", PYTHONPATH=f"{HERE}:{shop.EXAMPLES}")
        if postgresql is not None:
            own["SHOP_POSTGRESQL"] = str(postgresql.folder)
        environment = {**os.environ, **own}
        users = [f"User.objects.create_user({name!r}, password='correct horse', phone={phone!r})" for name, phone in PHONES.items()]
        steps = [
            "import django; django.setup()",
            "from django.core.management import call_command",
            "call_command('migrate', run_syncdb=True, verbosity=0)",
            "" if postgresql is None else "call_command('migrate', 'xoxzo_2fa', database='counters', verbosity=0)",
            "from django_shop.models import User",
            *users,
        ]
        subprocess.run([sys.executable, "-c", "\n".join(steps)], env=environment, check=True)
        descriptor = str(self.listens.fileno())
        filled = [part.format(descriptor=descriptor, folder=folder) for part in command]
        self.log = folder / "server.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *filled], env=environment, pass_fds=[self.listens.fileno()], stdout=log, stderr=log
            )

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(60)
        self.listens.close()


GUNICORN = [
    "gunicorn",
    "-w",
    str(WORKERS),
    "--preload",
    "--worker-tmp-dir",
    "{folder}",
    "--bind",
    "fd://{descriptor}",
    "served:preloaded()",
]
UVICORN = ["uvicorn", "--workers", "2", "--fd", "{descriptor}", "--log-level", "warning", "--factory", "served:asynchronous"]


@pytest.fixture
def service(tmp_path: Path, sandbox: Callable[..., Sandbox]) -> Iterator[Callable[..., tuple[Service, Sandbox]]]:
    started: list[Service] = []

    def start(command: list[str], postgresql: Cluster | None = None) -> tuple[Service, Sandbox]:
        xoxzo = sandbox()
        started.append(Service(tmp_path, xoxzo, command, postgresql))
        return started[-1], xoxzo

    yield start
    for each in started:
        each.end()


@pytest.fixture
def postgresql() -> Iterator[Cluster]:
    running = Cluster()
    yield running
    running.end()


def password(service: Service, name: str) -> Browser:
    browser = Browser(service.origin)
    browser.get("/account/login/")
    assert "We sent a code to" in browser.post("/account/login/", username=name, password="correct horse")
    return browser


def limits_are_exact(service: Service, xoxzo: Sandbox) -> None:
    browser = password(service, "ann")
    pin = pin_in(xoxzo.inbox(PHONES["ann"])[-1]["body"])
    copies = [Browser(service.origin, browser) for _ in range(24)]
    with ThreadPoolExecutor(12) as pool:
        told = list(pool.map(lambda copy: copy.post("/account/login/code/", pin=pin), copies))
    assert told.count("Logged in as ann") == 1, service.log.read_text()
    browser = password(service, "bob")
    pin = pin_in(xoxzo.inbox(PHONES["bob"])[-1]["body"])
    copies = [Browser(service.origin, browser) for _ in range(24)]
    with ThreadPoolExecutor(12) as pool:
        told = list(pool.map(lambda copy: copy.post("/account/login/code/", pin=other_than(pin)), copies))
    # The fifth says that no tries are left, or a page from before it says so.
    left = sorted(int(found[1]) for page in told if (found := re.search(r"([0-9]) (?:tries are|try is) left", page)))
    assert left == [1, 2, 3, 4], service.log.read_text()
    assert "Logged in as bob" not in Browser(service.origin, browser).post("/account/login/code/", pin=pin)
    assert len(xoxzo.inbox(PHONES["bob"])) == 1


def test_gunicorn_with_a_file(service: Callable[..., tuple[Service, Sandbox]]) -> None:
    limits_are_exact(*service(GUNICORN))


@needs_postgresql
def test_gunicorn_with_postgresql(service: Callable[..., tuple[Service, Sandbox]], postgresql: Cluster) -> None:
    pytest.importorskip("psycopg")
    limits_are_exact(*service(GUNICORN, postgresql))


def test_uvicorn_with_a_file(service: Callable[..., tuple[Service, Sandbox]]) -> None:
    limits_are_exact(*service(UVICORN))
