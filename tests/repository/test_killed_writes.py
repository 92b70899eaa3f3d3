"""A process killed before a write has not done it, one killed after it has: so it is with each write of the store."""

import asyncio
import signal
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from scheduler.core.crash_points import CrashPoint
from scheduler.core.ids import DEFAULT_TENANT
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_repository import SQLiteAuditRepository
from tests.support.agent_writes import TENANT
from tests.support.fork_server import FORK_SERVER
from tests.support.store_writes import WRITES, write_and_die, writes_of_the_code

PLACES = [(write, point) for write, points in sorted(writes_of_the_code().items()) for point in points]


def test_every_write_of_the_code_is_tried() -> None:
    assert sorted(WRITES) == sorted(writes_of_the_code())


@pytest.mark.fault
@pytest.mark.parametrize(("write", "point"), PLACES)
async def test_a_write_was_done_when_its_process_was_killed_after_it_and_not_when_before(
    write: str, point: CrashPoint, store_path: Path, tmp_path: Path
) -> None:
    before = tmp_path / "before.db"
    process = FORK_SERVER.Process(target=write_and_die, args=(store_path, before, write, point))
    process.start()
    await asyncio.to_thread(process.join, 60)
    assert process.exitcode == -signal.SIGKILL

    with closing(sqlite3.connect(store_path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert (_content(store_path) == _content(before)) == point.startswith("before_")
    database = SQLiteDatabase(store_path)
    await database.connect()
    audit = SQLiteAuditRepository(database)
    assert [await audit.broken_link(tenant) for tenant in (DEFAULT_TENANT, TENANT)] == [None, None]
    await database.close()


def _content(path: Path) -> Mapping[str, list[str]]:
    """Return the rows of every table that holds any itself, as virtual ones do not."""
    with closing(sqlite3.connect(path)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0").fetchall()
        return {name: sorted(map(repr, connection.execute(f'SELECT * FROM "{name}"'))) for (name,) in tables}  # noqa: S608
