"""One SQLite file: a writer that is alone in its process, a reader beside it, and a signal when anybody has written.

WAL with `synchronous=FULL`: what was committed survives the death of the process and a power cut. The writes that wait
while one commit is under way share the next one (group commit), so the price of a commit is paid once for all of them.

Only the commit of a `quick` write is left to the writer's thread; its statements run on the event loop, because two
threads that both run Python hand each other the interpreter at every row, which costs more than the rows.
"""

import asyncio
import contextlib
import functools
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from scheduler.core.errors import StoreBusyError, StoreFullError
from scheduler.core.to_its_end import until_ended
from scheduler.repository.migrations import HEAD, upgrade
from scheduler.repository.news import News
from scheduler.repository.news_desk import NewsDesk
from scheduler.repository.sqlite_writer import SQLiteWriter, Unit, commit, end_whole, run_whole
from scheduler.repository.writing_thread import WritingThread

Answer = TypeVar("Answer")
AnyConnection = TypeVar("AnyConnection", bound=sqlite3.Connection)
_MOST_UNITS = 512  # writes that share a commit at most, so that none waits long for the others
_LOOK = 0.02  # seconds between two looks at whether another process has written, where nobody rings
_LOOK_BESIDE_BELL = 0.5  # the same where they do; what writes without a bell (a shell, a ring that was lost) is seen so
_MIGRATION_LIMIT = 60.0  # seconds to wait for another process that is migrating the file
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_PRIMARY = 0xFF  # the low byte of an error code is its kind, the rest says more, as in SQLITE_BUSY_RECOVERY
_NOTHING: dict[None, None] = {}
sqlite3.register_adapter(type(None), _NOTHING.get)  # else each None that is bound is searched for protocols, for 0.4 us


class SQLiteDatabase:
    """`sqlite:///data/cpa.db`. To be used on one event loop, between `connect` and `close`."""

    def __init__(self, path: Path, *, busy_timeout: float = 5.0) -> None:
        self.path = path
        self._busy_timeout = busy_timeout
        self._writing = WritingThread("sqlite-write")
        self._reading = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sqlite-read")
        self._writer: SQLiteWriter | None = None
        self._reader: sqlite3.Connection | None = None
        self._peeker: sqlite3.Connection | None = None
        self._waiting: list[Unit[Any]] = []
        self._soon: asyncio.Handle | None = None
        self._committing: asyncio.Future[None] | None = None
        self._desk = NewsDesk(path, self._begin_to_look)
        self.work = self._desk.work
        """Tells only of what may bring workers something to do."""
        self._next_look: asyncio.TimerHandle | None = None
        self._data_version = 0

    async def connect(self) -> None:
        """Open the file, made and migrated if need be. May be called again. Raises StoreBusyError, StoreFullError."""
        self._writing.start()
        await _on(self._reading, self._open_writer)
        await _on(self._reading, self._open_reader)
        if self._peeker is None:
            with self._our_errors():
                self._peeker = self._open(sqlite3.Connection)
                self._peeker.execute("PRAGMA query_only = ON")
                self._data_version = _data_version(self._peeker)
        self._desk.open()

    async def close(self) -> None:
        """Close the file, when all has ended that is being written. What was committed stays."""
        while self._soon is not None or self._committing is not None:
            await (asyncio.sleep(0) if self._committing is None else asyncio.wait([self._committing]))
        writer, self._writer = self._writer, None  # nothing may be written while it is being closed
        self._desk.close()
        if self._next_look is not None:
            self._next_look.cancel()
            self._next_look = None
        for connection in (self._reader, writer):
            if connection is not None:
                await _on(self._reading, connection.close)
        if self._peeker is not None:
            self._peeker.close()
        self._reader = self._peeker = None
        self._reading.shutdown()
        self._writing.shutdown()

    async def write(
        self,
        work: Callable[[sqlite3.Connection], Answer],
        *,
        quick: bool = False,
        lasting: bool = True,
        news: News = News.FOR_ALL,
    ) -> Answer:
        """Run `work` and commit it, together with whatever else waits; what `work` raises undoes it, and only it.

        `quick` work takes a tenth of a millisecond a job and waits for nothing, so that the event loop can do it. Work
        that is not `lasting` survives the death of this process, but a power cut only when anything lasting was
        committed after it, here or in another process.

        `work` may be run again from its beginning, after everything it did was undone. A caller that is cancelled
        learns nothing of the outcome: `work` is dropped if it has not begun, else it ends before the caller goes.
        Raises StoreBusyError when another process holds the file for too long, and StoreFullError.
        """
        if self._writer is None:
            raise RuntimeError("connect() first")
        future = asyncio.get_running_loop().create_future()
        unit: Unit[Answer] = Unit(work, future, quick=quick, lasting=lasting, news=news)
        self._waiting.append(unit)
        if self._soon is None and self._committing is None:
            self._commit_soon()
        try:
            return await unit.future
        except asyncio.CancelledError:
            if unit in self._waiting:
                self._waiting.remove(unit)
            elif unit.future.cancelled() and not unit.settled:
                unit.future = asyncio.get_running_loop().create_future()
                await until_ended(unit.future)
            raise

    async def read(self, work: Callable[[sqlite3.Connection], Answer]) -> Answer:
        """Run `work`, which only reads, on one snapshot."""
        return await _on(self._reading, functools.partial(self._snapshot, work))

    def peek(self, work: Callable[[sqlite3.Connection], Answer]) -> Answer:
        """Run `work` at once, on the event loop: only for a statement that reads a row or two by an index."""
        if self._peeker is None:
            raise RuntimeError("connect() first")
        try:
            return work(self._peeker)
        except sqlite3.OperationalError as error:
            self._raise_told(error)

    @property
    def changes(self) -> int:
        """Grows with every write that was noticed: read it, look at the store, `wait` with it; nothing is missed."""
        return self._desk.everything.changes

    @property
    def is_heard(self) -> bool:
        """Whether other processes hear at once of what is written; all do, or none."""
        return self._desk.hears

    async def wait(self, seen: int, limit: float) -> None:
        """Return when `changes` is no longer `seen`, or after `limit` seconds."""
        await self._desk.everything.wait(seen, limit)

    def _begin_to_look(self) -> None:
        if self._next_look is None:
            self._look()

    def _look(self) -> None:
        """See whether another process has written, and look again while somebody waits for that."""
        self._next_look = None
        if not self._desk.awaited:
            return
        pause = _LOOK_BESIDE_BELL if self._desk.hears else _LOOK
        self._next_look = asyncio.get_running_loop().call_later(pause, self._look)
        try:
            version = self.peek(_data_version)
        except Exception as error:  # noqa: BLE001 - whoever waits gets it
            self._desk.fail(error)
            return
        if version != self._data_version:
            self._data_version = version
            self.nudge()

    def nudge(self) -> None:
        """Count as a change: wake whoever waits. To be called on the event loop."""
        self._desk.heard(News.FOR_ALL)

    def _commit_soon(self) -> None:
        """Commit when all that can go on now has gone on: most of it is going to write as well."""
        self._soon = asyncio.get_running_loop().call_soon(self._commit_what_waits)

    def _commit_what_waits(self) -> None:
        """Hand the writes that wait to the writer's thread; the next ones gather until it has come back."""
        self._soon = None
        if not self._waiting:
            return
        units, self._waiting = self._waiting[:_MOST_UNITS], self._waiting[_MOST_UNITS:]
        before = self._run_here(units)
        if before is not None and not self._connection.lasts and end_whole(self._connection):
            self._settle(units, self._news(before, units))
            return
        work = functools.partial(self._commit, units) if before is None else functools.partial(self._end, units, before)
        loop = asyncio.get_running_loop()
        self._committing = loop.create_future()
        self._writing.submit(self._commit_there, loop, units, work)

    def _commit_there(
        self, loop: asyncio.AbstractEventLoop, units: Sequence[Unit[Any]], work: Callable[[], News]
    ) -> None:
        """Do the work, in the writer's thread, and say so on the loop, which takes fewer steps than a future does."""
        news = News.NONE
        try:
            news = work()
        except BaseException as error:  # noqa: BLE001 - whoever asked for a unit gets it
            for unit in units:
                unit.error = unit.error or error
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(self._committed, units, news)

    def _committed(self, units: Sequence[Unit[Any]], news: News) -> None:
        """Tell the callers; what they write next goes with what has gathered meanwhile."""
        if self._committing is not None:
            self._committing.set_result(None)
            self._committing = None
        self._settle(units, news)

    def _settle(self, units: Sequence[Unit[Any]], news: News) -> None:
        """Tell the callers first, so that they go on before whoever only watches."""
        for unit in units:
            unit.settle()
        self._desk.spread(news)
        if self._waiting and self._soon is None and self._committing is None:
            self._commit_soon()

    def _open_writer(self) -> None:
        if self._writer is not None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._our_errors(), self._alone():
            connection = self._open(SQLiteWriter)
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.last(True)
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
            connection = self._open(sqlite3.Connection)
            connection.execute("PRAGMA query_only = ON")
        self._reader = connection

    def _open(self, kind: type[AnyConnection]) -> AnyConnection:
        connection = sqlite3.connect(
            self.path,
            timeout=self._busy_timeout,
            isolation_level=None,
            factory=kind,
            check_same_thread=kind is not SQLiteWriter,
        )
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

    def _run_here(self, units: Sequence[Unit[Any]]) -> int | None:
        """Run units that are all quick up to their commit; return how many changes there were before.

        None: nothing has happened, because not all are quick, or another process is writing, or one has failed.
        """
        connection = self._writer
        if connection is None or not all(unit.quick for unit in units):
            return None
        before = connection.total_changes
        try:
            connection.wait_for_others(0)
            connection.last(any(unit.lasting for unit in units))
            return before if run_whole(connection, units) else None
        except sqlite3.Error:  # then the writer's thread meets it as well, and whoever asked for a unit gets it
            return None

    def _end(self, units: Sequence[Unit[Any]], before: int) -> News:
        """Commit what has run; what cannot be committed so runs again, as if it had not."""
        return self._news(before, units) if end_whole(self._connection) else self._commit(units)

    def _news(self, before: int, units: Iterable[Unit[Any]]) -> News:
        """Say whom concerns what was committed; others are rung, unless it can wait."""
        if self._connection.total_changes == before:
            return News.NONE
        news = max((unit.news for unit in units), default=News.NONE)
        self._desk.ring(news)
        return news

    @property
    def _connection(self) -> SQLiteWriter:
        if self._writer is None:
            raise RuntimeError("connect() first")
        return self._writer

    def _commit(self, units: Sequence[Unit[Any]]) -> News:
        """Run the units in one transaction; if one fails, again, each on its own. Return whom it concerns."""
        connection = self._connection
        before = connection.total_changes
        connection.wait_for_others(self._busy_timeout)
        connection.last(True)
        try:
            commit(connection, units)
        except BaseException as error:  # noqa: BLE001 - whoever asked for a unit gets it
            for unit in units:
                unit.error = unit.error or error
        for unit in units:
            unit.error = unit.error and self._told(unit.error)
        return self._news(before, [unit for unit in units if unit.error is None])

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
            self._raise_told(error)

    def _raise_told(self, error: sqlite3.OperationalError) -> NoReturn:
        """Raise the error as users of the store know it."""
        told = self._told(error)
        if told is error:
            raise error
        raise told from error

    def _told(self, error: BaseException) -> BaseException:
        """Return the error as users of the store know it."""
        if not isinstance(error, sqlite3.OperationalError):
            return error
        kind = getattr(error, "sqlite_errorcode", 0) & _PRIMARY  # Python's own errors have none
        told: BaseException = error
        if kind in _BUSY:
            told = StoreBusyError(str(self.path))
        elif kind == sqlite3.SQLITE_FULL:
            told = StoreFullError(str(self.path))
        if told is not error:
            told.__cause__ = error
        return told


async def _on(pool: ThreadPoolExecutor, call: Callable[[], Answer]) -> Answer:
    """Run in the thread. A caller that is cancelled waits for its end, so nothing goes on behind its back."""
    work = pool.submit(call)
    future = asyncio.wrap_future(work)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        if not work.cancel():
            await until_ended(future)
        raise


def _data_version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA data_version").fetchone()[0])


def _revision(connection: sqlite3.Connection) -> str | None:
    known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone() if known else None
    return str(row[0]) if row else None
