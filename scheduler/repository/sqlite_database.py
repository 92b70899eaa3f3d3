"""One SQLite file: a writer that is alone in its process, a reader beside it, and a signal when anybody has written.

WAL with `synchronous=FULL`: what was committed survives the death of the process and a power cut.
"""

import asyncio
import contextlib
import functools
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from scheduler.core.errors import StoreBusyError, StoreFullError
from scheduler.repository.migrations import HEAD, upgrade

Answer = TypeVar("Answer")
_POLL = 0.02  # seconds between two looks at whether another process has written
_MIGRATION_LIMIT = 60.0  # seconds to wait for another process that is migrating the file
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_PRIMARY = 0xFF  # the low byte of an error code is its kind, the rest says more, as in SQLITE_BUSY_RECOVERY


class SQLiteDatabase:
    """`sqlite:///data/cpa.db`. To be used on one event loop, between `connect` and `close`."""

    def __init__(self, path: Path, *, busy_timeout: float = 5.0) -> None:
        self.path = path
        self._busy_timeout = busy_timeout
        self._writing = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sqlite-write")
        self._reading = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sqlite-read")
        self._writer: sqlite3.Connection | None = None
        self._reader: sqlite3.Connection | None = None
        self._stirred = asyncio.Event()
        self._watched = False
        self._changes = 0
        self._data_version = 0

    async def connect(self) -> None:
        """Open the file, made and migrated if need be. May be called again. Raises StoreBusyError, StoreFullError."""
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

        A caller that is cancelled learns nothing of the outcome: `work` is dropped if it has not begun, else it ends.
        Raises StoreBusyError when another process holds the file for too long, and StoreFullError.
        """
        stir = functools.partial(asyncio.get_running_loop().call_soon_threadsafe, self._notice)
        return await self._on(self._writing, functools.partial(self._transaction, work, stir))

    async def read(self, work: Callable[[sqlite3.Connection], Answer]) -> Answer:
        """Run `work`, which only reads, on one snapshot."""
        return await self._on(self._reading, functools.partial(self._snapshot, work))

    @property
    def changes(self) -> int:
        """Grows with every write that was noticed: read it, look at the store, `wait` with it; nothing is missed."""
        return self._changes

    async def wait(self, seen: int, limit: float) -> None:
        """Return when `changes` is no longer `seen`, or after `limit` seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit):
                while self._changes == seen:
                    if self._watched:
                        await self._stirred.wait()
                    else:
                        await self._watch(seen)

    async def _watch(self, seen: int) -> None:
        """Look, for all who wait, whether another process has written. Who leaves wakes the others to take over."""
        self._watched = True
        try:
            while self._changes == seen:
                version = await self.read(_data_version)
                if version != self._data_version:
                    self._data_version = version
                    self._notice()
                elif self._changes == seen:
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(_POLL):
                            await self._stirred.wait()
        finally:
            self._watched = False
            self._stir()

    def _notice(self) -> None:
        self._changes += 1
        self._stir()

    def _stir(self) -> None:
        self._stirred.set()
        self._stirred = asyncio.Event()

    def _open_writer(self) -> None:
        if self._writer is not None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._our_errors(), self._alone():
            connection = self._open()
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                if _revision(connection) != HEAD:
                    upgrade(self.path)
            except BaseException:
                connection.close()
                raise
        self._writer = connection

    def _open_reader(self) -> None:
        if self._reader is not None:
            return
        with self._our_errors():
            connection = self._open()
            connection.execute("PRAGMA query_only = ON")
            self._data_version = _data_version(connection)
        self._reader = connection

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=self._busy_timeout, isolation_level=None)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes from migrating the file; the lock of one that dies is free at once, on every system."""
        guard = sqlite3.connect(f"{self.path}.migrating", timeout=_MIGRATION_LIMIT, isolation_level=None)
        try:
            guard.execute("BEGIN EXCLUSIVE")
            yield
        finally:
            guard.close()

    def _transaction(self, work: Callable[[sqlite3.Connection], Answer], stir: Callable[[], object]) -> Answer:
        if self._writer is None:
            raise RuntimeError("connect() first")
        connection = self._writer
        before = connection.total_changes
        with self._our_errors():
            connection.execute("BEGIN IMMEDIATE")
            try:
                answer = work(connection)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        if connection.total_changes != before:
            stir()
        return answer

    def _snapshot(self, work: Callable[[sqlite3.Connection], Answer]) -> Answer:
        if self._reader is None:
            raise RuntimeError("connect() first")
        with self._our_errors():
            self._reader.execute("BEGIN")
            try:
                return work(self._reader)
            finally:
                self._reader.execute("COMMIT")

    @contextlib.contextmanager
    def _our_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            kind = error.sqlite_errorcode & _PRIMARY
            if kind in _BUSY:
                raise StoreBusyError(str(self.path)) from error
            if kind == sqlite3.SQLITE_FULL:
                raise StoreFullError(str(self.path)) from error
            raise

    @staticmethod
    async def _on(pool: ThreadPoolExecutor, call: Callable[[], Answer]) -> Answer:
        """Run in the thread. A caller that is cancelled waits for its end, so no write goes on behind its back."""
        work = pool.submit(call)
        future = asyncio.wrap_future(work)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            while not work.cancel() and not future.done():
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.wait([future])
            if future.done() and not future.cancelled():
                future.exception()  # nobody will ask for it any more
            raise


def _data_version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA data_version").fetchone()[0])


def _revision(connection: sqlite3.Connection) -> str | None:
    known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone() if known else None
    return str(row[0]) if row else None
