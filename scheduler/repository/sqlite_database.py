"""One SQLite file: a writer that is alone in its process, a reader beside it, and a signal when anybody has written.

WAL with `synchronous=FULL`: what was committed survives the death of the process and a power cut.
"""

import asyncio
import contextlib
import fcntl
import functools
import sqlite3
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from scheduler.core.errors import StoreBusyError, StoreFullError
from scheduler.repository.migrations import HEAD, upgrade

Answer = TypeVar("Answer")
_POLL = 0.02  # seconds between two looks at whether another process has written; costs about 10 us each


class SQLiteDatabase:
    """`sqlite:///data/cpa.db`. Open it with `async with`; use it on one event loop."""

    def __init__(self, path: Path, *, busy_timeout: float = 5.0) -> None:
        self.path = path
        self._busy_timeout = busy_timeout
        self._writing = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sqlite-write")
        self._reading = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sqlite-read")
        self._writer: sqlite3.Connection | None = None
        self._reader: sqlite3.Connection | None = None
        self._written = asyncio.Event()
        self._changes = 0
        self._data_version = 0

    async def connect(self) -> None:
        """Open the file, made and migrated if need be. May be called again."""
        if self._writer is None:
            await self._on(self._writing, self._open_writer)
            await self._on(self._reading, self._open_reader)

    async def close(self) -> None:
        """Close the file. What was committed stays."""
        for pool, connection in ((self._reading, self._reader), (self._writing, self._writer)):
            if connection is not None:
                await self._on(pool, connection.close)
        self._reader = self._writer = None
        self._reading.shutdown()
        self._writing.shutdown()

    async def write(self, work: Callable[[sqlite3.Connection], Answer]) -> Answer:
        """Run `work` in a transaction of its own and commit it; whatever `work` raises rolls it back.

        Raises StoreBusyError when another process holds the file for too long, and StoreFullError.
        """
        answer, changed = await self._on(self._writing, functools.partial(self._transaction, work))
        if changed:
            self._notice()
        return answer

    async def read(self, work: Callable[[sqlite3.Connection], Answer]) -> Answer:
        """Run `work`, which only reads, on one snapshot."""
        return await self._on(self._reading, functools.partial(self._snapshot, work))

    @property
    def changes(self) -> int:
        """Grows with every write that was noticed: read it, look at the store, `wait` with it; nothing is missed."""
        return self._changes

    async def wait(self, seen: int, limit: float) -> None:
        """Return when `changes` is no longer `seen`, or after `limit` seconds."""
        loop = asyncio.get_running_loop()
        end = loop.time() + limit
        while self._changes == seen and (left := end - loop.time()) > 0:
            written = self._written
            version = await self.read(_data_version)
            if version != self._data_version:
                self._data_version = version
                self._notice()
                return
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(written.wait(), min(left, _POLL))

    def _notice(self) -> None:
        self._changes += 1
        self._written.set()
        self._written = asyncio.Event()

    def _open_writer(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.with_name(f"{self.path.name}.migrating").open("w") as guard:
            fcntl.flock(guard, fcntl.LOCK_EX)
            connection = self._open()
            connection.execute("PRAGMA journal_mode = WAL")
            if _revision(connection) != HEAD:
                upgrade(self.path)
        self._writer = connection

    def _open_reader(self) -> None:
        self._reader = self._open()
        self._reader.execute("PRAGMA query_only = ON")

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=self._busy_timeout, isolation_level=None, check_same_thread=False
        )
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    def _transaction(self, work: Callable[[sqlite3.Connection], Answer]) -> tuple[Answer, bool]:
        if self._writer is None:
            raise RuntimeError("connect() first")
        connection = self._writer
        before = connection.total_changes
        try:
            connection.execute("BEGIN IMMEDIATE")
            try:
                answer = work(connection)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        except sqlite3.OperationalError as error:
            raise _translated(error, self.path) from error
        return answer, connection.total_changes != before

    def _snapshot(self, work: Callable[[sqlite3.Connection], Answer]) -> Answer:
        if self._reader is None:
            raise RuntimeError("connect() first")
        try:
            self._reader.execute("BEGIN")
            try:
                return work(self._reader)
            finally:
                self._reader.execute("COMMIT")
        except sqlite3.OperationalError as error:
            raise _translated(error, self.path) from error

    @staticmethod
    async def _on(pool: ThreadPoolExecutor, call: Callable[[], Answer]) -> Answer:
        """Run in the thread. A caller that is cancelled waits for its end, so no write goes on behind its back."""
        future = asyncio.get_running_loop().run_in_executor(pool, call)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            await asyncio.wait([future])
            raise


@contextlib.asynccontextmanager
async def open_database(path: Path) -> AsyncIterator[SQLiteDatabase]:
    """Open for as long as the block lasts."""
    database = SQLiteDatabase(path)
    await database.connect()
    try:
        yield database
    finally:
        await database.close()


def _data_version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA data_version").fetchone()[0])


def _revision(connection: sqlite3.Connection) -> str | None:
    known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone() if known else None
    return str(row[0]) if row else None


def _translated(error: sqlite3.OperationalError, path: Path) -> Exception:
    if error.sqlite_errorcode in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return StoreBusyError(str(path))
    if error.sqlite_errorcode == sqlite3.SQLITE_FULL:
        return StoreFullError(str(path))
    return error
