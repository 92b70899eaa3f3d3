"""Kills a process while it writes to a store: it must leave all or nothing, and another one goes on from there."""

import asyncio
import signal
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

from scheduler.core.crash_points import CrashPoint
from scheduler.repository.sqlite_database import SQLiteDatabase
from tests.support.fork_server import FORK_SERVER

WriteUntil = Callable[[Path, CrashPoint, int], None]
WriteAll = Callable[[SQLiteDatabase], Awaitable[None]]


async def kill_and_go_on(
    write_until: WriteUntil, write_all: WriteAll, store: Path, place: tuple[CrashPoint, int], halves: str
) -> None:
    """Have a process write until it dies at the place, look at what it has left, and write all of it here.

    `halves` is SQL that counts what only half a transaction could leave.
    """
    process = FORK_SERVER.Process(target=write_until, args=(store, *place))
    process.start()
    await asyncio.to_thread(process.join, 60)
    assert process.exitcode == -signal.SIGKILL

    with closing(sqlite3.connect(store)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute(halves).fetchone() == (0,)
    database = SQLiteDatabase(store)
    await database.connect()
    try:
        await write_all(database)
    finally:
        await database.close()
