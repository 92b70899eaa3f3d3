"""No write waits for ever: neither where the file cannot be written, nor while it is being closed."""

import asyncio
import sqlite3
import threading

import pytest

from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_writer import SQLiteWriter


def _count(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM audit_blocks").fetchone()[0])


def _add(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO audit_blocks SELECT 'default', count(*) + 1, 'digest' FROM audit_blocks")


async def test_a_file_that_cannot_be_written_keeps_nobody_waiting(
    database: SQLiteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as broken:
        broken.setattr(SQLiteWriter, "wait_for_others", fail)
        writing = [asyncio.create_task(database.write(_add, quick=True)) for _ in range(2)]
        done, _ = await asyncio.wait(writing, timeout=30)
    await database.write(_add, quick=True)

    assert [str(one.exception()) for one in done] == ["disk I/O error"] * 2
    assert await database.read(_count) == 1


async def test_who_writes_while_it_is_being_closed_is_refused_at_once(database: SQLiteDatabase) -> None:
    begun, goes_on = threading.Event(), threading.Event()

    def read(connection: sqlite3.Connection) -> int:
        begun.set()
        goes_on.wait(30)
        return _count(connection)

    reading = asyncio.create_task(database.read(read))
    await asyncio.to_thread(begun.wait, 30)
    closing = asyncio.create_task(database.close())
    await asyncio.sleep(0.05)
    try:
        with pytest.raises(RuntimeError, match="connect"):
            await database.write(_add)
    finally:
        goes_on.set()
        await closing

    assert await reading == 0, "what was being read is read to its end"
