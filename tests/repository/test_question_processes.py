"""A process that is killed while a job asks or is answered leaves all or nothing, and another one goes on."""

import asyncio
import multiprocessing
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from scheduler.core.crash_points import CrashPoint
from scheduler.repository.sqlite_database import SQLiteDatabase
from tests.support.question_writes import write_all, write_until

FORK_SERVER = multiprocessing.get_context("forkserver")
FORK_SERVER.set_forkserver_preload(["tests.support.question_writes"])
PLACES = [
    (CrashPoint.BEFORE_ACCEPT, 1),
    (CrashPoint.AFTER_ACCEPT, 1),
    *((point, visit) for point in (CrashPoint.BEFORE_ANSWER, CrashPoint.AFTER_ANSWER) for visit in (1, 2)),
]
HALVES = """
SELECT (SELECT count(*) FROM jobs WHERE (status = 'waiting') <> (id IN (SELECT job_id FROM questions)))
     + (SELECT count(*) FROM jobs WHERE (status = 'pending') <> (id IN (SELECT job_id FROM tasks)))
     + (SELECT count(*) FROM jobs) - (SELECT count(*) FROM idempotency_keys)
"""
"""Counts what only half a transaction could leave."""
TOLD = "SELECT type, count(*) FROM events WHERE type IN ('job_accepted', 'question', 'answered') GROUP BY type"


@pytest.mark.fault
@pytest.mark.parametrize(("point", "visit"), PLACES)
async def test_a_process_killed_while_a_job_asks_or_is_answered_leaves_all_or_nothing(
    point: CrashPoint, visit: int, store_path: Path
) -> None:
    process = FORK_SERVER.Process(target=write_until, args=(store_path, point, visit))
    process.start()
    await asyncio.to_thread(process.join, 60)
    assert process.exitcode == -signal.SIGKILL

    with closing(sqlite3.connect(store_path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute(HALVES).fetchone() == (0,)
    database = SQLiteDatabase(store_path)
    await database.connect()
    try:
        await write_all(database)
    finally:
        await database.close()
    with closing(sqlite3.connect(store_path)) as connection:
        assert connection.execute(HALVES).fetchone() == (0,)
        assert dict(connection.execute(TOLD)) == {"job_accepted": 1, "question": 2, "answered": 2}
