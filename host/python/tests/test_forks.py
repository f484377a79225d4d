"""Processes that are forked off: the real gunicorn, forks from busy threads, and what must not go on in a child."""

from __future__ import annotations

import json
import multiprocessing
import os
import socket
import subprocess
import sys
import threading
import urllib.parse
import urllib.request
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from conftest import Taker, document, other_than
from patience import PATIENCE, until, within
from stores import Server, charge, needs_redis, totals
from test_engine import hostile

from xoxzo_2fa import Binding, GuardUnreachable, MemoryGuard, Settings, SqliteGuard, TwoFactor, Upstream, keygen
from xoxzo_2fa._engine import Conversation, Engine, encode
from xoxzo_2fa._module import PLACES
from xoxzo_2fa._secret import Secret
from xoxzo_2fa.guards.redis import RedisGuard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")

WORKERS = 4


def forked(work: Callable[[], int]) -> int:
    """Start a child that exits with what the work returns."""
    child = os.fork()
    if child == 0:
        code = 99
        try:
            code = work()
        finally:
            os._exit(code)
    return child


def ended(child: int) -> int | None:
    """Return the exit status of a child, or None if it had to be killed."""
    pid, status = within(lambda: (found := os.waitpid(child, os.WNOHANG))[0] and found) or (0, 0)
    if pid:
        return os.waitstatus_to_exitcode(status)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return None


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path)
    yield running
    running.end()


class Gunicorn:
    """The service of ``workers.py`` behind gunicorn."""

    def __init__(self, guard: str, folder: Path) -> None:
        self.log = folder / "gunicorn.log"
        self.listens = socket.create_server(("127.0.0.1", 0))
        self.port = self.listens.getsockname()[1]
        here = str(Path(__file__).parent)
        command = [
            sys.executable,
            "-m",
            "gunicorn",
            "-w",
            str(WORKERS),
            "--preload",
            "--chdir",
            here,
            "--bind",
            f"fd://{self.listens.fileno()}",
        ]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*command, "--worker-tmp-dir", str(folder), "workers:app"],
                env={**os.environ, "GUARD": guard, "PYTHONPATH": here},
                pass_fds=[self.listens.fileno()],
                stderr=log,
            )

    def ask(self, path: str, **asked: str) -> dict[str, Any]:
        # The socket listens already: the kernel keeps what comes before the workers do.
        url = f"http://127.0.0.1:{self.port}{path}?{urllib.parse.urlencode(asked)}"
        with urllib.request.urlopen(url, timeout=60) as answer:
            told: dict[str, Any] = json.load(answer)
        return told

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(30)
        self.listens.close()


@pytest.fixture
def gunicorn(tmp_path: Path) -> Iterator[Callable[[str], Gunicorn]]:
    if find_spec("gunicorn") is None:
        pytest.skip("there is no gunicorn")
    started: list[Gunicorn] = []

    def start(guard: str) -> Gunicorn:
        started.append(Gunicorn(guard, tmp_path))
        return started[-1]

    yield start
    for each in started:
        each.end()


def all_work(service: Gunicorn) -> None:
    """Wait until each of the workers has answered."""
    seen: set[int] = set()
    with ThreadPoolExecutor(16) as pool:

        def all_seen() -> bool:
            seen.update(answer["worker"] for answer in pool.map(service.ask, ["/worker"] * 16))
            return len(seen) == WORKERS

        until(f"{WORKERS} workers answer", all_seen)


def accepts_once_and_compares_five_times(service: Gunicorn) -> None:
    all_work(service)
    user = {"to": "+819012345678", "subject": "user-1"}
    started = service.ask("/start", **user)
    with ThreadPoolExecutor(16) as pool:
        # As many as there can be of guesses at one challenge: most of them wrong.
        right = {**user, "token": started["token"], "pin": started["pin"]}
        told = list(pool.map(lambda _: service.ask("/verify", **right), range(32)))
        assert [answer["code"] for answer in told].count("accepted") == 1, told
        assert {answer["code"] for answer in told} <= {"accepted", "used", "exhausted"}
        assert len({answer["worker"] for answer in told}) > 1
        other = {"to": "+819012345679", "subject": "user-2"}
        started = service.ask("/start", **other)
        wrong = {**other, "token": started["token"], "pin": other_than(started["pin"])}
        told = list(pool.map(lambda _: service.ask("/verify", **wrong), range(40)))
        codes = [answer["code"] for answer in told]
        assert codes.count("wrong-pin") <= 5
        assert codes.count("wrong-pin") >= 4, codes
        assert service.ask("/verify", **{**wrong, "pin": started["pin"]})["code"] in {"exhausted", "locked"}


def test_gunicorn_with_a_file(gunicorn: Callable[[str], Gunicorn], tmp_path: Path) -> None:
    accepts_once_and_compares_five_times(gunicorn(str(tmp_path / "guard")))


@needs_redis
def test_gunicorn_with_redis(gunicorn: Callable[[str], Gunicorn], server: Server) -> None:
    accepts_once_and_compares_five_times(gunicorn(server.url))


def test_gunicorn_with_memory_refuses_and_says_why(gunicorn: Callable[[str], Gunicorn]) -> None:
    service = gunicorn("memory")
    with ThreadPoolExecutor(16) as pool:
        told = list(pool.map(lambda number: service.ask("/start", to=f"+8190123456{number}", subject=f"user-{number}"), range(10, 42)))
    assert {answer["code"] for answer in told} == {"guard"}
    assert "forked: use sqlite or redis" in service.log.read_text()


def test_a_process_that_is_no_fork_needs_a_client_of_its_own(settings: Settings) -> None:
    two_factor = TwoFactor(settings, MemoryGuard())
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool, pytest.raises(TypeError, match="in each process"):
        pool.submit(repr, two_factor).result()


def test_memory_in_a_child_answers_nothing() -> None:
    store = MemoryGuard()
    totals(store, charge("a"))

    def work() -> int:
        with pytest.raises(GuardUnreachable, match="forked: use sqlite or redis"):
            totals(store, charge("a"))
        return 7

    # Even if another thread has its lock.
    with store._lock:
        child = forked(work)
    assert ended(child) == 7
    assert totals(store, charge("a")) == [2]


def busy(store: Any, children: int) -> None:
    """Fork from threads that charge all the time. Every child charges once, and so do two of its own."""
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            totals(store, charge("busy", 1, 10**9, 600))

    def in_child() -> int:
        totals(store, charge("children", 1, 10**9, 600))
        grandchild = forked(lambda: totals(store, charge("children", 1, 10**9, 600))[0] and 7)
        totals(store, charge("children", 1, 10**9, 600))
        return ended(grandchild) or 0

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    try:
        statuses = [ended(forked(in_child)) for _ in range(children)]
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert statuses == [7] * children
    assert totals(store, charge("children", 0, 10**9)) == [3 * children]


def test_forty_forks_from_busy_threads_with_a_file(tmp_path: Path) -> None:
    busy(SqliteGuard(tmp_path / "guard", timeout=PATIENCE), 40)


@needs_redis
def test_forty_forks_from_busy_threads_with_redis(server: Server) -> None:
    busy(RedisGuard(server.url), 40)


def test_forty_forks_from_threads_that_ask_the_engine(settings: Settings, tmp_path: Path) -> None:
    two_factor = TwoFactor(settings, SqliteGuard(tmp_path / "guard", timeout=PATIENCE), transport=Taker())
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            keygen()

    def in_child(number: int) -> int:
        two_factor._transport = taker = Taker()
        user = Binding(f"+8190123456{number}", f"user-{number}", "login")
        two_factor.verify(two_factor.start(user).token, user, taker.pin())
        return 7

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    try:
        statuses = [ended(forked(partial(in_child, number))) for number in range(10, 50)]
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert statuses == [7] * 40


def test_a_child_compiles_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XOXZO_2FA_CACHE", "")
    Engine()
    # wasmtime's threads, which help to compile, are the parent's.
    assert ended(forked(lambda: 7 * (Engine().once({"keygen": {}})[0] == "written_key"))) == 7


def test_a_fork_while_two_files_are_in_use(tmp_path: Path) -> None:
    stores = [SqliteGuard(tmp_path / name, timeout=PATIENCE) for name in ("one", "other")]
    stop = threading.Event()

    def work(store: SqliteGuard) -> None:
        while not stop.is_set():
            totals(store, charge("busy", 1, 10**9))

    threads = [threading.Thread(target=work, args=[store]) for store in stores]
    for thread in threads:
        thread.start()
    # Threads that fork at once.
    with ThreadPoolExecutor(4) as pool:
        made = pool.map(lambda _: ended(forked(lambda: sum(totals(store, charge("child", 0))[0] == 0 for store in stores))), range(12))
    stop.set()
    for thread in threads:
        thread.join()
    assert list(made) == [2] * 12


@needs_redis
def test_the_parents_connection_goes_on(server: Server) -> None:
    store = RedisGuard(server.url)
    totals(store, charge("a"))
    own = store._clients.get().client_id()
    child = forked(lambda: int(store._clients.get().client_id() != own) + totals(store, charge("a"))[0])
    assert ended(child) == 3
    assert totals(store, charge("a")) == [3]
    assert store._clients.get().client_id() == own


@pytest.mark.parametrize("used", ["unused", "used"])
def test_a_childs_end_leaves_the_parents_transaction(tmp_path: Path, used: str) -> None:
    # With an interpreter that ends as it should, and frees what it can: a connection that is freed rolls back.
    script = """
import os, sys
from xoxzo_2fa import Charge, SqliteGuard

store = SqliteGuard(sys.argv[1])
connection = store._store.get()._connection
connection.execute("BEGIN IMMEDIATE")
connection.execute("INSERT INTO counters VALUES ('a', 1, 9000000000000, 9000000000000, 9000000000000)")
before = os.path.getsize(sys.argv[1] + "-journal")
if os.fork() == 0:
    # Whether it is busy is all the same here.
    if sys.argv[2] == "used":
        try:
            store.add([])
        except Exception:
            pass
    del connection
    sys.exit(0)
os.wait()
print(before > 0, os.path.getsize(sys.argv[1] + "-journal") == before)
connection.execute("COMMIT")
print(store.add([Charge.new("a", 1, 9, 60)]).totals[0].total)
"""
    command = [sys.executable, "-c", script, str(tmp_path / "guard"), used]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout.splitlines() == ["True True", "2"], done.stderr


def test_an_operation_asks_in_one_instance_and_after_a_fork_in_another() -> None:
    engine = Engine()
    settings = Secret(engine.once({"prepare": {"json": json.dumps(document())}})[1]["settings"])
    start = Secret(encode({"start": {"binding": {"recipient": "+819012345678", "subject": "user-1", "purpose": "login"}}}))
    with closing(Conversation(engine, keeps=True)) as conversation:
        kind, turn = conversation.ask(settings, 1_800_000_000, start)
        assert (kind, engine.loaded().places.qsize()) == ("count", PLACES - 1)
        lost = Secret(encode({"unanswered": {"state": turn.reveal()["state"], "no_answer": "guard-full"}}))

        def go_on() -> int:
            with pytest.raises(Upstream, match="the guard is full"):
                conversation.ask(settings, 1_800_000_000, lost)
            conversation.close()
            return 7 if engine.loaded().places.qsize() == PLACES else 1

        assert ended(forked(go_on)) == 7
        assert go_on() == 7


def test_an_endless_guest_in_a_child_is_stopped() -> None:
    engine = hostile("(loop $l br $l) unreachable")

    def ask() -> None:
        with pytest.raises(Upstream, match="interrupt"):
            engine.once({"keygen": {}})

    asked = threading.Thread(target=ask)
    asked.start()
    until("the guest runs, or did", lambda: engine.loaded().places.qsize() < PLACES or not asked.is_alive())

    def work() -> int:
        # The parent's ticker runs, and there is none here.
        ask()
        return 7

    child = forked(work)
    assert ended(child) == 7
    asked.join()


def test_a_ticker_is_made_anew_where_python_saw_no_fork() -> None:
    engine = hostile("(loop $l br $l) unreachable")
    with pytest.raises(Upstream, match="interrupt"):
        engine.once({"keygen": {}})
    # As a fork of another library leaves it: a thread that is none, and a lock that nobody gives back.
    engine._loaded.process = 1
    engine._loaded._ticker._lock.acquire()
    engine._loaded._ticker._thread = threading.Thread()
    with pytest.raises(Upstream, match="interrupt"):
        engine.once({"keygen": {}})
