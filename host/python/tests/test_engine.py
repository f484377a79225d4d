"""What may go wrong between Python and a module, and that it ends in an exception of the call and in nothing else."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
import time
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from conftest import Taker, document, other_than
from patience import PATIENCE, until
from wasmtime import Module, Store, wat2wasm

from xoxzo_2fa import AsyncTwoFactor, Binding, MemoryGuard, Misuse, Refuse, Settings, SqliteGuard, TwoFactor, Upstream, keygen
from xoxzo_2fa import _engine as engine_module
from xoxzo_2fa._engine import Engine, encode
from xoxzo_2fa._module import PLACES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xoxzo_2fa import Charge, Request, Response, Totals

LOGIN = Binding("+819012345678", "user-1", "login")

# A module of the form of `wit/ASK.md` whose `ask` does what its body says.
HOSTILE = """
(module
  (memory (export "memory") 5)
  (global (export "area") i32 (i32.const 1024))
  (func (export "ask") (param i32 i32 i32) (result i32) {body}))
"""


def hostile(body: str) -> Engine:
    return Engine(bytes(wat2wasm(HOSTILE.format(body=body))))


def test_a_trap_ends_the_call_and_nothing_else() -> None:
    engine = hostile("unreachable")
    for _ in range(3):
        with pytest.raises(Upstream, match=r"trapped: .*unreachable") as fault:
            engine.once({"keygen": {}})
        assert "\n" not in str(fault.value)
    assert keygen() != keygen()


def test_an_endless_call_is_interrupted() -> None:
    engine = hostile("(loop $l br $l) unreachable")
    began = time.monotonic()
    with pytest.raises(Upstream, match="interrupt"):
        engine.once({"keygen": {}})
    assert time.monotonic() - began < PATIENCE
    assert len(keygen()) == 54


def test_the_ticker_ends_when_nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "_TICK", 0.001)
    engine = Engine()
    engine.once({"keygen": {}})
    until("it ticks no more", lambda: engine._loaded._ticker._thread is None)
    engine.once({"keygen": {}})
    assert engine._loaded._ticker._thread is not None


def test_no_place_is_lost_to_calls_that_trap() -> None:
    engine = hostile("unreachable")
    for _ in range(2 * PLACES):
        with pytest.raises(Upstream, match="trapped"):
            engine.once({"keygen": {}})
    assert engine.loaded().places.qsize() == PLACES


class Halted:
    """A transport that answers when it may. Until then, what it was asked waits."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.waiting = threading.Semaphore(0)
        self.taker = Taker()

    def send(self, request: Request) -> Response:
        self.waiting.release()
        assert self.go.wait(60)
        return self.taker.send(request)


def test_operations_that_wait_leave_half_of_the_places_to_others() -> None:
    halted = Halted()
    client = TwoFactor(Settings(document()), MemoryGuard(), transport=halted)
    places = client._prepared.engine.loaded().places
    starts = [threading.Thread(target=client.start, args=(Binding(f"+8190{n:08}", f"user-{n}", "login"),)) for n in range(2 * PLACES)]
    for thread in starts:
        thread.start()
    try:
        for _ in starts:
            assert halted.waiting.acquire(timeout=60)
        # Some are kept: a client that keeps none would leave them all.
        assert PLACES // 2 <= places.qsize() < PLACES
        with pytest.raises(Refuse, match="token"):
            client.verify("x", LOGIN, "000000")
    finally:
        halted.go.set()
        for thread in starts:
            thread.join()
    assert places.qsize() == PLACES


def test_a_call_that_wants_all_memory_gets_none() -> None:
    grow = "(loop $l i32.const 1 memory.grow i32.const -1 i32.ne br_if $l) unreachable"
    with pytest.raises(Upstream, match="unreachable"):
        hostile(grow).once({"keygen": {}})


def test_more_than_fits_is_refused_or_traps_and_the_next_call_goes() -> None:
    engine = Engine()
    with pytest.raises(Exception, match=r"100 KiB|trapped"):
        engine.once({"inspect": {"token": "x" * 120_000}})
    with pytest.raises(Misuse, match="100 KiB"):
        engine.once({"preview": {}}, "x" * 2_000_000)
    assert engine.once({"keygen": {}})[0] == "written_key"


ASK = '(func (export "ask") (param i32 i32 i32) (result i32) i32.const 0)'


@pytest.mark.parametrize(
    "module",
    [
        b"",
        b"\0asm\1\0\0\0",
        b"\0asm\x0d\0\1\0",
        wat2wasm(f'(module (memory (export "memory") 5) {ASK})'),
        wat2wasm(f'(module (memory (export "memory") 4) (global (export "area") i32 (i32.const 1)) {ASK})'),
        wat2wasm(f'(module (memory (export "memory") 5) (global (export "area") i32 (i32.const -1)) {ASK})'),
        wat2wasm(f'(module (import "env" "f" (func)) (memory (export "memory") 5) (global (export "area") i32 (i32.const 0)) {ASK})'),
        wat2wasm(
            '(module (memory (export "memory") 5) (global (export "area") i32 (i32.const 0)) (global (export "ask") i32 (i32.const 0)))'
        ),
    ],
)
def test_what_has_not_the_form_does_not_load(module: bytes) -> None:
    with pytest.raises(Upstream, match="does not load"):
        Engine(bytes(module))


def test_an_answer_outside_the_area_is_not_read() -> None:
    for length in (-1, 256 * 1024 + 1, 2**31 - 1):
        with pytest.raises(Upstream, match=r"trapped: .*longer than the area"):
            hostile(f"i32.const {length}").once({"keygen": {}})


def test_the_engine_calls_no_python() -> None:
    # Its only import is randomness, which is wasmtime's own: an exception has no way through WebAssembly.
    code = (resources.files("xoxzo_2fa") / "two-factor-ask.wasm").read_bytes()
    imports = [(it.module, it.name) for it in Module(Store().engine, code).imports]
    assert imports == [("wasi_snapshot_preview1", "random_get")]


def test_a_checkout_without_the_module_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for content in (None, b"../../../ask/two-factor-ask.wasm"):
        if content is not None:
            (tmp_path / "two-factor-ask.wasm").write_bytes(content)
        monkeypatch.setattr("importlib.resources.files", lambda _: tmp_path)
        with pytest.raises(Upstream, match="tests/all wasm --bless"):
            Engine()


def _flipped(code: bytes, at: int) -> bytes:
    return code[:at] + bytes([code[at] ^ 1]) + code[at + 1 :]


def test_compiled_code_is_kept_where_only_the_user_can_write(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    monkeypatch.setenv("XOXZO_2FA_CACHE", str(folder))
    Engine()
    (kept,) = folder.iterdir()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert kept.stat().st_mode & 0o077 == 0
    before = kept.stat().st_mtime_ns
    assert Engine().once({"keygen": {}})[0] == "written_key"
    assert kept.stat().st_mtime_ns == before, "it was not compiled again"
    # Damaged anywhere, it is compiled again and replaced.
    whole = kept.read_bytes()
    for damaged in (
        b"",
        b"damaged",
        whole[:-1],
        *(_flipped(whole, at) for at in (0, 40, len(whole) // 3, len(whole) // 2, len(whole) - 1)),
    ):
        kept.write_bytes(damaged)
        assert Engine().once({"keygen": {}})[0] == "written_key"
        assert len(kept.read_bytes()) == len(whole)
    # A folder that others may write is not used: what lies there would be run.
    kept.unlink()
    folder.chmod(0o770)
    Engine()
    assert list(folder.iterdir()) == []
    link = tmp_path / "link"
    link.symlink_to(tmp_path)
    monkeypatch.setenv("XOXZO_2FA_CACHE", str(link))
    Engine()
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".cwasm"] == []
    monkeypatch.setenv("XOXZO_2FA_CACHE", "")
    assert Engine().once({"keygen": {}})[0] == "written_key"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_fork_goes_on(settings: Settings, taker: Taker, tmp_path: Path) -> None:
    two_factor = TwoFactor(settings, SqliteGuard(tmp_path / "guard"), transport=taker)
    two_factor.start(LOGIN)
    child = os.fork()
    if child == 0:
        try:
            two_factor.start(Binding("+819012345679", "user-2", "login"))
            endless = hostile("(loop $l br $l) unreachable")
            try:
                endless.once({"keygen": {}})
            except Upstream:
                os._exit(7)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 7
    assert two_factor.start(Binding("+819012345670", "user-3", "login")).parts == 1


def test_threads_get_their_own_exceptions(settings: Settings) -> None:
    class Mine(BaseException):
        """Of one thread."""

    class Failing(MemoryGuard):
        fails = False

        def add(self, charges: Sequence[Charge]) -> Totals:
            if self.fails:
                raise Mine(threading.get_ident())
            return super().add(charges)

    guard = Failing()
    two_factor = TwoFactor(settings, guard, transport=Taker(), audit=lambda _: None)
    guard.fails = True
    wrong: list[object] = []

    def work() -> None:
        for _ in range(100):
            try:
                two_factor.start(LOGIN)
            except Mine as mine:
                if mine.args != (threading.get_ident(),):
                    wrong.append(mine)
            except BaseException as other:
                wrong.append(other)
            else:
                wrong.append("no exception")

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert wrong == []


def test_threads_are_answered_right() -> None:
    script = Path(__file__).with_name("threads.py")
    done = subprocess.run([sys.executable, script, "2000"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].endswith(": 0 wrong answers")


def test_nothing_leaks() -> None:
    def resident() -> int:
        pages = Path("/proc/self/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    if not Path("/proc/self/statm").exists():
        pytest.skip("no /proc")
    engine, trapping = Engine(), hostile("unreachable")

    def work(times: int) -> None:
        for _ in range(times):
            engine.once({"keygen": {}})
            with pytest.raises(Upstream):
                trapping.once({"keygen": {}})

    work(100)
    gc.collect()
    before = resident()
    work(1500)
    gc.collect()
    assert resident() - before < 8 * 1024 * 1024


def test_time_outside_the_engines_is_upstream(settings: Settings, taker: Taker) -> None:
    for now in (-1.0, 2.0**32, 0.0):
        two_factor = TwoFactor(settings, MemoryGuard(), transport=taker, danger_clock=lambda now=now: now)  # type: ignore[misc]
        with pytest.raises(Upstream, match="clock"):
            two_factor.start(LOGIN)


def test_questions_are_json_that_the_engine_reads() -> None:
    assert encode({"a": 'é\u0000"\\\n🙂'}).encode() == '{"a":"é\\u0000\\"\\\\\\n🙂"}'.encode()


def test_the_two_clients_are_told_apart(taker: Taker) -> None:
    with pytest.raises(TypeError):
        AsyncTwoFactor()  # type: ignore[call-arg]
    settings = Settings(document())
    challenge = TwoFactor(settings, MemoryGuard(), transport=taker).start(LOGIN)
    # Another process's tokens are nothing here: with a guard in memory, settings are of one client.
    other: Any = TwoFactor(settings, MemoryGuard(), transport=taker)
    with pytest.raises(Refuse, match="invalid-token"):
        other.verify(challenge.token, LOGIN, other_than(taker.pin()))
