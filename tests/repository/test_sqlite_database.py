"""What the embedded file promises: all or nothing, one writer at a time, and clear errors."""

import asyncio
import functools
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from scheduler.core.errors import StoreBusyError, StoreFullError
from scheduler.repository.sqlite_database import SQLiteDatabase
from tests.support.builders import a_job, a_progress, a_task_run, an_event
from tests.support.clock import FakeClock
from tests.support.store import fill_the_disk, free_the_disk, sqlite_store

INSERT = "INSERT INTO dead_letters (job_id, tenant, run, code, at) VALUES ('job', 'default', 1, 'x', 0)"


@pytest.fixture
async def another(store_path: Path) -> AsyncIterator[SQLiteDatabase]:
    """The same file as another process would have it."""
    database = SQLiteDatabase(store_path, busy_timeout=0.1)
    await database.connect()
    yield database
    await database.close()


def _count(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM audit_blocks").fetchone()[0])


def _add(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO audit_blocks SELECT 'default', count(*) + 1, 'digest' FROM audit_blocks")


async def test_what_raises_is_rolled_back(database: SQLiteDatabase) -> None:
    def half(connection: sqlite3.Connection) -> None:
        _add(connection)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await database.write(half)

    assert await database.read(_count) == 0
    assert database.changes == 0


async def test_who_changes_nothing_wakes_nobody(database: SQLiteDatabase) -> None:
    await database.write(_count)

    assert database.changes == 0


async def test_a_reader_cannot_write(database: SQLiteDatabase) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await database.read(_add)


def _hold(begun: threading.Event, go_on: threading.Event, _: sqlite3.Connection) -> None:
    begun.set()
    go_on.wait(10)


async def test_a_broken_reference_is_refused(database: SQLiteDatabase) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        await database.write(lambda connection: connection.execute(INSERT))


async def test_what_was_committed_survives_power_cuts(database: SQLiteDatabase) -> None:
    def settings(connection: sqlite3.Connection) -> tuple[object, ...]:
        names = ("journal_mode", "synchronous", "foreign_keys")
        return tuple(connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names)

    assert await database.write(settings) == ("wal", 2, 1)


def _power_cuts(connection: sqlite3.Connection) -> tuple[int, int]:
    """Write, and return the level of `synchronous` (2 is FULL) and after how many pages the commit checkpoints."""
    _add(connection)
    names = ("synchronous", "wal_autocheckpoint")
    level, pages = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names)
    return level, pages


async def test_only_what_need_not_last_is_committed_without_waiting_for_the_disk(database: SQLiteDatabase) -> None:
    async def of(*lasting: bool) -> set[tuple[int, int]]:
        return set(await asyncio.gather(*(database.write(_power_cuts, quick=True, lasting=lasts) for lasts in lasting)))

    waits_for_the_disk, does_not = {(2, 4000)}, {(1, 0)}
    assert await of(False, False) == does_not
    assert await of(True) == waits_for_the_disk
    assert await of(False, True, False) == waits_for_the_disk
    assert await of(False) == does_not
    assert await database.write(_power_cuts, lasting=False) == (2, 4000)
    assert await database.read(_count) == 8


async def test_what_need_not_last_is_seen_by_all_who_wait(database: SQLiteDatabase, another: SQLiteDatabase) -> None:
    here, there = database.changes, another.changes
    await database.write(_add, quick=True, lasting=False)
    await asyncio.gather(database.wait(here, 5), another.wait(there, 5))

    assert (database.changes, another.changes) == (here + 1, there + 1)
    assert await another.read(_count) == 1


async def test_a_file_held_by_another_process_is_busy(database: SQLiteDatabase, another: SQLiteDatabase) -> None:
    holding, let_go = threading.Event(), threading.Event()

    def hold(connection: sqlite3.Connection) -> None:
        _add(connection)
        holding.set()
        let_go.wait(10)

    holder = asyncio.create_task(another.write(hold))
    await asyncio.to_thread(holding.wait, 10)
    try:
        with pytest.raises(StoreBusyError):
            await database.write(_add)
        assert await database.read(_count) == 0
    finally:
        let_go.set()
        await holder
    await database.write(_add)
    assert await database.read(_count) == 2


async def test_a_quick_write_waits_for_another_process_without_holding_up_the_event_loop(
    database: SQLiteDatabase, another: SQLiteDatabase
) -> None:
    holding, let_go = threading.Event(), threading.Event()

    def hold(connection: sqlite3.Connection) -> None:
        _add(connection)
        holding.set()
        let_go.wait(10)

    holder = asyncio.create_task(database.write(hold))
    await asyncio.to_thread(holding.wait, 10)
    with pytest.raises(StoreBusyError):
        await another.write(_add, quick=True)
    let_go.set()
    await holder
    await another.write(_add, quick=True)

    assert await database.read(_count) == 2


async def test_of_quick_writes_only_the_one_that_fails_is_undone(database: SQLiteDatabase) -> None:
    def fails(connection: sqlite3.Connection) -> None:
        _add(connection)
        raise ZeroDivisionError

    writes = [database.write(work, quick=True) for work in (_add, fails, _add)]
    answers = await asyncio.gather(database.write(_add), *writes, return_exceptions=True)

    assert [type(answer) for answer in answers] == [type(None), type(None), ZeroDivisionError, type(None)]
    assert await database.read(_count) == 3


async def test_a_snapshot_that_others_overtook_is_busy(database: SQLiteDatabase, store_path: Path) -> None:
    def overtaken(_: sqlite3.Connection) -> None:
        with closing(sqlite3.connect(store_path, isolation_level=None)) as ours:
            ours.execute("BEGIN")
            _count(ours)
            with closing(sqlite3.connect(store_path, isolation_level=None)) as theirs:
                _add(theirs)
            _add(ours)

    with pytest.raises(StoreBusyError):
        await database.read(overtaken)


async def test_a_full_disk_stores_nothing_by_halves(database: SQLiteDatabase, clock: FakeClock) -> None:
    store = sqlite_store(database, clock)
    job = await store.leased(tasks=2)
    before = await store.everything(job.id)
    await database.write(fill_the_disk)
    big = a_job(tasks=2000)
    result = {"text": "x" * 100_000}

    with pytest.raises(StoreFullError):
        await store.jobs.save(big)
    with pytest.raises(StoreFullError):
        await store.jobs.record(
            a_progress(job, events=[an_event(job)], tasks=[a_task_run(job, attempts=1, result=result)])
        )

    assert await store.jobs.get(big.id) is None
    assert await store.everything(job.id) == before
    assert (await store.jobs.list()).total == 1

    await database.write(free_the_disk)
    await store.jobs.save(big)
    assert await store.jobs.get(big.id) == big


async def test_a_disk_that_is_full_from_the_start_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: Path) -> None:
        connection = sqlite3.connect(tmp_path / "other.db", isolation_level=None)
        try:
            connection.execute("PRAGMA max_page_count = 1")
            connection.execute("CREATE TABLE a (b)")
            connection.execute("CREATE TABLE c (d)")
        finally:
            connection.close()

    monkeypatch.setattr("scheduler.repository.sqlite_database.upgrade", full)
    database = SQLiteDatabase(tmp_path / "cpa.db")

    with pytest.raises(StoreFullError):
        await database.connect()

    await database.close()


async def test_writes_of_the_same_turn_of_the_event_loop_share_a_commit(database: SQLiteDatabase) -> None:
    await asyncio.gather(*(asyncio.create_task(database.write(_add, quick=quick)) for quick in (True, True, False)))

    assert await database.read(_count) == 3
    assert database.changes == 1


class TestCancellation:
    async def test_a_write_that_has_begun_ends_before_the_caller_goes(self, database: SQLiteDatabase) -> None:
        begun, go_on = threading.Event(), threading.Event()

        def slow(connection: sqlite3.Connection) -> None:
            begun.set()
            go_on.wait(10)
            _add(connection)

        caller = asyncio.create_task(database.write(slow))
        await asyncio.to_thread(begun.wait, 10)
        for _ in range(3):  # however often
            caller.cancel()
            await asyncio.sleep(0)
            assert not caller.done()
        go_on.set()
        await asyncio.wait([caller])

        assert caller.cancelled()
        assert await database.read(_count) == 1
        assert database.changes == 1

    async def test_a_caller_that_is_cancelled_just_as_its_write_has_ended_goes(self, database: SQLiteDatabase) -> None:
        begun, go_on = threading.Event(), threading.Event()
        before = asyncio.create_task(database.write(functools.partial(_hold, begun, go_on)))
        await asyncio.to_thread(begun.wait, 10)  # the next two share a commit

        async def write_and_cancel() -> None:
            await database.write(_add)
            caller.cancel()

        both = asyncio.create_task(write_and_cancel())
        caller = asyncio.create_task(database.write(_add))
        await asyncio.sleep(0)
        go_on.set()
        async with asyncio.timeout(30):
            await asyncio.wait([before, both, caller])

        assert caller.cancelled()
        assert await database.read(_count) == 2

    async def test_a_caller_that_is_cancelled_just_before_it_is_told_goes(self, database: SQLiteDatabase) -> None:
        begun, go_on = threading.Event(), threading.Event()
        caller = asyncio.create_task(database.write(functools.partial(_hold, begun, go_on)))
        await asyncio.to_thread(begun.wait, 10)
        go_on.set()
        told = threading.Event()
        database._writing.submit(told.set)
        assert told.wait(10)  # the writer has sent its word; it comes in the next turn of the loop
        await asyncio.sleep(0)
        caller.cancel()
        async with asyncio.timeout(30):
            await asyncio.wait([caller])

        assert caller.cancelled()

    async def test_a_write_that_has_not_begun_is_dropped(self, database: SQLiteDatabase) -> None:
        begun, go_on = threading.Event(), threading.Event()
        first = asyncio.create_task(database.write(functools.partial(_hold, begun, go_on)))
        await asyncio.to_thread(begun.wait, 10)
        second = asyncio.create_task(database.write(_add))
        await asyncio.sleep(0)

        second.cancel()
        await asyncio.wait([second])
        go_on.set()
        await first

        assert second.cancelled()
        assert await database.read(_count) == 0

    async def test_a_write_that_fails_for_a_caller_who_left_harms_nobody(self, database: SQLiteDatabase) -> None:
        begun, go_on = threading.Event(), threading.Event()

        def slow(connection: sqlite3.Connection) -> None:
            _add(connection)
            begun.set()
            go_on.wait(10)
            raise ZeroDivisionError

        caller = asyncio.create_task(database.write(slow))
        await asyncio.to_thread(begun.wait, 10)
        caller.cancel()
        await asyncio.sleep(0)
        go_on.set()
        await asyncio.wait([caller])

        assert caller.cancelled()
        assert await database.read(_count) == 0


class TestOpening:
    async def test_it_may_be_opened_and_closed_again(self, store_path: Path) -> None:
        database = SQLiteDatabase(store_path)
        await asyncio.gather(database.connect(), database.connect())
        await database.connect()

        assert await database.read(_count) == 0

        await database.close()
        await database.close()

    async def test_a_file_that_was_never_opened_says_so(self, store_path: Path) -> None:
        database = SQLiteDatabase(store_path)

        with pytest.raises(RuntimeError, match="connect"):
            await database.read(_count)
        with pytest.raises(RuntimeError, match="connect"):
            await database.write(_add)

        await database.close()

    async def test_a_file_that_is_no_database_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "cpa.db"
        path.write_bytes(b"no database " * 1000)
        database = SQLiteDatabase(path)

        with pytest.raises(sqlite3.DatabaseError, match="not a database"):
            await database.connect()

        await database.close()
        assert path.read_bytes().startswith(b"no database")


async def test_a_read_sees_one_moment(database: SQLiteDatabase, another: SQLiteDatabase) -> None:
    looking, go_on = threading.Event(), threading.Event()

    def twice(connection: sqlite3.Connection) -> tuple[int, int]:
        first = _count(connection)
        looking.set()
        go_on.wait(10)
        return first, _count(connection)

    reader = asyncio.create_task(database.read(twice))
    await asyncio.to_thread(looking.wait, 10)
    await another.write(_add)
    go_on.set()

    assert await reader == (0, 0)
    assert await database.read(_count) == 1


async def test_an_error_of_a_kind_of_its_own_reaches_its_caller_and_no_other(database: SQLiteDatabase) -> None:
    def unreadable(connection: sqlite3.Connection) -> None:
        connection.execute("SELECT CAST(x'ff' AS TEXT)").fetchone()

    async with asyncio.timeout(20):
        broken, fine = await asyncio.gather(database.write(unreadable), database.write(_add), return_exceptions=True)

    assert isinstance(broken, sqlite3.OperationalError)
    assert fine is None
    assert await database.read(_count) == 1
