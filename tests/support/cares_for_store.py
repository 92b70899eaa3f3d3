"""What other processes do with the file of a store while it is cared for; each function is the body of a process."""

import asyncio
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from scheduler.core import crash_points
from scheduler.core.crash_points import CrashPoint
from scheduler.repository import sqlite_care
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_retention import SQLiteRetentionRepository
from tests.support.builders import a_job
from tests.support.clock import NOON, FakeClock
from tests.support.opens_store import opened


def quiet(_done: int, _total: int) -> None:
    """Tell nobody how far it is."""


def write_until(path: Path, stop: Path) -> None:
    """Accept jobs until the file `stop` is there."""

    async def work() -> None:
        async with opened(path, FakeClock()) as store:
            while not await asyncio.to_thread(stop.exists):
                await store.jobs.save(a_job(tasks=3))

    asyncio.run(work())


def read_long(path: Path, stop: Path) -> None:
    """Hold one snapshot after the other, each for a while, until the file `stop` is there."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        while not stop.exists():
            connection.execute("BEGIN")
            connection.execute("SELECT count(*) FROM jobs").fetchone()
            time.sleep(0.05)
            connection.execute("COMMIT")


def back_up_and_die(path: Path, target: Path, point: CrashPoint) -> None:
    crash_points.arm(point)
    sqlite_care.backup(path, target, quiet, replace=True)


def restore_and_die(saved: Path, path: Path, point: CrashPoint) -> None:
    crash_points.arm(point)
    sqlite_care.restore(saved, path, quiet, datetime.now(UTC))


def die_in_the_middle_of_restoring(saved: Path, path: Path) -> None:
    """Die when half of the pages are in the store."""
    sqlite_care._PAGES_A_STEP = 5  # type: ignore[misc]  # a store of a test has few pages

    def halfway(done: int, total: int) -> None:
        if done * 2 > total:
            crash_points.arm(CrashPoint.BEFORE_STEP)
            crash_points.reached(CrashPoint.BEFORE_STEP)

    sqlite_care.restore(saved, path, halfway, datetime.now(UTC))


def prune_and_die(path: Path, point: CrashPoint, visit: int) -> None:
    """Remove everything that ended before NOON; die at `point`."""

    async def work() -> None:
        database = SQLiteDatabase(path)
        await database.connect()
        crash_points.arm(point, visit)
        store = SQLiteRetentionRepository(database)
        await store.prune_jobs(NOON, NOON)
        await store.prune_messages(NOON)
        await store.prune_keys(NOON)
        await database.close()

    asyncio.run(work())
