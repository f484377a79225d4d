"""Counters in PostgreSQL: the suite, several processes, deadlocks, and servers that stand still, restart or are full."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import shop
from databases import Cluster, needs_postgresql
from stores import charge, totals
from test_forks import busy, ended, forked

from xoxzo_2fa import GuardError, GuardFull, GuardUnfit, GuardUnreachable
from xoxzo_2fa.guards import suite
from xoxzo_2fa.guards._guard import U32, Charge
from xoxzo_2fa.testing import Clock

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest.importorskip("django")
psycopg = pytest.importorskip("psycopg")
shop.set_up()

from django.core.management import call_command  # noqa: E402
from django.db import connections  # noqa: E402

from xoxzo_2fa.django.postgresql import DatabaseGuard  # noqa: E402

pytestmark = needs_postgresql


@pytest.fixture(scope="module")
def server() -> Iterator[Cluster]:
    running = Cluster()
    connections.settings["counters"]["HOST"] = str(running.folder)
    call_command("migrate", "xoxzo_2fa", database="counters", verbosity=0)
    yield running
    connections["counters"].close()
    running.end()


@contextmanager
def sql(server: Cluster) -> Iterator[Any]:
    with psycopg.connect(host=str(server.folder), user="postgres", dbname="postgres", autocommit=True) as connection:
        yield connection


def guard(**named: Any) -> DatabaseGuard:
    return DatabaseGuard("counters", **named)


@pytest.mark.usefixtures("server")
def test_the_suite() -> None:
    store = guard()
    suite.races(store)
    suite.groups(store)
    suite.shared(store, guard())
    suite.restart(guard)


def test_the_vectors(server: Cluster) -> None:
    clock = Clock()
    began = clock.now
    store = guard(danger_clock=clock)

    def set_time(seconds: float) -> None:
        clock.now = began + seconds

    with sql(server) as connection:

        def emptied() -> DatabaseGuard:
            # Each vector has a store of its own, which knows no time yet.
            connection.execute("TRUNCATE xoxzo_2fa_counters; SELECT setval('xoxzo_2fa_clock', 0)")
            return store

        replayed = suite.vectors(emptied, set_time)
        assert replayed.left_out == 0
        assert replayed.passed >= 60
        emptied()


@pytest.mark.usefixtures("server")
def test_lists_in_any_order_never_wait_for_each_other_in_a_circle() -> None:
    """Sixteen threads charge the same twelve groups, each in an order of its own."""
    store, names = guard(), [f"circle-{number}" for number in range(12)]

    def work(seed: int) -> None:
        own = random.Random(seed)
        for _ in range(20):
            totals(store, *[charge(name, 1, U32, 600) for name in own.sample(names, len(names))])

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(work, range(16)))
    assert totals(store, *[charge(name, 0, U32) for name in names]) == [16 * 20] * 12


@pytest.mark.usefixtures("server")
def test_eight_processes_count_exactly() -> None:
    store = guard()

    def work() -> int:
        return sum(len(totals(store, charge("processes", 1, 100, 600), charge("won", 1, U32, 600))) == 2 for _ in range(25))

    totals(store, charge("processes", 0))
    won = [ended(child) or 0 for child in [forked(work) for _ in range(8)]]
    assert sum(won) == 100
    assert totals(store, charge("processes", 0, U32), charge("won", 0, U32)) == [100, 100]


@pytest.mark.usefixtures("server")
def test_forks_from_busy_threads() -> None:
    busy(guard(), 10)


def test_defaults_of_the_server_weaken_nothing(server: Cluster) -> None:
    """A role whose sessions are read-only, serializable and do not wait for the disk counts like any other."""
    with sql(server) as connection:
        for default in ("transaction_isolation = serializable", "transaction_read_only = on"):
            connection.execute(f"ALTER ROLE postgres SET default_{default}")
        connection.execute("ALTER ROLE postgres SET synchronous_commit = off")
    store = guard()
    try:
        suite.races(store)
        with sql(server) as connection:
            # What was answered is on the disk, and no longer only in memory. Now and then the server itself writes something.
            lost = []
            for number in range(20):
                totals(store, charge(f"flushed-{number}"))
                lost += connection.execute("SELECT pg_current_wal_insert_lsn() - pg_current_wal_flush_lsn()").fetchone()
        assert lost.count(0) > 15
    finally:
        with sql(server) as connection:
            connection.execute("BEGIN READ WRITE; ALTER ROLE postgres RESET ALL; COMMIT")
    with sql(server) as connection, pytest.raises(psycopg.errors.InvalidTransactionState):
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT xoxzo_2fa_charge('{}', '{}', '{}', '{}', '{}', 0, NULL)")


def test_one_message_and_one_transaction_for_a_list(server: Cluster) -> None:
    store = guard()
    totals(store, charge("first"))
    with sql(server) as connection:

        def committed() -> int:
            connection.execute("SELECT pg_stat_clear_snapshot()")
            (count,) = connection.execute("SELECT pg_current_xact_id()::text::bigint").fetchone()
            return int(count)

        before = committed()
        totals(store, *[charge(f"list-{number}") for number in range(20)])
        # One for the list, one for the look itself.
        assert committed() - before == 2


def test_an_open_transaction_of_a_request_holds_nobody_up(server: Cluster) -> None:
    """Charges are committed while the request's transaction is open, and stay when that is rolled back."""
    from django.db import transaction  # noqa: PLC0415

    store = guard()
    with pytest.raises(ZeroDivisionError), transaction.atomic(using="counters"):
        connections["counters"].cursor().execute("SELECT 1")
        assert totals(store, charge("rolled back")) == [1]
        raise ZeroDivisionError
    with sql(server) as connection:
        found = connection.execute("SELECT total FROM xoxzo_2fa_counters WHERE name = 'rolled back'").fetchall()
    assert found == [(1,)]


def test_ended_rows_go_a_few_with_each_list(server: Cluster) -> None:
    clock = Clock(time.time())
    store = guard(danger_clock=clock)
    totals(store, *[charge(f"ended-{number}", ttl=10) for number in range(100)])

    def left() -> int:
        with sql(server) as connection:
            return int(connection.execute("SELECT count(*) FROM xoxzo_2fa_counters WHERE name LIKE 'ended-%'").fetchone()[0])

    assert left() == 100
    clock.advance(21)
    totals(store, charge("sweeps-0", ttl=9_999))
    # By the time of the list before, nothing had ended yet.
    assert left() == 100
    with sql(server) as connection:
        # What another transaction holds is left to it, and waited for by nobody.
        connection.execute("BEGIN; SELECT FROM xoxzo_2fa_counters WHERE name LIKE 'ended-%' FOR UPDATE")
        totals(guard(timeout=1, danger_clock=clock), charge("sweeps-held", ttl=9_999))
        assert left() == 100
    for number in range(1, 8):
        totals(store, charge(f"sweeps-{number}", ttl=9_999))
        assert left() == max(0, 100 - 16 * number)
    with sql(server) as connection:
        connection.execute("SELECT setval('xoxzo_2fa_clock', 0)")


def test_a_full_table_refuses_new_counters_and_keeps_the_others(server: Cluster) -> None:
    store = guard()
    totals(store, charge("known"))
    with sql(server) as connection:
        (size,) = connection.execute("SELECT pg_relation_size('xoxzo_2fa_counters')").fetchone()
    small = guard(size=size - 1)
    with pytest.raises(GuardFull):
        totals(small, charge("known"), charge("new"))
    assert totals(small, charge("known")) == [2]
    assert totals(store, charge("new", 0)) == [0]


def test_a_lock_that_others_hold_ends_with_the_timeout(server: Cluster) -> None:
    with sql(server) as connection:
        connection.execute("BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('held', 0))")
        with pytest.raises(GuardUnreachable, match=r"^timeout: no answer in time$"):
            totals(guard(timeout=0.3), charge("held"))
    assert totals(guard(), charge("held")) == [1]


def test_a_server_that_stands_still_ends_with_the_timeout(server: Cluster) -> None:
    store = guard(timeout=0.3)
    totals(store, charge("still"))
    with sql(server) as connection:
        own = store._idle.get()._connections[-1][1].info.backend_pid
        assert connection.execute("SELECT count(*) FROM pg_stat_activity WHERE pid = %s", [own]).fetchone() == (1,)
    os.kill(own, signal.SIGSTOP)
    # Should nothing end the wait, the server goes on, and the test fails.
    goes_on = threading.Timer(20, os.kill, (own, signal.SIGCONT))
    goes_on.start()
    try:
        with pytest.raises(GuardUnreachable, match=r"^timeout: no answer in time$"):
            totals(store, charge("still"))
    finally:
        goes_on.cancel()
        os.kill(own, signal.SIGCONT)
    assert store._idle.get()._connections == []
    assert totals(store, charge("still", 0, U32))[0] in (1, 2)


def test_a_restart_is_noticed_before_anything_is_charged(server: Cluster) -> None:
    store = guard()
    totals(store, charge("restart"))
    server.stop()
    with pytest.raises(GuardUnreachable, match=r"^connect: no connection$"):
        totals(store, charge("restart"))
    server.start()
    # The connection was closed by the server: a new one is made, and no list is lost.
    assert totals(store, charge("restart")) == [2]
    server.stop("immediate")
    server.start()
    assert totals(store, charge("restart")) == [3]


def test_faults_have_kinds_and_no_secrets(server: Cluster) -> None:
    known = connections.settings["counters"]
    secret = "password-canary"

    def fault(**changes: Any) -> GuardError:
        connections.settings["elsewhere"] = {**known, **changes}
        try:
            with pytest.raises(GuardError) as raised:
                totals(DatabaseGuard("elsewhere", timeout=1), charge("fault"))
        finally:
            del connections.settings["elsewhere"]
            del connections["elsewhere"]
        assert not [part for part in (secret, str(server.folder), "nowhere") if part in str(raised.value)]
        assert raised.value.__cause__ is None
        return raised.value

    with sql(server) as connection:
        connection.execute("CREATE ROLE stranger LOGIN")
        connection.execute("CREATE DATABASE empty")
    assert str(fault(HOST="/nowhere", PASSWORD=secret)) == "connect: no connection"
    assert str(fault(NAME="nowhere", PASSWORD=secret)) == "connect: the server has no such role or database"
    with sql(server) as connection:
        connection.execute("ALTER ROLE stranger PASSWORD 'another'")
        (rules,) = connection.execute("SHOW hba_file").fetchone()
    kept = Path(rules).read_text()
    Path(rules).write_text(f"local all stranger scram-sha-256\n{kept}")
    server.reload()
    assert str(fault(USER="stranger", PASSWORD=secret)) == "auth: the server does not take the credentials"
    Path(rules).write_text(kept)
    server.reload()
    unfit = fault(NAME="empty"), fault(USER="stranger")
    assert [str(each) for each in unfit] == ["the function is missing: manage.py migrate", "the role may not use the tables"]
    assert all(isinstance(each, GuardUnfit) for each in unfit)


def test_the_migration_goes_back_and_forth(server: Cluster) -> None:
    # What another test restarted is no longer connected.
    connections["counters"].close()
    call_command("migrate", "xoxzo_2fa", "zero", database="counters", verbosity=0)
    with sql(server) as connection:
        assert connection.execute("SELECT count(*) FROM pg_class WHERE relname LIKE 'xoxzo%'").fetchone() == (0,)
    with pytest.raises(GuardUnfit, match="the function is missing"):
        totals(guard(), charge("gone"))
    call_command("migrate", "xoxzo_2fa", database="counters", verbosity=0)
    assert totals(guard(), charge("gone")) == [1]


def test_a_repair_after_a_clock_that_was_ahead(server: Cluster) -> None:
    clock = Clock(time.time())
    store = guard(danger_clock=clock)
    totals(store, charge("before", 3, 9, 600))
    assert store.repair()[:2] == (0, 0)
    clock.advance(86_400)
    totals(store, charge("under", 2, 9, 3600), charge("won", 1 << 20, U32, 3600))
    clock.advance(-86_400)
    assert totals(store, charge("before", 0)) == []
    repaired = store.repair()
    assert (round(repaired.ahead_seconds), repaired.shut_seconds, repaired.renewed) == (86_400, 840, 1)
    clock.advance(839)
    assert totals(store, charge("under", 0)) == []
    clock.advance(2)
    # Counted under the wrong clock: its whole life is before it, but for the two minutes that clocks may differ by. What was won stays
    # marked until its own time has come and gone.
    (under, won) = store.add([charge("under", 0), charge("won", 0, U32)]).totals
    assert (under.total, won.total) == (2, 1 << 20)
    assert 3479 <= under.ends_in_seconds <= 3480
    assert won.ends_in_seconds > 86_400
    with sql(server) as connection:
        connection.execute("SELECT setval('xoxzo_2fa_clock', 0)")


@pytest.mark.usefixtures("server")
def test_threads_at_once_keep_four_connections() -> None:
    store = guard()
    barrier = threading.Barrier(12)

    def work(number: int) -> None:
        barrier.wait()
        totals(store, charge(f"many-{number}"))

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(work, range(12)))
    assert 1 <= len(store._idle.get()._connections) <= 4
    store.close()
    assert totals(store, Charge.new("many-0", 0, 9, 60)) == [1]
