"""A process that is killed while it writes about agents leaves all or nothing, and another one goes on."""

import asyncio
import multiprocessing
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from scheduler.core.crash_points import CrashPoint
from scheduler.repository.sqlite_database import SQLiteDatabase
from tests.support.agent_writes import DONE, VISITS, write_all, write_until

FORK_SERVER = multiprocessing.get_context("forkserver")
FORK_SERVER.set_forkserver_preload(["tests.support.agent_writes"])
PLACES = [(point, visit) for point in CrashPoint for visit in range(1, VISITS.get(point.partition("_")[2], 0) + 1)]
HALVES = """
SELECT (SELECT count(*) FROM agents WHERE id = 'agent-1' AND id NOT IN (SELECT agent_id FROM agent_keys))
     + (SELECT count(*) FROM agent_keys WHERE agent_id NOT IN (SELECT id FROM agents))
     + (SELECT count(*) FROM agent_beats WHERE agent_id NOT IN (SELECT id FROM agents))
     + (SELECT count(*) FROM outbox WHERE message_id NOT IN (SELECT id FROM messages))
     + (SELECT count(*) FROM messages WHERE digest IS NOT NULL) - (SELECT count(*) FROM lam_nonces)
"""
"""Counts what only half a transaction could leave."""
COUNTED = "SELECT count(*) FROM messages WHERE id = ? AND refused IS NULL"


@pytest.mark.fault
@pytest.mark.parametrize(("point", "visit"), PLACES)
async def test_a_process_killed_at_a_write_about_agents_leaves_all_or_nothing(
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
        assert connection.execute(COUNTED, (DONE,)).fetchone() == (1,)
        assert connection.execute("SELECT kid FROM agent_keys").fetchall() == [("kid-E",)]
        assert connection.execute("SELECT count(*) FROM outbox").fetchone() == (0,)
