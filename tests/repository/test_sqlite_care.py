"""Care for the file: a backup is whole, a restore all or nothing, damage is found, the log stays small."""

import asyncio
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scheduler.core.crash_points import CrashPoint
from scheduler.repository import sqlite_care
from scheduler.repository.migrations import HEAD
from scheduler.repository.sqlite_care import CareError
from scheduler.repository.sqlite_database import SQLiteDatabase
from tests.support.builders import a_job
from tests.support.cares_for_store import (
    back_up_and_die,
    die_in_the_middle_of_restoring,
    quiet,
    read_long,
    restore_and_die,
    write_until,
)
from tests.support.clock import FakeClock
from tests.support.fork_server import FORK_SERVER
from tests.support.opens_store import opened

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
LIMIT = 60  # seconds for a process to do its work


async def fill(path: Path, jobs: int) -> None:
    async with opened(path, FakeClock()) as store:
        for _ in range(jobs):
            await store.jobs.save(a_job())


def count(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("SELECT count(*) FROM jobs").fetchone()[0])


def damage(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def names(folder: Path, pattern: str) -> list[str]:
    return sorted(path.name for path in folder.glob(pattern))


def wrong(path: Path) -> dict[str, str]:
    """Return what a check finds wrong."""
    return {finding.name.en: finding.detail for finding in sqlite_care.check(path) if not finding.good}


@contextmanager
def beside(stop: Path, *bodies: tuple[Callable[[Path, Path], None], Path]) -> Iterator[None]:
    """Run processes (function and its path) until the block ends."""
    processes = [FORK_SERVER.Process(target=body, args=(path, stop)) for body, path in bodies]
    for process in processes:
        process.start()
    try:
        yield
    finally:
        stop.touch()
        for process in processes:
            process.join(LIMIT)
    assert [process.exitcode for process in processes] == [0] * len(processes)


async def ended(body: Callable[..., None], *arguments: object) -> int | None:
    """Run a process to its end and return its exit code."""
    process = FORK_SERVER.Process(target=body, args=arguments)
    process.start()
    await asyncio.to_thread(process.join, LIMIT)
    return process.exitcode


async def until_there(path: Path, jobs: int) -> None:
    async with asyncio.timeout(LIMIT):
        while True:
            if count(path) >= jobs:
                return
            await asyncio.sleep(0.02)


async def test_a_backup_is_one_whole_file_that_passes_the_check(store_path: Path, tmp_path: Path) -> None:
    await fill(store_path, 5)
    told: list[tuple[int, int]] = []
    target = tmp_path / "saved.db"

    sqlite_care.backup(store_path, target, lambda done, total: told.append((done, total)))

    assert told[-1][0] == told[-1][1] > 0
    assert count(target) == 5
    assert wrong(target) == {}
    assert target.stat().st_mode & 0o777 == 0o600
    assert names(tmp_path, ".*") == []
    assert names(tmp_path, "saved*") == ["saved.db"]


@pytest.mark.integration
async def test_a_store_in_use_is_backed_up_while_another_process_writes(
    store_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_care, "_PAGES_A_STEP", 5)  # many steps, with writes between them
    with beside(tmp_path / "stop", (write_until, store_path)):
        await until_there(store_path, 20)
        for number in range(3):
            before = count(store_path)
            target = tmp_path / f"{number}.db"
            await asyncio.to_thread(sqlite_care.backup, store_path, target, quiet)
            after = count(store_path)

            assert before <= count(target) <= after
            assert wrong(target) == {}


def test_a_backup_replaces_only_what_it_is_told_to(store_path: Path, tmp_path: Path) -> None:
    target = tmp_path / "saved.db"
    target.write_text("mine")

    with pytest.raises(CareError, match="exists"):
        sqlite_care.backup(store_path, target, quiet)
    assert target.read_text() == "mine"
    with pytest.raises(CareError):
        sqlite_care.backup(store_path, store_path, quiet, replace=True)
    with pytest.raises(CareError, match="no folder"):
        sqlite_care.backup(store_path, tmp_path / "no/saved.db", quiet)
    sqlite_care.backup(store_path, target, quiet, replace=True)
    assert wrong(target) == {}


async def test_nobody_gets_into_a_store_while_it_is_restored(store_path: Path, tmp_path: Path) -> None:
    await fill(store_path, 2)
    saved = tmp_path / "saved.db"
    sqlite_care.backup(store_path, saved, quiet)
    begin = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('BEGIN IMMEDIATE')"
    said = list[str]()

    def try_to_get_in(*_: object) -> None:
        other = subprocess.run([sys.executable, "-c", begin, store_path], capture_output=True, text=True, check=False)
        said.append(other.stderr)

    sqlite_care.restore(saved, store_path, try_to_get_in, NOW)

    assert said
    assert all("database is locked" in one for one in said)


@pytest.mark.fault
@pytest.mark.parametrize(("point", "name"), [("BEFORE_BACKUP", "old"), ("AFTER_BACKUP", "new")])
async def test_a_backup_that_is_killed_is_whole_or_not_there(
    point: str, name: str, store_path: Path, tmp_path: Path
) -> None:
    target = tmp_path / "saved.db"
    sqlite_care.backup(store_path, target, quiet)
    await fill(store_path, 3)

    code = await ended(back_up_and_die, store_path, target, CrashPoint[point])

    assert code == -signal.SIGKILL
    assert count(target) == (3 if name == "new" else 0)
    assert wrong(target) == {}


async def test_what_is_restored_is_what_was_saved_and_the_rest_is_kept_beside(store_path: Path, tmp_path: Path) -> None:
    await fill(store_path, 2)
    saved = tmp_path / "saved.db"
    sqlite_care.backup(store_path, saved, quiet)
    await fill(store_path, 3)

    kept = sqlite_care.restore(saved, store_path, quiet, NOW)

    assert count(store_path) == 2
    assert kept == store_path.with_name("cpa.db.before-restore-20260302-120000")
    assert count(kept) == 5
    assert wrong(store_path) == wrong(kept) == {}
    await fill(store_path, 1)
    assert count(store_path) == 3


async def test_nothing_is_restored_while_a_service_holds_the_store(store_path: Path, tmp_path: Path) -> None:
    saved = tmp_path / "saved.db"
    service = SQLiteDatabase(store_path)
    await service.connect()
    sqlite_care.backup(store_path, saved, quiet)
    await fill(store_path, 2)

    for work in (lambda: sqlite_care.restore(saved, store_path, quiet, NOW), lambda: sqlite_care.vacuum(store_path)):
        with pytest.raises(CareError, match="A running service holds"):
            work()

    assert count(store_path) == 2
    assert names(tmp_path, "*before-restore*") == []
    await service.close()
    sqlite_care.restore(saved, store_path, quiet, NOW)
    assert count(store_path) == 0


@pytest.mark.fault
@pytest.mark.parametrize(("point", "jobs"), [("BEFORE_RESTORE", 3), ("AFTER_RESTORE", 1)])
async def test_a_restore_that_is_killed_leaves_the_old_store_or_the_new(
    point: str, jobs: int, store_path: Path, tmp_path: Path
) -> None:
    saved = tmp_path / "saved.db"
    await fill(store_path, 1)
    sqlite_care.backup(store_path, saved, quiet)
    await fill(store_path, 2)

    code = await ended(restore_and_die, saved, store_path, CrashPoint[point])

    assert code == -signal.SIGKILL
    assert count(store_path) == jobs
    assert wrong(store_path) == {}


@pytest.mark.fault
async def test_a_restore_that_is_killed_in_the_middle_leaves_the_old_store(store_path: Path, tmp_path: Path) -> None:
    saved = tmp_path / "saved.db"
    await fill(store_path, 30)
    sqlite_care.backup(store_path, saved, quiet)
    await fill(store_path, 40)

    assert await ended(die_in_the_middle_of_restoring, saved, store_path) == -signal.SIGKILL

    assert count(store_path) == 70
    assert wrong(store_path) == {}


@pytest.mark.parametrize("content", [b"", b"no database at all, only words " * 100])
async def test_only_a_sound_backup_is_restored(content: bytes, store_path: Path, tmp_path: Path) -> None:
    await fill(store_path, 2)
    broken = tmp_path / "broken.db"
    broken.write_bytes(content)

    for source in (broken, tmp_path / "nothing.db"):
        with pytest.raises(CareError):
            sqlite_care.restore(source, store_path, quiet, NOW)

    assert count(store_path) == 2


async def test_a_backup_of_a_later_version_is_not_restored(store_path: Path, tmp_path: Path) -> None:
    saved = tmp_path / "saved.db"
    sqlite_care.backup(store_path, saved, quiet)
    damage(saved, "UPDATE alembic_version SET version_num = '2999_01_01_0000'")

    with pytest.raises(CareError, match="2999"):
        sqlite_care.restore(saved, store_path, quiet, NOW)


@pytest.mark.parametrize("there", ["nothing", "no database"])
async def test_a_store_that_is_lost_is_made_anew(there: str, store_path: Path, tmp_path: Path) -> None:
    await fill(store_path, 2)
    saved, lost = tmp_path / "saved.db", tmp_path / "new/cpa.db"
    sqlite_care.backup(store_path, saved, quiet)
    if there == "no database":
        lost.parent.mkdir()
        lost.write_bytes(b"burnt " * 1000)

    kept = sqlite_care.restore(saved, lost, quiet, NOW)

    assert count(lost) == 2
    assert wrong(lost) == {}
    assert (kept is not None and kept.read_bytes() == b"burnt " * 1000) == (there == "no database")


async def test_the_check_names_what_is_wrong(store_path: Path) -> None:
    await fill(store_path, 3)
    assert wrong(store_path) == {}
    assert [finding.detail for finding in sqlite_care.check(store_path) if HEAD in finding.detail] == [HEAD]

    damage(
        store_path,
        "DROP TRIGGER audit_log_is_not_changed",
        "UPDATE audit_log SET reason = 'nothing happened' WHERE block = 2",
        "INSERT INTO dead_letters (job_id, tenant, run, code, at) VALUES ('no job', 'default', 1, 'x', 0)",
        "UPDATE alembic_version SET version_num = '2020_01_01_0000'",
    )

    assert wrong(store_path) == {
        "audit chain of tenant default": "block 2",
        "references between tables": "dead_letters",
        "revision of the schema": "2020_01_01_0000",
    }


async def test_the_check_finds_a_page_that_was_damaged(store_path: Path) -> None:
    await fill(store_path, 50)
    with closing(sqlite3.connect(store_path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        page, size = (
            connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'jobs_of_tenant'").fetchone()[0],
            connection.execute("PRAGMA page_size").fetchone()[0],
        )
    with store_path.open("r+b") as file:
        file.seek((page - 1) * size + 8)
        file.write(b"\xff" * 64)

    try:
        found = wrong(store_path)
    except CareError:
        return
    assert "structure of the file" in found


async def test_unused_space_is_given_back(store_path: Path) -> None:
    await fill(store_path, 200)
    damage(store_path, "PRAGMA foreign_keys = ON", "DELETE FROM jobs")

    before, after = sqlite_care.vacuum(store_path)

    assert after < before
    assert wrong(store_path) == {}


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    nothing = tmp_path / "nothing.db"
    for work in (
        lambda: sqlite_care.backup(nothing, tmp_path / "x.db", quiet),
        lambda: list(sqlite_care.check(nothing)),
        lambda: sqlite_care.vacuum(nothing),
        lambda: sqlite_care.refuse_other_revision(nothing),
    ):
        with pytest.raises(CareError, match="There is no file"):
            work()
    assert sqlite_care.log_size(nothing) == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.integration
async def test_the_log_stays_small_under_steady_writes_with_readers(store_path: Path, tmp_path: Path) -> None:
    largest, limit, written = 0, 400_000, 0
    with beside(tmp_path / "stop", (write_until, store_path), (read_long, store_path), (read_long, store_path)):
        await until_there(store_path, 1)
        async with asyncio.timeout(2 * LIMIT):
            while written < 10 * limit:
                size = sqlite_care.log_size(store_path)
                largest = max(largest, size)
                if size > limit and await asyncio.to_thread(sqlite_care.checkpoint, store_path, 2.0):
                    written += size
                await asyncio.sleep(0.02)

    assert largest < 8 * limit
    assert wrong(store_path) == {}


def test_a_reader_that_stays_keeps_the_log_and_no_writer_waits_long(store_path: Path) -> None:
    with closing(sqlite3.connect(store_path, isolation_level=None)) as reader:
        reader.execute("PRAGMA journal_mode = WAL")
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM jobs").fetchone()
        damage(store_path, "CREATE TABLE more (a)")

        assert sqlite_care.checkpoint(store_path, 0.05) is False
        damage(store_path, "INSERT INTO more VALUES (1)")
        reader.execute("COMMIT")

        assert sqlite_care.checkpoint(store_path, 0.05) is True
        assert sqlite_care.log_size(store_path) == 0
