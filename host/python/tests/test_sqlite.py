"""Counters in an SQLite file: clocks that are wrong, processes at once, files that are no guard's, and the same file from Rust."""

from __future__ import annotations

import json
import os
import shlex
import sqlite3
import statistics
import subprocess
import sys
import threading
import time
from concurrent import futures
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from conftest import Sandbox, document, other_than, pin_in
from stores import charge, totals

from xoxzo_2fa import Binding, GuardFull, GuardUnfit, GuardUnreachable, Refuse, Settings, SqliteGuard, Total, TwoFactor, Upstream
from xoxzo_2fa.guards import _rows, suite
from xoxzo_2fa.guards._place import kind

if TYPE_CHECKING:
    from collections.abc import Callable

BEGINNING = 1_800_000_000


class Clock:
    """A store whose clock is a number of seconds."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "guard"
        self.now = float(BEGINNING)

    def open(self, **how: Any) -> SqliteGuard:
        return SqliteGuard(self.path, danger_clock=lambda: self.now, **how)

    def repair(self) -> Any:
        return SqliteGuard.repair(self.path, danger_clock=lambda: self.now)

    def rows(self) -> int:
        (rows,) = sqlite3.connect(self.path).execute("SELECT count(*) FROM counters").fetchone()
        return int(rows)


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    return Clock(tmp_path)


def test_two_handles_and_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "made" / "too" / "guard"
    suite.shared(SqliteGuard(path), SqliteGuard(path))
    suite.restart(lambda: SqliteGuard(path))
    assert [at.stat().st_mode & 0o777 for at in (path, path.parent, path.parent.parent)] == [0o600, 0o700, 0o700]


def test_a_clock_that_is_back_a_little_stands_still(clock: Clock) -> None:
    store = clock.open()
    for at, opened, expected in ((0, 0, (1, 600)), (100, 0, (2, 500)), (-20, 0, (3, 500)), (-20, 1, (4, 500)), (600, 0, (1, 600))):
        clock.now = BEGINNING + at
        store = clock.open() if opened else store
        made = store.add([charge("a", ttl=600)])
        assert made.totals == [Total(*expected)]
        assert made.now == max(BEGINNING + at, BEGINNING + 100 * (at < 0))


@pytest.mark.parametrize("ahead", [3_600, 3 * 31_536_000])
def test_a_clock_that_is_ahead_once_shuts_the_file_and_forgets_nothing(clock: Clock, ahead: int) -> None:
    store, most = clock.open(), 2**32 - 1
    hard, used = charge("hard", 7, most, 315_360_000), charge("used", 1 << 20, most, 480)
    assert totals(store, hard, used) == [7, 1 << 20]
    clock.now = BEGINNING + ahead
    for _ in range(3):
        totals(store, charge("other", 1, most, 86_400))
    clock.now = BEGINNING + 10
    for opened in (store, clock.open()):
        shut = opened.add([charge("used", 1, 5, 480)])
        assert (list(shut.totals), shut.now) == ([], BEGINNING + ahead)
    repaired = clock.repair()
    assert (repaired.ahead_seconds, repaired.shut_seconds, repaired.renewed) == (ahead - 10, 840, 1)
    # Shut for as long as any challenge can live, then open, with all that was kept.
    clock.now = BEGINNING + 10 + 839
    assert totals(clock.open(), charge("hard", 1, most, 315_360_000)) == []
    clock.now += 1
    store = clock.open()
    assert totals(store, charge("hard", 1, most, 315_360_000)) == [8]
    (other,) = store.add([charge("other", 0, most, 86_400)]).totals
    assert other.total == 3
    assert other.ends_in_seconds <= 86_400
    assert clock.repair()[:2] == (0, 0)


def test_a_file_that_opens_by_itself_before_a_repair_would_is_left(clock: Clock) -> None:
    totals(clock.open(), charge("a"))
    clock.now -= 700
    assert clock.repair() == (700, 580, 1, 0)
    clock.now += 580
    assert totals(clock.open(), charge("a", 0)) == [1]


def test_a_client_whose_clock_is_apart_from_the_stores_is_refused(clock: Clock, taker: Any) -> None:
    clock.now = time.time()
    two_factor = TwoFactor(Settings(document()), clock.open(), transport=taker)
    two_factor.start(Binding("+819012345678", "user-1", "login"))
    # A store whose clock is ahead, and one that was used with it: which is no reason not to begin.
    for ahead in (300, 0):
        clock.now = time.time() + ahead
        two_factor = TwoFactor(Settings(document()), clock.open(), transport=taker)
        with pytest.raises(Upstream, match="clock"):
            two_factor.start(Binding("+819012345679", "user-2", "login"))
    assert len(taker.requests) == 1


def test_the_file_does_not_grow_by_what_has_ended(clock: Clock) -> None:
    store = clock.open()
    for number in range(200):
        totals(store, charge(f"{number}"))
    clock.now = BEGINNING + 119
    totals(store, charge("a"))
    assert clock.rows() == 201, "ended, and kept for another minute"
    clock.now = BEGINNING + 121
    for number in range(20):
        totals(store, charge(f"new {number}"))
    assert clock.rows() == 21
    for number in range(20):
        totals(store, charge(f"new {number}", -1))
    assert clock.rows() == 1


def test_lists_that_share_a_transaction_sweep_for_each_of_them(clock: Clock) -> None:
    store = clock.open()
    store.add([charge(f"{number}") for number in range(100)])
    for later in (120, 121):
        clock.now = BEGINNING + later
        totals(store, charge(f"{later}", ttl=600))
    assert clock.rows() == 102 - 16, "one list sweeps sixteen"
    with sqlite3.connect(clock.path) as connection:
        _rows.make(connection, int(clock.now * 1_000), [[charge(f"at once {number}", ttl=600)] for number in range(6)])
    assert clock.rows() == 2 + 6


def test_a_list_that_is_refused_or_only_looks_writes_nothing(clock: Clock) -> None:
    store = clock.open()
    totals(store, charge("a", 1, 1))
    before = clock.path.read_bytes()
    for _ in range(100):
        assert totals(store, charge("b", 0), charge("a", 1, 1)) == [0, 2]
    assert clock.path.read_bytes() == before


def test_a_full_file_refuses_and_what_has_ended_makes_room(clock: Clock) -> None:
    store = clock.open(size=128 * 1024)
    made = 0
    with pytest.raises(GuardFull):
        for made in range(100_000):
            # Many at once, so that it does not take long.
            store.add([charge(f"{made:022}.{number}") for number in range(20)])
    assert made > 20
    assert totals(store, charge(f"{0:022}.0")) == [2], "what is there goes on"
    assert clock.path.stat().st_size <= 128 * 1024
    clock.now = BEGINNING + 61
    totals(store, charge(f"{0:022}.0"))
    clock.now = BEGINNING + 122
    refused = 0
    for number in range(300):
        try:
            totals(store, charge(f"{1_000_000 + number:022}"))
        except GuardFull:
            refused += 1
    assert refused < 10


def test_only_a_file_of_its_owner_is_opened(tmp_path: Path) -> None:
    file, other = tmp_path / "guard", tmp_path / "other"
    SqliteGuard(file).close()
    file.chmod(0o640)
    with pytest.raises(GuardUnfit, match="chmod 600"):
        SqliteGuard(file)
    file.chmod(0o600)
    other.symlink_to(file)
    with pytest.raises(GuardUnfit, match="link"):
        SqliteGuard(other)
    for mode in (0o777, 0o770):
        tmp_path.chmod(mode)
        with pytest.raises(GuardUnfit, match="chmod go-w"):
            SqliteGuard(file)
    tmp_path.chmod(0o700)
    SqliteGuard(file).close()
    for none in (tmp_path, tmp_path / "..", "/"):
        with pytest.raises((GuardUnfit, GuardUnreachable)):
            SqliteGuard(none)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="not root")
def test_root_opens_a_file_and_leaves_it_its_owner(tmp_path: Path) -> None:
    file, journal = tmp_path / "guard", tmp_path / "guard-journal"
    SqliteGuard(file).close()
    os.chown(file, 1_234, 1_234)
    journal.unlink(missing_ok=True)
    store = SqliteGuard(file)
    assert totals(store, charge("a")) == [1]
    for path in (file, journal):
        status = path.stat()
        assert (status.st_uid, status.st_mode & 0o777) == (1_234, 0o600)


def test_what_is_no_guards_file_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "guard"

    def write(content: bytes, *statements: str) -> None:
        file.unlink(missing_ok=True)
        file.write_bytes(content)
        file.chmod(0o600)
        for statement in statements:
            sqlite3.connect(file, isolation_level=None).execute(statement)

    for content, statements in (
        (b"\7" * 9_000, ()),
        (b"<html>" * 999, ()),
        (b"", ["CREATE TABLE t (x)"]),
        (b"", ["PRAGMA user_version = 1"]),
    ):
        write(content, *statements)
        before = file.read_bytes()
        with pytest.raises(GuardUnfit, match="not a guard's"):
            SqliteGuard(file)
        assert file.read_bytes() == before
    write(b"")
    SqliteGuard(file).close()
    sqlite3.connect(file).execute("PRAGMA user_version = 2")
    with pytest.raises(GuardUnfit, match="another version"):
        SqliteGuard(file)


def test_network_file_systems_are_told() -> None:
    mounts = b"\n".join(
        [
            b"1 0 8:1 / / rw - ext4 /dev/a rw",
            b"2 1 0:9 / /srv rw shared:7 - nfs4 host:/srv rw",
            rb"3 2 0:8 / /srv/a\040b rw - tmpfs tmpfs rw",
            b"4 1 0:7 / /mnt rw - xfs /dev/b rw",
            b"5 4 0:6 / /mnt rw - fuse.sshfs host: rw",
        ]
    )
    folders = {b"/": "ext4", b"/srv": "nfs4", b"/srv/x": "nfs4", b"/srvx": "ext4", b"/srv/a b/c": "tmpfs", b"/mnt/x": "fuse.sshfs"}
    assert {folder: kind(folder, mounts) for folder in folders} == folders


@pytest.mark.skipif(sys.platform != "linux", reason="not Linux")
def test_a_network_file_system_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = b"1 0 8:1 / / rw - cifs //host/a rw"
    monkeypatch.setattr(Path, "read_bytes", lambda _: told)
    with pytest.raises(GuardUnfit, match="network file system"):
        SqliteGuard(tmp_path / "guard")
    assert totals(SqliteGuard(tmp_path / "guard", danger_network_file=True), charge("a")) == [1]


def test_a_file_that_stays_busy_is_given_up(tmp_path: Path) -> None:
    store = SqliteGuard(tmp_path / "guard", timeout=0.3)
    other = sqlite3.connect(tmp_path / "guard", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    began = time.monotonic()
    with pytest.raises(GuardUnreachable, match="busy"):
        totals(store, charge("a"))
    with pytest.raises(GuardUnreachable, match="busy"):
        SqliteGuard(tmp_path / "guard", timeout=0.1)
    assert time.monotonic() - began < 3
    other.execute("COMMIT")
    assert totals(store, charge("a")) == [1]


def test_a_commit_waits_for_readers(tmp_path: Path) -> None:
    store = SqliteGuard(tmp_path / "guard")
    totals(store, charge("a"))
    reader = sqlite3.connect(tmp_path / "guard", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM counters").fetchone()
    with ThreadPoolExecutor(1) as pool:
        made = pool.submit(totals, store, charge("a"))
        with pytest.raises(futures.TimeoutError):
            made.result(0.2)
        reader.execute("COMMIT")
        assert made.result(5) == [2]


def test_a_list_that_is_interrupted_leaves_the_store_as_it_was(clock: Clock) -> None:
    store, right = clock.open(), clock.now

    class Interrupt(BaseException):
        """Like that of a key."""

    def interrupted() -> float:
        raise Interrupt

    broken = SqliteGuard(clock.path, danger_clock=interrupted)
    for _ in range(2):
        with pytest.raises(Interrupt):
            totals(broken, charge("a"))
    assert totals(store, charge("a")) == [1]
    assert clock.now == right


def test_lists_at_once_share_commits(tmp_path: Path) -> None:
    store = SqliteGuard(tmp_path / "guard")

    def took(threads: int, each: int) -> float:
        began = time.monotonic()
        with ThreadPoolExecutor(threads) as pool:
            for done in [pool.submit(lambda: [totals(store, charge("a", 1, 10**6)) for _ in range(each)]) for _ in range(threads)]:
                done.result()
        return time.monotonic() - began

    # Alone, each of 128 lists is a commit. Together they wait for few, though threads of Python take turns. What else the machine does
    # takes its time too, so the shortest of some rounds counts.
    alone = min(took(1, 128) for _ in range(4))
    together = min(took(32, 4) for _ in range(8))
    assert together < alone * 0.8, f"{together} s for 32 threads, {alone} s for one"


COUNTING = """
import sys, time
from xoxzo_2fa import Charge, SqliteGuard
store = SqliteGuard(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
for _ in range(int(sys.argv[2])):
    began = time.perf_counter()
    made = store.add([Charge.new("count", 1, 2**32 - 1, 86_400)])
    print(made.totals[0].total, round((time.perf_counter() - began) * 1e6), flush=True)
"""


def counting(path: Path, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", COUNTING, str(path), str(count)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout
    assert child.stdout.readline() == "ready\n"
    return child


def go(child: subprocess.Popen[str]) -> None:
    assert child.stdin
    child.stdin.write("\n")
    child.stdin.flush()


def test_eight_processes_count_together(tmp_path: Path) -> None:
    each = 40
    children = [counting(tmp_path / "guard", each) for _ in range(8)]
    for child in children:
        go(child)
    lines = [line.split() for child in children for line in child.communicate(timeout=120)[0].splitlines()]
    assert sorted(int(total) for total, _ in lines) == list(range(1, 8 * each + 1))
    took = statistics.quantiles([int(microseconds) / 1_000 for _, microseconds in lines], n=100)
    print(f"8 processes: p50 {took[49]:.1f} ms, p99 {took[98]:.1f} ms")


def test_no_answered_count_is_lost_when_a_process_is_killed(tmp_path: Path) -> None:
    answered = 0
    for number in range(10):
        child = counting(tmp_path / "guard", 10**6)
        go(child)
        assert child.stdout
        first = int(child.stdout.readline().split()[0])
        assert first in (answered + 1, answered + 2), "one more may have been counted than could be told"
        time.sleep(0.007 * number)
        child.kill()
        # Not `communicate`, which leaves out the lines that were read together with the first.
        rest = child.stdout.read().rpartition("\n")[0].splitlines()
        child.wait(60)
        answered = int(rest[-1].split()[0]) if rest else first
    assert totals(SqliteGuard(tmp_path / "guard"), charge("count", 0, 2**32 - 1))[0] in (answered, answered + 1)


class Rust:
    """The command line of Rust on the same file, settings and sandbox."""

    def __init__(self, folder: Path, sandbox: Sandbox) -> None:
        account = {"sid": sandbox.sid, "auth_token": sandbox.auth_token, "sender": "Example", "base_url": sandbox.url}
        self.document = document(xoxzo=account)
        self.settings, self.guard = folder / "settings.json", folder / "guard"
        self.settings.write_text(json.dumps({**self.document, "guard": {**self.document["guard"], "scope": "shared"}}))
        self.settings.chmod(0o600)
        self.program = shlex.split(os.environ.get("XOXZO_2FA_SANDBOX", "xoxzo-2fa sandbox"))[0]

    def run(self, *arguments: str, pin: str = "") -> dict[str, Any]:
        given = ["--settings", str(self.settings), "--guard", str(self.guard), "--json"]
        done = subprocess.run([self.program, *arguments, *given], capture_output=True, text=True, input=pin, check=False, timeout=60)
        answer: dict[str, Any] = json.loads(done.stdout or done.stderr)
        return answer

    def python(self) -> TwoFactor:
        return TwoFactor(Settings(self.document), SqliteGuard(self.guard))


def schema(path: Path) -> list[Any]:
    connection = sqlite3.connect(path)
    names = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version", "page_size", "encoding")]
    text = connection.execute("SELECT type, name, sql FROM sqlite_schema ORDER BY name").fetchall()
    return [*names, *[(kind, name, sql and " ".join(sql.split())) for kind, name, sql in text]]


def test_rust_and_python_count_in_one_file(tmp_path: Path, sandbox: Callable[..., Sandbox]) -> None:
    xoxzo = sandbox("--pace", "0")
    rust = Rust(tmp_path, xoxzo)
    to, subject = "+819012345678", "user-1"
    user = Binding(to, subject, "login")
    token = rust.run("start", "--to", to, "--subject", subject)["challenged"]["token"]
    SqliteGuard(tmp_path / "ours")
    assert schema(tmp_path / "ours") == schema(rust.guard)
    python = rust.python()
    pin = pin_in(xoxzo.inbox(to)[-1]["body"])
    with pytest.raises(Refuse, match="cooldown"):
        python.start(user)
    with pytest.raises(Refuse, match="wrong-pin") as wrong:
        python.verify(token, user, other_than(pin))
    assert wrong.value.guesses_left == 4
    python.verify(token, user, pin)
    with pytest.raises(Refuse, match="used"):
        python.verify(token, user, pin)
    again = rust.run("verify", "--token", token, "--to", to, "--subject", subject, pin=pin)
    assert "used" in json.dumps(again)
    # What was accepted has no cooldown any more, and then the other way round.
    python.start(user)
    assert "cooldown" in json.dumps(rust.run("start", "--to", to, "--subject", subject))
    # Both at once, and nothing is lost or busy for long.
    stop, store, made = threading.Event(), SqliteGuard(rust.guard), 0

    def count() -> None:
        nonlocal made
        while not stop.is_set():
            totals(store, charge("beside", 1, 10**6))
            made += 1

    beside = threading.Thread(target=count)
    beside.start()
    try:
        for number in range(8):
            answer = rust.run("start", "--to", f"+81901234500{number}", "--subject", f"user-{number + 10}")
            assert len(answer["challenged"]["token"]) == 80
    finally:
        stop.set()
        beside.join()
    assert totals(store, charge("beside", 0, 10**6)) == [made]
    assert made > 8


def test_rust_repairs_what_python_used(clock: Clock) -> None:
    clock.now = time.time() + 3_600
    totals(clock.open(), charge("a", ttl=600))
    program = shlex.split(os.environ.get("XOXZO_2FA_SANDBOX", "xoxzo-2fa sandbox"))[0]
    subprocess.run([program, "guard", "repair", str(clock.path)], check=True, capture_output=True, timeout=60)
    assert totals(SqliteGuard(clock.path), charge("a", 0)) == []
    later = SqliteGuard(clock.path, danger_clock=lambda: time.time() + 841)
    assert totals(later, charge("a", 0)) == [1]
